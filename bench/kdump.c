/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kdump-compressed files: random pages by one thread and by two, against
 * libkdumpfile where there is one; and how long files of a server's size take
 * to open.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#ifdef HAVE_LIBKDUMPFILE
#include <libkdumpfile/kdumpfile.h>
#endif

#define PAGES	20000
#define PAGE	4096
#define THREADS	2

/* Wall time, and what the process spent: the latter holds on a busy machine. */
struct cost {
	double	wall;
	double	cpu;
};

/* Reads a page; false when it cannot. */
typedef bool page_read(void *from, kpaddr_t pa, void *page);

struct job {
	pthread_t	 thread;
	page_read	*read;
	void		*from;
	const kpaddr_t	*pa;
	size_t		 n;
	bool		 failed;
};

struct ranges {
	kpaddr_t	*first;
	size_t		*pages;
	size_t		 n;
};

static double
cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

static int
collect(struct kvm_page *p, void *arg)
{
	struct ranges *s = arg;

	if (p->kp_dmap_vaddr == 0 || p->kp_kmap_vaddr != 0 ||
	    p->kp_len < PAGE)
		return (1);
	s->first = realloc(s->first, (s->n + 1) * sizeof(*s->first));
	s->pages = realloc(s->pages, (s->n + 1) * sizeof(*s->pages));
	if (s->first == NULL || s->pages == NULL)
		die("bench", "out of memory");
	s->first[s->n] = p->kp_paddr;
	s->pages[s->n++] = p->kp_len / PAGE;
	return (1);
}

/* PAGES places of stored pages. */
static kpaddr_t *
choose(const char *path)
{
	kvm_t *kd = open_dump(path);
	struct ranges s = { 0 };
	kpaddr_t *pa = calloc(PAGES, sizeof(*pa));
	uint64_t rnd = 7;
	char byte;

	if (pa == NULL || kvm_walk_pages(kd, collect, &s) != 1 || s.n == 0)
		die(path, kvm_geterr(kd));
	for (size_t i = 0; i < PAGES;) {
		size_t r = next_random(&rnd) % s.n;

		pa[i] = s.first[r] + next_random(&rnd) % s.pages[r] * PAGE;
		if (kvm_read_phys(kd, pa[i], &byte, 1) == 1)
			i++;
	}
	kvm_close(kd);
	free(s.first);
	free(s.pages);
	return (pa);
}

static void *
run(void *arg)
{
	struct job *j = arg;
	char page[PAGE];

	for (size_t i = 0; i < j->n && !j->failed; i++)
		j->failed = !j->read(j->from, j->pa[i], page);
	return (NULL);
}

/* The same pages, dealt out to n threads of one descriptor each or shared. */
static struct cost
spend(page_read *read, void *const *from, const kpaddr_t *pa, int n)
{
	struct job job[THREADS];
	struct cost c = { now(), cpu() };

	for (int i = 0; i < n; i++) {
		size_t share = PAGES / (size_t)n;

		job[i] = (struct job){ .read = read, .from = from[i],
			.pa = pa + share * (size_t)i, .n = share };
		if (pthread_create(&job[i].thread, NULL, run, &job[i]) != 0)
			die("pthread_create", "failed");
	}
	for (int i = 0; i < n; i++) {
		pthread_join(job[i].thread, NULL);
		if (job[i].failed)
			return ((struct cost){ 0 });
	}
	return ((struct cost){ now() - c.wall, cpu() - c.cpu });
}

static void
keep_best(struct cost *best_of, struct cost c)
{
	best_of->wall = best(best_of->wall, c.wall);
	best_of->cpu = best(best_of->cpu, c.cpu);
}

static bool
read_ours(void *from, kpaddr_t pa, void *page)
{
	return (kvm_read_phys(from, pa, page, PAGE) == PAGE);
}

