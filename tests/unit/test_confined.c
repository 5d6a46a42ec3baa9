/* SPDX-License-Identifier: BSD-2-Clause */
/* This host, as containers show it; where namespaces may be made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../vm/confined.h"

static void
test_confined(void **state)
{
	int skipped, wrong = check_confined(&skipped);

	(void)state;
	if (wrong < 0)
		skip();
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_confined) };

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
