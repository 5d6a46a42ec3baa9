/* SPDX-License-Identifier: BSD-2-Clause */
#include "os/kernel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "live/live.h"
#include "os/module_types.h"

/*
 * Which kernel is in the image?  Order matters only for speed: each row
 * declines what is not its own.
 */
static const struct kvmi_os_ops *const os_table[] = {
	&kvmi_os_freebsd_text,
	&kvmi_os_freebsd,
	&kvmi_os_linux,
};

static struct kvmi_kernel *
kernel_create(const struct kvm_options *o, struct kvmi_err *err)
{
	static const struct kvm_options none = KVM_OPTIONS_INIT;
	struct kvmi_kernel *k = calloc(1, sizeof(*k));

	if (k == NULL) {
		kvmi_fail(err, KVMI_ENOMEM, "out of memory");
		return (NULL);
	}
	pthread_mutex_init(&k->lock, NULL);
	k->opts = o != NULL ? o : &none;
	k->syms_status = 1;
	k->types_status = 1;
	return (k);
}

int
kvmi_kernel_close(struct kvmi_kernel *k)
{
	int r;

	if (k == NULL)
		return (0);
	if (k->os != NULL)
		k->os->detach(k);
	kvmi_module_types_free(k->module_types);
	kvmi_symtab_destroy(k->module_syms);
	kvmi_types_close(k->types);
	kvmi_symtab_destroy(k->syms);
	kvmi_elf_close(k->debug);
	kvmi_elf_close(k->exec);
	kvmi_sysmap_close(k->sysmap);
	r = kvmi_image_close(k->img);
	pthread_mutex_destroy(&k->lock);
	free(k);
	return (r);
}

int
kvmi_kernel_open(struct kvmi_image *img, struct kvmi_elf *exec,
    const struct kvm_options *o, struct kvmi_cx *cx,
    struct kvmi_kernel **ret)
{
	struct kvmi_kernel *k = kernel_create(o, &cx->err);
	int r = KVMI_ENOTMINE;

	if (k == NULL) {
		kvmi_elf_close(exec);
		kvmi_image_close(img);
		return (KVMI_ENOMEM);
	}
	k->img = img;
	k->exec = exec;
	for (size_t i = 0; i < KVMI_COUNT(os_table); i++) {
		k->os = os_table[i];
		r = k->os->attach(k, cx);
		if (r != KVMI_ENOTMINE)
			break;
		k->os->detach(k);
		k->os = NULL;
	}
	if (r == KVMI_ENOTMINE)
		r = kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: an image (%s) "
		    "without a trace of a known kernel: no VMCOREINFO or QEMU "
		    "note, no minidump header%s%s%s", img->src->name,
		    img->format, img->truncated ? "; the file is cut short" :
		    "", img->note[0] != '\0' ? "; " : "", img->note);
	if (r != 0) {
		kvmi_kernel_close(k);
		return (r);
	}
	*ret = k;
	return (0);
}

int
kvmi_kernel_open_live(bool memory, const struct kvm_options *opts,
    struct kvmi_cx *cx, struct kvmi_kernel **ret)
{
	const struct kvmi_live_options o = { .memory = memory,
		.proc_root = "/proc" };
	struct kvmi_kernel *k = kernel_create(opts, &cx->err);
	int r;

	if (k == NULL)
		return (KVMI_ENOMEM);
	k->live = true;
	k->big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	r = kvmi_live_prepare(k, &o, &cx->err);
	if (r == 0) {
		k->os = &kvmi_os_live_linux;
		r = k->os->attach(k, cx);
	}
	if (r != 0) {
		kvmi_kernel_close(k);
		return (r);
	}
	*ret = k;
	return (0);
}

static int
load_symtab(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_symtab *t;
	int r;

	r = kvmi_symtab_create(&t, &cx->err);
	if (r != 0)
		return (r);
	r = k->os->symbols(k, cx, &t, k->syms_where, sizeof(k->syms_where));
	if (r != 0) {
		kvmi_symtab_destroy(t);
		return (r);
	}
	k->syms = t;
	return (0);
}

int
kvmi_kernel_symtab(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **ret)
{
	int r;

	pthread_mutex_lock(&k->lock);
	if (k->syms_status > 0) {
		k->syms_status = load_symtab(k, cx);
		if (k->syms_status < 0)
			memcpy(k->syms_why, cx->err.text, sizeof(k->syms_why));
	}
	r = k->syms_status;
	*ret = k->syms;
	pthread_mutex_unlock(&k->lock);
	return (r == 0 ? 0 : kvmi_fail(&cx->err, r, "%s", k->syms_why));
}

/* What is known without a table: the caller's word, and the image's notes. */
static bool
known_symbol(struct kvmi_kernel *k, const char *name, struct kvmi_sym *ret)
{
	kvaddr_t addr;

	*ret = (struct kvmi_sym){ .name = name, .module = "", .letter = 'D' };
	if (k->opts->ko_resolver != NULL && k->opts->ko_resolver(name, &addr) == 0) {
		ret->addr = addr;
		return (true);
	}
	return (k->os->early_symbol != NULL &&
	    k->os->early_symbol(k, name, &ret->addr) == 0);
}

