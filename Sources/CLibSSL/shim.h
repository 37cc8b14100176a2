#pragma once

// libssl and libcrypto 3.0 to 4.0 as Swift sees them. Swift imports functions, but no function-like macros and no generic
// stacks: each function below stands for one macro, and does nothing else. Those at the end stand for types that Swift
// imports differently with each of them.

#include <stdint.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// EVP_PKEY_KEYPAIR: a macro over others.
static inline int reprise_key_pair(void) { return EVP_PKEY_KEYPAIR; }

// --- BIO -----------------------------------------------------------------------------------------------------------

// BIO_clear_retry_flags: a macro over two flags.
static inline void reprise_bio_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

// BIO_set_retry_read: a macro over two flags.
static inline void reprise_bio_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }

// BIO_get_mem_data: a macro over BIO_ctrl.
static inline long reprise_bio_mem_data(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }

// --- options and modes: SSL_OP_* are 64-bit shifts behind a macro ----------------------------------------------------

static inline uint64_t reprise_op_ignore_unexpected_eof(void) { return SSL_OP_IGNORE_UNEXPECTED_EOF; }
static inline uint64_t reprise_op_no_ticket(void) { return SSL_OP_NO_TICKET; }
static inline uint64_t reprise_op_no_compression(void) { return SSL_OP_NO_COMPRESSION; }
static inline uint64_t reprise_op_no_renegotiation(void) { return SSL_OP_NO_RENEGOTIATION; }
static inline uint64_t reprise_op_no_anti_replay(void) { return SSL_OP_NO_ANTI_REPLAY; }
static inline uint64_t reprise_op_server_preference(void) { return SSL_OP_CIPHER_SERVER_PREFERENCE; }

// SSL_CTX_set_mode: a macro over SSL_CTX_ctrl.
static inline void reprise_ctx_set_mode(SSL_CTX *ctx, long mode) { SSL_CTX_set_mode(ctx, mode); }

// --- SSL_CTX ---------------------------------------------------------------------------------------------------------

// SSL_CTX_set_min_proto_version, _max_: macros over SSL_CTX_ctrl.
static inline int reprise_ctx_set_min_version(SSL_CTX *ctx, int version) {
    return (int)SSL_CTX_set_min_proto_version(ctx, version);
}
static inline int reprise_ctx_set_max_version(SSL_CTX *ctx, int version) {
    return (int)SSL_CTX_set_max_proto_version(ctx, version);
}

// SSL_CTX_set1_groups_list, _sigalgs_list: macros over SSL_CTX_ctrl that cast const away.
static inline int reprise_ctx_set_groups(SSL_CTX *ctx, const char *list) {
    return (int)SSL_CTX_set1_groups_list(ctx, (char *)list);
}
static inline int reprise_ctx_set_signature_algorithms(SSL_CTX *ctx, const char *list) {
    return (int)SSL_CTX_set1_sigalgs_list(ctx, (char *)list);
}

// Session cache mode: a macro over SSL_CTX_ctrl.
static inline void reprise_ctx_set_cache_mode(SSL_CTX *ctx, long mode) { SSL_CTX_set_session_cache_mode(ctx, mode); }

// OSSL_PARAM_construct_*: structs by value, with names that are macros. Keys an HMAC-SHA-256 (EVP_MAC-HMAC(7)).
static inline int reprise_mac_use_key(EVP_MAC_CTX *mac, const void *key, size_t count) {
    OSSL_PARAM parameters[3] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, count),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, parameters);
}

// SSL_CTX_set1_verify_cert_store: a macro over SSL_CTX_ctrl. The caller keeps its reference.
static inline int reprise_ctx_set_verify_store(SSL_CTX *ctx, X509_STORE *store) {
    return (int)SSL_CTX_set1_verify_cert_store(ctx, store);
}

// Macros over SSL_CTX_callback_ctrl, whose function pointer has no type.
static inline void reprise_ctx_set_server_name_callback(SSL_CTX *ctx, int (*callback)(SSL *, int *, void *)) {
    SSL_CTX_set_tlsext_servername_callback(ctx, callback);
}
static inline void reprise_ctx_set_status_callback(SSL_CTX *ctx, int (*callback)(SSL *, void *), void *argument) {
    SSL_CTX_set_tlsext_status_cb(ctx, callback);
    SSL_CTX_set_tlsext_status_arg(ctx, argument);
}

// --- SSL -------------------------------------------------------------------------------------------------------------

// SSL_get_ex_new_index: a macro over CRYPTO_get_ex_new_index.
static inline int reprise_ssl_new_index(void) { return SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL); }

// SSL_get_negotiated_group: a macro over SSL_ctrl.
static inline int reprise_ssl_group(SSL *ssl) { return (int)SSL_get_negotiated_group(ssl); }

