#include "CCares.h"

#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

// Functions that c-ares calls deprecated since 1.28 are the only ones of their kind in 1.18, which Debian 12 has.
#define CARES_NO_DEPRECATED
#include <ares.h>

static ares_channel real(reprise_cares *channel) { return (ares_channel)(void *)channel; }

const char *reprise_cares_version(void) { return ares_version(NULL); }

int reprise_cares_begin(void) { return ares_library_init(ARES_LIB_INIT_ALL); }

reprise_cares *reprise_cares_channel(int timeout_milliseconds, int tries, reprise_cares_watch watch, void *owner) {
    // What is asked for is what every version knows; an option that one does not know is a macro that it does not have.
    struct ares_options options;
    memset(&options, 0, sizeof options);
    char lookups[] = "fb";
    options.lookups = lookups;
    options.timeout = timeout_milliseconds;
    options.tries = tries;
    options.sock_state_cb = watch;
    options.sock_state_cb_data = owner;
    int mask = ARES_OPT_LOOKUPS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_QUERY_CACHE
    // Who asks keeps the answers for their time.
    options.qcache_max_ttl = 0;
    mask |= ARES_OPT_QUERY_CACHE;
#endif
    ares_channel channel = NULL;
    return ares_init_options(&channel, &options, mask) == ARES_SUCCESS ? (reprise_cares *)(void *)channel : NULL;
}

void reprise_cares_end(reprise_cares *channel) { ares_destroy(real(channel)); }

int reprise_cares_set_servers(reprise_cares *channel, const char *servers) {
    return ares_set_servers_ports_csv(real(channel), servers);
}

struct question {
    reprise_cares_answered answered;
    void *context;
};

static void answered(void *argument, int status, int timeouts, struct ares_addrinfo *found) {
    (void)timeouts;
    struct question question = *(struct question *)argument;
    free(argument);
    int seconds = INT_MAX;
    for (struct ares_addrinfo_node *node = found ? found->nodes : NULL; node != NULL; node = node->ai_next)
        if (node->ai_ttl < seconds) seconds = node->ai_ttl;
    for (struct ares_addrinfo_cname *alias = found ? found->cnames : NULL; alias != NULL; alias = alias->next)
        if (alias->ttl < seconds) seconds = alias->ttl;
    question.answered(question.context, status, found ? found->nodes : NULL, seconds);
    if (found != NULL) ares_freeaddrinfo(found);
}

int reprise_cares_resolve(reprise_cares *channel, const char *name, reprise_cares_answered told, void *context) {
    struct question *question = malloc(sizeof *question);
    if (question == NULL) return 0;
    *question = (struct question){told, context};
    struct ares_addrinfo_hints hints;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    // One entry for each address.
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(real(channel), name, NULL, &hints, answered, question);
    return 1;
}

struct service_question {
    reprise_cares_service found;
    reprise_cares_answered answered;
    void *context;
};

static unsigned two_bytes(const unsigned char *at) { return (unsigned)at[0] << 8 | at[1]; }

// The smallest TTL of an answer's records; -1 where it is malformed. c-ares parses the records, but not their TTLs.
static int smallest_ttl(const unsigned char *answer, int length) {
    const int header = 12, question_tail = 4, record_tail = 10;
    if (length < header) return -1;
    const unsigned char *at = answer + header, *end = answer + length;
    unsigned questions = two_bytes(answer + 4), records = two_bytes(answer + 6);
    long seconds = INT_MAX;
    for (unsigned index = 0; index < questions + records; index++) {
        char *name = NULL;
        long used = 0;
        if (ares_expand_name(at, answer, length, &name, &used) != ARES_SUCCESS) return -1;
        ares_free_string(name);
        at += used;
        int isQuestion = index < questions, tail = isQuestion ? question_tail : record_tail;
        if (end - at < tail) return -1;
        at += tail;
        if (isQuestion) continue;
        long ttl = (long)two_bytes(at - 6) << 16 | two_bytes(at - 4);
        if (ttl < seconds) seconds = ttl;
        unsigned data = two_bytes(at - 2);
        if ((unsigned)(end - at) < data) return -1;
        at += data;
    }
    return (int)seconds;
}

static void services_answered(void *argument, int status, int timeouts, unsigned char *answer, int length) {
    (void)timeouts;
    struct service_question question = *(struct service_question *)argument;
    free(argument);
    struct ares_srv_reply *first = NULL;
    if (status == ARES_SUCCESS) status = ares_parse_srv_reply(answer, length, &first);
    int seconds = status == ARES_SUCCESS ? smallest_ttl(answer, length) : 0;
    if (seconds < 0) status = ARES_EBADRESP;
    if (status == ARES_SUCCESS)
        for (struct ares_srv_reply *reply = first; reply != NULL; reply = reply->next)
            question.found(question.context, reply->host, reply->priority, reply->weight, reply->port);
    question.answered(question.context, status, NULL, seconds);
    if (first != NULL) ares_free_data(first);
}

int reprise_cares_services(
    reprise_cares *channel, const char *name, reprise_cares_service found, reprise_cares_answered told, void *context) {
    struct service_question *question = malloc(sizeof *question);
    if (question == NULL) return 0;
    *question = (struct service_question){found, told, context};
    const int internet = 1, srv = 33;
    ares_query(real(channel), name, internet, srv, services_answered, question);
    return 1;
}

int reprise_cares_next(const void **left, const void **address, uint32_t *length) {
    const struct ares_addrinfo_node *node = *left;
    if (node == NULL) return 0;
    *address = node->ai_addr;
    *length = (uint32_t)node->ai_addrlen;
    *left = node->ai_next;
    return 1;
}

void reprise_cares_ready(reprise_cares *channel, int descriptor, int is_readable, int is_writable) {
    ares_process_fd(
        real(channel), is_readable ? descriptor : ARES_SOCKET_BAD, is_writable ? descriptor : ARES_SOCKET_BAD);
}

void reprise_cares_time_passed(reprise_cares *channel) {
    ares_process_fd(real(channel), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

int64_t reprise_cares_microseconds(reprise_cares *channel) {
    struct timeval time;
    return ares_timeout(real(channel), NULL, &time) == NULL ? -1 : (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

int reprise_cares_no_data(void) { return ARES_ENODATA; }

const char *reprise_cares_words(int status) {
    switch (status) {
    case ARES_ENOTFOUND: return "no such name";
    case ARES_ENODATA: return "the name has no address";
    case ARES_ETIMEOUT: return "no answer in time";
    case ARES_ESERVFAIL: return "the DNS server failed";
    case ARES_EREFUSED: return "the DNS server refused";
    // 1.18 says so also when all servers are there and fail.
    case ARES_ECONNREFUSED: return "no DNS server answers well";
    case ARES_EBADRESP: return "the DNS server's answer is malformed";
    default: return ares_strerror(status);
    }
}
