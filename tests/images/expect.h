/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must be found in an image: the .expect file that tests/mkimage wrote
 * beside it.  tests/mkimage/README.md has the grammar.
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum what { MAP, SPECIAL, NOTMAPPED, NOTINDUMP, PRESENT, EXCLUDED, ABSENT,
	PLANTED };

struct stretch {
	uint64_t	start, len, pa;
	enum what	what;
	char		rights[4];	/* "rwx" */
};

struct stretches {
	struct stretch	*v;		/* sorted by start */
	size_t		 n;
};

/* A line that is a name and numbers. */
struct named {
	char		name[600];
	char		text[160];
	uint64_t	a, b;
	char		letter;
};

struct named_list {
	struct named	*v;
	size_t		 n;
};

struct word {
	uint64_t	va, value;
	unsigned int	size;
};

struct thread {
	char		name[32];
	uint64_t	pid, tid, va, pcb;
	int		oncpu;
};

struct expect {
	struct stretches virt, phys, planted;
	struct word	*word;
	size_t		 nword;
	struct thread	*thread;
	size_t		 nthread;
	struct named_list fact, sym, ksym, uts, proc, size, member, enums;
	bool		 bad;
};

/* false: there is no such file. */
bool expect_load(struct expect *e, const char *image);
void expect_unload(struct expect *e);

const struct stretch *expect_find(const struct stretches *s, uint64_t at);

/* A fact's text, or NULL; its number, or no. */
const char *expect_fact(const struct expect *e, const char *key);
uint64_t expect_number(const struct expect *e, const char *key, uint64_t no);

/*
 * What must come of reading [at, at + len): how many bytes before the first
 * that cannot be had, and what is there.  false: the expectations end.
 */
bool expect_read(const struct expect *e, uint64_t at, size_t len,
    size_t *good, enum what *then);

/* Are the first n bytes read at va right, where the pattern says? */
bool expect_right(const struct expect *e, uint64_t va, const uint8_t *buf,
    size_t n);

#endif
