/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs as root inside a test guest: reads the running kernel and writes down
 * what it saw, for test_guest to hold against the dump.  Lines:
 *
 *	kerndisp DISP
 *	sym NAME ADDRESS
 *	read ADDRESS LENGTH HASH	(FNV-1a of the bytes)
 *	fail ADDRESS LENGTH KIND
 *	kinfo process|thread HEX	(the bytes of its struct kinfo_proc)
 *	strings PID HASH HASH		(of arguments and environment)
 *	place ADDRESS PHYSICAL
 *	percpu NAME CPU VALUE
 *	cpus RUNNING MAX
 *	type NAME SIZE			(0: there is none of that name)
 *
 * and "check NAME ok|WRONG" for what it can judge itself.
 */
#include <kvm.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confined.h"
#include "fnv.h"

#define READS	2000
#define MAX_LEN	65536

static int wrong;

static void
check(const char *name, bool ok, const char *why)
{
	printf("check %s %s%s%s\n", name, ok ? "ok" : "WRONG",
	    ok ? "" : ": ", ok ? "" : why);
	wrong += !ok;
}

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state);
}

static void
record(kvm_t *kd, kvaddr_t va, size_t len)
{
	static uint8_t buf[MAX_LEN];
	ssize_t n = kvm_read2(kd, va, buf, len);

	if (n == (ssize_t)len)
		printf("read %" PRIx64 " %zu %016" PRIx64 "\n", va, len,
		    fnv1a(buf, len));
	else
		printf("fail %" PRIx64 " %zu %d\n", va, len,
		    (int)kvm_errkind(kd));
}

/* Random pieces of what does not change once the kernel is up. */
static void
record_area(kvm_t *kd, const char *start, const char *end)
{
	struct kvm_nlist nl[] = { { .n_name = start }, { .n_name = end },
		{ 0 } };
	uint64_t rnd = 0x853c49e6748fea9b;

	if (kvm_nlist2(kd, nl) != 0 || nl[1].n_value <= nl[0].n_value) {
		check(start, false, kvm_geterr(kd));
		return;
	}
	for (int i = 0; i < READS; i++) {
		uint64_t size = nl[1].n_value - nl[0].n_value;
		size_t len = 1 + next_random(&rnd) %
		    (i % 2 == 0 ? 64 : MAX_LEN);

		if (len > size)
			len = size;
		record(kd, nl[0].n_value + next_random(&rnd) %
		    (size - len + 1), len);
	}
}

/* The code of the modules, whose addresses /proc/modules has. */
static void
record_modules(kvm_t *kd)
{
	FILE *f = fopen("/proc/modules", "r");
	char line[512], name[128];
	uint64_t va;
	unsigned int size;
	int n = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%127s %u %*s %*s %*s %" SCNx64, name, &size,
		    &va) == 3) {
			for (uint64_t at = 0; at + 512 <= 4096; at += 512)
				record(kd, va + at, 512);
			n++;
		}
	if (f != NULL)
		fclose(f);
	check("modules", n > 0, "no module is loaded");
}

static void
check_banner(kvm_t *kd)
{
	struct kvm_nlist nl[] = { { .n_name = "_linux_banner" },
		{ .n_name = "no_such_symbol" }, { .n_name = "init_task" },
		{ 0 } };
	char want[512] = "", have[512] = "";
	int fd = open("/proc/version", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, want, sizeof(want) - 1);

	check("nlist counts one missing", kvm_nlist2(kd, nl) == 1,
	    kvm_geterr(kd));
	check("linux_banner", n > 0 && kvm_read2(kd, nl[0].n_value, have,
	    (size_t)n) == n && memcmp(want, have, (size_t)n) == 0,
	    kvm_geterr(kd));
	check("a hole fails", kvm_read2(kd, 0x10000, have, 8) == -1 &&
	    kvm_errkind(kd) == KVM_ERR_NOTMAPPED, kvm_geterr(kd));
	check("native", kvm_native(kd) == 1, "");
	printf("kerndisp %" PRId64 "\n", (int64_t)kvm_kerndisp(kd));
	for (size_t i = 0; nl[i].n_name != NULL; i++)
		if (nl[i].n_type != 0)
			printf("sym %s %" PRIx64 "\n", nl[i].n_name,
			    nl[i].n_value);
}

