/* SPDX-License-Identifier: BSD-2-Clause */
/* kvm_walk_files(3). */
#include "api/kd.h"

ssize_t
kvm_walk_files(kvm_t *kd, kvm_walk_files_cb_t *cb, void *closure)
{
	struct kvmi_cx *cx = kvmi_kd_enter(kd);
	struct kvmi_image *img;
	ssize_t n = 0;

	if (cx == NULL)
		return (-1);
	img = kd->kernel->img;
	for (size_t i = 0; img != NULL && i < img->nfiles; i++) {
		struct kvm_file f = { .kf_name = img->files[i].name };
		struct kvmi_blob b;
		int r = kvmi_image_file(img, &img->files[i], &b, &cx->err), go;

		if (r != 0)
			return (kvmi_kd_fail(kd, cx, r));
		f.kf_data = (const char *)b.p;
		f.kf_size = b.len;
		go = cb(&f, closure);
		r = kvmi_src_check_lost(img->src, b.p, b.len, &cx->err);
		kvmi_blob_release(&b);
		if (r != 0)
			return (kvmi_kd_fail(kd, cx, r));
		n++;
		if (go == 0)
			break;
	}
	return (n);
}
