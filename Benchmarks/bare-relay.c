// The least that a relay does which terminates TLS, on one thread: what libssl and the kernel cost, and nothing else. It has
// no limits, no timers and no metrics, and keeps no answer that its client's socket does not take: it is here to be measured
// beside Reprise, which it tells how much there is to win (docs/performance.md).
//
//     cc -O2 -o /tmp/bare-relay Benchmarks/bare-relay.c -lssl -lcrypto
//     /tmp/bare-relay PORT UPSTREAM_PORT CHAIN.pem KEY.pem
//
// The same with what Reprise brings to libcrypto: add -DOWN -ISources/CPrimitives/include Sources/CPrimitives/*.c -lpthread.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef OWN
#include "CPrimitives.h"
#define QUERY REPRISE_PROVIDER_QUERY
#else
#define QUERY NULL
#endif

struct connection;

struct side {
    struct connection *connection;
    int socket;
};

struct connection {
    struct side client, upstream;
    SSL *ssl;
    BIO *in, *out;
    int is_done, is_connected, is_closed;
    // What came before the upstream had accepted.
    char early[4096];
    int early_count;
    struct connection *next;
};

static SSL_CTX *context;
static int loop;
static struct sockaddr_in upstream;
static char bytes[256 << 10], plain[256 << 10];
// Freed behind the events of a turn.
static struct connection *closed;

static void watch(struct side *side) {
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = side };
    epoll_ctl(loop, EPOLL_CTL_ADD, side->socket, &event);
}

static void end(struct connection *c) {
    if (c->is_closed) return;
    c->is_closed = 1;
    close(c->client.socket);
    if (c->upstream.socket >= 0) {
        struct linger reset = { 1, 0 };
        setsockopt(c->upstream.socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(c->upstream.socket);
    }
    c->next = closed;
    closed = c;
}

static void flush(struct connection *c) {
    char *start;
    long count = BIO_get_mem_data(c->out, &start);
    if (count <= 0) return;
    if (send(c->client.socket, start, count, MSG_NOSIGNAL) != count) return end(c);
    (void)BIO_reset(c->out);
}

static void begin(struct connection *c) {
    int one = 1;
    c->upstream.socket = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(c->upstream.socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connect(c->upstream.socket, (struct sockaddr *)&upstream, sizeof upstream);
    watch(&c->upstream);
}

static void from_client(struct connection *c) {
    ssize_t count = recv(c->client.socket, bytes, sizeof bytes, 0);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN) end(c);
        return;
    }
    BIO_write(c->in, bytes, count);
    if (!c->is_done) {
        int result = SSL_do_handshake(c->ssl);
        if (result != 1 && SSL_get_error(c->ssl, result) != SSL_ERROR_WANT_READ) return end(c);
        if (result == 1) {
            c->is_done = 1;
            begin(c);
        }
    }
    if (c->is_done) {
        int read, all = 0;
        while ((read = SSL_read(c->ssl, plain + all, sizeof plain - all)) > 0) all += read;
        if (all > 0 && c->is_connected) {
            send(c->upstream.socket, plain, all, MSG_NOSIGNAL);
        } else if (all > 0 && all <= (int)sizeof c->early) {
            memcpy(c->early, plain, all);
            c->early_count = all;
        }
        if (SSL_get_shutdown(c->ssl) & SSL_RECEIVED_SHUTDOWN) {
            flush(c);
            return end(c);
        }
    }
    flush(c);
}

static void from_upstream(struct connection *c, uint32_t events) {
    if (!c->is_connected && events & EPOLLOUT) {
        c->is_connected = 1;
        if (c->early_count) send(c->upstream.socket, c->early, c->early_count, MSG_NOSIGNAL);
    }
    if (!(events & EPOLLIN)) return;
    ssize_t count = recv(c->upstream.socket, bytes, sizeof bytes, 0);
    if (count > 0) SSL_write(c->ssl, bytes, count);
    if (count == 0 || (events & EPOLLRDHUP && recv(c->upstream.socket, plain, 1, 0) == 0)) SSL_shutdown(c->ssl);
    flush(c);
}

static void accept_from(int listener) {
    for (int turn = 0; turn < 16; turn++) {
        int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) return;
        struct connection *c = calloc(1, sizeof *c);
        c->client = (struct side){ c, socket };
        c->upstream = (struct side){ c, -1 };
        c->ssl = SSL_new(context);
        c->in = BIO_new(BIO_s_mem());
        c->out = BIO_new(BIO_s_mem());
        BIO_set_mem_eof_return(c->in, -1);
        SSL_set_bio(c->ssl, c->in, c->out);
        SSL_set_accept_state(c->ssl);
        watch(&c->client);
    }
}

static void free_closed(void) {
    while (closed) {
        struct connection *c = closed;
        closed = c->next;
        ERR_clear_error();
        // As after a shutdown in order: the session stays.
        SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(c->ssl);
        free(c);
    }
}

static int chosen(SSL *ssl, void *argument) { return (void)ssl, (void)argument, 1; }

int main(int count, char **arguments) {
    if (count != 5) return fputs("bare-relay PORT UPSTREAM_PORT CHAIN.pem KEY.pem\n", stderr), 2;
#ifdef OWN
    const char *fault = "";
    reprise_memory_begin();
    if (reprise_provider_begin(&fault) != 1) return fprintf(stderr, "%s\n", fault), 1;
#endif
    context = SSL_CTX_new_ex(NULL, QUERY, TLS_server_method());
    if (!context || SSL_CTX_use_certificate_chain_file(context, arguments[3]) != 1
        || SSL_CTX_use_PrivateKey_file(context, arguments[4], SSL_FILETYPE_PEM) != 1) {
        return ERR_print_errors_fp(stderr), 1;
    }
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"bare", 4);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    // Where a callback chooses the certificate, libssl does not look through all of them for each ClientHello.
    SSL_CTX_set_cert_cb(context, chosen, NULL);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);

    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
    };
    upstream = address;
    upstream.sin_port = htons(atoi(arguments[2]));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) return perror("listen"), 1;
    loop = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
    while (1) {
        struct epoll_event events[32];
        int ready = epoll_wait(loop, events, 32, -1);
        for (int i = 0; i < ready; i++) {
            struct side *side = events[i].data.ptr;
            if (!side) {
                accept_from(listener);
            } else if (side->connection->is_closed) {
                continue;
            } else if (side == &side->connection->upstream) {
                from_upstream(side->connection, events[i].events);
            } else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP)) {
                from_client(side->connection);
            }
        }
        free_closed();
    }
}
