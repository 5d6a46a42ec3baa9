/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of the running kernel: /proc/kcore, and what to do without it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "live/live.h"
#include "os/linux/vmcoreinfo.h"

#define MAX_LOCKDOWN	4096

/* [brackets] mark the mode. */
bool
kvmi_live_locked_down(const struct kvmi_live *l, bool confidentiality)
{
	struct kvmi_text t = { 0 };
	char path[PATH_MAX];
	bool yes;

	snprintf(path, sizeof(path), "%s/kernel/security/lockdown",
	    l->sys_root);
	yes = kvmi_text_read(&t, AT_FDCWD, path, KVMI_TEXT_TO_END,
	    MAX_LOCKDOWN) == 0 && (strstr(t.p, "[confidentiality]") != NULL ||
	    (!confidentiality && strstr(t.p, "[integrity]") != NULL));
	kvmi_text_deinit(&t);
	return (yes);
}

static int
open_fail(const struct kvmi_live *l, const char *path, struct kvmi_err *err)
{
	switch (errno) {
	case ENOENT:
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s does not exist: this "
		    "kernel was built without CONFIG_PROC_KCORE, or this is a "
		    "container; memory of the running kernel cannot be read "
		    "here", path));
	case EACCES:
		return (kvmi_fail(err, KVMI_EPERM, "%s: permission denied; "
		    "only root may read the memory of the running kernel "
		    "(with CAP_SYS_RAWIO)", path));
	case EPERM:
		break;
	default:
		return (kvmi_fail_errno(err, "%s", path));
	}
	if (kvmi_live_locked_down(l, true))
		return (kvmi_fail(err, KVMI_EPERM, "%s: refused, the kernel is "
		    "locked down (lockdown=confidentiality); boot without it "
		    "to read memory", path));
	return (kvmi_fail(err, KVMI_EPERM, "%s: refused; CAP_SYS_RAWIO is "
	    "needed, in the initial user namespace: being root in a container "
	    "is not enough", path));
}

/* Container runtimes mount /dev/null over it, which opens and is empty. */
static int
check_magic(int fd, const char *path, struct kvmi_err *err)
{
	static const char elf[4] = { '\177', 'E', 'L', 'F' };
	char magic[sizeof(elf)];
	ssize_t n = pread(fd, magic, sizeof(magic), 0);

	if (n < 0 && (errno == EPERM || errno == EACCES))
		return (kvmi_fail(err, KVMI_EPERM, "%s: the kernel refuses "
		    "reads of its memory (CAP_SYS_RAWIO, lockdown)", path));
	if (n < 0)
		return (kvmi_fail_errno(err, "%s: read", path));
	if (n == 0)
		return (kvmi_fail(err, KVMI_EPERM, "%s is empty: container "
		    "runtimes put /dev/null in its place; memory of the "
		    "running kernel cannot be read here", path));
	if (n < (ssize_t)sizeof(magic) ||
	    memcmp(magic, elf, sizeof(magic)) != 0)
		return (kvmi_fail(err, KVMI_ENOTSUP, "%s is no ELF core: "
		    "something else lies in its place", path));
	return (0);
}

/* KERNELOFFSET of the VMCOREINFO note, which is there since Linux 4.19. */
static int64_t
displacement(const struct kvmi_image *img)
{
	struct kvmi_vmcoreinfo info;
	struct kvmi_note n;
	uint64_t v = 0;
	size_t pos = 0;

	while (kvmi_note_next(&img->notes, img->big_endian, &pos, &n)) {
		if (!kvmi_note_is(&n, "VMCOREINFO", 0))
			continue;
		if (kvmi_vmcoreinfo_init(&info, n.desc, n.descsz) &&
		    !kvmi_vmcoreinfo_hex(&info, "KERNELOFFSET", &v))
			v = 0;
		kvmi_vmcoreinfo_deinit(&info);
		break;
	}
	return ((int64_t)v);
}

int
kvmi_live_open_memory(struct kvmi_kernel *k, struct kvmi_live *l,
    struct kvmi_cx *cx)
{
	struct kvmi_image *img;
	struct kvmi_src *src;
	char path[PATH_MAX];
	int fd, r;

	snprintf(path, sizeof(path), "%s/kcore", l->proc_root);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return (open_fail(l, path, &cx->err));
	r = check_magic(fd, path, &cx->err);
	if (r != 0) {
		close(fd);
		return (r);
	}
	r = kvmi_file_open(fd, path, &src, &cx->err);
	if (r != 0)
		return (r);
	src->volatile_ = true;
	r = kvmi_image_open(src, NULL, &img, &cx->err);
	if (r != 0)
		return (r);
	k->kerndisp = displacement(img);
	k->img = img;
	k->space.img = img;
	/* Readers look at ops first, without the lock. */
	__atomic_store_n(&k->space.ops, &kvmi_space_segments,
	    __ATOMIC_RELEASE);
	return (0);
}
