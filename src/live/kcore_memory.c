/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of the running kernel: /proc/kcore, and what to do without it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live/live.h"

/* Is the kernel locked down for confidentiality? [brackets] mark the mode. */
static bool
locked_down(void)
{
	char text[128];

	return (kvmi_live_slurp(AT_FDCWD, "/sys/kernel/security/lockdown",
	    text, sizeof(text)) > 0 &&
	    strstr(text, "[confidentiality]") != NULL);
}

static int
open_fail(const char *path, struct kvmi_err *err)
{
	if (errno == ENOENT)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s does not exist: this "
		    "kernel was built without CONFIG_PROC_KCORE, or this is a "
		    "container; memory of the running kernel cannot be read "
		    "here", path));
	if (errno != EPERM && errno != EACCES)
		return (kvmi_fail_errno(err, "%s", path));
	if (locked_down())
		return (kvmi_fail(err, KVMI_EPERM, "%s: refused, the kernel is "
		    "locked down (lockdown=confidentiality); boot without it "
		    "to read memory", path));
	return (kvmi_fail(err, KVMI_EPERM, "%s: permission denied; run as root "
	    "with CAP_SYS_RAWIO (sudo), outside of a container", path));
}

/* KERNELOFFSET= of the VMCOREINFO note, hexadecimal. */
static int64_t
displacement(const struct kvmi_image *img)
{
	static const char key[] = "\nKERNELOFFSET=";
	struct kvmi_note n;
	size_t pos = 0;
	const uint8_t *p;
	char value[32];

	while (kvmi_note_next(&img->notes, img->big_endian, &pos, &n)) {
		size_t left;

		if (!kvmi_note_is(&n, "VMCOREINFO", 0))
			continue;
		p = memmem(n.desc, n.descsz, key, sizeof(key) - 1);
		if (p == NULL)
			return (0);
		p += sizeof(key) - 1;
		left = (size_t)(n.desc + n.descsz - p);
		snprintf(value, sizeof(value), "%.*s", (int)left, p);
		return ((int64_t)strtoull(value, NULL, 16));
	}
	return (0);
}

int
kvmi_live_open_memory(struct kvmi_kernel *k, struct kvmi_live *l,
    struct kvmi_cx *cx)
{
	char path[4096];
	struct kvmi_src *src;
	struct stat st;
	int fd, r;

	snprintf(path, sizeof(path), "%s/kcore", l->proc_root);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return (open_fail(path, &cx->err));
	/* Container runtimes put /dev/null over it. */
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		return (kvmi_fail(&cx->err, KVMI_EPERM, "%s is masked (a "
		    "container?); memory of the running kernel cannot be read "
		    "here", path));
	}
	r = kvmi_file_open(fd, path, &src, &cx->err);
	if (r == 0)
		r = kvmi_image_open(src, &k->img, &cx->err);
	if (r != 0)
		return (r);
	k->kerndisp = displacement(k->img);
	k->space.img = k->img;
	/* Readers look at ops first, without the lock. */
	__atomic_store_n(&k->space.ops, &kvmi_space_segments,
	    __ATOMIC_RELEASE);
	return (0);
}
