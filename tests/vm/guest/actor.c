/* SPDX-License-Identifier: BSD-2-Clause */

/* A process with known properties; which, is told by the program's name. */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "actor.h"

static const struct {
	const char	*name;
	part_fn		*play;
} parts[] = {
	{ "threads",	play_threads },
	{ "session",	play_session },
	{ "orphan",	play_orphan },
	{ "zombie",	play_zombie },
	{ "stopped",	play_stopped },
	{ "traced",	play_traced },
	{ "vforked",	play_vforked },
	{ "spinner",	play_spinner },
	{ "crowd",	play_crowd },
	{ "deadleader",	play_deadleader },
	{ "namespace",	play_namespace },
	{ "nice",	play_nice },
	{ "fifo",	play_fifo },
	{ "batch",	play_batch },
	{ "idle",	play_idle },
	{ "ids",	play_ids },
	{ "groups",	play_groups },
	{ "signals",	play_signals },
	{ "comm",	play_comm },
	{ "memory",	play_memory },
	{ "shared",	play_shared },
	{ "title",	play_title },
	{ "arguments",	play_arguments },
	{ "noarguments",	play_noarguments },
	{ "pages",	play_pages },
};

void
in_position(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/actors/%d", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd == -1)
		err(1, "%s", path);
	close(fd);
}

void
sleep_for_ever(void)
{
	for (;;)
		pause();
}

int
main(int argc, char *argv[])
{
	const char *name;
	size_t i;

	name = strrchr(argv[0], '/') + 1;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(name, parts[i].name) == 0) {
			parts[i].play(argc, argv);
			in_position();
			sleep_for_ever();
		}
	}
	errx(1, "no such part");
}
