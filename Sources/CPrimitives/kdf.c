#include "primitives.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

// The key derivations of TLS 1.3 (RFC 8446, 7.1; EVP_KDF-TLS13_KDF(7)) and of TLS 1.2 (RFC 5246, 5; EVP_KDF-TLS1_PRF(7)).
//
// libssl makes a context for each derivation, hands over all parameters with it, and frees it. So parameters are used where
// they lie; those that were set before are kept in a copy (`kept`).

enum { MOST_PARAMS = 24 };

struct kdf {
    const char *name;
    OSSL_PARAM *kept;
};

static void *kdf_make(const char *name) {
    struct kdf *kdf = OPENSSL_zalloc(sizeof *kdf);
    if (kdf) kdf->name = name;
    return kdf;
}

static void *tls13_new(void *provider) {
    (void)provider;
    return kdf_make("TLS13-KDF");
}

static void *prf_new(void *provider) {
    (void)provider;
    return kdf_make("TLS1-PRF");
}

static void forget(struct kdf *kdf) {
    for (OSSL_PARAM *param = kdf->kept; param && param->key; param++) OPENSSL_cleanse(param->data, param->data_size);
    OSSL_PARAM_free(kdf->kept);
    kdf->kept = NULL;
}

static void kdf_free(void *context) {
    if (!context) return;
    forget(context);
    OPENSSL_free(context);
}

static void kdf_reset(void *context) { forget(context); }

static void *kdf_copy(void *context) {
    const struct kdf *from = context;
    struct kdf *kdf = kdf_make(from->name);
    if (kdf && from->kept && !(kdf->kept = OSSL_PARAM_dup(from->kept))) {
        kdf_free(kdf);
        return NULL;
    }
    return kdf;
}

static size_t count_params(const OSSL_PARAM params[]) {
    size_t count = 0;
    while (params && params[count].key) count++;
    return count;
}

// What counts: what was kept, but for names that come anew; seeds add up (EVP_KDF-TLS1_PRF(7)). 0 when there are too many.
static int join(const struct kdf *kdf, const OSSL_PARAM given[], OSSL_PARAM all[MOST_PARAMS + 1]) {
    size_t count = 0;
    if (count_params(kdf->kept) + count_params(given) > MOST_PARAMS) return 0;
    for (const OSSL_PARAM *param = kdf->kept; param && param->key; param++) {
        bool adds = !strcmp(param->key, OSSL_KDF_PARAM_SEED);
        if (adds || !OSSL_PARAM_locate_const(given, param->key)) all[count++] = *param;
    }
    for (const OSSL_PARAM *param = given; param && param->key; param++) all[count++] = *param;
    all[count] = OSSL_PARAM_construct_end();
    return 1;
}

// A parameter's name lies with whoever set it; ours lies here. NULL for what is no parameter of these.
static const char *own_name(const char *name) {
    static const char *const names[] = {
        OSSL_KDF_PARAM_MODE, OSSL_KDF_PARAM_PROPERTIES, OSSL_KDF_PARAM_DIGEST, OSSL_KDF_PARAM_KEY,    OSSL_KDF_PARAM_SALT,
        OSSL_KDF_PARAM_PREFIX, OSSL_KDF_PARAM_LABEL,    OSSL_KDF_PARAM_DATA,   OSSL_KDF_PARAM_SECRET, OSSL_KDF_PARAM_SEED};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strcmp(name, names[i])) return names[i];
    }
    return NULL;
}

// Where they lie, if nothing was kept; NULL when there are too many.
static const OSSL_PARAM *in_force(const struct kdf *kdf, const OSSL_PARAM given[], OSSL_PARAM joined[MOST_PARAMS + 1]) {
    if (given && !kdf->kept && count_params(given) <= MOST_PARAMS) return given;
    return join(kdf, given, joined) ? joined : NULL;
}

