/* SPDX-License-Identifier: BSD-2-Clause */
/* What Linux keeps in table entries of pages that are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/math.h"
#include "os/linux/linux.h"

#define HUGE		0x80
#define PROT_NONE_	0x100
#define ADDR		UINT64_C(0x000ffffffffff000)

static void
test_x86_64_absent(void **state)
{
	/* The address bits of a page that is withheld are inverted. */
	static const struct {
		const char	*name;
		uint64_t	 raw;
		unsigned int	 level;
		enum kvmi_linux_absent want;
		uint64_t	 value;		/* address or swap type */
	} row[] = {
		{ "empty", 0, 0, KVMI_ABSENT_NONE, 0 },
		{ "page", (~UINT64_C(0x12345000) & ADDR) | PROT_NONE_, 0,
		    KVMI_ABSENT_KEPT, 0x12345000 },
		{ "page, dirty and no-execute", (~UINT64_C(0x12345000) &
		    ADDR) | UINT64_C(1) << 63 | 0x40 | PROT_NONE_, 0,
		    KVMI_ABSENT_KEPT, 0x12345000 },
		{ "huge page", (~UINT64_C(0x40000000) & ADDR) | HUGE |
		    PROT_NONE_, 1, KVMI_ABSENT_KEPT, 0x40000000 },
		{ "huge page that is split", (~UINT64_C(0x40000000) & ADDR) |
		    HUGE, 1, KVMI_ABSENT_KEPT, 0x40000000 },
		{ "swap, device 0", UINT64_C(0x07fffffffffffe00), 0,
		    KVMI_ABSENT_SWAP, 0 },
		{ "swap, device 1, soft dirty", UINT64_C(0x0ffffffffff00002),
		    0, KVMI_ABSENT_SWAP, 1 },
		{ "special, type 31", UINT64_C(31) << 59 | 0x200, 0,
		    KVMI_ABSENT_SWAP, 31 },
		{ "migration of a huge page", UINT64_C(30) << 59 | 0x200, 1,
		    KVMI_ABSENT_SWAP, 30 },
		{ "page of 1 GiB", (~UINT64_C(0x80000000) & ADDR) | HUGE |
		    PROT_NONE_, 2, KVMI_ABSENT_KEPT, 0x80000000 },
		{ "of a higher table", 0x200, 3, KVMI_ABSENT_NONE, 0 },
	};

	static const struct kvmi_paging p = { .arch = &kvmi_arch_x86_64 };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint64_t pa = 0;
		unsigned int type = 0;

		if (kvmi_linux_x86_64.absent(&p, row[i].raw, row[i].level,
		    &pa, &type) != row[i].want)
			fail_msg("%s", row[i].name);
		if (row[i].want == KVMI_ABSENT_KEPT && pa != row[i].value)
			fail_msg("%s: 0x%jx", row[i].name, (uintmax_t)pa);
		if (row[i].want == KVMI_ABSENT_SWAP && type != row[i].value)
			fail_msg("%s: %u", row[i].name, type);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x86_64_absent),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
