#include "CPrimitives.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// A handshake allocates 200 to 750 blocks of few sizes and frees them again; malloc(3) keeps seven of a size for a thread,
// and merges and splits the rest. Here a thread keeps what libcrypto has freed, by size, and hands it out again.
//
// Blocks are malloc's own, without a header: malloc_usable_size(3) tells the size of one that comes back. So a block may be
// freed by another thread than the one that allocated it, and by free(3).

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

// Sizes that glibc's blocks have (16 n + 8), finer where libssl's objects are, coarser where its buffers are.
enum {
    SMALL_BYTES = 1032,
    MIDDLE_BYTES = SMALL_BYTES + 56 * 128,
    LARGE_BYTES = MIDDLE_BYTES + 24 * 1024,
    SMALL_CLASSES = 64,
    MIDDLE_CLASSES = 56,
    LARGE_CLASSES = 24,
    CLASSES = SMALL_CLASSES + MIDDLE_CLASSES + LARGE_CLASSES,
};

struct block {
    struct block *next;
};

struct lists {
    enum { UNUSED, IN_USE, ENDED } state;
    size_t kept;
    struct block *first[CLASSES];
};

// Found without a call: the program and what it is linked with are loaded at the start.
static _Thread_local struct lists lists __attribute__((tls_model("initial-exec")));
static pthread_key_t at_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_ulong given_back;

// The smallest class that has room; CLASSES when none has.
static size_t class_for(size_t count) {
    if (count <= 24) return 0;
    if (count <= SMALL_BYTES) return (count - 24 + 15) / 16;
    if (count <= MIDDLE_BYTES) return SMALL_CLASSES + (count - SMALL_BYTES - 1) / 128;
    if (count <= LARGE_BYTES) return SMALL_CLASSES + MIDDLE_CLASSES + (count - MIDDLE_BYTES - 1) / 1024;
    return CLASSES;
}

static size_t class_bytes(size_t class) {
    if (class < SMALL_CLASSES) return 24 + class * 16;
    if (class < SMALL_CLASSES + MIDDLE_CLASSES) return SMALL_BYTES + (class - SMALL_CLASSES + 1) * 128;
    return MIDDLE_BYTES + (class - SMALL_CLASSES - MIDDLE_CLASSES + 1) * 1024;
}

// The largest class that a block of this size has room for; CLASSES when none is small enough, or it is larger than all.
static size_t class_of(size_t usable) {
    if (usable < 24 || usable >= LARGE_BYTES + 1024) return CLASSES;
    if (usable < SMALL_BYTES + 128) return usable < SMALL_BYTES ? (usable - 24) / 16 : SMALL_CLASSES - 1;
    if (usable < MIDDLE_BYTES + 1024) {
        return usable < MIDDLE_BYTES ? SMALL_CLASSES + (usable - SMALL_BYTES) / 128 - 1 : SMALL_CLASSES + MIDDLE_CLASSES - 1;
    }
    return SMALL_CLASSES + MIDDLE_CLASSES + (usable - MIDDLE_BYTES) / 1024 - 1;
}

// A thread that ends gives back what it keeps. What libcrypto frees after that goes straight back.
static void end(void *pointer) {
    struct lists *own = pointer;
    own->state = ENDED;
    for (size_t class = 0; class < CLASSES; class++) {
        while (own->first[class]) {
            struct block *block = own->first[class];
            own->first[class] = block->next;
            free(block);
        }
    }
    own->kept = 0;
}

static void make_key(void) { pthread_key_create(&at_end, end); }

// Whether this thread keeps blocks: not before its end is watched, nor after it.
static bool keeps(struct lists *own) {
    if (own->state == IN_USE) return true;
    if (own->state == ENDED) return false;
    pthread_once(&once, make_key);
    if (pthread_setspecific(at_end, own) != 0) return false;
    own->state = IN_USE;
    return true;
}

void *reprise_memory_allocate(size_t count, const char *file, int line) {
    (void)file, (void)line;
    if (count == 0) return NULL;
    size_t class = class_for(count);
    if (class == CLASSES) return malloc(count);
    struct lists *own = &lists;
    struct block *block = own->first[class];
    if (!block) return malloc(class_bytes(class));
    own->first[class] = block->next;
    own->kept -= class_bytes(class);
    return block;
}

void reprise_memory_free(void *pointer, const char *file, int line) {
    (void)file, (void)line;
    if (!pointer) return;
    struct lists *own = &lists;
    size_t class = class_of(malloc_usable_size(pointer));
    if (class == CLASSES || !keeps(own)) return free(pointer);
    size_t count = class_bytes(class);
    if (own->kept + count > REPRISE_MEMORY_KEPT_BYTES) {
        atomic_fetch_add_explicit(&given_back, 1, memory_order_relaxed);
        return free(pointer);
    }
    struct block *block = pointer;
    block->next = own->first[class];
    own->first[class] = block;
    own->kept += count;
}

void *reprise_memory_resize(void *pointer, size_t count, const char *file, int line) {
    if (!pointer) return reprise_memory_allocate(count, file, line);
    if (count == 0) {
        reprise_memory_free(pointer, file, line);
        return NULL;
    }
    size_t usable = malloc_usable_size(pointer);
    size_t class = class_of(usable), wanted = class_for(count);
    // Within its class it stays where it is; what is larger than all classes is malloc's alone.
    if (class != CLASSES && class == wanted) return pointer;
    if (wanted == CLASSES) return realloc(pointer, count);
    void *other = reprise_memory_allocate(count, file, line);
    if (!other) return NULL;
    memcpy(other, pointer, count < usable ? count : usable);
    reprise_memory_free(pointer, file, line);
    return other;
}

int reprise_memory_begin(void) {
#ifdef IS_SANITIZED
    return -1;
#else
    return CRYPTO_set_mem_functions(reprise_memory_allocate, reprise_memory_resize, reprise_memory_free);
#endif
}

unsigned long reprise_memory_given_back(void) { return atomic_load_explicit(&given_back, memory_order_relaxed); }

size_t reprise_memory_room(void *block) { return malloc_usable_size(block); }

size_t reprise_memory_kept(void) { return lists.kept; }
