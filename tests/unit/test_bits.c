/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/bits.h"

#define N	1000

/* Every second one of a run here and there, and where parts of the set meet. */
static void
test_sparse(void **state)
{
	static const uint64_t from[] = { 0, 32760, (1 << 24) - 10,
		UINT64_C(1) << 33, KVMI_BITS_MAX - 2 * N };
	struct kvmi_bits b = { 0 };

	(void)state;
	for (size_t r = 0; r < 5; r++)
		for (uint64_t i = 0; i < N; i++)
			assert_true(kvmi_bits_add(&b, from[r] + 2 * i));
	for (size_t r = 0; r < 5; r++)
		for (uint64_t i = 0; i < N; i++) {
			assert_true(kvmi_bits_has(&b, from[r] + 2 * i));
			assert_false(kvmi_bits_has(&b, from[r] + 2 * i + 1));
		}
	assert_false(kvmi_bits_has(&b, from[3] - 2));
	assert_false(kvmi_bits_has(&b, UINT64_C(1) << 45));
	kvmi_bits_deinit(&b);
	assert_false(kvmi_bits_has(&b, 0));
}

static void
test_too_large(void **state)
{
	struct kvmi_bits b = { 0 };

	(void)state;
	assert_true(kvmi_bits_add(&b, KVMI_BITS_MAX - 1));
	assert_false(kvmi_bits_add(&b, KVMI_BITS_MAX));
	assert_false(kvmi_bits_add(&b, UINT64_MAX));
	assert_false(kvmi_bits_has(&b, UINT64_MAX));
	kvmi_bits_deinit(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_too_large),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
