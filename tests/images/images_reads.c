/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads by virtual and by physical address. */
#include "images.h"

#include <stdlib.h>
#include <string.h>

#include "../mkimage/pattern.h"

#define READS	10000
#define MAX_LEN	65536

extern const struct kvmi_image_ops kvmi_image_kdump;

/* One read against the expectations.  cut: the file is incomplete. */
static void
check_read(const char *image, const struct expect *e, kvm_t *kd, uint64_t va,
    size_t len, bool cut)
{
	static uint8_t buf[MAX_LEN];
	enum what then;
	size_t good;
	ssize_t n;

	if (va + len < va || !expect_read(e, va, len, &good, &then))
		return;
	n = kvm_read2(kd, va, buf, len);
	expect_true(n <= (ssize_t)len, image, "count", va, "too many");
	if (n > 0)
		expect_true((size_t)n <= good && expect_right(e, va, buf,
		    (size_t)n), image, "wrong bytes", va,
		    "not what was written");
	else if (n < 0)
		expect_true(kvm_geterr(kd)[0] != '\0', image, "read", va,
		    "no reason");
	if (cut)
		return;
	if (good == len) {
		expect_true(n == (ssize_t)len, image, "read", va,
		    kvm_geterr(kd));
		return;
	}
	/* At the end of what there is the count is short. */
	if (n == (ssize_t)good && then == NOTINDUMP &&
	    may_be_lost(image, e) && kvm_errkind(kd) == KVM_ERR_TRUNCATED)
		return;
	if (!expect_true(n == -1, image, "read of a hole", va + good,
	    "it succeeded"))
		return;
	expect_true(kvm_errkind(kd) == (then == NOTMAPPED ?
	    KVM_ERR_NOTMAPPED : KVM_ERR_NOTINDUMP), image,
	    then == NOTMAPPED ? "not mapped" : "not in dump", va + good,
	    kvm_geterr(kd));
	n = kvm_read_partial(kd, va, buf, len);
	expect_true(n == (ssize_t)good && expect_right(e, va, buf, good),
	    image, "partial read", va, kvm_geterr(kd));
}

/* Both ends of each page of each stretch, and where they meet. */
static void
check_pages(const char *image, const struct expect *e, kvm_t *kd)
{
	for (size_t i = 0; i < e->virt.n; i++) {
		const struct stretch *s = &e->virt.v[i];
		uint64_t step = s->len / PAGE > MAX_PAGES ?
		    s->len / MAX_PAGES & ~(uint64_t)(PAGE - 1) : PAGE;

		for (uint64_t in = 0; in < s->len; in += step) {
			check_read(image, e, kd, s->start + in, 8, false);
			check_read(image, e, kd, s->start + in + PAGE - 1, 1,
			    false);
			check_read(image, e, kd, s->start + in + PAGE - 3, 7,
			    false);
		}
		check_read(image, e, kd, s->start + s->len - 1, 1, false);
		check_read(image, e, kd, s->start + s->len - 4, 8, false);
	}
}

void
check_random(const char *image, const struct expect *e, kvm_t *kd, int reads,
    bool cut)
{
	uint64_t rnd = 0x2545f4914f6cdd1d;

	for (int i = 0; i < reads && e->virt.n > 0; i++) {
		const struct stretch *s = &e->virt.v[next_random(&rnd) %
		    e->virt.n];
		uint64_t in = next_random(&rnd) % s->len;
		size_t len = 1 + next_random(&rnd) % (i % 8 == 0 ? MAX_LEN :
		    256);

		check_read(image, e, kd, s->start + in, len, cut);
	}
}

static void
check_words(const char *image, const struct expect *e, kvm_t *kd)
{
	for (size_t i = 0; i < e->nword; i++) {
		uint64_t v = 0;

		expect_true(kvm_read2(kd, e->word[i].va, &v, e->word[i].size) ==
		    (ssize_t)e->word[i].size && v == e->word[i].value, image,
		    "word", e->word[i].va, kvm_geterr(kd));
	}
}

/* What the container says of a physical address. */
static void
check_state(const char *image, const struct expect *e, struct kvmi_image *img,
    const struct stretch *s, uint64_t pa)
{
	struct kvmi_err err = { 0 };
	struct kvmi_extent x;
	int r = kvmi_image_locate(img, pa, &x, &err);

	if (s->what != PRESENT && may_be_lost(image, e) &&
	    (r == KVMI_ETRUNC || (r == 0 && x.state == KVMI_LOST)))
		return;
	if (!expect_true(r == 0, image, "locate", pa, err.text))
		return;
	expect_true(pa - x.start < x.len, image, "extent", pa, "not of it");
	/* A page that begins before its range does is not in the bitmap. */
	if (strstr(image, "fbsd-v3-ranges") != NULL && pa / PAGE == 0x40000)
		return;
	expect_true((s->what == PRESENT) == (x.state == KVMI_STORED) &&
	    (s->what == EXCLUDED) == (x.state == KVMI_EXCLUDED) &&
	    (s->what == ABSENT) == (x.state == KVMI_ABSENT), image,
	    s->what == PRESENT ? "present" : s->what == EXCLUDED ?
	    "excluded" : "absent", pa, "it is said to be otherwise");
}

