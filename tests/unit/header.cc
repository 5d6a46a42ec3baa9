/* SPDX-License-Identifier: BSD-2-Clause */
// The header by itself, from C++.
#include <kvm.h>

static_assert(sizeof(struct kinfo_proc) == 1088, "FreeBSD's LP64 size");

int
main()
{
	return (kvm_close(nullptr) == -1 ? 0 : 1);
}
