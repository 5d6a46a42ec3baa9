/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek swap: swap devices and how full they are. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

/* Far more devices than any kernel lets be. */
#define MAX_DEVICES	4096

/* All devices, and behind them their total; their number, or -1. */
static int
get_swaps(struct context *c, struct kvm_swap **ret)
{
	struct kvm_swap *v = NULL;
	int n = -1;

	for (int room = 32; room <= MAX_DEVICES; room *= 2) {
		v = realloc(v, (size_t)room * sizeof(*v));
		if (v == NULL)
			abort();
		n = kvm_getswapinfo(c->kd, v, room, SWIF_DEV_PREFIX);
		if (n < room - 1)
			break;
	}
	*ret = v;
	return (n);
}

static uint64_t
kib(u_int pages, uint64_t page_size)
{
	return (pages * page_size / 1024);
}

static void
add_row(struct table *t, const char *name, const struct kvm_swap *s,
    uint64_t page_size)
{
	table_add(t, "%s", name);
	table_add(t, "%" PRIu64, kib(s->ksw_total, page_size));
	table_add(t, "%" PRIu64, kib(s->ksw_used, page_size));
	table_add(t, "%" PRIu64, kib(s->ksw_total - s->ksw_used, page_size));
	table_add(t, "%.0f%%", s->ksw_total == 0 ? 0.0 :
	    100.0 * s->ksw_used / s->ksw_total);
}

static void
print_table(const struct kvm_swap *v, int n, uint64_t page_size)
{
	static const char *const title[] = { "DEVICE", "SIZE/K", "USED/K",
		"FREE/K", "FULL" };
	struct table *t = table_create(5);

	for (size_t i = 0; i < 5; i++)
		table_column(t, i, title[i], i == 0 ? LEFT : RIGHT);
	for (int i = 0; i < n; i++) {
		char *safe = escape(v[i].ksw_devname, strnlen(v[i].ksw_devname,
		    sizeof(v[i].ksw_devname)), "");

		add_row(t, safe, &v[i], page_size);
		free(safe);
	}
	add_row(t, "total", &v[n], page_size);
	table_print(t);
}

static json_object *
device_object(const struct kvm_swap *s, uint64_t page_size, bool total)
{
	json_object *o = json_object_new_object();

	if (!total) {
		json_object_object_add(o, "name", json_text(s->ksw_devname,
		    strnlen(s->ksw_devname, sizeof(s->ksw_devname))));
		json_object_object_add(o, "flags",
		    json_object_new_int64(s->ksw_flags));
	}
	json_object_object_add(o, "size_kb", json_object_new_int64(
	    (int64_t)kib(s->ksw_total, page_size)));
	json_object_object_add(o, "used_kb", json_object_new_int64(
	    (int64_t)kib(s->ksw_used, page_size)));
	return (o);
}

static void
print_json(const struct kvm_swap *v, int n, uint64_t page_size)
{
	json_object *doc = json_object_new_object();
	json_object *list = json_object_new_array();

	for (int i = 0; i < n; i++)
		json_object_array_add(list, device_object(&v[i], page_size,
		    false));
	json_object_object_add(doc, "devices", list);
	json_object_object_add(doc, "total", device_object(&v[n], page_size,
	    true));
	json_print(doc);
}

static int
run_swap(struct context *c, int argc, char **argv)
{
	const struct kvm_info *info;
	struct kvm_swap *v;
	uint64_t page_size;
	int n, r;

	r = plain_options(c, &cmd_swap, argc, argv);
	if (r >= 0)
		return (r);
	if (context_open(c) != 0)
		return (EXIT_FAILED);
	n = get_swaps(c, &v);
	if (n < 0) {
		free(v);
		return (context_fail(c, "swap devices"));
	}
	info = kvm_getinfo(c->kd);
	page_size = info != NULL && info->ki_page_size != 0 ?
	    info->ki_page_size : 4096;
	if (c->json)
		print_json(v, n, page_size);
	else
		print_table(v, n, page_size);
	free(v);
	return (EXIT_OK);
}

const struct command cmd_swap = {
	.name = "swap",
	.args = "[--json] [CORE [KERNEL]]",
	.summary = "Swap devices and how full they are",
	.options = "",
	.run = run_swap,
};
