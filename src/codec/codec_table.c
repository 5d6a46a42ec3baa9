/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <string.h>

#include "base/math.h"
#include "codec/codec.h"

static const struct kvmi_codec *const codec_table[] = {
	&kvmi_codec_zlib,
	&kvmi_codec_lzo,
	&kvmi_codec_snappy,
	&kvmi_codec_zstd,
};

const struct kvmi_codec *
kvmi_codec_by_kdump_flag(uint32_t flag)
{
	for (size_t i = 0; i < KVMI_COUNT(codec_table); i++)
		if (codec_table[i]->kdump_flag == flag)
			return (codec_table[i]);
	return (NULL);
}

const struct kvmi_codec *
kvmi_codec_by_name(const char *name)
{
	for (size_t i = 0; i < KVMI_COUNT(codec_table); i++)
		if (strcmp(codec_table[i]->name, name) == 0)
			return (codec_table[i]);
	return (NULL);
}

int
kvmi_codec_decode(const struct kvmi_codec *c, const void *src,
    size_t src_len, void *dst, size_t dst_len, struct kvmi_err *err)
{
	int r;

	if (c->decode == NULL)
		return (kvmi_fail(err, KVMI_ENOTSUP,
		    "page is compressed with %s: built without %s", c->name,
		    c->name));
	r = c->decode(src, src_len, dst, dst_len);
	if (r == KVMI_CODEC_SUM)
		return (kvmi_fail(err, KVMI_EFORMAT, "the checksum of these "
		    "%zu bytes is not the one stored: they are damaged",
		    dst_len));
	if (r != 0)
		return (kvmi_fail(err, KVMI_EFORMAT, "%zu bytes are no %s "
		    "stream of a %zu byte page", src_len, c->name, dst_len));
	return (0);
}
