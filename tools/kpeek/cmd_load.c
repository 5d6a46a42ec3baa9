/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek load: load averages. */
#include "kpeek.h"

static void
print_json(const double *avg, int n)
{
	json_object *doc = json_object_new_object();
	json_object *list = json_object_new_array();

	for (int i = 0; i < n; i++) {
		char text[32];

		/* As many digits as the running kernel shows. */
		snprintf(text, sizeof(text), "%.2f", avg[i]);
		json_object_array_add(list, json_object_new_double_s(avg[i],
		    text));
	}
	json_object_object_add(doc, "load", list);
	json_print(doc);
}

static int
run_load(struct context *c, int argc, char **argv)
{
	double avg[3];
	int n, r;

	r = plain_options(c, &cmd_load, argc, argv);
	if (r >= 0)
		return (r);
	if (context_open(c) != 0)
		return (EXIT_FAILED);
	n = kvm_getloadavg(c->kd, avg, 3);
	if (n < 0)
		return (context_fail(c, NULL));
	if (c->json) {
		print_json(avg, n);
		return (EXIT_OK);
	}
	for (int i = 0; i < n; i++)
		printf("%s%.2f", i == 0 ? "" : " ", avg[i]);
	printf("\n");
	return (EXIT_OK);
}

const struct command cmd_load = {
	.name = "load",
	.args = "[--json] [CORE [KERNEL]]",
	.summary = "Load averages of 1, 5 and 15 minutes",
	.options = "",
	.run = run_load,
};
