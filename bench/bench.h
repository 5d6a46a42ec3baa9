/* SPDX-License-Identifier: BSD-2-Clause */
/* What the measurements share. */
#ifndef BENCH_H
#define BENCH_H

#include <kvm.h>

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS	5

static inline double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

/* What this process had of the processors. */
static inline double
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

static inline double
best(double a, double b)
{
	return (a == 0 || b < a ? b : a);
}

static inline uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state);
}

static inline void
die(const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why);
	exit(1);
}

static inline void
report(const char *what, double seconds, size_t n)
{
	printf("%-46s %10.1f ns each %12.0f /s\n", what, seconds * 1e9 /
	    (double)n, (double)n / seconds);
}

kvm_t *open_dump(const char *path);
void bench_open(const char *path);

/* Many processes: of this host, of a dump (procs.c). */
void bench_live(void);
void bench_crowd(const char *path);

/* Compressed pages, and files of a server's size (kdump.c). */
void bench_kdump(const char *path);
void bench_large_kdump(const char *path);
void bench_large_flat(const char *path);

/* A FreeBSD minidump of full size, and one that spans a TiB (minidump.c). */
void bench_minidump(const char *path);
void bench_span(const char *path);

#endif
