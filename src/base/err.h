/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors inside the library: a negative code, and a text stored once where
 * the fault is seen.  Reporting never allocates and so never fails.
 */
#ifndef KVMI_ERR_H
#define KVMI_ERR_H

#include <stdarg.h>
#include <stddef.h>

/* _POSIX2_LINE_MAX, the size BSD callers give their errbuf. */
#define KVMI_ERR_SIZE	2048

enum {
	KVMI_OK = 0,
	KVMI_ENOTMINE = -1,	/* not this back end's; try the next */
	KVMI_ENOTMAPPED = -2,	/* no mapping for the address */
	KVMI_ENOTINDUMP = -3,	/* known to exist, left out of the image */
	KVMI_ETRUNC = -4,	/* the file ends before the data */
	KVMI_ESYS = -5,		/* a system call failed */
	KVMI_ENOTSUP = -6,	/* recognised, not supported */
	KVMI_EFORMAT = -7,	/* malformed */
	KVMI_EINVAL = -8,	/* bad argument */
	KVMI_ENOMEM = -9,	/* out of memory or over a limit */
	KVMI_ENOENT = -10,	/* symbol, type or member not found */
	KVMI_EMISMATCH = -11,	/* kernel file and image do not belong together */
	KVMI_EPERM = -12,	/* privilege or a kernel lock */
	KVMI_ESWAPPED = -13,	/* user memory that was swapped out */
};

struct kvmi_err {
	int	code;
	char	text[KVMI_ERR_SIZE];
};

/*
 * Store code and text; returns code, so that failing is one statement.  err is
 * NULL where nobody will read the text: a walk meets more holes than pages.
 */
int kvmi_fail(struct kvmi_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": strerror(errno)" appended, and a code chosen from errno. */
int kvmi_fail_errno(struct kvmi_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Add what was noticed to text, which holds other remarks, or "". */
void kvmi_remark(char *text, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put context in front of what is stored; returns code. */
int kvmi_wrap(struct kvmi_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
