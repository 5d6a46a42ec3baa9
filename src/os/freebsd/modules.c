/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loaded modules: struct linker_file (sys/sys/linker.h), on the list
 * linker_files.  The first is the kernel itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "os/addrs.h"
#include "os/freebsd/freebsd.h"

#define MAX_MODULES	4096

typedef int addr_fn(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const void *arg, const char *name, uint64_t *ret);

/* Where the members of struct linker_file are; size is behind address. */
struct layout {
	uint64_t	 next, filename, pathname, address;
};

struct module {
	uint64_t	 addr, size;
	char		 name[256], path[1024];
};

/* 0: go on, 1: stop, < 0: failure. */
typedef int module_fn(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct module *m, void *arg);

struct walk {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	addr_fn		*addr;
	const void	*addr_arg;
	struct layout	 at;
};

/*
 * Exported since FreeBSD 11.  Before that, and after it, the members are
 * those of a pointer, three ints, the links, and so on.
 */
static void
find_layout(struct walk *w)
{
	const unsigned int ptr = w->k->arch->pointer_size;
	const uint64_t links = ptr == 8 ? 24 : 16;
	const struct {
		const char *symbol;
		uint64_t *off, fixed;
	} member[] = {
		{ "kld_off_next", &w->at.next, links },
		{ "kld_off_filename", &w->at.filename, links + 2 * ptr },
		{ "kld_off_pathname", &w->at.pathname, links + 3 * ptr },
		{ "kld_off_address", &w->at.address, links + 5 * ptr },
	};
	uint64_t va, off;

	for (size_t i = 0; i < KVMI_COUNT(member); i++) {
		*member[i].off = member[i].fixed;
		if (w->addr(w->k, w->cx, w->addr_arg, member[i].symbol,
		    &va) == 0 &&
		    kvmi_kread_uint(w->k, w->cx, va, 4, &off) == 0 &&
		    off < 4096)
			*member[i].off = off;
	}
}

static void
string_member(const struct walk *w, uint64_t va, char *buf, size_t len)
{
	buf[0] = '\0';
	if (kvmi_kread_ptr(w->k, w->cx, va, &va) != 0 || va == 0 ||
	    kvmi_space_string(&w->k->space, w->cx, va, buf, len) != 0)
		buf[0] = '\0';
	buf[len - 1] = '\0';
}

static int
read_module(const struct walk *w, uint64_t file, struct module *m)
{
	const unsigned int ptr = w->k->arch->pointer_size;
	int r;

	r = kvmi_kread_ptr(w->k, w->cx, file + w->at.address, &m->addr);
	if (r == 0)
		r = kvmi_kread_ptr(w->k, w->cx, file + w->at.address + ptr,
		    &m->size);
	if (r != 0)
		return (kvmi_wrap(&w->cx->err, r, "linker_file at 0x%" PRIx64,
		    file));
	string_member(w, file + w->at.filename, m->name, sizeof(m->name));
	string_member(w, file + w->at.pathname, m->path, sizeof(m->path));
	if (m->name[0] == '\0') {
		snprintf(m->name, sizeof(m->name), "0x%" PRIx64, m->addr);
		return (kvmi_fail(&w->cx->err, KVMI_EFORMAT, "the module at 0x%"
		    PRIx64 " has no name", m->addr));
	}
	return (0);
}

/* A list that breaks off, or comes back on itself, counts as damage. */
static int
walk_list(struct walk *w, struct kvmi_addrs *seen, module_fn *fn, void *arg)
{
	uint64_t file, kernel = 0, va;
	struct module *m;
	int r;

	r = w->addr(w->k, w->cx, w->addr_arg, "linker_files", &va);
	if (r == 0)
		r = kvmi_kread_ptr(w->k, w->cx, va, &file);
	if (r != 0)
		return (kvmi_wrap(&w->cx->err, r, "list of modules"));
	if (w->addr(w->k, w->cx, w->addr_arg, "linker_kernel_file", &va) != 0 ||
	    kvmi_kread_ptr(w->k, w->cx, va, &kernel) != 0)
		kernel = file;
	m = malloc(sizeof(*m));
	if (m == NULL)
		return (kvmi_fail(&w->cx->err, KVMI_ENOMEM, "no memory for a "
		    "module"));
	while (file != 0) {
		r = kvmi_addrs_add(seen, file);
		if (r <= 0 || seen->n > MAX_MODULES) {
			r = kvmi_fail(&w->cx->err, KVMI_EFORMAT, "the list of "
			    "modules does not end: 0x%" PRIx64, file);
			kvmi_damage(w->cx);
			break;
		}
		if (file != kernel) {
			r = read_module(w, file, m);
			if (r != 0)
				kvmi_damage(w->cx);
			if ((r == 0 || r == KVMI_EFORMAT) &&
			    (r = fn(w->k, w->cx, m, arg)) != 0)
				break;
		}
		r = kvmi_kread_ptr(w->k, w->cx, file + w->at.next, &file);
		if (r != 0) {
			kvmi_wrap(&w->cx->err, r, "list of modules");
			kvmi_damage(w->cx);
			break;
		}
	}
	free(m);
	return (r < 0 && seen->n == 0 ? r : 0);
}

