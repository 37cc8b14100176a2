#include "CCares.h"

#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>

// Functions that c-ares calls deprecated since 1.28 are the only ones of their kind in 1.18, which Debian 12 has.
#define CARES_NO_DEPRECATED
#include <ares.h>

// Two channels of c-ares': its search list is a channel's, and a service's hosts are not to be sought by it (RFC 2782).
struct reprise_cares {
    ares_channel searching, absolute;
};

const char *reprise_cares_version(void) { return ares_version(NULL); }

int reprise_cares_begin(void) { return ares_library_init(ARES_LIB_INIT_ALL); }

static ares_channel made(int timeout_milliseconds, int tries, reprise_cares_watch watch, void *owner, int is_absolute) {
    // What is asked for is what every version knows; an option that one does not know is a macro that it does not have.
    struct ares_options options;
    memset(&options, 0, sizeof options);
    char lookups[] = "fb";
    options.lookups = lookups;
    options.timeout = timeout_milliseconds;
    options.tries = tries;
    options.sock_state_cb = watch;
    options.sock_state_cb_data = owner;
    // Answers of more than 512 bytes come by UDP, too.
    options.flags = ARES_FLAG_EDNS;
    int mask = ARES_OPT_LOOKUPS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB | ARES_OPT_FLAGS;
    // None of them: the options are zero.
    if (is_absolute) mask |= ARES_OPT_DOMAINS;
#ifdef ARES_OPT_QUERY_CACHE
    // Who asks keeps the answers for their time.
    options.qcache_max_ttl = 0;
    mask |= ARES_OPT_QUERY_CACHE;
#endif
    ares_channel channel = NULL;
    return ares_init_options(&channel, &options, mask) == ARES_SUCCESS ? channel : NULL;
}

static int count_servers(ares_channel channel) {
    struct ares_addr_port_node *first = NULL;
    if (channel == NULL || ares_get_servers_ports(channel, &first) != ARES_SUCCESS) return 0;
    int count = 0;
    for (struct ares_addr_port_node *node = first; node != NULL; node = node->next) count++;
    if (first != NULL) ares_free_data(first);
    return count;
}

reprise_cares *reprise_cares_channel(int timeout_milliseconds, int tries, reprise_cares_watch watch, void *owner) {
    reprise_cares *channel = calloc(1, sizeof *channel);
    if (channel == NULL) return NULL;
    channel->searching = made(timeout_milliseconds, tries, watch, owner, 0);
    // c-ares means tries of each server, of which resolv.conf(5) alone says how many there are.
    int servers = count_servers(channel->searching);
    if (servers > 1) {
        ares_destroy(channel->searching);
        tries = tries > servers ? tries / servers : 1;
        channel->searching = made(timeout_milliseconds, tries, watch, owner, 0);
    }
    channel->absolute = made(timeout_milliseconds, tries, watch, owner, 1);
    if (channel->searching != NULL && channel->absolute != NULL) return channel;
    reprise_cares_end(channel);
    return NULL;
}

void reprise_cares_end(reprise_cares *channel) {
    if (channel->searching != NULL) ares_destroy(channel->searching);
    if (channel->absolute != NULL) ares_destroy(channel->absolute);
    free(channel);
}