static void
check_physical_read(const char *image, const struct expect *e,
    struct kvmi_image *img, const struct stretch *s, uint64_t in, size_t len)
{
	static uint8_t buf[MAX_LEN];
	uint64_t pa = s->start + in;
	struct kvmi_err err = { 0 };
	size_t done;
	int r;

	if (len > s->len - in)
		len = (size_t)(s->len - in);
	r = kvmi_image_read(img, pa, buf, len, &done, &err);
	if (s->what != PRESENT) {
		expect_true(r == KVMI_ENOTINDUMP || (r == KVMI_ETRUNC &&
		    may_be_lost(image, e)), image, "physical hole", pa,
		    err.text);
		return;
	}
	if (!expect_true(r == 0 && done == len, image, "physical read", pa,
	    err.text))
		return;
	for (size_t i = 0; i < len;) {
		size_t step = PAGE - (pa + i) % PAGE;

		if (step > len - i)
			step = len - i;
		if (expect_find(&e->planted, pa + i) == NULL)
			expect_true(mkimage_differs(buf + i, step, pa + i) ==
			    step, image, "physical bytes", pa + i,
			    "not what was written");
		i += step;
	}
}

/* What pages are counted in: elsewhere than in kdump blocks are no pages. */
static uint64_t
unit(const struct kvmi_image *img)
{
	return (img->ops == &kvmi_image_kdump ? img->block_size : PAGE);
}

void
check_physical(const char *image, const struct expect *e)
{
	struct kvmi_err err = { 0 };
	struct kvmi_image *img = open_container(image, e, &err);
	uint64_t rnd = 99, present = 0;

	if (!expect_true(img != NULL, image, "open", 0, err.text))
		return;
	for (size_t i = 0; i < e->phys.n; i++) {
		const struct stretch *s = &e->phys.v[i];
		uint64_t step = s->len / PAGE > MAX_PAGES ? s->len / MAX_PAGES :
		    PAGE;

		present += s->what == PRESENT ? s->len : 0;
		for (uint64_t in = 0; in < s->len; in += step) {
			check_state(image, e, img, s, s->start + in);
			check_physical_read(image, e, img, s, in, 1);
		}
		check_state(image, e, img, s, s->start + s->len - 1);
		for (int n = 0; n < 20; n++)
			check_physical_read(image, e, img, s,
			    next_random(&rnd) % s->len,
			    1 + next_random(&rnd) % MAX_LEN);
	}
	if (img->ops->count != NULL && img->ops->count(img, &err) == 0 &&
	    !may_be_lost(image, e))
		expect_true(img->pages_present == expect_number(e, "pages",
		    present / unit(img)), image, "pages present",
		    img->pages_present, "not that many");
	kvmi_image_close(img);
}

static void
check_physical_api(const char *image, const struct expect *e, kvm_t *kd)
{
	uint8_t buf[64];

	for (size_t i = 0; i < e->phys.n; i++) {
		const struct stretch *s = &e->phys.v[i];
		size_t n = s->len < sizeof(buf) ? (size_t)s->len :
		    sizeof(buf);

		if (s->what != PRESENT) {
			expect_true(kvm_read_phys(kd, s->start, buf, n) ==
			    -1 && (kvm_errkind(kd) == KVM_ERR_NOTINDUMP ||
			    (kvm_errkind(kd) == KVM_ERR_TRUNCATED &&
			    may_be_lost(image, e))), image, "kvm_read_phys",
			    s->start, kvm_geterr(kd));
			continue;
		}
		expect_true(kvm_read_phys(kd, s->start, buf, n) ==
		    (ssize_t)n && (expect_find(&e->planted, s->start) !=
		    NULL || mkimage_differs(buf, n, s->start) == n), image,
		    "kvm_read_phys", s->start, kvm_geterr(kd));
	}
}

void
check_reads(const char *image, const struct expect *e, kvm_t *kd)
{
	check_pages(image, e, kd);
	check_random(image, e, kd, READS, false);
	check_words(image, e, kd);
	check_physical_api(image, e, kd);
}
