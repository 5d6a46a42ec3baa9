/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek vtop: virtual to physical. */
#include <getopt.h>
#include <inttypes.h>

#include "kpeek.h"

static int
run_vtop(struct context *c, int argc, char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ NULL, 0, NULL, 0 } };
	const char *what;
	json_object *o;
	kvaddr_t va;
	kpaddr_t pa;
	uint64_t len;
	char size[32];
	int opt, r;

	while ((opt = getopt_long(argc, argv, COMMON_SHORT, longs,
	    NULL)) != -1)
		if ((r = common_option(c, &cmd_vtop, opt, optarg)) >= 0)
			return (r);
	if (optind >= argc)
		return (usage(&cmd_vtop));
	what = argv[optind++];
	if (take_core(c, argc - optind, argv + optind) != 0)
		return (usage(&cmd_vtop));
	if (context_open(c) != 0 || parse_address(c, what, &va) != 0)
		return (EXIT_FAILED);
	if (kvm_vtophys(c->kd, va, &pa, &len) != 0)
		return (context_fail(c, NULL));
	if (c->json) {
		o = json_object_new_object();
		json_object_object_add(o, "virtual", json_address(va));
		json_object_object_add(o, "physical", json_address(pa));
		json_object_object_add(o, "length",
		    json_object_new_int64((int64_t)len));
		json_print(o);
		return (EXIT_OK);
	}
	format_bytes(len, size, sizeof(size));
	printf("virtual   0x%016" PRIx64 "\nphysical  0x%016" PRIx64 "\n"
	    "mapped    0x%" PRIx64 " bytes from here (%s)\n", va, pa, len,
	    size);
	return (EXIT_OK);
}

const struct command cmd_vtop = {
	.name = "vtop",
	.args = "[--json] NAME|ADDRESS [CORE [KERNEL]]",
	.summary = "The physical address behind a virtual one",
	.options = "",
	.run = run_vtop,
};
