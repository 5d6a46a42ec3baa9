/* SPDX-License-Identifier: BSD-2-Clause */
/* Does the kernel file belong to the image? */
#include <string.h>

#include "base/hex.h"
#include "os/linux/linux.h"

#define	NOTE_HEAD	16	/* before a build id: three words and "GNU" */

/* How far the image's kernel was moved from where the file has it. */
static void
find_displacement(struct kvmi_kernel *k, const struct kvmi_linux *l,
    struct kvmi_err *err)
{
	uint64_t linked;

	if (l->stext != 0 &&
	    kvmi_elf_symbol(k->exec, "_stext", &linked, err) == 0)
		k->kerndisp = (int64_t)(l->stext - linked);
}

static int
mismatch(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *what,
    const char *file, const char *image)
{
	char release[65] = "unknown";

	if (kvmi_linux_uts(k, cx, 2, release) != 0)
		strcpy(release, "unknown");
	return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s is not the kernel of "
	    "%s: its %s is %s, the image's is %s (release %s)", k->opts->ko_execfile,
	    k->img->src->name, what, file, image, release));
}

/* Are there the notes of some kernel where the kernel file has its id? */
static bool
has_note(struct kvmi_kernel *k, const uint8_t *note, size_t len)
{
	const struct kvmi_blob blob = { .p = note, .len = len };
	struct kvmi_note n;
	size_t pos = 0;

	return (kvmi_note_next(&blob, k->big_endian, &pos, &n) &&
	    kvmi_note_is(&n, "GNU", 3) && n.desc == note + NOTE_HEAD);
}

/*
 * Linux 5.15.168 .. 6.11.9 print a wrong BUILD-ID; the note's bytes in memory
 * are right on all.  Another kernel has other bytes at that place: it is asked
 * for its BUILD-ID.  KVMI_ENOENT: neither side can tell.
 */
static int
check_buildid(struct kvmi_kernel *k, struct kvmi_linux *l, struct kvmi_cx *cx)
{
	struct kvmi_buildid id;
	uint8_t there[NOTE_HEAD + sizeof(id.bytes)];
	char want[2 * sizeof(id.bytes) + 1], have[2 * sizeof(id.bytes) + 1];
	bool readable;

	if (kvmi_elf_buildid(k->exec, &id, &cx->err) != 0)
		return (KVMI_ENOENT);
	kvmi_hex(want, id.bytes, id.len);
	readable = id.note_va != 0 && kvmi_kread(k, cx, id.note_va +
	    (uint64_t)k->kerndisp - NOTE_HEAD, there, NOTE_HEAD + id.len) == 0;
	if (readable && memcmp(there + NOTE_HEAD, id.bytes, id.len) == 0)
		return (0);
	if (readable && has_note(k, there, NOTE_HEAD + id.len)) {
		kvmi_hex(have, there + NOTE_HEAD, id.len);
	} else if (!kvmi_vmcoreinfo_get(&l->info, "BUILD-ID", have,
	    sizeof(have))) {
		if (!readable)
			return (KVMI_ENOENT);
		strcpy(have, "another");
	} else if (!readable && strcmp(want, have) == 0) {
		return (0);
	}
	return (mismatch(k, cx, "build id", want, have));
}

/* "Linux version 6.1.0-42-amd64 (debian-kernel@...": the release in it. */
static int
check_release(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	static const char prefix[] = "Linux version ";
	char banner[256], release[65];
	uint64_t va;

	if (kvmi_elf_symbol(k->exec, "linux_banner", &va, &cx->err) != 0 ||
	    kvmi_elf_read(k->exec, va, banner, sizeof(banner),
	    &cx->err) != 0 ||
	    memcmp(banner, prefix, sizeof(prefix) - 1) != 0 ||
	    kvmi_linux_uts(k, cx, 2, release) != 0)
		return (0);
	banner[sizeof(banner) - 1] = '\0';
	banner[sizeof(prefix) - 1 +
	    strcspn(banner + sizeof(prefix) - 1, " ")] = '\0';
	if (strcmp(banner + sizeof(prefix) - 1, release) == 0)
		return (0);
	return (mismatch(k, cx, "release", banner + sizeof(prefix) - 1,
	    release));
}

int
kvmi_linux_check_exec(struct kvmi_kernel *k, struct kvmi_linux *l,
    struct kvmi_cx *cx)
{
	int r;

	if (kvmi_elf_machine(k->exec) != k->arch->elf_machine)
		return (kvmi_fail(&cx->err, KVMI_EMISMATCH, "%s is for ELF "
		    "machine %u, but %s holds a %s kernel (machine %u)",
		    k->opts->ko_execfile, kvmi_elf_machine(k->exec),
		    k->img->src->name, k->arch->name, k->arch->elf_machine));
	find_displacement(k, l, &cx->err);
	r = check_buildid(k, l, cx);
	return (r == KVMI_ENOENT ? check_release(k, cx) : r);
}
