/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek type: the size of a type, where a member is, what an enumerator is. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

static void
print_member(struct context *c, const struct kvm_member *m)
{
	json_object *o;

	if (c->json) {
		o = json_object_new_object();
		json_object_object_add(o, "offset",
		    json_object_new_int64((int64_t)m->kb_off));
		json_object_object_add(o, "size",
		    json_object_new_int64((int64_t)m->kb_size));
		json_object_object_add(o, "elements",
		    json_object_new_int64(m->kb_count));
		json_object_object_add(o, "bit_offset", m->kb_bit_size == 0 ?
		    NULL : json_object_new_int(m->kb_bit_off));
		json_object_object_add(o, "bits", m->kb_bit_size == 0 ?
		    NULL : json_object_new_int(m->kb_bit_size));
		json_object_object_add(o, "signed",
		    json_object_new_boolean(m->kb_signed));
		json_object_object_add(o, "pointer",
		    json_object_new_boolean(m->kb_pointer));
		json_print(o);
		return;
	}
	printf("offset  0x%" PRIx64 " (%" PRIu64 ")\nsize    %" PRIu64,
	    m->kb_off, m->kb_off, m->kb_size);
	if (m->kb_count != 1)
		printf(", of %" PRIu32 " elements", m->kb_count);
	if (m->kb_bit_size != 0)
		printf("; %u bits, from bit %u on", m->kb_bit_size,
		    m->kb_bit_off);
	if (m->kb_pointer)
		printf(", a pointer");
	putchar('\n');
}

static void
print_number(struct context *c, const char *key, int64_t value)
{
	json_object *o;

	if (c->json) {
		o = json_object_new_object();
		json_object_object_add(o, key, json_object_new_int64(value));
		json_print(o);
	} else {
		printf("%-6s  %" PRId64 "\n", key, value);
	}
}

/* A name alone is a type's, or else an enumerator's. */
static int
print_name(struct context *c, const char *name)
{
	uint64_t size;
	int64_t value;

	if (kvm_type_size(c->kd, name, &size) == 0) {
		print_number(c, "size", (int64_t)size);
		return (EXIT_OK);
	}
	if (kvm_errkind(c->kd) == KVM_ERR_NOSYMBOL &&
	    kvm_type_enumerator(c->kd, name, &value) == 0) {
		print_number(c, "value", value);
		return (EXIT_OK);
	}
	/* What is wrong is that there is no such type. */
	kvm_type_size(c->kd, name, &size);
	return (context_fail(c, NULL));
}

static int
print_type(struct context *c, char *what)
{
	char *dot = strchr(what, '.');
	struct kvm_member m;

	if (dot == NULL)
		return (print_name(c, what));
	*dot = '\0';
	if (kvm_type_member(c->kd, what, dot + 1, &m) != 0)
		return (context_fail(c, NULL));
	print_member(c, &m);
	return (EXIT_OK);
}

static int
run_type(struct context *c, int argc, char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ NULL, 0, NULL, 0 } };
	char *what;
	int opt, r;

	while ((opt = getopt_long(argc, argv, COMMON_SHORT, longs,
	    NULL)) != -1)
		if ((r = common_option(c, &cmd_type, opt, optarg)) >= 0)
			return (r);
	if (optind >= argc)
		return (usage(&cmd_type));
	what = argv[optind++];
	if (take_core(c, argc - optind, argv + optind) != 0)
		return (usage(&cmd_type));
	return (context_open(c) != 0 ? EXIT_FAILED : print_type(c, what));
}

const struct command cmd_type = {
	.name = "type",
	.args = "[--json] [MODULE:]TYPE[.MEMBER]|ENUMERATOR [CORE [KERNEL]]",
	.summary = "The size of a type, the place of a member",
	.options = "",
	.run = run_type,
};
