/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/host.h"

#include <sys/syscall.h>
#include <unistd.h>

int
kvmi_host_uname(struct utsname *ret)
{
	return ((int)syscall(SYS_uname, ret));
}
