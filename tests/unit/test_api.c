/* SPDX-License-Identifier: BSD-2-Clause */
/* What kvm(3) promises, whatever the image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kvm.h>

static const char *
image(const char *name)
{
	static char path[4][4096];
	static int next;
	const char *dir = getenv("KVM_IMAGES");

	if (dir == NULL)
		skip();
	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[0]), "%s/%s", dir, name);
	return (path[next]);
}

static kvm_t *
open_good(void)
{
	char why[2048] = "";
	kvm_t *kd = kvm_open2(image("fbsd-v3-kernel.elf"),
	    image("fbsd-v3-kernel"), O_RDONLY, why, NULL);

	assert_string_equal(why, "");
	assert_non_null(kd);
	return (kd);
}

static void
null_descriptor(void **state)
{
	struct kvm_nlist nl[] = { { .n_name = "x" }, { 0 } };
	struct nlist old[] = { { .n_name = NULL } };
	char buf[8];
	int cnt = 42;

	(void)state;
	errno = 0;
	assert_int_equal(kvm_close(NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_string_equal(kvm_geterr(NULL), "");
	assert_int_equal(kvm_errkind(NULL), KVM_ERR_NONE);
	assert_int_equal(kvm_read2(NULL, 0, buf, 8), -1);
	assert_int_equal(kvm_nlist2(NULL, nl), -1);
	assert_int_equal(kvm_nlist(NULL, old), -1);
	assert_null(kvm_getprocs(NULL, KERN_PROC_PROC, 0, &cnt));
	assert_int_equal(cnt, 42);
	assert_null(kvm_getinfo(NULL));
	assert_int_equal(kvm_native(NULL), 0);
	assert_int_equal(kvm_damage(NULL, NULL), 0);
}

static void
open_fails(void **state)
{
	static const struct {
		const char *exec, *core;
		int flags;
		const char *says;
	} row[] = {
		{ NULL, "/nonexistent", O_RDONLY, "/nonexistent" },
		{ "/nonexistent", "/dev/zero", O_RDONLY, "/nonexistent" },
		{ NULL, "/dev/zero", O_RDONLY, "not a kernel image" },
		{ NULL, "/etc/passwd", O_RDONLY, "not a kernel image" },
		{ "/etc/passwd", "/bin/sh", O_RDONLY, "/etc/passwd" },
		{ NULL, "/bin/sh", O_RDONLY, "/bin/sh" },
		{ NULL, "/", O_RDONLY, "a directory" },
		{ NULL, NULL, O_WRONLY, "bad flags" },
		{ NULL, "/nonexistent", O_RDONLY | O_TRUNC, "bad flags" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char why[2048] = "";

		assert_null(kvm_open2(row[i].exec, row[i].core, row[i].flags,
		    why, NULL));
		assert_non_null(strstr(why, row[i].says));
		assert_null(kvm_open2(row[i].exec, row[i].core, row[i].flags,
		    NULL, NULL));
		assert_null(kvm_openfiles(row[i].exec, row[i].core, NULL,
		    row[i].flags, NULL));
		assert_null(kvm_open(row[i].exec, row[i].core, NULL,
		    row[i].flags, NULL));
	}
}

/* Run fn with standard error going into buf. */
static void
capture(char *buf, size_t len, void (*fn)(void))
{
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO);
	ssize_t n;

	fflush(stderr);
	dup2(fileno(f), STDERR_FILENO);
	fn();
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = pread(fileno(f), buf, len - 1, 0);
	buf[n < 0 ? 0 : n] = '\0';
	fclose(f);
}

static void
open_missing_with_prefix(void)
{
	kvm_open(NULL, "/nonexistent", NULL, O_RDONLY, "prog");
}

static void
open_missing_quietly(void)
{
	char why[2048];

	kvm_open(NULL, "/nonexistent", NULL, O_RDONLY, NULL);
	kvm_openfiles(NULL, "/nonexistent", NULL, O_RDONLY, why);
}

static void
fail_with_prefix(void)
{
	kvm_t *kd = kvm_open(image("fbsd-v3-kernel.elf"),
	    image("fbsd-v3-kernel"), NULL, O_RDONLY, "prog");
	char buf[8];

	assert_non_null(kd);
	/* BSD stores an invalid address, and prints what is worse. */
	assert_int_equal(kvm_read2(kd, 8, buf, sizeof(buf)), -1);
	assert_int_equal(kvm_write(kd, 0, buf, 0), -1);
	kvm_close(kd);
}

