/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux kernels of the versions that no machine is booted with: memory that a
 * compiler laid out with their structures (tests/mkimage/linux_kernel), which
 * are the arguments of the test.  What is expected is in its values.h.
 */
#include <gelf.h>
#include <inttypes.h>

#include "../mkimage/linux_kernel/values.h"
#include "base/endian.h"
#include "flat_memory.h"
#include "os/linux/cpus.h"
#include "os/linux/infer.h"
#include "os/linux/linux.h"
#include "os/linux/log.h"
#include "typed_file.h"

#define SIZE	UINT64_C(0x80000)
#define ROUNDS	40
#define NSEC	1000000000

struct world {
	const char	*name;
	struct kvmi_kernel k;
	struct kvmi_arch arch;
	struct kvmi_linux l;
	struct kvmi_cx	*cx;
	struct kvmi_elf	*elf;
	struct bytes	 mem, file;
	struct kvmi_procs procs;
};

static char **samples;
static int n_samples;

static const struct kvm_options no_options;

/* Copy the segments of the file to where they lie. */
static void
load(struct world *w)
{
	struct kvmi_src *src;
	const struct kvmi_blob *b = kvmi_elf_bytes(w->elf, &src);
	char *copy = malloc(b->len);
	GElf_Phdr ph;
	Elf *elf;

	assert_non_null(copy);
	memcpy(copy, b->p, b->len);
	elf_version(EV_CURRENT);
	elf = elf_memory(copy, b->len);
	assert_non_null(elf);
	bytes_fill(&w->mem, 0, SIZE);
	for (int i = 0; gelf_getphdr(elf, i, &ph) != NULL; i++) {
		if (ph.p_type != PT_LOAD)
			continue;
		assert_true(kvmi_inside(ph.p_vaddr, ph.p_memsz, SIZE));
		assert_true(kvmi_inside(ph.p_offset, ph.p_filesz, b->len));
		memcpy(w->mem.p + ph.p_vaddr, copy + ph.p_offset,
		    ph.p_filesz);
	}
	elf_end(elf);
	free(copy);
}

static uint64_t
address(struct world *w, const char *name)
{
	uint64_t va;

	if (kvmi_elf_symbol(w->elf, name, &va, &w->cx->err) != 0)
		return (0);
	return (va);
}

static bool
has(struct world *w, const char *member)
{
	struct kvmi_member m;

	return (kvmi_type_first(w->k.types, member, &m, &w->cx->err) == 0);
}

/* What the kernel tells of its log: keys of 56 bytes and their values. */
static size_t
add_numbers(struct world *w, char *text, size_t len, size_t size)
{
	uint64_t at = address(w, "vmcoreinfo");
	unsigned int ptr = w->k.arch->pointer_size;

	for (; at != 0 && w->mem.p[at] != '\0'; at += 56 + ptr)
		len += (size_t)snprintf(text + len, size - len, "%s=%" PRIu64
		    "\n", (const char *)w->mem.p + at,
		    kvmi_get_uint(w->mem.p + at + 56, ptr, w->k.big_endian));
	return (len);
}

static void
set_info(struct world *w)
{
	char text[4096] = "OSRELEASE=" V_RELEASE "\n";
	size_t len = strlen(text);

	/* The key came when the name's place changed. */
	if (!has(w, "uts_namespace.kref"))
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "OFFSET(uts_namespace.name)=0\n");
	len = add_numbers(w, text, len, sizeof(text));
	assert_true(kvmi_vmcoreinfo_init(&w->l.info, text, len));
}

static const struct kvmi_linux_arch *
linux_arch(const struct kvmi_arch *arch)
{
	static const struct kvmi_linux_arch *const table[] = {
		&kvmi_linux_x86_64, &kvmi_linux_i386, &kvmi_linux_arm,
		&kvmi_linux_ppc64, &kvmi_linux_s390x,
	};

	for (size_t i = 0; i < KVMI_COUNT(table); i++)
		if (table[i]->arch->elf_machine == arch->elf_machine)
			return (table[i]);
	fail_msg("%s", arch->name);
	return (NULL);
}