static int
walk(struct walk *w, module_fn *fn, void *arg)
{
	struct kvmi_addrs seen = { 0 };
	int r;

	find_layout(w);
	r = walk_list(w, &seen, fn, arg);
	kvmi_addrs_deinit(&seen);
	return (r);
}

/* "dir/name" for each of the directories; KVMI_ENOENT: it is in none. */
static int
open_in(const char *dirs, const char *name, struct kvmi_elf **ret,
    struct kvmi_err *err)
{
	struct kvmi_src *src;
	char path[PATH_MAX];
	size_t len;
	int fd, n, r;

	for (;; dirs += len + 1) {
		len = strcspn(dirs, ":");
		n = snprintf(path, sizeof(path), "%.*s/%s", (int)len, dirs,
		    name);
		fd = len == 0 || n < 0 || (size_t)n >= sizeof(path) ? -1 :
		    open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0)
			break;
		if (dirs[len] == '\0')
			return (KVMI_ENOENT);
	}
	r = kvmi_file_open(fd, path, &src, err);
	return (r != 0 ? r : kvmi_elf_open_module(src, ret, err));
}

/* The file of a module, where FreeBSD's own path need not exist here. */
static int
open_module(struct kvmi_kernel *k, const struct module *m,
    struct kvmi_elf **ret, struct kvmi_err *err)
{
	const char *dirs = k->opts->ko_modules, *name, *slash;
	char dir[PATH_MAX];
	int r;

	/* Names come from the image: they are names, no paths. */
	name = strrchr(m->name, '/');
	name = name == NULL ? m->name : name + 1;
	if (dirs == NULL) {
		slash = k->opts->ko_execfile == NULL ? NULL :
		    strrchr(k->opts->ko_execfile, '/');
		snprintf(dir, sizeof(dir), "%.*s", slash == NULL ? 1 :
		    (int)(slash - k->opts->ko_execfile), slash == NULL ? "." :
		    k->opts->ko_execfile);
		dirs = dir;
	}
	r = strcmp(name, "..") == 0 || *name == '\0' ? KVMI_ENOENT :
	    open_in(dirs, name, ret, err);
	if (r == KVMI_ENOENT)
		return (kvmi_fail(err, r, "%s: no such file in %s", name,
		    dirs));
	if (r == 0 && kvmi_elf_machine(*ret) != k->arch->elf_machine) {
		kvmi_elf_close(*ret);
		return (kvmi_fail(err, KVMI_EMISMATCH, "%s is for another "
		    "machine", name));
	}
	return (r);
}

static int
known_addr(struct kvmi_kernel *k, struct kvmi_cx *cx, const void *arg,
    const char *name, uint64_t *ret)
{
	(void)arg;
	return (kvmi_kernel_addr(k, cx, name, ret));
}

struct listing {
	kvm_walk_modules_cb_t *cb;
	void		*closure;
	size_t		 n;
};

static int
list_module(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct module *m, void *arg)
{
	const struct kvm_module out = { .km_name = m->name,
		.km_path = m->path, .km_addr = m->addr, .km_size = m->size };
	struct listing *l = arg;
	struct kvmi_elf *e;

	/* Without its file its symbols are not known. */
	if (k->exec != NULL) {
		if (open_module(k, m, &e, &cx->err) == 0)
			kvmi_elf_close(e);
		else
			kvmi_damage(cx);
	}
	l->n++;
	return (l->cb(&out, l->closure) == 0);
}

int
kvmi_freebsd_modules(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_modules_cb_t *cb, void *closure, size_t *n)
{
	struct walk w = { .k = k, .cx = cx, .addr = known_addr };
	struct listing l = { .cb = cb, .closure = closure };
	int r = walk(&w, list_module, &l);

	*n = l.n;
	return (r);
}

static int
file_addr(struct kvmi_kernel *k, struct kvmi_cx *cx, const void *arg,
    const char *name, uint64_t *ret)
{
	struct kvmi_elf *const *e = arg;
	int r = kvmi_elf_symbol(*e, name, ret, &cx->err);

	if (r == 0)
		*ret += (uint64_t)k->kerndisp;
	return (r);
}

static int
add_module(struct kvmi_kernel *k, struct kvmi_cx *cx, const struct module *m,
    void *arg)
{
	struct kvmi_symtab *t = arg;
	const char *name;
	struct kvmi_elf *e;
	int r;

	r = open_module(k, m, &e, &cx->err);
	if (r == 0) {
		name = kvmi_symtab_intern(t, m->name, &cx->err);
		r = name == NULL ? KVMI_ENOMEM : kvmi_elf_module_symbols(e,
		    m->addr, m->size, name, t, &cx->err);
		kvmi_elf_close(e);
	}
	return (r == KVMI_ENOMEM ? r : 0);
}

int
kvmi_freebsd_module_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_elf *e, struct kvmi_symtab *t)
{
	struct walk w = { .k = k, .cx = cx, .addr = file_addr,
		.addr_arg = &e };
	unsigned int damage = cx->damage;

	/*
	 * The kernel's own symbols are there, whatever is wrong; who walks the
	 * modules is told, not who happens to need a symbol first.
	 */
	walk(&w, add_module, t);
	cx->damage = damage;
	if (damage == 0)
		cx->damage_why[0] = '\0';
	cx->err.code = 0;
	cx->err.text[0] = '\0';
	return (0);
}
