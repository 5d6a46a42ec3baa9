/* SPDX-License-Identifier: BSD-2-Clause */

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "listing.h"

static const char *const process_files[] = {
	"stat", "status", "cmdline", "environ", "comm", "wchan", "maps",
	"statm", "cgroup"
};
static const char *const process_links[] = { "exe", "cwd", "root" };
static const char *const thread_files[] = { "stat", "comm", "wchan" };

#define	NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

/* A flag in stat: a kernel thread. */
#define	PF_KTHREAD	0x200000

/*
 * Adds "tid (comm) state ppid" and the start time of one thread.  The suffix
 * that tells what a kworker worked on last is left out.  The reporter itself
 * is the one process that cannot be at rest.  Returns 1 for a running kernel
 * thread.
 */
static int
add_key(struct buffer *key, const char *path, int own)
{
	char stat[4096], comm[64], line[256], *close_paren, state;
	int fd, ppid, tid;
	unsigned flags;
	ssize_t n;
	unsigned long long start;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return (0);
	n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	if (n <= 0)
		return (0);
	stat[n] = '\0';
	close_paren = strrchr(stat, ')');
	if (close_paren == NULL || sscanf(stat, "%d (", &tid) != 1 ||
	    sscanf(close_paren + 2, "%c %d %*d %*d %*d %*d %u %*u %*u %*u "
	    "%*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
	    &state, &ppid, &flags, &start) != 4)
		errx(1, "%s: %s", path, stat);
	*close_paren = '\0';
	snprintf(comm, sizeof(comm), "%s", strchr(stat, '(') + 1);
	if (strncmp(comm, "kworker/", 8) == 0)
		comm[strcspn(comm, "-+")] = '\0';
	snprintf(line, sizeof(line), "%d (%s) %c %d %llu\n", tid, comm,
	    own ? '?' : state, ppid, start);
	buffer_add(key, line, strlen(line));
	return (state == 'R' && (flags & PF_KTHREAD) != 0);
}

static int
list_threads(struct buffer *records, struct buffer *key, const char *process,
    int own)
{
	DIR *dir;
	struct dirent *entry;
	char path[256];
	int running;
	size_t i;

	running = 0;
	snprintf(path, sizeof(path), "%s/task", process);
	dir = opendir(path);
	if (dir == NULL)
		return (0);
	while ((entry = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		for (i = 0; i < NITEMS(thread_files); i++) {
			snprintf(path, sizeof(path), "%s/task/%.16s/%s",
			    process, entry->d_name, thread_files[i]);
			record_file(records, path);
			if (i == 0)
				running += add_key(key, path, own);
		}
	}
	closedir(dir);
	return (running);
}

int
list_processes(struct buffer *records, struct buffer *key)
{
	DIR *dir;
	struct dirent *entry;
	char process[64], path[128];
	int own, running;
	size_t i;

	running = 0;
	dir = opendir("/proc");
	if (dir == NULL)
		err(1, "/proc");
	while ((entry = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(process, sizeof(process), "/proc/%.16s",
		    entry->d_name);
		for (i = 0; i < NITEMS(process_files); i++) {
			snprintf(path, sizeof(path), "%s/%s", process,
			    process_files[i]);
			record_file(records, path);
		}
		for (i = 0; i < NITEMS(process_links); i++) {
			snprintf(path, sizeof(path), "%s/%s", process,
			    process_links[i]);
			record_link(records, path);
		}
		snprintf(path, sizeof(path), "%d", (int)getpid());
		own = strcmp(path, entry->d_name) == 0;
		running += list_threads(records, key, process, own);
	}
	closedir(dir);
	return (running);
}
