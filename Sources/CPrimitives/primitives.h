#pragma once

#include "CPrimitives.h"
#include "hmac.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

// Where all goes that is not ours.
#define REPRISE_OTHER_PROVIDERS "provider!=reprise"

extern const OSSL_DISPATCH reprise_hmac_functions[];
extern const OSSL_DISPATCH reprise_tls13_kdf_functions[];
extern const OSSL_DISPATCH reprise_tls1_prf_functions[];
