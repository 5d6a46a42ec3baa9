/* SPDX-License-Identifier: BSD-2-Clause */
/* The running kernel's memory, and why it may be out of reach. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "refuse.h"
#include "test_live_kcore.h"

static int
memory(struct root *r)
{
	return (r->k.os->memory(&r->k, r->cx));
}

static void
test_memory(void **state)
{
	static struct kcore c;
	uint8_t buf[SEGMENT_SIZE];
	struct root r;
	size_t done;

	(void)state;
	make_kcore(&c);
	root_init(&r);
	root_bytes(&r, "proc/kcore", &c, sizeof(c));
	root_open(&r, true);
	assert_null(r.k.space.ops);
	if (memory(&r) != 0)
		fail_msg("%s", r.cx->err.text);
	assert_ptr_equal(r.k.space.ops, &kvmi_space_segments);
	assert_true(r.k.img->live);
	assert_int_equal(r.k.kerndisp, 0x1a000000);
	assert_int_equal(kvmi_kread(&r.k, r.cx, TEXT_VA + 5, buf, 100), 0);
	assert_memory_equal(buf, c.text + 5, 100);
	assert_int_equal(kvmi_kread(&r.k, r.cx, VMALLOC_VA, buf,
	    SEGMENT_SIZE), 0);
	assert_memory_equal(buf, c.vmalloc, SEGMENT_SIZE);
	/* Past the end of a segment: nothing is made up. */
	assert_int_equal(kvmi_space_read(&r.k.space, r.cx,
	    TEXT_VA + SEGMENT_SIZE - 8, buf, 16, &done), KVMI_ENOTMAPPED);
	assert_int_equal(done, 8);
	assert_int_equal(kvmi_kread(&r.k, r.cx, TEXT_VA - 1, buf, 1),
	    KVMI_ENOTMAPPED);
	assert_int_equal(kvmi_kread(&r.k, r.cx, 0, buf, 1), KVMI_ENOTMAPPED);
	/* By physical address only what has one. */
	assert_int_equal(kvmi_image_read(r.k.img, TEXT_PA + 3, buf, 10, &done,
	    &r.cx->err), 0);
	assert_memory_equal(buf, c.text + 3, 10);
	assert_int_not_equal(kvmi_image_read(r.k.img, 0, buf, 1, &done,
	    &r.cx->err), 0);
	root_deinit(&r);
}

/* Memory is never remembered: what changes is seen. */
static void
test_memory_changes(void **state)
{
	static struct kcore c;
	char path[128];
	struct root r;
	uint64_t v;
	int fd;

	(void)state;
	make_kcore(&c);
	root_init(&r);
	root_bytes(&r, "proc/kcore", &c, sizeof(c));
	root_open(&r, true);
	assert_int_equal(memory(&r), 0);
	assert_int_equal(kvmi_kread_uint(&r.k, r.cx, TEXT_VA, 1, &v), 0);
	assert_int_equal(v, c.text[0]);
	snprintf(path, sizeof(path), "%s/proc/kcore", r.dir);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "\x55", 1, offsetof(struct kcore, text)),
	    1);
	close(fd);
	assert_int_equal(kvmi_kread_uint(&r.k, r.cx, TEXT_VA, 1, &v), 0);
	assert_int_equal(v, 0x55);
	root_deinit(&r);
}

static void *
open_memory(void *arg)
{
	struct root *r = arg;
	struct kvmi_cx *cx = kvmi_cx_new();
	uint64_t v = 0;
	int status;

	if (cx == NULL)
		return ((void *)1);
	status = r->k.os->memory(&r->k, cx);
	if (status == 0)
		status = kvmi_kread_uint(&r->k, cx, TEXT_VA + 1, 1, &v);
	kvmi_cx_free(cx);
	return ((void *)(uintptr_t)(status != 0 || v != 7));
}

static void
test_memory_opened_by_many(void **state)
{
	static struct kcore c;
	pthread_t thread[8];
	struct root r;

	(void)state;
	make_kcore(&c);
	root_init(&r);
	root_bytes(&r, "proc/kcore", &c, sizeof(c));
	root_open(&r, true);
	for (size_t i = 0; i < KVMI_COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, open_memory,
		    &r), 0);
	for (size_t i = 0; i < KVMI_COUNT(thread); i++) {
		void *wrong;

		pthread_join(thread[i], &wrong);
		assert_null(wrong);
	}
	root_deinit(&r);
}

