/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of the running kernel, from /dev/kmsg: one record per read
 * (Documentation/ABI/testing/dev-kmsg of Linux).
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "live/live.h"
#include "live/parse.h"

#define KMSG	"/dev/kmsg"

/* CONSOLE_EXT_LOG_MAX is the most a read returns. */
#define MAX_RECORD	8192

static int
open_kmsg(struct kvmi_err *err)
{
	int fd = open(KMSG, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		return (fd);
	if (errno == EPERM || errno == EACCES)
		return (kvmi_fail(err, KVMI_EPERM, KMSG ": permission denied; "
		    "run as root (CAP_SYSLOG), or set the sysctl "
		    "kernel.dmesg_restrict to 0"));
	return (kvmi_fail_errno(err, "%s", KMSG));
}

int
kvmi_live_log(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_log_cb_t *cb, void *closure, size_t *n)
{
	char buf[MAX_RECORD];
	int fd = open_kmsg(&cx->err), r = 0;

	(void)k;
	if (fd < 0)
		return (fd);
	for (;;) {
		ssize_t got = read(fd, buf, sizeof(buf));
		struct kvmi_kmsg m;
		struct kvm_logrec rec;

		/* EPIPE: records were overwritten; the next read goes on. */
		if (got < 0 && (errno == EINTR || errno == EPIPE))
			continue;
		if (got < 0 && errno != EAGAIN)
			r = kvmi_fail_errno(&cx->err, "%s", KMSG);
		if (got <= 0)
			break;
		if (!kvmi_parse_kmsg(buf, (size_t)got, &m))
			continue;
		rec = (struct kvm_logrec){ .kl_seq = m.seq, .kl_nsec = m.nsec,
			.kl_level = m.level, .kl_facility = m.facility,
			.kl_text = m.text,
			.kl_len = kvmi_unescape(buf + (m.text - buf), m.len) };
		(*n)++;
		if (cb(&rec, closure) == 0)
			break;
	}
	close(fd);
	return (r);
}
