#pragma once

// HMAC (RFC 2104) over libcrypto's own SHA-2, called directly. What EVP adds around each call, a search by name, locks and
// allocations, costs more than the hash.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <stdbool.h>
#include <stddef.h>

enum hash { SHA2_256, SHA2_384, OTHER_HASH };

// By any of the names that libcrypto has for it.
enum hash hash_named(const char *name);
size_t hash_bytes(enum hash hash);
// 64 or 128: a key that is longer is hashed.
size_t hash_block_bytes(enum hash hash);

union hash_state {
    SHA256_CTX sha256;
    SHA512_CTX sha512;
};

void hash_begin(enum hash hash, union hash_state *state);
void hash_update(enum hash hash, union hash_state *state, const void *bytes, size_t count);
void hash_end(enum hash hash, union hash_state *state, unsigned char *out);

struct hmac {
    enum hash hash;
    // Behind the key's inner and outer pad, and where it is now.
    union hash_state inner, outer, now;
};

// A key as HMAC uses it: of a block's length, hashed if it is longer; zeros fill the rest of 128 bytes.
void hmac_block_key(enum hash hash, const void *key, size_t count, unsigned char out[SHA512_CBLOCK]);
void hmac_begin(struct hmac *hmac, enum hash hash, const void *key, size_t count);
void hmac_update(struct hmac *hmac, const void *bytes, size_t count);
// It can be used again with the same key after that.
void hmac_end(struct hmac *hmac, unsigned char *out);