/* Take memory as it is now. */
static void
take(struct world *w)
{
	if (w->k.img != NULL) {
		kvmi_image_close(w->k.img);
		bytes_free(&w->file);
		kvmi_space_flush(w->cx);
	}
	kvmi_damage_reset(w->cx);
	flat_open(&w->k, &w->mem, &w->file);
	/* Where there are tables they are used. */
	if (address(w, "swapper_pg_dir") == 0)
		return;
	w->k.space.ops = &kvmi_space_paged;
	w->k.space.paging = (struct kvmi_paging){ .arch = w->k.arch,
		.root_pa = address(w, "swapper_pg_dir"), .levels = 4 };
}

static bool
make(struct world *w, const char *path)
{
	*w = (struct world){ .name = strrchr(path, '/') + 1 };
	if (!typed_file_open(path, &w->k, &w->arch, &w->elf))
		return (false);
	UTIL_STR(path, w->k.types->ops->name, strstr(path, ".btf") != NULL ?
	    "BTF" : "DWARF");
	w->cx = kvmi_cx_new();
	w->mem.big_endian = w->k.big_endian;
	w->k.os = &kvmi_os_linux;
	w->k.priv = &w->l;
	w->k.opts = &no_options;
	pthread_mutex_init(&w->k.lock, NULL);
	w->l.arch = linux_arch(w->k.arch);
	w->l.va.user_end = UINT64_C(1) << 47;
	assert_int_equal(kvmi_symtab_create(&w->k.syms, &w->cx->err), 0);
	assert_int_equal(kvmi_elf_symbols(w->elf, 0, w->k.syms, &w->cx->err),
	    0);
	load(w);
	set_info(w);
	take(w);
	return (true);
}

static void
done(struct world *w)
{
	free(w->procs.v);
	kvmi_image_close(w->k.img);
	kvmi_types_close(w->k.types);
	kvmi_symtab_destroy(w->k.syms);
	kvmi_elf_close(w->elf);
	kvmi_vmcoreinfo_deinit(&w->l.info);
	kvmi_linux_once_deinit(&w->l);
	pthread_mutex_destroy(&w->k.lock);
	kvmi_cx_free(w->cx);
	bytes_free(&w->file);
	bytes_free(&w->mem);
}

static void
list(struct world *w, bool threads, size_t want)
{
	free(w->procs.v);
	w->procs = (struct kvmi_procs){ 0 };
	UTIL_EQ(w->name, kvmi_linux_procs(&w->k, w->cx, KERN_PROC_ALL, 0,
	    threads, &w->procs), 0);
	UTIL_EQ(w->name, w->cx->damage, 0);
	UTIL_EQ(w->name, w->procs.n, want);
}

static int64_t
nsec(struct kvm_timeval tv)
{
	return (tv.tv_sec * NSEC + tv.tv_usec * 1000);
}

static void
check_others(struct world *w)
{
	const struct kinfo_proc *ki = w->procs.v;

	UTIL_EQ(w->name, ki[0].ki_pid, V_PARENT);
	UTIL_STR(w->name, ki[0].ki_comm, "init");
	UTIL_EQ(w->name, ki[0].ki_stat, SSLEEP);
	UTIL_EQ(w->name, ki[0].ki_tdflags, TDF_SINTR);
	UTIL_EQ(w->name, ki[0].ki_ppid, 0);
	UTIL_EQ(w->name, ki[0].ki_pgid, V_PARENT);
	UTIL_EQ(w->name, ki[0].ki_kiflag, KI_SLEADER);
	UTIL_EQ(w->name, ki[1].ki_pid, 2);
	UTIL_EQ(w->name, ki[1].ki_stat, SSLEEP);
	UTIL_EQ(w->name, ki[1].ki_tdflags, TDF_NOLOAD);
	UTIL_TRUE(w->name, (ki[1].ki_flag & P_KPROC) != 0);
	UTIL_EQ(w->name, ki[1].ki_size, 0);
	UTIL_EQ(w->name, ki[3].ki_pid, V_ZOMBIE);
	UTIL_EQ(w->name, ki[3].ki_stat, SZOMB);
	UTIL_EQ(w->name, ki[3].ki_xstat, V_ZOMBIE_CODE);
	UTIL_EQ(w->name, ki[3].ki_ppid, V_PID);
}

