/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KVMI_BASE_HOST_H
#define KVMI_BASE_HOST_H

#include <sys/utsname.h>

/*
 * uname(2), which cannot be called by its name: FreeBSD's ps(1), for one, has
 * a function that is called uname, and the dynamic linker would take that.
 */
int	kvmi_host_uname(struct utsname *ret);

#endif
