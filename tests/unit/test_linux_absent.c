/* SPDX-License-Identifier: BSD-2-Clause */
/* What Linux keeps in table entries of pages that are not there. */
#include "os/linux/linux.h"
#include "util.h"

#define HUGE		0x80
#define PROT_NONE_	0x100
#define ADDR		UINT64_C(0x000ffffffffff000)

struct absent_row {
	const char	*name;
	uint64_t	 raw;
	unsigned int	 level;
	enum kvmi_linux_absent want;
	uint64_t	 value;		/* address or swap type */
};

static void
check_absent_in(const struct kvmi_linux_arch *linux_,
    const struct kvmi_paging *p, const struct absent_row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t pa = 0;
		unsigned int type = 0;

		if (linux_->absent(p, row[i].raw, row[i].level, &pa,
		    &type) != row[i].want)
			fail_msg("%s", row[i].name);
		if (row[i].want == KVMI_ABSENT_KEPT && pa != row[i].value)
			fail_msg("%s: 0x%jx", row[i].name, (uintmax_t)pa);
		if (row[i].want == KVMI_ABSENT_SWAP && type != row[i].value)
			fail_msg("%s: %u", row[i].name, type);
	}
}

static void
check_absent(const struct kvmi_linux_arch *linux_, const struct kvmi_arch *arch,
    const struct absent_row *row, size_t n)
{
	const struct kvmi_paging p = { .arch = arch };

	check_absent_in(linux_, &p, row, n);
}

