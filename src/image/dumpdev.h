/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the dump of a dump device, or of a file with a dump header, is. */
#ifndef KVMI_DUMPDEV_H
#define KVMI_DUMPDEV_H

#include "image/dumpheader.h"

struct kvmi_dumpdev {
	struct kvmi_dumpheader h;
	uint64_t	header_off;	/* the one that was found first */
	uint64_t	key_off;
	uint64_t	dump_off;	/* a textdump: its end, block 0 before it */
	const char	*where;		/* "on a dump device" */
	unsigned int	others;		/* older dumps on the same disk */
};

/* The dump, the newest when there are several, checked as far as it goes. */
int kvmi_dumpdev_find(struct kvmi_src *src, struct kvmi_dumpdev *ret,
    struct kvmi_err *err);

#endif
