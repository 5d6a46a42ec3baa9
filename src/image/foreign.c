/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images that are recognised and not read: what they are, and what to do.
 */
#include <string.h>

#include "base/math.h"
#include "image/image.h"

static const struct foreign {
	struct kvmi_magic magic;
	const char	*name;
	const char	*advice;
} foreign_table[] = {
	{ { 0, 8, "sadump\0\0" }, "a sadump dump (Fujitsu firmware)",
	    "makedumpfile converts it" },
	{ { 0, 8, "\xed\x23\x8f\x61\x73\x01\x19\xa8" },
	    "an LKCD dump, little-endian", "of Linux 2.4 and 2.6; lcrash or "
	    "crash read it" },
	{ { 0, 8, "\xa8\x19\x01\x73\x61\x8f\x23\xed" },
	    "an LKCD dump, big-endian", "of Linux 2.4 and 2.6; lcrash or "
	    "crash read it" },
	{ { 0, 8, "\xcd\x23\x8f\x61\x73\x01\x19\xa8" },
	    "a live LKCD dump", "crash reads it" },
	{ { 0, 4, "\xed\xeb\x0f\xf0" }, "a Xen core of old, of a PV guest",
	    "'xl dump-core' of a newer Xen writes ELF" },
	{ { 0, 4, "\xee\xeb\x0f\xf0" }, "a Xen core of old, of an HVM guest",
	    "'xl dump-core' of a newer Xen writes ELF" },
	{ { 0, 16, "LinuxGuestRecord" }, "a saved Xen guest",
	    "restore it and use 'xl dump-core'" },
	{ { 0, 14, "XenSavedDomain" }, "a saved Xen guest",
	    "restore it and use 'xl dump-core'" },
	{ { 0, 8, "PAGEDU64" }, "a crash dump of 64-bit Windows",
	    "WinDbg reads it" },
	{ { 0, 8, "PAGEDUMP" }, "a crash dump of 32-bit Windows",
	    "WinDbg reads it" },
	{ { 0, 4, "MDMP" }, "a minidump of a Windows process",
	    "WinDbg reads it" },
	{ { 0, 4, "hibr" }, "a hibernation file of Windows",
	    "WinDbg reads a crash dump made of it" },
	{ { 0, 4, "HIBR" }, "a hibernation file of Windows",
	    "WinDbg reads a crash dump made of it" },
	{ { 0, 4, "QFI\xfb" }, "a qcow2 disk image",
	    "for the memory of its guest use 'virsh dump --memory-only', or "
	    "convert the disk with 'qemu-img convert -O raw'" },
	{ { 0, 4, "KDMV" }, "a VMware disk image (VMDK)",
	    "the memory of its guest is in its .vmss or .vmsn, with the "
	    ".vmem beside it" },
	{ { 0, 4, "\xcf\xfa\xed\xfe" }, "a Mach-O file, as of macOS",
	    "lldb reads it" },
};

static const struct foreign *
find(struct kvmi_src *src)
{
	uint8_t head[64];
	size_t len = (size_t)kvmi_min(src->size, sizeof(head));
	struct kvmi_err err;

	if (kvmi_src_read(src, 0, head, len, "header", &err) != 0)
		return (NULL);
	for (size_t i = 0; i < KVMI_COUNT(foreign_table); i++) {
		const struct kvmi_magic *m = &foreign_table[i].magic;

		if (kvmi_inside(m->off, m->len, len) &&
		    memcmp(head + m->off, m->bytes, m->len) == 0)
			return (&foreign_table[i]);
	}
	return (NULL);
}

static bool
foreign_recognise(struct kvmi_src *src)
{
	return (find(src) != NULL);
}

static int
foreign_open(struct kvmi_image *img, struct kvmi_err *err)
{
	const struct foreign *f = find(img->src);

	if (f == NULL)
		return (KVMI_ENOTMINE);
	return (kvmi_fail(err, KVMI_ENOTSUP, "%s: %s, which is not read here; "
	    "%s", img->src->name, f->name, f->advice));
}

static void
foreign_close(struct kvmi_image *img)
{
	(void)img;
}

const struct kvmi_image_ops kvmi_image_foreign = {
	.name = "foreign image",
	.recognise = foreign_recognise,
	.open = foreign_open,
	.close = foreign_close,
};
