/* SPDX-License-Identifier: BSD-2-Clause */
/* What kvm_getinfo() says of a Linux image. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/math.h"
#include "os/linux/linux.h"

/* What the kernel logs when it dies, worst first. */
static const char *const panic_mark[] = {
	"Kernel panic - not syncing: ",
	"sysrq: Trigger a crash",
	"kernel BUG at ",
	"BUG: ",
	"Oops: ",
	"general protection fault",
	"Unable to handle kernel",
};

struct panic {
	char		*text;
	size_t		 len;
	size_t		 rank;		/* of the best line so far */
};

static int
look_for_panic(const struct kvm_logrec *rec, void *arg)
{
	struct panic *p = arg;

	/* Programs may write to the log too, and quote it. */
	if (rec->kl_facility != 0)
		return (1);
	for (size_t i = 0; i < p->rank; i++) {
		const char *nl = memchr(rec->kl_text, '\n', rec->kl_len);
		size_t line = nl != NULL ? (size_t)(nl - rec->kl_text) :
		    rec->kl_len;

		if (memmem(rec->kl_text, line, panic_mark[i],
		    strlen(panic_mark[i])) == NULL)
			continue;
		snprintf(p->text, p->len, "%.*s", (int)line, rec->kl_text);
		p->rank = i;
		break;
	}
	return (1);
}

static void
uts_field(struct kvmi_kernel *k, struct kvmi_cx *cx, unsigned int i,
    char *buf, size_t len)
{
	char field[65];

	if (kvmi_linux_uts(k, cx, i, field) == 0)
		snprintf(buf, len, "%s", field);
}

/* The build id of the running image: the note the kernel keeps of itself. */
static void
build_id(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_facts *f)
{
	struct kvmi_linux *l = k->priv;
	uint64_t start, stop;
	uint8_t notes[4096];
	struct kvmi_blob blob = { .p = notes };
	struct kvmi_note n;
	size_t pos = 0;

	kvmi_vmcoreinfo_get(&l->info, "BUILD-ID", f->buildid,
	    sizeof(f->buildid));
	if (kvmi_kernel_addr(k, cx, "__start_notes", &start) != 0 ||
	    kvmi_kernel_addr(k, cx, "__stop_notes", &stop) != 0 ||
	    stop <= start)
		return;
	blob.len = (size_t)kvmi_min(stop - start, sizeof(notes));
	if (kvmi_kread(k, cx, start, notes, blob.len) != 0)
		return;
	while (kvmi_note_next(&blob, k->big_endian, &pos, &n))
		if (kvmi_note_is(&n, "GNU", 3) && n.descsz <= 64)
			kvmi_hex(f->buildid, n.desc, n.descsz);
}

static uint32_t
count_cpus(struct kvmi_kernel *k)
{
	struct kvmi_note n;
	size_t pos = 0;
	uint32_t cpus = 0;

	while (kvmi_note_next(&k->img->notes, k->img->big_endian, &pos, &n))
		cpus += kvmi_note_is(&n, "CORE", 1);
	return (cpus);
}

void
kvmi_linux_facts(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_facts *f)
{
	struct kvmi_linux *l = k->priv;
	struct panic panic = { .text = f->panic, .len = sizeof(f->panic),
		.rank = KVMI_COUNT(panic_mark) };
	char value[80];
	int64_t boot;
	uint64_t up;
	size_t n = 0;

	uts_field(k, cx, 1, f->hostname, sizeof(f->hostname));
	kvmi_vmcoreinfo_get(&l->info, "OSRELEASE", f->release,
	    sizeof(f->release));
	uts_field(k, cx, 2, f->release, sizeof(f->release));
	uts_field(k, cx, 3, f->version, sizeof(f->version));
	f->info.ki_page_size = 1u << k->arch->page_shift;
	if (kvmi_vmcoreinfo_get(&l->info, "PAGESIZE", value, sizeof(value)))
		f->info.ki_page_size = (uint32_t)strtoul(value, NULL, 10);
	if (kvmi_linux_boottime(k, cx, &boot) == 0) {
		f->info.ki_boottime = boot / 1000000000;
		if (kvmi_linux_uptime(k, cx, &up) == 0 && up < UINT64_C(1) << 62)
			f->info.ki_crashtime = boot / 1000000000 +
			    (int64_t)(up / 1000000000);
	}
	if (kvmi_vmcoreinfo_get(&l->info, "CRASHTIME", value, sizeof(value)))
		f->info.ki_crashtime = strtoll(value, NULL, 10);
	f->info.ki_ncpus = count_cpus(k);
	snprintf(f->vmcoreinfo, sizeof(f->vmcoreinfo), "%s", l->info_where);
	build_id(k, cx, f);
	kvmi_linux_log(k, cx, look_for_panic, &panic, &n);
}
