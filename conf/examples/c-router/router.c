/*
 * A router in C: clients of one tenant share an upstream group. The tenant is the first label of the name that the client
 * asks for, and stays with its session: who comes back by another name goes where it was before.
 *
 *   cc -shared -fPIC -O2 -I ../.. -o router.so router.c
 */
#include "reprise_router.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const reprise_server *reprise;

struct router {
    char *fallback; /* the group of tenants without one of their own: the argument */
    size_t size;
};

static void *create(const reprise_server *server, reprise_text argument, char *error, size_t error_size) {
    if (argument.size == 0) {
        snprintf(error, error_size, "the argument names no group");
        return NULL;
    }
    struct router *router = malloc(sizeof *router);
    if (router == NULL) return NULL;
    router->fallback = malloc(argument.size);
    if (router->fallback == NULL) {
        free(router);
        return NULL;
    }
    memcpy(router->fallback, argument.data, argument.size);
    router->size = argument.size;
    reprise = server;
    return router;
}

static void destroy(void *state) {
    struct router *router = state;
    free(router->fallback);
    free(router);
}

static int route(void *state, reprise_request request, reprise_route *route) {
    struct router *router = state;
    reprise_text tenant = reprise->field(request, REPRISE_APPLICATION_DATA);
    if (tenant.size == 0) {
        tenant = reprise->field(request, REPRISE_SNI);
        const char *dot = tenant.size ? memchr(tenant.data, '.', tenant.size) : NULL;
        if (dot != NULL) tenant.size = (size_t)(dot - tenant.data);
        if (tenant.size > 0 && tenant.size <= 256) route->remember = tenant;
    }
    route->kind = REPRISE_TO_GROUP;
    route->group = tenant;
    if (tenant.size == 0 || !reprise->has_group(request, tenant)) {
        route->group.data = router->fallback;
        route->group.size = router->size;
    }
    return REPRISE_NOW;
}

const reprise_router *reprise_router_v1(void) {
    static const reprise_router table = {
        .abi = REPRISE_ROUTER_ABI, .size = sizeof table, .create = create, .destroy = destroy, .route = route};
    return &table;
}
