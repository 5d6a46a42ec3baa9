/* SPDX-License-Identifier: BSD-2-Clause */
/* What kvm_getinfo() says of a FreeBSD image. */
#include <stdio.h>
#include <string.h>

#include "base/math.h"
#include "os/freebsd/freebsd.h"

/* More CPUs than any MAXCPU (sys/<arch>/include/param.h) allows. */
#define MAX_CPUS	65536

/* The first line of a string; where it cannot be had buf stays. */
static void
string_at(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va, char *buf,
    size_t len)
{
	char copy[512];

	if (kvmi_space_string(&k->space, cx, va, copy, sizeof(copy)) != 0)
		return;
	copy[strcspn(copy, "\n")] = '\0';
	if (copy[0] != '\0')
		snprintf(buf, len, "%s", copy);
}

static void
string_symbol(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    char *buf, size_t len)
{
	uint64_t va;

	if (kvmi_kernel_addr(k, cx, name, &va) == 0)
		string_at(k, cx, va, buf, len);
}

/* That of the host, which is jail 0; until 7 a variable. */
static void
hostname(struct kvmi_kernel *k, struct kvmi_cx *cx, char *buf, size_t len)
{
	struct kvmi_member m;
	struct kvmi_types *t;
	uint64_t prison;

	if (kvmi_kernel_addr(k, cx, "prison0", &prison) == 0 &&
	    kvmi_kernel_types(k, cx, &t) == 0 &&
	    kvmi_type_member(t, "prison", "pr_hostname", &m, &cx->err) == 0)
		string_at(k, cx, prison + m.off, buf, len);
	else
		string_symbol(k, cx, "hostname", buf, len);
}

/* "FreeBSD 13.1-RELEASE releng/...", as sys/conf/newvers.sh makes it. */
void
kvmi_freebsd_release(struct kvmi_facts *f)
{
	static const char system[] = "FreeBSD ";
	const char *name = f->version + sizeof(system) - 1;

	if (f->release[0] == '\0' &&
	    strncmp(f->version, system, sizeof(system) - 1) == 0)
		snprintf(f->release, sizeof(f->release), "%.*s",
		    (int)kvmi_min(strcspn(name, " "), sizeof(f->release) - 1),
		    name);
}

void
kvmi_freebsd_facts(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_facts *f)
{
	struct kvm_timeval boot;
	struct kvmi_buildid id;
	uint64_t panic;
	int32_t ncpus;

	f->info.ki_arch = kvmi_arch_freebsd_name(k->arch,
	    k->big_endian);
	f->info.ki_page_size = 1u << k->arch->page_shift;
	if (k->exec != NULL && kvmi_elf_buildid(k->exec, &id, &cx->err) == 0)
		kvmi_hex(f->buildid, id.bytes, id.len);
	string_symbol(k, cx, "osrelease", f->release, sizeof(f->release));
	string_symbol(k, cx, "version", f->version, sizeof(f->version));
	kvmi_freebsd_release(f);
	hostname(k, cx, f->hostname, sizeof(f->hostname));
	/* NULL where the dump was asked for and nothing panicked. */
	if (kvmi_freebsd_ptr(k, cx, "panicstr", &panic) == 0 && panic != 0)
		string_at(k, cx, panic, f->panic, sizeof(f->panic));
	if (kvmi_freebsd_int(k, cx, "mp_ncpus", &ncpus) == 0 && ncpus > 0 &&
	    ncpus <= MAX_CPUS)
		f->info.ki_ncpus = (uint32_t)ncpus;
	if (f->info.ki_crashtime == 0)
		f->info.ki_crashtime = kvmi_freebsd_now(k, cx);
	if (kvmi_freebsd_boottime(k, cx, &boot))
		f->info.ki_boottime = boot.tv_sec;
}
