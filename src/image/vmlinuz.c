/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/vmlinuz.h"

#include <inttypes.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "image/image.h"
#include "image/slice.h"

#define HEAD	0x260

/* Where the payload is; 0, KVMI_ENOENT: it is no image of the kind. */
typedef int payload_fn(const struct kvmi_src *src, const uint8_t *h,
    uint64_t *off, uint64_t *len);

/* Documentation/arch/x86/boot.rst: behind the sectors of the setup code. */
static int
bzimage(const struct kvmi_src *src, const uint8_t *h, uint64_t *off,
    uint64_t *len)
{
	uint32_t setup = h[0x1f1] == 0 ? 4 : h[0x1f1];

	(void)src;
	/* Version 2.08 of the protocol: Linux 2.6.26. */
	if (memcmp(h + 0x202, "HdrS", 4) != 0 ||
	    kvmi_get16(h + 0x206, false) < 0x208)
		return (KVMI_ENOENT);
	*off = (setup + 1) * UINT64_C(512) + kvmi_get32(h + 0x248, false);
	*len = kvmi_get32(h + 0x24c, false);
	return (0);
}

/* drivers/firmware/efi/libstub/zboot-header.S */
static int
zboot(const struct kvmi_src *src, const uint8_t *h, uint64_t *off,
    uint64_t *len)
{
	(void)src;
	if (memcmp(h, "MZ", 2) != 0 || memcmp(h + 4, "zimg", 4) != 0)
		return (KVMI_ENOENT);
	*off = kvmi_get32(h + 8, false);
	*len = kvmi_get32(h + 12, false);
	return (0);
}

static payload_fn *const payload_table[] = { bzimage, zboot };

int
kvmi_vmlinuz_unwrap(struct kvmi_src **src, const struct kvm_options *o,
    struct kvmi_err *err)
{
	uint8_t head[HEAD] = { 0 };
	struct kvmi_slice_opts part = { .wrapping = "boot image" };
	size_t n = (size_t)kvmi_min((*src)->size, sizeof(head));
	int r = kvmi_src_read(*src, 0, head, n, "header", err), found;

	if (r != 0)
		goto fail;
	found = KVMI_ENOENT;
	for (size_t i = 0; i < KVMI_COUNT(payload_table) && found != 0; i++)
		found = payload_table[i](*src, head, &part.off, &part.len);
	if (found == 0 && !kvmi_inside(part.off, part.len, (*src)->size)) {
		r = kvmi_fail(err, KVMI_ETRUNC, "%s: the kernel in it, 0x%"
		    PRIx64 " bytes at 0x%" PRIx64 ", passes the end of the "
		    "file at 0x%" PRIx64, (*src)->name, part.len, part.off,
		    (*src)->size);
		goto fail;
	}
	if (found == 0 && (r = kvmi_slice_open(*src, &part, src, err)) != 0)
		return (r);
	r = kvmi_image_unwrap(src, o, err);
	if (r == 0)
		return (0);
fail:
	kvmi_src_close(*src);
	*src = NULL;
	return (r);
}