static void
check_worker(struct world *w, const struct kinfo_proc *ki)
{
	uint64_t page = UINT64_C(1) << w->k.arch->page_shift;

	UTIL_EQ(w->name, ki->ki_pid, V_PID);
	UTIL_STR(w->name, ki->ki_comm, "worker");
	UTIL_EQ(w->name, ki->ki_ppid, V_PARENT);
	UTIL_EQ(w->name, ki->ki_pgid, V_PGRP);
	UTIL_EQ(w->name, ki->ki_sid, V_SESSION);
	UTIL_EQ(w->name, ki->ki_tsid, V_SESSION);
	UTIL_EQ(w->name, ki->ki_tpgid, V_PGRP);
	UTIL_EQ(w->name, ki->ki_tdev, V_TTY_MAJOR << 8 | V_TTY_MINOR);
	UTIL_EQ(w->name, ki->ki_stat, SRUN);
	UTIL_EQ(w->name, ki->ki_numthreads, 2);
	UTIL_EQ(w->name, ki->ki_nice, V_NICE);
	UTIL_EQ(w->name, ki->ki_lastcpu, V_CPU);
	UTIL_EQ(w->name, ki->ki_oncpu, V_CPU);
	UTIL_EQ(w->name, ki->ki_ruid, V_UID);
	UTIL_EQ(w->name, ki->ki_uid, V_EUID);
	UTIL_EQ(w->name, ki->ki_rgid, V_GID);
	UTIL_EQ(w->name, ki->ki_svgid, V_GID + 2);
	UTIL_EQ(w->name, ki->ki_ngroups, 2);
	UTIL_EQ(w->name, ki->ki_groups[1], V_GROUP);
	UTIL_EQ(w->name, nsec(ki->ki_start),
	    (V_BOOT + V_START) / 1000 * 1000);
	UTIL_EQ(w->name, ki->ki_runtime, (V_RUNTIME(0) + V_RUNTIME(1) +
	    V_GONE_UTIME + V_GONE_STIME) / 1000);
	UTIL_EQ(w->name, nsec(ki->ki_rusage.ru_utime), V_UTIME(0) +
	    V_UTIME(1) + V_GONE_UTIME);
	UTIL_EQ(w->name, nsec(ki->ki_rusage.ru_stime), V_STIME(0) +
	    V_STIME(1) + V_GONE_STIME);
	UTIL_EQ(w->name, nsec(ki->ki_rusage_ch.ru_utime), V_CHILDREN_UTIME);
	UTIL_EQ(w->name, ki->ki_rusage.ru_minflt, V_FAULTS(0) + V_FAULTS(1));
	UTIL_EQ(w->name, ki->ki_rusage.ru_nvcsw, V_SWITCHES(0) +
	    V_SWITCHES(1));
	UTIL_EQ(w->name, ki->ki_size, V_TOTAL_VM * page);
	UTIL_EQ(w->name, ki->ki_rssize, V_RSS_FILE + V_RSS_ANON +
	    V_RSS_SHARED + 2 * V_RSS_HELD);
	UTIL_EQ(w->name, ki->ki_swrss, V_SWAPPED);
	UTIL_EQ(w->name, ki->ki_dsize, V_DATA_VM);
	UTIL_EQ(w->name, ki->ki_ssize, V_STACK_VM);
	UTIL_EQ(w->name, ki->ki_textvp, 0x1230);
	UTIL_EQ(w->name, ki->ki_sigignore.__bits[0], 1);
	UTIL_EQ(w->name, ki->ki_sigcatch.__bits[0], 2);
	UTIL_EQ(w->name, ki->ki_siglist.__bits[0], 1 << 9);
}

