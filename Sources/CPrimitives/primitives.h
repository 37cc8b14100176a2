#pragma once

#include "CPrimitives.h"
#include "hmac.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

// Where all goes that is not ours. The name is of our own, so that it stands beside whatever the machine's default
// properties say of providers.
#define REPRISE_OTHER_PROVIDERS "reprise.own!=yes"

// The digest that a parameter names, if it names one of ours.
static inline enum hash hash_of(const OSSL_PARAM *param) {
    return param->data_type == OSSL_PARAM_UTF8_STRING ? hash_named(param->data) : OTHER_HASH;
}

// Whether bytes are named that lie nowhere: libcrypto's own primitives would read them.
static inline bool lies_nowhere(const OSSL_PARAM params[]) {
    for (const OSSL_PARAM *param = params; param && param->key; param++) {
        if (!param->data && param->data_size > 0) return true;
    }
    return false;
}

extern const OSSL_DISPATCH reprise_hmac_functions[];
extern const OSSL_DISPATCH reprise_tls13_kdf_functions[];
extern const OSSL_DISPATCH reprise_tls1_prf_functions[];

// Whether ours come to the same as another provider's, for what there are ways of their own for (check.c): NULL, or the name of
// what does not.
const char *reprise_primitives_differ(void);
