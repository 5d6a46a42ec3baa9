/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A FreeBSD kernel in flat memory whose structures are laid out by a compiler:
 * the arguments of the test are the files of dwarf/kernel_types.c.
 */
#ifndef TYPED_MEMORY_H
#define TYPED_MEMORY_H

#include "flat_memory.h"
#include "os/freebsd/freebsd.h"
#include "typed_file.h"

#define TYPED_SIZE	0x40000
#define TYPED_VARS	UINT64_C(0x1000)	/* a variable each 16 bytes */
#define TYPED_HEAP	UINT64_C(0x4000)

/* The files; each test goes through all that this machine can read. */
static char **samples;
static int n_samples;

static inline void
typed_samples(int argc, char **argv)
{
	samples = argv + 1;
	n_samples = argc - 1;
}

struct typed {
	const char	*name;
	struct kvmi_kernel k;
	struct kvmi_arch arch;
	struct kvmi_cx	*cx;
	struct kvmi_elf	*elf;
	struct bytes	 mem, file;
	unsigned int	 ptr;
	uint64_t	 top;		/* of the heap */
	struct kvm_options opts;
};

/* Names and sizes (0: a pointer's) of the variables there are. */
struct typed_var {
	const char	*name;
	unsigned int	 size;
};
extern const struct typed_var typed_vars[];
extern const size_t typed_nvars;

static inline uint64_t
typed_var(const char *name)
{
	for (size_t i = 0; i < typed_nvars; i++)
		if (strcmp(name, typed_vars[i].name) == 0)
			return (TYPED_VARS + 16 * i);
	return (0);
}

static inline int
typed_resolve(const char *name, kvaddr_t *addr)
{
	*addr = typed_var(name);
	return (*addr != 0 ? 0 : -1);
}

/* false: this machine has no compiler for it. */
static inline bool
typed_init(struct typed *w, const char *path)
{
	*w = (struct typed){ .name = strrchr(path, '/') + 1,
		.top = TYPED_HEAP };
	if (!typed_file_open(path, &w->k, &w->arch, &w->elf))
		return (false);
	w->ptr = w->k.arch->pointer_size;
	w->mem.big_endian = w->k.big_endian;
	w->k.os = &kvmi_os_freebsd;
	w->opts = (struct kvm_options){ .ko_resolver = typed_resolve };
	w->k.opts = &w->opts;
	w->k.syms_status = KVMI_ENOTSUP;
	pthread_mutex_init(&w->k.lock, NULL);
	w->cx = kvmi_cx_new();
	bytes_fill(&w->mem, 0, TYPED_SIZE);
	return (true);
}

/* Take memory as it is now. */
static inline void
typed_open(struct typed *w)
{
	if (w->k.img != NULL) {
		kvmi_image_close(w->k.img);
		bytes_free(&w->file);
		w->file = (struct bytes){ 0 };
		kvmi_space_flush(w->cx);
	}
	kvmi_damage_reset(w->cx);
	flat_open(&w->k, &w->mem, &w->file);
}

static inline void
typed_done(struct typed *w)
{
	flat_done(&w->k, &w->mem, &w->file);
	kvmi_types_close(w->k.types);
	kvmi_elf_close(w->elf);
	kvmi_cx_free(w->cx);
}

static inline uint64_t
typed_alloc(struct typed *w, uint64_t size)
{
	uint64_t at = w->top;

	w->top += (size + 31) / 16 * 16;
	assert_true(w->top <= TYPED_SIZE);
	return (at);
}

static inline uint64_t
typed_new(struct typed *w, const char *type)
{
	uint64_t size;
	struct kvmi_err err;

	assert_int_equal(kvmi_type_size(w->k.types, type, &size, &err), 0);
	return (typed_alloc(w, size));
}

static inline bool
typed_has(struct typed *w, const char *member)
{
	struct kvmi_member m;
	struct kvmi_err err;

	return (kvmi_type_first(w->k.types, member, &m, &err) == 0);
}

/* Where the member of the structure at base is; its size, with size. */
static inline uint64_t
typed_at(struct typed *w, uint64_t base, const char *member, uint64_t *size)
{
	struct kvmi_member m;
	struct kvmi_err err;

	if (kvmi_type_first(w->k.types, member, &m, &err) != 0)
		fail_msg("%s", err.text);
	if (size != NULL)
		*size = m.size;
	return (base + m.off);
}

static inline void
typed_set(struct typed *w, uint64_t base, const char *member, uint64_t value)
{
	uint64_t size, at = typed_at(w, base, member, &size);

	bytes_poke(&w->mem, (size_t)at, value, (unsigned int)size);
}

static inline void
typed_text(struct typed *w, uint64_t at, const char *s)
{
	memcpy(w->mem.p + at, s, strlen(s) + 1);
}

/* A string of its own. */
static inline uint64_t
typed_string(struct typed *w, const char *s)
{
	uint64_t at = typed_alloc(w, strlen(s) + 1);

	typed_text(w, at, s);
	return (at);
}

static inline void
typed_set_var(struct typed *w, const char *name, uint64_t value)
{
	for (size_t i = 0; i < typed_nvars; i++)
		if (strcmp(name, typed_vars[i].name) == 0) {
			bytes_poke(&w->mem, (size_t)(TYPED_VARS + 16 * i),
			    value, typed_vars[i].size == 0 ? w->ptr :
			    typed_vars[i].size);
			return;
		}
	fail_msg("no variable %s", name);
}

#endif
