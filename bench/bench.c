/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the library costs, against limits and peers measured in the same run:
 * absolute times on a shared machine are noise, ratios are not.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define READS	1000000
#define LOOKUPS	200000

extern char **environ;

/* A stretch of the direct map whose bytes lie in one piece in the file. */
struct stretch {
	kvaddr_t	va;
	kpaddr_t	pa;
	off_t		off;
	size_t		len;
};

struct stretches {
	struct stretch	*v;
	size_t		 n;
};

kvm_t *
open_dump(const char *path)
{
	char why[2048] = "";
	kvm_t *kd = kvm_open2(NULL, path, O_RDONLY, why, NULL);

	if (kd == NULL)
		die(path, why);
	return (kd);
}

static int
collect(struct kvm_page *p, void *arg)
{
	struct stretches *s = arg;

	if (p->kp_dmap_vaddr == 0 || p->kp_kmap_vaddr != 0)
		return (1);
	s->v = realloc(s->v, (s->n + 1) * sizeof(*s->v));
	if (s->v == NULL)
		die("bench", "out of memory");
	s->v[s->n++] = (struct stretch){ .va = p->kp_dmap_vaddr,
		.pa = p->kp_paddr, .off = p->kp_offset, .len = p->kp_len };
	return (1);
}

/* The same random places for every way of reading. */
struct place {
	kvaddr_t	va;
	off_t		off;
};

static struct place *
choose(const struct stretches *s, off_t file_size)
{
	struct place *p = calloc(READS, sizeof(*p));
	uint64_t rnd = 42;

	if (p == NULL)
		die("bench", "out of memory");
	for (size_t i = 0; i < READS;) {
		const struct stretch *t = &s->v[next_random(&rnd) % s->n];
		uint64_t in = next_random(&rnd) % (t->len - 8);

		if (t->off < 0 || t->off + (off_t)in + 8 > file_size)
			continue;
		p[i++] = (struct place){ t->va + in, t->off + (off_t)in };
	}
	return (p);
}

static void
bench_reads(const char *path)
{
	kvm_t *kd = open_dump(path);
	struct stretches s = { 0 };
	struct place *p;
	struct stat st;
	double t_kvm = 0, t_pread = 0, t_copy = 0;
	uint64_t word, sum[3] = { 0 };
	const char *map;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st) != 0)
		die(path, strerror(errno));
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die(path, strerror(errno));
	if (kvm_walk_pages(kd, collect, &s) != 1 || s.n == 0)
		die(path, kvm_geterr(kd));
	p = choose(&s, st.st_size);
	for (int round = 0; round < ROUNDS; round++) {
		double t = now();

		memset(sum, 0, sizeof(sum));
		for (size_t i = 0; i < READS; i++) {
			if (kvm_read2(kd, p[i].va, &word, 8) != 8)
				die("kvm_read2", kvm_geterr(kd));
			sum[0] += word;
		}
		t_kvm = best(t_kvm, now() - t);
		t = now();
		for (size_t i = 0; i < READS; i++) {
			if (pread(fd, &word, 8, p[i].off) != 8)
				die("pread", strerror(errno));
			sum[1] += word;
		}
		t_pread = best(t_pread, now() - t);
		t = now();
		for (size_t i = 0; i < READS; i++) {
			memcpy(&word, map + p[i].off, 8);
			sum[2] += word;
		}
		t_copy = best(t_copy, now() - t);
	}
	if (sum[0] != sum[1] || sum[1] != sum[2])
		die(path, "the three ways of reading disagree");
	report("random 8-byte kvm_read2, warm ELF dump", t_kvm, READS);
	report("  pread of the same file", t_pread, READS);
	report("  memcpy from a mapping", t_copy, READS);
	printf("%-46s %10.3f (aim: below 0.1)\n", "  kvm_read2 / pread",
	    t_kvm / t_pread);
	printf("%-46s %10.2f\n", "  kvm_read2 / memcpy", t_kvm / t_copy);
	free(p);
	free(s.v);
	munmap((void *)(uintptr_t)map, (size_t)st.st_size);
	close(fd);
	kvm_close(kd);
}

void
bench_open(const char *path)
{
	double t = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double start = now();

		kvm_close(open_dump(path));
		t = best(t, now() - start);
	}
	report("open and close", t, 1);
}

static void
bench_symbols(const char *path)
{
	static const char *const names[] = { "init_task", "linux_banner",
		"jiffies_64", "vfs_read", "schedule", "no_such_symbol" };
	kvm_t *kd = open_dump(path);
	struct kvm_symbol sym = { 0 };
	uint64_t rnd = 3;
	kvaddr_t text;
	double t = now();

	if (kvm_symbol_by_name(kd, "schedule", &sym) != 0)
		die(path, kvm_geterr(kd));
	report("first symbol look-up (decodes kallsyms)", now() - t, 1);
	text = sym.ks_value;
	t = now();
	for (size_t i = 0; i < LOOKUPS; i++)
		kvm_symbol_by_name(kd, names[i % 6], &sym);
	report("symbol by name", now() - t, LOOKUPS);
	kvm_symbol_by_addr(kd, text, &sym);
	t = now();
	for (size_t i = 0; i < LOOKUPS; i++)
		kvm_symbol_by_addr(kd, text - (1 << 20) +
		    next_random(&rnd) % (1 << 21), &sym);
	report("symbol by address", now() - t, LOOKUPS);
	kvm_close(kd);
}

/* From process start to exit, output thrown away. */
static void
bench_ps(const char *kpeek, const char *path)
{
	char *argv[] = { (char *)(uintptr_t)kpeek, (char *)(uintptr_t)"ps",
		(char *)(uintptr_t)path, NULL };
	posix_spawn_file_actions_t fa;
	double t = 0;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	for (int i = 0; i < 20; i++) {
		double start = now();
		pid_t pid;
		int status;

		if (posix_spawn(&pid, kpeek, &fa, NULL, argv, environ) != 0 ||
		    waitpid(pid, &status, 0) != pid || status != 0)
			die(kpeek, "ps failed");
		t = best(t, now() - start);
	}
	posix_spawn_file_actions_destroy(&fa);
	printf("%-46s %10.1f ms (aim: below 50)\n",
	    "kpeek ps, process start to exit", t * 1e3);
}

static void
bench_linux(char **file, const char *kpeek)
{
	for (int i = 0; i < 2; i++) {
		printf("%s\n", file[i]);
		bench_open(file[i]);
		if (kpeek != NULL)
			bench_ps(kpeek, file[i]);
		bench_symbols(file[i]);
	}
	bench_reads(file[0]);
	bench_kdump(file[1]);
}

int
main(int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "linux") == 0) {
		bench_linux(argv + 2, argv[4]);
	} else if (argc == 2 && strcmp(argv[1], "live") == 0) {
		bench_live();
	} else if (argc == 3 && strcmp(argv[1], "crowd") == 0) {
		bench_crowd(argv[2]);
	} else if (argc == 4 && strcmp(argv[1], "large") == 0) {
		bench_large_kdump(argv[2]);
		bench_large_flat(argv[3]);
	} else if (argc == 4 && strcmp(argv[1], "freebsd") == 0) {
		bench_minidump(argv[2]);
		bench_span(argv[3]);
	} else {
		fprintf(stderr, "usage: bench linux ELF-DUMP KDUMP [KPEEK]\n"
		    "       bench live\n       bench crowd DUMP\n"
		    "       bench large SPARSE-KDUMP SPARSE-FLATTENED\n"
		    "       bench freebsd MINIDUMP SPARSE-MINIDUMP\n");
		return (2);
	}
	return (0);
}
