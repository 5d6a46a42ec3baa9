/* SPDX-License-Identifier: BSD-2-Clause */
/* sysctl(3) and devname(3) of libkvm-bsd. */
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <sys/vmmeter.h>
#include <vm/vm_param.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int
get_int(const char *name)
{
	size_t len = sizeof(int);
	int v;

	assert_int_equal(sysctlbyname(name, &v, &len, NULL, 0), 0);
	assert_int_equal(len, sizeof(int));
	return (v);
}

static void
test_numbers(void **state)
{
	unsigned long pages;
	size_t len = sizeof(pages);
	FILE *f = fopen("/proc/sys/kernel/pid_max", "r");
	int pid_max;

	(void)state;
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &pid_max), 1);
	fclose(f);
	assert_int_equal(get_int("kern.pid_max"), pid_max);
	assert_int_equal(get_int("kern.fscale"), 2048);
	assert_int_equal(get_int("kern.osreldate"), __FreeBSD_version);
	assert_int_equal(get_int("hw.pagesize"), getpagesize());
	assert_int_equal(get_int("hw.ncpu"), sysconf(_SC_NPROCESSORS_ONLN));
	assert_int_equal(sysctlbyname("hw.availpages", &pages, &len, NULL, 0),
	    0);
	assert_int_equal(pages, sysconf(_SC_PHYS_PAGES));
}

static void
test_strings(void **state)
{
	char text[80], host[80] = "";
	size_t len = 0;

	(void)state;
	assert_int_equal(sysctlbyname("kern.ostype", NULL, &len, NULL, 0), 0);
	assert_int_equal(len, sizeof("Linux"));
	assert_int_equal(sysctlbyname("kern.ostype", text, &len, NULL, 0), 0);
	assert_string_equal(text, "Linux");
	gethostname(host, sizeof(host) - 1);
	len = sizeof(text);
	assert_int_equal(sysctlbyname("kern.hostname", text, &len, NULL, 0),
	    0);
	assert_string_equal(text, host);
	/* What does not fit is cut, and said. */
	len = 3;
	memset(text, 'x', sizeof(text));
	errno = 0;
	assert_int_equal(sysctlbyname("kern.ostype", text, &len, NULL, 0), -1);
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "Linx", 4);
}

static void
test_structures(void **state)
{
	struct timeval boot;
	struct clockinfo clock;
	struct loadavg load;
	struct vmtotal total;
	long ticks[CPUSTATES];
	size_t len = sizeof(boot);
	int mib[2] = { CTL_KERN, KERN_BOOTTIME };
	kvm_t *kd = kvm_open2(NULL, "/dev/null", O_RDONLY, NULL, NULL);

	(void)state;
	assert_non_null(kd);
	assert_int_equal(sysctl(mib, 2, &boot, &len, NULL, 0), 0);
	assert_int_equal(len, sizeof(boot));
	assert_in_range(boot.tv_sec, kvm_getinfo(kd)->ki_boottime - 1,
	    kvm_getinfo(kd)->ki_boottime + 1);
	kvm_close(kd);
	len = sizeof(clock);
	assert_int_equal(sysctlbyname("kern.clockrate", &clock, &len, NULL, 0),
	    0);
	assert_int_equal(clock.stathz, sysconf(_SC_CLK_TCK));
	len = sizeof(load);
	mib[0] = CTL_VM;
	mib[1] = VM_LOADAVG;
	assert_int_equal(sysctl(mib, 2, &load, &len, NULL, 0), 0);
	assert_int_equal(load.fscale, FSCALE);
	len = sizeof(ticks);
	assert_int_equal(sysctlbyname("kern.cp_time", ticks, &len, NULL, 0),
	    0);
	assert_true(ticks[CP_USER] + ticks[CP_IDLE] > 0);
	len = sizeof(total);
	assert_int_equal(sysctlbyname("vm.vmtotal", &total, &len, NULL, 0), 0);
	assert_true(total.t_rq >= 1 && total.t_vm >= total.t_rm);
}

/* dmesg(8) leaves out the first line, unless NULs are before it. */
static void
test_msgbuf(void **state)
{
	char *text;
	size_t len;

	(void)state;
	if (sysctlbyname("kern.msgbuf", NULL, &len, NULL, 0) != 0) {
		assert_int_equal(errno, EPERM);
		skip();
	}
	len += 4096;
	text = malloc(len);
	assert_non_null(text);
	assert_int_equal(sysctlbyname("kern.msgbuf", text, &len, NULL, 0), 0);
	assert_true(len >= 2 && text[0] == '\0' && text[len - 1] == '\0');
	if (len > 2) {
		assert_int_equal(text[1], '<');
		assert_int_equal(text[len - 2], '\n');
	}
	free(text);
}

static int
count_swaps(void)
{
	FILE *f = fopen("/proc/swaps", "r");
	char line[512];
	int n = -1;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		n++;
	if (f != NULL)
		fclose(f);
	return (n < 0 ? 0 : n);
}

static void
test_swap(void **state)
{
	struct xswdev x;
	int mib[3], n = 0;
	size_t len = 3;

	(void)state;
	assert_int_equal(sysctlnametomib("vm.swap_info", mib, &len), 0);
	assert_int_equal(len, 2);
	for (;; n++) {
		mib[2] = n;
		len = sizeof(x);
		if (sysctl(mib, 3, &x, &len, NULL, 0) != 0)
			break;
		assert_int_equal(x.xsw_version, XSWDEV_VERSION);
		assert_true(x.xsw_used <= x.xsw_nblks);
	}
	assert_int_equal(errno, ENOENT);
	assert_int_equal(n, count_swaps());
}

static void
test_refused(void **state)
{
	int mib[CTL_MAXNAME] = { CTL_NET, 1 }, one = 1;
	size_t len = 1;

	(void)state;
	assert_int_equal(sysctlbyname("net.inet", NULL, &len, NULL, 0), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(sysctl(mib, 2, NULL, &len, NULL, 0), -1);
	assert_int_equal(errno, ENOENT);
	mib[0] = CTL_KERN;
	assert_int_equal(sysctl(mib, 1, NULL, &len, NULL, 0), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(sysctl(mib, CTL_MAXNAME, NULL, &len, NULL, 0), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(sysctlbyname("kern.hostname", NULL, NULL, &one,
	    sizeof(one)), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(sysctlnametomib("kern.ostype", mib, &len), -1);
	assert_int_equal(errno, ENOMEM);
}

static void
test_devname(void **state)
{
	(void)state;
	assert_string_equal(devname(makedev(1, 3), S_IFCHR), "null");
	assert_string_equal(devname(makedev(136, 7), S_IFCHR), "pts/7");
	assert_string_equal(devname(makedev(137, 1), S_IFCHR), "pts/257");
	assert_string_equal(devname(makedev(4095, 77777), S_IFCHR), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_structures),
		cmocka_unit_test(test_msgbuf),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_devname),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
