/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory, symbols, types, log and facts of the running kernel. */
#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/sysinfo.h>
#include <time.h>

#include <cmocka.h>

#include "base/math.h"
#include "test_live_root.h"

#define TEXT_VA		UINT64_C(0xffffffff81000000)
#define VMALLOC_VA	UINT64_C(0xffffc90000000000)
#define TEXT_PA		UINT64_C(0x1000000)
#define SEGMENT_SIZE	8192
#define KERNELOFFSET	"1a000000"

/*
 * open() with a refusal: what a kernel that is locked down answers cannot be
 * had from a file system.
 */
static bool refuse_kcore, refuse_mem;

/* pwrite() of /dev/mem: after so many bytes it fails; how is told by why. */
static size_t mem_takes = SIZE_MAX;
static int mem_why;

ssize_t
pwrite(int fd, const void *buf, size_t len, off_t off)
{
	if (len > mem_takes)
		len = mem_takes;
	if (len == 0 && mem_why != 0) {
		errno = mem_why;
		return (-1);
	}
	mem_takes -= len;
	return (lseek(fd, off, SEEK_SET) < 0 ? -1 : write(fd, buf, len));
}

int
open(const char *path, int flags, ...)
{
	size_t len = strlen(path);
	mode_t mode = 0;
	va_list ap;

	if (refuse_kcore && len > 6 && strcmp(path + len - 6, "/kcore") == 0) {
		errno = EPERM;
		return (-1);
	}
	if (refuse_mem && len > 4 && strcmp(path + len - 4, "/mem") == 0) {
		errno = EPERM;
		return (-1);
	}
	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return (openat(AT_FDCWD, path, flags, mode));
}

struct kcore {
	Elf64_Ehdr	eh;
	Elf64_Phdr	ph[3];
	struct {
		Elf64_Nhdr	nh;
		char		name[12];
		char		desc[64];
	} note;
	uint8_t		text[SEGMENT_SIZE];
	uint8_t		vmalloc[SEGMENT_SIZE];
};

static void
make_kcore(struct kcore *c)
{
	static const char info[] = "OSRELEASE=6.1.0\nKERNELOFFSET="
	    KERNELOFFSET "\nCRASHTIME=0\n";
	bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	memset(c, 0, sizeof(*c));
	memcpy(c->eh.e_ident, ELFMAG, SELFMAG);
	c->eh.e_ident[EI_CLASS] = ELFCLASS64;
	c->eh.e_ident[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
	c->eh.e_ident[EI_VERSION] = EV_CURRENT;
	c->eh.e_type = ET_CORE;
	c->eh.e_machine = EM_X86_64;
	c->eh.e_version = EV_CURRENT;
	c->eh.e_phoff = offsetof(struct kcore, ph);
	c->eh.e_ehsize = sizeof(c->eh);
	c->eh.e_phentsize = sizeof(c->ph[0]);
	c->eh.e_phnum = KVMI_COUNT(c->ph);
	c->ph[0] = (Elf64_Phdr){ .p_type = PT_NOTE,
		.p_offset = offsetof(struct kcore, note),
		.p_filesz = sizeof(c->note) };
	c->ph[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
		.p_offset = offsetof(struct kcore, text), .p_vaddr = TEXT_VA,
		.p_paddr = TEXT_PA, .p_filesz = SEGMENT_SIZE,
		.p_memsz = SEGMENT_SIZE };
	c->ph[2] = (Elf64_Phdr){ .p_type = PT_LOAD,
		.p_offset = offsetof(struct kcore, vmalloc),
		.p_vaddr = VMALLOC_VA, .p_paddr = UINT64_MAX,
		.p_filesz = SEGMENT_SIZE, .p_memsz = SEGMENT_SIZE };
	c->note.nh = (Elf64_Nhdr){ .n_namesz = sizeof("VMCOREINFO"),
		.n_descsz = sizeof(info) - 1 };
	memcpy(c->note.name, "VMCOREINFO", sizeof("VMCOREINFO"));
	memcpy(c->note.desc, info, sizeof(info));
	for (size_t i = 0; i < SEGMENT_SIZE; i++) {
		c->text[i] = (uint8_t)(i * 7);
		c->vmalloc[i] = (uint8_t)(i * 11 + 1);
	}
}

static int
memory(struct root *r)
{
	return (r->k.os->memory(&r->k, r->cx));
}

static void
test_memory(void **state)
{
	static struct kcore c;
	uint8_t buf[SEGMENT_SIZE];
	struct root r;
	size_t done;

	(void)state;
	make_kcore(&c);
	root_init(&r);
	root_bytes(&r, "proc/kcore", &c, sizeof(c));
	root_open(&r, true);
	assert_null(r.k.space.ops);
	if (memory(&r) != 0)
		fail_msg("%s", r.cx->err.text);
	assert_ptr_equal(r.k.space.ops, &kvmi_space_segments);
	assert_true(r.k.img->live);
	assert_int_equal(r.k.kerndisp, 0x1a000000);
	assert_int_equal(kvmi_kread(&r.k, r.cx, TEXT_VA + 5, buf, 100), 0);
	assert_memory_equal(buf, c.text + 5, 100);
	assert_int_equal(kvmi_kread(&r.k, r.cx, VMALLOC_VA, buf,
	    SEGMENT_SIZE), 0);
	assert_memory_equal(buf, c.vmalloc, SEGMENT_SIZE);
	/* Past the end of a segment: nothing is made up. */
	assert_int_equal(kvmi_space_read(&r.k.space, r.cx,
	    TEXT_VA + SEGMENT_SIZE - 8, buf, 16, &done), KVMI_ENOTMAPPED);
	assert_int_equal(done, 8);
	assert_int_equal(kvmi_kread(&r.k, r.cx, TEXT_VA - 1, buf, 1),
	    KVMI_ENOTMAPPED);
	assert_int_equal(kvmi_kread(&r.k, r.cx, 0, buf, 1), KVMI_ENOTMAPPED);
	/* By physical address only what has one. */
	assert_int_equal(kvmi_image_read(r.k.img, TEXT_PA + 3, buf, 10, &done,
	    &r.cx->err), 0);
	assert_memory_equal(buf, c.text + 3, 10);
	assert_int_not_equal(kvmi_image_read(r.k.img, 0, buf, 1, &done,
	    &r.cx->err), 0);
	root_deinit(&r);
}

/* Memory is never remembered: what changes is seen. */
static void
test_memory_changes(void **state)
{
	static struct kcore c;
	char path[128];
	struct root r;
	uint64_t v;
	int fd;

	(void)state;
	make_kcore(&c);
	root_init(&r);
	root_bytes(&r, "proc/kcore", &c, sizeof(c));
	root_open(&r, true);
	assert_int_equal(memory(&r), 0);
	assert_int_equal(kvmi_kread_uint(&r.k, r.cx, TEXT_VA, 1, &v), 0);
	assert_int_equal(v, c.text[0]);
	snprintf(path, sizeof(path), "%s/proc/kcore", r.dir);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "\x55", 1, offsetof(struct kcore, text)),
	    1);
	close(fd);
	assert_int_equal(kvmi_kread_uint(&r.k, r.cx, TEXT_VA, 1, &v), 0);
	assert_int_equal(v, 0x55);
	root_deinit(&r);
}

