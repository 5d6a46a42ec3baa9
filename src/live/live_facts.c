/* SPDX-License-Identifier: BSD-2-Clause */
/* What kvm_getinfo() says of the running host. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "live/live.h"

#define NT_GNU_BUILD_ID	3
#define BUILDID_MAX	64

/* The interrupt counts of a large machine are what makes /proc/stat long. */
#define MAX_STAT	((size_t)16 << 20)
#define MAX_SMALL	((size_t)64 << 10)

static void
build_id(const struct kvmi_live *l, const struct kvmi_kernel *k,
    struct kvmi_facts *f)
{
	struct kvmi_text t = { 0 };
	struct kvmi_note note;
	char path[PATH_MAX];
	size_t pos = 0;

	snprintf(path, sizeof(path), "%s/kernel/notes", l->sys_root);
	if (kvmi_text_read(&t, AT_FDCWD, path, KVMI_TEXT_TO_END,
	    MAX_SMALL) == 0) {
		const struct kvmi_blob blob = { .p = (const uint8_t *)t.p,
			.len = t.len };

		while (kvmi_note_next(&blob, k->big_endian, &pos, &note))
			if (kvmi_note_is(&note, "GNU", NT_GNU_BUILD_ID) &&
			    note.descsz <= BUILDID_MAX)
				kvmi_hex(f->buildid, note.desc, note.descsz);
	}
	kvmi_text_deinit(&t);
}

/* A number from a file of procfs, by the word its line begins with. */
static bool
proc_number(const struct kvmi_live *l, const char *file, const char *key,
    uint64_t *ret)
{
	struct kvmi_text t = { 0 };
	char path[PATH_MAX];
	bool found;

	snprintf(path, sizeof(path), "%s/%s", l->proc_root, file);
	found = kvmi_text_read(&t, AT_FDCWD, path, KVMI_TEXT_TO_END,
	    MAX_STAT) == 0 && kvmi_text_number(&t, key, ret);
	kvmi_text_deinit(&t);
	return (found);
}

static int64_t
boot_by_clocks(void)
{
	struct timespec now, up;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0 ||
	    clock_gettime(CLOCK_BOOTTIME, &up) != 0)
		return (0);
	return (now.tv_sec - up.tv_sec - (now.tv_nsec < up.tv_nsec));
}

int64_t
kvmi_live_boot(struct kvmi_live *l)
{
	uint64_t v;
	int64_t t;

	pthread_mutex_lock(&l->lock);
	if (!l->boot_known) {
		/* A procfs mounted with subset=pid has no stat. */
		l->boot = proc_number(l, "stat", "btime ", &v) ? (int64_t)v :
		    boot_by_clocks();
		l->boot_known = true;
	}
	t = l->boot;
	pthread_mutex_unlock(&l->lock);
	return (t);
}

void
kvmi_live_facts(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_facts *f)
{
	struct kvmi_live *l = k->priv;
	long n;
	uint64_t kib;

	snprintf(f->format, sizeof(f->format), "live");
	snprintf(f->release, sizeof(f->release), "%s", l->uts.release);
	snprintf(f->version, sizeof(f->version), "%s", l->uts.version);
	snprintf(f->hostname, sizeof(f->hostname), "%s", l->uts.nodename);
	if (k->arch == NULL) {
		f->info.ki_arch = l->uts.machine;
		f->info.ki_pointer_size = sizeof(void *);
	}
	n = sysconf(_SC_PAGESIZE);
	f->info.ki_page_size = n > 0 ? (uint32_t)n : 0;
	n = sysconf(_SC_NPROCESSORS_ONLN);
	f->info.ki_ncpus = n > 0 ? (uint32_t)n : 0;
	f->info.ki_boottime = kvmi_live_boot(l);
	if (proc_number(l, "meminfo", "MemTotal:", &kib) &&
	    kib <= UINT64_MAX / 1024)
		f->info.ki_physmem = kib * 1024;
	build_id(l, k, f);
	/* The displacement is known once memory is open. */
	if (l->memory && kvmi_live_memory(k, cx) == 0)
		f->info.ki_max_pa = k->img->max_pa;
}
