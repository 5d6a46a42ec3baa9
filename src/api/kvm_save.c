/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_save(3). */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/math.h"
#include "kvm.h"
#include "save/save.h"

static int
save(const char *device, const struct kvm_save_options *options, char *path,
    size_t path_len, struct kvmi_err *err)
{
	struct kvm_save_options o = KVM_SAVE_OPTIONS_INIT;
	struct kvmi_src *src;
	int r;

	if (options != NULL) {
		if (options->kv_size < sizeof(options->kv_size))
			return (kvmi_fail(err, KVMI_EINVAL, "begin with "
			    "KVM_SAVE_OPTIONS_INIT"));
		memcpy(&o, options, kvmi_min(options->kv_size, sizeof(o)));
	}
	if (device == NULL || (o.kv_flags & ~(KVM_SAVE_FORCE |
	    KVM_SAVE_ZSTD)) != 0)
		return (kvmi_fail(err, KVMI_EINVAL, "kvm_save: bad argument"));
	r = kvmi_path_open(device, O_RDONLY, &src, err);
	if (r != 0)
		return (r);
	r = kvmi_save(src, &o, path, path_len, err);
	kvmi_src_close(src);
	return (r);
}

int
kvm_save(const char *device, const struct kvm_save_options *options,
    char *path, size_t path_len, char *errbuf)
{
	struct kvmi_err err = { 0 };

	if (save(device, options, path, path_len, &err) == 0)
		return (0);
	if (errbuf != NULL)
		snprintf(errbuf, KVMI_ERR_SIZE, "%s", err.text);
	return (-1);
}
