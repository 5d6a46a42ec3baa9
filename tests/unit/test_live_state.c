/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load, CPU times, swap, CPUs, and the strings and memory of processes: their
 * parsers, made-up roots, and the host that the test runs on.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/math.h"
#include "build_bytes.h"
#include "live/parse.h"
#include "test_live_root.h"

static void
test_parse_loadavg(void **state)
{
	static const struct { const char *text; bool ok; double first, last; }
	    row[] = {
		{ "0.16 0.03 0.01 3/99 192\n", true, 0.16, 0.01 },
		{ "1234.00 0.99 10.50 1/1 1\n", true, 1234, 10.5 },
		{ "0.16 0.03", false, 0, 0 },
		{ "0.16 0.03 0.01", false, 0, 0 },
		{ "0.1 0.03 0.01 ", false, 0, 0 },
		{ "0.160 0.03 0.01 ", false, 0, 0 },
		{ "-0.16 0.03 0.01 ", false, 0, 0 },
		{ "4294967296.00 0.03 0.01 ", false, 0, 0 },
		{ "0 0 0 ", false, 0, 0 },
		{ "", false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		double avg[3] = { -1, -1, -1 };
		char *p = exact(row[i].text, strlen(row[i].text));

		assert_int_equal(kvmi_parse_loadavg(p, strlen(row[i].text),
		    avg), row[i].ok);
		free(p);
		if (!row[i].ok) {
			assert_true(avg[0] == -1 && avg[2] == -1);
			continue;
		}
		assert_true(fabs(avg[0] - row[i].first) < 1e-9);
		assert_true(fabs(avg[2] - row[i].last) < 1e-9);
	}
}

static void
test_parse_cpu_times(void **state)
{
	static const struct { const char *text; bool ok;
	    uint64_t ticks[CPUSTATES]; } row[] = {
		{ "cpu  1 20 300 4000 50000 600000 7000000 8 9 10\ncpu0 1\n",
		    true, { 1, 20, 300, 7600000, 54000 } },
		{ "cpu  1 2 3 4 5 6 7\n", true, { 1, 2, 3, 13, 9 } },
		{ "cpu  1 2 3 4 5 6\n", false, { 0 } },
		{ "cpu  1 2 3 4 5 6 7", false, { 0 } },
		{ "cpu0 1 2 3 4 5 6 7\n", false, { 0 } },
		{ "cpu  1 2 x 4 5 6 7\n", false, { 0 } },
		{ "cpu  1 2 3 4 5 6 7x\n", false, { 0 } },
		{ "cpu  0 0 0 18446744073709551615 1 0 0\n", false, { 0 } },
		{ "cp\n", false, { 0 } },
		{ "", false, { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint64_t ticks[CPUSTATES] = { 0 };
		char *p = exact(row[i].text, strlen(row[i].text));

		assert_int_equal(kvmi_parse_cpu_times(p, strlen(row[i].text),
		    ticks), row[i].ok);
		free(p);
		assert_memory_equal(ticks, row[i].ticks, sizeof(ticks));
	}
}

static void
test_parse_cpus(void **state)
{
	static const struct { const char *text; bool ok;
	    uint32_t count, end; } list[] = {
		{ "0-3\n", true, 4, 4 },
		{ "0", true, 1, 1 },
		{ "0-1,3,8-9\n", true, 5, 10 },
		{ "2147483646\n", true, 1, INT32_MAX },
		{ "2147483647\n", false, 0, 0 },
		{ "\n", false, 0, 0 },
		{ "", false, 0, 0 },
		{ "3-0\n", false, 0, 0 },
		{ "0-3,2\n", false, 0, 0 },
		{ "0,\n", false, 0, 0 },
		{ "0-\n", false, 0, 0 },
		{ "0;1\n", false, 0, 0 },
	}, lines[] = {
		{ "cpu  1 2\ncpu0 1\ncpu2 1\nintr 1\n", true, 2, 3 },
		{ "cpu  1 2\nintr 1\n", false, 0, 0 },
		{ "cpu1 1\ncpu0 1\n", false, 0, 0 },
		{ "cpu0 1\ncpu1 1", false, 0, 0 },
		{ "cpux 1\n", false, 0, 0 },
		{ "cpu", false, 0, 0 },
	};
	uint32_t count, end;
	char *p;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(list); i++) {
		p = exact(list[i].text, strlen(list[i].text));
		assert_int_equal(kvmi_parse_cpu_list(p, strlen(list[i].text),
		    &count, &end), list[i].ok);
		free(p);
		assert_true(!list[i].ok || (count == list[i].count &&
		    end == list[i].end));
	}
	for (size_t i = 0; i < KVMI_COUNT(lines); i++) {
		p = exact(lines[i].text, strlen(lines[i].text));
		assert_int_equal(kvmi_parse_cpu_lines(p,
		    strlen(lines[i].text), &count, &end), lines[i].ok);
		free(p);
		assert_true(!lines[i].ok || (count == lines[i].count &&
		    end == lines[i].end));
	}
}

static void
test_parse_swap(void **state)
{
	static const struct { const char *text; bool ok; const char *name;
	    uint64_t size, used; } row[] = {
		{ "/dev/sda2                               partition\t8388604"
		    "\t\t512\t\t-2", true, "/dev/sda2", 8388604, 512 },
		{ "/a\\040b\\011c\\134d file 100 0 -3", true, "/a b\tc\\d", 100,
		    0 },
		{ "/x\\9 file\t1\t2", true, "/x\\9", 1, 2 },
		{ "/x\\04 file\t1\t2", true, "/x\\04", 1, 2 },
		{ "/0123456789012345678901234567890123456789012345678901234567"
		    "890123456789 file 1 2 3", true,
		    "/01234567890123456789012345678901234567890123456789012345"
		    "678901", 1, 2 },
		{ "/x\\04", false, NULL, 0, 0 },
		{ "/x file 1", false, NULL, 0, 0 },
		{ "/x file -1 2", false, NULL, 0, 0 },
		{ "/x file 1 2x", false, NULL, 0, 0 },
		{ "/x 1 2", false, NULL, 0, 0 },
		{ " file 1 2", false, NULL, 0, 0 },
		{ "", false, NULL, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvmi_proc_swap s;
		char *p = exact(row[i].text, strlen(row[i].text));

		assert_int_equal(kvmi_parse_swap(p, strlen(row[i].text), &s),
		    row[i].ok);
		free(p);
		if (!row[i].ok)
			continue;
		assert_string_equal(s.name, row[i].name);
		assert_int_equal(s.size_kib, row[i].size);
		assert_int_equal(s.used_kib, row[i].used);
	}
}

static void
test_system(void **state)
{
	long page = sysconf(_SC_PAGESIZE);
	uint64_t ticks[CPUSTATES];
	uint32_t running, max;
	struct kvmi_swaps s;
	double avg[3];
	struct root r;

	(void)state;
	root_init(&r);
	root_file(&r, "proc/loadavg", "1.50 2.25 3.75 1/2 3\n");
	root_file(&r, "proc/stat", "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1\n"
	    "cpu5 1\nintr 5\n");
	root_file(&r, "proc/swaps", "Filename Type Size Used Priority\n"
	    "/dev/dm-1 partition\t%ld\t%ld\t-2\n/swap\\040file file\t%ld\t0\t"
	    "-3\n", 10 * page / 1024, 3 * page / 1024, page / 1024);
	root_open(&r, false);
	assert_int_equal(kvmi_os_live_linux.loadavg(&r.k, r.cx, avg), 0);
	assert_true(avg[0] == 1.5 && avg[1] == 2.25 && avg[2] == 3.75);
	assert_int_equal(kvmi_os_live_linux.cptime(&r.k, r.cx, ticks), 0);
	assert_int_equal(ticks[CP_INTR], 13);
	assert_int_equal(kvmi_os_live_linux.cpus(&r.k, r.cx, &running, &max),
	    0);
	assert_int_equal(running, 2);
	assert_int_equal(max, 6);
	root_file(&r, "sys/devices/system/cpu/online", "0-1,3\n");
	root_file(&r, "sys/devices/system/cpu/possible", "0-7\n");
	assert_int_equal(kvmi_os_live_linux.cpus(&r.k, r.cx, &running, &max),
	    0);
	assert_int_equal(running, 3);
	assert_int_equal(max, 8);
	assert_int_equal(kvmi_os_live_linux.swaps(&r.k, r.cx, &s), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.v[0].name, "dm-1");
	assert_true(s.v[0].device);
	assert_int_equal(s.v[0].total, 10);
	assert_int_equal(s.v[0].used, 3);
	assert_int_equal(s.v[0].flags, 3);
	assert_string_equal(s.v[1].name, "/swap file");
	assert_false(s.v[1].device);
	free(s.v);
	root_deinit(&r);
}

static void
test_system_refused(void **state)
{
	uint64_t ticks[CPUSTATES];
	uint32_t running, max;
	struct kvmi_swaps s;
	double avg[3];
	struct root r;

	(void)state;
	root_init(&r);
	root_open(&r, false);
	/* No procfs: not a kernel without swap. */
	assert_int_equal(kvmi_os_live_linux.swaps(&r.k, r.cx, &s),
	    KVMI_ENOTSUP);
	assert_non_null(strstr(r.cx->err.text, "proc/swaps"));
	assert_int_equal(kvmi_os_live_linux.loadavg(&r.k, r.cx, avg),
	    KVMI_ENOTSUP);
	assert_non_null(strstr(r.cx->err.text, "proc/loadavg"));
	assert_int_equal(kvmi_os_live_linux.cptime(&r.k, r.cx, ticks),
	    KVMI_ENOTSUP);
	assert_int_equal(kvmi_os_live_linux.cpus(&r.k, r.cx, &running, &max),
	    KVMI_ENOTSUP);
	root_file(&r, "proc/loadavg", "rubbish\n");
	assert_int_equal(kvmi_os_live_linux.loadavg(&r.k, r.cx, avg),
	    KVMI_EFORMAT);
	assert_int_equal(kvmi_os_live_linux.swaps(&r.k, r.cx, &s), 0);
	assert_int_equal(s.n, 0);
	root_file(&r, "proc/swaps", "Filename\n/good file 4 4\n/bad file\n");
	assert_int_equal(kvmi_os_live_linux.swaps(&r.k, r.cx, &s),
	    KVMI_EFORMAT);
	assert_null(s.v);
	root_deinit(&r);
}

/* A process that started 12345 ticks after boot. */
static struct kinfo_proc
fake_process(const struct root *r, int32_t pid, const char *cmdline,
    size_t len)
{
	long hz = sysconf(_SC_CLK_TCK);
	struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE,
		.ki_pid = pid };
	char path[64];

	ki.ki_start.tv_sec = 1000000 + 12345 / hz;
	ki.ki_start.tv_usec = 12345 % hz * 1000000 / hz;
	root_file(r, "proc/stat", "btime 1000000\n");
	snprintf(path, sizeof(path), "proc/%" PRId32 "/stat", pid);
	root_file(r, path, "%" PRId32 " (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 "
	    "0 1 0 12345 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0\n", pid);
	snprintf(path, sizeof(path), "proc/%" PRId32 "/cmdline", pid);
	root_bytes(r, path, cmdline, len);
	return (ki);
}

static void
test_strings(void **state)
{
	static const char text[] = "prog\0\0two words";
	static const size_t max[] = { 1, 4, 5, 6, 7, 15, 16, 100000 };
	struct kvmi_strings s;
	struct kinfo_proc ki;
	struct root r;

	(void)state;
	root_init(&r);
	ki = fake_process(&r, 77, text, sizeof(text));
	root_open(&r, false);
	for (size_t i = 0; i < KVMI_COUNT(max); i++) {
		assert_int_equal(kvmi_os_live_linux.strings(&r.k, r.cx, &ki,
		    KVMI_ARGV, max[i], &s), 0);
		assert_int_equal(s.len, kvmi_min(max[i], sizeof(text)));
		assert_memory_equal(s.p, text, s.len);
		free(s.p);
	}
	/* More than is read at once. */
	ki = fake_process(&r, 78, (char[100000]){ 'x' }, 100000);
	assert_int_equal(kvmi_os_live_linux.strings(&r.k, r.cx, &ki,
	    KVMI_ARGV, 99999, &s), 0);
	assert_int_equal(s.len, 99999);
	free(s.p);
	ki = fake_process(&r, 79, "", 0);
	assert_int_equal(kvmi_os_live_linux.strings(&r.k, r.cx, &ki,
	    KVMI_ARGV, 100, &s), 0);
	assert_int_equal(s.len, 0);
	free(s.p);
	root_deinit(&r);
}

static void
test_other_process(void **state)
{
	struct kvmi_strings s;
	struct kinfo_proc ki;
	struct root r;
	size_t done;
	char c;

	(void)state;
	root_init(&r);
	ki = fake_process(&r, 77, "a", 2);
	root_open(&r, false);
	ki.ki_start.tv_usec += 10000;
	assert_int_equal(kvmi_os_live_linux.strings(&r.k, r.cx, &ki,
	    KVMI_ARGV, 100, &s), KVMI_EINVAL);
	assert_non_null(strstr(r.cx->err.text, "started later"));
	assert_int_equal(kvmi_os_live_linux.uread(&r.k, r.cx, &ki, 0, &c, 1,
	    &done), KVMI_EINVAL);
	ki.ki_start.tv_usec -= 10000;
	ki.ki_start.tv_sec -= 2;
	assert_int_equal(kvmi_os_live_linux.strings(&r.k, r.cx, &ki,
	    KVMI_ARGV, 100, &s), KVMI_EINVAL);
	/* The time of boot, as another descriptor had it. */
	ki.ki_start.tv_sec += 1;
	assert_int_equal(kvmi_os_live_linux.strings(&r.k, r.cx, &ki,
	    KVMI_ARGV, 100, &s), 0);
	free(s.p);
	ki.ki_pid = 76;
	assert_int_equal(kvmi_os_live_linux.strings(&r.k, r.cx, &ki,
	    KVMI_ARGV, 100, &s), KVMI_EINVAL);
	assert_non_null(strstr(r.cx->err.text, "hidepid"));
	ki.ki_pid = -1;
	assert_int_equal(kvmi_os_live_linux.strings(&r.k, r.cx, &ki,
	    KVMI_ARGV, 100, &s), KVMI_EINVAL);
	assert_non_null(strstr(r.cx->err.text, "no process -1"));
	ki.ki_pid = 77;
	root_file(&r, "proc/77/stat", "rubbish\n");
	assert_int_equal(kvmi_os_live_linux.strings(&r.k, r.cx, &ki,
	    KVMI_ARGV, 100, &s), KVMI_EFORMAT);
	root_deinit(&r);
}

/* Of process 1, which is root's. */
static bool
environ_refused(struct root *r)
{
	struct kinfo_proc ki = { .ki_pid = 1 };
	struct kvmi_strings s;
	size_t done;
	char c;

	if (kvmi_os_live_linux.strings(&r->k, r->cx, &ki, KVMI_ENVV, 100,
	    &s) != KVMI_EPERM || strstr(r->cx->err.text, "CAP_SYS_PTRACE") ==
	    NULL)
		return (false);
	return (kvmi_os_live_linux.uread(&r->k, r->cx, &ki, 4096, &c, 1,
	    &done) == KVMI_EPERM);
}

static void
test_refused(void **state)
{
	struct kvmi_live *l;
	struct root r;

	(void)state;
	root_init(&r);
	root_open(&r, false);
	l = r.k.priv;
	free(l->proc_root);
	l->proc_root = strdup("/proc");
	assert_true(as_nobody(environ_refused, &r));
	root_deinit(&r);
}

/* This process, by the public calls. */
static void
test_self(void **state)
{
	char why[2048], text[64] = "what lies in this process's memory";
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char copy[sizeof(text)], cmdline[4096] = "", **v;
	kvm_t *kd = kvm_open2(NULL, "/dev/null", O_RDONLY, why, NULL);
	FILE *f = fopen("/proc/self/cmdline", "r");
	struct kinfo_proc *p;
	uint8_t *two;
	size_t len, at = 0;
	int n;

	(void)state;
	assert_non_null(kd);
	p = kvm_getprocs(kd, KERN_PROC_PID, getpid(), &n);
	assert_non_null(p);
	assert_int_equal(n, 1);
	assert_non_null(f);
	len = fread(cmdline, 1, sizeof(cmdline) - 1, f);
	fclose(f);
	v = kvm_getargv(kd, p, 0);
	assert_non_null(v);
	for (; *v != NULL; at += strlen(*v++) + 1)
		assert_string_equal(*v, cmdline + at);
	assert_int_equal(at, len);
	v = kvm_getargv(kd, p, 4);
	assert_non_null(v);
	assert_int_equal(strncmp(v[0], cmdline, 3), 0);
	assert_int_equal(strlen(v[0]), 3);
	assert_null(v[1]);
	v = kvm_getenvv(kd, p, 0);
	assert_non_null(v);
	for (n = 0; v[n] != NULL; n++)
		;
	assert_true(n > 0);
	assert_int_equal(kvm_uread(kd, p, (uintptr_t)text, copy,
	    sizeof(copy)), sizeof(copy));
	assert_memory_equal(copy, text, sizeof(copy));
	two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(two != MAP_FAILED);
	two[page - 1] = 1;
	munmap(two + page, page);
	assert_int_equal(kvm_uread(kd, p, (uintptr_t)(two + page - 1), copy,
	    2), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_NOTMAPPED);
	assert_int_equal(kvm_uread(kd, p, UINT64_MAX - 10, copy, 2), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_NOTMAPPED);
	munmap(two, page);
	kvm_close(kd);
}

static void
check_without_memory(kvm_t *kd, struct kinfo_proc *p)
{
	char **v, c;

	v = kvm_getargv(kd, p, 0);
	assert_non_null(v);
	assert_null(v[0]);
	v = kvm_getenvv(kd, p, 0);
	assert_non_null(v);
	assert_null(v[0]);
	assert_int_equal(kvm_uread(kd, p, 4096, &c, 1), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_NOTMAPPED);
}

/* Neither strings nor memory: that is no failure of the strings. */
static void
test_without_memory(void **state)
{
	kvm_t *kd = kvm_open2(NULL, "/dev/null", O_RDONLY, NULL, NULL);
	pid_t pid = fork();
	struct kinfo_proc *p;
	siginfo_t info;
	int n;

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_true(pid > 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT),
	    0);
	p = kvm_getprocs(kd, KERN_PROC_PID, pid, &n);
	assert_non_null(p);
	assert_int_equal(n, 1);
	assert_int_equal(p->ki_stat, SZOMB);
	/* Only who may trace is told: root, for what has no owner any more. */
	if (geteuid() == 0)
		check_without_memory(kd, p);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_null(kvm_getargv(kd, p, 0));
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	p = kvm_getprocs(kd, KERN_PROC_PROC, 0, &n);
	assert_non_null(p);
	/* A container shows none. */
	for (int i = 0; i < n && geteuid() == 0; i++)
		if ((p[i].ki_flag & P_KPROC) != 0) {
			check_without_memory(kd, &p[i]);
			break;
		}
	kvm_close(kd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_loadavg),
		cmocka_unit_test(test_parse_cpu_times),
		cmocka_unit_test(test_parse_cpus),
		cmocka_unit_test(test_parse_swap),
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_system_refused),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_other_process),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_without_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
