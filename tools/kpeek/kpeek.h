/* SPDX-License-Identifier: BSD-2-Clause */
/* What kpeek's commands share. */
#ifndef KPEEK_H
#define KPEEK_H

#include <kvm.h>

#include <json-c/json.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit statuses, as kpeek(1) documents them. */
enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,	/* not found, cannot be opened or read */
	EXIT_USAGE = 2,
	EXIT_PARTIAL = 3,	/* there was an answer, but not all of it */
};

/* makedumpfile --split makes a file for each CPU that helps. */
#define MORE_MAX	256

/* What every command takes. */
struct context {
	const char	*core;		/* NULL: the live host */
	const char	*kernel;
	const char	*index;		/* of a compressed core */
	const char	*key;		/* of an encrypted dump */
	const char	*raw;		/* the map of a core without headers */
	const char	*arch;		/* where the core does not say */
	const char	*vmcoreinfo;	/* instead of the core's */
	const char	*more[MORE_MAX + 1];	/* files of the core, besides it */
	size_t		 nmore;
	bool		 json;
	kvm_t		*kd;		/* opened by context_open() */
};

struct command {
	const char	*name;
	const char	*args;		/* for the usage line */
	const char	*summary;
	const char	*options;	/* lines for --help */
	/* Parse from argv[1] on; CORE and KERNEL go into c. */
	int (*run)(struct context *c, int argc, char **argv);
};

extern const struct command cmd_info;
extern const struct command cmd_ps;
extern const struct command cmd_args;
extern const struct command cmd_env;
extern const struct command cmd_cpu;
extern const struct command cmd_load;
extern const struct command cmd_swap;
extern const struct command cmd_mods;
extern const struct command cmd_dmesg;
extern const struct command cmd_bt;
extern const struct command cmd_regs;
extern const struct command cmd_sym;
extern const struct command cmd_type;
extern const struct command cmd_read;
extern const struct command cmd_vtop;
extern const struct command cmd_text;
extern const struct command cmd_save;
extern const struct command cmd_convert;

/* options.c */

/* Options that all commands have, to be put into every getopt_long() table. */
#define COMMON_SHORT	"M:N:h"
enum { OPT_JSON = 0x1000, OPT_INDEX, OPT_KEY, OPT_RAW, OPT_ARCH, OPT_WITH,
    OPT_VMCOREINFO };
#define COMMON_LONG \
	{ "arch", required_argument, NULL, OPT_ARCH }, \
	{ "core", required_argument, NULL, 'M' }, \
	{ "namelist", required_argument, NULL, 'N' }, \
	{ "index", required_argument, NULL, OPT_INDEX }, \
	{ "json", no_argument, NULL, OPT_JSON }, \
	{ "key", required_argument, NULL, OPT_KEY }, \
	{ "raw-memory", optional_argument, NULL, OPT_RAW }, \
	{ "vmcoreinfo", required_argument, NULL, OPT_VMCOREINFO }, \
	{ "with", required_argument, NULL, OPT_WITH }, \
	{ "help", no_argument, NULL, 'h' }

/* Take a common option.  -1: done; else the status to return with. */
int common_option(struct context *c, const struct command *cmd, int opt,
    const char *arg);
int usage(const struct command *cmd);
void help(const struct command *cmd);

/* The rest of the arguments are [CORE [KERNEL]].  -1 when there are more. */
int take_core(struct context *c, int argc, char **argv);

/* All arguments of a command that has no options of its own; as above. */
int plain_options(struct context *c, const struct command *cmd, int argc,
    char **argv);

/* NAME, NAME+OFFSET, or a number; a message and -1 when it is neither. */
int parse_address(struct context *c, const char *text, kvaddr_t *ret);

/* Decimal, or hexadecimal with 0x.  false: not a number as a whole. */
bool parse_number(const char *text, uint64_t *ret);

/* context.c */
int context_open(struct context *c);
void context_close(struct context *c);

/* How many bytes and digits the image's addresses have. */
size_t word_size(const struct context *c);
int address_digits(const struct context *c);

/* Print the library's last error and a hint; returns EXIT_FAILED. */
int context_fail(struct context *c, const char *what);

/* A warning about what a list call had to skip; the exit status. */
int context_damage(struct context *c, const char *what, json_object *doc);

/* escape.c */

/*
 * Text from an image, safe for a terminal: control characters and bytes that
 * are no UTF-8 become \xNN, but for those in keep.  To be freed.
 */
char *escape(const char *text, size_t len, const char *keep);

/* "kpeek: TEXT" on standard error, as safe: a reason may quote the image. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* json.c */
void json_print(json_object *doc);
json_object *json_text(const char *text, size_t len);
/* NULL for "" and for 0. */
json_object *json_known(const char *text);
json_object *json_address(uint64_t v);

/* table.c */

struct table;
enum { LEFT, RIGHT };

struct table *table_create(size_t columns);
void table_column(struct table *t, size_t i, const char *title, int align);
/* The next cell; text is copied and must be escaped. */
void table_add(struct table *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Not even a terminal shall cut it. */
void table_wide(struct table *t);
/*
 * Print and free; only a terminal cuts the last column.  Without a title
 * that is not empty there is no line of them.
 */
void table_print(struct table *t);
void table_destroy(struct table *t);

/* format.c */
void format_time(int64_t sec, char *buf, size_t len);
void format_bytes(uint64_t n, char *buf, size_t len);
/* Does addr lie in the nearest symbol before it, s? */
bool in_symbol(const struct kvm_symbol *s, kvaddr_t addr);
/* "symbol+0x12", or "" when there is none. */
void format_symbol(kvm_t *kd, kvaddr_t addr, char *buf, size_t len);

#define KPEEK_ASKING	3		/* signals that ask for an end */

/* What a call that writes a file is given to be watched by (writing.c). */
struct writing {
	const char	*doing;
	unsigned int	 shown;		/* percent, and one */
	bool		 terminal;
	bool		 half_line;	/* it stands in one that has no end */
	bool		 has_file;
	struct sigaction before[KPEEK_ASKING];
};
void writing_begin(struct writing *p, const char *doing, bool has_file);
int writing_show(void *closure, uint64_t done, uint64_t total);
/* After the call.  Does not return when a signal came. */
void writing_end(struct writing *p);

#endif