static int kdf_set(void *context, const OSSL_PARAM params[]) {
    struct kdf *kdf = context;
    OSSL_PARAM all[MOST_PARAMS + 1];
    if (!params || !params->key) return 1;
    if (!join(kdf, params, all)) return 0;
    OSSL_PARAM *known = all;
    for (const OSSL_PARAM *param = all; param->key; param++) {
        const char *name = own_name(param->key);
        if (!name) continue;
        *known = *param;
        known++->key = name;
    }
    *known = OSSL_PARAM_construct_end();
    OSSL_PARAM *kept = OSSL_PARAM_dup(all);
    if (!kept) return 0;
    forget(kdf);
    kdf->kept = kept;
    return 1;
}

// Another provider's: it has digests that are not here, and the words for what is wrong.
static int derive_elsewhere(const struct kdf *kdf, unsigned char *out, size_t count, const OSSL_PARAM params[]) {
    EVP_KDF *other = EVP_KDF_fetch(NULL, kdf->name, REPRISE_OTHER_PROVIDERS);
    EVP_KDF_CTX *context = other ? EVP_KDF_CTX_new(other) : NULL;
    int result = context && EVP_KDF_derive(context, out, count, params) > 0;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(other);
    return result;
}

struct slice {
    const unsigned char *bytes;
    size_t count;
};

// 1 found, 0 absent.
static int find(const OSSL_PARAM params[], const char *name, struct slice *slice) {
    const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, name);
    *slice = (struct slice){NULL, 0};
    if (!param || param->data_type != OSSL_PARAM_OCTET_STRING) return 0;
    *slice = (struct slice){param->data, param->data_size};
    return 1;
}

static enum hash find_hash(const OSSL_PARAM params[]) {
    const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, OSSL_KDF_PARAM_DIGEST);
    return param && param->data_type == OSSL_PARAM_UTF8_STRING ? hash_named(param->data) : OTHER_HASH;
}

// MARK: TLS 1.3

enum { NO_MODE = -1 };

static int find_mode(const OSSL_PARAM params[]) {
    const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, OSSL_KDF_PARAM_MODE);
    int mode;
    if (!param) return NO_MODE;
    if (param->data_type == OSSL_PARAM_UTF8_STRING) {
        if (!strcmp(param->data, "EXTRACT_ONLY")) return EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
        return !strcmp(param->data, "EXPAND_ONLY") ? EVP_KDF_HKDF_MODE_EXPAND_ONLY : NO_MODE;
    }
    return OSSL_PARAM_get_int(param, &mode) ? mode : NO_MODE;
}

// HKDF-Expand (RFC 5869, 2.3) of an HkdfLabel; 0 when a field is too long for it.
static int expand_label(
    enum hash hash, struct slice secret, struct slice prefix, struct slice label, struct slice data, unsigned char *out,
    size_t count) {
    size_t bytes = hash_bytes(hash);
    if (prefix.count + label.count > 255 || data.count > 255 || count > 255 * bytes) return 0;
    unsigned char info[2 + 1 + 255 + 1 + 255], block[SHA384_DIGEST_LENGTH], number = 0;
    size_t length = 0;
    info[length++] = (unsigned char)(count >> 8);
    info[length++] = (unsigned char)count;
    info[length++] = (unsigned char)(prefix.count + label.count);
    if (prefix.count) memcpy(info + length, prefix.bytes, prefix.count);
    length += prefix.count;
    if (label.count) memcpy(info + length, label.bytes, label.count);
    length += label.count;
    info[length++] = (unsigned char)data.count;
    if (data.count) memcpy(info + length, data.bytes, data.count);
    length += data.count;

    struct hmac hmac;
    hmac_begin(&hmac, hash, secret.bytes, secret.count);
    for (size_t done = 0; done < count;) {
        if (done > 0) hmac_update(&hmac, block, bytes);
        number++;
        hmac_update(&hmac, info, length);
        hmac_update(&hmac, &number, 1);
        hmac_end(&hmac, block);
        size_t part = count - done < bytes ? count - done : bytes;
        memcpy(out + done, block, part);
        done += part;
    }
    OPENSSL_cleanse(&hmac, sizeof hmac);
    OPENSSL_cleanse(block, sizeof block);
    return 1;
}