static void
test_x86_64_absent(void **state)
{
	/* The address bits of a page that is withheld are inverted. */
	static const struct absent_row row[] = {
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

	(void)state;
	check_absent(&kvmi_linux_x86_64, &kvmi_arch_x86_64, row,
	    KVMI_COUNT(row));
}

static void
test_i386_absent(void **state)
{
	static const struct absent_row row[] = {
		{ "empty", 0, 0, KVMI_ABSENT_NONE, 0 },
		{ "page", 0x12345162, 0, KVMI_ABSENT_KEPT, 0x12345000 },
		{ "swap, device 0", 0x00123e00, 0, KVMI_ABSENT_SWAP, 0 },
		{ "swap, device 3, exclusive", 0x00123e86, 0,
		    KVMI_ABSENT_SWAP, 3 },
		{ "special, type 30", 0x0012303c, 0, KVMI_ABSENT_SWAP, 30 },
		{ "no table", 0x1000, 1, KVMI_ABSENT_NONE, 0 },
	};
	static const struct absent_row pae[] = {
		{ "PAE page", (~UINT64_C(0x112345000) & ADDR) | PROT_NONE_, 0,
		    KVMI_ABSENT_KEPT, UINT64_C(0x112345000) },
		{ "PAE huge page", (~UINT64_C(0x12200000) & ADDR) | HUGE, 1,
		    KVMI_ABSENT_KEPT, 0x12200000 },
		{ "PAE swap, device 2", UINT64_C(2) << 59 | 0x200, 0,
		    KVMI_ABSENT_SWAP, 2 },
	};

	(void)state;
	check_absent(&kvmi_linux_i386, &kvmi_arch_i386, row, KVMI_COUNT(row));
	check_absent(&kvmi_linux_i386, &kvmi_arch_i386_pae, pae,
	    KVMI_COUNT(pae));
}

/* Of entries that Linux keeps beside the hardware's. */
static void
test_arm_absent(void **state)
{
	static const struct absent_row row[] = {
		{ "empty", 0, 0, KVMI_ABSENT_NONE, 0 },
		{ "page that was not used lately", 0x12345f41, 0,
		    KVMI_ABSENT_KEPT, 0x12345000 },
		{ "page without rights", 0x12345b43, 0, KVMI_ABSENT_KEPT,
		    0x12345000 },
		{ "swap, device 0", 0x00123e00, 0, KVMI_ABSENT_SWAP, 0 },
		{ "swap, device 5, exclusive", 0x00123e94, 0,
		    KVMI_ABSENT_SWAP, 5 },
		{ "special, type 31", 0x0012307c, 0, KVMI_ABSENT_SWAP, 31 },
		{ "no table", 0x1000, 1, KVMI_ABSENT_NONE, 0 },
	};
	static const struct absent_row lpae[] = {
		{ "LPAE page", UINT64_C(0x0200000812345f42), 0,
		    KVMI_ABSENT_KEPT, UINT64_C(0x812345000) },
		{ "LPAE huge page", UINT64_C(0x0200000812300f40), 1,
		    KVMI_ABSENT_KEPT, UINT64_C(0x812200000) },
		{ "LPAE swap, device 1", 0x00123e04, 0, KVMI_ABSENT_SWAP, 1 },
		{ "LPAE, of the highest table", 0x1000, 2, KVMI_ABSENT_NONE,
		    0 },
	};
	static const struct kvmi_paging classic = { .arch = &kvmi_arch_arm },
	    longer = { .arch = &kvmi_arch_arm_lpae };

	(void)state;
	check_absent(&kvmi_linux_arm, &kvmi_arch_arm, row, KVMI_COUNT(row));
	check_absent(&kvmi_linux_arm, &kvmi_arch_arm_lpae, lpae,
	    KVMI_COUNT(lpae));
	assert_int_equal(kvmi_linux_arm.linux_entry(&classic, 0x40001804, 0),
	    0x40001004);
	assert_int_equal(kvmi_linux_arm.linux_entry(&classic, 0x40001804, 1),
	    0x40001804);
	assert_int_equal(kvmi_linux_arm.linux_entry(&longer, 0x40001808, 0),
	    0x40001808);
}

/* Before and since 6.10. */
static void
test_arm64_absent(void **state)
{
	static const struct absent_row before[] = {
		{ "empty", 0, 0, KVMI_ABSENT_NONE, 0 },
		{ "page without rights", UINT64_C(0x0460000081234fc2), 0,
		    KVMI_ABSENT_KEPT, 0x81234000 },
		{ "huge page without rights", UINT64_C(0x0460000081200fc0), 1,
		    KVMI_ABSENT_KEPT, 0x81200000 },
		{ "huge page that is split", UINT64_C(0x0860000081200f40), 1,
		    KVMI_ABSENT_KEPT, 0x81200000 },
		{ "swap, device 0", 0x123800, 0, KVMI_ABSENT_SWAP, 0 },
		{ "swap, device 1, exclusive", 0x12380c, 0, KVMI_ABSENT_SWAP,
		    1 },
		{ "migration of a huge page", 0x1238f0, 1, KVMI_ABSENT_SWAP,
		    30 },
		{ "of the highest table", 0x1238f0, 3, KVMI_ABSENT_NONE, 0 },
	}, since[] = {
		{ "6.10: page without rights", UINT64_C(0x0060000081234fc2),
		    0, KVMI_ABSENT_KEPT, 0x81234000 },
		{ "6.10: huge page without rights",
		    UINT64_C(0x0060000081200fc0), 1, KVMI_ABSENT_KEPT,
		    0x81200000 },
		{ "6.10: swap, device 1, far out", UINT64_C(0x0400000001234044),
		    0, KVMI_ABSENT_SWAP, 1 },
		{ "6.10: migration of a huge page",
		    UINT64_C(0x0400000001234784), 1, KVMI_ABSENT_SWAP, 30 },
	}, wide[] = {
		{ "LPA2: page without rights", UINT64_C(0x0060000081234ec2),
		    0, KVMI_ABSENT_KEPT, UINT64_C(0x8000081234000) },
	};
	struct kvmi_paging p = { .arch = &kvmi_arch_arm64 };

	(void)state;
	check_absent_in(&kvmi_linux_arm64, &p, before, KVMI_COUNT(before));
	p.soft = 1;
	check_absent_in(&kvmi_linux_arm64, &p, since, KVMI_COUNT(since));
	p.arch = &kvmi_arch_arm64_lpa2;
	check_absent_in(&kvmi_linux_arm64, &p, wide, KVMI_COUNT(wide));
}

static void
test_riscv64_absent(void **state)
{
	static const struct absent_row row[] = {
		{ "empty", 0, 0, KVMI_ABSENT_NONE, 0 },
		{ "page without rights", 0x200044e2, 0, KVMI_ABSENT_KEPT,
		    0x80011000 },
		{ "page with memory attributes",
		    UINT64_C(0x20000000200044e2), 0, KVMI_ABSENT_KEPT,
		    0x80011000 },
		{ "huge page", 0x200800e2, 1, KVMI_ABSENT_KEPT, 0x80200000 },
		{ "huge page that is split", 0x200800c6, 1, KVMI_ABSENT_KEPT,
		    0x80200000 },
		{ "swap, device 0", 0x123000, 0, KVMI_ABSENT_SWAP, 0 },
		{ "swap, device 2, exclusive", 0x123140, 0, KVMI_ABSENT_SWAP,
		    2 },
		{ "special, type 31", 0x123f80, 0, KVMI_ABSENT_SWAP, 31 },
		{ "of a higher table", 0x200800c6, 3, KVMI_ABSENT_NONE, 0 },
	};

	(void)state;
	check_absent(&kvmi_linux_riscv64, &kvmi_arch_riscv64, row,
	    KVMI_COUNT(row));
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
		cmocka_unit_test(test_i386_absent),
		cmocka_unit_test(test_arm_absent),
		cmocka_unit_test(test_arm64_absent),
		cmocka_unit_test(test_riscv64_absent),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
