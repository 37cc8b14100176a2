#include "primitives.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

// HMAC as a MAC (provider-mac(7)): libssl's Finished, binders and tickets.
//
// What libssl asks for most is here: a digest of ours, a key, bytes. Everything else goes to another provider from the first
// call on, or from the key on.
struct mac {
    enum { UNKEYED, OURS, FORWARDED } state;
    // The digest that was asked for; OTHER_HASH while none was.
    enum hash hash;
    struct hmac hmac;
    // Whether bytes came since the key was last set.
    bool has_bytes;
    // The key as HMAC uses it, of a block's length: another provider may have to go on from it.
    unsigned char key[SHA512_CBLOCK];
    // When forwarded: another provider's.
    EVP_MAC_CTX *other;
};

static void *mac_new(void *provider) {
    (void)provider;
    struct mac *mac = OPENSSL_zalloc(sizeof *mac);
    if (mac) mac->hash = OTHER_HASH;
    return mac;
}

static void mac_free(void *context) {
    struct mac *mac = context;
    if (!mac) return;
    EVP_MAC_CTX_free(mac->other);
    OPENSSL_clear_free(mac, sizeof *mac);
}

static void *mac_copy(void *context) {
    const struct mac *from = context;
    struct mac *mac = OPENSSL_malloc(sizeof *mac);
    if (!mac) return NULL;
    *mac = *from;
    if (from->other && !(mac->other = EVP_MAC_CTX_dup(from->other))) {
        mac_free(mac);
        return NULL;
    }
    return mac;
}

static void forget_key(struct mac *mac) {
    OPENSSL_cleanse(&mac->hmac, sizeof mac->hmac);
    OPENSSL_cleanse(mac->key, sizeof mac->key);
    mac->has_bytes = false;
}

// Has another provider's HMAC go on, with the digest and the key that there are.
static int forward(struct mac *mac) {
    if (mac->state == FORWARDED) return 1;
    EVP_MAC *method = EVP_MAC_fetch(NULL, "HMAC", REPRISE_OTHER_PROVIDERS);
    EVP_MAC_CTX *other = method ? EVP_MAC_CTX_new(method) : NULL;
    EVP_MAC_free(method);
    if (!other) return 0;
    if (mac->hash != OTHER_HASH) {
        char *name = mac->hash == SHA2_256 ? "SHA2-256" : "SHA2-384";
        OSSL_PARAM digest[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_construct_end()};
        bool is_good = mac->state == OURS ? EVP_MAC_init(other, mac->key, hash_block_bytes(mac->hash), digest)
                                          : EVP_MAC_CTX_set_params(other, digest);
        if (!is_good) {
            EVP_MAC_CTX_free(other);
            return 0;
        }
    }
    forget_key(mac);
    mac->other = other;
    mac->state = FORWARDED;
    return 1;
}

static int use_key(struct mac *mac, const void *key, size_t count) {
    if (mac->hash == OTHER_HASH || !key) {
        ERR_raise(ERR_LIB_PROV, ERR_R_PASSED_INVALID_ARGUMENT);
        return 0;
    }
    hmac_begin(&mac->hmac, mac->hash, key, count);
    hmac_block_key(mac->hash, key, count, mac->key);
    mac->has_bytes = false;
    mac->state = OURS;
    return 1;
}

// What a call asks for that is for us: a digest of ours, a key, or both.
struct request {
    enum { PLAIN, RECORD, ELSEWHERE } kind;
    enum hash hash;
    const OSSL_PARAM *key;
};

static struct request read_request(const OSSL_PARAM params[]) {
    struct request request = {PLAIN, OTHER_HASH, NULL};
    for (const OSSL_PARAM *param = params; param && param->key; param++) {
        if (!strcmp(param->key, OSSL_MAC_PARAM_DIGEST)) {
            request.hash = hash_of(param);
            if (request.hash == OTHER_HASH) request.kind = ELSEWHERE;
        } else if (!strcmp(param->key, OSSL_MAC_PARAM_KEY)) {
            request.key = param;
            if (param->data_type != OSSL_PARAM_OCTET_STRING || !param->data) request.kind = ELSEWHERE;
        } else if (!strcmp(param->key, OSSL_MAC_PARAM_TLS_DATA_SIZE)) {
            size_t size;
            if (!OSSL_PARAM_get_size_t(param, &size)) request.kind = ELSEWHERE;
            else if (size > 0 && request.kind == PLAIN) request.kind = RECORD;
        } else {
            request.kind = ELSEWHERE;
        }
    }
    return request;
}

