/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every image that tests/mkimage makes, against its expectations; see
 * tests/mkimage/README.md for their grammar.
 *
 * usage: test_images good|bad|cut DIRECTORY [PREFIX...]
 */
#include <kvm.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../mkimage/pattern.h"
#include "image/image.h"

#define READS	10000
#define CUTS	200
#define MAX_LEN	65536

enum what { MAP, SPECIAL, NOTMAPPED, NOTINDUMP, PRESENT, EXCLUDED, ABSENT,
	PLANTED };

struct stretch {
	uint64_t	start, len, pa;
	enum what	what;
};

struct word {
	uint64_t	va, value;
	unsigned int	size;
};

struct expect {
	struct stretch	*virt, *phys;	/* sorted by start */
	size_t		 nvirt, nphys;
	struct stretch	*planted;
	size_t		 nplanted;
	struct word	*word;
	size_t		 nword;
	bool		 bad;
	bool		 truncated;	/* lost memory counts as left out */
	bool		 rootless;	/* physical memory only */
};

static int failures;
static size_t checks;

static bool
expect_true(bool ok, const char *image, const char *what, uint64_t at,
    const char *why)
{
	checks++;
	if (ok)
		return (true);
	if (failures++ < 20)
		printf("%s: %s at 0x%" PRIx64 ": %s\n", image, what, at, why);
	return (false);
}

static void *
grow(void *v, size_t n, size_t size)
{
	if ((n & (n - 1)) == 0)
		v = realloc(v, (n == 0 ? 1 : 2 * n) * size);
	if (v == NULL)
		abort();
	return (v);
}

static void
add(struct stretch **v, size_t *n, struct stretch s)
{
	*v = grow(*v, *n, sizeof(**v));
	(*v)[(*n)++] = s;
}

static int
by_start(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;

	return ((x->start > y->start) - (x->start < y->start));
}

static void
parse_line(struct expect *e, const char *line)
{
	struct stretch s = { 0 };
	struct word w;
	char kind[32];

	if (sscanf(line, "map %" SCNx64 " %" SCNx64 " %" SCNx64, &s.start,
	    &s.len, &s.pa) == 3) {
		s.what = MAP;
		add(&e->virt, &e->nvirt, s);
	} else if (sscanf(line, "special %" SCNx64 " %" SCNx64 " %" SCNx64,
	    &s.start, &s.len, &s.pa) == 3) {
		s.what = SPECIAL;
		add(&e->virt, &e->nvirt, s);
	} else if (sscanf(line, "hole %" SCNx64 " %" SCNx64 " %31s", &s.start,
	    &s.len, kind) == 3) {
		s.what = strcmp(kind, "notmapped") == 0 ? NOTMAPPED :
		    NOTINDUMP;
		add(&e->virt, &e->nvirt, s);
	} else if (sscanf(line, "phys %" SCNx64 " %" SCNx64 " %31s", &s.start,
	    &s.len, kind) == 3) {
		s.what = strcmp(kind, "present") == 0 ? PRESENT :
		    strcmp(kind, "excluded") == 0 ? EXCLUDED : ABSENT;
		s.pa = s.start;
		add(&e->phys, &e->nphys, s);
	} else if (sscanf(line, "planted %" SCNx64 " %" SCNx64, &s.start,
	    &s.len) == 2) {
		s.what = PLANTED;
		add(&e->planted, &e->nplanted, s);
	} else if (sscanf(line, "word %" SCNx64 " %u %" SCNx64, &w.va, &w.size,
	    &w.value) == 3) {
		e->word = grow(e->word, e->nword, sizeof(*e->word));
		e->word[e->nword++] = w;
	} else if (strncmp(line, "fact bad ", 9) == 0) {
		e->bad = true;
	} else if (strncmp(line, "fact rootknown 0", 16) == 0) {
		e->rootless = true;
	} else if (strncmp(line, "fact truncated", 14) == 0) {
		e->truncated = true;
	}
}

