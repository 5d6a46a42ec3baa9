/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_getargv(3): kvm_getargv, kvm_getenvv, kvm_uread. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "api/kd.h"
#include "base/math.h"

/* sys/syslimits.h of FreeBSD has 512 KiB; Linux allows more. */
#define MAX_STRINGS	(6u << 20)

/*
 * One block: the vector, and behind it the strings.  As BSD: where they were cut
 * at max, the NUL of the last one is among these.
 */
static char **
to_vector(struct kvmi_strings *s, size_t max)
{
	size_t n = 0, i = 0, at = 0;
	char **v, *text;

	if (s->len == max)
		s->p[max - 1] = '\0';
	for (size_t p = 0; p < s->len; p += strnlen(s->p + p, s->len - p) + 1)
		n++;
	v = malloc((n + 1) * sizeof(*v) + s->len + 1);
	if (v == NULL)
		return (NULL);
	text = (char *)(v + n + 1);
	if (s->len > 0)
		memcpy(text, s->p, s->len);
	text[s->len] = '\0';	/* the last need not end in the image */
	for (; i < n; i++) {
		v[i] = text + at;
		at += strlen(v[i]) + 1;
	}
	v[n] = NULL;
	return (v);
}

static char **
strings(kvm_t *kd, const struct kinfo_proc *kp, int nchr,
    enum kvmi_strings_kind kind)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	size_t max = nchr <= 0 ? MAX_STRINGS :
	    (size_t)kvmi_min((uint64_t)nchr, MAX_STRINGS);
	struct kvmi_strings s = { 0 };
	struct kvmi_err before;
	char **v = NULL, **old;
	struct kvmi_kernel *k;
	int r;

	if (cx == NULL)
		return (NULL);
	before = cx->err;
	k = kd->kernel;
	r = kp == NULL ? kvmi_fail(&cx->err, KVMI_EINVAL, "no process given") :
	    k->os->strings == NULL ?
	    kvmi_kd_lacks(k, cx, "arguments of processes") :
	    k->os->strings(k, cx, kp, kind, max, &s);
	if (r == 0 && (v = to_vector(&s, max)) == NULL)
		r = kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory");
	free(s.p);
	if (r != 0) {
		kvmi_kd_fail(kd, cx, r);
		return (NULL);
	}
	kvmi_kd_restore(cx, &before);
	pthread_mutex_lock(&kd->lock);
	old = kd->strings;
	kd->strings = v;
	pthread_mutex_unlock(&kd->lock);
	free(old);
	return (v);
}

char **
kvm_getargv(kvm_t *kd, const struct kinfo_proc *kp, int nchr)
{
	return (strings(kd, kp, nchr, KVMI_ARGV));
}

char **
kvm_getenvv(kvm_t *kd, const struct kinfo_proc *kp, int nchr)
{
	return (strings(kd, kp, nchr, KVMI_ENVV));
}

ssize_t
kvm_uread(kvm_t *kd, const struct kinfo_proc *kp, kvaddr_t uva, void *buf,
    size_t nbytes)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_kernel *k;
	struct kvmi_err before;
	size_t done = 0;
	int r;

	if (cx == NULL)
		return (-1);
	before = cx->err;
	k = kd->kernel;
	if (kp == NULL || nbytes > SSIZE_MAX)
		r = kvmi_fail(&cx->err, KVMI_EINVAL, kp == NULL ?
		    "no process given" : "too many bytes");
	else if (k->os->uread == NULL)
		r = kvmi_kd_lacks(k, cx, "the memory of processes");
	else
		r = k->os->uread(k, cx, kp, uva, buf, nbytes, &done);
	r = kvmi_kd_end(kd, cx, &before, r);
	return (r == 0 ? (ssize_t)nbytes : r);
}
