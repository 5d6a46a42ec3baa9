/* SPDX-License-Identifier: BSD-2-Clause */
#include "refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

static const char *refused;

void
refuse_open(const char *end)
{
	refused = end;
}

int
open(const char *path, int flags, ...)
{
	size_t len = strlen(path), n = refused != NULL ? strlen(refused) : 0;
	mode_t mode = 0;
	va_list ap;

	if (n > 0 && len > n && strcmp(path + len - n, refused) == 0) {
		errno = EPERM;
		return (-1);
	}
	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return (openat(AT_FDCWD, path, flags, mode));
}
