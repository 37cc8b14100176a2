#include "CPrimitives.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

// A handshake allocates 200 to 750 blocks of few sizes and frees them again; malloc(3) keeps seven of a size for a thread,
// and merges and splits the rest. Here a thread keeps what libcrypto has freed, by size, and hands it out again.
//
// Blocks are malloc's own, without a header: malloc_usable_size(3) tells the size of one that comes back. So a block may be
// freed by another thread than the one that allocated it, and by free(3).

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__SANITIZE_HWADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer) \
    || __has_feature(hwaddress_sanitizer)
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

// What a freed block holds. The link is no address as it stands, and the mark tells a block that is free already: whoever writes
// to freed memory, or frees it twice, is to end the process and not to get a session's keys.
struct block {
    uintptr_t link;
    uintptr_t mark;
};

struct lists {
    size_t kept;
    // No class above it has a block.
    size_t highest;
    struct block *first[CLASSES];
};

// In the place of a thread's lists before there are any, and once they are gone. They are empty and count as full, so that
// nobody finds a block in them, and whoever frees one takes the slow path. All threads share them: nothing may write to them.
static const struct lists absent = {.kept = SIZE_MAX / 2}, ended = {.kept = SIZE_MAX / 2};
// Found without a call: the program and what it is linked with are loaded at the start.
static _Thread_local struct lists *lists __attribute__((tls_model("initial-exec"))) = (struct lists *)&absent;
static pthread_key_t at_end;
static bool ends_are_seen;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_ulong given_back;
static uintptr_t secret;

static uintptr_t mark_of(const struct block *block) { return secret ^ (uintptr_t)block; }

#define SELDOM __attribute__((cold, noinline))
#define IS_SELDOM(condition) __builtin_expect(condition, 0)

// Called for a block that carries its mark: by chance, or because it was freed before.
SELDOM static void abort_if_listed(const struct lists *own, size_t class, const struct block *block) {
    for (const struct block *other = own->first[class]; other;) {
        if (other == block) abort();
        other = (const struct block *)(other->link ^ ((uintptr_t)other >> 12) ^ secret);
    }
}

static void push(struct lists *own, size_t class, struct block *block) {
    if (IS_SELDOM(block->mark == mark_of(block))) abort_if_listed(own, class, block);
    block->link = (uintptr_t)own->first[class] ^ ((uintptr_t)block >> 12) ^ secret;
    block->mark = mark_of(block);
    own->first[class] = block;
    if (class > own->highest) own->highest = class;
}

static struct block *pop(struct lists *own, size_t class) {
    struct block *block = own->first[class];
    if (!block) return NULL;
    uintptr_t next = block->link ^ ((uintptr_t)block >> 12) ^ secret;
    if (block->mark != mark_of(block) || next % 16) abort();
    block->mark = 0;
    own->first[class] = (struct block *)next;
    return block;
}

// The smallest class that has room; CLASSES when none has.
static size_t class_for(size_t count) {
    if (count <= 24) return 0;
    if (count <= SMALL_BYTES) return (count - 24 + 15) / 16;
    if (count <= MIDDLE_BYTES) return SMALL_CLASSES + (count - SMALL_BYTES - 1) / 128;
    if (count <= LARGE_BYTES) return SMALL_CLASSES + MIDDLE_CLASSES + (count - MIDDLE_BYTES - 1) / 1024;
    return CLASSES;
}

// The size of each class, written before there are threads.
static uint16_t class_bytes[CLASSES];

