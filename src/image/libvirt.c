/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What 'virsh save' writes: a header, the domain's XML, and QEMU's stream,
 * compressed as a whole or not.  src/qemu/qemu_saveimage.h of libvirt.
 */
#include <inttypes.h>
#include <string.h>

#include "base/math.h"
#include "base/rd.h"
#include "image/image.h"
#include "image/slice.h"

#define HEADER		92
#define VERSION		2

static int
libvirt_wrap(struct kvmi_src *src, const struct kvm_options *o,
    struct kvmi_src **ret, struct kvmi_err *err)
{
	struct kvmi_slice_opts part = { .wrapping = "libvirt save file" };
	uint8_t h[HEADER];
	struct kvmi_rd rd = { .base = h, .len = sizeof(h),
		.what = "libvirt header", .err = err };
	uint32_t version = 0, xml = 0;
	int r = kvmi_src_read(src, 0, h, sizeof(h), "libvirt header", err);

	(void)o;
	/* It has the writer's byte order, which only the version tells. */
	for (int big = 0; big < 2 && r == 0 && version != VERSION; big++) {
		rd.big_endian = big == 1;
		kvmi_rd_seek(&rd, "version", 16);
		version = kvmi_rd_u32(&rd, "version");
		xml = kvmi_rd_u32(&rd, "length of the XML");
	}
	if (r == 0 && memcmp(h, "LibvirtQemudPart", 16) == 0)
		r = kvmi_fail(err, KVMI_ETRUNC, "%s: a libvirt save file that "
		    "was not finished", src->name);
	else if (r == 0 && version != VERSION)
		r = kvmi_fail(err, KVMI_ENOTSUP, "%s: libvirt save file of "
		    "version %" PRIu32 " or its swapped bytes, wanted %d",
		    src->name, version, VERSION);
	else if (r == 0 && !kvmi_inside(HEADER, xml, src->size))
		r = kvmi_fail(err, KVMI_ETRUNC, "%s: the domain's XML of %"
		    PRIu32 " bytes passes the end of the file", src->name, xml);
	if (r != 0) {
		kvmi_src_close(src);
		return (r);
	}
	part.off = HEADER + (uint64_t)xml;
	part.len = src->size - part.off;
	return (kvmi_slice_open(src, &part, ret, err));
}

const struct kvmi_image_ops kvmi_image_libvirt = {
	.name = "libvirt save file",
	.magic = {
		{ .off = 0, .len = 16, .bytes = "LibvirtQemudSave" },
		{ .off = 0, .len = 16, .bytes = "LibvirtQemudPart" },
	},
	.min_size = HEADER,
	.wrap = libvirt_wrap,
};
