/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compressed images: what is read at any place is what is read from the start.
 * An input that begins as an index does is one: the file that it is of is
 * whichever it says.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/endian.h"
#include "base/math.h"
#include "image/stream.h"
#include "image/stream_index.h"
#include "use.h"

#define MAX	(1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct kvmi_stream_method kvmi_stream_gzip, kvmi_stream_zstd,
    kvmi_stream_xz, kvmi_stream_bzip2, kvmi_stream_lzma, kvmi_stream_lz4,
    kvmi_stream_lz4frame, kvmi_stream_lzop;

static const struct kvmi_stream_method *const method[] = {
#ifdef HAVE_ZLIB
	&kvmi_stream_gzip,
#endif
#ifdef HAVE_ZSTD
	&kvmi_stream_zstd,
#endif
#ifdef HAVE_LZMA
	&kvmi_stream_xz,
	&kvmi_stream_lzma,
#endif
#ifdef HAVE_BZIP2
	&kvmi_stream_bzip2,
#endif
#ifdef HAVE_LZ4
	&kvmi_stream_lz4,
#endif
#ifdef HAVE_LZ4_FRAMES
	&kvmi_stream_lz4frame,
#endif
#ifdef HAVE_LZO
	&kvmi_stream_lzop,
#endif
	NULL
};

/* A few bytes can be decoded to very many: 32 MiB will do. */
static int
not_long(void *closure, const char *what, uint64_t done, uint64_t total)
{
	(void)what;
	if (done > total)
		abort();
	return (++*(int *)closure < 5);
}

static void
compare(struct kvmi_src *s, bool listed)
{
	static uint8_t all[MAX], part[5000];
	uint64_t n = kvmi_min(s->size, MAX);
	struct kvmi_err err = { 0 };
	uint64_t off = n;

	if (kvmi_src_read(s, 0, all, (size_t)n, "all", &err) != 0) {
		/* Where decoding alone tells the length, it was possible. */
		if (!listed || err.code != KVMI_ETRUNC)
			abort();
		return;
	}
	/* Backwards and in circles, so that points are used. */
	for (int i = 0; i < 12 && n > 0; i++) {
		size_t len;

		off = (off + n - n / 5) % n;
		len = (size_t)kvmi_min(n - off, sizeof(part));
		if (kvmi_src_read(s, off, part, len, "part", &err) != 0 ||
		    memcmp(part, all + off, len) != 0)
			abort();
	}
}

static void
try_stream(const struct kvmi_stream_method *m, const uint8_t *data,
    size_t size)
{
	static const struct kvmi_stream_tuning tuning = { .spacing = 2000,
		.index_size = 1 << 20, .uncached = true };
	struct kvm_options o = KVM_OPTIONS_INIT;
	struct kvmi_err err = { 0 };
	struct kvmi_src *s;
	int calls = 0;

	o.ko_progress = not_long;
	o.ko_closure = &calls;
	if (kvmi_mem_open(data, size, "input", &s, &err) != 0)
		return;
	if (kvmi_stream_open(s, m, &o, &tuning, &s, &err) != 0) {
		if (err.text[0] == '\0')
			abort();
		return;
	}
	calls = 0;
	if (s->size <= MAX)
		compare(s, m->list != NULL);
	kvmi_src_close(s);
}

static uint64_t
fnv(const uint8_t *p, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return (h);
}

/* Each state of the index, and a little of what comes of it. */
static void
use_points(const struct kvmi_stream_method *m, const struct kvmi_index *x)
{
	static const uint8_t in[64] = { 0x4b, 4, 5, 0xaa, 0x31, 0x41 };
	uint8_t out[256];

	for (size_t i = 1; i < x->n && i < 64; i++) {
		uint8_t *state = malloc(x->v[i].state_len + 1);
		void *d = m->create();

		if (state == NULL || d == NULL)
			abort();
		if (x->v[i].state_len > 0 && kvmi_point_state(&x->v[i],
		    state) && m->restore(d, state, x->v[i].state_len)) {
			struct kvmi_stream_io io = { .in = in, .in_len =
			    sizeof(in), .out = out, .out_len = sizeof(out) };

			for (int n = 0; n < 20; n++)
				if (m->step(d, &io) != KVMI_STEP_MORE)
					break;
		}
		m->destroy(d);
		free(state);
	}
}

static void
try_index(const struct kvmi_stream_method *m, const uint8_t *data,
    size_t size)
{
	struct kvmi_index_id id = { .method = m->name,
		.portable = m->portable, .len = kvmi_get64(data + 32, false),
		.hash = kvmi_get64(data + 40, false) };
	uint64_t sum = fnv(data, size - 8), length;
	int fd = memfd_create("index", MFD_CLOEXEC);
	struct kvmi_index x;
	struct kvmi_err err = { 0 };
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (kvmi_index_init(&x, 1000, 1 << 20) != 0 || fchmod(fd, 0600) != 0 ||
	    write(fd, data, size - 8) < 0 || write(fd, &sum, 8) < 0)
		abort();
	if (kvmi_index_load(&x, path, &id, &length, &err) == 0)
		use_points(m, &x);
	kvmi_index_deinit(&x);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t i = 0; method[i] != NULL; i++) {
		if (size > 72 && memcmp(data, "libkvm index", 12) == 0)
			try_index(method[i], data, size);
		else if (method[i]->is_start(data, size))
			try_stream(method[i], data, size);
	}
	return (0);
}
