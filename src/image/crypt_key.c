/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The symmetric key of a dump.  struct kerneldumpkey: a byte of method, 32 of
 * IV, a big-endian length, and the key as RSA made it, in OAEP padding or, in
 * dumps of 12 and before, PKCS#1's.
 */
#include "image/crypt.h"

#ifdef HAVE_OPENSSL

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/endian.h"
#include "base/math.h"

#define MAX_PEM		(64 * 1024)
#define MAX_RSA		2048	/* bytes, KERNELDUMP_ENCKEY_MAX_SIZE */
#define PLAIN_SIZE	64	/* the second half is not used */
#define BLOCK_HEAD	37

/* A passphrase would be asked for on the terminal, which is not ours. */
static int
no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return (-1);
}

/* All of the file from its start, or of a pipe what is left in it. */
static ssize_t
read_all(int fd, uint8_t *buf, size_t cap)
{
	size_t n = 0;

	while (n < cap) {
		ssize_t got = pread(fd, buf + n, cap - n, (off_t)n);

		if (got < 0 && errno == ESPIPE)
			got = read(fd, buf + n, cap - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return (-1);
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return ((ssize_t)n);
}

static int
read_pem(int fd, const char *path, EVP_PKEY **ret, struct kvmi_err *err)
{
	uint8_t pem[MAX_PEM];
	ssize_t n = read_all(fd, pem, sizeof(pem));
	BIO *bio;
	int r = 0;

	*ret = NULL;
	if (n < 0)
		return (kvmi_fail_errno(err, "%s: private key", path));
	bio = BIO_new_mem_buf(pem, (int)n);
	if (bio != NULL)
		*ret = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (*ret == NULL)
		r = kvmi_fail(err, KVMI_EINVAL, "%s: not a private key in PEM "
		    "form without a passphrase (the one whose public half "
		    "dumpon -k was given)", path);
	BIO_free(bio);
	OPENSSL_cleanse(pem, sizeof(pem));
	ERR_clear_error();
	return (r);
}

static int
private_key(const char *name, const struct kvm_options *o, EVP_PKEY **ret,
    const char **path, struct kvmi_err *err)
{
	int fd, r;

	*ret = NULL;
	*path = "private key";
	if (o->ko_key == NULL && o->ko_key_fd < 0)
		return (kvmi_fail(err, KVMI_EINVAL, "%s: an encrypted dump: "
		    "give the private key (ko_key of kvm_open_with(); kpeek "
		    "--key FILE)", name));
	if (o->ko_key == NULL)
		return (read_pem(o->ko_key_fd, *path, ret, err));
	*path = o->ko_key;
	fd = open(o->ko_key, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return (kvmi_fail_errno(err, "%s", o->ko_key));
	r = read_pem(fd, o->ko_key, ret, err);
	close(fd);
	return (r);
}

static bool
rsa_decrypt(EVP_PKEY *pkey, int padding, const uint8_t *in, size_t len,
    uint8_t key[KVMI_CRYPT_KEY_SIZE])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	uint8_t plain[MAX_RSA];
	size_t n = sizeof(plain);
	bool ok;

	ok = ctx != NULL && EVP_PKEY_decrypt_init(ctx) > 0 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, padding) > 0 &&
	    EVP_PKEY_decrypt(ctx, plain, &n, in, len) > 0 && n == PLAIN_SIZE;
	if (ok)
		memcpy(key, plain, KVMI_CRYPT_KEY_SIZE);
	OPENSSL_cleanse(plain, sizeof(plain));
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return (ok);
}

static int
decrypt_key(const struct kvmi_blob *block, const char *name, EVP_PKEY *pkey,
    const char *path, struct kvmi_crypt_key *ret, struct kvmi_err *err)
{
	size_t len = kvmi_get32(block->p + 33, true);
	const uint8_t *in = block->p + BLOCK_HEAD;
	int have = EVP_PKEY_get_size(pkey);

	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA)
		return (kvmi_fail(err, KVMI_EINVAL, "%s: not an RSA key, which "
		    "%s was encrypted with", path, name));
	if (have < 0 || (size_t)have != len)
		return (kvmi_fail(err, KVMI_EMISMATCH, "%s: an RSA key of %d "
		    "bits, but %s was encrypted with one of %zu", path,
		    have * 8, name, len * 8));
	if (!rsa_decrypt(pkey, RSA_PKCS1_OAEP_PADDING, in, len, ret->key) &&
	    !rsa_decrypt(pkey, RSA_PKCS1_PADDING, in, len, ret->key))
		return (kvmi_fail(err, KVMI_EMISMATCH, "%s is not the private "
		    "key for %s: its key block cannot be decrypted with it",
		    path, name));
	return (0);
}

int
kvmi_crypt_key(const struct kvmi_blob *block, const char *name,
    const struct kvm_options *o, struct kvmi_crypt_key *ret,
    struct kvmi_err *err)
{
	EVP_PKEY *pkey;
	const char *path;
	uint32_t len;
	int r;

	if (block->len < BLOCK_HEAD)
		return (kvmi_fail(err, KVMI_ETRUNC, "%s: key block of %zu "
		    "bytes; its head takes %d", name, block->len, BLOCK_HEAD));
	ret->method = block->p[0];
	memcpy(ret->iv, block->p + 1, KVMI_CRYPT_IV_SIZE);
	len = kvmi_get32(block->p + 33, true);
	if (ret->method != KVMI_CRYPT_AES256_CBC &&
	    ret->method != KVMI_CRYPT_CHACHA20)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: encrypted by method "
		    "%u; 1 (AES-256-CBC) and 2 (ChaCha20) are known", name,
		    ret->method));
	if (len > MAX_RSA || len > block->len - BLOCK_HEAD)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: encrypted key of %"
		    PRIu32 " bytes in a key block of %zu (%d at most)", name,
		    len, block->len, MAX_RSA));
	r = private_key(name, o, &pkey, &path, err);
	if (r == 0)
		r = decrypt_key(block, name, pkey, path, ret, err);
	EVP_PKEY_free(pkey);
	return (r);
}

#else

int
kvmi_crypt_key(const struct kvmi_blob *block, const char *name,
    const struct kvm_options *o, struct kvmi_crypt_key *ret,
    struct kvmi_err *err)
{
	(void)block;
	(void)o;
	(void)ret;
	return (kvmi_fail(err, KVMI_ENOTSUP, "%s: an encrypted dump, and libkvm "
	    "was built without OpenSSL", name));
}

#endif
