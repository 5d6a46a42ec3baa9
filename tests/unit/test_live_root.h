/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A live kernel over a root of our own: a directory with what a test wants
 * to find in /proc, /sys and /dev.
 */
#ifndef TEST_LIVE_ROOT_H
#define TEST_LIVE_ROOT_H

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/live.h"

struct root {
	char		 dir[64];
	struct kvmi_kernel k;
	struct kvmi_cx	*cx;
};

static inline void
root_init(struct root *r)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "/tmp/kvm-root-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	assert_int_equal(chmod(r->dir, 0755), 0);
	r->cx = kvmi_cx_new();
	assert_non_null(r->cx);
}

/* Write a file below the root, and the directories on the way to it. */
static inline void
root_bytes(const struct root *r, const char *path, const void *p, size_t len)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", r->dir, path);
	for (char *s = full + strlen(r->dir) + 1; (s = strchr(s, '/')) != NULL;
	    s++) {
		*s = '\0';
		if (mkdir(full, 0755) != 0)
			assert_int_equal(errno, EEXIST);
		*s = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

__attribute__((format(printf, 3, 4)))
static inline void
root_file(const struct root *r, const char *path, const char *fmt, ...)
{
	char text[8192];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert_in_range(len, 0, sizeof(text) - 1);
	root_bytes(r, path, text, (size_t)len);
}

static inline int
root_remove_one(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return (remove(path));
}

/* Open the kernel: DIR/proc, DIR/sys and DIR/dev stand for the host's. */
static inline void
root_open(struct root *r, bool memory)
{
	char proc[80], sys[80], dev[80];
	const struct kvmi_live_options o = { .memory = memory,
		.proc_root = proc, .sys_root = sys, .dev_root = dev };

	snprintf(proc, sizeof(proc), "%s/proc", r->dir);
	snprintf(sys, sizeof(sys), "%s/sys", r->dir);
	snprintf(dev, sizeof(dev), "%s/dev", r->dir);
	r->k.live = true;
	r->k.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	r->k.os = &kvmi_os_live_linux;
	assert_int_equal(kvmi_live_prepare(&r->k, &o, &r->cx->err), 0);
	assert_int_equal(r->k.os->attach(&r->k, r->cx), 0);
}

/* The host that the test runs on. */
static inline void
root_open_host(struct root *r)
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

static inline void
root_deinit(struct root *r)
{
	if (r->k.os != NULL)
		r->k.os->detach(&r->k);
	kvmi_image_close(r->k.img);
	nftw(r->dir, root_remove_one, 8, FTW_DEPTH | FTW_PHYS);
	kvmi_cx_free(r->cx);
}

/*
 * Run f as a user without privilege; it returns whether it is content.  Its
 * messages go to standard error.
 */
static inline bool
as_nobody(bool (*f)(struct root *), struct root *r)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) != 0 ||
		    setuid(65534) != 0))
			_exit(2);
		_exit(f(r) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif
