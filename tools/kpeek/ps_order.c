/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of the lines of kpeek ps. */
#include <stdlib.h>
#include <string.h>

#include "ps.h"

static void *
need(void *p)
{
	if (p == NULL)
		abort();
	return (p);
}

/* A row with what it is sorted by. */
struct sortable {
	struct row	 row;
	size_t		 at;
	const struct ps	*ps;
	struct cell	 cell[PS_MAX_SORT];
};

static int
compare_cells(const struct cell *a, const struct cell *b)
{
	if (a->kind != b->kind)
		return (a->kind == CELL_NONE ? -1 : b->kind == CELL_NONE ? 1 :
		    (int)a->kind - (int)b->kind);
	switch (a->kind) {
	case CELL_NUMBER:
		return ((a->n > b->n) - (a->n < b->n));
	case CELL_ADDRESS:
		return (((uint64_t)a->n > (uint64_t)b->n) -
		    ((uint64_t)a->n < (uint64_t)b->n));
	case CELL_REAL:
		return ((a->d > b->d) - (a->d < b->d));
	case CELL_TEXT:
		return (strcmp(a->plain != NULL ? a->plain : a->text,
		    b->plain != NULL ? b->plain : b->text));
	default:
		return (0);
	}
}

static int
compare_rows(const void *x, const void *y)
{
	const struct sortable *a = x, *b = y;

	for (size_t i = 0; i < a->ps->nsort; i++) {
		int r = compare_cells(&a->cell[i], &b->cell[i]);

		if (r != 0)
			return (a->ps->sort[i].down ? -r : r);
	}
	return (a->at > b->at ? 1 : -1);
}

void
ps_sort(const struct ps *ps, struct row *rows, size_t n)
{
	struct sortable *v;

	if (ps->nsort == 0 || n == 0)
		return;
	v = need(calloc(n, sizeof(*v)));
	for (size_t i = 0; i < n; i++) {
		v[i].row = rows[i];
		v[i].at = i;
		v[i].ps = ps;
		for (size_t k = 0; k < ps->nsort; k++)
			ps_get(ps, rows[i].ki, ps->sort[k].key, &v[i].cell[k]);
	}
	qsort(v, n, sizeof(*v), compare_rows);
	for (size_t i = 0; i < n; i++) {
		rows[i] = v[i].row;
		for (size_t k = 0; k < ps->nsort; k++)
			ps_cell_free(&v[i].cell[k]);
	}
	free(v);
}

/* Rows are nodes by number; NONE: no such. */
#define NONE	SIZE_MAX

struct node {
	size_t	parent, child, last, next, depth;
	bool	seen;
};

struct by_pid {
	int32_t	pid;
	size_t	at;
};

static int
compare_pids(const void *x, const void *y)
{
	const struct by_pid *a = x, *b = y;

	return ((a->pid > b->pid) - (a->pid < b->pid));
}

/* Children in the order of their rows. */
static void
link_nodes(struct node *node, const struct row *rows, size_t n)
{
	struct by_pid *index = need(calloc(n, sizeof(*index))), *found;

	for (size_t i = 0; i < n; i++)
		index[i] = (struct by_pid){ rows[i].ki->ki_pid, i };
	qsort(index, n, sizeof(*index), compare_pids);
	for (size_t i = 0; i < n; i++) {
		struct by_pid want = { rows[i].ki->ki_ppid, 0 };
		struct node *parent;

		found = bsearch(&want, index, n, sizeof(*index), compare_pids);
		if (found == NULL || found->at == i)
			continue;
		parent = &node[found->at];
		node[i].parent = found->at;
		if (parent->child == NONE)
			parent->child = i;
		else
			node[parent->last].next = i;
		parent->last = i;
	}
	free(index);
}

/*
 * "|   `-- ": a bar where a relation of that depth has a sister below it.  A
 * dump may have every process be the child of the one before it.
 */
#define MAX_DEPTH	64

static char *
make_prefix(const struct node *node, size_t i)
{
	size_t depth = node[i].depth < MAX_DEPTH ? node[i].depth : MAX_DEPTH;
	char *text = need(malloc(4 * depth + 1));

	memset(text, ' ', 4 * depth);
	text[4 * depth] = '\0';
	for (size_t d = depth; d > 0; d--, i = node[i].parent) {
		bool more = node[i].next != NONE;

		if (d == depth)
			memcpy(text + 4 * (d - 1), more ? "|-- " : "`-- ", 4);
		else if (more)
			text[4 * (d - 1)] = '|';
	}
	return (text);
}

/* Down to the children, else on to the next of the nearest that has one. */
static size_t
step(struct node *node, size_t i, size_t root)
{
	if (node[i].child != NONE && !node[node[i].child].seen) {
		node[node[i].child].depth = node[i].depth + 1;
		return (node[i].child);
	}
	while (i != root) {
		size_t next = node[i].next;

		if (next != NONE && !node[next].seen) {
			node[next].depth = node[i].depth;
			return (next);
		}
		i = node[i].parent;
	}
	return (NONE);
}

static size_t
append(struct node *node, const struct row *rows, size_t root, struct row *to,
    size_t at)
{
	for (size_t i = root; i != NONE; i = step(node, i, root)) {
		node[i].seen = true;
		to[at] = rows[i];
		to[at++].prefix = make_prefix(node, i);
	}
	return (at);
}

/* A circle of parents, as a broken dump may have, begins at its first row. */
void
ps_tree(struct row *rows, size_t n)
{
	struct node *node;
	struct row *to;
	size_t at = 0;

	if (n == 0)
		return;
	node = need(calloc(n, sizeof(*node)));
	to = need(calloc(n, sizeof(*to)));
	for (size_t i = 0; i < n; i++)
		node[i].parent = node[i].child = node[i].next = NONE;
	link_nodes(node, rows, n);
	for (size_t i = 0; i < n; i++)
		if (node[i].parent == NONE)
			at = append(node, rows, i, to, at);
	for (size_t i = 0; i < n; i++)
		if (!node[i].seen)
			at = append(node, rows, i, to, at);
	memcpy(rows, to, n * sizeof(*rows));
	free(to);
	free(node);
}
