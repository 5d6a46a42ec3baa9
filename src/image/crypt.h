/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD's encrypted dumps: a key block (struct kerneldumpkey of
 * sys/sys/kerneldump.h) holds the dump's own key, encrypted for the owner of
 * an RSA key; see dumpon(8) and decryptcore(8).
 */
#ifndef KVMI_CRYPT_H
#define KVMI_CRYPT_H

#include "kvm.h"
#include "base/src.h"

#define KVMI_CRYPT_KEY_SIZE	32
#define KVMI_CRYPT_IV_SIZE	32

enum { KVMI_CRYPT_AES256_CBC = 1, KVMI_CRYPT_CHACHA20 = 2 };

struct kvmi_crypt_key {
	uint8_t		method;
	uint8_t		iv[KVMI_CRYPT_IV_SIZE];
	uint8_t		key[KVMI_CRYPT_KEY_SIZE];
};

/*
 * base decrypted, with the private key that o names and the dump's key block.
 * base becomes the result's, also on failure.
 */
int kvmi_crypt_open(struct kvmi_src *base, const struct kvmi_blob *block,
    const struct kvm_options *o, struct kvmi_src **ret,
    struct kvmi_err *err);

/* The key of the dump name out of its block. */
int kvmi_crypt_key(const struct kvmi_blob *block, const char *name,
    const struct kvm_options *o, struct kvmi_crypt_key *ret,
    struct kvmi_err *err);

#endif