int reprise_cares_set_servers(reprise_cares *channel, const char *servers) {
    int status = ares_set_servers_ports_csv(channel->searching, servers);
    return status != ARES_SUCCESS ? status : ares_set_servers_ports_csv(channel->absolute, servers);
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

int reprise_cares_resolve(
    reprise_cares *channel, const char *name, int is_absolute, reprise_cares_answered told, void *context) {
    struct question *question = malloc(sizeof *question);
    if (question == NULL) return 0;
    *question = (struct question){told, context};
    struct ares_addrinfo_hints hints;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    // One entry for each address.
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(is_absolute ? channel->absolute : channel->searching, name, NULL, &hints, answered, question);
    return 1;
}

struct service_question {
    reprise_cares_service found;
    reprise_cares_answered answered;
    void *context;
};

static unsigned two_bytes(const unsigned char *at) { return (unsigned)at[0] << 8 | at[1]; }

// One record of an answer; its owner is ares_free_string's.
struct record {
    char *owner;
    unsigned type;
    long ttl;
    const unsigned char *data;
    unsigned length;
};

struct message {
    const unsigned char *start, *at, *end;
    int length;
    unsigned left;
};

// Takes a name off. NULL: it is malformed.
static char *take_name(const struct message *message, const unsigned char **at) {
    char *name = NULL;
    long used = 0;
    if (ares_expand_name(*at, message->start, message->length, &name, &used) != ARES_SUCCESS) return NULL;
    *at += used;
    return name;
}

// Begins with the answer's records. NULL: it is malformed; otherwise the name that was asked for.
static char *begin_records(struct message *message, const unsigned char *answer, int length) {
    const int header = 12, question_tail = 4;
    if (length < header || two_bytes(answer + 4) != 1) return NULL;
    *message = (struct message){answer, answer + header, answer + length, length, two_bytes(answer + 6)};
    char *name = take_name(message, &message->at);
    if (name == NULL) return NULL;
    if (message->end - message->at < question_tail) {
        ares_free_string(name);
        return NULL;
    }
    message->at += question_tail;
    return name;
}

// 1: here is the next, 0: there is none, -1: the answer is malformed.
static int next_record(struct message *message, struct record *record) {
    const int tail = 10;
    if (message->left == 0) return 0;
    message->left--;
    record->owner = take_name(message, &message->at);
    if (record->owner == NULL) return -1;
    const unsigned char *at = message->at;
    if (message->end - at >= tail && message->end - at - tail >= (long)two_bytes(at + 8)) {
        record->type = two_bytes(at);
        record->ttl = (long)two_bytes(at + 4) << 16 | two_bytes(at + 6);
        record->data = at + tail;
        record->length = two_bytes(at + 8);
        message->at = record->data + record->length;
        return 1;
    }
    ares_free_string(record->owner);
    return -1;
}

// Takes a service off its record. 0: it is malformed.
static int take_service(const struct message *message, const struct record *record, const struct service_question *to) {
    const unsigned head = 6;
    const unsigned char *data = record->data, *at = data + head;
    if (record->length <= head) return 0;
    char *host = take_name(message, &at);
    if (host == NULL) return 0;
    int is_whole = at <= data + record->length;
    if (is_whole)
        to->found(
            to->context, host, (uint16_t)two_bytes(data), (uint16_t)two_bytes(data + 2), (uint16_t)two_bytes(data + 4));
    ares_free_string(host);
    return is_whole;
}

// Takes the services of a name off the answer's records, and with `next` the name that it is an alias of; those of other
// owners are nobody's business. -1: it is malformed; otherwise how many.
static int take_services_of(
    const char *name, struct message message, const struct service_question *to, char **next, long *seconds) {
    enum { alias = 5, service = 33 };
    struct record record;
    int count = 0, step;
    while ((step = next_record(&message, &record)) == 1) {
        const unsigned char *data = record.data;
        int is_whole = 1, is_ours = strcasecmp(record.owner, name) == 0;
        ares_free_string(record.owner);
        if (!is_ours || (record.type != alias && record.type != service)) continue;
        if (record.ttl < *seconds) *seconds = record.ttl;
        if (record.type == service) {
            is_whole = take_service(&message, &record, to);
            count++;
        } else if (*next == NULL) {
            *next = take_name(&message, &data);
            is_whole = *next != NULL;
        }
        if (!is_whole) return -1;
    }
    return step < 0 ? -1 : count;
}

// c-ares parses the records, but neither their owners nor their TTLs.
static int take_services(
    const unsigned char *answer, int length, const struct service_question *to, int *seconds) {
    const int most_aliases = 16;
    struct message message;
    long smallest = INT_MAX;
    int count = 0;
    char *name = begin_records(&message, answer, length);
    for (int hop = 0; name != NULL && hop <= most_aliases; hop++) {
        char *next = NULL;
        int here = take_services_of(name, message, to, &next, &smallest);
        ares_free_string(name);
        name = next;
        if (here < 0) break;
        count += here;
        if (next == NULL) {
            *seconds = (int)smallest;
            return count > 0 ? ARES_SUCCESS : ARES_ENODATA;
        }
    }
    // Malformed, or an alias of itself.
    if (name != NULL) ares_free_string(name);
    return ARES_EBADRESP;
}

static void services_answered(void *argument, int status, int timeouts, unsigned char *answer, int length) {
    (void)timeouts;
    struct service_question question = *(struct service_question *)argument;
    free(argument);
    int seconds = 0;
    if (status == ARES_SUCCESS) status = take_services(answer, length, &question, &seconds);
    question.answered(question.context, status, NULL, seconds);
}

int reprise_cares_services(
    reprise_cares *channel, const char *name, reprise_cares_service found, reprise_cares_answered told, void *context) {
    struct service_question *question = malloc(sizeof *question);
    if (question == NULL) return 0;
    *question = (struct service_question){found, told, context};
    const int internet = 1, srv = 33;
    ares_query(channel->absolute, name, internet, srv, services_answered, question);
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
    ares_socket_t reads = is_readable ? descriptor : ARES_SOCKET_BAD, writes = is_writable ? descriptor : ARES_SOCKET_BAD;
    // The one whose socket it is not heeds the time alone.
    ares_process_fd(channel->searching, reads, writes);
    ares_process_fd(channel->absolute, reads, writes);
}

void reprise_cares_time_passed(reprise_cares *channel) {
    ares_process_fd(channel->searching, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    ares_process_fd(channel->absolute, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static int64_t microseconds(ares_channel channel) {
    struct timeval time;
    return ares_timeout(channel, NULL, &time) == NULL ? -1 : (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

int64_t reprise_cares_microseconds(reprise_cares *channel) {
    int64_t one = microseconds(channel->searching), other = microseconds(channel->absolute);
    return one < 0 || (other >= 0 && other < one) ? other : one;
}

int reprise_cares_no_data(void) { return ARES_ENODATA; }

int reprise_cares_is_denial(int status) { return status == ARES_ENOTFOUND || status == ARES_ENODATA; }

const char *reprise_cares_words(int status) {
    switch (status) {
    case ARES_ENOTFOUND: return "no such name";
    case ARES_ENODATA: return "the name has no address";
    case ARES_ETIMEOUT: return "no answer in time";
    case ARES_ESERVFAIL: return "the DNS server failed";
    case ARES_EREFUSED: return "the DNS server refused";
    // 1.18 says so also when all servers are there and fail.
    case ARES_ECONNREFUSED: return "no DNS server answers well";
    // A name within an answer that cannot be read.
    case ARES_EBADNAME:
    case ARES_EBADRESP: return "the DNS server's answer is malformed";
    default: return ares_strerror(status);
    }
}
