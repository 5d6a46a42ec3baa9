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

static void
test_other_absent(void **state)
{
	static const struct {
		const char	*name;
		const struct kvmi_linux_arch *linux_;
		const struct kvmi_arch *arch;
		uint64_t	 raw;
		unsigned int	 level;
		enum kvmi_linux_absent want;
		uint64_t	 value;		/* address or swap type */
	} row[] = {
		{ "s390x empty", &kvmi_linux_s390x, &kvmi_arch_s390x, 0x400, 0,
		    KVMI_ABSENT_NONE, 0 },
		{ "s390x withheld", &kvmi_linux_s390x, &kvmi_arch_s390x,
		    0x12345601, 0, KVMI_ABSENT_KEPT, 0x12345000 },
		{ "s390x not used lately", &kvmi_linux_s390x, &kvmi_arch_s390x,
		    0x12345439, 0, KVMI_ABSENT_KEPT, 0x12345000 },
		{ "s390x swapped", &kvmi_linux_s390x, &kvmi_arch_s390x,
		    0x12345604, 0, KVMI_ABSENT_SWAP, 1 },
		{ "s390x swapped, exclusive", &kvmi_linux_s390x,
		    &kvmi_arch_s390x, 0x12345e7c, 0, KVMI_ABSENT_SWAP, 31 },
		{ "s390x no segment", &kvmi_linux_s390x, &kvmi_arch_s390x,
		    0x20, 1, KVMI_ABSENT_NONE, 0 },
		{ "s390x huge page", &kvmi_linux_s390x, &kvmi_arch_s390x,
		    0x12303620, 1, KVMI_ABSENT_KEPT, 0x12300000 },
		{ "s390x huge page of 2 GiB", &kvmi_linux_s390x,
		    &kvmi_arch_s390x, UINT64_C(0x180003624), 2,
		    KVMI_ABSENT_KEPT, UINT64_C(0x180000000) },
		{ "s390x migration of a huge page", &kvmi_linux_s390x,
		    &kvmi_arch_s390x, 0x12345630, 1, KVMI_ABSENT_SWAP, 31 },
		{ "s390x no region", &kvmi_linux_s390x, &kvmi_arch_s390x,
		    0x428, 3, KVMI_ABSENT_NONE, 0 },
		{ "ppc64 empty", &kvmi_linux_ppc64, &kvmi_arch_ppc64_64k, 0, 0,
		    KVMI_ABSENT_NONE, 0 },
		{ "ppc64 being changed", &kvmi_linux_ppc64,
		    &kvmi_arch_ppc64_64k, UINT64_C(0x600000001234f187), 0,
		    KVMI_ABSENT_KEPT, 0x12340000 },
		{ "ppc64 huge page that is split", &kvmi_linux_ppc64,
		    &kvmi_arch_ppc64, UINT64_C(0x6000000012345187), 1,
		    KVMI_ABSENT_KEPT, 0x12200000 },
		{ "ppc64 swapped", &kvmi_linux_ppc64, &kvmi_arch_ppc64_64k,
		    UINT64_C(0x4000000012340001), 0, KVMI_ABSENT_SWAP, 1 },
		{ "ppc64 no table", &kvmi_linux_ppc64, &kvmi_arch_ppc64_64k,
		    0x12340000, 1, KVMI_ABSENT_NONE, 0 },
		{ "loongarch empty", &kvmi_linux_loongarch64,
		    &kvmi_arch_loongarch64, 0x40, 0, KVMI_ABSENT_NONE, 0 },
		{ "loongarch withheld", &kvmi_linux_loongarch64,
		    &kvmi_arch_loongarch64, UINT64_C(0x200000001234441c), 0,
		    KVMI_ABSENT_KEPT, 0x12344000 },
		{ "loongarch swapped", &kvmi_linux_loongarch64,
		    &kvmi_arch_loongarch64, 0x1234810000, 0,
		    KVMI_ABSENT_SWAP, 1 },
		{ "loongarch huge page that is split", &kvmi_linux_loongarch64,
		    &kvmi_arch_loongarch64, UINT64_C(0x1000000006001050), 1,
		    KVMI_ABSENT_KEPT, 0x6000000 },
		{ "loongarch no table", &kvmi_linux_loongarch64,
		    &kvmi_arch_loongarch64, UINT64_C(0x9000000012344000), 1,
		    KVMI_ABSENT_NONE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		const struct kvmi_paging p = { .arch = row[i].arch };
		uint64_t pa = 0;
		unsigned int type = 0;

		if (row[i].linux_->absent(&p, row[i].raw, row[i].level, &pa,
		    &type) != row[i].want)
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
		cmocka_unit_test(test_other_absent),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
