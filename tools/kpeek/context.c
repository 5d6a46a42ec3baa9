/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <string.h>

#include "kpeek.h"

int
context_open(struct context *c)
{
	struct kvm_options o = KVM_OPTIONS_INIT;
	char why[2048] = "";

	o.ko_execfile = c->kernel;
	o.ko_corefile = c->core;
	o.ko_flags = O_RDONLY;
	o.ko_key = c->key;
	c->kd = kvm_open_with(&o, why);
	if (c->kd == NULL) {
		fprintf(stderr, "kpeek: %s\n", why);
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
	case KVM_ERR_TRUNCATED:
		return ("the file is shorter than its headers say; copy it "
		    "again, or see 'kpeek info'");
	default:
		return (NULL);
	}
}

int
context_fail(struct context *c, const char *what)
{
	const char *why = kvm_geterr(c->kd);
	const char *more = hint(kvm_errkind(c->kd));

	if (what != NULL)
		fprintf(stderr, "kpeek: %s: %s\n", what, why);
	else
		fprintf(stderr, "kpeek: %s\n", why);
	if (more != NULL)
		fprintf(stderr, "kpeek: hint: %s\n", more);
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
	fprintf(stderr, "kpeek: %u %s could not be read completely; the "
	    "first: %s\n", n, what, why);
	return (EXIT_PARTIAL);
}
