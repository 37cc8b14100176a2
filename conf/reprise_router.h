/*
 * Routers for Reprise in a shared object, whatever language it was written in.
 *
 * The configuration names the file: routers: [{ name: mine, library: mine.so, argument: "..." }]. Reprise loads a private
 * copy of it at the start and, when the file has changed, at a reload; old copies stay for as long as connections use them.
 * It exports one function, reprise_router_v1, which returns a table of functions. docs/routing.md has more, and
 * conf/examples/c-router an example.
 *
 * - All workers call at once: functions must be safe for that, and must not block.
 * - A reload calls create of the new router while the old one still serves, and destroy without any other call where the new
 *   configuration is refused. The code of a router that was made stays loaded.
 * - Texts are not ended by a zero byte. Those that Reprise gives live until the function that was given them returns.
 * - A request and a later are numbers: one that is over answers nothing, whoever uses it.
 */
#ifndef REPRISE_ROUTER_H
#define REPRISE_ROUTER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface. Tables grow at their end only, and say their size. */
#define REPRISE_ROUTER_ABI 1u

typedef struct reprise_text {
    const char *data; /* NULL: there is none, or it is empty */
    size_t size;
} reprise_text;

/* A question, on the thread that asks and until route() or the feedback returns. */
typedef uint64_t reprise_request;
/* A question that is answered later, once, from any thread. */
typedef uint64_t reprise_later;

/* What a request can be asked for. */
enum reprise_field {
    REPRISE_LISTENER = 1,
    REPRISE_HOST = 2,             /* the id of the host that serves the client */
    REPRISE_CLIENT = 3,           /* 192.0.2.1:4711, [2001:db8::1]:4711 */
    REPRISE_LOCAL = 4,            /* where the client has connected to */
    REPRISE_SNI = 5,              /* as the client wrote it, escaped to printable ASCII: it may be no host name. Where it
                                     matters who was admitted, go by REPRISE_HOST */
    REPRISE_ALPN = 6,
    REPRISE_PROTOCOL = 7,         /* TLSv1.3 */
    REPRISE_RESUMED = 8,          /* no, id, ticket, psk */
    REPRISE_NOT_RESUMED = 9,      /* why an offered session was not resumed */
    REPRISE_LINEAGE = 10,
    REPRISE_APPLICATION_DATA = 11, /* what the session remembers */
    REPRISE_CLIENT_CERTIFICATE = 12, /* in DER */
    REPRISE_UPSTREAM_SERVER = 13, /* in feedback: the server's id */
    REPRISE_PROXY = 14,           /* the trusted proxy whose PROXY protocol header named the client */
};

/* How the server is told who the client is: added to the kind of a route, REPRISE_TO_GROUP | REPRISE_SEND_PROXY_V2. Without
   one it is as configured. */
enum reprise_send_proxy {
    REPRISE_SEND_PROXY_OFF = 0x100,
    REPRISE_SEND_PROXY_V1 = 0x200,
    REPRISE_SEND_PROXY_V2 = 0x300,
    REPRISE_SEND_PROXY = 0xF00, /* where it stands */
};

enum reprise_route_kind {
    REPRISE_TO_GROUP = 1,
    REPRISE_TO_SERVER = 2,
    REPRISE_REFUSE_CLOSE = 3,    /* a close_notify */
    REPRISE_REFUSE_SILENTLY = 4, /* a reset */
    REPRISE_REFUSE_ALERT = 5,    /* a fatal alert (TLS 1.3) */
};

typedef struct reprise_route {
    uint32_t kind;
    uint32_t alert;        /* RFC 8446, 6 */
    reprise_text group;
    reprise_text server;   /* its id */
    uint32_t or_others;    /* not 0: other servers of the group are tried behind it */
    int32_t tickets;       /* how many TLS 1.3 tickets; -1: as configured */
    reprise_text remember; /* at most 256 bytes for the session; data NULL: as it is; size 0: nothing */
} reprise_route;

/* What a router's functions return. */
enum reprise_result {
    REPRISE_NOW = 0,   /* the route is filled in */
    REPRISE_LATER = 1, /* reprise_server.later was called, and is answered once */
    REPRISE_FAILED = 2,
    REPRISE_GONE = 3,  /* what was asked about is over */
};

/* What Reprise offers. It lives as long as the process. */
typedef struct reprise_server {
    uint32_t abi;
    uint32_t size;
    reprise_text (*field)(reprise_request request, uint32_t field);
    uint64_t (*connection)(reprise_request request); /* its number in the log; 0: gone */
    int (*has_group)(reprise_request request, reprise_text group);
    /* Promises an answer; route() then returns REPRISE_LATER. 0: the request is gone, or has one already. */
    reprise_later (*later)(reprise_request request);
    /* REPRISE_NOW, or REPRISE_GONE when the client has left, the deadline is over or it was answered before. */
    int (*answer)(reprise_later later, const reprise_route *route);
    /* The first value of that type in the header of REPRISE_PROXY, such as 0xEA; 0x20 has parts of its own behind five bytes.
       data NULL: there is none. Check that size covers it: older servers have none. */
    reprise_text (*proxy_tlv)(reprise_request request, uint32_t type);
} reprise_server;

/* What a router offers. connected, failed and ended may be NULL. */
typedef struct reprise_router {
    uint32_t abi;
    uint32_t size;
    /* A router of its own for each entry of the configuration. NULL: it cannot, and says why in error. */
    void *(*create)(const reprise_server *server, reprise_text argument, char *error, size_t error_size);
    /* No other function is running, and none is called after it. On a thread of its own; not at the process's end. */
    void (*destroy)(void *router);
    int (*route)(void *router, reprise_request request, reprise_route *route);
    void (*connected)(void *router, reprise_request request);
    void (*failed)(void *router, reprise_request request, reprise_text reason);
    void (*ended)(void *router, uint64_t connection, reprise_text ending);
} reprise_router;

/* The one function that the shared object exports. */
const reprise_router *reprise_router_v1(void);

#ifdef __cplusplus
}
#endif

#endif