static bool
load(const char *image, struct expect *e)
{
	char path[4352], line[4096];
	FILE *f;

	*e = (struct expect){ 0 };
	snprintf(path, sizeof(path), "%s.expect", image);
	f = fopen(path, "r");
	if (f == NULL)
		return (false);
	while (fgets(line, sizeof(line), f) != NULL)
		parse_line(e, line);
	fclose(f);
	/* Pages that the writer had no space for are lost, not left out. */
	e->truncated |= strstr(image, "incomplete") != NULL;
	if (e->nvirt > 0)
		qsort(e->virt, e->nvirt, sizeof(*e->virt), by_start);
	if (e->nphys > 0)
		qsort(e->phys, e->nphys, sizeof(*e->phys), by_start);
	return (true);
}

static void
unload(struct expect *e)
{
	free(e->virt);
	free(e->phys);
	free(e->planted);
	free(e->word);
}

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state);
}

static bool
is_planted(const struct expect *e, uint64_t pa)
{
	for (size_t i = 0; i < e->nplanted; i++)
		if (pa - e->planted[i].start < e->planted[i].len)
			return (true);
	return (false);
}

static const struct stretch *
find(const struct stretch *v, size_t n, uint64_t at)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v[mid].start <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || at - v[lo - 1].start >= v[lo - 1].len)
		return (NULL);
	return (&v[lo - 1]);
}

/*
 * What must come of reading [at, at + len): how many bytes before the first
 * that cannot be had, and what is there.  false: the expectations end.
 */
static bool
oracle(const struct expect *e, uint64_t at, size_t len, size_t *good,
    enum what *then)
{
	*good = 0;
	*then = MAP;
	while (*good < len) {
		const struct stretch *s = find(e->virt, e->nvirt, at + *good);
		uint64_t left;

		if (s == NULL)
			return (false);
		if (s->what == NOTMAPPED || s->what == NOTINDUMP) {
			*then = s->what;
			return (true);
		}
		left = s->start + s->len - (at + *good);
		*good += left < len - *good ? (size_t)left : len - *good;
	}
	return (true);
}

/* Are the first n bytes read at va right, where the pattern says? */
static bool
right(const struct expect *e, uint64_t va, const uint8_t *buf, size_t n)
{
	for (size_t i = 0; i < n;) {
		const struct stretch *s = find(e->virt, e->nvirt, va + i);
		uint64_t left = s->start + s->len - (va + i);
		size_t step = left < n - i ? (size_t)left : n - i;

		if (s->what == MAP && mkimage_differs(buf + i, step,
		    s->pa + (va + i - s->start)) != step)
			return (false);
		i += step;
	}
	return (true);
}

/* One read against the oracle.  cut: the file is incomplete. */
static void
check_read(const char *image, const struct expect *e, kvm_t *kd, uint64_t va,
    size_t len, bool cut)
{
	static uint8_t buf[MAX_LEN];
	enum what then;
	size_t good;
	ssize_t n;

	if (va + len < va || !oracle(e, va, len, &good, &then))
		return;
	n = kvm_read2(kd, va, buf, len);
	if (n > 0)
		expect_true((size_t)n <= good && right(e, va, buf, (size_t)n),
		    image, "wrong bytes", va, "not what was written");
	if (cut)
		return;
	if (good == len) {
		expect_true(n == (ssize_t)len, image, "read", va,
		    kvm_geterr(kd));
		return;
	}
	if (!expect_true(n == -1, image, "read of a hole", va + good,
	    "it succeeded"))
		return;
	expect_true(kvm_errkind(kd) == (then == NOTMAPPED ?
	    KVM_ERR_NOTMAPPED : KVM_ERR_NOTINDUMP), image,
	    then == NOTMAPPED ? "not mapped" : "not in dump", va + good,
	    kvm_geterr(kd));
	n = kvm_read_partial(kd, va, buf, len);
	expect_true(n == (ssize_t)good && right(e, va, buf, good), image,
	    "partial read", va, kvm_geterr(kd));
}

