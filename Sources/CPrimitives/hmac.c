#include "hmac.h"

#include <openssl/crypto.h>
#include <string.h>
#include <strings.h>

enum hash hash_named(const char *name) {
    if (!name) return OTHER_HASH;
    if (!strcasecmp(name, "SHA2-256") || !strcasecmp(name, "SHA256") || !strcasecmp(name, "SHA-256")) return SHA2_256;
    if (!strcasecmp(name, "SHA2-384") || !strcasecmp(name, "SHA384") || !strcasecmp(name, "SHA-384")) return SHA2_384;
    return OTHER_HASH;
}

size_t hash_bytes(enum hash hash) { return hash == SHA2_256 ? SHA256_DIGEST_LENGTH : SHA384_DIGEST_LENGTH; }

size_t hash_block_bytes(enum hash hash) { return hash == SHA2_256 ? SHA256_CBLOCK : SHA512_CBLOCK; }

void hash_begin(enum hash hash, union hash_state *state) {
    if (hash == SHA2_256) SHA256_Init(&state->sha256);
    else SHA384_Init(&state->sha512);
}

void hash_update(enum hash hash, union hash_state *state, const void *bytes, size_t count) {
    if (hash == SHA2_256) SHA256_Update(&state->sha256, bytes, count);
    else SHA384_Update(&state->sha512, bytes, count);
}

void hash_end(enum hash hash, union hash_state *state, unsigned char *out) {
    if (hash == SHA2_256) SHA256_Final(out, &state->sha256);
    else SHA384_Final(out, &state->sha512);
}

void hmac_block_key(enum hash hash, const void *key, size_t count, unsigned char out[SHA512_CBLOCK]) {
    memset(out, 0, SHA512_CBLOCK);
    if (count > hash_block_bytes(hash)) {
        union hash_state state;
        hash_begin(hash, &state);
        hash_update(hash, &state, key, count);
        hash_end(hash, &state, out);
        OPENSSL_cleanse(&state, sizeof state);
    } else if (count > 0) {
        memcpy(out, key, count);
    }
}

void hmac_begin(struct hmac *hmac, enum hash hash, const void *key, size_t count) {
    unsigned char pad[SHA512_CBLOCK];
    size_t block = hash_block_bytes(hash);
    hmac->hash = hash;
    hmac_block_key(hash, key, count, pad);
    for (size_t i = 0; i < block; i++) pad[i] ^= 0x36;
    hash_begin(hash, &hmac->inner);
    hash_update(hash, &hmac->inner, pad, block);
    for (size_t i = 0; i < block; i++) pad[i] ^= 0x36 ^ 0x5c;
    hash_begin(hash, &hmac->outer);
    hash_update(hash, &hmac->outer, pad, block);
    OPENSSL_cleanse(pad, block);
    hmac->now = hmac->inner;
}

void hmac_update(struct hmac *hmac, const void *bytes, size_t count) {
    if (count > 0) hash_update(hmac->hash, &hmac->now, bytes, count);
}

void hmac_end(struct hmac *hmac, unsigned char *out) {
    unsigned char digest[SHA384_DIGEST_LENGTH];
    hash_end(hmac->hash, &hmac->now, digest);
    hmac->now = hmac->outer;
    hash_update(hmac->hash, &hmac->now, digest, hash_bytes(hmac->hash));
    hash_end(hmac->hash, &hmac->now, out);
    hmac->now = hmac->inner;
    OPENSSL_cleanse(digest, sizeof digest);
}
