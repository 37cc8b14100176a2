#include "primitives.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

// HMAC as a MAC (provider-mac(7)): libssl's Finished, binders and tickets.
struct mac {
    enum { UNKEYED, OURS, FORWARDED } state;
    // The digest that was asked for; OTHER_HASH also while none was.
    enum hash hash;
    struct hmac hmac;
    // The key as HMAC uses it, of a block's length: for a MAC of TLS's CBC records, which begins as any other.
    unsigned char key[SHA512_CBLOCK];
    // One of another provider's, for digests and uses that are not ours.
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

// Has another provider's HMAC do it from here on.
static int forward(struct mac *mac) {
    if (mac->other) return 1;
    EVP_MAC *other = EVP_MAC_fetch(NULL, "HMAC", REPRISE_OTHER_PROVIDERS);
    if (!other) return 0;
    mac->other = EVP_MAC_CTX_new(other);
    EVP_MAC_free(other);
    return mac->other != NULL;
}

static int use_key(struct mac *mac, const void *key, size_t count) {
    if (mac->hash == OTHER_HASH) {
        ERR_raise(ERR_LIB_PROV, ERR_R_PASSED_INVALID_ARGUMENT);
        return 0;
    }
    hmac_begin(&mac->hmac, mac->hash, key, count);
    memset(mac->key, 0, sizeof mac->key);
    if (count <= hash_block_bytes(mac->hash)) {
        if (count > 0) memcpy(mac->key, key, count);
    } else {
        union hash_state state;
        hash_begin(mac->hash, &state);
        hash_update(mac->hash, &state, key, count);
        hash_end(mac->hash, &state, mac->key);
        OPENSSL_cleanse(&state, sizeof state);
    }
    mac->state = OURS;
    return 1;
}

// MAC of a TLS 1.2 record in CBC mode, in constant time whatever the padding: it is told before the record comes.
static int become_record_mac(struct mac *mac) {
    if (mac->state == OURS) {
        char *name = mac->hash == SHA2_256 ? "SHA2-256" : "SHA2-384";
        OSSL_PARAM digest[] = {OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_END};
        if (!forward(mac) || !EVP_MAC_init(mac->other, mac->key, hash_block_bytes(mac->hash), digest)) return 0;
    } else if (!forward(mac)) {
        return 0;
    }
    mac->state = FORWARDED;
    return 1;
}

static int mac_set(void *context, const OSSL_PARAM params[]) {
    struct mac *mac = context;
    if (!params) return 1;
    const OSSL_PARAM *digest = OSSL_PARAM_locate_const(params, OSSL_MAC_PARAM_DIGEST);
    const OSSL_PARAM *key = OSSL_PARAM_locate_const(params, OSSL_MAC_PARAM_KEY);
    if (digest) {
        const char *name;
        if (!OSSL_PARAM_get_utf8_string_ptr(digest, &name)) return 0;
        mac->hash = hash_named(name);
        mac->state = mac->hash == OTHER_HASH ? FORWARDED : UNKEYED;
        if (mac->hash == OTHER_HASH && !forward(mac)) return 0;
    }
    if (OSSL_PARAM_locate_const(params, OSSL_MAC_PARAM_TLS_DATA_SIZE) && !become_record_mac(mac)) return 0;
    if (mac->state == FORWARDED) return EVP_MAC_CTX_set_params(mac->other, params);
    if (!key) return 1;
    if (key->data_type != OSSL_PARAM_OCTET_STRING) return 0;
    return use_key(mac, key->data, key->data_size);
}

static int mac_init(void *context, const unsigned char *key, size_t count, const OSSL_PARAM params[]) {
    struct mac *mac = context;
    if (!mac_set(mac, params)) return 0;
    if (mac->state == FORWARDED) return EVP_MAC_init(mac->other, key, count, NULL);
    if (key) return use_key(mac, key, count);
    // The key that it has, from the beginning.
    if (mac->state == OURS) mac->hmac.now = mac->hmac.inner;
    return mac->state == OURS;
}

static int mac_update(void *context, const unsigned char *bytes, size_t count) {
    struct mac *mac = context;
    if (mac->state == FORWARDED) return EVP_MAC_update(mac->other, bytes, count);
    if (mac->state != OURS) return 0;
    hmac_update(&mac->hmac, bytes, count);
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
