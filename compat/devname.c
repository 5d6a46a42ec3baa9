/* SPDX-License-Identifier: BSD-2-Clause */
/* devname(3): which device of this host has a number. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <sys/types.h>

/* Terminals that are not in sysfs: those of one end of a pair. */
#define PTS_FIRST	136
#define PTS_LAST	143

char *
devname(dev_t dev, mode_t type)
{
	static _Thread_local char name[64];
	char path[64], line[80];
	FILE *f;

	snprintf(name, sizeof(name), "?");
	if (S_ISCHR(type) && major(dev) >= PTS_FIRST &&
	    major(dev) <= PTS_LAST) {
		snprintf(name, sizeof(name), "pts/%u",
		    (major(dev) - PTS_FIRST) * 256 + minor(dev));
		return (name);
	}
	snprintf(path, sizeof(path), "/sys/dev/%s/%u:%u/uevent",
	    S_ISCHR(type) ? "char" : "block", major(dev), minor(dev));
	f = fopen(path, "re");
	if (f == NULL)
		return (name);
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "DEVNAME=%63s", name) == 1)
			break;
	fclose(f);
	return (name);
}