static void
record_kinfo(const char *what, const struct kinfo_proc *ki)
{
	const uint8_t *p = (const uint8_t *)ki;

	printf("kinfo %s ", what);
	for (size_t i = 0; i < sizeof(*ki); i++)
		printf("%02x", p[i]);
	putchar('\n');
}

static void
record_procs(kvm_t *kd)
{
	struct kinfo_proc *p;
	bool self = false;
	int n = 0;

	p = kvm_getprocs(kd, KERN_PROC_PROC, 0, &n);
	check("getprocs", p != NULL && n > 10, kvm_geterr(kd));
	for (int i = 0; i < n; i++) {
		self |= p[i].ki_pid == getpid() && p[i].ki_ppid == getppid();
		if (p[i].ki_pid != getpid())
			record_kinfo("process", &p[i]);
	}
	check("getprocs lists this process", self, "it is missing");
	p = kvm_getprocs(kd, KERN_PROC_ALL, 0, &n);
	check("getprocs of threads", p != NULL && n > 10, kvm_geterr(kd));
	for (int i = 0; i < n; i++)
		if (p[i].ki_pid != getpid())
			record_kinfo("thread", &p[i]);
}

static void
record_strings(kvm_t *kd)
{
	struct kinfo_proc *p;
	int n = 0, missing = 0;

	p = kvm_getprocs(kd, KERN_PROC_PROC, 0, &n);
	for (int i = 0; p != NULL && i < n; i++) {
		char **v = kvm_getargv(kd, &p[i], 0);
		uint64_t hash = hash_strings(v);

		missing += v == NULL;
		v = kvm_getenvv(kd, &p[i], 0);
		missing += v == NULL;
		if (p[i].ki_pid != getpid())
			printf("strings %d %016" PRIx64 " %016" PRIx64 "\n",
			    p[i].ki_pid, hash, hash_strings(v));
	}
	check("arguments and environment", p != NULL && missing == 0,
	    kvm_geterr(kd));
}

static void
check_user_memory(kvm_t *kd)
{
	char text[] = "of this process", copy[sizeof(text)] = "";
	struct kinfo_proc *p;
	int n = 0;

	p = kvm_getprocs(kd, KERN_PROC_PID, getpid(), &n);
	check("uread", p != NULL && n == 1 && kvm_uread(kd, p,
	    (uintptr_t)text, copy, sizeof(copy)) == (ssize_t)sizeof(copy) &&
	    strcmp(text, copy) == 0, kvm_geterr(kd));
	check("uread of no page", p != NULL && kvm_uread(kd, p, 4096, copy,
	    1) == -1 && kvm_errkind(kd) == KVM_ERR_NOTMAPPED,
	    kvm_geterr(kd));
}

/* What a CPU has of its own and never changes: where its area is. */
static void
record_percpu(kvm_t *kd)
{
	struct kvm_symbol off, start;
	int max = kvm_getmaxcpu(kd);
	uint64_t value, here, sum = 0;
	uint8_t *area;

	printf("cpus %d %d\n", kvm_getncpus(kd), max);
	if (kvm_symbol_by_name(kd, "this_cpu_off", &off) != 0 ||
	    kvm_symbol_by_name(kd, "__per_cpu_start", &start) != 0) {
		check("per-CPU symbols", false, kvm_geterr(kd));
		return;
	}
	for (int cpu = 0; cpu < max; cpu++) {
		bool read = kvm_read_zpcpu(kd, off.ks_value, &value,
		    sizeof(value), cpu) == (ssize_t)sizeof(value);

		check("read_zpcpu", read, kvm_geterr(kd));
		area = kvm_getpcpu(kd, cpu);
		check("getpcpu", area != NULL && area != (void *)-1,
		    kvm_geterr(kd));
		if (!read || area == NULL || area == (void *)-1)
			continue;
		memcpy(&here, area + (off.ks_value - start.ks_value), 8);
		check("getpcpu has the same", here == value, "it has not");
		free(area);
		sum += value;
		printf("percpu this_cpu_off %d %016" PRIx64 "\n", cpu, value);
	}
	check("counter", kvm_counter_u64_fetch(kd, off.ks_value) == sum,
	    kvm_geterr(kd));
	check("no such CPU", kvm_getpcpu(kd, max) == NULL &&
	    kvm_read_zpcpu(kd, off.ks_value, &value, 8, max) == -1,
	    "there is one");
}

