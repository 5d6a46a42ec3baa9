/* SPDX-License-Identifier: BSD-2-Clause */
/* What kvm_getinfo() says of a FreeBSD image. */
#include <stdio.h>
#include <string.h>

#include "base/math.h"
#include "os/freebsd/freebsd.h"

/* More CPUs than any MAXCPU (sys/<arch>/include/param.h) allows. */
#define MAX_CPUS	65536

int
kvmi_freebsd_int(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    int32_t *ret)
{
	uint64_t va, v;
	int r;

	r = kvmi_kernel_addr(k, cx, name, &va);
	if (r != 0)
		return (r);
	r = kvmi_kread_uint(k, cx, va, 4, &v);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "%s", name));
	*ret = (int32_t)v;
	return (0);
}

int
kvmi_freebsd_ptr(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    uint64_t *ret)
{
	uint64_t va;
	int r;

	r = kvmi_kernel_addr(k, cx, name, &va);
	if (r != 0)
		return (r);
	r = kvmi_kread_ptr(k, cx, va, ret);
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "%s", name));
}

/*
 * A time_t.  It has 4 bytes on i386 and 8 on other 32-bit machines
 * (sys/<arch>/include/_types.h); the symbol's size says which.
 */
static bool
time_variable(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    int64_t *ret)
{
	struct kvmi_sym sym;
	uint64_t v;

	if (kvmi_kernel_symbol(k, cx, name, &sym) != 0)
		return (false);
	if (sym.size != 4 && sym.size != 8)
		sym.size = k->arch->pointer_size;
	if (kvmi_kread_uint(k, cx, sym.addr, (unsigned int)sym.size, &v) != 0)
		return (false);
	*ret = sym.size == 4 ? (int32_t)v : (int64_t)v;
	return (true);
}

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

/*
 * tc_windup() (sys/kern/kern_tc.c) keeps both as whole seconds, so that the
 * difference is the boot time or one second more.
 */
static void
times(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_facts *f)
{
	int64_t now, up, boot;

	if (!time_variable(k, cx, "time_second", &now) || now <= 0)
		return;
	if (f->info.ki_crashtime == 0)
		f->info.ki_crashtime = now;
	if (time_variable(k, cx, "time_uptime", &up) && up > 0 &&
	    !__builtin_sub_overflow(now, up, &boot) && boot > 0)
		f->info.ki_boottime = boot;
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
	struct kvmi_buildid id;
	uint64_t panic;
	int32_t ncpus;

	f->info.ki_arch = k->arch->freebsd;
	f->info.ki_page_size = 1u << k->arch->page_shift;
	if (k->exec != NULL && kvmi_elf_buildid(k->exec, &id, &cx->err) == 0)
		kvmi_hex(f->buildid, id.bytes, id.len);
	string_symbol(k, cx, "osrelease", f->release, sizeof(f->release));
	string_symbol(k, cx, "version", f->version, sizeof(f->version));
	kvmi_freebsd_release(f);
	/* NULL where the dump was asked for and nothing panicked. */
	if (kvmi_freebsd_ptr(k, cx, "panicstr", &panic) == 0 && panic != 0)
		string_at(k, cx, panic, f->panic, sizeof(f->panic));
	if (kvmi_freebsd_int(k, cx, "mp_ncpus", &ncpus) == 0 && ncpus > 0 &&
	    ncpus <= MAX_CPUS)
		f->info.ki_ncpus = (uint32_t)ncpus;
	times(k, cx, f);
}