static void *
open_memory(void *arg)
{
	struct root *r = arg;
	struct kvmi_cx *cx = kvmi_cx_new();
	uint64_t v = 0;
	int status;

	if (cx == NULL)
		return ((void *)1);
	status = r->k.os->memory(&r->k, cx);
	if (status == 0)
		status = kvmi_kread_uint(&r->k, cx, TEXT_VA + 1, 1, &v);
	kvmi_cx_free(cx);
	return ((void *)(uintptr_t)(status != 0 || v != 7));
}

static void
test_memory_opened_by_many(void **state)
{
	static struct kcore c;
	pthread_t thread[8];
	struct root r;

	(void)state;
	make_kcore(&c);
	root_init(&r);
	root_bytes(&r, "proc/kcore", &c, sizeof(c));
	root_open(&r, true);
	for (size_t i = 0; i < KVMI_COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, open_memory,
		    &r), 0);
	for (size_t i = 0; i < KVMI_COUNT(thread); i++) {
		void *wrong;

		pthread_join(thread[i], &wrong);
		assert_null(wrong);
	}
	root_deinit(&r);
}

static void
refuses_memory(struct root *r, int code, const char *text)
{
	int status = memory(r);

	if (status != code || strstr(r->cx->err.text, text) == NULL)
		fail_msg("%d: %s", status, r->cx->err.text);
	assert_null(r->k.space.ops);
	assert_null(r->k.img);
}

static bool
is_refused_memory(struct root *r)
{
	bool ok = memory(r) == KVMI_EPERM &&
	    strstr(r->cx->err.text, "CAP_SYS_RAWIO") != NULL;

	if (!ok)
		fprintf(stderr, "%s\n", r->cx->err.text);
	return (ok);
}

