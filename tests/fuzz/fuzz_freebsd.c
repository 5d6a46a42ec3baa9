/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Input: a flag byte, then the memory of a FreeBSD kernel from address 0 on.
 * Variables lie in its first KiB, and where a member is its name decides, so
 * that any bytes are a kernel of some kind.
 */
#include <elf.h>
#include <stdlib.h>

#include "os/freebsd/freebsd.h"
#include "use.h"

#define MAX_MEMORY	(1u << 16)
#define HEADERS		4096
#define STRUCT_SIZE	256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t
hash(const char *s)
{
	uint32_t h = 2166136261u;

	while (*s != '\0')
		h = (h ^ (uint8_t)*s++) * 16777619u;
	return (h);
}

static int
resolve(const char *name, kvaddr_t *addr)
{
	*addr = hash(name) % 64 * 16;
	return (0);
}

static int
stub_size(struct kvmi_types *t, const char *type, uint64_t *ret,
    struct kvmi_err *err)
{
	(void)t;
	(void)type;
	(void)err;
	*ret = STRUCT_SIZE;
	return (0);
}

static int
stub_member(struct kvmi_types *t, const char *type, const char *path,
    struct kvmi_member *ret, struct kvmi_err *err)
{
	bool text = strstr(path, "name") != NULL ||
	    strstr(path, "comm") != NULL || strstr(path, "login") != NULL;

	(void)t;
	(void)type;
	(void)err;
	*ret = (struct kvmi_member){ .count = 1,
		.off = hash(path) % (STRUCT_SIZE / 8) * 8,
		.size = text ? 20 : strstr(path, "sig") != NULL ? 16 :
		strstr(path, "id") != NULL ? 4 : 8,
		.is_signed = (hash(path) & 1) != 0 };
	return (0);
}

static int
stub_enumerator(struct kvmi_types *t, const char *name, int64_t *ret,
    struct kvmi_err *err)
{
	(void)t;
	(void)ret;
	return (kvmi_fail(err, KVMI_ENOENT, "no enumerator %s", name));
}

static void
stub_close(struct kvmi_types *t)
{
	(void)t;
}

static const struct kvmi_types_ops stub_ops = { .name = "names",
	.size = stub_size, .member = stub_member,
	.enumerator = stub_enumerator, .close = stub_close };

static int
translate(const struct kvmi_space *s, uint64_t va, struct kvmi_mapping *ret,
    struct kvmi_err *err)
{
	const size_t *size = s->arg;

	*ret = (struct kvmi_mapping){ .va = va & ~UINT64_C(0xfff),
		.len = 0x1000, .pa = va & ~UINT64_C(0xfff) };
	return (va < *size ? 0 : kvmi_fail(err, KVMI_ENOTMAPPED, "no memory"));
}

static const struct kvmi_space_ops flat_ops = { .translate = translate };

/* The memory as an ELF core, at physical address 0. */
static struct kvmi_image *
open_memory(const uint8_t *data, size_t size, uint8_t *buf)
{
	const Elf64_Ehdr e = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
		ELFDATA2LSB, EV_CURRENT }, .e_type = ET_CORE,
		.e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(e), .e_ehsize = sizeof(e),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1 };
	const Elf64_Phdr p = { .p_type = PT_LOAD, .p_offset = HEADERS,
		.p_filesz = size, .p_memsz = size };

	memset(buf, 0, HEADERS);
	memcpy(buf, &e, sizeof(e));
	memcpy(buf + sizeof(e), &p, sizeof(p));
	memcpy(buf + HEADERS, data, size);
	return (fuzz_open(buf, HEADERS + size));
}

static int
on_frame(const struct kvm_frame *f, void *arg)
{
	*(size_t *)arg += strnlen(f->kf_module, sizeof(f->kf_module));
	return (1);
}

static void
use_threads(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_procs *p)
{
	size_t n = 0, sum = 0;
	int32_t cpu;

	for (size_t i = 0; i < p->n && i < FUZZ_PROCS; i++) {
		struct kvmi_regs regs = { .n = 0 };

		fuzz_use_process(k, cx, &p->v[i]);
		fuzz_outcome(cx, kvmi_freebsd_regs(k, cx, &p->v[i], 0,
		    &regs));
		fuzz_outcome(cx, kvmi_freebsd_stack(k, cx, &p->v[i], on_frame,
		    &sum, &n));
	}
	fuzz_outcome(cx, kvmi_freebsd_panic_cpu(k, cx, &cpu));
}

static void
use(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_facts *f = calloc(1, sizeof(*f));
	struct kvmi_procs p = { 0 };

	fuzz_outcome(cx, kvmi_freebsd_procs(k, cx, KERN_PROC_ALL, 0, true,
	    &p));
	use_threads(k, cx, &p);
	free(p.v);
	fuzz_use_state(k, cx);
	if (f != NULL)
		kvmi_freebsd_facts(k, cx, f);
	free(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct kvmi_arch *const arch[] = { &kvmi_arch_x86_64,
		&kvmi_arch_arm64, &kvmi_arch_riscv64, &kvmi_arch_arm,
		&kvmi_arch_i386, &kvmi_arch_mips, &kvmi_arch_ppc64,
		&kvmi_arch_ppc };
	const struct kvm_options opts = { .ko_resolver = resolve };
	struct kvmi_types types = { .ops = &stub_ops };
	struct kvmi_kernel k = { .os = &kvmi_os_freebsd, .opts = &opts,
		.types_why = "no types" };
	struct kvmi_cx *cx = kvmi_cx_new();
	uint8_t *buf = malloc(HEADERS + MAX_MEMORY);

	if (cx == NULL || buf == NULL || size < 2 || size > MAX_MEMORY)
		goto out;
	k.arch = arch[data[0] & 7];
	k.big_endian = (data[0] & 8) != 0;
	size--;
	k.img = open_memory(data + 1, size, buf);
	if (k.img == NULL || kvmi_symtab_create(&k.syms, &cx->err) != 0)
		abort();
	for (uint64_t a = 0; a < size; a += 512)
		if (kvmi_symtab_add(k.syms, "calltrap", 8, "", a, 256, 'T',
		    &cx->err) != 0)
			abort();
	k.types = &types;
	k.types_status = (data[0] & 16) != 0 ? KVMI_ENOTSUP : 0;
	k.space = (struct kvmi_space){ .ops = &flat_ops, .img = k.img,
		.arg = &size };
	pthread_mutex_init(&k.lock, NULL);
	use(&k, cx);
	pthread_mutex_destroy(&k.lock);
	kvmi_symtab_destroy(k.syms);
	kvmi_image_close(k.img);
out:
	free(buf);
	kvmi_cx_free(cx);
	return (0);
}