__attribute__((constructor)) static void write_sizes(void) {
    _Static_assert(LARGE_BYTES <= UINT16_MAX, "a size is to fit");
    size_t bytes = 24 - 16;
    for (size_t class = 0; class < CLASSES; class++) {
        bytes += class < SMALL_CLASSES ? 16 : class < SMALL_CLASSES + MIDDLE_CLASSES ? 128 : 1024;
        class_bytes[class] = (uint16_t)bytes;
    }
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

static void empty(struct lists *own) {
    for (size_t class = 0; class < CLASSES; class++) {
        for (struct block *block; (block = pop(own, class));) free(block);
    }
    own->kept = 0;
    own->highest = 0;
}

// A thread that ends gives back what it keeps. What libcrypto frees after that goes straight back.
static void end(void *pointer) {
    struct lists *own = pointer;
    lists = (struct lists *)&ended;
    empty(own);
    free(own);
}

static void make_key(void) {
    ends_are_seen = pthread_key_create(&at_end, end) == 0;
    if (getrandom(&secret, sizeof secret, 0) != sizeof secret) ends_are_seen = false;
}

// The thread's lists; NULL where it keeps nothing: where its end would not be seen, or is past.
static struct lists *own_lists(void) {
    if (lists != &absent) return lists == &ended ? NULL : lists;
    pthread_once(&once, make_key);
    struct lists *made = ends_are_seen ? calloc(1, sizeof *made) : NULL;
    if (!made) return NULL;
    if (pthread_setspecific(at_end, made) != 0) {
        free(made);
        return NULL;
    }
    return lists = made;
}

// Gives blocks back to malloc, the largest first, until there is room: sizes that nobody asks for any more make room for others.
static void make_room(struct lists *own, size_t count) {
    while (own->kept + count > REPRISE_MEMORY_KEPT_BYTES) {
        struct block *block = pop(own, own->highest);
        if (block) {
            own->kept -= class_bytes[own->highest];
            free(block);
            atomic_fetch_add_explicit(&given_back, 1, memory_order_relaxed);
        } else if (own->highest == 0) {
            return;
        } else {
            own->highest--;
        }
    }
}

// For no bytes, or more than the largest class holds.
SELDOM static void *allocate_unusual(size_t count) { return count ? malloc(count) : NULL; }

void *reprise_memory_allocate(size_t count, const char *file, int line) {
    (void)file, (void)line;
    // A count of 0 wraps around, and is above it, too.
    if (IS_SELDOM(count - 1 >= LARGE_BYTES)) return allocate_unusual(count);
    size_t class = class_for(count);
    struct lists *own = lists;
    struct block *block = pop(own, class);
    if (!block) return malloc(class_bytes[class]);
    own->kept -= class_bytes[class];
    return block;
}

// There is no room, no list yet, or none any more.
SELDOM static void free_without_room(void *pointer, size_t class) {
    struct lists *own = own_lists();
    if (!own) return free(pointer);
    size_t bytes = class_bytes[class];
    make_room(own, bytes);
    push(own, class, pointer);
    own->kept += bytes;
}

void reprise_memory_free(void *pointer, const char *file, int line) {
    (void)file, (void)line;
    if (!pointer) return;
    size_t class = class_of(malloc_usable_size(pointer));
    if (class == CLASSES) return free(pointer);
    size_t bytes = class_bytes[class];
    struct lists *own = lists;
    if (IS_SELDOM(own->kept + bytes > REPRISE_MEMORY_KEPT_BYTES)) return free_without_room(pointer, class);
    push(own, class, pointer);
    own->kept += bytes;
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
    // Another malloc has sizes of its own, and blocks of them would gather where nobody asks for them.
    // glibc's has a little more room where it hands out what is left of a larger block.
    size_t fitting = 0;
    for (size_t class = 0; class < CLASSES; class++) {
        void *block = malloc(class_bytes[class]);
        if (block && class_of(malloc_usable_size(block)) == class) fitting++;
        free(block);
    }
    if (fitting < CLASSES * 3 / 4) return -2;
    return CRYPTO_set_mem_functions(reprise_memory_allocate, reprise_memory_resize, reprise_memory_free);
#endif
}

unsigned long reprise_memory_given_back(void) { return atomic_load_explicit(&given_back, memory_order_relaxed); }

void reprise_memory_release(void) {
    if (lists != &absent && lists != &ended) empty(lists);
}

size_t reprise_memory_room(void *block) { return malloc_usable_size(block); }

size_t reprise_memory_kept(void) {
    return lists == &absent || lists == &ended ? 0 : lists->kept;
}
