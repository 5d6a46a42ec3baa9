/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_open(3): kvm_open, kvm_openfiles, kvm_open2, kvm_open_with, kvm_close. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kd.h"
#include "base/math.h"
#include "image/vmlinuz.h"
#include "sym/system_map.h"

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

/* The corefile and what there is more of it. */
static int
open_core(const struct kvm_options *o, struct kvmi_src **ret,
    struct kvmi_err *err)
{
	struct kvmi_src **v;
	size_t n = 1, have = 0;
	int r = 0;

	if (o->ko_more == NULL)
		return (kvmi_path_open(o->ko_corefile, o->ko_flags, ret, err));
	while (o->ko_more[n - 1] != NULL)
		n++;
	v = calloc(n, sizeof(*v));
	if (v == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	for (; have < n && r == 0; have += r == 0)
		r = kvmi_path_open(have == 0 ? o->ko_corefile :
		    o->ko_more[have - 1], o->ko_flags, &v[have], err);
	if (r == 0)
		r = kvmi_image_join(v, n, o, ret, err);
	else
		while (have > 0)
			kvmi_src_close(v[--have]);
	free(v);
	return (r);
}

/* The kernel file, in a boot image or not; or a System.map. */
static int
open_exec(const struct kvm_options *o, struct kvmi_elf **elf,
    struct kvmi_sysmap **map, struct kvmi_err *err)
{
	struct kvmi_src *src;
	int r = kvmi_path_open(o->ko_execfile, O_RDONLY, &src, err);

	if (r == 0)
		r = kvmi_vmlinuz_unwrap(&src, o, err);
	if (r != 0)
		return (r);
	if (kvmi_sysmap_recognise(src))
		return (kvmi_sysmap_open(src, map, err));
	return (kvmi_elf_open(src, elf, err));
}

/* A System.map tells whether it fits when its symbols are placed. */
static int
use_map(struct kvmi_kernel *k, struct kvmi_sysmap *map, struct kvmi_cx *cx)
{
	struct kvmi_symtab *t;

	if (map == NULL)
		return (0);
	k->sysmap = map;
	return (kvmi_kernel_symtab(k, cx, &t));
}

static int
open_dump(kvm_t *kd, struct kvmi_cx *cx)
{
	const struct kvm_options *o = &kd->opts;
	struct kvmi_image *img;
	struct kvmi_elf *exec = NULL;
	struct kvmi_sysmap *map = NULL;
	struct kvmi_src *src;
	int r;

	/* In BSD's order: a missing core is reported before a missing kernel. */
	r = open_core(o, &src, &cx->err);
	if (r != 0)
		return (r);
	if (src->size == 0) {
		kvmi_src_close(src);
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "%s: empty file",
		    o->ko_corefile));
	}
	if (o->ko_execfile != NULL) {
		r = open_exec(o, &exec, &map, &cx->err);
		if (r != 0) {
			kvmi_src_close(src);
			return (r);
		}
	}
	r = kvmi_image_open(src, o, &img, &cx->err);
	if (r != 0) {
		kvmi_elf_close(exec);
		kvmi_sysmap_close(map);
		return (r);
	}
	r = kvmi_kernel_open(img, exec, o, cx, &kd->kernel);
	if (r != 0) {
		kvmi_sysmap_close(map);
		return (r);
	}
	r = use_map(kd->kernel, map, cx);
	if (r != 0)
		kvmi_kernel_close(kd->kernel);
	return (r);
}

static int
open_any(kvm_t *kd, struct kvmi_cx *cx)
{
	const struct kvm_options *o = &kd->opts;
	enum live live = live_name(o->ko_corefile);

	if ((o->ko_flags & ~O_RDWR) != 0)
		return (kvmi_fail(&cx->err, KVMI_EINVAL, "bad flags arg (0x%x): "
		    "O_RDONLY or O_RDWR", o->ko_flags));
	if (live != NOT_LIVE)
		return (kvmi_kernel_open_live(live == LIVE, o, cx,
		    &kd->kernel));
	return (open_dump(kd, cx));
}

/* The strings of the options, which the descriptor keeps. */
static const char **
option_string(struct kvm_options *o, size_t i)
{
	const char **const all[] = { &o->ko_execfile, &o->ko_corefile,
		&o->ko_index, &o->ko_key, &o->ko_debugfile, &o->ko_modules,
		&o->ko_raw, &o->ko_arch, &o->ko_vmcoreinfo };

	return (i < KVMI_COUNT(all) ? all[i] : NULL);
}

