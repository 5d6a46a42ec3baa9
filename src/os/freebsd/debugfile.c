/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel.debug: installkernel splits it from the kernel with objcopy(1) and
 * puts it under /usr/lib/debug (share of the path that the kernel has), or,
 * when so configured, beside the kernel.  The kernel names it in
 * .gnu_debuglink, with a CRC-32 of the whole file.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "os/freebsd/freebsd.h"

#define DEBUG_ROOT	"/usr/lib/debug"

struct search {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	char		 dir[PATH_MAX];	/* of the kernel, with the slash */
	const char	*link;		/* the name it gives; NULL: none */
	uint32_t	 crc;
};

/* As zlib's crc32(). */
static uint32_t
crc32_of(const uint8_t *p, size_t len)
{
	uint32_t table[256], c;

	for (uint32_t i = 0; i < 256; i++) {
		c = i;
		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ ((c & 1) != 0 ? 0xedb88320 : 0);
		table[i] = c;
	}
	c = UINT32_MAX;
	for (size_t i = 0; i < len; i++)
		c = c >> 8 ^ table[(c ^ p[i]) & 0xff];
	return (~c);
}

/* A name, NULs up to a multiple of 4, the checksum. */
static void
read_link(struct search *s)
{
	const uint8_t *p;
	uint32_t section;
	size_t len, n;

	if (!kvmi_elf_section(s->k->exec, ".gnu_debuglink", &p, &len,
	    &section))
		return;
	n = strnlen((const char *)p, len);
	if (n == 0 || n >= 256 || memchr(p, '/', n) != NULL ||
	    len < (n + 4) / 4 * 4 + 4)
		return;
	s->link = (const char *)p;
	s->crc = kvmi_get32(p + (n + 4) / 4 * 4,
	    kvmi_elf_big_endian(s->k->exec));
}

static int
check_match(const struct search *s, struct kvmi_elf *e, const char *path,
    bool by_link)
{
	struct kvmi_buildid want = { 0 }, have = { 0 };
	struct kvmi_err *err = &s->cx->err;
	const struct kvmi_blob *bytes;
	char want_hex[129], have_hex[129];
	struct kvmi_src *src;
	uint32_t crc;

	if (kvmi_elf_machine(e) != kvmi_elf_machine(s->k->exec))
		return (kvmi_fail(err, KVMI_EMISMATCH, "%s is for ELF machine "
		    "%u, but %s is for %u", path, kvmi_elf_machine(e),
		    s->k->opts->ko_execfile,
		    kvmi_elf_machine(s->k->exec)));
	if (kvmi_elf_buildid(s->k->exec, &want, err) == 0 &&
	    kvmi_elf_buildid(e, &have, err) == 0) {
		if (want.len == have.len &&
		    memcmp(want.bytes, have.bytes, want.len) == 0)
			return (0);
		kvmi_hex(want_hex, want.bytes, want.len);
		kvmi_hex(have_hex, have.bytes, have.len);
		return (kvmi_fail(err, KVMI_EMISMATCH, "%s (build id %s) does "
		    "not belong to %s (build id %s)", path, have_hex,
		    s->k->opts->ko_execfile, want_hex));
	}
	if (!by_link)
		return (0);
	bytes = kvmi_elf_bytes(e, &src);
	crc = crc32_of(bytes->p, bytes->len);
	return (crc == s->crc ? 0 : kvmi_fail(err, KVMI_EMISMATCH,
	    "%s (checksum 0x%08x) does not belong to %s (which expects "
	    "0x%08x)", path, crc, s->k->opts->ko_execfile, s->crc));
}

/* KVMI_ENOENT: there is no such file. */
static int
try_path(struct search *s, const char *path, bool by_link)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r;
	struct kvmi_src *src;
	struct kvmi_elf *e;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return (kvmi_fail(&s->cx->err, KVMI_ENOENT,
		    "%s: no such file", path));
	if (fd < 0)
		return (kvmi_fail_errno(&s->cx->err, "%s", path));
	r = kvmi_file_open(fd, path, &src, &s->cx->err);
	if (r == 0)
		r = kvmi_elf_open(src, &e, &s->cx->err);
	if (r != 0)
		return (r);
	r = check_match(s, e, path, by_link);
	if (r != 0) {
		kvmi_elf_close(e);
		return (r);
	}
	s->k->debug = e;
	snprintf(s->k->debug_path, sizeof(s->k->debug_path), "%s", path);
	return (0);
}

/* root, middle and name put together; true ends the search. */
static bool
try(struct search *s, const char *root, size_t root_len, const char *middle,
    const char *name, const char *suffix)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%.*s%s%s%s", (int)root_len, root,
	    middle, name, suffix);
	int r;

	if (n < 0 || (size_t)n >= sizeof(path))
		return (false);
	r = try_path(s, path, *suffix == '\0');
	/* The first that is there, but does not fit, is the one to tell of. */
	if (r != 0 && r != KVMI_ENOENT && s->k->debug_path[0] == '\0')
		snprintf(s->k->debug_path, sizeof(s->k->debug_path), "%s",
		    s->cx->err.text);
	return (r == 0);
}

