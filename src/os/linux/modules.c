/* SPDX-License-Identifier: BSD-2-Clause */
/* struct module on the list "modules" (kernel/module/, include/linux/module.h). */
#include <inttypes.h>
#include <stdio.h>

#include "os/linux/infer.h"
#include "os/linux/linux.h"
#include "os/linux/tasks.h"

#define MAX_PARTS	16	/* enum mod_mem_type has 7 */
#define UNFORMED	3	/* MODULE_STATE_UNFORMED: no more than its name */

struct layout {
	uint64_t	 list, base;
	struct kvmi_member state;	/* of size 0: not known */
	struct kvmi_member name;
	struct kvmi_member size[MAX_PARTS];
	size_t		 n_sizes;
};

/* Since Linux 6.4 a module has several parts; before, init apart. */
static int
find_layout(struct kvmi_kernel *k, struct kvmi_cx *cx, struct layout *ret)
{
	struct kvmi_types *t;
	struct kvmi_member m;
	char path[32];
	int r;

	*ret = (struct layout){ 0 };
	r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_member(t, "module", "name", &ret->name,
		    &cx->err);
	if (r == 0 && (r = kvmi_type_member(t, "module", "list", &m,
	    &cx->err)) == 0) {
		ret->list = m.off;
		r = kvmi_type_first(t, "module.mem[0].base "
		    "module.core_layout.base module.module_core", &m,
		    &cx->err);
	}
	if (r != 0)
		return (r);
	ret->base = m.off;
	while (ret->n_sizes < MAX_PARTS) {
		snprintf(path, sizeof(path), "mem[%zu].size", ret->n_sizes);
		if (kvmi_type_member(t, "module", path,
		    &ret->size[ret->n_sizes], &cx->err) != 0)
			break;
		ret->n_sizes++;
	}
	if (ret->n_sizes == 0 && kvmi_type_first(t, "module.core_layout.size "
	    "module.core_size", &ret->size[0], &cx->err) == 0)
		ret->n_sizes = 1;
	/* Until it is set up; then it is empty. */
	if (ret->n_sizes == 1 && kvmi_type_first(t, "module.init_layout.size "
	    "module.init_size", &ret->size[1], &cx->err) == 0)
		ret->n_sizes = 2;
	if (kvmi_type_member(t, "module", "state", &ret->state,
	    &cx->err) != 0)
		ret->state.size = 0;
	return (0);
}

static int
read_module(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct layout *at, uint64_t va, char name[128],
    struct kvm_module *ret)
{
	uint64_t part;
	int r;

	*ret = (struct kvm_module){ .km_name = name, .km_path = "" };
	r = kvmi_kread_text(k, cx, va, &at->name, name, 128);
	if (r == 0)
		r = kvmi_kread_ptr(k, cx, va + at->base, &ret->km_addr);
	for (size_t i = 0; r == 0 && i < at->n_sizes; i++) {
		r = kvmi_kread_member(k, cx, va, &at->size[i], &part);
		ret->km_size += part;
	}
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "module at 0x%" PRIx64,
	    va));
}

/* One that is read in at the moment is on the list, but of no one's concern. */
static bool
is_formed(struct kvmi_kernel *k, struct kvmi_cx *cx, const struct layout *at,
    uint64_t va)
{
	uint64_t state;

	return (at->state.size == 0 || kvmi_kread_member(k, cx, va,
	    &at->state, &state) != 0 || state != UNFORMED);
}

int
kvmi_linux_modules_collect(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t list_off, struct kvmi_addrs *ret)
{
	uint64_t head;
	int r = kvmi_kernel_addr(k, cx, "modules", &head);

	if (r == KVMI_ENOENT && kvmi_linux_variables(k, cx) != 0)
		r = kvmi_linux_variable(k, cx, KVMI_ONCE_MODULES, &head, NULL);
	return (r != 0 ? r : kvmi_list_collect(k, cx, head, list_off,
	    "module", ret));
}

int
kvmi_linux_modules(struct kvmi_kernel *k, struct kvmi_cx *cx,
    kvm_walk_modules_cb_t *cb, void *closure, size_t *n)
{
	struct kvmi_addrs list = { 0 };
	struct kvm_module m;
	struct layout at;
	uint64_t head;
	char name[128];
	int r;

	/* One that lists its variables, as this one, but cannot load any. */
	if (kvmi_kernel_addr(k, cx, "modules", &head) == KVMI_ENOENT &&
	    kvmi_kernel_addr(k, cx, "saved_command_line", &head) == 0)
		return (0);
	r = find_layout(k, cx, &at);
	if (r == 0)
		r = kvmi_linux_modules_collect(k, cx, at.list, &list);
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		if (!is_formed(k, cx, &at, list.v[i]))
			continue;
		if (read_module(k, cx, &at, list.v[i], name, &m) != 0) {
			kvmi_damage(cx);
			continue;
		}
		++*n;
		if (cb(&m, closure) == 0)
			break;
	}
	kvmi_addrs_deinit(&list);
	return (r);
}
