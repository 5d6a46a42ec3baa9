/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stopped machine, dumped in several formats: every read must give the
 * same bytes and the same kind of failure.  A filtered dump may in addition
 * say that a page was left out, nothing else.
 *
 * usage: test_reads [-f | -s] REFERENCE OTHER...
 *	-f: the others are filtered; -s: and are one that was split
 */
#include <kvm.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READS		10000
#define MAX_LEN		65536

enum region { IMAGE, MODULES, DIRECT, VMALLOC, HOLE, REGIONS };

static const char *const region_name[REGIONS] = { "image", "modules",
	"direct map", "vmalloc and vmemmap", "hole" };

struct span {
	kvaddr_t	va;
	uint64_t	len;
};

struct spans {
	struct span	*v[REGIONS];
	size_t		 n[REGIONS];
	kvaddr_t	 end;		/* of the mapping before */
	kvaddr_t	 text, etext;	/* where the image is */
};

static void
add(struct spans *s, enum region r, kvaddr_t va, uint64_t len)
{
	if (len == 0)
		return;
	if ((s->n[r] & (s->n[r] - 1)) == 0)
		s->v[r] = realloc(s->v[r], (s->n[r] == 0 ? 1 : 2 * s->n[r]) *
		    sizeof(*s->v[r]));
	if (s->v[r] == NULL)
		abort();
	s->v[r][s->n[r]++] = (struct span){ va, len };
}

static int
sort_page(struct kvm_page *p, void *arg)
{
	struct spans *s = arg;
	kvaddr_t va = p->kp_kmap_vaddr != 0 ? p->kp_kmap_vaddr :
	    p->kp_dmap_vaddr;

	if (s->end != 0 && va > s->end)
		add(s, HOLE, s->end, va - s->end);
	s->end = va + p->kp_len;
	if (p->kp_kmap_vaddr == 0)
		add(s, DIRECT, va, p->kp_len);
	else if (va >= 0xffffffffc0000000)
		add(s, MODULES, va, p->kp_len);
	else if (va >= 0xffffffff80000000 ||
	    (va < s->etext && va + p->kp_len > s->text))
		add(s, IMAGE, va, p->kp_len);
	else
		add(s, VMALLOC, va, p->kp_len);
	return (1);
}

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state);
}

static kvm_t *
open_dump(const char *path, const char *const *more)
{
	struct kvm_options o = KVM_OPTIONS_INIT;
	char why[2048] = "";
	kvm_t *kd;

	o.ko_corefile = path;
	o.ko_more = more;
	kd = kvm_open_with(&o, why);
	if (kd == NULL) {
		printf("%s: %s\n", path, why);
		exit(1);
	}
	return (kd);
}

/* 0 when the two answers agree. */
static int
compare(kvm_t *ref, kvm_t *other, kvaddr_t va, size_t len, bool filtered,
    size_t *ok, size_t *excluded)
{
	static char a[MAX_LEN], b[MAX_LEN];
	ssize_t na = kvm_read2(ref, va, a, len);
	ssize_t nb = kvm_read2(other, va, b, len);
	ssize_t part;

	if (filtered && nb < 0 && kvm_errkind(other) == KVM_ERR_NOTINDUMP) {
		/* What comes before the page that was left out must be right. */
		(*excluded)++;
		part = kvm_read_partial(other, va, b, len);
		if (part < 0)
			return (1);
		kvm_read_partial(ref, va, a, len);
		return (memcmp(a, b, (size_t)part) != 0);
	}
	if (na != nb)
		return (1);
	if (na < 0)
		return (kvm_errkind(ref) != kvm_errkind(other) ||
		    kvm_geterr(other)[0] == '\0');
	(*ok)++;
	return (memcmp(a, b, (size_t)na) != 0);
}

/* One that this machine has. */
static enum region
some_region(const struct spans *s, uint64_t *rnd)
{
	enum region r;

	do
		r = (enum region)(next_random(rnd) % REGIONS);
	while (s->n[r] == 0);
	return (r);
}

/*
 * On x86-64 all regions are apart; elsewhere modules may be among the rest of
 * vmalloc, and the image in the direct map.
 */
static bool
has_regions(kvm_t *kd, const struct spans *s, const char *path)
{
	const struct kvm_info *info = kvm_getinfo(kd);
	bool all = info != NULL && strcmp(info->ki_arch, "x86_64") == 0;

	for (int r = 0; r < REGIONS; r++)
		if (s->n[r] == 0 && (all || (r != IMAGE && r != MODULES))) {
			printf("%s: no mapping of the %s\n", path,
			    region_name[r]);
			return (false);
		}
	return (true);
}

static int
compare_dumps(kvm_t *ref, const struct spans *s, const char *path,
    const char *const *more, bool filtered)
{
	kvm_t *other = open_dump(path, more);
	size_t ok = 0, excluded = 0, per_region[REGIONS] = { 0 };
	uint64_t rnd = 0x9e3779b97f4a7c15;
	int bad = 0;

	for (int i = 0; i < READS; i++) {
		enum region r = some_region(s, &rnd);
		const struct span *p = &s->v[r][next_random(&rnd) % s->n[r]];
		/* One in four around a boundary of the mapping. */
		uint64_t at = next_random(&rnd) % 4 == 0 ?
		    (next_random(&rnd) % 2 ? p->len : 0) -
		    next_random(&rnd) % 4096 : next_random(&rnd) % p->len;
		size_t len = next_random(&rnd) % 2 ?
		    1 + next_random(&rnd) % 64 :
		    1 + next_random(&rnd) % MAX_LEN;

		per_region[r]++;
		if (compare(ref, other, p->va + at, len, filtered, &ok,
		    &excluded) == 0)
			continue;
		if (bad++ < 5)
			printf("%s: %s: 0x%llx, %zu bytes: differs (%s | %s)\n",
			    path, region_name[r], (unsigned long long)p->va +
			    at, len, kvm_geterr(ref), kvm_geterr(other));
	}
	printf("%s: %d reads, %zu whole, %zu left out, %d wrong\n", path,
	    READS, ok, excluded, bad);
	for (int r = 0; r < REGIONS; r++)
		if (s->n[r] != 0 && per_region[r] < READS / 10)
			bad++;
	kvm_close(other);
	return (bad);
}

int
main(int argc, char **argv)
{
	bool split = argc > 1 && strcmp(argv[1], "-s") == 0;
	bool filtered = split || (argc > 1 && strcmp(argv[1], "-f") == 0);
	int at = filtered ? 2 : 1, bad = 0;
	struct kvm_nlist nl[] = { { .n_name = "_stext" },
		{ .n_name = "_etext" }, { 0 } };
	struct spans s = { 0 };
	kvm_t *ref;

	if (argc - at < 2)
		return (2);
	ref = open_dump(argv[at], NULL);
	if (kvm_nlist2(ref, nl) == 0) {
		s.text = nl[0].n_value;
		s.etext = nl[1].n_value;
	}
	if (kvm_walk_pages(ref, sort_page, &s) != 1) {
		printf("%s: %s\n", argv[at], kvm_geterr(ref));
		return (1);
	}
	if (!has_regions(ref, &s, argv[at]))
		return (1);
	for (int i = at + 1; i < (split ? at + 2 : argc); i++)
		bad += compare_dumps(ref, &s, argv[i], split ?
		    (const char *const *)argv + i + 1 : NULL, filtered);
	for (int r = 0; r < REGIONS; r++)
		free(s.v[r]);
	kvm_close(ref);
	return (bad != 0);
}
