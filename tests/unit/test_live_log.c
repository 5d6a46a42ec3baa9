/* SPDX-License-Identifier: BSD-2-Clause */
/* The running kernel's log. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_live_root.h"

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
	root_open_host(&r);
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
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_log_stops),
		cmocka_unit_test(test_log_grows_while_walked),
		cmocka_unit_test(test_log_large),
		cmocka_unit_test(test_host_log),
		cmocka_unit_test(test_host_syslog),
	};

	return (cmocka_run_group_tests_name("live_log", tests, NULL, NULL));
}
