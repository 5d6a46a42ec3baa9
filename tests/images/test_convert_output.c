/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a conversion may write, and what is left when it fails. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "convert.h"

static int
stop(void *closure, uint64_t done, uint64_t total)
{
	assert_true(done <= total);
	return (++*(int *)closure < 3);
}

/* Nothing is left of what was not finished. */
static void
test_failures(void **state)
{
	static const struct {
		const char *name;
		struct kvm_convert_options o;
		enum kvm_errkind kind;
	} row[] = {
		{ "no output", { .kc_fd = -1 }, KVM_ERR_INVAL },
		{ "codec", { .kc_path = path, .kc_codec = "rar" },
		    KVM_ERR_INVAL },
		{ "format", { .kc_path = path, .kc_format = 7 },
		    KVM_ERR_INVAL },
		{ "flags", { .kc_path = path, .kc_flags = 64 },
		    KVM_ERR_INVAL },
		{ "kinds", { .kc_path = path, .kc_exclude = 32 },
		    KVM_ERR_INVAL },
		{ "a directory", { .kc_path = "/" }, KVM_ERR_INVAL },
		{ "no directory", { .kc_path = "/nowhere/x" }, KVM_ERR_IO },
		/* The generated kernels have no types. */
		{ "free pages", { .kc_path = path,
		    .kc_exclude = KVM_EXCLUDE_FREE }, KVM_ERR_NOTSUP },
	};
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	kvm_t *kd = open_image("linux-elf-4level");
	int full = open("/dev/full", O_WRONLY), calls = 0;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		o = row[i].o;
		o.kc_size = sizeof(o);
		assert_int_equal(kvm_convert(kd, &o), -1);
		if (kvm_errkind(kd) != row[i].kind)
			print_message("%s: %s\n", row[i].name, kvm_geterr(kd));
		assert_int_equal(kvm_errkind(kd), row[i].kind);
		assert_int_equal(access(path, F_OK), -1);
	}
	/* A disk that is full, a pipe that takes no seeking, a change of mind. */
	o = (struct kvm_convert_options)KVM_CONVERT_OPTIONS_INIT;
	o.kc_fd = full;
	assert_int_equal(kvm_convert(kd, &o), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	o.kc_flags = KVM_CONVERT_FLATTENED;
	assert_int_equal(kvm_convert(kd, &o), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_IO);
	o = (struct kvm_convert_options)KVM_CONVERT_OPTIONS_INIT;
	o.kc_path = path;
	o.kc_progress = stop;
	o.kc_closure = &calls;
	assert_int_equal(kvm_convert(kd, &o), -1);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(dir), 0);	/* no temporary file either */
	assert_int_equal(mkdir(dir, 0700), 0);
	close(full);
	kvm_close(kd);
}

/* The last bytes of a stream do not fit on the disk. */
static void
test_full_disk(void **state)
{
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	kvm_t *kd = open_image("linux-elf-tiny");
	struct rlimit old, less;
	struct stat st;

	(void)state;
	o.kc_path = path;
	o.kc_flags = KVM_CONVERT_FLATTENED;
	assert_int_equal(kvm_convert(kd, &o), 0);
	assert_int_equal(stat(path, &st), 0);
	unlink(path);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	less = old;
	less.rlim_cur = (rlim_t)st.st_size - 8;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	assert_int_equal(kvm_convert(kd, &o), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(rmdir(dir), 0);	/* nor a temporary file */
	assert_int_equal(mkdir(dir, 0700), 0);
	kvm_close(kd);
}

/* What a descriptor's file had is not to be seen where pages are zeros. */
static void
test_old_bytes(void **state)
{
	static const struct how how = { "ELF", KVM_FORMAT_ELF, NULL, 0 };
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	kvm_t *kd = open_image("linux-elf-4level");
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	uint8_t old[65536];
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	memset(old, 0xa5, sizeof(old));
	assert_int_equal(stat(image_path("linux-elf-4level"), &st), 0);
	for (off_t at = 0; at < st.st_size; at += (off_t)sizeof(old))
		assert_int_equal(write(fd, old, sizeof(old)), sizeof(old));
	o.kc_fd = fd;
	o.kc_format = KVM_FORMAT_ELF;
	assert_int_equal(kvm_convert(kd, &o), 0);
	compare("linux-elf-4level", &how);
	close(fd);
	unlink(path);
	kvm_close(kd);
}

/* A descriptor is asked what it can take before any byte goes there. */
static void
test_descriptors(void **state)
{
	static const struct {
		const char *name;
		int open_flags, flags;
		enum kvm_errkind kind;
		const char *why;
	} row[] = {
		{ "for reading", O_RDONLY, 0, KVM_ERR_INVAL, "for writing" },
		{ "the same, a stream", O_RDONLY, KVM_CONVERT_FLATTENED,
		    KVM_ERR_INVAL, "for writing" },
		{ "behind what is there", O_WRONLY | O_APPEND, 0, KVM_ERR_INVAL,
		    "flattened" },
		{ "closed", -1, 0, KVM_ERR_IO, "Bad file descriptor" },
		{ "a stream behind what is there", O_WRONLY | O_APPEND,
		    KVM_CONVERT_FLATTENED, KVM_ERR_NONE, "" },
	};
	kvm_t *kd = open_image("linux-elf-tiny");
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	struct stat st;

	(void)state;
	assert_int_equal(write(fd, "old", 3), 3);
	close(fd);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
		bool fails = row[i].kind != KVM_ERR_NONE;

		o.kc_fd = row[i].open_flags < 0 ? 999 :
		    open(path, row[i].open_flags);
		o.kc_flags = row[i].flags;
		if (kvm_convert(kd, &o) != (fails ? -1 : 0))
			fail_msg("%s", row[i].name);
		if (fails) {
			assert_int_equal(kvm_errkind(kd), row[i].kind);
			assert_non_null(strstr(kvm_geterr(kd), row[i].why));
		}
		assert_int_equal(stat(path, &st), 0);
		assert_true(fails ? st.st_size == 3 : st.st_size > 4096);
		if (row[i].open_flags >= 0)
			close(o.kc_fd);
	}
	unlink(path);
	kvm_close(kd);
}

/* A reader that went away is an error to whom the signal is none. */
static void
test_broken_pipe(void **state)
{
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	kvm_t *kd = open_image("linux-elf-tiny");
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	close(fd[0]);
	signal(SIGPIPE, SIG_IGN);
	o.kc_fd = fd[1];
	o.kc_flags = KVM_CONVERT_FLATTENED;
	assert_int_equal(kvm_convert(kd, &o), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_IO);
	assert_non_null(strstr(kvm_geterr(kd), "Broken pipe"));
	signal(SIGPIPE, SIG_DFL);
	close(fd[1]);
	kvm_close(kd);
}

/* A file that is there stays, unless it is to be replaced. */
static void
test_force(void **state)
{
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	kvm_t *kd = open_image("linux-elf-tiny");
	int fd = open(path, O_WRONLY | O_CREAT, 0644);
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	o.kc_path = path;
	assert_int_equal(kvm_convert(kd, &o), -1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	o.kc_flags = KVM_CONVERT_FORCE;
	assert_int_equal(kvm_convert(kd, &o), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	unlink(path);
	kvm_close(kd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_old_bytes),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_broken_pipe),
		cmocka_unit_test(test_force),
	};

	if (!have_images())
		return (77);
	return (cmocka_run_group_tests(tests, make_dir, remove_dir));
}
