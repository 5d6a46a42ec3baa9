/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux kernel log.  Input: a byte of flags (1: big-endian, 2: 32 bit,
 * 4: offsets as a real kernel has them, 8: the buffer of 3.5 to 5.9), a byte
 * for each of the offsets and sizes that VMCOREINFO gives, then kernel memory,
 * whose first word is where "prb" points, or whose first words the variables
 * of the old buffer are.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/math.h"
#include "os/linux/linux.h"
#include "packed.h"
#include "use.h"

#define BASE	UINT64_C(0xffffc000)	/* fits in 32 bits, too */
#define DATA	128			/* of the memory, in the image */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Linux 6.12 on x86-64, and where 32-bit kernels differ it hardly matters. */
struct key {
	const char	*form, *name;
	unsigned int	 real;
};
static const struct key key[] = {
	{ "SIZE", "printk_ringbuffer", 80 },
	{ "OFFSET", "printk_ringbuffer.desc_ring", 0 },
	{ "OFFSET", "printk_ringbuffer.text_data_ring", 48 },
	{ "OFFSET", "prb_desc_ring.count_bits", 0 },
	{ "OFFSET", "prb_desc_ring.descs", 8 },
	{ "OFFSET", "prb_desc_ring.infos", 16 },
	{ "OFFSET", "prb_desc_ring.head_id", 24 },
	{ "OFFSET", "prb_desc_ring.tail_id", 32 },
	{ "SIZE", "prb_desc", 24 },
	{ "OFFSET", "prb_desc.state_var", 0 },
	{ "OFFSET", "prb_desc.text_blk_lpos", 8 },
	{ "OFFSET", "prb_data_blk_lpos.begin", 0 },
	{ "OFFSET", "prb_data_blk_lpos.next", 8 },
	{ "SIZE", "printk_info", 88 },
	{ "OFFSET", "printk_info.seq", 0 },
	{ "OFFSET", "printk_info.ts_nsec", 8 },
	{ "OFFSET", "printk_info.text_len", 16 },
	{ "SIZE", "prb_data_ring", 32 },
	{ "OFFSET", "prb_data_ring.size_bits", 0 },
	{ "OFFSET", "prb_data_ring.data", 8 },
	{ "OFFSET", "atomic_long_t.counter", 0 },
};

static const struct key old_key[] = {
	{ "SIZE", "printk_log", 16 },
	{ "OFFSET", "printk_log.ts_nsec", 0 },
	{ "OFFSET", "printk_log.len", 8 },
	{ "OFFSET", "printk_log.text_len", 10 },
	{ "OFFSET", "printk_log.dict_len", 12 },
};

static int
resolve(const char *name, kvaddr_t *addr)
{
	if (strcmp(name, "prb") != 0)
		return (-1);
	*addr = BASE;
	return (0);
}

static int
resolve_old(const char *name, kvaddr_t *addr)
{
	static const char *const names[] = { "log_buf", "log_buf_len",
		"log_first_idx", "log_next_idx", "log_first_seq" };

	for (size_t i = 0; i < KVMI_COUNT(names); i++)
		if (strcmp(name, names[i]) == 0) {
			*addr = BASE + 8 * i;
			return (0);
		}
	return (-1);
}

/* Memory lies at BASE, in one piece. */
static int
translate(const struct kvmi_space *s, uint64_t va, struct kvmi_mapping *ret,
    struct kvmi_err *err)
{
	*ret = (struct kvmi_mapping){ .va = va & ~UINT64_C(0xfff),
		.len = 0x1000 };
	ret->pa = ret->va - BASE;
	if (va >= BASE && va - BASE < s->img->max_pa)
		return (0);
	return (kvmi_fail(err, KVMI_ENOTMAPPED, "invalid address (0x%" PRIx64
	    ")", va));
}

static const struct kvmi_space_ops space_ops = { .translate = translate };

static bool
make_info(struct kvmi_linux *l, struct packed *in, const struct key *k,
    size_t nkeys, bool real)
{
	char text[4096];
	int n = 0;

	for (size_t i = 0; i < nkeys; i++) {
		uint8_t v;

		packed_take(in, &v, 1);
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		    "%s(%s)=%u\n", k[i].form, k[i].name, real ? k[i].real :
		    v);
	}
	return (kvmi_vmcoreinfo_init(&l->info, text, (size_t)n));
}

/* An ELF core with one segment from physical address 0 on. */
static struct kvmi_image *
make_image(struct packed *p)
{
	static const uint8_t head[DATA] = { 0x7f, 'E', 'L', 'F', 2, 1, 1,
		[16] = 4, [18] = 62, [20] = 1, [32] = 64, [52] = 64,
		[54] = 56, [56] = 1, [64] = 1, [64 + 8] = DATA };
	uint8_t *to = packed_room(p, DATA);
	uint64_t size = p->left;

	memcpy(to, head, DATA);
	memcpy(to + 64 + 32, &size, 8);
	memcpy(to + 64 + 40, &size, 8);
	packed_section(p, p->left, 1);
	p->out = packed_finish(p);
	return (fuzz_open(p->out, p->len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packed p = { .in = data, .left = size };
	struct kvmi_arch arch = kvmi_arch_x86_64;
	struct kvmi_linux l = { 0 };
	struct kvm_options opts = { .ko_resolver = resolve };
	struct kvmi_kernel k = { .os = &kvmi_os_linux, .arch = &arch,
		.opts = &opts, .priv = &l,
		.syms_status = KVMI_ENOTSUP, .types_status = KVMI_ENOTSUP };
	struct kvmi_cx *cx = kvmi_cx_new();
	unsigned int sum = 0;
	uint8_t flags;
	size_t n = 0;
	bool old;
	int r;

	packed_take(&p, &flags, 1);
	arch.pointer_size = flags & 2 ? 4 : 8;
	k.big_endian = (flags & 1) != 0;
	old = (flags & 8) != 0;
	if (old)
		opts.ko_resolver = resolve_old;
	if (cx == NULL || !make_info(&l, &p, old ? old_key : key, old ?
	    KVMI_COUNT(old_key) : KVMI_COUNT(key), (flags & 4) != 0))
		abort();
	k.img = make_image(&p);
	if (k.img != NULL) {
		k.space = (struct kvmi_space){ .ops = &space_ops,
			.img = k.img };
		r = kvmi_linux_log(&k, cx, fuzz_on_record, &sum, &n);
		if (r != 0 && cx->err.text[0] == '\0')
			abort();
		kvmi_image_close(k.img);
	}
	kvmi_vmcoreinfo_deinit(&l.info);
	free(p.out);
	kvmi_cx_free(cx);
	return (0);
}
