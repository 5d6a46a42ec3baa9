/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel whose memory is what its image has, address for address. */
#ifndef FLAT_MEMORY_H
#define FLAT_MEMORY_H

#include "os/kernel.h"
#include "util.h"

static inline int
flat_translate(const struct kvmi_space *s, uint64_t va,
    struct kvmi_mapping *ret, struct kvmi_err *err)
{
	const struct bytes *mem = s->arg;

	*ret = (struct kvmi_mapping){ .va = va & ~UINT64_C(0xfff),
		.len = 0x1000, .pa = va & ~UINT64_C(0xfff) };
	if (va < mem->len)
		return (0);
	return (kvmi_fail(err, KVMI_ENOTMAPPED, "invalid address"));
}

static const struct kvmi_space_ops flat_ops = { .translate = flat_translate };

/*
 * A kernel of os with pointers of ptr bytes, which knows symbols by opts alone
 * unless it has some; arch and opts have to stay.
 */
static inline void
flat_init(struct kvmi_kernel *k, struct kvmi_arch *arch,
    const struct kvmi_os_ops *os, const struct kvm_options *opts,
    unsigned int ptr, bool big_endian)
{
	*arch = kvmi_arch_x86_64;
	arch->pointer_size = (uint8_t)ptr;
	k->arch = arch;
	k->os = os;
	k->opts = opts;
	k->big_endian = big_endian;
	k->syms_status = k->syms == NULL ? KVMI_ENOTSUP : 0;
	k->types_status = k->types == NULL ? KVMI_ENOTSUP : 0;
	pthread_mutex_init(&k->lock, NULL);
}

/*
 * Make mem, which has to stay, an image in file and give it to k; what is set
 * in mem later is not in it.
 */
static inline void
flat_open(struct kvmi_kernel *k, const struct bytes *mem, struct bytes *file)
{
	const struct util_elf e = { 0 };
	const struct util_phdr load = { 1, 0x1000, 0, 0, mem->len, mem->len };

	util_elf(file, &e, &load, 1);
	bytes_fill(file, 0, 0x1000 - file->len);
	bytes_put(file, mem->p, mem->len);
	k->img = util_image("memory", util_bytes(file, file->len));
	k->space = (struct kvmi_space){ .ops = &flat_ops, .img = k->img,
		.arg = mem };
}

/* What flat_init() and flat_open() made, and the memory. */
static inline void
flat_done(struct kvmi_kernel *k, struct bytes *mem, struct bytes *file)
{
	kvmi_image_close(k->img);
	bytes_free(file);
	bytes_free(mem);
	pthread_mutex_destroy(&k->lock);
}

#endif
