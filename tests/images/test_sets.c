/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Per-CPU and network stack variables of the images whose .expect file says
 * where they are.  $KVM_IMAGES has the images.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kvm.h"

static void
check(kvm_t *kd, const char *image, const char *name, uint64_t want)
{
	char underscored[128];
	struct kvm_nlist nl[3] = { { .n_name = name },
		{ .n_name = underscored } };

	snprintf(underscored, sizeof(underscored), "_%s", name);
	if (kvm_nlist2(kd, nl) != 0 || nl[0].n_value != want ||
	    nl[1].n_value != want)
		fail_msg("%s: %s is at 0x%" PRIx64 " and 0x%" PRIx64
		    ", not 0x%" PRIx64, image, name, nl[0].n_value,
		    nl[1].n_value, want);
}

static unsigned int
check_image(const char *image)
{
	const char *dir = getenv("KVM_IMAGES");
	char path[4096], file[4096 + 8], why[2048] = "", line[512], name[100];
	unsigned int cpu, n = 0;
	uint64_t va;
	kvm_t *kd;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, image);
	snprintf(file, sizeof(file), "%s.elf", path);
	kd = kvm_open2(file, path, O_RDONLY, why, NULL);
	if (kd == NULL)
		fail_msg("%s: %s", path, why);
	snprintf(file, sizeof(file), "%s.expect", path);
	f = fopen(file, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "dpcpu %99s %u %" SCNx64, name, &cpu,
		    &va) == 3)
			assert_int_equal(kvm_dpcpu_setcpu(kd, cpu), 0);
		else if (sscanf(line, "vnet %99s %" SCNx64, name, &va) != 2)
			continue;
		check(kd, image, name, va);
		n++;
	}
	fclose(f);
	assert_int_equal(kvm_dpcpu_setcpu(kd, 1000000), -1);
	assert_int_equal(kvm_close(kd), 0);
	return (n);
}

static void
test_sets(void **state)
{
	static const char *const images[] = { "fbsd-v2-kernel",
		"fbsd-v3-kernel" };

	(void)state;
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++)
		assert_true(check_image(images[i]) >= 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets),
	};

	if (getenv("KVM_IMAGES") == NULL) {
		printf("no images: run tests/mkimage/mkimage --all --out "
		    "$KVM_IMAGES\n");
		return (77);
	}
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
