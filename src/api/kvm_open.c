/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_open(3): kvm_open, kvm_openfiles, kvm_open2, kvm_close. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kd.h"
#include "base/math.h"

/* How the failure of an open is told. */
struct report {
	const char	*errstr;	/* kvm_open() */
	char		*errbuf;	/* the others */
};

enum live { NOT_LIVE, LIVE, LIVE_WITHOUT_MEMORY };

/* BSD compares the path itself: a link to one of these is not special. */
static enum live
live_name(const char *core)
{
	static const char *const names[] = { "/dev/mem", "/dev/kmem",
		"/proc/kcore" };

	if (core == NULL)
		return (LIVE);
	if (strcmp(core, "/dev/null") == 0)
		return (LIVE_WITHOUT_MEMORY);
	for (size_t i = 0; i < KVMI_COUNT(names); i++)
		if (strcmp(core, names[i]) == 0)
			return (LIVE);
	return (NOT_LIVE);
}

static int
open_src(const char *path, int flags, struct kvmi_src **ret,
    struct kvmi_err *err)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return (kvmi_fail_errno(err, "%s", path));
	return (kvmi_file_open(fd, path, ret, err));
}

static int
open_exec(const char *path, struct kvmi_elf **ret, struct kvmi_err *err)
{
	struct kvmi_src *src;
	int r = open_src(path, O_RDONLY, &src, err);

	return (r != 0 ? r : kvmi_elf_open(src, ret, err));
}

static int
open_dump(kvm_t *kd, const char *core, int flags,
    int (*resolver)(const char *, kvaddr_t *), struct kvmi_cx *cx)
{
	struct kvmi_image *img;
	struct kvmi_elf *exec = NULL;
	struct kvmi_src *src;
	int r;

	/* In BSD's order: a missing core is reported before a missing kernel. */
	r = open_src(core, flags, &src, &cx->err);
	if (r != 0)
		return (r);
	if (src->size == 0) {
		kvmi_src_close(src);
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: empty file",
		    core));
	}
	if (kd->exec_name != NULL) {
		r = open_exec(kd->exec_name, &exec, &cx->err);
		if (r != 0) {
			kvmi_src_close(src);
			return (r);
		}
	}
	r = kvmi_image_open(src, &img, &cx->err);
	if (r != 0) {
		kvmi_elf_close(exec);
		return (r);
	}
	return (kvmi_kernel_open(img, exec, kd->exec_name, resolver, cx,
	    &kd->kernel));
}

static int
open_any(kvm_t *kd, const char *exec, const char *core, int flags,
    int (*resolver)(const char *, kvaddr_t *), struct kvmi_cx *cx)
{
	enum live live = live_name(core);

	if ((flags & ~O_RDWR) != 0)
		return (kvmi_fail(&cx->err, KVMI_EINVAL, "bad flags arg (0x%x): "
		    "O_RDONLY or O_RDWR", flags));
	if (live != NOT_LIVE)
		return (kvmi_kernel_open_live(live == LIVE, resolver, cx,
		    &kd->kernel));
	if (exec != NULL && (kd->exec_name = strdup(exec)) == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
	return (open_dump(kd, core, flags, resolver, cx));
}

static void
kd_free(kvm_t *kd)
{
	free(kd->procs.v);
	free(kd->facts);
	free(kd->exec_name);
	pthread_mutex_destroy(&kd->lock);
	kvmi_threads_deinit(&kd->threads);
	free(kd);
}

static void
report(const struct report *to, const char *text)
{
	if (to->errstr != NULL)
		fprintf(stderr, "%s: %s\n", to->errstr, text);
	if (to->errbuf != NULL)
		snprintf(to->errbuf, KVMI_ERR_SIZE, "%s", text);
}

static kvm_t *
open_common(const char *exec, const char *core, int flags,
    const struct report *to, int (*resolver)(const char *, kvaddr_t *))
{
	kvm_t *kd = calloc(1, sizeof(*kd));
	struct kvmi_cx *cx;
	int e;

	if (kd == NULL) {
		report(to, strerror(ENOMEM));
		return (NULL);
	}
	e = kvmi_threads_init(&kd->threads);
	if (e != 0) {
		free(kd);
		report(to, strerror(e));
		return (NULL);
	}
	pthread_mutex_init(&kd->lock, NULL);
	kd->errstr = to->errstr;
	cx = kvmi_cx_get(&kd->threads);
	if (cx == NULL) {
		kd_free(kd);
		report(to, strerror(ENOMEM));
		return (NULL);
	}
	if (open_any(kd, exec, core, flags, resolver, cx) != 0) {
		report(to, cx->err.text);
		kd_free(kd);
		return (NULL);
	}
	/* What was tried on the way to success is nobody's error. */
	cx->err.code = 0;
	cx->err.text[0] = '\0';
	return (kd);
}

kvm_t *
kvm_open(const char *execfile, const char *corefile, const char *swapfile,
    int flags, const char *errstr)
{
	const struct report to = { .errstr = errstr };

	(void)swapfile;
	return (open_common(execfile, corefile, flags, &to, NULL));
}

kvm_t *
kvm_openfiles(const char *execfile, const char *corefile,
    const char *swapfile, int flags, char *errbuf)
{
	const struct report to = { .errbuf = errbuf };

	(void)swapfile;
	return (open_common(execfile, corefile, flags, &to, NULL));
}

kvm_t *
kvm_open2(const char *execfile, const char *corefile, int flags,
    char *errbuf, int (*resolver)(const char *, kvaddr_t *))
{
	const struct report to = { .errbuf = errbuf };

	return (open_common(execfile, corefile, flags, &to, resolver));
}

int
kvm_close(kvm_t *kd)
{
	int r;

	if (kd == NULL) {
		errno = EINVAL;
		return (-1);
	}
	r = kvmi_kernel_close(kd->kernel);
	kd_free(kd);
	return (r);
}