/* A new descriptor each time: nothing is cached. */
static struct cost
bench_ours(const char *path, const kpaddr_t *pa, int n)
{
	struct cost c = { 0 };

	for (int round = 0; round < ROUNDS; round++) {
		kvm_t *kd = open_dump(path);
		void *from[THREADS] = { kd, kd };
		struct cost one = spend(read_ours, from, pa, n);

		if (one.wall == 0)
			die(path, "a page cannot be read twice");
		keep_best(&c, one);
		kvm_close(kd);
	}
	return (c);
}

#ifdef HAVE_LIBKDUMPFILE
static bool
read_peer(void *from, kpaddr_t pa, void *page)
{
	size_t len = PAGE;

	return (kdump_read(from, KDUMP_MACHPHYSADDR, pa, page, &len) ==
	    KDUMP_OK);
}

static void
bench_peer(const char *path, const kpaddr_t *pa, struct cost ours)
{
	struct cost c = { 0 };

	for (int round = 0; round < ROUNDS; round++) {
		kdump_ctx_t *ctx = kdump_new();
		void *from[THREADS] = { ctx };
		int fd = open(path, O_RDONLY);

		if (ctx == NULL || fd < 0 ||
		    kdump_open_fd(ctx, fd) != KDUMP_OK)
			die(path, "libkdumpfile cannot open it");
		keep_best(&c, spend(read_peer, from, pa, 1));
		kdump_free(ctx);
		close(fd);
	}
	if (c.wall == 0) {
		printf("%-46s cannot read this file\n", "  libkdumpfile");
		return;
	}
	report("  libkdumpfile", c.wall, PAGES);
	printf("%-46s %10.1f by wall, %.1f by CPU time (aim: 3)\n",
	    "  libkvm's rate / libkdumpfile's", c.wall / ours.wall,
	    c.cpu / ours.cpu);
}
#endif

void
bench_kdump(const char *path)
{
	kpaddr_t *pa = choose(path);
	struct cost one = bench_ours(path, pa, 1);
	struct cost two = bench_ours(path, pa, THREADS);

	report("random page, kdump-zlib", one.wall, PAGES);
	printf("%-46s %10.2f by wall, %.2f by CPU time (aim: 1.8)\n",
	    "  rate of two threads / of one", one.wall / two.wall,
	    THREADS * one.cpu / two.cpu);
#ifdef HAVE_LIBKDUMPFILE
	bench_peer(path, pa, one);
#endif
	free(pa);
}

/* Reads all of a file as a copy would. */
static double
read_whole(const char *path)
{
	static char buf[1 << 20];
	int fd = open(path, O_RDONLY);
	double t = now();
	ssize_t n;

	if (fd < 0)
		die(path, strerror(errno));
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		;
	if (n < 0)
		die(path, strerror(errno));
	close(fd);
	return (now() - t);
}

/* Nothing of it stays in memory; what was written just now may. */
static void
forget(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		die(path, strerror(errno));
	fdatasync(fd);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

void
bench_large_kdump(const char *path)
{
	double cold = 0, t = 0;

	printf("%s\n", path);
	for (int i = 0; i < ROUNDS; i++) {
		double start;

		forget(path);
		start = now();
		kvm_close(open_dump(path));
		cold = best(cold, now() - start);
		start = now();
		kvm_close(open_dump(path));
		t = best(t, now() - start);
	}
	printf("%-46s %10.1f ms (aim: below 1000)\n",
	    "open and close, 23 GiB, none of it in memory", cold * 1e3);
	printf("%-46s %10.1f ms (aim: below 50)\n", "open and close, 23 GiB",
	    t * 1e3);
}

void
bench_large_flat(const char *path)
{
	double whole = read_whole(path), t = 0;

	printf("%s\n", path);
	for (int i = 0; i < ROUNDS; i++) {
		double start = now();

		kvm_close(open_dump(path));
		t = best(t, now() - start);
	}
	printf("%-46s %10.1f ms\n", "open and close, 10 GiB flattened",
	    t * 1e3);
	printf("%-46s %10.3f (aim: below 1)\n", "  / reading all of the file",
	    t / whole);
}
