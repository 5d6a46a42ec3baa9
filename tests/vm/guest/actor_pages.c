/* SPDX-License-Identifier: BSD-2-Clause */

#include <sys/mman.h>

#include <endian.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "actor.h"
#include "pages.h"

#ifndef MADV_PAGEOUT
#define	MADV_PAGEOUT	21
#endif

#define	PAGEMAP_SWAPPED	(UINT64_C(1) << 62)
#define	TRIES_MAX	100
#define	PAUSE_US	20000

#ifdef __riscv
#define	PAGES_AT	((uintptr_t)PAGES_AT_RISCV)
#else
#define	PAGES_AT	((uintptr_t)(sizeof(void *) == 8 ? PAGES_AT_64 : \
			    PAGES_AT_32))
#endif
#define	HUGE_AT		(PAGES_AT + HUGE_OFF)

static void
map(uintptr_t at, size_t len)
{
	if (mmap((void *)at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (void *)at)
		err(1, "mmap");
}

static void
mark(uintptr_t at)
{
	uint64_t told = htole64(at);

	memcpy((void *)at, PAGES_MARK, 8);
	memcpy((void *)(at + 8), &told, sizeof(told));
}

/* Not every kernel knows huge pages. */
static void
advise(uintptr_t at, size_t len, int advice)
{
	if (madvise((void *)at, len, advice) == -1 && errno != EINVAL)
		err(1, "madvise");
}

static size_t
huge_size(void)
{
	size_t size = 0;
	FILE *f;

	f = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "r");
	if (f != NULL && fscanf(f, "%zu", &size) != 1)
		errx(1, "hpage_pmd_size");
	return (size > HUGE_SIZE ? size : HUGE_SIZE);
}

static int
is_swapped(uintptr_t page)
{
	uint64_t entry;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd == -1 || pread(fd, &entry, sizeof(entry),
	    (off_t)(page / (size_t)getpagesize() * sizeof(entry))) != sizeof(entry))
		err(1, "pagemap");
	close(fd);
	return ((entry & PAGEMAP_SWAPPED) != 0);
}

static void
swap_out(uintptr_t slot)
{
	int i;

	for (i = 0; i < TRIES_MAX && !is_swapped(slot); i++) {
		if (madvise((void *)slot, PAGES_SLOT, MADV_PAGEOUT) == -1)
			err(1, "MADV_PAGEOUT");
		usleep(PAUSE_US);
	}
	if (i == TRIES_MAX)
		errx(1, "the page is not swapped out");
}

/* pages: memory of all the kinds in pages.h. */
void
play_pages(int argc, char *argv[])
{
	size_t huge = huge_size();
	uintptr_t at;

	(void)argc, (void)argv;
	map(PAGES_AT, PAGE_KINDS * PAGES_SLOT);
	/* A huge page would take the others in. */
	advise(PAGES_AT, PAGE_KINDS * PAGES_SLOT, MADV_NOHUGEPAGE);
	mark(PAGES_AT + PAGE_PLAIN * PAGES_SLOT);
	mark(PAGES_AT + PAGE_PROT_NONE * PAGES_SLOT);
	mark(PAGES_AT + PAGE_SWAPPED * PAGES_SLOT);
	map(HUGE_AT, huge);
	advise(HUGE_AT, huge, MADV_HUGEPAGE);
	for (at = HUGE_AT; at < HUGE_AT + huge; at += HUGE_STEP)
		mark(at);
	if (mprotect((void *)(PAGES_AT + PAGE_PROT_NONE * PAGES_SLOT),
	    PAGES_SLOT, PROT_NONE) == -1 ||
	    mprotect((void *)HUGE_AT, huge, PROT_NONE) == -1)
		err(1, "mprotect");
	swap_out(PAGES_AT + PAGE_SWAPPED * PAGES_SLOT);
}
