/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek type: the size of a type, where a member is, what an enumerator is. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

static json_object *
member_object(const char *name, const struct kvm_member *m)
{
	json_object *o = json_object_new_object();

	if (name != NULL)
		json_object_object_add(o, "name", json_text(name,
		    strlen(name)));
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
	return (o);
}

static void
print_member(struct context *c, const struct kvm_member *m)
{
	if (c->json) {
		json_print(member_object(NULL, m));
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

static int
add_object(const char *name, const struct kvm_member *m, void *list)
{
	json_object_array_add(list, member_object(name, m));
	return (1);
}

static int
add_row(const char *name, const struct kvm_member *m, void *table)
{
	char *safe = escape(name, strlen(name), "");

	if (m->kb_bit_off != 0)
		table_add(table, "0x%" PRIx64 ":%u", m->kb_off, m->kb_bit_off);
	else
		table_add(table, "0x%" PRIx64, m->kb_off);
	if (m->kb_bit_size != 0)
		table_add(table, "%u bit%s", m->kb_bit_size,
		    m->kb_bit_size == 1 ? "" : "s");
	else
		table_add(table, "%" PRIu64, m->kb_size);
	if (m->kb_count == 1)
		table_add(table, "%s%s", m->kb_pointer ? "*" : "", safe);
	else
		table_add(table, "%s%s[%" PRIu32 "]", m->kb_pointer ? "*" : "",
		    safe, m->kb_count);
	free(safe);
	return (1);
}

/* What is no structure has no members, which is no error. */
static int
print_structure(struct context *c, const char *name, uint64_t size)
{
	struct table *t;
	json_object *o, *list;
	ssize_t n;

	if (c->json) {
		list = json_object_new_array();
		n = kvm_walk_members(c->kd, name, add_object, list);
		if (n < 0) {
			json_object_put(list);
			return (context_fail(c, NULL));
		}
		o = json_object_new_object();
		json_object_object_add(o, "size",
		    json_object_new_int64((int64_t)size));
		json_object_object_add(o, "members", list);
		json_print(o);
		return (EXIT_OK);
	}
	printf("size    %" PRIu64 "\n", size);
	t = table_create(3);
	table_column(t, 0, "OFFSET", RIGHT);
	table_column(t, 1, "SIZE", RIGHT);
	table_column(t, 2, "MEMBER", LEFT);
	n = kvm_walk_members(c->kd, name, add_row, t);
	if (n > 0)
		table_print(t);
	else
		table_destroy(t);
	return (n < 0 ? context_fail(c, NULL) : EXIT_OK);
}

static void
print_value(struct context *c, int64_t value)
{
	json_object *o;

	if (c->json) {
		o = json_object_new_object();
		json_object_object_add(o, "value",
		    json_object_new_int64(value));
		json_print(o);
	} else {
		printf("value   %" PRId64 "\n", value);
	}
}

/* A name alone is a type's, or else an enumerator's. */
static int
print_name(struct context *c, const char *name)
{
	uint64_t size;
	int64_t value;

	if (kvm_type_size(c->kd, name, &size) == 0)
		return (print_structure(c, name, size));
	if (kvm_errkind(c->kd) == KVM_ERR_NOSYMBOL &&
	    kvm_type_enumerator(c->kd, name, &value) == 0) {
		print_value(c, value);
		return (EXIT_OK);
	}
	/* What is wrong is that there is no such type. */
	kvm_type_size(c->kd, name, &size);
	return (context_fail(c, NULL));
}

/* As C has it, too: "struct proc". */
static char *
without_keyword(char *what)
{
	static const char *const keywords[] = { "struct ", "union ", "enum " };

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strncmp(what, keywords[i], strlen(keywords[i])) == 0)
			return (what + strlen(keywords[i]));
	return (what);
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
	what = without_keyword(argv[optind++]);
	if (take_core(c, argc - optind, argv + optind) != 0)
		return (usage(&cmd_type));
	return (context_open(c) != 0 ? EXIT_FAILED : print_type(c, what));
}

const struct command cmd_type = {
	.name = "type",
	.args = "[--json] [MODULE:]TYPE[.MEMBER]|ENUMERATOR [CORE [KERNEL]]",
	.summary = "A structure's members, or where one is",
	.options = "",
	.run = run_type,
};