static void
refuses_memory(struct root *r, int code, const char *text)
{
	int status = memory(r);

	if (status != code || strstr(r->cx->err.text, text) == NULL)
		fail_msg("%d: %s", status, r->cx->err.text);
	assert_null(r->k.space.ops);
	assert_null(r->k.img);
}

static bool
is_refused_memory(struct root *r)
{
	bool ok = memory(r) == KVMI_EPERM &&
	    strstr(r->cx->err.text, "CAP_SYS_RAWIO") != NULL;

	if (!ok)
		fprintf(stderr, "%s\n", r->cx->err.text);
	return (ok);
}

static void
test_memory_refused(void **state)
{
	static struct kcore c;
	char path[128];
	struct root r;

	(void)state;
	make_kcore(&c);
	root_init(&r);
	root_open(&r, true);
	refuses_memory(&r, KVMI_ENOTSUP, "CONFIG_PROC_KCORE");
	root_bytes(&r, "proc/kcore", "", 0);
	refuses_memory(&r, KVMI_EPERM, "container");
	snprintf(path, sizeof(path), "%s/proc/kcore", r.dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	refuses_memory(&r, KVMI_EPERM, "/dev/null in its place");
	assert_int_equal(unlink(path), 0);
	root_bytes(&r, "proc/kcore", "not an ELF file", 15);
	refuses_memory(&r, KVMI_ENOTSUP, "no ELF core");
	root_bytes(&r, "proc/kcore", &c, 3);
	refuses_memory(&r, KVMI_ENOTSUP, "no ELF core");
	/* What follows the header is judged by those who read cores. */
	for (size_t len = 4; len < offsetof(struct kcore, note); len += 4) {
		root_bytes(&r, "proc/kcore", &c, len);
		assert_true(memory(&r) < 0);
		assert_null(r.k.space.ops);
		assert_non_null(strstr(r.cx->err.text, path));
	}
	root_bytes(&r, "proc/kcore", &c, sizeof(c));
	assert_int_equal(chmod(path, 0), 0);
	assert_true(as_nobody(is_refused_memory, &r));
	assert_int_equal(chmod(path, 0644), 0);
	refuse_open("/kcore");
	refuses_memory(&r, KVMI_EPERM, "CAP_SYS_RAWIO");
	root_file(&r, "sys/kernel/security/lockdown",
	    "none [integrity] confidentiality\n");
	refuses_memory(&r, KVMI_EPERM, "CAP_SYS_RAWIO");
	root_file(&r, "sys/kernel/security/lockdown",
	    "none integrity [confidentiality]\n");
	refuses_memory(&r, KVMI_EPERM, "lockdown=confidentiality");
	refuse_open(NULL);
	/* A failure is not for ever. */
	assert_int_equal(memory(&r), 0);
	root_deinit(&r);
}

static void
test_memory_not_asked_for(void **state)
{
	static struct kcore c;
	struct root r;

	(void)state;
	make_kcore(&c);
	root_init(&r);
	root_bytes(&r, "proc/kcore", &c, sizeof(c));
	root_open(&r, false);
	refuses_memory(&r, KVMI_ENOTSUP, "/dev/null");
	root_deinit(&r);
}

/* Memory that has no VMCOREINFO, or one without a displacement. */
static void
test_memory_without_displacement(void **state)
{
	static struct kcore c;
	struct root r;

	(void)state;
	for (int i = 0; i < 3; i++) {
		make_kcore(&c);
		if (i == 0)
			c.ph[0].p_type = PT_NULL;
		else if (i == 1)
			memcpy(c.note.desc, "OSRELEASE", 10);
		else
			memcpy(strstr(c.note.desc, KERNELOFFSET), "garbage!",
			    8);
		root_init(&r);
		root_bytes(&r, "proc/kcore", &c, sizeof(c));
		root_open(&r, true);
		assert_int_equal(memory(&r), 0);
		assert_int_equal(r.k.kerndisp, 0);
		root_deinit(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_changes),
		cmocka_unit_test(test_memory_opened_by_many),
		cmocka_unit_test(test_memory_refused),
		cmocka_unit_test(test_memory_not_asked_for),
		cmocka_unit_test(test_memory_without_displacement),
	};

	return (cmocka_run_group_tests_name("live_memory", tests, NULL, NULL));
}
