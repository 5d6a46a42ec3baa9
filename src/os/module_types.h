/* SPDX-License-Identifier: BSD-2-Clause */
/* The types of loaded modules, which are looked for after the kernel's. */
#ifndef KVMI_MODULE_TYPES_H
#define KVMI_MODULE_TYPES_H

#include "os/kernel.h"

struct kvmi_module_type {
	char		 name[64];
	struct kvmi_types *types;	/* owned; refer to the kernel's */
};

struct kvmi_module_types {
	struct kvmi_module_type *v;
	size_t		 n;
};

/* Take t over; false without memory, when it is still the caller's. */
bool kvmi_module_types_add(struct kvmi_module_types *ts, const char *name,
    struct kvmi_types *t);
void kvmi_module_types_free(struct kvmi_module_types *ts);

/* Ask types for the name that kvmi_any_type() was given. */
typedef int kvmi_ask_types_fn(struct kvmi_types *t, const char *name,
    void *arg, struct kvmi_err *err);

/*
 * Ask the kernel's types, then each module's until one knows the name; or of
 * "module:name" that module's alone.
 */
int kvmi_any_type(struct kvmi_kernel *k, struct kvmi_cx *cx, const char *name,
    kvmi_ask_types_fn *ask, void *arg);

#endif
