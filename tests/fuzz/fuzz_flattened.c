/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flattened files.  Input: the records, behind a header that is given; or a
 * whole flattened file.  What is presented is compared with what the records
 * make when they are written one after the other.
 */
#include "base/endian.h"
#include "base/math.h"
#include "packed.h"
#include "use.h"

#define HEADER	4096
#define MAX	65536

extern const struct kvmi_image_ops kvmi_image_flattened;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char signature[16] = "makedumpfile";

/* Write the records to file; the file's size, or 0 when it is too large. */
static uint64_t
replay(const uint8_t *p, size_t len, uint8_t *file)
{
	uint64_t size = 0;

	for (size_t at = HEADER; kvmi_inside(at, 16, len);) {
		int64_t off = (int64_t)kvmi_get64(p + at, true);
		int64_t n = (int64_t)kvmi_get64(p + at + 8, true);

		if (off == -1 && n == -1)
			break;
		at += 16;
		if (off < 0 || off > MAX)
			return (0);
		n = (int64_t)kvmi_min((uint64_t)n, len - at);
		if (n > MAX - off)
			return (0);
		memcpy(file + off, p + at, (size_t)n);
		at += (size_t)n;
		if (n > 0 && (uint64_t)(off + n) > size)
			size = (uint64_t)(off + n);
	}
	return (size);
}

static void
compare(struct kvmi_src *s, const uint8_t *file, uint64_t size)
{
	static uint8_t got[MAX];
	struct kvmi_err err;

	if (s->size != size || kvmi_src_read(s, 0, got, (size_t)size, "all",
	    &err) != 0 || memcmp(got, file, (size_t)size) != 0 ||
	    s->ops->read(s, 0, got, (size_t)size, &err) != 0 ||
	    memcmp(got, file, (size_t)size) != 0)
		abort();
	for (uint64_t off = 0; off < size; off += 1 + size / 64) {
		uint64_t run;
		const uint8_t *p = s->ops->map(s, off, &run);

		if (p != NULL && (run == 0 || run > size - off ||
		    memcmp(p, file + off, (size_t)run) != 0))
			abort();
		s->ops->file_off(s, off);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t file[MAX];
	struct packed p = { .in = data, .left = size };
	struct kvmi_err err = { 0 };
	struct kvmi_image *img;
	struct kvmi_src *s;
	uint64_t n;

	if (size < 16 || memcmp(data, signature, 16) != 0) {
		uint8_t *header = packed_room(&p, HEADER);

		memset(header, 0, HEADER);
		memcpy(header, signature, 16);
		header[23] = header[31] = 1;
	}
	packed_section(&p, size, 1);
	p.out = packed_finish(&p);
	if (p.len >= HEADER && kvmi_mem_open(p.out, p.len, "input", &s,
	    &err) == 0 && kvmi_image_flattened.wrap(s, NULL, &s, &err) == 0) {
		memset(file, 0, sizeof(file));
		n = replay(p.out, p.len, file);
		if (n > 0)
			compare(s, file, n);
		kvmi_src_close(s);
	}
	img = fuzz_open(p.out, p.len);
	if (img != NULL) {
		fuzz_use_image(img);
		kvmi_image_close(img);
	}
	free(p.out);
	return (0);
}
