/* SPDX-License-Identifier: BSD-2-Clause */
/* Decryption at any offset; what OpenSSL makes of the whole is the measure. */
#include "util.h"

#ifdef HAVE_OPENSSL

#include <sys/mman.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "image/crypt.h"

#define LEN	200000

static uint8_t iv[32], secret[64], block[1024];
static struct kvm_options opts = KVM_OPTIONS_INIT;
static EVP_PKEY *pkey;

static int
make_key(void **state)
{
	FILE *f;

	(void)state;
	pkey = EVP_RSA_gen(2048);
	opts.ko_key_fd = memfd_create("key", MFD_CLOEXEC);
	f = fdopen(dup(opts.ko_key_fd), "w");
	if (pkey == NULL || f == NULL || PEM_write_PrivateKey(f, pkey, NULL,
	    NULL, 0, NULL, NULL) != 1 || fclose(f) != 0)
		return (-1);
	mkimage_fill(iv, sizeof(iv), 4096);
	mkimage_fill(secret, sizeof(secret), 8192);
	return (0);
}

static int
drop_key(void **state)
{
	EVP_PKEY_free(pkey);
	close(opts.ko_key_fd);
	return (util_report(state));
}

/* A key block; secret_len is that of what is encrypted. */
static struct kvmi_blob
make_block(uint8_t method, int padding, size_t secret_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	size_t n = sizeof(block) - 37;

	memset(block, 0, sizeof(block));
	block[0] = method;
	memcpy(block + 1, iv, 32);
	block[35] = 1;
	EVP_PKEY_encrypt_init(ctx);
	EVP_PKEY_CTX_set_rsa_padding(ctx, padding);
	if (EVP_PKEY_encrypt(ctx, block + 37, &n, secret, secret_len) <= 0)
		abort();
	EVP_PKEY_CTX_free(ctx);
	return ((struct kvmi_blob){ .p = block, .len = 512 });
}

static void
encrypt(uint8_t method, const uint8_t *in, uint8_t *out, size_t len)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[16] = { 0 };
	int n;

	memcpy(nonce + 8, iv, 8);
	EVP_EncryptInit_ex(ctx, method == 1 ? EVP_aes_256_cbc() :
	    EVP_chacha20(), NULL, secret, method == 1 ? iv : nonce);
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	EVP_EncryptUpdate(ctx, out, &n, in, (int)len);
	EVP_CIPHER_CTX_free(ctx);
}

static void
test_reads(void **state)
{
	static uint8_t plain[LEN], stored[LEN], buf[LEN];
	static const size_t cut[] = { 0, 1, 15, 16, 17, 63, 64 };
	uint64_t rnd = 3;

	(void)state;
	mkimage_fill(plain, LEN, 0);
	for (uint8_t method = 1; method <= 2; method++)
		for (size_t c = 0; c < KVMI_COUNT(cut); c++) {
			const struct util_src_opts o = { .piece = 5000 };
			size_t len = LEN - cut[c];
			size_t left = method == 1 ? len - len % 16 : len;
			struct kvmi_blob b = make_block(method, c % 2 ?
			    RSA_PKCS1_OAEP_PADDING : RSA_PKCS1_PADDING, 64);
			struct kvmi_src *s;
			struct kvmi_err err;

			encrypt(method, plain, stored, LEN);
			UTIL_FAILS("open", kvmi_crypt_open(util_src(stored,
			    len, &o), &b, &opts, &s, &err), 0, &err);
			UTIL_EQ("size", s->size, left);
			UTIL_EQ("cut", s->truncated, left != len);
			for (int i = 0; i < 300; i++) {
				uint64_t off = util_random(&rnd) % left;
				size_t n = (size_t)kvmi_min(util_random(&rnd) %
				    (i % 4 ? 300 : LEN), left - off);

				UTIL_FAILS("read", kvmi_src_read(s, off, buf,
				    n, "x", &err), 0, &err);
				UTIL_TRUE("read", memcmp(buf, plain + off,
				    n) == 0);
			}
			kvmi_src_close(s);
		}
}