static void
test_procs(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		const struct kinfo_proc *ki;

		if (!make(&w, samples[i]))
			continue;
		list(&w, false, 4);
		check_others(&w);
		check_worker(&w, &w.procs.v[2]);
		list(&w, true, 5);
		ki = &w.procs.v[3];
		UTIL_EQ(w.name, ki->ki_pid, V_PID);
		UTIL_EQ(w.name, ki->ki_tid, V_TID);
		UTIL_STR(w.name, ki->ki_tdname, "second");
		UTIL_EQ(w.name, ki->ki_stat, SSLEEP);
		UTIL_EQ(w.name, ki->ki_tdflags, 0);
		UTIL_EQ(w.name, ki->ki_oncpu, -1);
		UTIL_EQ(w.name, ki->ki_sigmask.__bits[0], 1 << 14);
		UTIL_EQ(w.name, nsec(ki->ki_rusage.ru_utime), V_UTIME(1));
		done(&w);
	}
}

/* A thread is of one process, whatever others' lists say. */
static void
test_shared_threads(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		uint64_t init, worker, signal = 0;
		struct kvmi_member m;

		if (!make(&w, samples[i]))
			continue;
		init = address(&w, "init_proc");
		worker = address(&w, "worker");
		assert_int_equal(kvmi_type_first(w.k.types,
		    "task_struct.signal", &m, &w.cx->err), 0);
		assert_int_equal(kvmi_kread_member(&w.k, w.cx, worker, &m,
		    &signal), 0);
		bytes_poke(&w.mem, init + m.off, signal, m.size);
		take(&w);
		w.cx->damage = 0;
		free(w.procs.v);
		w.procs = (struct kvmi_procs){ 0 };
		assert_int_equal(kvmi_linux_procs(&w.k, w.cx, KERN_PROC_ALL, 0,
		    true, &w.procs), 0);
		/* Two as init's; the worker is there without. */
		UTIL_EQ(w.name, w.procs.n, 5);
		UTIL_EQ(w.name, w.cx->damage, 1);
		UTIL_TRUE(w.cx->damage_why, strstr(w.cx->damage_why,
		    "was there before") != NULL);
		done(&w);
	}
}

static void
check_strings(struct world *w, enum kvmi_strings_kind kind, const char *want,
    size_t len)
{
	struct kvmi_strings s;

	UTIL_EQ(w->name, kvmi_linux_strings(&w->k, w->cx, &w->procs.v[2],
	    kind, 4096, &s), 0);
	UTIL_EQ(w->name, s.len, len);
	UTIL_TRUE(w->name, s.len == len && memcmp(s.p, want, len) == 0);
	free(s.p);
}

static void
test_strings(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		if (!make(&w, samples[i]))
			continue;
		list(&w, false, 4);
		if (w.k.space.ops == &kvmi_space_paged) {
			check_strings(&w, KVMI_ARGV, V_ARGS, sizeof(V_ARGS));
			check_strings(&w, KVMI_ENVV, V_ENV, sizeof(V_ENV));
		}
		done(&w);
	}
}

static void
test_system(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		struct kvmi_facts f = { 0 };
		struct kvmi_swaps swaps = { 0 };
		uint64_t uptime = 0;
		int64_t boot = 0;
		double avg[3];

		if (!make(&w, samples[i]))
			continue;
		UTIL_EQ(w.name, kvmi_linux_loadavg(&w.k, w.cx, avg), 0);
		for (unsigned int j = 0; j < 3; j++)
			UTIL_EQ(w.name, avg[j] * 2, j + 1);
		UTIL_EQ(w.name, kvmi_linux_boottime(&w.k, w.cx, &boot), 0);
		UTIL_EQ(w.name, boot, V_BOOT);
		UTIL_EQ(w.name, kvmi_linux_uptime(&w.k, w.cx, &uptime), 0);
		UTIL_EQ(w.name, uptime, V_MONOTONIC + V_SLEPT);
		kvmi_linux_facts(&w.k, w.cx, &f);
		UTIL_STR(w.name, f.hostname, V_HOST);
		UTIL_STR(w.name, f.release, V_RELEASE);
		UTIL_STR(w.name, f.version, V_VERSION);
		UTIL_EQ(w.name, kvmi_linux_swaps(&w.k, w.cx, &swaps), 0);
		UTIL_EQ(w.name, swaps.n, 1);
		if (swaps.n == 1) {
			UTIL_EQ(w.name, swaps.v[0].total, V_SWAP_PAGES);
			UTIL_EQ(w.name, swaps.v[0].used, V_SWAP_USED);
		}
		free(swaps.v);
		done(&w);
	}
}

