#pragma once

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Each of these is a macro (over SSL_CTX_ctrl, SSL_ctrl, BIO_ctrl …), which Swift cannot see.
static inline int reprise_SSL_CTX_set_min_proto_version(SSL_CTX *ctx, int version) {
    return (int)SSL_CTX_set_min_proto_version(ctx, version);
}
static inline int reprise_SSL_CTX_set_max_proto_version(SSL_CTX *ctx, int version) {
    return (int)SSL_CTX_set_max_proto_version(ctx, version);
}
static inline void reprise_SSL_CTX_set_mode(SSL_CTX *ctx, long mode) { SSL_CTX_set_mode(ctx, mode); }
static inline void reprise_SSL_CTX_set_session_cache_mode(SSL_CTX *ctx, long mode) {
    SSL_CTX_set_session_cache_mode(ctx, mode);
}
static inline void reprise_SSL_CTX_sess_set_cache_size(SSL_CTX *ctx, long size) { SSL_CTX_sess_set_cache_size(ctx, size); }
static inline int reprise_SSL_CTX_set1_groups_list(SSL_CTX *ctx, const char *list) {
    return (int)SSL_CTX_set1_groups_list(ctx, list);
}
static inline int reprise_SSL_CTX_set1_sigalgs_list(SSL_CTX *ctx, const char *list) {
    return (int)SSL_CTX_set1_sigalgs_list(ctx, list);
}
static inline int reprise_SSL_CTX_set_tlsext_ticket_keys(SSL_CTX *ctx, const void *keys, int length) {
    return (int)SSL_CTX_set_tlsext_ticket_keys(ctx, (void *)keys, length);
}
static inline void reprise_SSL_CTX_set_dh_auto(SSL_CTX *ctx) { SSL_CTX_set_dh_auto(ctx, 1); }
static inline void reprise_SSL_CTX_set_tlsext_status_cb(SSL_CTX *ctx, int (*callback)(SSL *, void *)) {
    SSL_CTX_set_tlsext_status_cb(ctx, callback);
}
static inline void reprise_SSL_CTX_set_tlsext_status_arg(SSL_CTX *ctx, void *context) {
    SSL_CTX_set_tlsext_status_arg(ctx, context);
}
static inline void reprise_SSL_set_tlsext_status_ocsp_resp(SSL *ssl, unsigned char *bytes, int length) {
    SSL_set_tlsext_status_ocsp_resp(ssl, bytes, length);
}
static inline int reprise_SSL_get_negotiated_group(SSL *ssl) { return (int)SSL_get_negotiated_group(ssl); }
static inline void reprise_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline void reprise_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void *reprise_OPENSSL_malloc(size_t length) { return OPENSSL_malloc(length); }
static inline int reprise_sk_X509_num(const STACK_OF(X509) *stack) { return sk_X509_num(stack); }
static inline X509 *reprise_sk_X509_value(const STACK_OF(X509) *stack, int index) { return sk_X509_value(stack, index); }
static inline STACK_OF(X509) *reprise_sk_X509_new(void) { return sk_X509_new_null(); }
static inline int reprise_sk_X509_push(STACK_OF(X509) *stack, X509 *certificate) { return sk_X509_push(stack, certificate); }
static inline void reprise_sk_X509_free_all(STACK_OF(X509) *stack) { sk_X509_pop_free(stack, X509_free); }
static inline int reprise_sk_GENERAL_NAME_num(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline const GENERAL_NAME *reprise_sk_GENERAL_NAME_value(const GENERAL_NAMES *names, int index) {
    return sk_GENERAL_NAME_value(names, index);
}
static inline BIO *reprise_BIO_new_mem_buf(const void *bytes, int length) { return BIO_new_mem_buf(bytes, length); }
static inline long reprise_BIO_get_mem_data(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }

// SSL_OP_BIT(n) is an expression macro.
static inline uint64_t reprise_server_options(void) {
    return SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_ANTI_REPLAY |
           SSL_OP_SINGLE_ECDH_USE;
}
static inline uint64_t reprise_option_no_ticket(void) { return SSL_OP_NO_TICKET; }
static inline uint64_t reprise_option_server_preference(void) { return SSL_OP_CIPHER_SERVER_PREFERENCE; }