static void
test_memory_refused(void **state)
{
	static struct kcore c;
	char path[128];
	struct root r;

	(void)state;
	make_kcore(&c);
	root_init(&r);
	root_open(&r, true);
	refuses_memory(&r, KVMI_ENOTSUP, "CONFIG_PROC_KCORE");
	root_bytes(&r, "proc/kcore", "", 0);
	refuses_memory(&r, KVMI_EPERM, "container");
	snprintf(path, sizeof(path), "%s/proc/kcore", r.dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	refuses_memory(&r, KVMI_EPERM, "/dev/null in its place");
	assert_int_equal(unlink(path), 0);
	root_bytes(&r, "proc/kcore", "not an ELF file", 15);
	refuses_memory(&r, KVMI_ENOTSUP, "no ELF core");
	root_bytes(&r, "proc/kcore", &c, 3);
	refuses_memory(&r, KVMI_ENOTSUP, "no ELF core");
	/* What follows the header is judged by those who read cores. */
	for (size_t len = 4; len < offsetof(struct kcore, note); len += 4) {
		root_bytes(&r, "proc/kcore", &c, len);
		assert_true(memory(&r) < 0);
		assert_null(r.k.space.ops);
		assert_non_null(strstr(r.cx->err.text, path));
	}
	root_bytes(&r, "proc/kcore", &c, sizeof(c));
	assert_int_equal(chmod(path, 0), 0);
	assert_true(as_nobody(is_refused_memory, &r));
	assert_int_equal(chmod(path, 0644), 0);
	refuse_kcore = true;
	refuses_memory(&r, KVMI_EPERM, "CAP_SYS_RAWIO");
	root_file(&r, "sys/kernel/security/lockdown",
	    "none [integrity] confidentiality\n");
	refuses_memory(&r, KVMI_EPERM, "CAP_SYS_RAWIO");
	root_file(&r, "sys/kernel/security/lockdown",
	    "none integrity [confidentiality]\n");
	refuses_memory(&r, KVMI_EPERM, "lockdown=confidentiality");
	refuse_kcore = false;
	/* A failure is not for ever. */
	assert_int_equal(memory(&r), 0);
	root_deinit(&r);
}

static int
write_at(struct root *r, uint64_t va, const void *p, size_t len, size_t *done)
{
	return (r->k.os->write(&r->k, r->cx, va, p, len, done));
}

static void
refuses_write(struct root *r, int want, const char *why)
{
	size_t done = 1;

	assert_int_equal(write_at(r, TEXT_VA, "x", 1, &done), want);
	assert_int_equal(done, 0);
	if (strstr(r->cx->err.text, why) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", r->cx->err.text, why);
}

/* A kernel whose memory lies in /dev/mem as it does in /proc/kcore. */
static void
writable_root(struct root *r, struct kcore *c)
{
	char path[128], to[128];

	make_kcore(c);
	c->ph[1].p_paddr = c->ph[1].p_offset;
	root_init(r);
	root_bytes(r, "proc/kcore", c, sizeof(*c));
	root_file(r, "dev/null", "%s", "");
	snprintf(path, sizeof(path), "%s/dev/mem", r->dir);
	snprintf(to, sizeof(to), "%s/proc/kcore", r->dir);
	assert_int_equal(symlink(to, path), 0);
	root_open(r, true);
}

static void
test_write(void **state)
{
	static struct kcore c;
	struct kvmi_mapping m;
	uint8_t buf[8];
	struct root r;
	size_t done;

	(void)state;
	writable_root(&r, &c);
	assert_int_equal(write_at(&r, TEXT_VA + 100, "changed", 7, &done), 0);
	assert_int_equal(done, 7);
	assert_int_equal(kvmi_kread(&r.k, r.cx, TEXT_VA + 99, buf, 8), 0);
	assert_memory_equal(buf + 1, "changed", 7);
	assert_int_equal(buf[0], c.text[99]);
	assert_int_equal(kvmi_space_translate(&r.k.space, TEXT_VA + 100, &m,
	    &r.cx->err), 0);
	assert_int_equal(m.pa + (TEXT_VA + 100 - m.va), c.ph[1].p_offset +
	    100);
	/* What has no physical address, in part or as a whole: nothing. */
	assert_int_equal(write_at(&r, VMALLOC_VA, "x", 1, &done),
	    KVMI_ENOTMAPPED);
	assert_non_null(strstr(r.cx->err.text, "direct map"));
	assert_int_equal(write_at(&r, TEXT_VA + SEGMENT_SIZE - 3, "changed", 7,
	    &done), KVMI_ENOTMAPPED);
	assert_int_equal(done, 0);
	assert_int_equal(kvmi_kread(&r.k, r.cx, TEXT_VA + SEGMENT_SIZE - 3,
	    buf, 3), 0);
	assert_memory_equal(buf, c.text + SEGMENT_SIZE - 3, 3);
	assert_int_equal(write_at(&r, UINT64_MAX - 1, "changed", 7, &done),
	    KVMI_ENOTMAPPED);
	root_deinit(&r);
}

/* What was written before it failed is told. */
static void
test_write_in_part(void **state)
{
	static const struct {
		size_t	 takes;
		int	 why, want;
		const char *text;
	} row[] = {
		{ 0, EPERM, KVMI_EPERM, "STRICT_DEVMEM" },
		{ 3, EPERM, KVMI_EPERM, "STRICT_DEVMEM" },
		{ 5, EFAULT, KVMI_ENOTMAPPED, "no memory" },
		{ 2, ENOSPC, KVMI_ESYS, "No space" },
		{ 4, 0, KVMI_ESYS, "nothing is written" },
	};
	static struct kcore c;
	struct root r;

	(void)state;
	writable_root(&r, &c);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		size_t done;

		mem_takes = row[i].takes;
		mem_why = row[i].why;
		assert_int_equal(write_at(&r, TEXT_VA, "changed", 7, &done),
		    row[i].want);
		assert_int_equal(done, row[i].takes);
		assert_non_null(strstr(r.cx->err.text, row[i].text));
	}
	mem_takes = SIZE_MAX;
	root_deinit(&r);
}

static void
test_write_refused(void **state)
{
	static struct kcore c;
	char path[128];
	struct root r;
	size_t done;

	(void)state;
	writable_root(&r, &c);
	refuse_mem = true;
	refuses_write(&r, KVMI_EPERM, "CAP_SYS_RAWIO");
	root_file(&r, "sys/kernel/security/lockdown",
	    "none [integrity] confidentiality\n");
	refuses_write(&r, KVMI_EPERM, "locked down");
	refuse_mem = false;
	snprintf(path, sizeof(path), "%s/dev/mem", r.dir);
	assert_int_equal(unlink(path), 0);
	refuses_write(&r, KVMI_ENOTSUP, "CONFIG_DEVMEM");
	/* A kernel that drops what is written, and says it was written. */
	root_bytes(&r, "dev/mem", &c, sizeof(c));
	assert_int_equal(write_at(&r, TEXT_VA + 1, "\x07xy", 3, &done),
	    KVMI_EPERM);
	assert_int_equal(done, 1);
	assert_non_null(strstr(r.cx->err.text, "ignored it"));
	root_deinit(&r);
}

static void
test_memory_not_asked_for(void **state)
{
	static struct kcore c;
	struct root r;

	(void)state;
	make_kcore(&c);
	root_init(&r);
	root_bytes(&r, "proc/kcore", &c, sizeof(c));
	root_open(&r, false);
	refuses_memory(&r, KVMI_ENOTSUP, "/dev/null");
	root_deinit(&r);
}

/* Memory that has no VMCOREINFO, or one without a displacement. */
static void
test_memory_without_displacement(void **state)
{
	static struct kcore c;
	struct root r;

	(void)state;
	for (int i = 0; i < 3; i++) {
		make_kcore(&c);
		if (i == 0)
			c.ph[0].p_type = PT_NULL;
		else if (i == 1)
			memcpy(c.note.desc, "OSRELEASE", 10);
		else
			memcpy(strstr(c.note.desc, KERNELOFFSET), "garbage!",
			    8);
		root_init(&r);
		root_bytes(&r, "proc/kcore", &c, sizeof(c));
		root_open(&r, true);
		assert_int_equal(memory(&r), 0);
		assert_int_equal(r.k.kerndisp, 0);
		root_deinit(&r);
	}
}

static int
symbols(struct root *r, struct kvmi_symtab **t, char where[128])
{
	int status;

	assert_int_equal(kvmi_symtab_create(t, &r->cx->err), 0);
	status = r->k.os->symbols(&r->k, r->cx, t, where, 128);
	if (status != 0) {
		kvmi_symtab_destroy(*t);
		*t = NULL;
	}
	return (status);
}

static const char kallsyms[] =
    "0000000000000000 A fixed_percpu_data\n"
    "ffffffff81000000 T _stext\n"
    "ffffffff81000100 t helper\n"
    "ffffffffc0000000 t helper\t[ext4]\n"
    "ffffffffc0000010 T ext4_init\t[ext4]\n"
    "ffffffffc0100000 t helper\t[ext]\n"
    "ffffffffc0200000 t bpf_prog_1\t[bpf]\n";

static void
test_symbols(void **state)
{
	struct kvmi_symtab *t;
	struct kvmi_sym s;
	char where[128] = "";
	struct root r;

	(void)state;
	root_init(&r);
	root_bytes(&r, "proc/kallsyms", kallsyms, strlen(kallsyms));
	root_open(&r, true);
	assert_int_equal(symbols(&r, &t, where), 0);
	assert_non_null(strstr(where, "/proc/kallsyms"));
	assert_int_equal(kvmi_symtab_count(t), 7);
	kvmi_symtab_get(t, 3, &s);
	assert_string_equal(s.name, "helper");
	assert_string_equal(s.module, "ext4");
	kvmi_symtab_get(t, 5, &s);
	assert_string_equal(s.module, "ext");
	assert_int_equal(kvmi_symtab_by_name(t, "helper", &s, &r.cx->err), 0);
	assert_string_equal(s.module, "");
	assert_true(s.addr == TEXT_VA + 0x100);
	assert_int_equal(s.letter, 't');
	assert_int_equal(kvmi_symtab_by_addr(t, UINT64_C(0xffffffffc0000018),
	    &s, &r.cx->err), 0);
	assert_string_equal(s.name, "ext4_init");
	kvmi_symtab_destroy(t);
	root_deinit(&r);
}

/* More than the reader holds at a time, with lines across its blocks. */
static void
test_symbols_many(void **state)
{
	size_t cap = 32 << 20, len = 0, n = 0;
	char *text = malloc(cap), where[128];
	struct kvmi_symtab *t;
	struct kvmi_sym s;
	struct root r;

	(void)state;
	assert_non_null(text);
	while (n < 100000) {
		len += (size_t)snprintf(text + len, cap - len, "%016" PRIx64
		    " t f%zu_%.*s%s\n", TEXT_VA + n * 16, n, (int)(n % 97),
		    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
		    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
		    n % 3 == 0 ? "\t[m]" : "");
		n++;
	}
	root_init(&r);
	root_bytes(&r, "proc/kallsyms", text, len);
	root_open(&r, true);
	assert_int_equal(symbols(&r, &t, where), 0);
	assert_int_equal(kvmi_symtab_count(t), n);
	for (size_t i = 0; i < n; i++) {
		char want[32];

		kvmi_symtab_get(t, i, &s);
		snprintf(want, sizeof(want), "f%zu_", i);
		assert_memory_equal(s.name, want, strlen(want));
		assert_int_equal(strlen(s.name), strlen(want) + i % 97);
		assert_true(s.addr == TEXT_VA + i * 16);
		assert_string_equal(s.module, i % 3 == 0 ? "m" : "");
	}
	kvmi_symtab_destroy(t);
	root_deinit(&r);
	free(text);
}

static void
test_symbols_refused(void **state)
{
	static const struct {
		const char *name, *text;
		int code;
		const char *why;
	} row[] = {
		{ "empty", "", KVMI_ENOTSUP, "empty" },
		{ "hidden", "0000000000000000 T _stext\n"
		    "0000000000000000 T _text\n", KVMI_EPERM,
		    "kptr_restrict=2, kernel.perf_event_paranoid=?" },
		{ "garbage", "ffffffff81000000 T _stext\nhello\n", KVMI_EFORMAT,
		    "line 2" },
		{ "blank line", "\n", KVMI_EFORMAT, "line 1" },
		{ "cut", "ffffffff81000000 T _stext\nffffffff8100", KVMI_ETRUNC,
		    "line 2" },
		{ "cut in the name", "ffffffff81000000 T _stext", KVMI_ETRUNC,
		    "line 1" },
	};
	struct kvmi_symtab *t;
	char where[128] = "", *text;
	struct root r;

	(void)state;
	root_init(&r);
	root_file(&r, "proc/sys/kernel/kptr_restrict", "2\n");
	root_open(&r, true);
	assert_int_equal(symbols(&r, &t, where), KVMI_ENOTSUP);
	assert_non_null(strstr(r.cx->err.text, "CONFIG_KALLSYMS"));
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		int status;

		root_bytes(&r, "proc/kallsyms", row[i].text,
		    strlen(row[i].text));
		status = symbols(&r, &t, where);
		if (status != row[i].code ||
		    strstr(r.cx->err.text, row[i].why) == NULL)
			fail_msg("%s: %d: %s", row[i].name, status,
			    r.cx->err.text);
	}
	text = malloc(1 << 20);
	assert_non_null(text);
	memset(text, 'a', 1 << 20);
	root_bytes(&r, "proc/kallsyms", text, 1 << 20);
	assert_int_equal(symbols(&r, &t, where), KVMI_EFORMAT);
	assert_non_null(strstr(r.cx->err.text, "no end"));
	free(text);
	root_file(&r, "proc/kallsyms", "1 t a\t[%0200d]\n", 7);
	assert_int_equal(symbols(&r, &t, where), KVMI_EFORMAT);
	root_deinit(&r);
}

