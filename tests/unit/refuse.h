/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef REFUSE_H
#define REFUSE_H

/*
 * open() of paths that end so fails with EPERM from now on; NULL: of none.
 * What a kernel that is locked down answers cannot be had from a file system.
 */
void refuse_open(const char *end);

#endif
