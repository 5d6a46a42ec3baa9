/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Headers of FreeBSD minidumps: struct minidumphdr of
 * sys/<arch>/include/minidump.h, one row of minidump_table per architecture.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/math.h"
#include "base/rd.h"
#include "image/minidump.h"

#define MAGIC_LEN	24
#define MAGIC_LONG	32		/* of powerpc64 */
#define MMU_NAME_LEN	32

struct minidump_row {
	const char	*arch;
	uint32_t	 max_version;
	uint8_t		 version_off;
	bool		 either_order;	/* the kernel may be big-endian */
	int (*decode)(struct kvmi_rd *r, struct kvmi_minidump *m);
};

/* The three sizes that follow the version everywhere. */
static void
sizes(struct kvmi_rd *r, struct kvmi_minidump *m, const char *tables)
{
	m->msgbuf_len = kvmi_rd_u32(r, "msgbufsize");
	m->bitmap_len = kvmi_rd_u32(r, "bitmapsize");
	m->pt_len = kvmi_rd_u32(r, tables);
}

static int
amd64_decode(struct kvmi_rd *r, struct kvmi_minidump *m)
{
	m->machine = &kvmi_arch_x86_64;
	sizes(r, m, "pmapsize");
	m->kernbase = kvmi_rd_u64(r, "kernbase");
	m->dmap_start = kvmi_rd_u64(r, "dmapbase");
	m->dmap_end = kvmi_rd_u64(r, "dmapend");
	if (m->version >= 3)
		m->avail_len = kvmi_rd_u32(r, "dumpavailsize");
	m->pt_level = m->version == 1 ? 0 : 1;	/* PTEs, later PDEs */
	return (r->status);
}

static int
i386_decode(struct kvmi_rd *r, struct kvmi_minidump *m)
{
	sizes(r, m, "ptesize");
	m->kernbase = kvmi_rd_u32(r, "kernbase");
	m->machine = kvmi_rd_u32(r, "paemode") != 0 ? &kvmi_arch_i386_pae :
	    &kvmi_arch_i386;
	if (m->version >= 2)
		m->avail_len = kvmi_rd_u32(r, "dumpavailsize");
	return (r->status);
}

/* arm64 and riscv64 alike. */
static void
dmap_decode(struct kvmi_rd *r, struct kvmi_minidump *m)
{
	sizes(r, m, "pmapsize");
	m->kernbase = kvmi_rd_u64(r, "kernbase");
	m->dmap_pa = kvmi_rd_u64(r, "dmapphys");
	m->dmap_start = kvmi_rd_u64(r, "dmapbase");
	m->dmap_end = kvmi_rd_u64(r, "dmapend");
	if (m->version >= 2)
		m->avail_len = kvmi_rd_u32(r, "dumpavailsize");
}

static int
arm64_decode(struct kvmi_rd *r, struct kvmi_minidump *m)
{
	uint32_t flags = 0;

	dmap_decode(r, m);
	if (m->version >= 3)
		flags = kvmi_rd_u32(r, "flags");
	switch (flags & 3) {
	case 0:
		m->machine = &kvmi_arch_arm64;
		return (r->status);
	case 1:
		m->machine = &kvmi_arch_arm64_16k;
		m->page_shift = 14;
		return (r->status);
	default:
		return (kvmi_fail(r->err, KVMI_ENOTSUP, "minidump header: flags "
		    "0x%" PRIx32 ": page size %" PRIu32 " is neither 0 (4 KiB) "
		    "nor 1 (16 KiB)", flags, flags & 3));
	}
}

static int
riscv_decode(struct kvmi_rd *r, struct kvmi_minidump *m)
{
	m->machine = &kvmi_arch_riscv64;
	dmap_decode(r, m);
	return (r->status);
}

static int
arm_decode(struct kvmi_rd *r, struct kvmi_minidump *m)
{
	uint32_t format;

	sizes(r, m, "ptesize");
	m->kernbase = kvmi_rd_u32(r, "kernbase");
	kvmi_rd_u32(r, "arch");
	format = kvmi_rd_u32(r, "mmuformat");
	if (m->version >= 2)
		m->avail_len = kvmi_rd_u32(r, "dumpavailsize");
	/* 0 is unknown, of kernels that knew no other than V6; 3 is LPAE. */
	if (r->status == 0 && format > 2)
		return (kvmi_fail(r->err, KVMI_ENOTSUP, "minidump header: "
		    "mmuformat %" PRIu32 "; 1 (V4) and 2 (V6) are known",
		    format));
	m->machine = format == 1 ? &kvmi_arch_arm_v4 : &kvmi_arch_arm_v6;
	m->bitmap_word = 4;
	m->pt_packed = true;
	return (r->status);
}

static int
mips_decode(struct kvmi_rd *r, struct kvmi_minidump *m)
{
	bool is64;

	sizes(r, m, "ptesize");
	m->kernbase = kvmi_rd_u64(r, "kernbase");
	kvmi_rd_u64(r, "dmapbase");	/* never set */
	kvmi_rd_u64(r, "dmapend");
	if (m->version >= 2)
		m->avail_len = kvmi_rd_u32(r, "dumpavailsize");
	is64 = m->kernbase > UINT32_MAX;
	m->machine = is64 ? &kvmi_arch_mips64 : &kvmi_arch_mips;
	m->bitmap_word = is64 && m->version >= 2 ? 8 : 4;
	return (r->status);
}