static uint64_t
ticks_of(unsigned int state)
{
	return ((uint64_t)(V_CPUTIME(0, state) + V_CPUTIME(1, state)) /
	    (NSEC / 100));
}

static void
test_cpus(void **state)
{
	uint64_t ticks[CPUSTATES];
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		uint32_t running, max;

		if (!make(&w, samples[i]))
			continue;
		UTIL_EQ(w.name, kvmi_linux_cpus(&w.k, w.cx, &running, &max),
		    0);
		UTIL_EQ(w.name, running, 2);
		UTIL_EQ(w.name, max, 2);
		UTIL_EQ(w.name, kvmi_linux_cptime(&w.k, w.cx, ticks), 0);
		UTIL_EQ(w.name, ticks[CP_USER], ticks_of(0));
		UTIL_EQ(w.name, ticks[CP_NICE], ticks_of(1));
		UTIL_EQ(w.name, ticks[CP_SYS], ticks_of(2));
		UTIL_EQ(w.name, ticks[CP_INTR], ticks_of(3) + ticks_of(4));
		UTIL_EQ(w.name, ticks[CP_IDLE], (V_IDLE(0) + V_IOWAIT(0) +
		    V_IDLE(1) + V_IOWAIT(1) + V_MONOTONIC - V_IDLE_SINCE) /
		    (NSEC / 100));
		/* A kernel whose ticks never stop has all in one place. */
		bytes_poke(&w.mem, address(&w, "tick_nohz_active"), 0,
		    w.k.arch->pointer_size);
		take(&w);
		UTIL_EQ(w.name, kvmi_linux_cptime(&w.k, w.cx, ticks), 0);
		UTIL_EQ(w.name, ticks[CP_IDLE], ticks_of(5) + ticks_of(6));
		done(&w);
	}
}

static int
on_module(const struct kvm_module *m, void *arg)
{
	struct world *w = arg;

	UTIL_STR(w->name, m->km_name, "made");
	UTIL_EQ(w->name, m->km_addr, V_MODULE_BASE);
	UTIL_EQ(w->name, m->km_size, V_MODULE_SIZE);
	return (1);
}

static void
test_modules(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		size_t n = 0;

		if (!make(&w, samples[i]))
			continue;
		UTIL_EQ(w.name, kvmi_linux_modules(&w.k, w.cx, on_module, &w,
		    &n), 0);
		UTIL_EQ(w.name, n, 1);
		done(&w);
	}
}

static int
on_record(const struct kvm_logrec *rec, void *arg)
{
	struct world *w = arg;
	bool first = rec->kl_seq == V_LOG_SEQ;
	const char *want = first ? V_LOG_FIRST : V_LOG_SECOND;

	UTIL_EQ(w->name, rec->kl_level, first ? 5 : 3);
	UTIL_EQ(w->name, rec->kl_facility, first ? 1 : 2);
	UTIL_EQ(w->name, rec->kl_nsec, first ? 1000 : 2000);
	UTIL_EQ(w->name, rec->kl_len, strlen(want));
	UTIL_TRUE(w->name, memcmp(rec->kl_text, want, strlen(want)) == 0);
	return (1);
}

