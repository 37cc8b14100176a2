#include "primitives.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <string.h>

// Measured: libssl derives some twenty keys in a TLS 1.3 handshake, and what EVP spends on each is several times its hashes.

#define NAME "reprise"

static const OSSL_ALGORITHM kdfs[] = {
    {"TLS13-KDF", "provider=" NAME, reprise_tls13_kdf_functions, "HKDF of TLS 1.3 over SHA-256 and SHA-384"},
    {"TLS1-PRF", "provider=" NAME, reprise_tls1_prf_functions, "PRF of TLS 1.2 over SHA-256 and SHA-384"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM macs[] = {
    {"HMAC", "provider=" NAME, reprise_hmac_functions, "HMAC over SHA-256 and SHA-384"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache) {
    (void)provider;
    *no_cache = 0;
    switch (operation) {
    case OSSL_OP_KDF: return kdfs;
    case OSSL_OP_MAC: return macs;
    default: return NULL;
    }
}

static void teardown(void *provider) { (void)provider; }

static int initialise(
    const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core, const OSSL_DISPATCH **functions, void **provider) {
    (void)handle, (void)core;
    static const OSSL_DISPATCH table[] = {
        {OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))teardown},
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
        {0, NULL},
    };
    static int anything;
    *functions = table;
    *provider = &anything;
    return 1;
}

static bool is_ours(const OSSL_PROVIDER *provider) {
    const char *name = provider ? OSSL_PROVIDER_get0_name(provider) : NULL;
    return name && !strcmp(name, NAME);
}

// RFC 4231, test case 2.
static bool mac_is_good(void) {
    static const unsigned char expected[] = {
        0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
        0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
    static const char text[] = "what do ya want for nothing?";
    OSSL_PARAM params[] = {OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA2-256", 0), OSSL_PARAM_END};
    unsigned char out[EVP_MAX_MD_SIZE];
    size_t count = 0;
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", REPRISE_PROVIDER_QUERY);
    EVP_MAC_CTX *context = mac && is_ours(EVP_MAC_get0_provider(mac)) ? EVP_MAC_CTX_new(mac) : NULL;
    bool is_good = context && EVP_MAC_init(context, (const unsigned char *)"Jefe", 4, params)
        && EVP_MAC_update(context, (const unsigned char *)text, strlen(text))
        && EVP_MAC_final(context, out, &count, sizeof out) && count == sizeof expected
        && !memcmp(out, expected, sizeof expected);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return is_good;
}

static bool kdf_is_good(const char *name, const OSSL_PARAM params[], const unsigned char *expected, size_t count) {
    unsigned char out[EVP_MAX_MD_SIZE];
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, REPRISE_PROVIDER_QUERY);
    EVP_KDF_CTX *context = kdf && is_ours(EVP_KDF_get0_provider(kdf)) ? EVP_KDF_CTX_new(kdf) : NULL;
    bool is_good = context && EVP_KDF_derive(context, out, count, params) > 0 && !memcmp(out, expected, count);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return is_good;
}

// RFC 8448, 3: the early secret without a PSK.
static bool tls13_is_good(void) {
    static const unsigned char expected[] = {
        0x33, 0xad, 0x0a, 0x1c, 0x60, 0x7e, 0xc0, 0x3b, 0x09, 0xe6, 0xcd, 0x98, 0x93, 0x68, 0x0c, 0xe2,
        0x10, 0xad, 0xf3, 0x00, 0xaa, 0x1f, 0x26, 0x60, 0xe1, 0xb2, 0x2e, 0x10, 0xf1, 0x70, 0xf9, 0x2a};
    int mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
    OSSL_PARAM params[] = {
        OSSL_PARAM_int(OSSL_KDF_PARAM_MODE, &mode), OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, "SHA2-256", 0),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_PREFIX, "tls13 ", 6), OSSL_PARAM_octet_string(OSSL_KDF_PARAM_LABEL, "derived", 7),
        OSSL_PARAM_END};
    return kdf_is_good("TLS13-KDF", params, expected, sizeof expected);
}

// The vector for P_SHA256 that the TLS working group's list has used since 2009.
static bool prf_is_good(void) {
    static unsigned char secret[] = {
        0x9b, 0xbe, 0x43, 0x6b, 0xa9, 0x40, 0xf0, 0x17, 0xb1, 0x76, 0x52, 0x84, 0x9a, 0x71, 0xdb, 0x35};
    static unsigned char seed[] = {
        0xa0, 0xba, 0x9f, 0x93, 0x6c, 0xda, 0x31, 0x18, 0x27, 0xa6, 0xf7, 0x96, 0xff, 0xd5, 0x19, 0x8c};
    static const unsigned char expected[] = {
        0xe3, 0xf2, 0x29, 0xba, 0x72, 0x7b, 0xe1, 0x7b, 0x8d, 0x12, 0x26, 0x20, 0x55, 0x7c, 0xd4, 0x53,
        0xc2, 0xaa, 0xb2, 0x1d, 0x07, 0xc3, 0xd4, 0x95, 0x32, 0x9b, 0x52, 0xd4, 0xe6, 0x1e, 0xdb, 0x5a};
    OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, "SHA2-256", 0),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SECRET, secret, sizeof secret),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SEED, "test label", 10),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof seed), OSSL_PARAM_END};
    return kdf_is_good("TLS1-PRF", params, expected, sizeof expected);
}

const char *reprise_provider_begin(void) {
    // The machine's configuration says first which providers there are.
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
    if (!OSSL_PROVIDER_add_builtin(NULL, NAME, initialise)) return "a provider of the program's own";
    if (!OSSL_PROVIDER_try_load(NULL, NAME, 1)) return "a provider of the program's own";
    if (!mac_is_good()) return "HMAC";
    if (!tls13_is_good()) return "TLS13-KDF";
    if (!prf_is_good()) return "TLS1-PRF";
    return NULL;
}
