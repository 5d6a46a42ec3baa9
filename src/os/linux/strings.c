/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arguments and environment of processes in a Linux image, with the rules
 * that /proc/PID/cmdline and environ follow (fs/proc/base.c).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "os/linux/user.h"

/*
 * Copy [start, end), up to max bytes.  Part of the strings is not what was
 * asked for, so what cannot be had fails the whole.
 */
static int
copy_strings(const struct kvmi_linux_user *u, struct kvmi_cx *cx,
    uint64_t start, uint64_t end, size_t max, struct kvmi_strings *out)
{
	size_t len = (size_t)kvmi_min(end - start, max), done;
	char *p;
	int r;

	p = malloc(len + 1);
	if (p == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "no memory for %zu "
		    "bytes of strings", len));
	r = kvmi_linux_user_read(u, cx, start, p, len, &done);
	if (r != 0) {
		free(p);
		return (r);
	}
	out->p = p;
	out->len = len;
	return (0);
}

/*
 * setproctitle(3) writes over the arguments and, where these end, on over the
 * environment behind them.  It shows by an end of arguments that is no NUL:
 * then there is one string only, as far as its own NUL.
 */
static int
copy_title(const struct kvmi_linux_user *u, struct kvmi_cx *cx,
    const struct kvmi_linux_mm *mm, size_t max, struct kvmi_strings *out)
{
	/* What is shown of a title ends with a page. */
	uint64_t end = mm->arg_end,
	    most = UINT64_C(1) << u->space.paging.arch->page_shift;
	size_t len;
	int r;

	if (mm->env_start == mm->arg_end && mm->env_end >= mm->env_start)
		end = mm->env_end;
	r = copy_strings(u, cx, mm->arg_start, end,
	    (size_t)kvmi_min(max, most), out);
	if (r != 0)
		return (r);
	len = strnlen(out->p, out->len);
	out->len = len < out->len ? len + 1 : len;
	return (0);
}

static int
copy_args(const struct kvmi_linux_user *u, struct kvmi_cx *cx,
    const struct kvmi_linux_mm *mm, size_t max, struct kvmi_strings *out)
{
	char last = '\0';
	size_t done;

	/* Unreadable, it will be what the copy fails with. */
	if (kvmi_linux_user_read(u, cx, mm->arg_end - 1, &last, 1,
	    &done) == 0 && last != '\0')
		return (copy_title(u, cx, mm, max, out));
	return (copy_strings(u, cx, mm->arg_start, mm->arg_end, max, out));
}

int
kvmi_linux_strings(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, enum kvmi_strings_kind kind, size_t max,
    struct kvmi_strings *out)
{
	struct kvmi_linux_user u;
	struct kvmi_linux_mm mm;
	bool has;
	int r;

	*out = (struct kvmi_strings){ 0 };
	r = kvmi_linux_mm(k, cx, ki, &mm, &has);
	if (r != 0 || !has)
		return (r);
	if (kind == KVMI_ARGV ? mm.arg_start >= mm.arg_end :
	    mm.env_start >= mm.env_end)
		return (0);
	r = kvmi_linux_user_space(k, cx, &mm, &u);
	if (r == 0)
		r = kind == KVMI_ARGV ? copy_args(&u, cx, &mm, max, out) :
		    copy_strings(&u, cx, mm.env_start, mm.env_end, max, out);
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "%s of process %" PRId32,
	    kind == KVMI_ARGV ? "arguments" : "environment", ki->ki_pid));
}
