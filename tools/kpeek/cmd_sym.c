/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek sym: a name's address, an address's name. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

static json_object *
symbol_object(const struct kvm_symbol *s, kvaddr_t addr)
{
	json_object *o = json_object_new_object();
	char letter[2] = { s->ks_letter, '\0' };

	json_object_object_add(o, "name", json_text(s->ks_name,
	    strlen(s->ks_name)));
	json_object_object_add(o, "address", json_address(s->ks_value));
	json_object_object_add(o, "offset",
	    json_object_new_int64((int64_t)(addr - s->ks_value)));
	json_object_object_add(o, "size", s->ks_size == 0 ? NULL :
	    json_object_new_int64((int64_t)s->ks_size));
	json_object_object_add(o, "letter", json_object_new_string(letter));
	json_object_object_add(o, "module", json_known(s->ks_module));
	return (o);
}

static void
print_symbol(struct context *c, const struct kvm_symbol *s, kvaddr_t addr)
{
	json_object *doc, *list;
	char *name;

	if (c->json) {
		doc = json_object_new_object();
		list = json_object_new_array();
		json_object_array_add(list, symbol_object(s, addr));
		json_object_object_add(doc, "symbols", list);
		json_print(doc);
		return;
	}
	name = escape(s->ks_name, strlen(s->ks_name), "");
	printf("%0*" PRIx64 " %c %s", address_digits(c), s->ks_value,
	    s->ks_letter, name);
	if (addr != s->ks_value)
		printf("+0x%" PRIx64, addr - s->ks_value);
	if (s->ks_size != 0)
		printf(" (%" PRIu64 " bytes)", s->ks_size);
	if (s->ks_module[0] != '\0')
		printf(" [%s]", s->ks_module);
	putchar('\n');
	free(name);
}

/* A symbol that only the resolver or VMCOREINFO knows has no table entry. */
static int
look_up(struct context *c, const char *what, struct kvm_symbol *s,
    kvaddr_t *addr)
{
	struct kvm_symbol at;

	if (kvm_symbol_by_name(c->kd, what, s) == 0) {
		*addr = s->ks_value;
		/* As an address would have it: up to the next. */
		if (s->ks_size == 0 &&
		    kvm_symbol_by_addr(c->kd, *addr, &at) == 0 &&
		    at.ks_value == *addr)
			s->ks_size = at.ks_size;
		return (0);
	}
	if (kvm_errkind(c->kd) != KVM_ERR_NOSYMBOL) {
		context_fail(c, NULL);
		return (-1);
	}
	if (parse_address(c, what, addr) != 0)
		return (-1);
	if (kvm_symbol_by_addr(c->kd, *addr, s) != 0) {
		context_fail(c, NULL);
		return (-1);
	}
	if (!in_symbol(s, *addr)) {
		complain("0x%" PRIx64 " lies in no symbol; the nearest before "
		    "is %s, which ends 0x%" PRIx64 " bytes earlier", *addr,
		    s->ks_name, *addr - s->ks_value - s->ks_size);
		return (-1);
	}
	return (0);
}

static int
run_sym(struct context *c, int argc, char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ NULL, 0, NULL, 0 } };
	struct kvm_symbol s;
	const char *what;
	kvaddr_t addr;
	int opt, r;

	while ((opt = getopt_long(argc, argv, COMMON_SHORT, longs,
	    NULL)) != -1)
		if ((r = common_option(c, &cmd_sym, opt, optarg)) >= 0)
			return (r);
	if (optind >= argc)
		return (usage(&cmd_sym));
	what = argv[optind++];
	if (take_core(c, argc - optind, argv + optind) != 0)
		return (usage(&cmd_sym));
	if (context_open(c) != 0 || look_up(c, what, &s, &addr) != 0)
		return (EXIT_FAILED);
	print_symbol(c, &s, addr);
	return (EXIT_OK);
}

const struct command cmd_sym = {
	.name = "sym",
	.args = "[--json] NAME|ADDRESS [CORE [KERNEL]]",
	.summary = "The address of a name, the name of an address",
	.options = "",
	.run = run_sym,
};