static void
test_log(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		size_t n = 0;

		if (!make(&w, samples[i]))
			continue;
		UTIL_EQ(w.name, kvmi_linux_log(&w.k, w.cx, on_record, &w, &n),
		    0);
		UTIL_EQ(w.name, n, 2);
		UTIL_EQ(w.name, w.cx->damage, 0);
		done(&w);
	}
}

/* The dump has a hole where the text of the second record was. */
static void
test_log_hole(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		const uint8_t *text;
		uint8_t *hole;
		size_t n = 0;

		if (!make(&w, samples[i]))
			continue;
		text = memmem(w.mem.p, w.mem.len, V_LOG_SECOND,
		    strlen(V_LOG_SECOND));
		assert_non_null(text);
		hole = w.mem.p + (text - w.mem.p) - w.k.arch->pointer_size;
		if (kvmi_linux_log_is_old(&w.k, w.cx)) {
			done(&w);
			continue;
		}
		memset(hole, 0, w.k.arch->pointer_size +
		    strlen(V_LOG_SECOND));
		take(&w);
		UTIL_EQ(w.name, kvmi_linux_log(&w.k, w.cx, on_record, &w, &n),
		    0);
		UTIL_EQ(w.name, n, 1);
		done(&w);
	}
}

static int
ignore_module(const struct kvm_module *m, void *arg)
{
	(void)m;
	(void)arg;
	return (1);
}

static int
ignore_record(const struct kvm_logrec *rec, void *arg)
{
	(void)rec;
	(void)arg;
	return (1);
}

/* Ask for everything: what is wrong fails or is damage, with a reason. */
static void
use(struct world *w)
{
	struct kvmi_facts f = { 0 };
	struct kvmi_swaps swaps = { 0 };
	uint64_t ticks[CPUSTATES];
	struct kvmi_strings s;
	struct kvmi_types *t;
	size_t n = 0;

	take(w);
	free(w->procs.v);
	w->procs = (struct kvmi_procs){ 0 };
	kvmi_linux_procs(&w->k, w->cx, KERN_PROC_ALL, 0, true, &w->procs);
	for (size_t i = 0; i < w->procs.n; i++) {
		if (kvmi_linux_strings(&w->k, w->cx, &w->procs.v[i],
		    KVMI_ARGV, 4096, &s) != 0)
			UTIL_TRUE(w->name, w->cx->err.text[0] != '\0');
		free(s.p);
	}
	kvmi_linux_cptime(&w->k, w->cx, ticks);
	kvmi_linux_swaps(&w->k, w->cx, &swaps);
	kvmi_linux_modules(&w->k, w->cx, ignore_module, w, &n);
	kvmi_linux_log(&w->k, w->cx, ignore_record, w, &n);
	kvmi_linux_facts(&w->k, w->cx, &f);
	/* These structures have not all that lies between in a kernel's. */
	UTIL_EQ(w->name, kvmi_linux_infer(&w->k, w->cx, &t), KVMI_ENOTSUP);
	UTIL_TRUE(w->name, w->cx->damage == 0 || w->cx->damage_why[0] != '\0');
	free(swaps.v);
}

/* Any word of memory may be any other. */
static void
test_damaged(void **state)
{
	static const char *const aims[] = { "init_task", "worker", "modules",
		"swap_info", "runqueues", "nr_cpu_ids", "init_proc", "tk_core",
		"second", "init_uts_ns" };
	uint64_t seed = 4;
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		uint8_t *good;

		if (!make(&w, samples[i]))
			continue;
		good = malloc(SIZE);
		assert_non_null(good);
		memcpy(good, w.mem.p, SIZE);
		for (unsigned int round = 0; round < ROUNDS; round++) {
			for (unsigned int j = 0; j < 3; j++) {
				uint64_t at = address(&w, aims[util_random(
				    &seed) % KVMI_COUNT(aims)]);
				uint64_t v = util_random(&seed);

				at += util_random(&seed) % 1024 / 4 * 4;
				bytes_poke(&w.mem, at, v % 3 == 0 ? v :
				    v % SIZE, w.k.arch->pointer_size);
			}
			use(&w);
			memcpy(w.mem.p, good, SIZE);
		}
		free(good);
		done(&w);
	}
}