static void
test_symbols_truncated(void **state)
{
	struct kvmi_symtab *t;
	char where[128];
	struct root r;

	(void)state;
	root_init(&r);
	root_open(&r, true);
	for (size_t len = 1; len < strlen(kallsyms); len++) {
		int status;

		root_bytes(&r, "proc/kallsyms", kallsyms, len);
		status = symbols(&r, &t, where);
		if (kallsyms[len - 1] != '\n')
			assert_int_equal(status, KVMI_ETRUNC);
		else if (len == strcspn(kallsyms, "\n") + 1)
			assert_int_equal(status, KVMI_EPERM);
		else
			assert_int_equal(status, 0);
		kvmi_symtab_destroy(t);
	}
	root_deinit(&r);
}

static void
test_types(void **state)
{
	struct kvmi_types *t = NULL;
	struct root r;

	(void)state;
	root_init(&r);
	root_open(&r, true);
	assert_int_equal(r.k.os->types(&r.k, r.cx, &t), KVMI_ENOTSUP);
	assert_non_null(strstr(r.cx->err.text, "CONFIG_DEBUG_INFO_BTF"));
	root_file(&r, "sys/kernel/btf/vmlinux", "no BTF");
	assert_true(r.k.os->types(&r.k, r.cx, &t) < 0);
	assert_non_null(strstr(r.cx->err.text, "/sys/kernel/btf/vmlinux"));
	assert_null(t);
	root_deinit(&r);
}

