/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a sparse dump of a large machine costs in memory: an index over its
 * bitmap, never anything in proportion to the memory it spans.
 */
#include <kvm.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/kd.h"
#include "image/minidump.h"
#include "peak.h"

static const char *
image(const char *name, char path[4096])
{
	const char *dir = getenv("KVM_IMAGES");

	if (dir == NULL)
		skip();
	snprintf(path, 4096, "%s/%s", dir, name);
	return (path);
}

static int
read_page(struct kvm_page *p, void *arg)
{
	uint64_t word;

	if (p->kp_offset >= 0)
		assert_int_equal(kvm_read2(arg, p->kp_dmap_vaddr, &word, 8), 8);
	return (1);
}

/*
 * A TiB: its bitmap is 32 MiB.  An eighth of it, the host of 128 GiB whose
 * index FreeBSD's own library keeps in 4.5 MB, takes an eighth.
 */
static void
test_span(void **state)
{
	char path[4096], why[2048] = "";
	size_t bitmap, opened, used;
	kvm_t *kd;

	(void)state;
	image("fbsd-v3-span1t", path);
	peak_reset();
	kd = kvm_open2(NULL, path, O_RDONLY, why, NULL);
	opened = peak_bytes();
	if (kd == NULL)
		fail_msg("%s", why);
	bitmap = kd->kernel->img->minidump->bitmap_len;
	assert_true(bitmap >= 30 << 20);
	assert_true(opened < bitmap / 64);
	assert_int_equal(kvm_walk_pages(kd, read_page, kd), 1);
	used = peak_bytes();
	assert_true(used < bitmap / 64 * 3 / 2);
	kvm_close(kd);
}

/*
 * A file that goes on far behind what is in it, as one can be made with a
 * single call: what a walk needs goes with the pages that there are.
 */
static void
test_long_file(void **state)
{
	char path[4096], copy[] = "/tmp/libkvm-long-XXXXXX", why[2048] = "";
	struct stat st;
	char *bytes;
	kvm_t *kd;
	int from, to;

	(void)state;
	from = open(image("fbsd-v3", path), O_RDONLY);
	to = mkstemp(copy);
	assert_true(from >= 0 && to >= 0 && fstat(from, &st) == 0);
	bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	assert_int_equal(read(from, bytes, (size_t)st.st_size), st.st_size);
	assert_int_equal(write(to, bytes, (size_t)st.st_size), st.st_size);
	free(bytes);
	assert_int_equal(ftruncate(to, (off_t)1 << 42), 0);
	kd = kvm_open2(NULL, copy, O_RDONLY, why, NULL);
	unlink(copy);
	if (kd == NULL)
		fail_msg("%s", why);
	peak_reset();
	assert_int_equal(kvm_walk_pages(kd, read_page, kd), 1);
	assert_true(peak_bytes() < 1 << 20);
	kvm_close(kd);
	close(from);
	close(to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_long_file),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
