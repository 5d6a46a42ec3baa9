/* SPDX-License-Identifier: BSD-2-Clause */
/* Files as sources: which kinds there are, who owns them, how they fail. */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/src.h"

static bool
is_open(int fd)
{
	return (fcntl(fd, F_GETFD) >= 0);
}

enum kind { EMPTY, REGULAR, ZERO, DIRECTORY, PIPE, SOCKET, PROC_TEXT,
	PROC_KCORE };

/* -1: not to be had on this machine. */
static int
open_kind(enum kind k)
{
	int fd[2];

	switch (k) {
	case EMPTY:
		return (util_file("", 0));
	case REGULAR:
		return (util_file("0123456789", 10));
	case ZERO:
		return (open("/dev/zero", O_RDONLY));
	case DIRECTORY:
		return (open("/", O_RDONLY | O_DIRECTORY));
	case PIPE:
		if (pipe(fd) != 0)
			return (-1);
		close(fd[1]);
		return (fd[0]);
	case SOCKET:
		return (socket(AF_UNIX, SOCK_STREAM, 0));
	case PROC_TEXT:
		return (open("/proc/self/status", O_RDONLY));
	case PROC_KCORE:
		return (open("/proc/kcore", O_RDONLY));
	}
	return (-1);
}

static void
test_kinds(void **state)
{
	static const struct {
		const char *name;
		enum kind kind;
		int want;
		uint64_t size;		/* UINT64_MAX: any */
		bool mapped, live;
	} row[] = {
		{ "an empty file", EMPTY, 0, 0, false, false },
		{ "a file", REGULAR, 0, 10, true, false },
		{ "a device", ZERO, 0, INT64_MAX, false, true },
		{ "a directory", DIRECTORY, KVMI_ENOTSUP, 0, false, false },
		{ "a pipe", PIPE, KVMI_ENOTSUP, 0, false, false },
		{ "a socket", SOCKET, KVMI_ENOTSUP, 0, false, false },
		{ "a file of /proc", PROC_TEXT, 0, 0, false, true },
		{ "/proc/kcore", PROC_KCORE, 0, UINT64_MAX, false, true },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		int fd = open_kind(row[i].kind);
		char name[] = "path/to/dump";
		struct kvmi_src *s = NULL;
		struct kvmi_err err = { 0 };

		if (fd < 0) {
			print_message("%s: not here\n", row[i].name);
			continue;
		}
		UTIL_FAILS(row[i].name, kvmi_file_open(fd, name, &s, &err),
		    row[i].want, &err);
		if (row[i].want != 0) {
			UTIL_TRUE(row[i].name, !is_open(fd) && s == NULL);
			UTIL_TRUE(row[i].name, strstr(err.text, name) ==
			    err.text);
			continue;
		}
		name[0] = 'X';		/* it has a copy */
		UTIL_STR(row[i].name, s->name, "path/to/dump");
		if (row[i].size != UINT64_MAX)
			UTIL_EQ(row[i].name, s->size, row[i].size);
		UTIL_EQ(row[i].name, s->map != NULL, row[i].mapped);
		UTIL_EQ(row[i].name, s->volatile_, row[i].live);
		UTIL_EQ(row[i].name, s->truncated, false);
		UTIL_TRUE(row[i].name, s->wrapping == NULL);
		UTIL_EQ(row[i].name, s->ops->file_off(s, 5), 5);
		UTIL_EQ(row[i].name, kvmi_src_close(s), 0);
		UTIL_TRUE(row[i].name, !is_open(fd));
	}
}

static void
test_bad_descriptor(void **state)
{
	struct kvmi_src *s = NULL;
	struct kvmi_err err = { 0 };

	(void)state;
	UTIL_FAILS("-1", kvmi_file_open(-1, "dump", &s, &err), KVMI_ESYS,
	    &err);
	UTIL_TRUE("-1", strstr(err.text, strerror(EBADF)) != NULL);
	UTIL_TRUE("-1", s == NULL);
}

/* A file that may not be read is neither mapped nor read. */
static void
test_write_only(void **state)
{
	int fd = util_file("0123456789", 10), wr;
	char path[40], buf[4];
	struct kvmi_src *s;
	struct kvmi_err err = { 0 };

	(void)state;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	wr = open(path, O_WRONLY);
	UTIL_TRUE("opened", wr >= 0);
	UTIL_EQ("open", kvmi_file_open(wr, "dump", &s, &err), 0);
	UTIL_TRUE("not mapped", s->map == NULL);
	UTIL_FAILS("read", kvmi_src_read(s, 0, buf, 4, "header", &err),
	    KVMI_ESYS, &err);
	kvmi_src_close(s);
	close(fd);
}

/* The path without a mapping: the same bytes, the same end. */
static void
test_read(void **state)
{
	static const struct {
		const char *name;
		uint64_t off;
		size_t len;
	} row[] = {
		{ "first", 0, 1 }, { "all", 0, 10000 }, { "last", 9999, 1 },
		{ "nothing", 5, 0 }, { "middle", 4000, 5000 },
	};
	static uint8_t content[10000], buf[10000];
	struct kvmi_src *s;
	struct kvmi_err err = { 0 };
	int fd;

	(void)state;
	mkimage_fill(content, sizeof(content), 0);
	fd = util_file(content, sizeof(content));
	s = util_file_src(fd);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		UTIL_FAILS(row[i].name, s->ops->read(s, row[i].off, buf,
		    row[i].len, &err), 0, &err);
		UTIL_EQ(row[i].name, mkimage_differs(buf, row[i].len,
		    row[i].off), row[i].len);
	}
	/* Who reads meets the end of a file that shrank as well. */
	UTIL_EQ("shrink", ftruncate(fd, 5000), 0);
	UTIL_FAILS("to the new end", s->ops->read(s, 4000, buf, 1000, &err),
	    0, &err);
	UTIL_FAILS("one more", s->ops->read(s, 4000, buf, 1001, &err),
	    KVMI_ETRUNC, &err);
	UTIL_FAILS("behind it", s->ops->read(s, 9000, buf, 1, &err),
	    KVMI_ETRUNC, &err);
	kvmi_src_close(s);
	close(fd);
}

/* A file that grows is what it was when it was opened. */
static void
test_grow(void **state)
{
	int fd = util_file("0123456789", 10);
	struct kvmi_src *s = util_file_src(fd);
	struct kvmi_err err = { 0 };
	char buf[20];

	(void)state;
	UTIL_EQ("grow", ftruncate(fd, 100000), 0);
	UTIL_EQ("size", s->size, 10);
	UTIL_FAILS("what was there", kvmi_src_read(s, 0, buf, 10, "x", &err),
	    0, &err);
	UTIL_FAILS("what is new", kvmi_src_read(s, 10, buf, 1, "x", &err),
	    KVMI_ETRUNC, &err);
	kvmi_src_close(s);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_bad_descriptor),
		cmocka_unit_test(test_write_only),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_grow),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
