/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of a compressed image: in memory, in a file, and on its way. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build_stream.h"
#include "image/stream_index.h"

static char dir[] = "/tmp/kvm-index-XXXXXX";
static char path[64], other[64];

static int
set_up(void **state)
{
	(void)state;
	make_content();
	if (mkdtemp(dir) == NULL)
		return (-1);
	snprintf(path, sizeof(path), "%s/index", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	return (0);
}

static int
tear_down(void **state)
{
	unlink(path);
	unlink(other);
	/* Fails when a temporary file was left behind. */
	return (rmdir(dir) != 0 ? -1 : util_report(state));
}

static struct bytes
slurp(const char *name)
{
	struct bytes b = { 0 };
	FILE *f = fopen(name, "r");
	uint8_t buf[4096];
	size_t n;

	while (f != NULL && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		bytes_put(&b, buf, n);
	if (f != NULL)
		fclose(f);
	return (b);
}

static void
spew(const char *name, const void *p, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

/* How much was reported done before the caller stops it. */
struct watch {
	uint64_t	calls, done, total;
	uint64_t	stop;		/* at this call; 0: never */
};

static int
watch(void *closure, const char *what, uint64_t done, uint64_t total)
{
	struct watch *w = closure;

	UTIL_TRUE(what, done >= w->done && done <= total);
	w->done = done;
	w->total = total;
	return (++w->calls != w->stop);
}

static struct kvm_options
options(const char *index, struct watch *w)
{
	struct kvm_options o = KVM_OPTIONS_INIT;

	o.ko_index = index;
	if (w != NULL) {
		o.ko_progress = watch;
		o.ko_closure = w;
	}
	return (o);
}

/* Made at the first open, used by the second, which decodes nothing. */
static void
test_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < nkinds; i++) {
		const struct kind *k = &kind[i];
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 };
		struct watch w = { 0 };
		struct kvm_options o = options(path, &w);
		struct kvmi_src *s;
		struct stat st;

		make(k, &b);
		unlink(path);
		for (int n = 0; n < 2; n++) {
			w = (struct watch){ 0 };
			UTIL_FAILS(k->name, open_stream(k, b.p, b.len, &o, &s,
			    &err), 0, &err);
			UTIL_EQ(k->name, w.calls > 0, n == 0 && !k->listed);
			UTIL_TRUE(k->name, s->size == LEN && !s->truncated);
			check_reads(k, s, LEN, 20, 3);
			kvmi_src_close(s);
			UTIL_EQ(k->name, stat(path, &st) == 0, !k->listed);
			UTIL_TRUE(k->name, k->listed ||
			    (st.st_mode & 07777) == 0600);
		}
		UTIL_TRUE(k->name, k->listed ||
		    (st.st_size > 72) == k->portable);
		bytes_free(&b);
	}
}

/* Damaged at any byte, cut anywhere, or of another file: made anew. */
static void
test_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < nkinds; i += 2) {
		const struct kind *k = &kind[i];
		struct kvm_options o = options(path, NULL);
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 }, good, now;
		uint64_t rnd = 11;
		struct kvmi_src *s;

		if (k->listed)
			continue;
		make(k, &b);
		unlink(path);
		assert_int_equal(open_stream(k, b.p, b.len, &o, &s, &err), 0);
		kvmi_src_close(s);
		good = slurp(path);
		for (int n = 0; n < 12; n++) {
			size_t at = 16 + (size_t)(util_random(&rnd) %
			    (good.len - 16));

			good.p[at] ^= 4;
			spew(path, good.p, n % 2 == 0 ? good.len : at);
			good.p[at] ^= 4;
			UTIL_FAILS(k->name, open_stream(k, b.p, b.len, &o, &s,
			    &err), 0, &err);
			UTIL_EQ(k->name, s->size, LEN);
			kvmi_src_close(s);
			now = slurp(path);
			UTIL_TRUE(k->name, now.len == good.len &&
			    memcmp(now.p, good.p, good.len) == 0);
			bytes_free(&now);
		}
		/* The same length, another content. */
		b.p[4000] ^= 1;
		if (open_stream(k, b.p, b.len, &o, &s, &err) == 0) {
			UTIL_TRUE(k->name, s->truncated || k->unchecked);
			kvmi_src_close(s);
		}
		bytes_free(&good);
		bytes_free(&b);
	}
}

