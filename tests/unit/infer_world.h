/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that was made up, to work out from it what lies where. */
#ifndef INFER_WORLD_H
#define INFER_WORLD_H

#include "build_tasks.h"
#include "flat_memory.h"

#include <stdlib.h>

#include "os/linux/infer.h"

#define SIZE	0x8000
#define TASK	0x1000		/* the one there is */
#define MM	0x4000
#define CLOCK	0x5000
#define NSEC	INT64_C(1000000000)

struct world {
	struct kvmi_kernel k;
	struct kvmi_linux l;
	struct kvmi_arch arch;
	struct kvmi_cx	*cx;
	struct bytes	 mem, file;
	uint64_t	 budget;
	struct kvmi_infer x;
};

static const struct kvm_options no_options = KVM_OPTIONS_INIT;

static inline void
make(struct world *w)
{
	*w = (struct world){ .budget = 1 << 20 };
	bytes_fill(&w->mem, 0, SIZE);
	w->cx = kvmi_cx_new();
	assert_int_equal(kvmi_symtab_create(&w->k.syms, &w->cx->err), 0);
	flat_init(&w->k, &w->arch, &kvmi_os_linux, &no_options, 8, false);
	w->k.priv = &w->l;
	w->l.arch = &kvmi_linux_x86_64;
	w->l.va.first = 0;
	w->l.va.last = SIZE;
	w->l.va.user_end = UINT64_C(1) << 47;
	w->x = (struct kvmi_infer){ .k = &w->k, .cx = w->cx, .l = &w->l,
		.ptr = 8, .budget = &w->budget };
}

/* What is in memory now is in the image. */
static inline void
begin(struct world *w)
{
	flat_open(&w->k, &w->mem, &w->file);
	assert_int_equal(kvmi_addrs_add(&w->x.tasks, TASK), 1);
	w->x.copy = malloc(KVMI_INFER_TASK);
	assert_non_null(w->x.copy);
	memcpy(w->x.copy, w->mem.p + TASK, KVMI_INFER_TASK);
}

static inline void
done(struct world *w)
{
	flat_done(&w->k, &w->mem, &w->file);
	kvmi_symtab_destroy(w->k.syms);
	kvmi_linux_once_deinit(&w->l);
	kvmi_addrs_deinit(&w->x.tasks);
	free(w->x.copy);
	kvmi_cx_free(w->cx);
}

/* A kernel that has tasks and a module. */
static inline void
make_tasks(struct world *w)
{
	make(w);
	bytes_fill(&w->mem, 0, TASKS_LEN - SIZE);
	tasks_build(w->mem.p);
	w->l.va.first = 0x1000;
	w->l.va.last = TASKS_LEN;
	w->l.stext = TASKS_STEXT;
	assert_int_equal(kvmi_symtab_add(w->k.syms, "init_task", 9, "",
	    TASKS_TASK(0), 0, 'D', &w->cx->err), 0);
}

/* -1: it was not found. */
static inline int64_t
member_off(struct world *w, struct kvmi_types *t, const char *type,
    const char *path)
{
	struct kvmi_member m;

	return (kvmi_type_member(t, type, path, &m, &w->cx->err) == 0 ?
	    (int64_t)m.off : -1);
}

#endif
