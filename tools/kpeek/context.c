/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kpeek.h"

/* While the image is being opened. */
struct progress {
	double	next;		/* when to print again, in seconds */
	bool	shown, done;
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec * 1e-9);
}

/* Who waits for more than a second is told for what. */
static int
progress(void *closure, const char *what, uint64_t done, uint64_t total)
{
	struct progress *p = closure;
	char *text;

	if (p->done || now() < p->next)
		return (1);
	p->next = now() + 0.2;
	text = escape(what, strlen(what), "");
	if (text == NULL)
		return (1);
	fprintf(stderr, "\r\033[Kkpeek: %s: ", text);
	if (total != 0)
		fprintf(stderr, "%d%%", (int)(100 * ((double)done /
		    (double)total)));
	fflush(stderr);
	free(text);
	p->shown = true;
	return (1);
}

int
context_open(struct context *c)
{
	static struct progress p;	/* lives as long as the descriptor */
	struct kvm_options o = KVM_OPTIONS_INIT;
	char why[2048] = "";

	o.ko_corefile = c->core;
	o.ko_execfile = c->kernel;
	o.ko_flags = O_RDONLY;
	o.ko_index = c->index;
	o.ko_key = c->key;
	o.ko_raw = c->raw;
	o.ko_arch = c->arch;
	o.ko_vmcoreinfo = c->vmcoreinfo;
	o.ko_more = c->nmore > 0 ? c->more : NULL;
	if (c->core != NULL && strcmp(c->core, "-") == 0) {
		complain("-: standard input cannot be read at random; save "
		    "it to a file first");
		return (-1);
	}
	p.next = now() + 1;
	if (isatty(STDERR_FILENO)) {
		o.ko_progress = progress;
		o.ko_closure = &p;
	}
	c->kd = kvm_open_with(&o, why);
	p.done = true;
	if (p.shown)
		fprintf(stderr, "\r\033[K");
	if (c->kd == NULL) {
		complain("%s", why);
		return (-1);
	}
	return (0);
}

void
context_close(struct context *c)
{
	if (c->kd != NULL)
		kvm_close(c->kd);
	c->kd = NULL;
}

static const char *
hint(enum kvm_errkind kind)
{
	switch (kind) {
	case KVM_ERR_NOTINDUMP:
		return ("a fuller dump would have the page (on Linux: a lower "
		    "makedumpfile -d)");
	case KVM_ERR_SWAPPED:
		return ("no dump has what lay in swap space");
	case KVM_ERR_TRUNCATED:
		return ("is the file whole, and are all files of a split "
		    "dump given (--with)? 'kpeek info' tells");
	default:
		return (NULL);
	}
}

size_t
word_size(const struct context *c)
{
	const struct kvm_info *info = kvm_getinfo(c->kd);

	return (info != NULL && info->ki_pointer_size != 0 ?
	    info->ki_pointer_size : sizeof(void *));
}

int
address_digits(const struct context *c)
{
	return ((int)(2 * word_size(c)));
}

int
context_fail(struct context *c, const char *what)
{
	const char *why = kvm_geterr(c->kd);
	const char *more = hint(kvm_errkind(c->kd));

	if (what != NULL)
		complain("%s: %s", what, why);
	else
		complain("%s", why);
	if (more != NULL)
		complain("hint: %s", more);
	return (EXIT_FAILED);
}

int
context_damage(struct context *c, const char *what, json_object *doc)
{
	const char *why;
	unsigned int n = kvm_damage(c->kd, &why);
	json_object *d;

	if (n == 0)
		return (EXIT_OK);
	if (doc != NULL) {
		d = json_object_new_object();
		json_object_object_add(d, "count",
		    json_object_new_int64((int64_t)n));
		json_object_object_add(d, "first", json_text(why,
		    strlen(why)));
		json_object_object_add(doc, "damage", d);
	}
	complain("%s: %u could not be read completely; the first: %s", what, n,
	    why);
	return (EXIT_PARTIAL);
}