static int
table_symbol(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    struct kvmi_sym *ret)
{
	struct kvmi_symtab *t;
	int r = kvmi_kernel_symtab(k, cx, &t);

	if (r == 0)
		return (kvmi_symtab_by_name(t, name, ret, &cx->err));
	/* A caller who resolves names himself needs no table. */
	return (k->opts->ko_resolver != NULL ? KVMI_ENOENT : r);
}

static int
no_symbol(const char *name, struct kvmi_err *err)
{
	return (kvmi_fail(err, KVMI_ENOENT, "%s: no such symbol", name));
}

int
kvmi_kernel_symbol(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const char *name, struct kvmi_sym *ret)
{
	/* BSD programs write C names with a.out's underscore. */
	const char *bare = name[0] == '_' ? name + 1 : NULL;
	int r;

	if (known_symbol(k, name, ret) ||
	    (bare != NULL && known_symbol(k, bare, ret)))
		return (0);
	r = table_symbol(k, cx, name, ret);
	if (r == KVMI_ENOENT && bare != NULL)
		r = table_symbol(k, cx, bare, ret);
	return (r == KVMI_ENOENT ? no_symbol(name, &cx->err) : r);
}

int
kvmi_kernel_addr(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    uint64_t *ret)
{
	struct kvmi_sym sym;
	int r = known_symbol(k, name, &sym) ? 0 :
	    table_symbol(k, cx, name, &sym);

	if (r == KVMI_ENOENT)
		return (no_symbol(name, &cx->err));
	if (r == 0)
		*ret = sym.addr;
	return (r);
}

int
kvmi_kernel_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret)
{
	int r;

	pthread_mutex_lock(&k->lock);
	r = k->types_status;
	pthread_mutex_unlock(&k->lock);
	if (r > 0) {
		struct kvmi_types *t = NULL;

		/* Finding types looks symbols up, so not under the lock. */
		r = k->os->types(k, cx, &t);
		pthread_mutex_lock(&k->lock);
		if (k->types_status > 0) {
			k->types_status = r;
			k->types = t;
			if (r < 0)
				memcpy(k->types_why, cx->err.text,
				    sizeof(k->types_why));
			t = NULL;
		}
		r = k->types_status;
		pthread_mutex_unlock(&k->lock);
		kvmi_types_close(t);	/* another thread was first */
	}
	*ret = k->types;
	return (r == 0 ? 0 : kvmi_fail(&cx->err, r, "%s", k->types_why));
}

/* Numbers are not used twice, and the last one only with an empty cache. */
uint32_t
kvmi_kernel_new_asid(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	uint64_t n = __atomic_add_fetch(&k->spaces, 1, __ATOMIC_RELAXED);

	if (n < UINT32_MAX)
		return ((uint32_t)n);
	kvmi_space_flush(cx);
	return (UINT32_MAX);
}

int
kvmi_kread(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va, void *buf,
    size_t len)
{
	return (kvmi_space_copy(&k->space, cx, va, buf, len));
}

int
kvmi_kread_uint(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    unsigned int size, uint64_t *ret)
{
	return (kvmi_space_uint(&k->space, cx, va, size, k->big_endian, ret));
}

int
kvmi_kread_ptr(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t *ret)
{
	return (kvmi_kread_uint(k, cx, va, k->arch->pointer_size, ret));
}

int
kvmi_kread_member(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t base,
    const struct kvmi_member *m, uint64_t *ret)
{
	if (m->size == 0 || m->size > 8)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "a member of %"
		    PRIu64 " bytes where a number should be", m->size));
	return (kvmi_kread_uint(k, cx, base + m->off, (unsigned int)m->size,
	    ret));
}

int
kvmi_kread_text(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t base,
    const struct kvmi_member *m, char *buf, size_t size)
{
	memset(buf, 0, size);
	return (kvmi_kread(k, cx, base + m->off, buf,
	    (size_t)kvmi_min(m->size, size - 1)));
}

void
kvmi_kread_holes(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint8_t *buf, size_t len, const char *what)
{
	size_t done;
	int r;

	memset(buf, 0, len);
	r = kvmi_space_read(&k->space, cx, va, buf, len, &done);
	if (r == 0)
		return;
	kvmi_wrap(&cx->err, r, "%s at 0x%" PRIx64, what, va);
	kvmi_damage(cx);
	/* Go on at the next page: no page is smaller. */
	for (size_t at = done; at < len; at += done) {
		at = (size_t)kvmi_min(((va + at + 4096) & ~UINT64_C(4095)) -
		    va, len);
		kvmi_space_read(&k->space, cx, va + at, buf + at, len - at,
		    &done);
	}
}