static uint64_t
fnv(const uint8_t *p, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return (h);
}

/* Numbers at their extremes under a right checksum do no harm. */
static void
test_hostile(void **state)
{
	static const uint64_t value[] = { 0, 1, 0x7fffffff, 0x80000000,
		0xffffffff, INT64_MAX, UINT64_MAX, LEN + 1 };

	(void)state;
	for (size_t i = 0; i < nkinds; i += 7) {
		const struct kind *k = &kind[i];
		struct kvm_options o = options(path, NULL);
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 }, x;
		struct kvmi_src *s;
		uint8_t buf[100], was[8];

		make(k, &b);
		unlink(path);
		assert_int_equal(open_stream(k, b.p, b.len, &o, &s, &err), 0);
		kvmi_src_close(s);
		x = slurp(path);
		for (size_t at = 16; at < 120 && at + 8 < x.len; at += 8) {
			memcpy(was, x.p + at, 8);
			for (size_t v = 0; v < KVMI_COUNT(value); v++) {
				bytes_poke(&x, at, value[v], v % 2 ? 4 : 8);
				bytes_poke(&x, x.len - 8, fnv(x.p, x.len - 8),
				    8);
				spew(path, x.p, x.len);
				if (open_stream(k, b.p, b.len, &o, &s,
				    &err) != 0)
					continue;
				for (uint64_t off = 0; off + 100 < s->size &&
				    off < LEN * 2; off += LEN / 4)
					kvmi_src_read(s, off, buf, 100, "x",
					    &err);
				kvmi_src_close(s);
			}
			memcpy(x.p + at, was, 8);
		}
		bytes_free(&x);
		bytes_free(&b);
	}
}

/* The state of a decoder that has pointers in it is not taken from a file. */
static void
test_foreign_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < nkinds; i++) {
		const struct kind *k = &kind[i];
		struct watch w = { 0 };
		struct kvm_options o = options(path, &w);
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 }, x;
		struct kvmi_src *s;

		if (k->m->portable > 1000 || k->listed)
			continue;
		make(k, &b);
		unlink(path);
		assert_int_equal(open_stream(k, b.p, b.len, &o, &s, &err), 0);
		kvmi_src_close(s);
		x = slurp(path);
		bytes_poke(&x, 56, 1, 8);
		x.len = 64;
		bytes_uint(&x, LEN / 2, 8);
		bytes_uint(&x, b.len / 2, 8);
		bytes_uint(&x, 1000, 4);
		bytes_uint(&x, 1000, 4);
		bytes_fill(&x, 0x41, 1000);
		bytes_uint(&x, fnv(x.p, x.len), 8);
		spew(path, x.p, x.len);
		w = (struct watch){ 0 };
		UTIL_FAILS(k->name, open_stream(k, b.p, b.len, &o, &s, &err),
		    0, &err);
		UTIL_TRUE(k->name, w.calls > 0);
		kvmi_src_close(s);
		bytes_free(&x);
		bytes_free(&b);
	}
}