/* More than one thread lists, and one of them more than one share. */
#define CROWD	3500
#define CROWD_PID	1000

/* CROWD kernel threads at the end of the list; their size. */
static uint64_t
add_crowd(struct world *w)
{
	unsigned int ptr = w->k.arch->pointer_size;
	struct kvmi_member tasks, pid, tgid;
	uint64_t size, at, head, last, like = address(w, "kthreadd");
	struct kvmi_err *err = &w->cx->err;

	assert_int_equal(kvmi_type_size(w->k.types, "task_struct", &size, err),
	    0);
	assert_int_equal(kvmi_type_first(w->k.types, "task_struct.tasks",
	    &tasks, err), 0);
	assert_int_equal(kvmi_type_first(w->k.types, "task_struct.pid", &pid,
	    err), 0);
	assert_int_equal(kvmi_type_first(w->k.types, "task_struct.tgid", &tgid,
	    err), 0);
	size = (size + 63) & ~UINT64_C(63);
	bytes_fill(&w->mem, 0, CROWD * size);
	head = address(w, "init_task") + tasks.off;
	last = kvmi_get_uint(w->mem.p + head + ptr, ptr, w->k.big_endian);
	at = SIZE;
	for (unsigned int i = 0; i < CROWD; i++, at += size) {
		memcpy(w->mem.p + at, w->mem.p + like, size);
		bytes_poke(&w->mem, at + pid.off, CROWD_PID + i, 4);
		bytes_poke(&w->mem, at + tgid.off, CROWD_PID + i, 4);
		bytes_poke(&w->mem, at + tasks.off + ptr, last, ptr);
		bytes_poke(&w->mem, last, at + tasks.off, ptr);
		last = at + tasks.off;
	}
	bytes_poke(&w->mem, last, head, ptr);
	bytes_poke(&w->mem, head + ptr, last, ptr);
	return (size);
}

static void
test_crowd(void **state)
{
	struct world w;

	(void)state;
	for (int i = 0; i < n_samples; i++) {
		struct kvmi_member cred;
		uint64_t size;

		if (!make(&w, samples[i]))
			continue;
		/* Tables map no more than there was. */
		if (address(&w, "swapper_pg_dir") != 0) {
			done(&w);
			continue;
		}
		size = add_crowd(&w);
		take(&w);
		list(&w, false, 4 + CROWD);
		for (unsigned int j = 0; j < CROWD; j++) {
			const struct kinfo_proc *ki = &w.procs.v[
			    w.procs.n - CROWD + j];

			UTIL_EQ(w.name, ki->ki_pid, CROWD_PID + j);
			UTIL_EQ(w.name, ki->ki_paddr, SIZE + j * size);
			UTIL_TRUE(w.name, (ki->ki_flag & P_KPROC) != 0);
		}
		/* Whoever listed the last one has to say what it lacks. */
		UTIL_EQ(w.name, kvmi_type_first(w.k.types, "task_struct.cred",
		    &cred, &w.cx->err), 0);
		bytes_poke(&w.mem, SIZE + (CROWD - 1) * size + cred.off,
		    w.mem.len, w.k.arch->pointer_size);
		take(&w);
		free(w.procs.v);
		w.procs = (struct kvmi_procs){ 0 };
		UTIL_EQ(w.name, kvmi_linux_procs(&w.k, w.cx, KERN_PROC_ALL, 0,
		    false, &w.procs), 0);
		UTIL_EQ(w.name, w.procs.n, 4 + CROWD);
		UTIL_EQ(w.name, w.cx->damage, 1);
		UTIL_TRUE(w.name, strstr(w.cx->damage_why, "process 4499 ") !=
		    NULL);
		done(&w);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_procs),
		cmocka_unit_test(test_shared_threads),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_modules),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_log_hole),
		cmocka_unit_test(test_damaged),
	};

	samples = argv + 1;
	n_samples = argc - 1;
	return (cmocka_run_group_tests(tests, NULL, util_report));
}
