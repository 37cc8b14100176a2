#pragma once

// c-ares behind functions of our own, without its header: that brings libc's socket headers along, and a Swift module that
// sees those twice takes their names for either's, from build to build (SOCK_STREAM, "cannot find in scope").
#include <stddef.h>
#include <stdint.h>

// A channel: what asks, and what waits for answers.
typedef struct reprise_cares reprise_cares;
// A socket of c-ares' is to be watched for that from now on; for neither: it is about to be closed.
typedef void (*reprise_cares_watch)(void *owner, int descriptor, int reads, int writes);
// What a name resolved to, lent for the length of the call: the first address, for reprise_cares_next, and the smallest TTL.
typedef void (*reprise_cares_answered)(void *context, int status, const void *first, int seconds);

// What this process runs with, such as 1.18.1.
const char *reprise_cares_version(void);
// Sets the library up, once. 0: it is.
int reprise_cares_begin(void);
// Each server is asked at least once, and all of them together that often where that is more. NULL: it cannot be made.
reprise_cares *reprise_cares_channel(int timeout_milliseconds, int tries, reprise_cares_watch watch, void *owner);
// Ends it; what is open is answered before it returns.
void reprise_cares_end(reprise_cares *channel);
// `address:port` of each server, separated by commas. 0: they are.
int reprise_cares_set_servers(reprise_cares *channel, const char *servers);
// Asks for a name's A and AAAA; one that is absolute without the search list of resolv.conf(5). `answered` is called once, perhaps before this returns. 0: there is no memory, and it is not.
int reprise_cares_resolve(
    reprise_cares *channel, const char *name, int is_absolute, reprise_cares_answered answered, void *context);
// Asks for a service's SRV records (RFC 2782). `found` is called for each, then `answered` once with no addresses and the
// smallest TTL, perhaps before this returns. 0: there is no memory, and neither is.
typedef void (*reprise_cares_service)(
    void *context, const char *host, uint16_t priority, uint16_t weight, uint16_t port);
int reprise_cares_services(
    reprise_cares *channel, const char *name, reprise_cares_service found, reprise_cares_answered answered,
    void *context);
// Takes one address (a struct sockaddr) off those that are left. 0: there is none.
int reprise_cares_next(const void **left, const void **address, uint32_t *length);
// A socket is ready.
void reprise_cares_ready(reprise_cares *channel, int descriptor, int is_readable, int is_writable);
// A time has come that it waits for.
void reprise_cares_time_passed(reprise_cares *channel);
// When one comes; -1 where it waits for none.
int64_t reprise_cares_microseconds(reprise_cares *channel);
// The status that says that a name has no such record.
int reprise_cares_no_data(void);
// Whether a status says that there is no such name or record; others say that nobody knows.
int reprise_cares_is_denial(int status);
// What a status means.
const char *reprise_cares_words(int status);
