/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole way: from a file to its kernel's symbols, processes and log. */
#include <stdlib.h>

#include "os/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
count_record(const struct kvm_logrec *rec, void *arg)
{
	/* Touch all of the text: it must lie inside something. */
	for (size_t i = 0; i < rec->kl_len; i++)
		*(unsigned int *)arg += (unsigned char)rec->kl_text[i];
	return (1);
}

static int
count_page(struct kvm_page *page, void *arg)
{
	(void)page;
	return (++*(unsigned int *)arg < 2000);
}

static void
use(struct kvmi_kernel *k, struct kvmi_cx *cx)
{
	struct kvmi_procs procs = { 0 };
	struct kvmi_facts *f = calloc(1, sizeof(*f));
	struct kvmi_sym sym;
	unsigned int sum = 0;
	uint8_t buf[64];
	size_t n = 0;
	bool done;

	for (uint64_t a = 1; a != 0; a <<= 1) {
		kvmi_kread(k, cx, a, buf, sizeof(buf));
		kvmi_kread(k, cx, -a, buf, sizeof(buf));
	}
	kvmi_kernel_symbol(k, cx, "_init_task", &sym);
	k->os->procs(k, cx, KERN_PROC_ALL, 0, true, &procs);
	k->os->log(k, cx, count_record, &sum, &n);
	sum = 0;
	k->os->walk_pages(k, cx, count_page, &sum, &done);
	if (f != NULL)
		k->os->facts(k, cx, f);
	free(f);
	free(procs.v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmi_cx *cx = calloc(1, sizeof(*cx));
	struct kvmi_kernel *k;
	struct kvmi_image *img;
	struct kvmi_src *src;

	if (cx == NULL)
		return (0);
	if (kvmi_mem_open(data, size, "input", &src, &cx->err) == 0 &&
	    kvmi_image_open(src, &img, &cx->err) == 0 &&
	    kvmi_kernel_open(img, NULL, NULL, NULL, cx, &k) == 0) {
		use(k, cx);
		kvmi_kernel_close(k);
	}
	free(cx);
	return (0);
}
