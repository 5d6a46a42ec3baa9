/* SPDX-License-Identifier: BSD-2-Clause */

/* Where the part "pages" of the cast has which kinds of pages. */

#ifndef PAGES_H
#define	PAGES_H

#define	PAGES_AT	0x100000000000
#define	PAGES_SIZE	4096

enum {
	PAGE_PLAIN,
	PAGE_PROT_NONE,		/* mprotect(PROT_NONE) */
	PAGE_SWAPPED,
	PAGE_UNTOUCHED,
	PAGE_KINDS
};

/* A huge page, then withheld by mprotect(PROT_NONE). */
#define	HUGE_AT		0x100000200000
#define	HUGE_SIZE	0x200000

/* Every page that was touched begins so, and with its own address. */
#define	PAGES_MARK	"libkvm!"

#endif