static void
check_virtual(const char *image, const struct expect *e, kvm_t *kd, int reads,
    bool cut)
{
	uint64_t rnd = 0x2545f4914f6cdd1d;

	for (size_t i = 0; i < e->nvirt && !cut; i++) {
		const struct stretch *s = &e->virt[i];

		check_read(image, e, kd, s->start, 1, cut);
		check_read(image, e, kd, s->start + s->len - 1, 1, cut);
		check_read(image, e, kd, s->start + s->len - 4, 8, cut);
	}
	for (int i = 0; i < reads && e->nvirt > 0; i++) {
		const struct stretch *s = &e->virt[next_random(&rnd) %
		    e->nvirt];
		uint64_t in = next_random(&rnd) % s->len;
		size_t len = 1 + next_random(&rnd) % (i % 4 == 0 ? MAX_LEN :
		    256);

		check_read(image, e, kd, s->start + in, len, cut);
	}
	for (size_t i = 0; i < e->nword && !cut; i++) {
		uint64_t v = 0;

		expect_true(kvm_read2(kd, e->word[i].va, &v, e->word[i].size) ==
		    (ssize_t)e->word[i].size && v == e->word[i].value, image,
		    "word", e->word[i].va, kvm_geterr(kd));
	}
}

/* Below the public interface: images that have memory but no kernel to find. */
static void
check_physical(const char *image, const struct expect *e)
{
	static uint8_t buf[MAX_LEN];
	struct kvmi_err err = { 0 };
	struct kvmi_image *img;
	struct kvmi_src *src;
	uint64_t rnd = 99;
	int fd = open(image, O_RDONLY);

	if (!expect_true(fd >= 0 && kvmi_file_open(fd, image, &src,
	    &err) == 0 && kvmi_image_open(src, &img, &err) == 0, image,
	    "open", 0, err.text))
		return;
	for (size_t i = 0; i < e->nphys; i++) {
		const struct stretch *s = &e->phys[i];

		for (int n = 0; n < 20; n++) {
			uint64_t in = n == 0 ? 0 : n == 1 ? s->len - 1 :
			    next_random(&rnd) % s->len;
			size_t len = n < 2 ? 1 : 1 + next_random(&rnd) % 8192;
			size_t done;
			int r;

			if (len > s->len - in)
				len = (size_t)(s->len - in);
			r = kvmi_image_read(img, s->start + in, buf, len,
			    &done, &err);
			if (s->what != PRESENT) {
				expect_true(r == KVMI_ENOTINDUMP ||
				    (e->truncated && r == KVMI_ETRUNC), image,
				    "physical hole", s->start + in, err.text);
				continue;
			}
			if (!expect_true(r == 0, image, "physical read",
			    s->start + in, err.text))
				continue;
			if (!is_planted(e, s->start + in) &&
			    !is_planted(e, s->start + in + len - 1) &&
			    len <= 4096)
				expect_true(mkimage_differs(buf, len,
				    s->start + in) == len, image,
				    "physical bytes", s->start + in,
				    "not what was written");
		}
	}
	kvmi_image_close(img);
}

static kvm_t *
open_image(const char *image, char *why)
{
	char kernel[4352];
	struct stat st;

	snprintf(kernel, sizeof(kernel), "%s.elf", image);
	return (kvm_open2(stat(kernel, &st) == 0 ? kernel : NULL, image,
	    O_RDONLY, why, NULL));
}

static void
check_good(const char *image, const struct expect *e)
{
	char why[2048] = "";
	kvm_t *kd;

	check_physical(image, e);
	if (e->rootless)
		return;
	kd = open_image(image, why);
	if (!expect_true(kd != NULL, image, "open", 0, why))
		return;
	check_virtual(image, e, kd, READS, false);
	expect_true(kvm_getinfo(kd) != NULL, image, "info", 0, "");
	kvm_close(kd);
}

