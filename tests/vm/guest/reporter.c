/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Describes the guest to the host: the system as a whole, then all processes
 * once they have come to rest, then @@READY@@ on the console.  After that it
 * sleeps for ever, so it is in the dump like everything it reported; or, if
 * asked to, it makes the kernel panic.
 *
 * usage: reporter port [libkvm.panic]
 */

#include <sys/klog.h>
#include <sys/utsname.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "listing.h"

#define	PAUSE_US	200000
#define	TRIES_MAX	100
#define	LOAD_PERIOD_US	6000000
#define	POLL_US		20000
#define	SYSLOG_READ_ALL	3
#define	SYSLOG_SIZE	10

static const char *const constant_files[] = {
	"/proc/kallsyms", "/proc/iomem", "/proc/cmdline", "/proc/cpuinfo",
	"/proc/modules", "/proc/version", "/proc/filesystems", "/proc/mounts",
	"/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/hostname",
	"/proc/sys/kernel/osrelease", "/proc/sys/kernel/version",
	"/sys/kernel/vmcoreinfo", "/sys/kernel/notes", "/sys/kernel/btf/vmlinux",
	"/run/kvmguest-status"
};
static const char *const moving_files[] = {
	"/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/loadavg",
	"/proc/swaps"
};

#define	NITEMS(a)	(sizeof(a) / sizeof((a)[0]))

/* The records of /dev/kmsg; each read returns one. */
static void
record_kmsg(struct buffer *b)
{
	size_t start;
	int fd;

	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		err(1, "/dev/kmsg");
	record_begin(b, "/dev/kmsg", &start);
	buffer_add_fd(b, fd);
	record_end(b, start);
	close(fd);
}

/* What dmesg -r prints. */
static void
record_syslog(struct buffer *b)
{
	size_t start;
	char *text;
	int len, size;

	size = klogctl(SYSLOG_SIZE, NULL, 0);
	if (size <= 0 || (text = malloc((size_t)size)) == NULL)
		err(1, "syslog");
	len = klogctl(SYSLOG_READ_ALL, text, size);
	if (len < 0)
		err(1, "syslog");
	record_begin(b, "syslog", &start);
	buffer_add(b, text, (size_t)len);
	record_end(b, start);
	free(text);
}

static void
record_clock(struct buffer *b, const char *name, clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	record_text(b, name, "%lld.%09ld", (long long)ts.tv_sec, ts.tv_nsec);
}

static void
record_constants(struct buffer *b)
{
	struct utsname uts;
	size_t i;

	for (i = 0; i < NITEMS(constant_files); i++)
		record_file(b, constant_files[i]);
	record_kmsg(b);
	record_syslog(b);
	uname(&uts);
	record_text(b, "machine", "%s", uts.machine);
	record_text(b, "reporter", "%d", (int)getpid());
	record_text(b, "page_size", "%ld", sysconf(_SC_PAGESIZE));
	record_text(b, "clock_ticks", "%ld", sysconf(_SC_CLK_TCK));
	record_text(b, "cpus_online", "%ld", sysconf(_SC_NPROCESSORS_ONLN));
}

static void
record_moving(struct buffer *b)
{
	size_t i;

	for (i = 0; i < NITEMS(moving_files); i++)
		record_file(b, moving_files[i]);
	record_clock(b, "clock_realtime", CLOCK_REALTIME);
	record_clock(b, "clock_monotonic", CLOCK_MONOTONIC);
	record_clock(b, "clock_boottime", CLOCK_BOOTTIME);
}

/* The first of the load averages, as text. */
static void
read_load(char *load, size_t size)
{
	int fd;
	ssize_t n;

	fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	if (fd == -1 || (n = read(fd, load, size - 1)) == -1)
		err(1, "/proc/loadavg");
	close(fd);
	load[n] = '\0';
	load[strcspn(load, " ")] = '\0';
}

/*
 * The kernel computes load averages every five seconds.  Waiting for a new
 * one leaves that much time to report and dump it, and the first one after
 * boot is the first that is not zero.
 */
static void
await_new_load(void)
{
	char before[64], now[64];
	int i;

	read_load(before, sizeof(before));
	for (i = 0; i < LOAD_PERIOD_US / POLL_US; i++) {
		usleep(POLL_US);
		read_load(now, sizeof(now));
		if (strcmp(before, now) != 0)
			return;
	}
}

/*
 * Lists until two listings in a row agree, sends the second, and starts over
 * if sending it has changed anything.
 */
static int
report_at_rest(int port)
{
	static struct buffer records[2], keys[2];
	int equal, i, now, running;

	for (equal = i = 0; i < TRIES_MAX; i++) {
		now = i % 2;
		records[now].used = keys[now].used = 0;
		record_text(&records[now], "@@SNAPSHOT", "%d", i);
		running = list_processes(&records[now], &keys[now]);
		if (running == 0 && keys[0].used == keys[1].used &&
		    memcmp(keys[0].data, keys[1].data, keys[0].used) == 0) {
			if (++equal == 2)
				return (0);
			record_moving(&records[now]);
			record_text(&records[now], "@@END", "%d", i);
			buffer_write(&records[now], port);
		} else {
			equal = 0;
			usleep(PAUSE_US);
		}
	}
	return (-1);
}

static void
say(const char *text)
{
	int fd;

	fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd == -1 || write(fd, text, strlen(text)) == -1)
		err(1, "/dev/console");
	close(fd);
}

int
main(int argc, char *argv[])
{
	struct buffer constants = { 0 };
	int fd, port;

	if (argc < 2)
		errx(1, "no port given");
	port = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (port == -1)
		err(1, "%s", argv[1]);
	record_constants(&constants);
	buffer_write(&constants, port);
	await_new_load();
	if (report_at_rest(port) == -1) {
		say("\n@@FAILED@@ processes do not come to rest\n");
		return (1);
	}
	say("\n@@READY@@\n");
	if (argc > 2 && strcmp(argv[2], "libkvm.panic") == 0) {
		fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
		if (fd == -1 || write(fd, "c", 1) == -1)
			err(1, "/proc/sysrq-trigger");
	}
	for (;;)
		pause();
}
