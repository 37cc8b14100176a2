#pragma once

// libc's own headers come first, as in CLibEvent: ares.h includes them by its own macros.
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>

// Functions that c-ares calls deprecated since 1.28 are the only ones of their kind in 1.18, which Debian 12 has.
#define CARES_NO_DEPRECATED
#include <ares.h>

// ares_init_options by what we ask for: options that a version does not know are macros that it does not have.
static inline int reprise_cares_channel(
    ares_channel *channel, int timeout_milliseconds, int tries, ares_sock_state_cb socket_changed, void *owner) {
    struct ares_options options;
    memset(&options, 0, sizeof options);
    char lookups[] = "fb";
    options.lookups = lookups;
    options.timeout = timeout_milliseconds;
    options.tries = tries;
    options.sock_state_cb = socket_changed;
    options.sock_state_cb_data = owner;
    int mask = ARES_OPT_LOOKUPS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_QUERY_CACHE
    // Who asks keeps the answers for their time.
    options.qcache_max_ttl = 0;
    mask |= ARES_OPT_QUERY_CACHE;
#endif
    return ares_init_options(channel, &options, mask);
}

// ARES_SOCKET_BAD is a cast, which Swift does not see.
static inline void reprise_cares_ready(ares_channel channel, int descriptor, int is_readable, int is_writable) {
    ares_process_fd(
        channel, is_readable ? descriptor : ARES_SOCKET_BAD, is_writable ? descriptor : ARES_SOCKET_BAD);
}

static inline void reprise_cares_time_passed(ares_channel channel) {
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

// When a time is over that c-ares waits for; -1 where it waits for none.
static inline int64_t reprise_cares_microseconds(ares_channel channel) {
    struct timeval time;
    return ares_timeout(channel, NULL, &time) == NULL ? -1 : (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

// The codes are macros in one version and an enumeration in another. NULL: the library has words of its own.
static inline const char *reprise_cares_words(int status) {
    switch (status) {
    case ARES_ENOTFOUND: return "no such name";
    case ARES_ENODATA: return "the name has no address";
    case ARES_ETIMEOUT: return "no answer in time";
    case ARES_ESERVFAIL: return "the DNS server failed";
    case ARES_EREFUSED: return "the DNS server refused";
    // 1.18 says so also when all servers are there and fail.
    case ARES_ECONNREFUSED: return "no DNS server answers well";
    case ARES_EBADRESP: return "the DNS server's answer is malformed";
    default: return NULL;
    }
}