static void
errors_are_printed_where_asked(void **state)
{
	char out[4096];

	(void)state;
	capture(out, sizeof(out), open_missing_with_prefix);
	assert_string_equal(out, "prog: /nonexistent: No such file or "
	    "directory\n");
	capture(out, sizeof(out), open_missing_quietly);
	assert_string_equal(out, "");
	capture(out, sizeof(out), fail_with_prefix);
	assert_ptr_equal(strstr(out, "prog: kvm_write"), out);
}

static void
reading(void **state)
{
	kvm_t *kd = open_good();
	struct kvm_nlist nl[] = { { .n_name = "version" }, { 0 } };
	char buf[64];

	(void)state;
	assert_int_equal(kvm_nlist2(kd, nl), 0);
	assert_string_equal(kvm_geterr(kd), "");
	assert_int_equal(kvm_read2(kd, nl[0].n_value, buf, 7), 7);
	assert_memory_equal(buf, "FreeBSD", 7);
	assert_int_equal(kvm_read(kd, nl[0].n_value, buf, 7), 7);
	assert_int_equal(kvm_read2(kd, 8, buf, 0), 0);
	assert_int_equal(kvm_read2(kd, 8, buf, 8), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_NOTMAPPED);
	assert_non_null(strstr(kvm_geterr(kd), "invalid address (0x8)"));
	/* A success leaves the text alone. */
	assert_int_equal(kvm_read2(kd, nl[0].n_value, buf, 7), 7);
	assert_int_equal(kvm_read2(kd, nl[0].n_value, NULL, 0), 0);
	assert_non_null(strstr(kvm_geterr(kd), "invalid address (0x8)"));
	assert_int_equal(kvm_read2(kd, UINT64_MAX - 2, buf, 8), -1);
	assert_int_equal(kvm_read2(kd, 0, buf, (size_t)SSIZE_MAX + 1), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	/* Nothing can be had of any address, and of a host without memory. */
	assert_int_equal(kvm_read2(kd, 0, NULL, 0), 0);
	assert_int_equal(kvm_read_partial(kd, UINT64_MAX, NULL, 0), 0);
	assert_int_equal(kvm_read_phys(kd, UINT64_MAX, NULL, 0), 0);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	assert_int_equal(kvm_write(kd, nl[0].n_value, "x", 1), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_NOTSUP);
	assert_int_equal(kvm_native(kd), 0);
	assert_int_equal(kvm_kerndisp(kd), 0);
	assert_int_equal(kvm_close(kd), 0);
}

static void
naming(void **state)
{
	kvm_t *kd = open_good();
	struct kvm_nlist two[] = { { "version", 0xff, 1 },
		{ "_version", 0, 0 }, { "nonesuch", 0xff, 1 },
		{ "", 0xff, 1 } };
	struct kvm_nlist missing[] = { { .n_name = "nor_this" },
		{ .n_name = "_neither" }, { .n_name = "version" }, { 0 } };
	struct nlist old[] = { { .n_name = "_version", .n_other = 1,
		.n_desc = 1 }, { .n_name = "nonesuch", .n_type = 9 },
		{ .n_name = NULL } };

	(void)state;
	assert_int_equal(kvm_nlist2(kd, two), 1);
	assert_int_not_equal(two[0].n_type, 0);
	assert_int_equal(two[0].n_value, two[1].n_value);
	assert_int_equal(two[2].n_type, 0);
	assert_int_equal(two[2].n_value, 0);
	assert_int_equal(two[3].n_type, 0xff);	/* behind the end */
	assert_int_equal(kvm_nlist(kd, old), 1);
	assert_int_equal(old[0].n_value, two[0].n_value);
	assert_int_equal(old[0].n_other, 0);
	assert_int_equal(old[0].n_desc, 0);
	assert_int_equal(old[1].n_type, 0);
	/* The last that is missing is the error, also when others are found. */
	assert_int_equal(kvm_errkind(kd), KVM_ERR_NOSYMBOL);
	assert_string_equal(kvm_geterr(kd), "nonesuch: no such symbol");
	assert_int_equal(kvm_nlist2(kd, missing), 2);
	assert_string_equal(kvm_geterr(kd), "_neither: no such symbol");
	assert_int_equal(kvm_nlist(kd, old + 2), 0);
	assert_string_equal(kvm_geterr(kd), "_neither: no such symbol");
	kvm_close(kd);
}

static int
my_resolver(const char *name, kvaddr_t *addr)
{
	if (strcmp(name, "mine") != 0)
		return (1);
	*addr = 0x1234;
	return (0);
}

static void
resolving(void **state)
{
	kvm_t *kd = kvm_open2(NULL, image("fbsd-v3-kernel"), O_RDONLY, NULL,
	    my_resolver);
	struct kvm_nlist nl[] = { { .n_name = "mine" }, { .n_name = "_mine" },
		{ 0 } };

	(void)state;
	assert_non_null(kd);
	assert_int_equal(kvm_nlist2(kd, nl), 0);
	assert_int_equal(nl[0].n_value, 0x1234);
	assert_int_equal(nl[1].n_value, 0x1234);
	assert_int_equal(nl[0].n_type, N_DATA | N_EXT);
	kvm_close(kd);
}

/* Options of a shorter, older structure, and none. */
static void
with_options(void **state)
{
	char core[4096], why[2048] = "";
	struct kvm_options o = KVM_OPTIONS_INIT;
	struct kvm_nlist nl[] = { { .n_name = "mine" }, { 0 } };
	kvm_t *kd;

	(void)state;
	snprintf(core, sizeof(core), "%s", image("fbsd-v3-kernel"));
	o.ko_corefile = core;
	o.ko_resolver = my_resolver;
	o.ko_size = offsetof(struct kvm_options, ko_progress);
	kd = kvm_open_with(&o, why);
	assert_non_null(kd);
	memset(core, 'x', sizeof(core));	/* it was copied */
	assert_int_equal(kvm_nlist2(kd, nl), 0);
	kvm_close(kd);
	o.ko_size = 0;
	assert_null(kvm_open_with(&o, why));
	assert_non_null(strstr(why, "KVM_OPTIONS_INIT"));
	assert_null(kvm_open_with(NULL, why));
}

/* A minidump without a kernel file: addresses can be read, names cannot. */
static void
without_symbols(void **state)
{
	kvm_t *kd = kvm_open2(NULL, image("fbsd-v3-tiny"), O_RDONLY, NULL,
	    NULL);
	struct kvm_nlist nl[] = { { .n_name = "version" }, { 0 } };

	(void)state;
	assert_non_null(kd);
	assert_int_equal(kvm_nlist2(kd, nl), -1);
	assert_non_null(strstr(kvm_geterr(kd), "namelist"));
	kvm_close(kd);
}

static void
descriptors_close_on_exec(void **state)
{
	kvm_t *kd = open_good();
	char link[64], target[4096];
	int found = 0;

	(void)state;
	for (int fd = 3; fd < 64; fd++) {
		ssize_t n;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		if (strstr(target, "fbsd-v3-kernel") == NULL)
			continue;
		found++;
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	assert_int_equal(found, 2);
	kvm_close(kd);
}

static void
process_lists(void **state)
{
	kvm_t *kd = kvm_open2(NULL, "/dev/null", O_RDONLY, NULL, NULL);
	struct kinfo_proc *p;
	char buf[8];
	int cnt = -1;

	(void)state;
	assert_non_null(kd);
	p = kvm_getprocs(kd, KERN_PROC_PID, getpid(), &cnt);
	assert_non_null(p);
	assert_int_equal(cnt, 1);
	assert_int_equal(p->ki_pid, getpid());
	assert_int_equal(p->ki_ppid, getppid());
	assert_int_equal(p->ki_uid, geteuid());
	assert_int_equal(p->ki_structsize, KINFO_PROC_SIZE);
	/* None is an answer, not a failure. */
	assert_non_null(kvm_getprocs(kd, KERN_PROC_PID, INT_MAX, &cnt));
	assert_int_equal(cnt, 0);
	assert_null(kvm_getprocs(kd, 7, 0, &cnt));
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	assert_int_equal(kvm_read2(kd, 0, buf, 8), -1);
	assert_int_equal(kvm_native(kd), 1);
	kvm_close(kd);
}

static int
stop_at_once(struct kvm_page *page, void *arg)
{
	assert_int_equal(page->kp_version, LIBKVM_WALK_PAGES_VERSION);
	++*(int *)arg;
	return (0);
}

static void
walking(void **state)
{
	kvm_t *kd = open_good();
	int n = 0;

	(void)state;
	assert_int_equal(kvm_walk_pages(kd, stop_at_once, &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(kvm_geterr(kd), "");
	kvm_close(kd);
	kd = kvm_open2(NULL, "/dev/null", O_RDONLY, NULL, NULL);
	assert_int_equal(kvm_walk_pages(kd, stop_at_once, &n), 0);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_NOTSUP);
	kvm_close(kd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_descriptor),
		cmocka_unit_test(open_fails),
		cmocka_unit_test(errors_are_printed_where_asked),
		cmocka_unit_test(reading),
		cmocka_unit_test(naming),
		cmocka_unit_test(resolving),
		cmocka_unit_test(with_options),
		cmocka_unit_test(without_symbols),
		cmocka_unit_test(descriptors_close_on_exec),
		cmocka_unit_test(process_lists),
		cmocka_unit_test(walking),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
