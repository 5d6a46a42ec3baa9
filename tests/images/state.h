/* SPDX-License-Identifier: BSD-2-Clause */
/* What test_state.c and its parts share: one image and its expectations. */
#ifndef STATE_H
#define STATE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm.h"

struct state {
	const char	*name;		/* of the image */
	kvm_t		*kd;
	char		**line;		/* of the .expect file */
	size_t		 nline;
	unsigned int	 checks;
	unsigned int	 failures;
};

/* Count a check; say why it failed, up to a limit. */
bool state_check(struct state *s, bool ok, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "kproc" and "kthread" lines: members of kinfo_proc; "select" lines. */
void state_procs(struct state *s);

/* "args", "arg", "envs" and "env" lines. */
void state_strings(struct state *s);

/* "frame" lines. */
void state_stacks(struct state *s);

#endif
