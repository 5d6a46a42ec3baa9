/* SPDX-License-Identifier: BSD-2-Clause */
/* Which processes kpeek ps lists. */
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ps.h"

static const char *
word_for(int op)
{
	switch (op) {
	case KERN_PROC_PID:
		return ("process id");
	case KERN_PROC_UID:
		return ("user");
	case KERN_PROC_RGID:
		return ("group");
	case PS_BY_JAIL:
		return ("jail id");
	default:
		return ("terminal");
	}
}

/* A number, or a name that this host has or that is the same everywhere. */
static bool
parse_id(const struct ps *ps, int op, const char *item, int *ret)
{
	const struct passwd *pw = NULL;
	const struct group *gr = NULL;
	uint64_t v;

	if (parse_number(item, &v)) {
		*ret = (int)(uint32_t)v;
		return (v <= (op == KERN_PROC_UID || op == KERN_PROC_RGID ?
		    UINT32_MAX : INT32_MAX));
	}
	*ret = 0;
	if (op == KERN_PROC_PID || op == PS_BY_JAIL)
		return (false);
	if (strcmp(item, "root") == 0 || strcmp(item, "wheel") == 0)
		return (true);
	if (ps->c->core != NULL)
		return (false);
	if (op == KERN_PROC_UID && (pw = getpwnam(item)) != NULL)
		*ret = (int)pw->pw_uid;
	if (op == KERN_PROC_RGID && (gr = getgrnam(item)) != NULL)
		*ret = (int)gr->gr_gid;
	return (pw != NULL || gr != NULL);
}

static bool
add(struct ps *ps, int op, const char *item)
{
	struct selector s = { .op = op };

	if (op == KERN_PROC_TTY) {
		if (strncmp(item, "/dev/", 5) == 0)
			item += 5;
		s.tty = strdup(item);
	} else if (!parse_id(ps, op, item, &s.arg)) {
		complain("not a %s: %s", word_for(op), item);
		return (false);
	}
	ps->selectors = realloc(ps->selectors,
	    (ps->nselectors + 1) * sizeof(s));
	if (ps->selectors == NULL)
		abort();
	ps->selectors[ps->nselectors++] = s;
	return (true);
}

bool
ps_add_selectors(struct ps *ps, int op, const char *text)
{
	char *copy = strdup(text), *save = NULL, *item;
	size_t before = ps->nselectors;
	bool ok = copy != NULL;

	for (item = ok ? strtok_r(copy, ", ", &save) : NULL;
	    ok && item != NULL; item = strtok_r(NULL, ", ", &save))
		ok = add(ps, op, item);
	if (ok && ps->nselectors == before) {
		complain("not a %s: %s", word_for(op), text);
		ok = false;
	}
	free(copy);
	return (ok);
}

/* "pts/0", "0" for it, "tty1", "1" for that. */
static bool
is_tty(const struct ps *ps, const struct kinfo_proc *ki, const char *want)
{
	char buf[32];
	const char *have = ps_tty(ps, ki, buf, sizeof(buf));

	if (have[0] == '\0')
		return (strcmp(want, "-") == 0);
	if (strcmp(have, want) == 0)
		return (true);
	return ((strncmp(have, "pts/", 4) == 0 && strcmp(have + 4, want) ==
	    0) || (strncmp(have, "tty", 3) == 0 && strcmp(have + 3, want) ==
	    0));
}

static bool
matches(const struct ps *ps, const struct kinfo_proc *ki,
    const struct selector *s)
{
	switch (s->op) {
	case KERN_PROC_PID:
		return (ki->ki_pid == s->arg);
	case KERN_PROC_UID:
		return (ki->ki_uid == (uint32_t)s->arg);
	case KERN_PROC_RGID:
		return (ki->ki_rgid == (uint32_t)s->arg);
	case PS_BY_JAIL:
		return (ki->ki_jid == s->arg);
	default:
		return (is_tty(ps, ki, s->tty));
	}
}

bool
ps_selected(const struct ps *ps, const struct kinfo_proc *ki)
{
	char buf[32];

	for (size_t i = 0; i < ps->nselectors; i++)
		if (matches(ps, ki, &ps->selectors[i]))
			return (true);
	if (ps->nselectors > 0)
		return (false);
	if (ps->with_tty && ps_tty(ps, ki, buf, sizeof(buf))[0] == '\0')
		return (false);
	return (!ps->own || ki->ki_uid == geteuid());
}

/* The terminal of standard input. */
bool
ps_add_this_tty(struct ps *ps)
{
	const char *name = ttyname(STDIN_FILENO);

	if (name == NULL || ps->c->core != NULL) {
		complain("-T: %s", name == NULL ?
		    "standard input is no terminal" :
		    "a dump has no terminal of yours");
		return (false);
	}
	return (add(ps, KERN_PROC_TTY, name));
}

/*
 * One thing that is asked for the library can select.  Of more than one it is
 * asked first whether the image has what is compared.
 */
const struct kinfo_proc *
ps_getprocs(const struct ps *ps, int *n)
{
	int mode = ps->threads ? KERN_PROC_INC_THREAD : 0;
	const struct selector *s = ps->selectors;

	for (size_t i = 0; i < ps->nselectors; i++) {
		const struct kinfo_proc *p;

		if (s[i].op == KERN_PROC_TTY || s[i].op == PS_BY_JAIL)
			continue;
		p = kvm_getprocs(ps->c->kd, s[i].op | mode, s[i].arg, n);
		if (p == NULL || ps->nselectors == 1)
			return (p);
	}
	return (kvm_getprocs(ps->c->kd, KERN_PROC_PROC | mode, 0, n));
}