// A step of the key schedule: Derive-Secret(salt, label, "") as HKDF-Extract's salt. Without a salt it is zeros, and
// without a key that is.
static int extract(enum hash hash, const OSSL_PARAM params[], unsigned char *out) {
    static const unsigned char zeros[SHA384_DIGEST_LENGTH];
    size_t bytes = hash_bytes(hash);
    unsigned char empty[SHA384_DIGEST_LENGTH], derived[SHA384_DIGEST_LENGTH];
    struct slice salt, key, prefix, label, used = {zeros, bytes};
    if (!find(params, OSSL_KDF_PARAM_KEY, &key)) key = (struct slice){zeros, bytes};
    if (find(params, OSSL_KDF_PARAM_SALT, &salt)) {
        union hash_state state;
        hash_begin(hash, &state);
        hash_end(hash, &state, empty);
        find(params, OSSL_KDF_PARAM_PREFIX, &prefix);
        find(params, OSSL_KDF_PARAM_LABEL, &label);
        if (!expand_label(hash, salt, prefix, label, (struct slice){empty, bytes}, derived, bytes)) return 0;
        used.bytes = derived;
    }
    struct hmac hmac;
    hmac_begin(&hmac, hash, used.bytes, used.count);
    hmac_update(&hmac, key.bytes, key.count);
    hmac_end(&hmac, out);
    OPENSSL_cleanse(&hmac, sizeof hmac);
    OPENSSL_cleanse(derived, sizeof derived);
    return 1;
}

static int tls13_derive(void *context, unsigned char *out, size_t count, const OSSL_PARAM given[]) {
    const struct kdf *kdf = context;
    OSSL_PARAM joined[MOST_PARAMS + 1];
    const OSSL_PARAM *params = in_force(kdf, given, joined);
    if (!params) return 0;
    enum hash hash = find_hash(params);
    struct slice key, prefix, label, data;
    if (hash != OTHER_HASH) {
        int mode = find_mode(params);
        if (mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY && count == hash_bytes(hash) && extract(hash, params, out)) return 1;
        if (mode == EVP_KDF_HKDF_MODE_EXPAND_ONLY && find(params, OSSL_KDF_PARAM_KEY, &key)) {
            find(params, OSSL_KDF_PARAM_PREFIX, &prefix);
            find(params, OSSL_KDF_PARAM_LABEL, &label);
            find(params, OSSL_KDF_PARAM_DATA, &data);
            if (count > 0 && expand_label(hash, key, prefix, label, data, out, count)) return 1;
        }
    }
    return derive_elsewhere(kdf, out, count, params);
}

// MARK: TLS 1.2

