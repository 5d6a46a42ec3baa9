/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD minidumps.  The limit is memcpy() from a mapping of the same file, of
 * the same bytes in the same order.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

#define READS	2000000
#define STEP	65536

/* A page of the dump as one of its addresses reaches it. */
struct page {
	kvaddr_t	va;
	off_t		off;
	size_t		len;
};

struct pages {
	struct page	*v;
	size_t		 n, room;
};

/* By how they are mapped; the direct map reaches all of them. */
struct found {
	struct pages	 direct, large, small;
};

struct mapped {
	const char	*p;
	size_t		 len;
};

static struct mapped
map_file(const char *path)
{
	struct mapped m = { 0 };
	int fd = open(path, O_RDONLY);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) != 0)
		die(path, strerror(errno));
	m.len = (size_t)st.st_size;
	p = mmap(NULL, m.len, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		die(path, strerror(errno));
	m.p = p;
	close(fd);
	return (m);
}

static void
add(struct pages *s, kvaddr_t va, const struct kvm_page *p)
{
	if (s->n == s->room) {
		s->room = s->room * 2 + 1024;
		s->v = realloc(s->v, s->room * sizeof(*s->v));
		if (s->v == NULL)
			die("bench", "out of memory");
	}
	s->v[s->n++] = (struct page){ va, p->kp_offset, p->kp_len };
}

static int
sort_out(struct kvm_page *p, void *arg)
{
	struct found *f = arg;

	if (p->kp_offset < 0)
		return (1);
	if (p->kp_dmap_vaddr != 0)
		add(&f->direct, p->kp_dmap_vaddr, p);
	if (p->kp_kmap_vaddr != 0)
		add(p->kp_len > 4096 ? &f->large : &f->small,
		    p->kp_kmap_vaddr, p);
	return (1);
}

static void
bench_random(kvm_t *kd, const char *what, const struct pages *s,
    const struct mapped *m)
{
	struct page *p = calloc(READS, sizeof(*p));
	uint64_t rnd = 42, word, sum[3] = { 0 };
	/* Its length is a variable there too. */
	volatile size_t eight = 8;
	double t_kvm = 0, t_copy = 0, t_load = 0;

	if (p == NULL || s->n == 0)
		die(what, "no such pages");
	for (size_t i = 0; i < READS; i++) {
		const struct page *q = &s->v[next_random(&rnd) % s->n];
		uint64_t in = next_random(&rnd) % (q->len - 8);

		p[i] = (struct page){ q->va + in, q->off + (off_t)in, 8 };
	}
	for (int round = 0; round < ROUNDS; round++) {
		double t = now();

		for (size_t i = 0; i < READS; i++) {
			memcpy(&word, m->p + p[i].off, eight);
			sum[0] += word;
		}
		t_copy = best(t_copy, now() - t);
		t = now();
		for (size_t i = 0; i < READS; i++) {
			memcpy(&word, m->p + p[i].off, 8);
			sum[2] += word;
		}
		t_load = best(t_load, now() - t);
		t = now();
		for (size_t i = 0; i < READS; i++) {
			if (kvm_read2(kd, p[i].va, &word, 8) != 8)
				die("kvm_read2", kvm_geterr(kd));
			sum[1] += word;
		}
		t_kvm = best(t_kvm, now() - t);
	}
	if (sum[0] != sum[1])
		die(what, "kvm_read2 and memcpy disagree");
	report(what, t_kvm, READS);
	printf("%-46s %10.0f %% (aim: 80)\n", "  of memcpy's rate",
	    100 * t_copy / t_kvm);
	printf("%-46s %10.0f %%\n", "  of the rate of single instructions",
	    100 * t_load / t_kvm);
	free(p);
}