static int mac_set(void *context, const OSSL_PARAM params[]) {
    struct mac *mac = context;
    if (!params || !params->key) return 1;
    if (lies_nowhere(params)) return 0;
    if (mac->state == FORWARDED) return EVP_MAC_CTX_set_params(mac->other, params);
    struct request request = read_request(params);
    // A record's MAC in CBC mode is made in constant time, whatever the padding: elsewhere. It is told before the record.
    if (request.kind == RECORD && mac->has_bytes) return 0;
    if (request.kind != PLAIN) return forward(mac) && EVP_MAC_CTX_set_params(mac->other, params);
    if (request.hash != OTHER_HASH && request.hash != mac->hash) {
        forget_key(mac);
        mac->hash = request.hash;
        mac->state = UNKEYED;
    }
    return !request.key || use_key(mac, request.key->data, request.key->data_size);
}

static int mac_init(void *context, const unsigned char *key, size_t count, const OSSL_PARAM params[]) {
    struct mac *mac = context;
    if (!mac_set(mac, params)) return 0;
    if (mac->state == FORWARDED) return EVP_MAC_init(mac->other, key, count, NULL);
    if (key) return use_key(mac, key, count);
    // The key that it has, from the beginning.
    if (mac->state != OURS) return 0;
    mac->hmac.now = mac->hmac.inner;
    mac->has_bytes = false;
    return 1;
}

static int mac_update(void *context, const unsigned char *bytes, size_t count) {
    struct mac *mac = context;
    if (mac->state == FORWARDED) return EVP_MAC_update(mac->other, bytes, count);
    if (mac->state != OURS) return 0;
    hmac_update(&mac->hmac, bytes, count);
    mac->has_bytes = true;
    return 1;
}

static int mac_end(void *context, unsigned char *out, size_t *count, size_t room) {
    struct mac *mac = context;
    if (mac->state == FORWARDED) return EVP_MAC_final(mac->other, out, count, room);
    if (mac->state != OURS || room < hash_bytes(mac->hash)) return 0;
    hmac_end(&mac->hmac, out);
    *count = hash_bytes(mac->hash);
    return 1;
}

static int mac_get(void *context, OSSL_PARAM params[]) {
    struct mac *mac = context;
    if (mac->state == FORWARDED) return EVP_MAC_CTX_get_params(mac->other, params);
    bool knows = mac->hash != OTHER_HASH;
    OSSL_PARAM *size = OSSL_PARAM_locate(params, OSSL_MAC_PARAM_SIZE);
    if (size && !OSSL_PARAM_set_size_t(size, knows ? hash_bytes(mac->hash) : 0)) return 0;
    OSSL_PARAM *block = OSSL_PARAM_locate(params, OSSL_MAC_PARAM_BLOCK_SIZE);
    return !block || OSSL_PARAM_set_size_t(block, knows ? hash_block_bytes(mac->hash) : 0);
}

static const OSSL_PARAM *mac_gettable(void *context, void *provider) {
    (void)context, (void)provider;
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_size_t(OSSL_MAC_PARAM_SIZE, NULL), OSSL_PARAM_size_t(OSSL_MAC_PARAM_BLOCK_SIZE, NULL), OSSL_PARAM_END};
    return params;
}

static const OSSL_PARAM *mac_settable(void *context, void *provider) {
    (void)context, (void)provider;
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, NULL, 0), OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_PROPERTIES, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_MAC_PARAM_KEY, NULL, 0), OSSL_PARAM_size_t(OSSL_MAC_PARAM_TLS_DATA_SIZE, NULL),
        OSSL_PARAM_END};
    return params;
}

typedef void (*function)(void);

const OSSL_DISPATCH reprise_hmac_functions[] = {
    {OSSL_FUNC_MAC_NEWCTX, (function)mac_new},
    {OSSL_FUNC_MAC_DUPCTX, (function)mac_copy},
    {OSSL_FUNC_MAC_FREECTX, (function)mac_free},
    {OSSL_FUNC_MAC_INIT, (function)mac_init},
    {OSSL_FUNC_MAC_UPDATE, (function)mac_update},
    {OSSL_FUNC_MAC_FINAL, (function)mac_end},
    {OSSL_FUNC_MAC_GETTABLE_CTX_PARAMS, (function)mac_gettable},
    {OSSL_FUNC_MAC_GET_CTX_PARAMS, (function)mac_get},
    {OSSL_FUNC_MAC_SETTABLE_CTX_PARAMS, (function)mac_settable},
    {OSSL_FUNC_MAC_SET_CTX_PARAMS, (function)mac_set},
    {0, NULL},
};