// Macros over SSL_ctrl. The response becomes libssl's, which frees it with OPENSSL_free.
static inline void reprise_ssl_give_status_response(SSL *ssl, unsigned char *response, long count) {
    SSL_set_tlsext_status_ocsp_resp(ssl, response, count);
}
static inline long reprise_ssl_status_response(SSL *ssl, const unsigned char **response) {
    return SSL_get_tlsext_status_ocsp_resp(ssl, (unsigned char **)response);
}

// Macros over SSL_ctrl and SSL_CTX_ctrl, for clients.
static inline int reprise_ctx_add_chain(SSL_CTX *ctx, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(ctx, certificate);
}
static inline int reprise_ssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}
static inline void reprise_ssl_request_status(SSL *ssl) { SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp); }
static inline void reprise_ssl_set_mode(SSL *ssl, long mode) { SSL_set_mode(ssl, mode); }

// SSL_SESSION_get_time, SSL_SESSION_set_time: deprecated from 3.4 on for ones that outlive a 32-bit time_t, which 3.0 does not
// have. The same of SSL_CTX_flush_sessions, for the contract suite.
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
static inline long reprise_session_time(const SSL_SESSION *session) {
    return (long)SSL_SESSION_get_time_ex(session);
}
static inline void reprise_session_set_time(SSL_SESSION *session, long time) {
    SSL_SESSION_set_time_ex(session, (time_t)time);
}
static inline void reprise_ctx_flush_sessions(SSL_CTX *ctx, long time) {
    SSL_CTX_flush_sessions_ex(ctx, (time_t)time);
}
#else
static inline long reprise_session_time(const SSL_SESSION *session) { return SSL_SESSION_get_time(session); }
static inline void reprise_session_set_time(SSL_SESSION *session, long time) {
    SSL_SESSION_set_time(session, time);
}
static inline void reprise_ctx_flush_sessions(SSL_CTX *ctx, long time) { SSL_CTX_flush_sessions(ctx, time); }
#endif

// OPENSSL_malloc, OPENSSL_free: macros that add the caller's file and line.
static inline void *reprise_openssl_malloc(size_t count) { return OPENSSL_malloc(count); }
static inline void reprise_openssl_free(void *pointer) { OPENSSL_free(pointer); }
static inline void reprise_openssl_clear_free(void *pointer, size_t count) { OPENSSL_clear_free(pointer, count); }

// --- stacks: typed by macros only --------------------------------------------------------------------------------------

static inline int reprise_cipher_stack_count(const STACK_OF(SSL_CIPHER) *stack) { return sk_SSL_CIPHER_num(stack); }
static inline const SSL_CIPHER *reprise_cipher_stack_item(const STACK_OF(SSL_CIPHER) *stack, int index) {
    return sk_SSL_CIPHER_value(stack, index);
}

static inline STACK_OF(X509) *reprise_x509_stack_new(void) { return sk_X509_new_null(); }
static inline int reprise_x509_stack_push(STACK_OF(X509) *stack, X509 *item) { return sk_X509_push(stack, item); }
static inline int reprise_x509_stack_count(const STACK_OF(X509) *stack) { return sk_X509_num(stack); }
static inline X509 *reprise_x509_stack_item(const STACK_OF(X509) *stack, int index) {
    return sk_X509_value(stack, index);
}
static inline X509 *reprise_x509_stack_pop(STACK_OF(X509) *stack) { return sk_X509_pop(stack); }
static inline void reprise_x509_stack_free(STACK_OF(X509) *stack) { sk_X509_pop_free(stack, X509_free); }

static inline STACK_OF(X509_NAME) *reprise_name_stack_new(void) { return sk_X509_NAME_new_null(); }
static inline int reprise_name_stack_push_copy(STACK_OF(X509_NAME) *stack, const X509_NAME *name) {
    X509_NAME *copy = X509_NAME_dup(name);
    if (copy != NULL && sk_X509_NAME_push(stack, copy) > 0) return 1;
    X509_NAME_free(copy);
    return 0;
}
static inline void reprise_name_stack_free(STACK_OF(X509_NAME) *stack) { sk_X509_NAME_pop_free(stack, X509_NAME_free); }

static inline int reprise_revoked_count(const STACK_OF(X509_REVOKED) *entries) {
    return entries == NULL ? 0 : sk_X509_REVOKED_num(entries);
}
static inline X509_REVOKED *reprise_revoked_item(const STACK_OF(X509_REVOKED) *entries, int index) {
    return sk_X509_REVOKED_value(entries, index);
}

static inline int reprise_points_count(const CRL_DIST_POINTS *points) { return sk_DIST_POINT_num(points); }
static inline DIST_POINT *reprise_points_item(const CRL_DIST_POINTS *points, int index) {
    return sk_DIST_POINT_value(points, index);
}

static inline int reprise_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline GENERAL_NAME *reprise_names_item(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}

