/* SPDX-License-Identifier: BSD-2-Clause */
/* As printheader() of FreeBSD's sbin/savecore/savecore.c orders it. */
#include "save/save.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

void
kvmi_save_info(FILE *f, const struct kvmi_dumpheader *h, const char *device,
    unsigned int n)
{
	time_t t = (time_t)h->time;
	struct tm tm;
	char when[64] = "unknown";

	if (gmtime_r(&t, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S +0000", &tm);
	fprintf(f, "Dump header from device: %s\n"
	    "  Architecture: %s\n"
	    "  Architecture Version: %" PRIu32 "\n"
	    "  Dump Length: %" PRIu64 "\n"
	    "  Blocksize: %" PRIu32 "\n"
	    "  Compression: %s\n"
	    "  Dumptime: %s\n"
	    "  Hostname: %s\n"
	    "  Magic: %s\n", device, h->arch, h->arch_version, h->length,
	    h->block_size, kvmi_dumpheader_compression(h->compression),
	    when, h->hostname, kvmi_dumpheader_magic(h));
	/* It ends in a newline, as a rule. */
	fprintf(f, "  Version String: %s%s"
	    "  Panic String: %s\n"
	    "  Dump Parity: %" PRIu32 "\n"
	    "  Bounds: %u\n"
	    "  Dump Status: good\n", h->kernel,
	    h->kernel[0] != '\0' && h->kernel[strlen(h->kernel) - 1] == '\n' ?
	    "" : "\n", h->panic, h->parity, n);
}
