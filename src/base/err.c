/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
kvmi_fail(struct kvmi_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return (code);
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return (code);
}

static int
code_of_errno(int e)
{
	switch (e) {
	case EPERM:
	case EACCES:
		return (KVMI_EPERM);
	case ENOMEM:
		return (KVMI_ENOMEM);
	default:
		return (KVMI_ESYS);
	}
}

int
kvmi_fail_errno(struct kvmi_err *err, const char *fmt, ...)
{
	int e = errno;
	char why[128];
	size_t len;
	va_list ap;

	if (err == NULL)
		return (code_of_errno(e));
	err->code = code_of_errno(e);
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s",
	    strerror_r(e, why, sizeof(why)));
	errno = e;
	return (err->code);
}

int
kvmi_wrap(struct kvmi_err *err, int code, const char *fmt, ...)
{
	char inner[KVMI_ERR_SIZE];
	size_t len;
	va_list ap;

	if (err == NULL)
		return (code);
	memcpy(inner, err->text, sizeof(inner));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s", inner);
	err->code = code;
	return (code);
}

void
kvmi_remark(char *text, size_t size, const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list ap;

	if (len != 0) {
		snprintf(text + len, size - len, "; ");
		len = strlen(text);
	}
	va_start(ap, fmt);
	vsnprintf(text + len, size - len, fmt, ap);
	va_end(ap);
}