/* Zeros without end. */
static const uint8_t *
zero_map(struct kvmi_src *s, uint64_t off, uint64_t *run)
{
	(void)s, (void)off, (void)run;
	return (NULL);
}

static int
zero_read(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	(void)s, (void)off, (void)err;
	memset(buf, 0, n);
	return (0);
}

static int
zero_close(struct kvmi_src *s)
{
	(void)s;
	return (0);
}

/* The counter has 64 bits: block 2^32 does not repeat block 0. */
static void
test_counter(void **state)
{
	static const struct kvmi_src_ops ops = { .map = zero_map,
		.read = zero_read, .close = zero_close };
	struct kvmi_src zero = { .ops = &ops, .name = "zero",
		.size = UINT64_C(1) << 40 };
	struct kvmi_blob b = make_block(2, RSA_PKCS1_OAEP_PADDING, 64);
	const uint64_t at = UINT64_C(1) << 38;
	uint8_t across[128], after[64], first[64];
	struct kvmi_src *s;
	struct kvmi_err err;

	(void)state;
	UTIL_FAILS("open", kvmi_crypt_open(&zero, &b, &opts, &s, &err), 0,
	    &err);
	kvmi_src_read(s, at - 64, across, 128, "x", &err);
	kvmi_src_read(s, at, after, 64, "x", &err);
	kvmi_src_read(s, 0, first, 64, "x", &err);
	UTIL_TRUE("in one go and in two", memcmp(across + 64, after, 64) == 0);
	UTIL_TRUE("not from the start", memcmp(first, after, 64) != 0);
	kvmi_src_close(s);
}

static void
test_blocks(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		uint64_t v;
		size_t size, len;
		int want;
	} row[] = {
		{ "as it is", 0, 1, 1, 293, 0 },
		{ "method 0", 0, 0, 1, 512, KVMI_ENOTSUP },
		{ "method 3", 0, 3, 1, 512, KVMI_ENOTSUP },
		{ "method 255", 0, 255, 1, 512, KVMI_ENOTSUP },
		{ "no key", 33, 0, 4, 512, KVMI_EMISMATCH },
		{ "key of 1 byte", 33, 1 << 24, 4, 512, KVMI_EMISMATCH },
		{ "key longer than the block", 33, 0x00020000, 4, 512,
		    KVMI_EFORMAT },
		{ "key of 2^32 - 1", 33, UINT32_MAX, 4, 512, KVMI_EFORMAT },
		{ "one byte less", 0, 1, 1, 292, KVMI_EFORMAT },
		{ "head only", 0, 1, 1, 37, KVMI_EFORMAT },
		{ "half a head", 0, 1, 1, 36, KVMI_ETRUNC },
		{ "empty", 0, 1, 1, 0, KVMI_ETRUNC },
		{ "other bytes", 100, 0x1234, 2, 512, KVMI_EMISMATCH },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_blob b = make_block(1, RSA_PKCS1_OAEP_PADDING, 64);
		struct kvmi_crypt_key key;
		struct kvmi_err err;

		for (size_t j = 0; j < row[i].size; j++)
			block[row[i].at + j] = (uint8_t)(row[i].v >> 8 * j);
		b.len = row[i].len;
		UTIL_FAILS(row[i].name, kvmi_crypt_key(&b, "f", &opts, &key,
		    &err), row[i].want, &err);
	}
	for (size_t n = 0; n < 64; n += 21) {
		struct kvmi_blob b = make_block(1, RSA_PKCS1_OAEP_PADDING, n);
		struct kvmi_crypt_key key;
		struct kvmi_err err;

		UTIL_FAILS("a shorter secret", kvmi_crypt_key(&b, "f", &opts,
		    &key, &err), KVMI_EMISMATCH, &err);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_blocks),
	};

	return (cmocka_run_group_tests(tests, make_key, drop_key));
}

#else

int
main(void)
{
	return (77);
}

#endif