/* What is no index is left alone; where none can be written is told first. */
static void
test_refused(void **state)
{
	const struct kind *k = &kind[0];
	struct kvm_options o = options(path, NULL);
	struct watch w = { 0 };
	struct kvmi_err err = { 0 };
	struct bytes b = { 0 }, got;
	struct kvmi_src *s;

	(void)state;
	if (k->listed || nkinds == 0)
		return;
	make(k, &b);
	spew(path, "precious text that is no index", 30);
	UTIL_FAILS("text", open_stream(k, b.p, b.len, &o, &s, &err),
	    KVMI_EINVAL, &err);
	got = slurp(path);
	UTIL_TRUE("text", got.len == 30 && memcmp(got.p, "precious", 8) == 0);
	bytes_free(&got);
	unlink(path);
	assert_int_equal(open_stream(k, b.p, b.len, &o, &s, &err), 0);
	kvmi_src_close(s);
	chmod(path, 0622);
	UTIL_FAILS("others", open_stream(k, b.p, b.len, &o, &s, &err),
	    KVMI_EPERM, &err);
	unlink(path);
	o = options(dir, NULL);
	UTIL_FAILS("directory", open_stream(k, b.p, b.len, &o, &s, &err),
	    KVMI_EINVAL, &err);
	o = options("/nonexistent/index", &w);
	UTIL_TRUE("nowhere", open_stream(k, b.p, b.len, &o, &s, &err) != 0 &&
	    w.calls == 0 && strstr(err.text, "/nonexistent/index") != NULL);
	/* A damaged stream gets no index. */
	o = options(path, NULL);
	UTIL_FAILS("cut", open_stream(k, b.p, b.len / 2, &o, &s, &err), 0,
	    &err);
	kvmi_src_close(s);
	UTIL_TRUE("cut", access(path, F_OK) != 0);
	bytes_free(&b);
}

static void
test_progress(void **state)
{
	(void)state;
	for (size_t i = 0; i < nkinds; i++) {
		const struct kind *k = &kind[i];
		struct watch w = { .stop = 1 };
		struct kvm_options o = options(NULL, &w);
		struct kvmi_err err = { 0 };
		struct bytes b = { 0 };
		struct kvmi_src *s;

		if (k->listed)
			continue;
		make(k, &b);
		UTIL_FAILS(k->name, open_stream(k, b.p, b.len, &o, &s, &err),
		    KVMI_ESYS, &err);
		UTIL_TRUE(k->name, strstr(err.text, "stopped") != NULL &&
		    w.calls == 1 && w.total == b.len);
		bytes_free(&b);
	}
}

/* Within its limit, whatever is added; reads find the point before them. */
static void
test_limit(void **state)
{
	static uint8_t noise[1000], much[60000];
	struct kvmi_index x;
	uint64_t rnd = 3, spacing;
	uint8_t back[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)util_random(&rnd);
	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = (uint8_t)util_random(&rnd);
	assert_int_equal(kvmi_index_init(&x, 4000, 100000), 0);
	for (uint64_t out = 0; out < 10000000; out += 100)
		if (kvmi_index_wants(&x, out, sizeof(noise)))
			kvmi_index_add(&x, out, out / 2, noise, sizeof(noise));
	UTIL_TRUE("limit", x.bytes <= 100000 && x.n > 30);
	spacing = x.spacing;
	UTIL_TRUE("spacing", spacing >= 64000 && spacing <= 512000);
	for (uint64_t out = 0; out < 10000000; out += 9999) {
		const struct kvmi_point *p = kvmi_index_find(&x, out);

		UTIL_TRUE("found", p->out <= out && out - p->out <=
		    2 * spacing && p->in == p->out / 2);
		UTIL_TRUE("state", p->state == NULL || (p->state_len ==
		    sizeof(noise) && kvmi_point_state(p, back) &&
		    memcmp(back, noise, sizeof(noise)) == 0));
	}
	UTIL_TRUE("near one", !kvmi_index_wants(&x, x.v[3].out + 100, 0));
	/* One that is too large is refused once and not asked for again. */
	UTIL_TRUE("large", kvmi_index_wants(&x, 20000000, sizeof(much)));
	kvmi_index_add(&x, 20000000, 1, much, sizeof(much));
	UTIL_TRUE("large", kvmi_index_find(&x, 20000000)->out < 10000000);
	UTIL_TRUE("large", !kvmi_index_wants(&x, 20000000, sizeof(much)) &&
	    kvmi_index_wants(&x, 20000000, sizeof(noise)));
	kvmi_index_deinit(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_foreign_state),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_limit),
	};

	return (cmocka_run_group_tests(tests, set_up, tear_down));
}