/* The address that powerpc64 kernels are linked for. */
#define POWER_LINKED	0x100100
#define POWER_QUADRANT	UINT64_C(0xc000000000000000)

static int
powerpc64_decode(struct kvmi_rd *r, struct kvmi_minidump *m)
{
	const char *mmu;

	kvmi_rd_seek(r, "mmu_name", MAGIC_LONG);
	mmu = kvmi_rd_bytes(r, "mmu_name", MMU_NAME_LEN);
	kvmi_rd_u32(r, "version");
	sizes(r, m, "pmapsize");
	m->kernbase = kvmi_rd_u64(r, "kernbase");
	m->kernend = kvmi_rd_u64(r, "kernend");
	m->dmap_start = kvmi_rd_u64(r, "dmapbase");
	m->dmap_end = kvmi_rd_u64(r, "dmapend") + 1;	/* the last there */
	m->dmap_large = kvmi_rd_u32(r, "hw_direct_map") != 0;
	kvmi_rd_u32(r, "padding");
	m->kerndisp = (int64_t)(kvmi_rd_u64(r, "startkernel") - POWER_LINKED);
	kvmi_rd_u64(r, "endkernel");
	if (m->version >= 2)
		m->avail_len = kvmi_rd_u32(r, "dumpavailsize");
	if (r->status != 0)
		return (r->status);
	m->machine = &kvmi_arch_ppc64;
	m->bitmap_word = 8;
	m->pt_big_endian = true;	/* whatever the kernel's order */
	m->hashed = strncmp(mmu, "mmu_g5", MMU_NAME_LEN) == 0 ||
	    strncmp(mmu, "mmu_phyp", MMU_NAME_LEN) == 0;
	if (!m->hashed && strncmp(mmu, "mmu_radix", MMU_NAME_LEN) != 0)
		return (kvmi_fail(r->err, KVMI_ENOTSUP, "minidump header: MMU "
		    "\"%.32s\"; mmu_g5, mmu_phyp and mmu_radix are known",
		    mmu));
	m->pt_base = POWER_QUADRANT;
	m->pt_level = 3;
	return (0);
}

static const struct minidump_row minidump_table[] = {
	{ "amd64", 3, MAGIC_LEN, false, amd64_decode },
	{ "arm", 2, MAGIC_LEN, true, arm_decode },
	{ "arm64", 3, MAGIC_LEN, false, arm64_decode },
	{ "i386", 2, MAGIC_LEN, false, i386_decode },
	{ "mips", 2, MAGIC_LEN, true, mips_decode },
	{ "powerpc64", 2, 2 * MAGIC_LONG, true, powerpc64_decode },
	{ "riscv", 2, MAGIC_LEN, false, riscv_decode },
};

static const char magic_prefix[] = "minidump FreeBSD/";

/* The architecture is in the magic, which a hostile file may not terminate. */
static const struct minidump_row *
row_of(const uint8_t *magic, char *arch, size_t arch_len)
{
	size_t skip = sizeof(magic_prefix) - 1;

	snprintf(arch, arch_len, "%.*s", (int)(MAGIC_LEN - skip),
	    (const char *)magic + skip);
	if (memcmp(magic, magic_prefix, skip) != 0)
		return (NULL);
	/* The field is longer where the name is. */
	if (strncmp(arch, "powerpc", 7) == 0)
		snprintf(arch, arch_len, "%.*s", (int)(MAGIC_LONG - skip),
		    (const char *)magic + skip);
	for (size_t i = 0; i < KVMI_COUNT(minidump_table); i++)
		if (strcmp(minidump_table[i].arch, arch) == 0)
			return (&minidump_table[i]);
	return (NULL);
}

/* The order in which the version makes sense is the kernel's. */
static bool
version_in(struct kvmi_rd *r, const struct minidump_row *row, bool big_endian,
    struct kvmi_minidump *m)
{
	r->big_endian = big_endian;
	kvmi_rd_seek(r, "version", row->version_off);
	m->version = kvmi_rd_u32(r, "version");
	return (m->version >= 1 && m->version <= row->max_version);
}

int
kvmi_minidump_header(struct kvmi_src *src, struct kvmi_minidump *m,
    struct kvmi_err *err)
{
	uint8_t buf[KVMI_MINIDUMP_HEADER];
	struct kvmi_rd r = { .base = buf, .len = sizeof(buf),
		.what = "minidump header", .err = err };
	const struct minidump_row *row;
	int s;

	s = kvmi_src_read(src, m->header_off, buf, sizeof(buf),
	    "minidump header", err);
	if (s != 0)
		return (s);
	row = row_of(buf, m->arch, sizeof(m->arch));
	if (row == NULL)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: minidump of an "
		    "unknown architecture, \"%.24s\"", src->name,
		    (const char *)buf));
	m->big_endian = row->either_order && version_in(&r, row, true, m);
	if (!m->big_endian && !version_in(&r, row, false, m))
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s: minidump version %"
		    PRIu32 " of %s; versions 1 to %" PRIu32 " are known",
		    src->name, m->version, row->arch, row->max_version));
	m->page_shift = 12;
	m->pt_big_endian = m->big_endian;
	s = row->decode(&r, m);
	if (s != 0)
		return (kvmi_wrap(err, s, "%s", src->name));
	if (!m->big_endian || m->bitmap_word == 0)
		m->bitmap_word = 1;
	if (m->pt_base == 0)
		m->pt_base = m->kernbase;
	return (0);
}
