/* SPDX-License-Identifier: BSD-2-Clause */
/* The CTF of a kernel file: section .SUNW_ctf, mostly compressed. */
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "os/freebsd/freebsd.h"

#define MAX_CTF		(64U << 20)	/* a kernel's is 5 to 10 MB */

static int
unpack(const uint8_t *p, size_t len, uint8_t **ret, size_t *ret_len,
    struct kvmi_err *err)
{
	bool compressed;
	uint64_t size;
	uint8_t *out;
	int r;

	r = kvmi_ctf_length(p, len, &size, &compressed, err);
	if (r != 0)
		return (r);
	if (!compressed)
		size = len;
	if (size > MAX_CTF)
		return (kvmi_fail(err, KVMI_ENOMEM, "CTF of %zu bytes is said "
		    "to hold %llu", len, (unsigned long long)size));
	out = malloc((size_t)size);
	if (out == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "no memory for %llu bytes "
		    "of CTF", (unsigned long long)size));
	memcpy(out, p, compressed ? KVMI_CTF_HEADER : len);
	if (compressed) {
		out[3] = 0;	/* the flags */
		r = kvmi_codec_decode(&kvmi_codec_zlib, p + KVMI_CTF_HEADER,
		    len - KVMI_CTF_HEADER, out + KVMI_CTF_HEADER,
		    (size_t)size - KVMI_CTF_HEADER, err);
	}
	if (r != 0) {
		free(out);
		return (r);
	}
	*ret = out;
	*ret_len = (size_t)size;
	return (0);
}

int
kvmi_freebsd_ctf(struct kvmi_elf *e, uint8_t pointer_size,
    struct kvmi_types **ret, struct kvmi_err *err)
{
	struct kvmi_ctf_input in = { .pointer_size = pointer_size };
	const struct kvmi_blob *file;
	struct kvmi_src *src;
	const uint8_t *p;
	uint32_t symtab, strtab;
	uint8_t *whole = NULL;
	size_t len;
	int r;

	file = kvmi_elf_bytes(e, &src);
	if (!kvmi_elf_section(e, ".SUNW_ctf", &p, &len, &symtab))
		return (kvmi_fail(err, KVMI_ENOENT, "%s: no CTF (section "
		    ".SUNW_ctf)", src->name));
	r = unpack(p, len, &whole, &in.len, err);
	if (r != 0)
		return (kvmi_wrap(err, r, "%s: .SUNW_ctf", src->name));
	in.p = whole;
	/* The second string table is the one of the symbols. */
	if (kvmi_elf_section(e, ".strtab", &in.strings, &in.strings_len,
	    &strtab) && in.strings_len > 0 &&
	    in.strings[in.strings_len - 1] != '\0')
		in.strings_len = 0;
	r = kvmi_ctf_open(&in, ret, err);
	if (r != 0)
		free(whole);
	else if ((r = kvmi_src_check_lost(src, file->p, file->len,
	    err)) != 0)
		kvmi_types_close(*ret);
	if (r != 0)
		return (kvmi_wrap(err, r, "%s: .SUNW_ctf", src->name));
	return (0);
}