/* All of a kind, front to back. */
static void
bench_sequential(kvm_t *kd, const char *what, const struct pages *s,
    const struct mapped *m)
{
	static char buf[STEP];
	double t_kvm = 0, t_copy = 0;
	size_t bytes = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double t = now();

		bytes = 0;
		for (size_t i = 0; i < s->n; i++)
			for (size_t at = 0; at < s->v[i].len; at += STEP) {
				size_t n = s->v[i].len - at < STEP ?
				    s->v[i].len - at : STEP;

				memcpy(buf, m->p + s->v[i].off + at, n);
				__asm__ volatile("" : : "r"(buf) : "memory");
				bytes += n;
			}
		t_copy = best(t_copy, now() - t);
		t = now();
		for (size_t i = 0; i < s->n; i++)
			for (size_t at = 0; at < s->v[i].len; at += STEP) {
				size_t n = s->v[i].len - at < STEP ?
				    s->v[i].len - at : STEP;

				if (kvm_read2(kd, s->v[i].va + at, buf, n) < 0)
					die("kvm_read2", kvm_geterr(kd));
			}
		t_kvm = best(t_kvm, now() - t);
	}
	printf("%-46s %10.0f MB/s, %.0f %% of memcpy's rate (aim: 80)\n", what,
	    (double)bytes / t_kvm / 1e6, 100 * t_copy / t_kvm);
}

static int
count_page(struct kvm_page *p, void *arg)
{
	*(uint64_t *)arg += p->kp_len;
	return (1);
}

static void
bench_walk(kvm_t *kd)
{
	double t_walk = 0;

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t bytes = 0;
		double t = now();

		if (kvm_walk_pages(kd, count_page, &bytes) != 1)
			die("kvm_walk_pages", kvm_geterr(kd));
		t_walk = best(t_walk, now() - t);
	}
	printf("%-46s %10.1f ms\n", "kvm_walk_pages, whole", t_walk * 1e3);
}

void
bench_minidump(const char *path)
{
	struct mapped m = map_file(path);
	struct found f = { 0 };
	kvm_t *kd;

	printf("%s\n", path);
	bench_open(path);
	kd = open_dump(path);
	if (kvm_walk_pages(kd, sort_out, &f) != 1)
		die(path, kvm_geterr(kd));
	bench_walk(kd);
	bench_random(kd, "random 8-byte kvm_read2, direct map", &f.direct, &m);
	bench_random(kd, "random 8-byte kvm_read2, 2 MiB pages", &f.large, &m);
	bench_random(kd, "random 8-byte kvm_read2, 4 KiB pages", &f.small, &m);
	bench_sequential(kd, "sequential, direct map by pages", &f.direct, &m);
	bench_sequential(kd, "sequential, 2 MiB pages by 64 KiB", &f.large, &m);
	bench_sequential(kd, "sequential, 4 KiB pages", &f.small, &m);
	kvm_close(kd);
	munmap((void *)(uintptr_t)m.p, m.len);
	free(f.direct.v);
	free(f.large.v);
	free(f.small.v);
}

static long
resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long total, pages = 0;

	if (f == NULL || fscanf(f, "%ld %ld", &total, &pages) != 2)
		die("/proc/self/statm", "cannot be read");
	fclose(f);
	return (pages * (sysconf(_SC_PAGESIZE) / 1024));
}

/* Few pages, but a bitmap for a TiB. */
void
bench_span(const char *path)
{
	struct found f = { 0 };
	long before, opened;
	uint64_t word;
	kvm_t *kd;

	printf("%s\n", path);
	bench_open(path);
	before = resident_kib();
	kd = open_dump(path);
	opened = resident_kib() - before;
	if (kvm_walk_pages(kd, sort_out, &f) != 1)
		die(path, kvm_geterr(kd));
	kvm_close(kd);
	before = resident_kib();
	kd = open_dump(path);
	for (size_t i = 0; i < f.direct.n; i++)
		if (kvm_read2(kd, f.direct.v[i].va, &word, 8) != 8)
			die("kvm_read2", kvm_geterr(kd));
	printf("%-46s %10ld KiB\n", "resident, after open", opened);
	printf("%-46s %10ld KiB\n", "resident, after a read of each page",
	    resident_kib() - before);
	kvm_close(kd);
	free(f.direct.v);
	free(f.large.v);
	free(f.small.v);
}
