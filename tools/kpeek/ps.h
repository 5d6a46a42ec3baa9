/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of kpeek ps share. */
#ifndef KPEEK_PS_H
#define KPEEK_PS_H

#include <time.h>

#include "kpeek.h"

/* A value of a process: as text for the table, and as what it is for JSON. */
struct cell {
	enum { CELL_NONE, CELL_NUMBER, CELL_REAL, CELL_ADDRESS, CELL_TEXT }
		kind;
	int64_t	 n;		/* of a number or an address */
	double	 d;		/* of a real number */
	char	*text;		/* to be freed; NULL: as the kind is printed */
	char	*plain;		/* of a text, for JSON; NULL: text */
};

struct ps;

struct key {
	const char	*name;
	const char	*title;
	int		 align;
	void (*get)(const struct ps *ps, const struct kinfo_proc *ki,
	    const struct key *key, struct cell *cell);
	size_t		 off;	/* of a member, for those that print one */
	size_t		 size;
	bool		 is_signed;
};

struct column {
	const struct key	*key;
	char			*title;	/* NULL: the key's own */
};

/* One line of the list. */
struct row {
	const struct kinfo_proc	*ki;
	char			*prefix; /* of its place in the tree; NULL */
};

/* What -p, -t, -U, -G and -J name. */
struct selector {
	int	 op;		/* KERN_PROC_*, PS_BY_JAIL */
	int	 arg;
	char	*tty;		/* a name; NULL */
};

/* The library does not select by jails. */
enum { PS_BY_JAIL = -1 };

enum { PS_MAX_COLUMNS = 128, PS_MAX_SORT = 8 };

struct sort {
	const struct key	*key;
	bool			 down;
};

struct ps {
	struct context	*c;
	bool		 threads, tree, only_names, with_tty, own;
	bool		 environment, wide;
	bool		 children;	/* their times count for the parent */
	struct column	 columns[PS_MAX_COLUMNS];
	size_t		 ncolumns;	/* 0: those of every day */
	struct sort	 sort[PS_MAX_SORT];
	size_t		 nsort;
	struct selector	*selectors;
	size_t		 nselectors;
	/* Of the image. */
	uint64_t	 page_size;
	uint64_t	 memory;	/* bytes; 0: not known */
	int64_t		 now;		/* when it was taken; 0: not known */
	bool		 linux_devices;	/* its numbers are Linux's */
	bool		 has_ids;	/* of users and groups */
};

/* ps_keys.c */
const struct key *ps_find_key(const char *name);
void	ps_list_keys(FILE *out);
/* KEY[=TITLE][,...], from column at on; false: said what is wrong. */
bool	ps_add_columns(struct ps *ps, size_t at, const char *text);
bool	ps_add_sort(struct ps *ps, const char *text);

/* ps_cells.c; ps_times.c */
void	ps_get(const struct ps *ps, const struct kinfo_proc *ki,
	    const struct key *key, struct cell *cell);
void	ps_cell_free(struct cell *cell);
char	ps_state(const struct kinfo_proc *ki);
/* "pts/0"; "" when there is none.  Returns buf. */
const char *ps_tty(const struct ps *ps, const struct kinfo_proc *ki,
	    char *buf, size_t len);

/* The name of a thread, or where it has none that of its process. */
const char *ps_thread_name(const struct kinfo_proc *ki, char *buf,
	    size_t size);

/* For what fills a cell: a kind and its value, or text beside it. */
void	ps_set_text(struct cell *cell, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
void	ps_set_number(struct cell *cell, int64_t n);
void	ps_set_real(struct cell *cell, double d);
/* The member that a key is about, whatever its size. */
int64_t	ps_member(const struct kinfo_proc *ki, const struct key *key);

#define PS_GETTER(name) \
	void name(const struct ps *ps, const struct kinfo_proc *ki, \
	    const struct key *key, struct cell *cell)
PS_GETTER(ps_get_member);
PS_GETTER(ps_get_hex);
PS_GETTER(ps_get_address);
PS_GETTER(ps_get_pages);
PS_GETTER(ps_get_signals);
PS_GETTER(ps_get_seconds);
PS_GETTER(ps_get_string);
PS_GETTER(ps_get_name);
PS_GETTER(ps_get_tdname);
PS_GETTER(ps_get_command);
PS_GETTER(ps_get_cpu_time);
PS_GETTER(ps_get_elapsed);
PS_GETTER(ps_get_elapsed_seconds);
PS_GETTER(ps_get_group);
PS_GETTER(ps_get_jail);
PS_GETTER(ps_get_lstart);
PS_GETTER(ps_get_memory_share);
PS_GETTER(ps_get_cpu_share);
PS_GETTER(ps_get_none);
PS_GETTER(ps_get_priority);
PS_GETTER(ps_get_class);
PS_GETTER(ps_get_start);
PS_GETTER(ps_get_stat);
PS_GETTER(ps_get_state);
PS_GETTER(ps_get_tdev);
PS_GETTER(ps_get_tty);
PS_GETTER(ps_get_user);
PS_GETTER(ps_get_vsz);
PS_GETTER(ps_get_wait);

/* ps_order.c */
void	ps_sort(const struct ps *ps, struct row *rows, size_t n);
/* Behind its parent each, with a prefix. */
void	ps_tree(struct row *rows, size_t n);

/* ps_select.c */
/* A,B,... of -p, -t, -U, -G or -J, by op; false: said what is wrong. */
bool	ps_add_selectors(struct ps *ps, int op, const char *text);
bool	ps_add_this_tty(struct ps *ps);
bool	ps_selected(const struct ps *ps, const struct kinfo_proc *ki);
/* Those wanted, or some more; as kvm_getprocs(). */
const struct kinfo_proc *ps_getprocs(const struct ps *ps, int *n);

#endif
