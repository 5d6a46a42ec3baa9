/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An encrypted dump as a plain source.  Both ciphers allow random access: a
 * block of CBC takes the one before it, a block of ChaCha20 its number.
 */
#include "image/crypt.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "image/image.h"

#ifdef HAVE_OPENSSL

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define AES_BLOCK	16
#define CHACHA_BLOCK	64
#define STEP		(64 * 1024)	/* bytes decrypted at once */

struct crypt {
	struct kvmi_src	 src;
	struct kvmi_src	*base;
	EVP_CIPHER	*cipher;
	uint64_t	 block;
	struct kvmi_crypt_key key;
	struct kvmi_told told;
	char		 wrapping[160];
};

/* What decryption of the block at off begins with. */
static int
iv_at(struct crypt *c, uint64_t off, uint8_t iv[AES_BLOCK],
    struct kvmi_err *err)
{
	uint64_t n = off / CHACHA_BLOCK;

	if (c->key.method == KVMI_CRYPT_AES256_CBC) {
		if (off != 0)
			return (kvmi_src_read(c->base, off - AES_BLOCK, iv,
			    AES_BLOCK, "encrypted dump", err));
		memcpy(iv, c->key.iv, AES_BLOCK);
		return (0);
	}
	/* A counter of 64 bits, little-endian, and a nonce of as many. */
	for (unsigned int i = 0; i < 8; i++)
		iv[i] = (uint8_t)(n >> 8 * i);
	memcpy(iv + 8, c->key.iv, 8);
	return (0);
}

/* Decrypt n bytes at off, which is that of a block, in place. */
static int
decrypt(struct crypt *c, uint64_t off, uint8_t *buf, size_t n,
    struct kvmi_err *err)
{
	EVP_CIPHER_CTX *ctx;
	uint8_t iv[AES_BLOCK];
	int done = 0, r;

	r = iv_at(c, off, iv, err);
	if (r != 0)
		return (r);
	ctx = EVP_CIPHER_CTX_new();
	if (ctx == NULL ||
	    EVP_DecryptInit_ex2(ctx, c->cipher, c->key.key, iv, NULL) <= 0 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) <= 0 ||
	    EVP_DecryptUpdate(ctx, buf, &done, buf, (int)n) <= 0 ||
	    (size_t)done != n)
		r = kvmi_fail(err, KVMI_ENOMEM, "%s: OpenSSL cannot decrypt %zu "
		    "bytes at 0x%" PRIx64, c->src.name, n, off);
	EVP_CIPHER_CTX_free(ctx);
	return (r);
}

static int
crypt_read(struct kvmi_src *src, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	struct crypt *c = (struct crypt *)src;
	uint64_t first = off - off % c->block, end, last;
	uint8_t *out = buf, *tmp;
	size_t cap;
	int r = 0;

	if (!kvmi_add(off, n, &end) || !kvmi_round_up(end, c->block, &last))
		return (kvmi_fail(err, KVMI_EINVAL, "%s: read of %zu bytes at "
		    "0x%" PRIx64, src->name, n, off));
	last = kvmi_min(last, src->size);
	cap = (size_t)kvmi_min(last - first, STEP);
	tmp = malloc(cap == 0 ? 1 : cap);
	if (tmp == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory",
		    src->name));
	for (uint64_t at = first; at < end && r == 0; at += cap) {
		size_t step = (size_t)kvmi_min(last - at, cap);
		uint64_t from = at < off ? off : at;
		uint64_t to = kvmi_min(at + step, end);

		r = kvmi_src_read(c->base, at, tmp, step, "encrypted dump",
		    err);
		if (r == 0)
			r = decrypt(c, at, tmp, step, err);
		if (r == 0)
			memcpy(out + (from - off), tmp + (from - at),
			    (size_t)(to - from));
	}
	free(tmp);
	return (r);
}

static int
crypt_close(struct kvmi_src *src)
{
	struct crypt *c = (struct crypt *)src;
	int r = kvmi_src_close(c->base);

	EVP_CIPHER_free(c->cipher);
	OPENSSL_cleanse(&c->key, sizeof(c->key));
	free((void *)(uintptr_t)src->name);
	free(c);
	return (r);
}

static const struct kvmi_src_ops crypt_ops = {
	.map = kvmi_src_no_map,
	.read = crypt_read,
	.file_off = kvmi_src_no_file_off,
	.close = crypt_close,
};

