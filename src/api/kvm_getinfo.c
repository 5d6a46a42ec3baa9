/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_getinfo(3). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kd.h"

/* What the container knows, whatever the kernel. */
static void
image_facts(struct kvmi_kernel *k, struct kvmi_facts *f)
{
	struct kvmi_image *img = k->img;
	struct kvmi_err ignored;

	pthread_mutex_lock(&k->lock);
	if (img->ops->count != NULL)
		img->ops->count(img, &ignored);
	pthread_mutex_unlock(&k->lock);
	snprintf(f->format, sizeof(f->format), "%s", img->format);
	snprintf(f->release, sizeof(f->release), "%s", img->release);
	snprintf(f->version, sizeof(f->version), "%s", img->version);
	snprintf(f->hostname, sizeof(f->hostname), "%s", img->nodename);
	snprintf(f->panic, sizeof(f->panic), "%s", img->panic);
	f->info.ki_crashtime = img->timestamp;
	f->info.ki_physmem = img->ram_bytes;
	f->info.ki_pages_present = img->pages_present;
	f->info.ki_pages_excluded = img->pages_excluded;
	f->info.ki_max_pa = img->max_pa;
	f->info.ki_truncated = img->truncated;
	f->info.ki_incomplete = img->incomplete;
}

/* Cut short, they still agree. */
static void
compare(struct kvmi_facts *f, const char *what, const char *kernel,
    const char *told)
{
	size_t n = strlen(kernel), m = strlen(told);

	if (n != 0 && m != 0 && strncmp(kernel, told, n < m ? n : m) != 0)
		kvmi_remark(f->note, sizeof(f->note), "the %s is \"%.150s\" in "
		    "the kernel, but \"%.150s\" beside it", what, kernel,
		    told);
}

/* Does what the dump's header or info.N says fit what is in the kernel? */
static void
check_told(const struct kvmi_image *img, struct kvmi_facts *f)
{
	snprintf(f->note, sizeof(f->note), "%s", img->note);
	compare(f, "version", f->version, img->told.version);
	compare(f, "hostname", f->hostname, img->told.hostname);
	compare(f, "panic", f->panic, img->told.panic);
}

static void
dump_header(const struct kvmi_told *t, struct kvmi_facts *f)
{
	if (!t->there)
		return;
	f->dump = (struct kvm_dumpheader){
		.kh_magic = t->magic,
		.kh_arch = t->arch,
		.kh_hostname = t->hostname,
		.kh_kernel = t->version,
		.kh_panic = t->panic,
		.kh_compression = t->compression,
		.kh_device = t->device,
		.kh_status = t->status,
		.kh_time = t->time,
		.kh_length = t->length,
		.kh_extent = t->extent,
		.kh_version = t->header_version,
		.kh_archversion = t->arch_version,
		.kh_blocksize = t->block_size,
		.kh_keysize = t->key_size,
		.kh_parity = t->parity,
		.kh_bounds = t->bounds,
	};
	f->info.ki_dump = &f->dump;
}

/* Say where symbols and types come from; finding them is the only way to know. */
static void
sources(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_facts *f)
{
	struct kvmi_symtab *syms;
	struct kvmi_types *types;

	if (kvmi_kernel_symtab(k, cx, &syms) == 0)
		snprintf(f->symbols, sizeof(f->symbols), "%s", k->syms_where);
	if (kvmi_kernel_types(k, cx, &types) == 0)
		snprintf(f->types, sizeof(f->types), "%s", types->where);
}

/* Who panicked; a thread that only wrote the dump has no CPU here. */
static void
panicked(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_facts *f)
{
	struct kinfo_proc ki = { 0 };
	struct kvm_info *i = &f->info;

	i->ki_paniccpu = -1;
	if (k->live)
		return;
	if (k->os->panic_cpu != NULL)
		k->os->panic_cpu(k, cx, &i->ki_paniccpu);
	if (k->os->panic_thread == NULL ||
	    k->os->panic_thread(k, cx, &ki) != 0)
		return;
	i->ki_panicpid = ki.ki_pid;
	i->ki_panictid = ki.ki_tid;
	snprintf(f->panicthread, sizeof(f->panicthread), "%s%s",
	    ki.ki_tdname[0] != '\0' ? ki.ki_tdname : ki.ki_comm,
	    ki.ki_moretdname);
}

static void
collect(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_facts *f)
{
	struct kvm_info *i = &f->info;

	i->ki_live = k->live;
	i->ki_big_endian = k->big_endian;
	i->ki_os = k->os->name;
	i->ki_arch = k->arch == NULL ? "" :
	    kvmi_arch_linux_name(k->arch, k->big_endian);
	i->ki_pointer_size = k->arch != NULL ? k->arch->pointer_size : 0;
	i->ki_paging_levels = (uint8_t)k->space.paging.levels;
	if (k->img != NULL && !k->live)
		image_facts(k, f);
	sources(k, cx, f);
	k->os->facts(k, cx, f);
	panicked(k, cx, f);
	if (k->img != NULL && !k->live)
		check_told(k->img, f);
	i->ki_kerndisp = k->kerndisp;
	i->ki_format = f->format;
	i->ki_release = f->release;
	i->ki_version = f->version;
	i->ki_hostname = f->hostname;
	i->ki_panic = f->panic;
	i->ki_note = f->note;
	i->ki_buildid = f->buildid;
	i->ki_symbols = f->symbols;
	i->ki_types = f->types;
	i->ki_vmcoreinfo = f->vmcoreinfo;
	if (k->img != NULL)
		dump_header(&k->img->told, f);
	i->ki_panicthread = f->panicthread;
}

/* What is missing is no error, and no list call was made. */
static struct kvmi_facts *
collect_quietly(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_facts *f = calloc(1, sizeof(*f));
	struct kvmi_err before = cx->err;
	unsigned int damage = cx->damage;
	char why[sizeof(cx->damage_why)];

	memcpy(why, cx->damage_why, sizeof(why));
	if (f != NULL)
		collect(k, cx, f);
	kvmi_kd_restore(cx, &before);
	cx->damage = damage;
	memcpy(cx->damage_why, why, sizeof(why));
	return (f);
}

const struct kvm_info *
kvm_getinfo(kvm_t *kd)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_facts *f;

	if (cx == NULL)
		return (NULL);
	pthread_mutex_lock(&kd->lock);
	f = kd->facts;
	pthread_mutex_unlock(&kd->lock);
	if (f != NULL)
		return (&f->info);
	/* Without the lock: the caller's resolver may be asked. */
	f = collect_quietly(kd->kernel, cx);
	if (f == NULL) {
		kvmi_kd_fail(kd, cx, kvmi_fail(&cx->err, KVMI_ENOMEM,
		    "out of memory"));
		return (NULL);
	}
	pthread_mutex_lock(&kd->lock);
	if (kd->facts != NULL) {	/* another thread was first */
		free(f);
		f = kd->facts;
	}
	kd->facts = f;
	pthread_mutex_unlock(&kd->lock);
	return (&f->info);
}