/* Of the kernel and of modules, whose BTF has been there since 5.11. */
static void
record_types(kvm_t *kd)
{
	static const char *const name[] = { "task_struct", "loop_device",
		"loop:loop_device", "bridge:net_bridge", "net_bridge",
		"bridge:list_head", "loop:net_bridge", "nothing:list_head" };
	bool had = access("/sys/kernel/btf/loop", F_OK) == 0;
	uint64_t size;

	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		size = 0;
		kvm_type_size(kd, name[i], &size);
		printf("type %s %" PRIu64 "\n", name[i], size);
	}
	size = 0;
	check("types of modules", !had || (kvm_type_size(kd,
	    "loop:loop_device", &size) == 0 && size > 0), kvm_geterr(kd));
}

/*
 * Debian's kernels keep their memory to themselves.  To see that such a write
 * is refused and does nothing, it is one of what is there already.
 */
static void
check_write(void)
{
	char why[2048] = "", byte = 0, same = 1;
	kvm_t *kd = kvm_open2(NULL, NULL, O_RDWR, why, NULL);
	struct kvm_symbol s;
	kpaddr_t pa = 0;
	ssize_t n;

	check("open for writing", kd != NULL, why);
	if (kd == NULL)
		return;
	check("symbol to write to", kvm_symbol_by_name(kd, "linux_banner",
	    &s) == 0 && kvm_read2(kd, s.ks_value, &byte, 1) == 1,
	    kvm_geterr(kd));
	check("vtophys", kvm_vtophys(kd, s.ks_value, &pa, NULL) == 0 &&
	    kvm_read_phys(kd, pa, &same, 1) == 1 && same == byte,
	    kvm_geterr(kd));
	printf("place %" PRIx64 " %" PRIx64 "\n", s.ks_value, pa);
	n = kvm_write(kd, s.ks_value, &byte, 1);
	check("write", n == -1 && kvm_errkind(kd) == KVM_ERR_PERM &&
	    strstr(kvm_geterr(kd), "STRICT_DEVMEM") != NULL,
	    n == -1 ? kvm_geterr(kd) : "it was let through");
	n = kvm_write(kd, 0x1000, &byte, 1);
	check("write to a hole", n == -1 && kvm_errkind(kd) ==
	    KVM_ERR_NOTMAPPED, kvm_geterr(kd));
	kvm_close(kd);
}

int
main(void)
{
	char why[2048] = "";
	kvm_t *kd = kvm_open2(NULL, NULL, O_RDONLY, why, NULL);
	int skipped;

	check("open", kd != NULL, why);
	if (kd == NULL)
		return (1);
	check_banner(kd);
	record_area(kd, "_stext", "_etext");
	record_area(kd, "__start_rodata", "__end_rodata");
	record_modules(kd);
	record_procs(kd);
	record_strings(kd);
	check_user_memory(kd);
	check_write();
	record_percpu(kd);
	record_types(kd);
	check("confined", check_confined(&skipped) == 0 && skipped == 0,
	    "see above");
	check("close", kvm_close(kd) == 0, "");
	return (wrong != 0);
}