/* In one folder, which is root and middle: by both names. */
static bool
try_names(struct search *s, const char *root, size_t root_len,
    const char *middle, const char *name)
{
	return (try(s, root, root_len, middle, name, ".debug") ||
	    (s->link != NULL && try(s, root, root_len, middle, s->link, "")));
}

/* The last "/boot/" of a path; what is before it is the root of a tree. */
static const char *
find_boot(const char *path)
{
	const char *last = NULL;

	for (const char *p = path; (p = strstr(p, "/boot/")) != NULL; p++)
		last = p;
	return (last);
}

static bool
search_all(struct search *s, const char *name)
{
	size_t len = strlen(s->dir);
	const char *boot = find_boot(s->dir);
	char middle[PATH_MAX + sizeof(DEBUG_ROOT)];

	if (try_names(s, s->dir, len, "", name) ||
	    (s->link != NULL && try(s, s->dir, len, ".debug/", s->link, "")))
		return (true);
	if (boot != NULL) {
		snprintf(middle, sizeof(middle), DEBUG_ROOT "%s", boot);
		if (try_names(s, s->dir, (size_t)(boot - s->dir), middle,
		    name))
			return (true);
	}
	snprintf(middle, sizeof(middle), DEBUG_ROOT "%s", s->dir);
	return (try_names(s, "", 0, middle, name));
}

int
kvmi_freebsd_find_debug(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct search s = { .k = k, .cx = cx };
	const char *path = k->opts->ko_debugfile;
	char real[PATH_MAX];
	const char *name;

	if (k->exec == NULL)
		return (path == NULL ? 0 : kvmi_fail(&cx->err, KVMI_EINVAL,
		    "%s: debug information without its kernel file", path));
	read_link(&s);
	if (path != NULL)
		return (try_path(&s, path, false));
	if (k->opts->ko_execfile == NULL ||
	    realpath(k->opts->ko_execfile, real) == NULL)
		return (0);
	name = strrchr(real, '/') + 1;
	snprintf(s.dir, sizeof(s.dir), "%.*s", (int)(name - real), real);
	search_all(&s, name);
	cx->err.code = 0;
	cx->err.text[0] = '\0';
	return (0);
}

/* Symbols are the debug file's when the kernel file was stripped. */
int
kvmi_freebsd_symbols(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_symtab **t, char *where, size_t where_len)
{
	struct kvmi_elf *e;
	bool debug;
	int r;

	if (k->exec == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: a FreeBSD dump "
		    "does not hold its symbols; give the kernel file as "
		    "namelist (-N /boot/kernel/kernel)", k->img->src->name));
	debug = k->debug != NULL && !kvmi_elf_has_symtab(k->exec) &&
	    kvmi_elf_has_symtab(k->debug);
	snprintf(where, where_len, "%s", debug ? k->debug_path :
	    k->opts->ko_execfile);
	e = debug ? k->debug : k->exec;
	r = kvmi_elf_symbols(e, k->kerndisp, *t, &cx->err);
	return (r == 0 ? kvmi_freebsd_module_symbols(k, cx, e, *t) : r);
}

static int
types_of(const struct kvmi_kernel *k, struct kvmi_elf *e, const char *path,
    struct kvmi_types **ret, struct kvmi_err *err)
{
	const char *name = strrchr(path, '/');
	struct kvmi_elf_view view;
	int r;

	r = kvmi_elf_dwarf(e, &view, err);
	if (r == 0)
		r = kvmi_dwarf_open(&view, ret, err);
	else if (r == KVMI_ENOENT)
		r = kvmi_freebsd_ctf(e, k->arch->pointer_size, ret, err);
	if (r == 0)
		snprintf((*ret)->where, sizeof((*ret)->where), "%s of %s",
		    (*ret)->ops->name, name == NULL ? path : name + 1);
	return (r);
}

int
kvmi_freebsd_types(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kvmi_types **ret)
{
	int r = KVMI_ENOENT;

	if (k->exec == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: a FreeBSD dump "
		    "does not hold its structure layouts; give the kernel file "
		    "as namelist (-N /boot/kernel/kernel)", k->img->src->name));
	if (k->debug != NULL)
		r = types_of(k, k->debug, k->debug_path, ret, &cx->err);
	if (r == KVMI_ENOENT)
		r = types_of(k, k->exec, k->opts->ko_execfile, ret, &cx->err);
	if (r != KVMI_ENOENT)
		return (r);
	return (kvmi_fail(&cx->err, KVMI_ENOENT, "%s: neither "
	    "DWARF nor CTF in it%s%s; give its kernel.debug", k->opts->ko_execfile,
	    k->debug_path[0] != '\0' ? ", nor in " : " or beside it",
	    k->debug_path));
}
