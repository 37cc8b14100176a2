#include "primitives.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <string.h>

// Measured: libssl derives some twenty keys in a TLS 1.3 handshake, and what EVP spends on each is several times its hashes.

#define NAME "reprise"
#define PROPERTIES "provider=" NAME ",reprise.own=yes"

static const OSSL_ALGORITHM kdfs[] = {
    {"TLS13-KDF", PROPERTIES, reprise_tls13_kdf_functions, "HKDF of TLS 1.3 over SHA-256 and SHA-384"},
    {"TLS1-PRF", PROPERTIES, reprise_tls1_prf_functions, "PRF of TLS 1.2 over SHA-256 and SHA-384"},
    {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM macs[] = {
    {"HMAC", PROPERTIES, reprise_hmac_functions, "HMAC over SHA-256 and SHA-384"},
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

static const char *const names[] = {"HMAC", "TLS13-KDF", "TLS1-PRF"};

// Whose algorithm a query finds; NULL for none. Providers stay, and so does the name.
static const char *whose(const char *name, const char *query) {
    const OSSL_PROVIDER *provider = NULL;
    if (!strcmp(name, "SHA2-256")) {
        EVP_MD *digest = EVP_MD_fetch(NULL, name, query);
        provider = digest ? EVP_MD_get0_provider(digest) : NULL;
        EVP_MD_free(digest);
    } else if (!strcmp(name, "HMAC")) {
        EVP_MAC *mac = EVP_MAC_fetch(NULL, name, query);
        provider = mac ? EVP_MAC_get0_provider(mac) : NULL;
        EVP_MAC_free(mac);
    } else {
        EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, query);
        provider = kdf ? EVP_KDF_get0_provider(kdf) : NULL;
        EVP_KDF_free(kdf);
    }
    return provider ? OSSL_PROVIDER_get0_name(provider) : NULL;
}

static bool is_from(const char *provider, const char *name, const char *query) {
    const char *found = whose(name, query);
    return found && !strcmp(found, provider);
}

static const char *check(void) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        // First by a property that libcrypto knows already: with that it learns ours.
        if (!is_from(NAME, names[i], "provider=" NAME)) return names[i];
        // Who asks for nothing of ours goes on getting what there was before.
        if (!is_from(NAME, names[i], REPRISE_PROVIDER_QUERY) || !is_from("default", names[i], NULL)
            || !is_from("default", names[i], REPRISE_OTHER_PROVIDERS)) {
            return names[i];
        }
    }
    return reprise_primitives_differ();
}

int reprise_provider_begin(const char **fault) {
    *fault = NULL;
    // The machine's configuration says first which providers there are. Where these are not libcrypto's own, as with a FIPS
    // module, there is nothing for us to do. The look also has them come before ours wherever nobody prefers any.
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
    ERR_set_mark();
    bool is_plain = is_from("default", "SHA2-256", NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) is_plain = is_plain && is_from("default", names[i], NULL);
    ERR_pop_to_mark();
    if (!is_plain) return 0;
    // Held for as long as the process lives.
    static OSSL_PROVIDER *provider;
    *fault = "a provider of the program's own";
    if (!OSSL_PROVIDER_add_builtin(NULL, NAME, initialise)) return 0;
    if (!(provider = OSSL_PROVIDER_try_load(NULL, NAME, 1))) return 0;
    if (!(*fault = check())) return 1;
    OSSL_PROVIDER_unload(provider);
    provider = NULL;
    return 0;
}
