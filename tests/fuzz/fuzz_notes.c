/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF notes.  Input: a byte (1: big-endian), then the notes. */
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmi_blob blob;
	struct kvmi_note n;
	size_t pos = 0, last = 0;
	uint8_t *copy, sum = 0;

	if (size < 1)
		return (0);
	copy = malloc(size);
	if (copy == NULL)
		return (0);
	memcpy(copy, data + 1, size - 1);
	blob = (struct kvmi_blob){ .p = copy, .len = size - 1 };
	while (kvmi_note_next(&blob, data[0] & 1, &pos, &n)) {
		if (pos <= last || n.namesz == 0 ||
		    (const uint8_t *)n.name < copy + last ||
		    n.desc < (const uint8_t *)n.name + n.namesz ||
		    n.descsz > size - 1 ||
		    n.desc > copy + (size - 1 - n.descsz))
			abort();
		last = pos;
		for (uint32_t i = 0; i < n.namesz; i++)
			sum ^= (uint8_t)n.name[i];
		for (uint32_t i = 0; i < n.descsz; i++)
			sum ^= n.desc[i];
		kvmi_note_is(&n, "VMCOREINFO", 0);
		kvmi_note_is(&n, "CORE", 1);
		kvmi_note_is(&n, "", n.type);
	}
	/* Bytes that nobody looks at would not be read at all. */
	copy[0] = sum;
	free(copy);
	return (0);
}
