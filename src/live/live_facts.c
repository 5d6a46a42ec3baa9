/* SPDX-License-Identifier: BSD-2-Clause */
/* What kvm_getinfo() says of the running host. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/hex.h"
#include "live/live.h"

static void
build_id(struct kvmi_facts *f)
{
	char notes[4096];
	ssize_t n = kvmi_live_slurp(AT_FDCWD, "/sys/kernel/notes", notes,
	    sizeof(notes));
	struct kvmi_blob blob = { .p = (uint8_t *)notes,
		.len = n > 0 ? (size_t)n : 0 };
	bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	struct kvmi_note note;
	size_t pos = 0;

	while (kvmi_note_next(&blob, big, &pos, &note))
		if (kvmi_note_is(&note, "GNU", 3) && note.descsz <= 64)
			kvmi_hex(f->buildid, note.desc, note.descsz);
}

/* The number behind key in a file of "key value" lines; 0: not there. */
static int64_t
keyed(int procfd, const char *path, const char *key)
{
	size_t len = 1u << 20, key_len = strlen(key);
	char *text = malloc(len);
	int64_t v = 0;

	if (text != NULL && kvmi_live_slurp(procfd, path, text, len) > 0)
		for (char *line = text; line != NULL && *line != '\0';
		    line = strchr(line, '\n')) {
			line += *line == '\n';
			if (strncmp(line, key, key_len) == 0) {
				v = strtoll(line + key_len, NULL, 10);
				break;
			}
		}
	free(text);
	return (v);
}

void
kvmi_live_facts(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_facts *f)
{
	const struct kvmi_live *l = k->priv;
	int procfd = open(l->proc_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct utsname u;

	(void)cx;
	snprintf(f->format, sizeof(f->format), "live");
	if (uname(&u) == 0) {
		snprintf(f->release, sizeof(f->release), "%s", u.release);
		snprintf(f->version, sizeof(f->version), "%s", u.version);
		snprintf(f->hostname, sizeof(f->hostname), "%s", u.nodename);
	}
	f->info.ki_page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	f->info.ki_ncpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
	f->info.ki_pointer_size = sizeof(void *);
	build_id(f);
	if (procfd < 0)
		return;
	f->info.ki_boottime = keyed(procfd, "stat", "btime ");
	f->info.ki_physmem = (uint64_t)keyed(procfd, "meminfo", "MemTotal:") *
	    1024;
	close(procfd);
}