static void
free_list(const char *const *list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free((void *)(uintptr_t)list[i]);
	free((void *)(uintptr_t)list);
}

/* NULL without memory. */
static const char *const *
copy_list(const char *const *list)
{
	size_t n = 0;
	const char **to;

	while (list[n] != NULL)
		n++;
	to = calloc(n + 1, sizeof(*to));
	for (size_t i = 0; i < n && to != NULL; i++)
		if ((to[i] = strdup(list[i])) == NULL) {
			free_list(to);
			return (NULL);
		}
	return (to);
}

static int
copy_options(struct kvm_options *to, const struct kvm_options *from,
    struct kvmi_err *err)
{
	const char **s;
	bool whole = true;

	/* Fields that an older caller does not know keep their defaults. */
	*to = (struct kvm_options)KVM_OPTIONS_INIT;
	if (from == NULL)
		return (kvmi_fail(err, KVMI_EINVAL, "no options given"));
	if (from->ko_size < offsetof(struct kvm_options, ko_progress))
		return (kvmi_fail(err, KVMI_EINVAL, "struct kvm_options of %zu "
		    "bytes: begin with KVM_OPTIONS_INIT", from->ko_size));
	memcpy(to, from, kvmi_min(from->ko_size, sizeof(*to)));
	to->ko_size = sizeof(*to);
	if (to->ko_more != NULL && (to->ko_more = copy_list(to->ko_more)) == NULL)
		whole = false;
	for (size_t i = 0; (s = option_string(to, i)) != NULL; i++)
		if (*s != NULL && (*s = strdup(*s)) == NULL)
			whole = false;
	return (whole ? 0 : kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
}

static void
kd_free(kvm_t *kd)
{
	const char **s;

	free(kd->procs.v);
	free(kd->facts);
	free(kd->strings);
	for (size_t i = 0; (s = option_string(&kd->opts, i)) != NULL; i++)
		free((void *)(uintptr_t)*s);
	free_list(kd->opts.ko_more);
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
open_common(const struct kvm_options *o, const struct report *to)
{
	kvm_t *kd = calloc(1, sizeof(*kd));
	struct kvmi_cx *cx;
	int r;

	if (kd == NULL) {
		report(to, strerror(ENOMEM));
		return (NULL);
	}
	r = kvmi_threads_init(&kd->threads);
	if (r != 0) {
		free(kd);
		report(to, r == EAGAIN ? "too many descriptors are open: each "
		    "takes a key of pthread_key_create(3), of which a process "
		    "has PTHREAD_KEYS_MAX" : strerror(r));
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
	r = copy_options(&kd->opts, o, &cx->err);
	if (r == 0)
		r = open_any(kd, cx);
	if (r != 0) {
		kvmi_kd_name_memory(kd, cx, r);
		report(to, cx->err.text);
		kd_free(kd);
		return (NULL);
	}
	/* What was tried on the way to success is nobody's error. */
	cx->err.code = 0;
	cx->err.text[0] = '\0';
	return (kd);
}

static kvm_t *
open_named(const char *exec, const char *core, int flags,
    int (*resolver)(const char *, kvaddr_t *), const struct report *to)
{
	struct kvm_options o = KVM_OPTIONS_INIT;

	o.ko_execfile = exec;
	o.ko_corefile = core;
	o.ko_flags = flags;
	o.ko_resolver = resolver;
	return (open_common(&o, to));
}

kvm_t *
kvm_open(const char *execfile, const char *corefile, const char *swapfile,
    int flags, const char *errstr)
{
	const struct report to = { .errstr = errstr };

	(void)swapfile;
	return (open_named(execfile, corefile, flags, NULL, &to));
}

kvm_t *
kvm_openfiles(const char *execfile, const char *corefile,
    const char *swapfile, int flags, char *errbuf)
{
	const struct report to = { .errbuf = errbuf };

	(void)swapfile;
	return (open_named(execfile, corefile, flags, NULL, &to));
}

kvm_t *
kvm_open2(const char *execfile, const char *corefile, int flags,
    char *errbuf, int (*resolver)(const char *, kvaddr_t *))
{
	const struct report to = { .errbuf = errbuf };

	return (open_named(execfile, corefile, flags, resolver, &to));
}

kvm_t *
kvm_open_with(const struct kvm_options *options, char *errbuf)
{
	const struct report to = { .errbuf = errbuf };

	return (open_common(options, &to));
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
