/* SPDX-License-Identifier: BSD-2-Clause */
/* XXH32, LZ4's checksum (xxhash_spec.md, "XXH32 algorithm"), with seed 0. */
#ifndef KVMI_XXH32_H
#define KVMI_XXH32_H

#include <stddef.h>
#include <stdint.h>

struct kvmi_xxh32 {
	uint32_t	lane[4];
	uint8_t		rest[16];	/* not a whole stripe yet */
	uint64_t	len;		/* of all so far */
};

void kvmi_xxh32_init(struct kvmi_xxh32 *x);
void kvmi_xxh32_add(struct kvmi_xxh32 *x, const void *p, size_t len);
uint32_t kvmi_xxh32_value(const struct kvmi_xxh32 *x);

/* Of so many bytes at once. */
uint32_t kvmi_xxh32(const void *p, size_t len);

#endif
