/* SPDX-License-Identifier: BSD-2-Clause */
/* sysctl(3) of FreeBSD, over a table of variables that can only be read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sysctl.h"
#include <sys/sysctl.h>

static const struct variable *
find_by_name(const char *name)
{
	for (size_t i = 0; i < kvmi_bsd_nvariables; i++)
		if (strcmp(kvmi_bsd_variables[i].name, name) == 0)
			return (&kvmi_bsd_variables[i]);
	return (NULL);
}

static const struct variable *
find_by_mib(const int *mib, u_int len)
{
	for (size_t i = 0; len >= 2 && i < kvmi_bsd_nvariables; i++)
		if (kvmi_bsd_variables[i].mib[0] == mib[0] &&
		    kvmi_bsd_variables[i].mib[1] == mib[1])
			return (&kvmi_bsd_variables[i]);
	return (NULL);
}

/* As much as there is room for; ENOMEM when that is not all. */
static int
hand_out(const struct value *v, void *oldp, size_t *oldlenp)
{
	size_t n = v->len;
	int error = 0;

	if (oldlenp == NULL)
		return (0);
	if (oldp != NULL) {
		if (*oldlenp < n) {
			n = *oldlenp;
			error = ENOMEM;
		}
		memcpy(oldp, v->data, n);
	}
	*oldlenp = n;
	return (error);
}

static int
fetch(const struct variable *var, int index, void *oldp, size_t *oldlenp,
    const void *newp)
{
	struct value v = { NULL, 0 };
	int error;

	if (var == NULL)
		error = ENOENT;
	else if (newp != NULL)
		error = EPERM;
	else if ((error = var->get(index, &v)) == 0)
		error = hand_out(&v, oldp, oldlenp);
	free(v.data);
	if (error == 0)
		return (0);
	errno = error;
	return (-1);
}

int
sysctl(const int *name, u_int namelen, void *oldp, size_t *oldlenp,
    const void *newp, size_t newlen)
{
	(void)newlen;
	return (fetch(namelen > 3 ? NULL : find_by_mib(name, namelen),
	    namelen == 3 ? name[2] : -1, oldp, oldlenp, newp));
}

int
sysctlbyname(const char *name, void *oldp, size_t *oldlenp,
    const void *newp, size_t newlen)
{
	(void)newlen;
	return (fetch(find_by_name(name), -1, oldp, oldlenp, newp));
}

int
sysctlnametomib(const char *name, int *mibp, size_t *sizep)
{
	const struct variable *var = find_by_name(name);

	if (var == NULL || *sizep < 2) {
		errno = var == NULL ? ENOENT : ENOMEM;
		return (-1);
	}
	memcpy(mibp, var->mib, sizeof(var->mib));
	*sizep = 2;
	return (0);
}
