/* SPDX-License-Identifier: BSD-2-Clause */
/* Input: info.N, as text, JSON or XML.  Every text is ended, whatever it says. */
#include <stdlib.h>
#include <string.h>

#include "image/infofile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmi_told t;

	kvmi_infofile_parse((const char *)data, size, &t);
	if (strlen(t.magic) >= sizeof(t.magic) ||
	    strlen(t.arch) >= sizeof(t.arch) ||
	    strlen(t.compression) >= sizeof(t.compression) ||
	    strlen(t.status) >= sizeof(t.status) ||
	    strlen(t.device) >= sizeof(t.device) ||
	    strlen(t.hostname) >= sizeof(t.hostname) ||
	    strlen(t.version) >= sizeof(t.version) ||
	    strchr(t.version, '\n') != NULL ||
	    strlen(t.panic) >= sizeof(t.panic))
		abort();
	return (0);
}