static void
test_facts(void **state)
{
	static const uint8_t notes[] = "\4\0\0\0\4\0\0\0\3\0\0\0GNU\0\xde\xad"
	    "\xbe\xef";
	static const uint8_t notes_be[] = "\0\0\0\4\0\0\0\4\0\0\0\3GNU\0\xde"
	    "\xad\xbe\xef";
	static struct kvmi_facts f;
	static struct kcore c;
	struct utsname uts;
	struct root r;

	(void)state;
	make_kcore(&c);
	root_init(&r);
	root_bytes(&r, "proc/kcore", &c, sizeof(c));
	root_file(&r, "proc/meminfo", "MemTotalX: 5 kB\nMemTotal:    6172024 "
	    "kB\nMemFree: 1 kB\n");
	root_file(&r, "proc/stat", "xbtime 1\nbtime 1795417290\n");
	root_bytes(&r, "sys/kernel/notes", __BYTE_ORDER__ ==
	    __ORDER_BIG_ENDIAN__ ? notes_be : notes, sizeof(notes) - 1);
	root_open(&r, true);
	r.k.os->facts(&r.k, r.cx, &f);
	assert_int_equal(uname(&uts), 0);
	assert_string_equal(f.format, "live");
	assert_string_equal(f.release, uts.release);
	assert_string_equal(f.version, uts.version);
	assert_string_equal(f.hostname, uts.nodename);
	assert_string_equal(f.buildid, "deadbeef");
	assert_int_equal(f.info.ki_boottime, 1795417290);
	assert_true(f.info.ki_physmem == UINT64_C(6172024) * 1024);
	assert_int_equal(f.info.ki_page_size, sysconf(_SC_PAGESIZE));
	assert_int_equal(f.info.ki_ncpus, sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(f.info.ki_max_pa == TEXT_PA + SEGMENT_SIZE);
	assert_int_equal(r.k.kerndisp, 0x1a000000);
	root_deinit(&r);
}

/* A root without anything in it: facts are what uname() says. */
static void
test_facts_of_nothing(void **state)
{
	static struct kvmi_facts f;
	struct root r;

	(void)state;
	root_init(&r);
	root_file(&r, "proc/meminfo", "MemTotal: many kB\n");
	root_file(&r, "proc/stat", "btime 99999999999999999999\n");
	root_file(&r, "sys/kernel/notes", "garbage garbage garbage");
	root_open(&r, true);
	r.k.os->facts(&r.k, r.cx, &f);
	assert_string_not_equal(f.release, "");
	assert_string_equal(f.buildid, "");
	assert_int_equal(f.info.ki_physmem, 0);
	assert_int_equal(f.info.ki_max_pa, 0);
	root_deinit(&r);
}

/* The host that the test runs on. */
static void
host_open(struct root *r)
{
	const struct kvmi_live_options o = { .memory = true,
		.proc_root = "/proc" };

	root_init(r);
	r->k.live = true;
	r->k.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	r->k.os = &kvmi_os_live_linux;
	assert_int_equal(kvmi_live_prepare(&r->k, &o, &r->cx->err), 0);
	assert_int_equal(r->k.os->attach(&r->k, r->cx), 0);
}

static bool
has_no_symbols(struct root *r)
{
	struct kvmi_symtab *t;
	char where[128];
	int status = symbols(r, &t, where);

	if (status == 0)	/* this host shows them to anyone */
		kvmi_symtab_destroy(t);
	else if (status != KVMI_EPERM ||
	    strstr(r->cx->err.text, "kptr_restrict=") == NULL)
		fprintf(stderr, "%d: %s\n", status, r->cx->err.text);
	return (status == 0 || status == KVMI_EPERM);
}

static void
test_host_symbols(void **state)
{
	struct kvmi_symtab *t;
	struct kvmi_sym s;
	char where[128];
	struct root r;
	int status;

	(void)state;
	host_open(&r);
	status = symbols(&r, &t, where);
	if (status == 0) {
		assert_string_equal(where, "/proc/kallsyms");
		assert_true(kvmi_symtab_count(t) > 1000);
		assert_int_equal(kvmi_symtab_by_name(t, "_stext", &s,
		    &r.cx->err), 0);
		assert_true(s.addr != 0);
		kvmi_symtab_destroy(t);
	} else if (status != KVMI_EPERM && status != KVMI_ENOTSUP) {
		fail_msg("%s", r.cx->err.text);
	}
	if (status != KVMI_ENOTSUP)
		assert_true(as_nobody(has_no_symbols, &r));
	root_deinit(&r);
}

static void
test_host_types(void **state)
{
	struct kvmi_types *t;
	struct root r;
	uint64_t size;
	int status;

	(void)state;
	host_open(&r);
	status = r.k.os->types(&r.k, r.cx, &t);
	if (status == 0) {
		assert_string_equal(t->where, "BTF in /sys/kernel/btf/vmlinux");
		assert_int_equal(kvmi_type_size(t, "task_struct", &size,
		    &r.cx->err), 0);
		assert_true(size > 1000);
		kvmi_types_close(t);
	} else if (status != KVMI_ENOTSUP) {
		fail_msg("%s", r.cx->err.text);
	}
	root_deinit(&r);
}

static void
test_host_facts(void **state)
{
	static struct kvmi_facts f;
	struct sysinfo si;
	struct root r;

	(void)state;
	host_open(&r);
	r.k.os->facts(&r.k, r.cx, &f);
	assert_int_equal(sysinfo(&si), 0);
	assert_true(f.info.ki_physmem / 1024 ==
	    (uint64_t)si.totalram * si.mem_unit / 1024);
	assert_in_range(time(NULL) - si.uptime - f.info.ki_boottime + 3, 0, 6);
	assert_int_equal(strlen(f.buildid) % 2, 0);
	root_deinit(&r);
}

struct log {
	size_t		 n, stop_at;
	uint64_t	 last_seq;
	bool		 disordered;
	char		 last[256];
	int		 fd;		/* is written to for each; or -1 */
};

static int
take_record(const struct kvm_logrec *rec, void *arg)
{
	static const char another[] = "6,999,1,-;another\n";
	struct log *g = arg;

	if (g->n++ > 0 && rec->kl_seq <= g->last_seq)
		g->disordered = true;
	g->last_seq = rec->kl_seq;
	snprintf(g->last, sizeof(g->last), "%.*s", (int)rec->kl_len,
	    rec->kl_text);
	if (g->fd >= 0)
		assert_int_equal(write(g->fd, another, strlen(another)),
		    strlen(another));
	return (g->n != g->stop_at);
}

/*
 * A pipe of packets reads as /dev/kmsg does: a record at a time, and none is
 * no end.
 */
static void
make_kmsg(struct root *r, int pipe_fd[2])
{
	char path[128], end[64];

	root_init(r);
	root_file(r, "dev/null", "%s", "");
	assert_int_equal(pipe2(pipe_fd, O_DIRECT | O_CLOEXEC), 0);
	snprintf(path, sizeof(path), "%s/dev/kmsg", r->dir);
	snprintf(end, sizeof(end), "/proc/self/fd/%d", pipe_fd[0]);
	assert_int_equal(symlink(end, path), 0);
	root_open(r, true);
	kvmi_damage_reset(r->cx);
}

static void
free_kmsg(struct root *r, int pipe_fd[2])
{
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	root_deinit(r);
}

static void
put(int fd, const char *rec)
{
	assert_int_equal(write(fd, rec, strlen(rec)), strlen(rec));
}

static int
walk(struct root *r, struct log *g, size_t *n)
{
	*n = 0;
	return (r->k.os->log(&r->k, r->cx, take_record, g, n));
}

static void
test_log(void **state)
{
	struct log g = { .fd = -1 };
	struct root r;
	int fd[2];
	size_t n;

	(void)state;
	make_kmsg(&r, fd);
	assert_int_equal(walk(&r, &g, &n), 0);
	assert_int_equal(n, 0);
	put(fd[1], "6,7,1000,-;first\n");
	put(fd[1], "garbage\n");
	put(fd[1], "4,8,2000,-,caller=T1;a\\x0ab\n SUBSYSTEM=x\n");
	assert_int_equal(walk(&r, &g, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(g.n, 2);
	assert_false(g.disordered);
	assert_int_equal(g.last_seq, 8);
	assert_string_equal(g.last, "a\nb");
	assert_int_equal(r.cx->damage, 1);
	assert_non_null(strstr(r.cx->damage_why, "/dev/kmsg"));
	free_kmsg(&r, fd);
}

static void
test_log_stops(void **state)
{
	struct log g = { .fd = -1, .stop_at = 2 };
	struct root r;
	int fd[2];
	size_t n;

	(void)state;
	make_kmsg(&r, fd);
	for (int i = 1; i < 6; i++) {
		char rec[32];

		snprintf(rec, sizeof(rec), "6,%d,0,-;x\n", i);
		put(fd[1], rec);
	}
	assert_int_equal(walk(&r, &g, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(g.last_seq, 2);
	free_kmsg(&r, fd);
}

/* A callback that makes the kernel log does not chase its own tail. */
static void
test_log_grows_while_walked(void **state)
{
	struct log g = { 0 };
	struct root r;
	int fd[2];
	size_t n;

	(void)state;
	make_kmsg(&r, fd);
	g.fd = fd[1];
	put(g.fd, "6,1,0,-;x\n");
	put(g.fd, "6,2,0,-;x\n");
	assert_int_equal(walk(&r, &g, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(g.last_seq, 2);
	free_kmsg(&r, fd);
}

/* As many records and as long ones as the buffers have to grow for. */
static void
test_log_large(void **state)
{
	static char rec[2][8192];
	struct log g = { .fd = -1 };
	char path[128];
	struct root r;
	size_t n;
	FILE *f;

	(void)state;
	root_init(&r);
	for (size_t i = 0; i < 2; i++) {
		int len = snprintf(rec[i], sizeof(rec[i]), "6,%zu,0,-;", i + 1);

		memset(rec[i] + len, 'x', sizeof(rec[i]) - (size_t)len - 1);
		rec[i][sizeof(rec[i]) - 1] = '\n';
	}
	/* A read from a file takes 16384 bytes: two records look like one. */
	root_bytes(&r, "dev/kmsg", rec, sizeof(rec));
	snprintf(path, sizeof(path), "%s/dev/kmsg", r.dir);
	f = fopen(path, "a");
	assert_non_null(f);
	for (int i = 0; i < 499; i++)
		assert_int_equal(fwrite(rec, sizeof(rec), 1, f), 1);
	fclose(f);
	root_open(&r, true);
	kvmi_damage_reset(r.cx);
	assert_int_equal(walk(&r, &g, &n), 0);
	assert_int_equal(n, 500);
	assert_int_equal(r.cx->damage, 0);
	assert_int_equal(strlen(g.last), sizeof(g.last) - 1);
	/* More than anyone's log: an error, and not the end of memory. */
	assert_int_equal(truncate(path, (off_t)300 << 20), 0);
	assert_int_equal(walk(&r, &g, &n), KVMI_ENOMEM);
	assert_int_equal(n, 0);
	root_deinit(&r);
}

static bool
is_refused_log(struct root *r)
{
	struct log g = { .fd = -1 };
	size_t n = 0;
	int status = r->k.os->log(&r->k, r->cx, take_record, &g, &n);

	/* Where dmesg_restrict is 0 anyone may read it. */
	if (status != 0 && (status != KVMI_EPERM ||
	    strstr(r->cx->err.text, "dmesg_restrict") == NULL)) {
		fprintf(stderr, "%d: %s\n", status, r->cx->err.text);
		return (false);
	}
	return (status == 0 || (n == 0 && g.n == 0));
}

static void
test_host_log(void **state)
{
	struct log g = { .fd = -1 };
	struct root r;
	size_t n;
	int status;

	(void)state;
	host_open(&r);
	status = walk(&r, &g, &n);
	if (status == 0) {
		assert_int_equal(n, g.n);
		assert_false(g.disordered);
		assert_int_equal(r.cx->damage, 0);
	} else {
		assert_true(status == KVMI_EPERM || status == KVMI_ENOTSUP);
		assert_string_not_equal(r.cx->err.text, "");
	}
	assert_true(as_nobody(is_refused_log, &r));
	root_deinit(&r);
}

/* Without /dev/kmsg there is still syslog(2). */
static void
test_host_syslog(void **state)
{
	struct log g = { .fd = -1 };
	struct root r;
	size_t n;
	int status;

	(void)state;
	root_init(&r);
	root_open(&r, true);
	status = walk(&r, &g, &n);
	if (status == 0) {
		assert_int_equal(n, g.n);
		assert_false(g.disordered);
		assert_true(n == 0 || g.last_seq == n - 1);
	} else {
		assert_true(status == KVMI_EPERM || status == KVMI_ENOTSUP);
		assert_non_null(strstr(r.cx->err.text, "syslog(2)"));
	}
	assert_true(as_nobody(is_refused_log, &r));
	root_deinit(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_changes),
		cmocka_unit_test(test_memory_opened_by_many),
		cmocka_unit_test(test_memory_refused),
		cmocka_unit_test(test_memory_not_asked_for),
		cmocka_unit_test(test_memory_without_displacement),
		cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_symbols_many),
		cmocka_unit_test(test_symbols_refused),
		cmocka_unit_test(test_symbols_truncated),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_facts_of_nothing),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_log_stops),
		cmocka_unit_test(test_log_grows_while_walked),
		cmocka_unit_test(test_log_large),
		cmocka_unit_test(test_host_symbols),
		cmocka_unit_test(test_host_types),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_in_part),
		cmocka_unit_test(test_write_refused),
		cmocka_unit_test(test_host_facts),
		cmocka_unit_test(test_host_log),
		cmocka_unit_test(test_host_syslog),
	};

	return (cmocka_run_group_tests_name("live_kernel", tests, NULL, NULL));
}
