#pragma once

#include <stddef.h>

// What libcrypto lets a program bring for itself: where its memory comes from, and primitives that libssl asks for most.

// MARK: Memory (memory.c)

// The most bytes that one thread keeps of what libcrypto frees; beyond that, the largest blocks go back to malloc(3).
enum { REPRISE_MEMORY_KEPT_BYTES = 256 << 10 };

// Has libcrypto take its memory from lists of freed blocks, one for each thread (CRYPTO_set_mem_functions(3)).
// 1: it does from now on. 0: it has allocated something before, which is too late. -1: a sanitizer watches malloc itself. -2: the
// process has a malloc with sizes of its own.
int reprise_memory_begin(void);

// How often a block went back to malloc(3) because a thread kept enough, of all threads.
unsigned long reprise_memory_given_back(void);

// Gives all that this thread keeps back to malloc(3): between blocks that are kept, malloc gives nothing back to the system.
void reprise_memory_release(void);

// What this thread keeps, in bytes.
size_t reprise_memory_kept(void);

// The functions themselves, for tests.
void *reprise_memory_allocate(size_t count, const char *file, int line);
void *reprise_memory_resize(void *block, size_t count, const char *file, int line);
void reprise_memory_free(void *block, const char *file, int line);
size_t reprise_memory_room(void *block);

// MARK: Primitives (provider.c)

// The property query that prefers them (property(7)): what they lack, and what the machine's configuration rules out for
// them (fips=yes), comes from elsewhere as before. It says nothing of providers by name, which the configuration may do.
#define REPRISE_PROVIDER_QUERY "?reprise.own=yes"

// Loads them as a provider of the default library context, beside those that are there or would be (provider(7)): once, and
// for the life of the process. 1: they are good. 0: they are not in use, because libcrypto's own primitives are not either (a FIPS
// module); or, where `fault` names one, because it cannot be used, for which libcrypto's error queue may have the reason.
// Before they are called good each one is fetched, asked where it comes from, and compared with libcrypto's.
int reprise_provider_begin(const char **fault);
