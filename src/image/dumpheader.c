/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/dumpheader.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"

#define SIZE		KVMI_DUMPHEADER_SIZE
#define MAGIC_LEN	20

static const char magic_dump[MAGIC_LEN] = "FreeBSD Kernel Dump";
static const char magic_text[MAGIC_LEN] = "FreeBSD Text Dump";
static const char magic_cleared[MAGIC_LEN] = "Cleared Kernel Dump";

/* The same in all versions. */
enum { ARCH = 20, ARCH_LEN = 12, VERSION = 32, ARCH_VERSION = 36,
	LENGTH = 40, PARITY = 508, HOST_LEN = 64, KERNEL_LEN = 192 };

/* Where the other fields are; 0: there is none. */
struct layout {
	uint16_t	extent, time, key_size, block_size, compression;
	uint16_t	hostname, kernel, panic, panic_len;
};

/* By version, from 1 on. */
static const struct layout layout[] = {
	{ 0, 48, 0, 56, 0, 60, 124, 316, 192 },
	{ 0, 48, 56, 60, 0, 64, 128, 320, 188 },
	{ 48, 56, 64, 68, 72, 73, 137, 329, 179 },
	{ 496, 48, 56, 60, 495, 64, 128, 320, 175 },
};

bool
kvmi_dumpheader_is(const uint8_t *h)
{
	return (memcmp(h, magic_dump, MAGIC_LEN) == 0 ||
	    memcmp(h, magic_text, MAGIC_LEN) == 0 ||
	    memcmp(h, magic_cleared, MAGIC_LEN) == 0);
}

/* All words together, the parity word too, are zero in any byte order. */
static bool
parity_right(const uint8_t *h)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < SIZE; i += 4)
		sum ^= kvmi_get32(h + i, true);
	return (sum == 0);
}

/*
 * savecore(8) clears the magic and leaves the parity as it was: the magic
 * that makes it right is the one that was there.
 */
static bool
restore(uint8_t *h)
{
	memcpy(h, magic_text, MAGIC_LEN);
	if (parity_right(h))
		return (true);
	memcpy(h, magic_dump, MAGIC_LEN);
	return (parity_right(h));
}

/* A string that need not end in a NUL. */
static void
text_field(const uint8_t *h, size_t off, size_t len, char *ret)
{
	size_t n = strnlen((const char *)h + off, len);

	memcpy(ret, h + off, n);
	ret[n] = '\0';
}

static uint64_t
number(const uint8_t *h, uint16_t off, unsigned int size)
{
	return (off == 0 ? 0 : kvmi_get_uint(h + off, size, true));
}

static void
decode(const uint8_t *h, const struct layout *l, struct kvmi_dumpheader *ret)
{
	ret->arch_version = kvmi_get32(h + ARCH_VERSION, true);
	ret->length = kvmi_get64(h + LENGTH, true);
	ret->extent = l->extent != 0 ? number(h, l->extent, 8) : ret->length;
	ret->time = number(h, l->time, 8);
	ret->key_size = (uint32_t)number(h, l->key_size, 4);
	ret->block_size = (uint32_t)number(h, l->block_size, 4);
	ret->compression = (uint8_t)number(h, l->compression, 1);
	ret->parity = kvmi_get32(h + PARITY, true);
	text_field(h, ARCH, ARCH_LEN, ret->arch);
	text_field(h, l->hostname, HOST_LEN, ret->hostname);
	text_field(h, l->kernel, KERNEL_LEN, ret->kernel);
	text_field(h, l->panic, l->panic_len, ret->panic);
	/* Its blocks pass by the compressor, whatever the header says. */
	if (ret->text)
		ret->compression = KVMI_DUMP_PLAIN;
}

int
kvmi_dumpheader_decode(const uint8_t *raw, const char *name, uint64_t at,
    struct kvmi_dumpheader *ret, struct kvmi_err *err)
{
	uint8_t h[SIZE];
	uint32_t version;

	memcpy(h, raw, SIZE);
	*ret = (struct kvmi_dumpheader){ 0 };
	if (!kvmi_dumpheader_is(h))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: no dump header at 0x%"
		    PRIx64, name, at));
	ret->cleared = memcmp(h, magic_cleared, MAGIC_LEN) == 0;
	if (ret->cleared ? !restore(h) : !parity_right(h))
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: dump header at 0x%"
		    PRIx64 ": wrong parity", name, at));
	ret->text = memcmp(h, magic_text, MAGIC_LEN) == 0;
	version = kvmi_get32(h + VERSION, true);
	ret->version = version;
	if (version < 1 || version > KVMI_COUNT(layout))
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: dump header at 0x%"
		    PRIx64 ": version %" PRIu32 "; 1 to %zu are known", name, at,
		    version, KVMI_COUNT(layout)));
	decode(h, &layout[version - 1], ret);
	return (0);
}

const char *
kvmi_dumpheader_compression(uint8_t c)
{
	switch (c) {
	case KVMI_DUMP_PLAIN:
		return ("none");
	case KVMI_DUMP_GZIP:
		return ("gzip");
	case KVMI_DUMP_ZSTD:
		return ("zstd");
	default:
		return ("unknown");
	}
}

const char *
kvmi_dumpheader_magic(const struct kvmi_dumpheader *h)
{
	return (h->text ? magic_text : magic_dump);
}

void
kvmi_dumpheader_told(const struct kvmi_dumpheader *h, struct kvmi_told *ret)
{
	*ret = (struct kvmi_told){
		.there = true,
		.time = h->time <= INT64_MAX ? (int64_t)h->time : 0,
		.length = h->length,
		.extent = h->extent,
		.header_version = h->version,
		.arch_version = h->arch_version,
		.block_size = h->block_size,
		.key_size = h->key_size,
		.parity = h->parity,
	};
	snprintf(ret->magic, sizeof(ret->magic), "%s",
	    kvmi_dumpheader_magic(h));
	snprintf(ret->arch, sizeof(ret->arch), "%s", h->arch);
	/* Text is never compressed, whatever the device is set to. */
	snprintf(ret->compression, sizeof(ret->compression), "%s",
	    kvmi_dumpheader_compression(h->text ? KVMI_DUMP_PLAIN :
	    h->compression));
	snprintf(ret->hostname, sizeof(ret->hostname), "%s", h->hostname);
	snprintf(ret->version, sizeof(ret->version), "%.*s",
	    (int)strcspn(h->kernel, "\n"), h->kernel);
	snprintf(ret->panic, sizeof(ret->panic), "%s", h->panic);
}
