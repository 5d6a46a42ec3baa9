/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layouts that are worked out from a kernel's tasks.  Input: changes to memory
 * in which all is found, five bytes each: where, a number, and what to do.
 */
#include "../unit/build_tasks.h"
#include "base/math.h"
#include "os/linux/infer.h"
#include "packed.h"
#include "use.h"

#define DATA	128			/* of the memory, in the image */
#define CHANGES	64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
resolve(const char *name, kvaddr_t *addr)
{
	static const struct {
		const char	*name;
		kvaddr_t	 addr;
	} known[] = {
		{ "init_task", TASKS_TASK(0) }, { "nr_swap_pages", 0x1200 },
		{ "kernel_cpustat", 0x1400 }, { "tick_sched_timer", 0x1040 },
		{ "nr_cpu_ids", 0x1210 }, { "__per_cpu_offset", 0x1220 },
	};

	for (size_t i = 0; i < KVMI_COUNT(known); i++)
		if (strcmp(name, known[i].name) == 0) {
			*addr = known[i].addr;
			return (0);
		}
	return (-1);
}

static int
translate(const struct kvmi_space *s, uint64_t va, struct kvmi_mapping *ret,
    struct kvmi_err *err)
{
	*ret = (struct kvmi_mapping){ .va = va & ~UINT64_C(0xfff),
		.len = 0x1000, .pa = va & ~UINT64_C(0xfff) };
	if (va < s->img->max_pa)
		return (0);
	return (kvmi_fail(err, KVMI_ENOTMAPPED, "invalid address"));
}

static const struct kvmi_space_ops space_ops = { .translate = translate };

/* A small number, a pointer, nearly -1, or what is elsewhere. */
static void
change(uint8_t *mem, const uint8_t p[5])
{
	uint64_t at = kvmi_get16(p, false) * 4u % (TASKS_LEN - 8),
	    v = kvmi_get16(p + 2, false), from = v * 4 % (TASKS_LEN - 8);

	switch (p[4] & 3) {
	case 0:
		tasks_put(mem, at, v, 4);
		break;
	case 1:
		tasks_put(mem, at, v * 8, 8);
		break;
	case 2:
		tasks_put(mem, at, ~v, 8);
		break;
	default:
		memmove(mem + at, mem + from, 8);
		break;
	}
}

/*
 * The variables of the per-CPU allocator, for one CPU whose data, 0x1234 bytes,
 * is where it is linked; and struct pcpu_chunk.
 */
static void
put_percpu(uint8_t *mem)
{
	const uint64_t vars = 0x1e500, offsets = 0x1e600, chunk = 0x1e800;

	tasks_put(mem, vars, chunk, 8);
	tasks_put(mem, vars + 8, offsets, 8);
	tasks_put(mem, vars + 16, TASKS_STEXT, 8);
	tasks_put(mem, vars + 24, 0x2000, 4);
	tasks_put(mem, vars + 28, 2, 4);
	for (unsigned int off = 0x38; off < 0x58; off += 8)
		tasks_put(mem, chunk + off, off == 0x40 ? TASKS_STEXT +
		    0x1000 : 0x1e900, 8);
	tasks_put(mem, chunk + 0x60, 1, 1);
	tasks_put(mem, chunk + 0x64, 0x234, 4);
	tasks_put(mem, chunk + 0x6c, 1, 4);
	tasks_put(mem, chunk + 0x70, 1, 4);
}

static struct kvmi_image *
make_image(const uint8_t *data, size_t size, uint8_t **file)
{
	static const uint8_t head[DATA] = { 0x7f, 'E', 'L', 'F', 2, 1, 1,
		[16] = 4, [18] = 62, [20] = 1, [32] = 64, [52] = 64,
		[54] = 56, [56] = 1, [64] = 1, [64 + 8] = DATA };
	uint8_t *p = malloc(DATA + TASKS_LEN);

	if (p == NULL)
		abort();
	memcpy(p, head, DATA);
	tasks_put(p, 64 + 32, TASKS_LEN, 8);
	tasks_put(p, 64 + 40, TASKS_LEN, 8);
	tasks_build(p + DATA);
	tasks_put(p + DATA, 0x1210, 1, 4);
	put_percpu(p + DATA);
	for (size_t i = 0; i + 5 <= size && i < 5 * CHANGES; i += 5)
		change(p + DATA, data + i);
	*file = p;
	return (fuzz_open(p, DATA + TASKS_LEN));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmi_linux l = { .arch = &kvmi_linux_x86_64,
		.stext = TASKS_STEXT, .va = { .first = 0x1000,
		    .last = TASKS_LEN, .user_end = UINT64_C(1) << 47 } };
	struct kvm_options opts = { .ko_resolver = resolve };
	struct kvmi_kernel k = { .os = &kvmi_os_linux,
		.arch = &kvmi_arch_x86_64, .opts = &opts, .priv = &l,
		.syms_status = KVMI_ENOTSUP, .types_status = KVMI_ENOTSUP };
	struct kvmi_cx *cx = kvmi_cx_new();
	struct kvmi_types *t = NULL;
	uint64_t start, len;
	uint8_t *file;
	int r;

	if (cx == NULL)
		abort();
	k.img = make_image(data, size, &file);
	if (k.img != NULL) {
		k.space = (struct kvmi_space){ .ops = &space_ops,
			.img = k.img };
		r = kvmi_linux_infer(&k, cx, &t);
		/* Nothing changed: everything is found. */
		if ((r != 0 && (cx->err.text[0] == '\0' || size < 5)) ||
		    r > 0)
			abort();
		if (r == 0)
			kvmi_types_close(t);
		r = kvmi_linux_variable(&k, cx, KVMI_ONCE_PERCPU, &start,
		    &len);
		if (size < 5 && (r != 0 || start != TASKS_STEXT ||
		    len != 0x1234))
			abort();
		kvmi_image_close(k.img);
	}
	kvmi_linux_once_deinit(&l);
	free(file);
	kvmi_cx_free(cx);
	return (0);
}
