/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Where the part "pages" of the cast has which kinds of pages.  Each kind has
 * a slot, which is one page or several, whatever the size of pages is.
 */

#ifndef PAGES_H
#define	PAGES_H

#define	PAGES_AT_64	UINT64_C(0x100000000000)
#define	PAGES_AT_32	UINT64_C(0x50000000)
#define	PAGES_AT_RISCV	UINT64_C(0x2000000000)	/* also where that is Sv39 */
#define	PAGES_SLOT	0x10000

enum {
	PAGE_PLAIN,
	PAGE_PROT_NONE,		/* mprotect(PROT_NONE) */
	PAGE_SWAPPED,
	PAGE_UNTOUCHED,
	PAGE_KINDS
};

/*
 * A huge page so far behind, then withheld by mprotect(PROT_NONE); larger
 * where huge pages are.
 */
#define	HUGE_OFF	0x2000000
#define	HUGE_SIZE	0x200000
#define	HUGE_STEP	0x1000

/*
 * What was touched begins so, and with its own address, little-endian; of the
 * huge page each step.
 */
#define	PAGES_MARK	"libkvm!"

#endif
