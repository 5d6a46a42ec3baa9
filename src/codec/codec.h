/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page compression.  A codec is one file and one line in codec_table.c; one
 * left out of a build stays in the table without its decode function, so that
 * meeting it says "built without X".
 */
#ifndef KVMI_CODEC_H
#define KVMI_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The data has a checksum, and it is another one. */
#define KVMI_CODEC_SUM	(-2)

struct kvmi_codec {
	const char	*name;
	uint32_t	 kdump_flag;	/* in page_desc.flags and header.status */
	/*
	 * Decode src into exactly dst_len bytes.  0, -1 when the data is
	 * malformed or has another length, or KVMI_CODEC_SUM.  NULL: not in
	 * this build.
	 */
	int (*decode)(const void *src, size_t src_len, void *dst,
	    size_t dst_len);
	/*
	 * Encode into at most cap bytes; how many there are, or 0 when they do
	 * not fit.  encoder is one thread's, from create.
	 */
	size_t (*encode)(void *encoder, const void *src, size_t src_len,
	    void *dst, size_t cap);
	void *(*encoder_create)(void);	/* NULL without memory */
	void (*encoder_destroy)(void *encoder);
};

extern const struct kvmi_codec kvmi_codec_zlib;
extern const struct kvmi_codec kvmi_codec_lzo;
extern const struct kvmi_codec kvmi_codec_snappy;
extern const struct kvmi_codec kvmi_codec_zstd;

const struct kvmi_codec *kvmi_codec_by_kdump_flag(uint32_t flag);
const struct kvmi_codec *kvmi_codec_by_name(const char *name);

int kvmi_codec_decode(const struct kvmi_codec *c, const void *src,
    size_t src_len, void *dst, size_t dst_len, struct kvmi_err *err);

#endif
