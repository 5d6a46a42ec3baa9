/* SPDX-License-Identifier: BSD-2-Clause */

#include <sys/mman.h>

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
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

static void
map(uintptr_t at, size_t len)
{
	if (mmap((void *)at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (void *)at)
		err(1, "mmap");
}

static void
mark(uintptr_t page)
{
	memcpy((void *)page, PAGES_MARK, 8);
	memcpy((void *)(page + 8), &page, sizeof(page));
}

static int
is_swapped(uintptr_t page)
{
	uint64_t entry;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd == -1 || pread(fd, &entry, sizeof(entry),
	    (off_t)(page / PAGES_SIZE * sizeof(entry))) != sizeof(entry))
		err(1, "pagemap");
	close(fd);
	return ((entry & PAGEMAP_SWAPPED) != 0);
}

static void
swap_out(uintptr_t page)
{
	int i;

	for (i = 0; i < TRIES_MAX && !is_swapped(page); i++) {
		if (madvise((void *)page, PAGES_SIZE, MADV_PAGEOUT) == -1)
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
	uintptr_t page;

	(void)argc, (void)argv;
	map(PAGES_AT, PAGE_KINDS * PAGES_SIZE);
	/* A huge page would take the others in. */
	if (madvise((void *)PAGES_AT, PAGE_KINDS * PAGES_SIZE,
	    MADV_NOHUGEPAGE) == -1)
		err(1, "MADV_NOHUGEPAGE");
	mark(PAGES_AT + PAGE_PLAIN * PAGES_SIZE);
	mark(PAGES_AT + PAGE_PROT_NONE * PAGES_SIZE);
	mark(PAGES_AT + PAGE_SWAPPED * PAGES_SIZE);
	map(HUGE_AT, HUGE_SIZE);
	if (madvise((void *)HUGE_AT, HUGE_SIZE, MADV_HUGEPAGE) == -1)
		err(1, "MADV_HUGEPAGE");
	for (page = HUGE_AT; page < HUGE_AT + HUGE_SIZE; page += PAGES_SIZE)
		mark(page);
	if (mprotect((void *)(PAGES_AT + PAGE_PROT_NONE * PAGES_SIZE),
	    PAGES_SIZE, PROT_NONE) == -1 ||
	    mprotect((void *)HUGE_AT, HUGE_SIZE, PROT_NONE) == -1)
		err(1, "mprotect");
	swap_out(PAGES_AT + PAGE_SWAPPED * PAGES_SIZE);
}