static int
set_up(struct crypt *c, const struct kvmi_blob *block,
    const struct kvm_options *o, struct kvmi_err *err)
{
	bool aes;
	int r = kvmi_crypt_key(block, c->src.name, o, &c->key, err);

	if (r != 0)
		return (r);
	aes = c->key.method == KVMI_CRYPT_AES256_CBC;
	c->cipher = EVP_CIPHER_fetch(NULL, aes ? "AES-256-CBC" : "ChaCha20",
	    NULL);
	if (c->cipher == NULL)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: this host's OpenSSL "
		    "has no %s", c->src.name, aes ? "AES-256-CBC" :
		    "ChaCha20"));
	c->block = aes ? AES_BLOCK : CHACHA_BLOCK;
	/* The rest of a block that was cut cannot be decrypted. */
	if (aes && c->src.size % AES_BLOCK != 0) {
		c->src.size -= c->src.size % AES_BLOCK;
		c->src.truncated = true;
	}
	snprintf(c->wrapping, sizeof(c->wrapping), "encrypted (%s)%s%s",
	    aes ? "AES-256-CBC" : "ChaCha20",
	    c->base->wrapping != NULL ? ", " : "",
	    c->base->wrapping != NULL ? c->base->wrapping : "");
	return (0);
}

int
kvmi_crypt_open(struct kvmi_src *base, const struct kvmi_blob *block,
    const struct kvm_options *o, struct kvmi_src **ret, struct kvmi_err *err)
{
	struct crypt *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL || (c->src.name = strdup(base->name)) == NULL) {
		free(c);
		kvmi_src_close(base);
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	}
	c->src.ops = &crypt_ops;
	c->src.size = base->size;
	c->src.backed = base->backed;
	c->src.truncated = base->truncated;
	c->src.wrapping = c->wrapping;
	c->base = base;
	if (base->told != NULL) {
		c->told = *base->told;
		c->src.told = &c->told;
	}
	r = set_up(c, block, o, err);
	if (r != 0) {
		crypt_close(&c->src);
		return (r);
	}
	*ret = &c->src;
	return (0);
}

#else

int
kvmi_crypt_open(struct kvmi_src *base, const struct kvmi_blob *block,
    const struct kvm_options *o, struct kvmi_src **ret, struct kvmi_err *err)
{
	struct kvmi_crypt_key key;
	int r = kvmi_crypt_key(block, base->name, o, &key, err);

	(void)ret;
	kvmi_src_close(base);
	return (r);
}

#endif

/*
 * vmcore_encrypted.N, as savecore(8) leaves it, with key.N beside it.  The
 * content looks like nothing, so that the name has to tell.
 */
static const char encrypted_name[] = "vmcore_encrypted.";

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return (slash != NULL ? slash + 1 : path);
}

static bool
encrypted_recognise(struct kvmi_src *src)
{
	/* What came out of here has the name still. */
	return (strncmp(base_name(src->name), encrypted_name,
	    sizeof(encrypted_name) - 1) == 0 && (src->wrapping == NULL ||
	    strstr(src->wrapping, "encrypted") == NULL));
}

/* DIR/key.N of DIR/vmcore_encrypted.N[.gz]. */
static char *
key_name(const char *path)
{
	const char *base = base_name(path);
	const char *n = base + sizeof(encrypted_name) - 1;
	char *ret;

	if (asprintf(&ret, "%.*skey.%.*s", (int)(base - path), path,
	    (int)strcspn(n, "."), n) < 0)
		return (NULL);
	return (ret);
}

static int
read_block(const char *path, struct kvmi_blob *ret, struct kvmi_err *err)
{
	struct kvmi_src *src;
	int r = kvmi_path_open(path, O_RDONLY, &src, err);

	if (r != 0)
		return (r);
	/* The mapping goes with src: a copy stays. */
	ret->len = (size_t)kvmi_min(src->size, 65536);
	ret->p = ret->owned = malloc(ret->len + 1);
	if (ret->owned == NULL)
		r = kvmi_fail(err, KVMI_ENOMEM, "%s: out of memory", path);
	else
		r = kvmi_src_read(src, 0, ret->owned, ret->len, "key block",
		    err);
	kvmi_src_close(src);
	return (r);
}

static int
encrypted_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
	struct kvmi_blob block = { 0 };
	char *path = key_name(src->name);
	int r;

	if (path == NULL)
		r = kvmi_fail(err, KVMI_ENOMEM, "out of memory");
	else if ((r = read_block(path, &block, err)) != 0)
		kvmi_wrap(err, r, "%s: an encrypted dump, whose key block lies "
		    "beside it", src->name);
	if (r == 0)
		r = kvmi_crypt_open(src, &block, o, ret, err);
	else
		kvmi_src_close(src);
	kvmi_blob_release(&block);
	free(path);
	return (r);
}

const struct kvmi_image_ops kvmi_image_encrypted = {
	.name = "encrypted FreeBSD dump",
	.recognise = encrypted_recognise,
	.wrap = encrypted_wrap,
};
