/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that write a file for a while: how far they are, and an end when a
 * signal asks for one, so that they can remove what they began.
 */
#include <stdio.h>
#include <unistd.h>

#include "kpeek.h"

static const int asking[KPEEK_ASKING] = { SIGHUP, SIGINT, SIGTERM };
static volatile sig_atomic_t caught;

static void
note(int sig)
{
	caught = sig;
}

void
writing_begin(struct writing *p, const char *doing, bool has_file)
{
	/* The second one ends the program, whatever it is doing. */
	struct sigaction act = { .sa_handler = note,
		.sa_flags = (int)SA_RESETHAND };

	*p = (struct writing){ .doing = doing,
		.terminal = isatty(STDERR_FILENO), .has_file = has_file };
	for (size_t i = 0; has_file && i < KPEEK_ASKING; i++) {
		sigaction(asking[i], NULL, &p->before[i]);
		if (p->before[i].sa_handler != SIG_IGN)
			sigaction(asking[i], &act, NULL);
	}
}

int
writing_show(void *closure, uint64_t done, uint64_t total)
{
	struct writing *p = closure;
	unsigned int now = total == 0 ? 100 :
	    (unsigned int)((double)done * 100 / (double)total);

	if (p->terminal && now + 1 != p->shown) {
		p->half_line = done != total;
		fprintf(stderr, "\r%s %3u %%%s", p->doing, now,
		    p->half_line ? "" : "\n");
	}
	p->shown = now + 1;
	return (caught == 0);
}

void
writing_end(struct writing *p)
{
	if (p->half_line)
		fputc('\n', stderr);
	for (size_t i = 0; p->has_file && i < KPEEK_ASKING; i++)
		sigaction(asking[i], &p->before[i], NULL);
	if (caught != 0)
		raise(caught);
}