/* Anything but a crash, a hang, a silent failure or bytes that are wrong. */
static void
check_bad(const char *image, const struct expect *e)
{
	char why[2048] = "";
	kvm_t *kd = open_image(image, why);
	int cnt;

	if (kd == NULL) {
		expect_true(why[0] != '\0', image, "open", 0, "no reason");
		return;
	}
	check_virtual(image, e, kd, 500, true);
	for (uint64_t va = 0; va < UINT64_C(1) << 40; va = va * 3 + 4096) {
		uint64_t buf;

		if (kvm_read2(kd, va, &buf, sizeof(buf)) < 0)
			expect_true(kvm_geterr(kd)[0] != '\0', image, "read",
			    va, "no reason");
		kvm_read2(kd, -va, &buf, sizeof(buf));
		kvm_read_phys(kd, va, &buf, sizeof(buf));
	}
	kvm_getprocs(kd, KERN_PROC_ALL, 0, &cnt);
	expect_true(kvm_getinfo(kd) != NULL, image, "info", 0, "");
	kvm_close(kd);
}

static void
check_cut(const char *image, const struct expect *e)
{
	char copy[] = "/tmp/kvm-cut-XXXXXX", why[2048];
	uint64_t rnd = 7;
	struct stat st;
	int in = open(image, O_RDONLY), out = mkstemp(copy);
	void *data;

	if (in < 0 || out < 0 || fstat(in, &st) != 0)
		abort();
	/* The large ones are as the small ones, only slower. */
	if (st.st_size <= 8 << 20 &&
	    (data = malloc((size_t)st.st_size)) != NULL) {
		if (read(in, data, (size_t)st.st_size) != st.st_size)
			abort();
		for (int i = 0; i < CUTS; i++) {
			size_t len = (size_t)(i < 40 ? (i / 2 * 4096 + i % 2) :
			    (int64_t)(next_random(&rnd) %
			    (uint64_t)st.st_size));
			kvm_t *kd;

			if (len > (size_t)st.st_size ||
			    ftruncate(out, 0) != 0 ||
			    pwrite(out, data, len, 0) != (ssize_t)len)
				continue;
			why[0] = '\0';
			kd = kvm_open2(NULL, copy, O_RDONLY, why, NULL);
			if (kd == NULL) {
				expect_true(why[0] != '\0', image, "open", len,
				    "no reason");
				continue;
			}
			check_virtual(image, e, kd, 50, true);
			kvm_close(kd);
		}
		free(data);
	}
	close(in);
	close(out);
	unlink(copy);
}

/* Tables and kernel files are other tests' affair; these not yet supported. */
static bool
applies(const char *name, int argc, char **argv)
{
	static const char *const other[] = { "kallsyms-", "btf-",
		"bad-kallsyms", "bad-btf", "fbsd-elf-", "bad-fbsd-elf-",
		"fbsd-full", "fbsd-device", "bad-device",
		/* the page tables of a split dump are in all of its members */
		"linux-kdump-split" };
	size_t len = strlen(name);

	if (len > 4 && strcmp(name + len - 4, ".elf") == 0)
		return (false);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (strncmp(name, other[i], strlen(other[i])) == 0)
			return (false);
	for (int i = 3; i < argc; i++)
		if (strncmp(name, argv[i], strlen(argv[i])) == 0)
			return (true);
	return (argc == 3);
}

int
main(int argc, char **argv)
{
	size_t images = 0;
	struct dirent *d;
	DIR *dir;

	if (argc < 3 || (dir = opendir(argv[2])) == NULL) {
		fprintf(stderr, "usage: test_images good|bad|cut DIR\n");
		return (2);
	}
	while ((d = readdir(dir)) != NULL) {
		char path[4096];
		struct expect e;

		snprintf(path, sizeof(path), "%s/%s", argv[2], d->d_name);
		if (!applies(d->d_name, argc, argv) || !load(path, &e))
			continue;
		if (e.bad == (argv[1][0] == 'b')) {
			images++;
			if (argv[1][0] == 'g')
				check_good(path, &e);
			else if (argv[1][0] == 'b')
				check_bad(path, &e);
			/*
			 * Where a later record replaces an earlier one, a cut
			 * between them cannot be seen.
			 */
			else if (strstr(d->d_name, "overlap") == NULL)
				check_cut(path, &e);
		}
		unload(&e);
	}
	closedir(dir);
	printf("%zu images, %zu checks, %d failed\n", images, checks,
	    failures);
	return (failures != 0 || images == 0);
}