static inline int reprise_access_count(const AUTHORITY_INFO_ACCESS *access) {
    return sk_ACCESS_DESCRIPTION_num(access);
}
static inline int reprise_access_method(const AUTHORITY_INFO_ACCESS *access, int index) {
    return OBJ_obj2nid(sk_ACCESS_DESCRIPTION_value(access, index)->method);
}

static inline int reprise_ciphers_count(const STACK_OF(SSL_CIPHER) *ciphers) { return sk_SSL_CIPHER_num(ciphers); }
static inline const SSL_CIPHER *reprise_ciphers_item(const STACK_OF(SSL_CIPHER) *ciphers, int index) {
    return sk_SSL_CIPHER_value(ciphers, index);
}

// --- keys --------------------------------------------------------------------------------------------------------------

// EVP_EC_gen, EVP_RSA_gen: macros over a variadic function.
static inline EVP_PKEY *reprise_generate_ec(const char *curve) { return EVP_EC_gen(curve); }
static inline EVP_PKEY *reprise_generate_rsa(unsigned int bits) { return EVP_RSA_gen(bits); }

// EVP_PKEY_Q_keygen: variadic.
static inline EVP_PKEY *reprise_generate_named(const char *type) { return EVP_PKEY_Q_keygen(NULL, NULL, type); }

// --- printing: flags and lookups that are macros of macros -----------------------------------------------------------

static inline unsigned long reprise_one_line_flags(void) { return XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB; }
static inline unsigned long reprise_string_flags(void) {
    return ASN1_STRFLGS_RFC2253 & ~(ASN1_STRFLGS_ESC_MSB | ASN1_STRFLGS_ESC_2253);
}
static inline const EVP_MD *reprise_digest_of(const ASN1_OBJECT *object) { return EVP_get_digestbyobj(object); }

// --- ASN1_STRING, ASN1_TIME, ASN1_INTEGER: structs until 3.x, and opaque from 4.0 on ------------------------------------

// Swift imports a pointer to the one and to the other as different types. It hands them on where it need not name them;
// where it would have to, a function of these stands for the type.

// The seconds since 1970, or INT64_MIN for what is no date, or not there.
static inline int64_t reprise_seconds(const ASN1_TIME *time) {
    struct tm parts;
    // Without a time, ASN1_TIME_to_tm gives the current one.
    return time != NULL && ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : INT64_MIN;
}

// The bytes of an ASN1_STRING that libcrypto returns as void *.
static inline const unsigned char *reprise_string_bytes(const void *string, int *count) {
    *count = ASN1_STRING_length((const ASN1_STRING *)string);
    return ASN1_STRING_get0_data((const ASN1_STRING *)string);
}

// The number of a list; 0 when it has none, or a longer one.
static inline int reprise_crl_number(const X509_CRL *list, uint64_t *number) {
    ASN1_INTEGER *found = (ASN1_INTEGER *)X509_CRL_get_ext_d2i(list, NID_crl_number, NULL, NULL);
    int fits = found != NULL && ASN1_INTEGER_get_uint64(number, found) == 1;
    ASN1_INTEGER_free(found);
    return fits;
}

// When a response is to be renewed, or NULL.
static inline const ASN1_TIME *reprise_ocsp_next_update(OCSP_SINGLERESP *single) {
    ASN1_GENERALIZEDTIME *next = NULL;
    OCSP_single_get0_status(single, NULL, NULL, NULL, &next);
    return next;
}

// From when a response counts, or NULL.
static inline const ASN1_TIME *reprise_ocsp_this_update(OCSP_SINGLERESP *single) {
    ASN1_GENERALIZEDTIME *this_update = NULL;
    OCSP_single_get0_status(single, NULL, NULL, &this_update, NULL);
    return this_update;
}

// V_OCSP_CERTSTATUS_*; since when it is revoked, if it is.
static inline int reprise_ocsp_status(OCSP_SINGLERESP *single, int64_t *revoked) {
    ASN1_GENERALIZEDTIME *since = NULL;
    int status = OCSP_single_get0_status(single, NULL, &since, NULL, NULL);
    *revoked = reprise_seconds(since);
    return status;
}

// Whether a certificate's feature extension (RFC 7633) has a number.
static inline int reprise_x509_has_feature(const X509 *certificate, long number) {
    TLS_FEATURE *features = (TLS_FEATURE *)X509_get_ext_d2i(certificate, NID_tlsfeature, NULL, NULL);
    int found = 0;
    for (int index = 0; index < sk_ASN1_INTEGER_num(features); index++) {
        if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, index)) == number) found = 1;
    }
    sk_ASN1_INTEGER_pop_free(features, ASN1_INTEGER_free);
    return found;
}

// Whether a response names a certificate's serial number; digest becomes how it names the issuer.
static inline int reprise_ocsp_names(OCSP_CERTID *id, const X509 *certificate, ASN1_OBJECT **digest) {
    ASN1_INTEGER *serial = NULL;
    return OCSP_id_get0_info(NULL, digest, NULL, &serial, id) == 1 && serial != NULL
        && ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) == 0;
}