static int prf_derive(void *context, unsigned char *out, size_t count, const OSSL_PARAM given[]) {
    const struct kdf *kdf = context;
    OSSL_PARAM joined[MOST_PARAMS + 1];
    const OSSL_PARAM *params = in_force(kdf, given, joined);
    if (!params) return 0;
    enum hash hash = find_hash(params);
    struct slice secret, seeds[MOST_PARAMS];
    size_t number = 0, bytes = hash_bytes(hash), total = 0;
    for (const OSSL_PARAM *param = params; param->key; param++) {
        if (strcmp(param->key, OSSL_KDF_PARAM_SEED) || param->data_type != OSSL_PARAM_OCTET_STRING) continue;
        seeds[number++] = (struct slice){param->data, param->data_size};
        total += param->data_size;
    }
    if (hash == OTHER_HASH || count == 0 || total == 0 || total > 1024
        || !find(params, OSSL_KDF_PARAM_SECRET, &secret)) {
        return derive_elsewhere(kdf, out, count, params);
    }
    // P_hash: A(0) is the seed, A(i) the HMAC of A(i-1), and the output the HMACs of A(i) and the seed.
    struct hmac hmac;
    unsigned char a[SHA384_DIGEST_LENGTH], block[SHA384_DIGEST_LENGTH];
    hmac_begin(&hmac, hash, secret.bytes, secret.count);
    for (size_t i = 0; i < number; i++) hmac_update(&hmac, seeds[i].bytes, seeds[i].count);
    hmac_end(&hmac, a);
    for (size_t done = 0; done < count;) {
        hmac_update(&hmac, a, bytes);
        for (size_t i = 0; i < number; i++) hmac_update(&hmac, seeds[i].bytes, seeds[i].count);
        hmac_end(&hmac, block);
        size_t part = count - done < bytes ? count - done : bytes;
        memcpy(out + done, block, part);
        done += part;
        if (done < count) {
            hmac_update(&hmac, a, bytes);
            hmac_end(&hmac, a);
        }
    }
    OPENSSL_cleanse(&hmac, sizeof hmac);
    OPENSSL_cleanse(a, sizeof a);
    OPENSSL_cleanse(block, sizeof block);
    return 1;
}

// MARK: What both tell of themselves

static int kdf_get(void *context, OSSL_PARAM params[]) {
    (void)context;
    OSSL_PARAM *size = OSSL_PARAM_locate(params, OSSL_KDF_PARAM_SIZE);
    return size ? OSSL_PARAM_set_size_t(size, SIZE_MAX) : -2;
}

static const OSSL_PARAM *kdf_gettable(void *context, void *provider) {
    (void)context, (void)provider;
    static const OSSL_PARAM params[] = {OSSL_PARAM_size_t(OSSL_KDF_PARAM_SIZE, NULL), OSSL_PARAM_END};
    return params;
}

static const OSSL_PARAM *tls13_settable(void *context, void *provider) {
    (void)context, (void)provider;
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_MODE, NULL, 0), OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_PROPERTIES, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, NULL, 0), OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, NULL, 0), OSSL_PARAM_octet_string(OSSL_KDF_PARAM_PREFIX, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_LABEL, NULL, 0), OSSL_PARAM_octet_string(OSSL_KDF_PARAM_DATA, NULL, 0),
        OSSL_PARAM_END};
    return params;
}

static const OSSL_PARAM *prf_settable(void *context, void *provider) {
    (void)context, (void)provider;
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_PROPERTIES, NULL, 0), OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SECRET, NULL, 0), OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SEED, NULL, 0),
        OSSL_PARAM_END};
    return params;
}

typedef void (*function)(void);

#define KDF_FUNCTIONS(make, derive, settable)                                                                            \
    {                                                                                                                    \
        {OSSL_FUNC_KDF_NEWCTX, (function)make}, {OSSL_FUNC_KDF_DUPCTX, (function)kdf_copy},                             \
        {OSSL_FUNC_KDF_FREECTX, (function)kdf_free}, {OSSL_FUNC_KDF_RESET, (function)kdf_reset},                        \
        {OSSL_FUNC_KDF_DERIVE, (function)derive}, {OSSL_FUNC_KDF_GETTABLE_CTX_PARAMS, (function)kdf_gettable},          \
        {OSSL_FUNC_KDF_GET_CTX_PARAMS, (function)kdf_get}, {OSSL_FUNC_KDF_SETTABLE_CTX_PARAMS, (function)settable},     \
        {OSSL_FUNC_KDF_SET_CTX_PARAMS, (function)kdf_set}, { 0, NULL }                                                   \
    }

const OSSL_DISPATCH reprise_tls13_kdf_functions[] = KDF_FUNCTIONS(tls13_new, tls13_derive, tls13_settable);
const OSSL_DISPATCH reprise_tls1_prf_functions[] = KDF_FUNCTIONS(prf_new, prf_derive, prf_settable);
