/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMCOREINFO: what a Linux kernel says of itself for dump readers, lines of
 * KEY=value (kernel/vmcore_info.c).
 */
#ifndef KVMI_VMCOREINFO_H
#define KVMI_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kvmi_vmcoreinfo {
	char	*text;		/* owned, NUL-terminated */
	size_t	 len;
};

/* Copies; false without memory. */
bool kvmi_vmcoreinfo_init(struct kvmi_vmcoreinfo *v, const void *text,
    size_t len);
void kvmi_vmcoreinfo_deinit(struct kvmi_vmcoreinfo *v);

/* Does the text look like one? */
bool kvmi_vmcoreinfo_plausible(const void *text, size_t len);

/* The value of a whole key; the last one counts.  false: there is none. */
bool kvmi_vmcoreinfo_get(const struct kvmi_vmcoreinfo *v, const char *key,
    char *buf, size_t len);

/* KEY(name)= in the number format that goes with it. */
bool kvmi_vmcoreinfo_symbol(const struct kvmi_vmcoreinfo *v, const char *name,
    uint64_t *ret);
bool kvmi_vmcoreinfo_number(const struct kvmi_vmcoreinfo *v, const char *name,
    int64_t *ret);
bool kvmi_vmcoreinfo_offset(const struct kvmi_vmcoreinfo *v, const char *name,
    uint64_t *ret);
bool kvmi_vmcoreinfo_size(const struct kvmi_vmcoreinfo *v, const char *name,
    uint64_t *ret);

/* KEY=hex, without 0x. */
bool kvmi_vmcoreinfo_hex(const struct kvmi_vmcoreinfo *v, const char *key,
    uint64_t *ret);

#endif
