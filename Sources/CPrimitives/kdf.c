#include "primitives.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <string.h>

// The key derivations of TLS 1.3 (RFC 8446, 7.1; EVP_KDF-TLS13_KDF(7)) and of TLS 1.2 (RFC 5246, 5; EVP_KDF-TLS1_PRF(7)).
//
// libssl makes a context for each derivation, hands over all parameters with it, and frees it: that is what is here. Parameters
// that are set before go to another provider's context, and so does the derivation; and what is not of the types or the digests
// that libssl uses goes there as a whole, for its answer or its error.

struct kdf {
    const char *name;
    // Whether it has derived: parameters of that call are not kept.
    bool has_derived;
    // Another provider's, once something was set before.
    EVP_KDF_CTX *other;
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

static void kdf_reset(void *context) {
    struct kdf *kdf = context;
    EVP_KDF_CTX_free(kdf->other);
    kdf->other = NULL;
    kdf->has_derived = false;
}

static void kdf_free(void *context) {
    if (!context) return;
    kdf_reset(context);
    OPENSSL_free(context);
}

static void *kdf_copy(void *context) {
    const struct kdf *from = context;
    struct kdf *kdf = kdf_make(from->name);
    if (!kdf) return NULL;
    kdf->has_derived = from->has_derived;
    if (from->other && !(kdf->other = EVP_KDF_CTX_dup(from->other))) {
        kdf_free(kdf);
        return NULL;
    }
    return kdf;
}

// Another provider's context, in the place of ours from then on.
static EVP_KDF_CTX *elsewhere(struct kdf *kdf) {
    if (kdf->other) return kdf->other;
    EVP_KDF *other = EVP_KDF_fetch(NULL, kdf->name, REPRISE_OTHER_PROVIDERS);
    kdf->other = other ? EVP_KDF_CTX_new(other) : NULL;
    EVP_KDF_free(other);
    return kdf->other;
}

static int kdf_set(void *context, const OSSL_PARAM params[]) {
    if (!params || !params->key) return 1;
    if (lies_nowhere(params)) return 0;
    EVP_KDF_CTX *other = elsewhere(context);
    return other && EVP_KDF_CTX_set_params(other, params);
}

static int derive_elsewhere(struct kdf *kdf, unsigned char *out, size_t count, const OSSL_PARAM params[]) {
    EVP_KDF_CTX *other = lies_nowhere(params) ? NULL : elsewhere(kdf);
    return other && EVP_KDF_derive(other, out, count, params) > 0;
}

// Whether ours may answer: of what was given in an earlier call nothing is left, and a derivation without it would be another.
static bool is_first(struct kdf *kdf) {
    if (kdf->has_derived) {
        ERR_raise(ERR_LIB_PROV, ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED);
        return false;
    }
    return true;
}

struct slice {
    const unsigned char *bytes;
    size_t count;
};

enum { MOST_SEEDS = 8, NO_MODE = -1 };

// What both derivations take, in the types that libssl gives it in.
struct inputs {
    enum hash hash;
    int mode;
    // What is absent has no bytes.
    struct slice key, salt, prefix, label, data, seeds[MOST_SEEDS];
    size_t seed_count;
};

static bool read_bytes(const OSSL_PARAM *param, struct slice *slice) {
    if (param->data_type != OSSL_PARAM_OCTET_STRING || !param->data) return false;
    *slice = (struct slice){param->data, param->data_size};
    return true;
}

static bool read_mode(const OSSL_PARAM *param, int *mode) {
    if (param->data_type != OSSL_PARAM_UTF8_STRING) return OSSL_PARAM_get_int(param, mode);
    if (!strcmp(param->data, "EXTRACT_ONLY")) *mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
    else if (!strcmp(param->data, "EXPAND_ONLY")) *mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    else return false;
    return true;
}

// What libssl has none of it gives as no bytes at no address.
static bool is_none(const OSSL_PARAM *param) {
    return param->data_type == OSSL_PARAM_OCTET_STRING && !param->data && param->data_size == 0;
}

static bool read_or_none(const OSSL_PARAM *param, struct slice *slice) {
    return is_none(param) || read_bytes(param, slice);
}

// Most names differ in their first letter: that spares most calls.
static bool is(const char *name, const char *other) { return *name == *other && !strcmp(name, other); }

// False where something is not as libssl gives it.
static bool read_inputs(const OSSL_PARAM params[], struct inputs *inputs) {
    memset(inputs, 0, sizeof *inputs);
    inputs->hash = OTHER_HASH;
    inputs->mode = NO_MODE;
    for (const OSSL_PARAM *param = params; param && param->key; param++) {
        const char *name = param->key;
        bool is_good;
        if (is(name, OSSL_KDF_PARAM_DIGEST)) is_good = (inputs->hash = hash_of(param)) != OTHER_HASH;
        else if (is(name, OSSL_KDF_PARAM_MODE)) is_good = read_mode(param, &inputs->mode);
        else if (is(name, OSSL_KDF_PARAM_KEY)) is_good = read_bytes(param, &inputs->key);
        else if (is(name, OSSL_KDF_PARAM_SECRET)) is_good = read_bytes(param, &inputs->key);
        else if (is(name, OSSL_KDF_PARAM_SALT)) is_good = read_bytes(param, &inputs->salt);
        else if (is(name, OSSL_KDF_PARAM_PREFIX)) is_good = read_or_none(param, &inputs->prefix);
        else if (is(name, OSSL_KDF_PARAM_LABEL)) is_good = read_or_none(param, &inputs->label);
        else if (is(name, OSSL_KDF_PARAM_DATA)) is_good = read_or_none(param, &inputs->data);
        else if (is(name, OSSL_KDF_PARAM_SEED)) {
            if (is_none(param)) continue;
            is_good = inputs->seed_count < MOST_SEEDS && read_bytes(param, &inputs->seeds[inputs->seed_count]);
            if (is_good) inputs->seed_count++;
        } else is_good = false;
        if (!is_good) return false;
    }
    return inputs->hash != OTHER_HASH;
}

// MARK: TLS 1.3

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
static int extract(const struct inputs *inputs, unsigned char *out) {
    static const unsigned char zeros[SHA384_DIGEST_LENGTH];
    enum hash hash = inputs->hash;
    size_t bytes = hash_bytes(hash);
    unsigned char empty[SHA384_DIGEST_LENGTH], derived[SHA384_DIGEST_LENGTH];
    struct slice none = {zeros, bytes}, used = none, key = inputs->key.bytes ? inputs->key : none;
    if (inputs->salt.bytes) {
        union hash_state state;
        hash_begin(hash, &state);
        hash_end(hash, &state, empty);
        struct slice data = {empty, bytes};
        if (!expand_label(hash, inputs->salt, inputs->prefix, inputs->label, data, derived, bytes)) return 0;
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

static int tls13_derive(void *context, unsigned char *out, size_t count, const OSSL_PARAM params[]) {
    struct kdf *kdf = context;
    struct inputs inputs;
    if (kdf->other || !read_inputs(params, &inputs)) return derive_elsewhere(kdf, out, count, params);
    if (!is_first(kdf)) return 0;
    bool is_done = false;
    if (inputs.mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY && count == hash_bytes(inputs.hash)) {
        is_done = extract(&inputs, out);
    } else if (inputs.mode == EVP_KDF_HKDF_MODE_EXPAND_ONLY && inputs.key.count > 0 && count > 0) {
        is_done = expand_label(inputs.hash, inputs.key, inputs.prefix, inputs.label, inputs.data, out, count);
    }
    kdf->has_derived = is_done;
    return is_done || derive_elsewhere(kdf, out, count, params);
}

// MARK: TLS 1.2

// P_hash: A(0) is the seed, A(i) the HMAC of A(i-1), and the output the HMACs of A(i) and the seed.
static void expand_seeds(const struct inputs *inputs, unsigned char *out, size_t count) {
    size_t bytes = hash_bytes(inputs->hash);
    const struct slice *seeds = inputs->seeds;
    struct hmac hmac;
    unsigned char a[SHA384_DIGEST_LENGTH], block[SHA384_DIGEST_LENGTH];
    hmac_begin(&hmac, inputs->hash, inputs->key.bytes, inputs->key.count);
    for (size_t i = 0; i < inputs->seed_count; i++) hmac_update(&hmac, seeds[i].bytes, seeds[i].count);
    hmac_end(&hmac, a);
    for (size_t done = 0; done < count;) {
        hmac_update(&hmac, a, bytes);
        for (size_t i = 0; i < inputs->seed_count; i++) hmac_update(&hmac, seeds[i].bytes, seeds[i].count);
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
}

static int prf_derive(void *context, unsigned char *out, size_t count, const OSSL_PARAM params[]) {
    struct kdf *kdf = context;
    struct inputs inputs;
    size_t total = 0;
    if (kdf->other || !read_inputs(params, &inputs)) return derive_elsewhere(kdf, out, count, params);
    for (size_t i = 0; i < inputs.seed_count; i++) total += inputs.seeds[i].count;
    if (count == 0 || total == 0 || total > 1024 || inputs.key.count == 0) return derive_elsewhere(kdf, out, count, params);
    if (!is_first(kdf)) return 0;
    expand_seeds(&inputs, out, count);
    kdf->has_derived = true;
    return 1;
}

// MARK: What both tell of themselves

static int kdf_get(void *context, OSSL_PARAM params[]) {
    struct kdf *kdf = context;
    if (kdf->other) return EVP_KDF_CTX_get_params(kdf->other, params);
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
