#include "primitives.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

// Ours beside another provider's, once at the start: every way that is ours alone, with inputs that are longer than a block and
// outputs that are longer than a hash.

enum { OUT_BYTES = 150 };

static const char *const hashes[] = {"SHA2-256", "SHA2-384"};
static const char *const queries[] = {REPRISE_PROVIDER_QUERY, REPRISE_OTHER_PROVIDERS};

static OSSL_PARAM word(const char *name, const char *value) {
    return OSSL_PARAM_construct_utf8_string(name, (char *)value, 0);
}

static OSSL_PARAM bytes(const char *name, const unsigned char *value, size_t count) {
    return OSSL_PARAM_construct_octet_string(name, (void *)value, count);
}

// Inputs without a pattern that a mistake could keep.
static const unsigned char *text(void) {
    static unsigned char made[256];
    for (int i = 0; i < 256; i++) made[i] = (unsigned char)(i * 167 + 13);
    return made;
}

static bool derive(const char *name, const char *query, const OSSL_PARAM params[], unsigned char *out, size_t count) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, query);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    bool is_good = context && EVP_KDF_derive(context, out, count, params) > 0;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return is_good;
}

static bool derives_alike(const char *name, const OSSL_PARAM params[], size_t count) {
    unsigned char out[2][OUT_BYTES] = {{0}, {1}};
    for (int i = 0; i < 2; i++) {
        if (!derive(name, queries[i], params, out[i], count)) return false;
    }
    return !memcmp(out[0], out[1], count);
}

static bool extracts_alike(const char *hash, size_t count) {
    int mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode), word(OSSL_KDF_PARAM_DIGEST, hash),
        bytes(OSSL_KDF_PARAM_PREFIX, (const unsigned char *)"tls13 ", 6),
        bytes(OSSL_KDF_PARAM_LABEL, (const unsigned char *)"derived", 7), OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
    bool is_alike = derives_alike("TLS13-KDF", params, count);
    params[4] = bytes(OSSL_KDF_PARAM_SALT, text(), count);
    is_alike = is_alike && derives_alike("TLS13-KDF", params, count);
    params[5] = bytes(OSSL_KDF_PARAM_KEY, text() + 60, 130);
    return is_alike && derives_alike("TLS13-KDF", params, count);
}

static bool expands_alike(const char *hash, size_t count) {
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode), word(OSSL_KDF_PARAM_DIGEST, hash),
        bytes(OSSL_KDF_PARAM_KEY, text() + 9, count), bytes(OSSL_KDF_PARAM_PREFIX, (const unsigned char *)"tls13 ", 6),
        bytes(OSSL_KDF_PARAM_LABEL, (const unsigned char *)"c hs traffic", 12),
        bytes(OSSL_KDF_PARAM_DATA, text() + 3, count), OSSL_PARAM_construct_end()};
    return derives_alike("TLS13-KDF", params, 12) && derives_alike("TLS13-KDF", params, OUT_BYTES);
}

static bool spreads_alike(const char *hash) {
    OSSL_PARAM params[] = {
        word(OSSL_KDF_PARAM_DIGEST, hash), bytes(OSSL_KDF_PARAM_SECRET, text(), 48),
        bytes(OSSL_KDF_PARAM_SEED, (const unsigned char *)"key expansion", 13), bytes(OSSL_KDF_PARAM_SEED, text() + 50, 32),
        bytes(OSSL_KDF_PARAM_SEED, text() + 90, 32), OSSL_PARAM_construct_end()};
    bool is_alike = derives_alike("TLS1-PRF", params, 12) && derives_alike("TLS1-PRF", params, OUT_BYTES);
    params[1] = bytes(OSSL_KDF_PARAM_SECRET, text(), 200);
    return is_alike && derives_alike("TLS1-PRF", params, OUT_BYTES);
}

// A copy, the rest of the original, and the same key once more: three MACs. That it begins anew without a key is only asked of
// ours: libcrypto 3.0.2 does not.
static bool make_macs(const char *query, const char *hash, size_t key, unsigned char out[3][EVP_MAX_MD_SIZE]) {
    bool is_ours = query == queries[0];
    size_t counts[3] = {0};
    OSSL_PARAM params[] = {word(OSSL_MAC_PARAM_DIGEST, hash), OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", query);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL, *copy = NULL;
    bool is_good = context && EVP_MAC_init(context, text(), key, params) && EVP_MAC_update(context, text(), 100)
        && (copy = EVP_MAC_CTX_dup(context)) && EVP_MAC_update(copy, text() + 7, 77)
        && EVP_MAC_final(copy, out[0], &counts[0], EVP_MAX_MD_SIZE)
        && EVP_MAC_final(context, out[1], &counts[1], EVP_MAX_MD_SIZE) && EVP_MAC_init(context, text(), key, NULL)
        && EVP_MAC_update(context, text() + 5, 5) && EVP_MAC_init(context, is_ours ? NULL : text(), is_ours ? 0 : key, NULL)
        && EVP_MAC_update(context, text(), 200) && EVP_MAC_final(context, out[2], &counts[2], EVP_MAX_MD_SIZE)
        && counts[0] == counts[1] && counts[1] == counts[2] && counts[0] == EVP_MAC_CTX_get_mac_size(context);
    EVP_MAC_CTX_free(copy);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return is_good;
}

static bool macs_alike(const char *hash, size_t key) {
    unsigned char out[2][3][EVP_MAX_MD_SIZE] = {{{0}}};
    return make_macs(queries[0], hash, key, out[0]) && make_macs(queries[1], hash, key, out[1])
        && !memcmp(out[0], out[1], sizeof out[0]);
}

// Records in CBC mode: 60 bytes behind a header, with what makes them 130.
static bool makes_record_mac(const char *query, const char *hash, unsigned char out[EVP_MAX_MD_SIZE]) {
    size_t count = 0, size = 130;
    OSSL_PARAM params[] = {word(OSSL_MAC_PARAM_DIGEST, hash), OSSL_PARAM_construct_end()};
    OSSL_PARAM record[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_TLS_DATA_SIZE, &size), OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", query);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    bool is_good = context && EVP_MAC_init(context, text(), 32, params) && EVP_MAC_CTX_set_params(context, record)
        && EVP_MAC_update(context, text() + 40, 13) && EVP_MAC_update(context, text() + 1, 60)
        && EVP_MAC_final(context, out, &count, EVP_MAX_MD_SIZE);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return is_good;
}

static bool record_macs_alike(const char *hash) {
    unsigned char out[2][EVP_MAX_MD_SIZE] = {{0}};
    return makes_record_mac(queries[0], hash, out[0]) && makes_record_mac(queries[1], hash, out[1])
        && !memcmp(out[0], out[1], sizeof out[0]);
}

const char *reprise_primitives_differ(void) {
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        const char *hash = hashes[i];
        size_t count = i == 0 ? 32 : 48;
        if (!macs_alike(hash, 20) || !macs_alike(hash, 200) || !record_macs_alike(hash)) return "HMAC";
        if (!extracts_alike(hash, count) || !expands_alike(hash, count)) return "TLS13-KDF";
        if (!spreads_alike(hash)) return "TLS1-PRF";
    }
    ERR_clear_error();
    return NULL;
}
