/* SPDX-License-Identifier: BSD-2-Clause */
/* A kdump of pages in every state, and what must be read of it. */
#ifndef KDUMP_PAGES_H
#define KDUMP_PAGES_H

#include "util.h"

#define NPAGES	200

/* Which pages there are: some of each state, changing within bytes. */
static uint8_t states[NPAGES];

static inline int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < NPAGES; i++)
		states[i] = i < 20 ? UTIL_STORED : i < 40 ? UTIL_EXCLUDED :
		    i < 70 ? UTIL_ABSENT : i % 3 == 0 ? UTIL_STORED :
		    i % 3 == 1 ? UTIL_EXCLUDED : UTIL_ABSENT;
	states[NPAGES - 1] = UTIL_STORED;
	return (0);
}

static const struct util_kdump plain = { .version = 6, .npages = NPAGES,
	.state = states };

static inline struct kvmi_image *
open_kdump(const char *name, const struct util_kdump *k)
{
	struct bytes b = { 0 };
	struct kvmi_image *img;

	util_kdump(&b, k);
	img = util_image(name, util_bytes(&b, b.len));
	bytes_free(&b);
	return (img);
}

/* Every page is in its state, with its content. */
static inline void
check_pages(const char *name, struct kvmi_image *img,
    const struct util_kdump *k)
{
	uint64_t bs = k->block_size != 0 ? k->block_size : 4096;

	for (uint64_t pfn = 0; pfn < k->npages; pfn++) {
		struct kvmi_extent e;
		struct kvmi_err err;
		int code;
		enum kvmi_state want = states[pfn] == UTIL_STORED ?
		    KVMI_STORED : states[pfn] == UTIL_EXCLUDED &&
		    !k->one_bitmap ? KVMI_EXCLUDED : KVMI_ABSENT;

		if (k->split != 0 && want == KVMI_STORED &&
		    (pfn < k->start_pfn || pfn >= k->end_pfn))
			want = KVMI_LOST;
		UTIL_EQ(name, kvmi_image_locate(img, pfn * bs + 1, &e, &err),
		    0);
		UTIL_EQ(name, e.start, pfn * bs);
		UTIL_EQ(name, e.len, bs);
		UTIL_EQ(name, e.state, want);
		UTIL_TRUE(name, util_read_right(img, pfn * bs, (size_t)bs,
		    &code, &err));
		UTIL_EQ(name, code, want == KVMI_STORED ? 0 :
		    want == KVMI_LOST ? KVMI_ETRUNC : KVMI_ENOTINDUMP);
		UTIL_TRUE(name, util_read_right(img, pfn * bs + bs / 3, 5,
		    &code, &err));
		UTIL_EQ(name, code, want == KVMI_STORED ? 0 :
		    want == KVMI_LOST ? KVMI_ETRUNC : KVMI_ENOTINDUMP);
	}
	util_walk_extents(name, img, 0, UINT64_MAX, NULL, NULL);
}

#endif
