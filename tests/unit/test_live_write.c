/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing to the running kernel's memory, in full, in part and in vain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "refuse.h"
#include "test_live_kcore.h"

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
	refuse_open("/mem");
	refuses_write(&r, KVMI_EPERM, "CAP_SYS_RAWIO");
	root_file(&r, "sys/kernel/security/lockdown",
	    "none [integrity] confidentiality\n");
	refuses_write(&r, KVMI_EPERM, "locked down");
	refuse_open(NULL);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_in_part),
		cmocka_unit_test(test_write_refused),
	};

	return (cmocka_run_group_tests_name("live_write", tests, NULL, NULL));
}
