/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each CPU's data: as much as the kernel said in its log when it booted, where
 * its symbols tell, and with what an exported variable has.  What is found with
 * no symbols must be the same.
 *
 * usage: test_percpu DUMP...
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kd.h"
#include "os/linux/infer.h"

/* PCPU_MIN_ALLOC_SIZE of mm/percpu.c. */
#define UNIT		4
#define KNOWN		"kernel_cpustat"

/* "percpu: Embedded 33 pages/cpu s103316 r0 d31852 u135168" */
static int
find_line(const struct kvm_logrec *rec, void *closure)
{
	const char *p = memmem(rec->kl_text, rec->kl_len, "percpu: Embedded ",
	    17);
	unsigned int pages;

	return (p == NULL || sscanf(p, "percpu: Embedded %u pages/cpu s%"
	    SCNu64, &pages, (uint64_t *)closure) != 2);
}

static unsigned int
check_cpu(kvm_t *kd, const char *dump, int cpu, uint64_t off, uint64_t len)
{
	uint64_t in_area, alone;
	struct kvm_symbol s;
	uint8_t *area = kvm_getpcpu(kd, cpu);
	bool fits;

	if (area == NULL || area == (void *)-1) {
		printf("%s: CPU %d: %s\n", dump, cpu, area == NULL ?
		    "there is none" : kvm_geterr(kd));
		return (1);
	}
	if (off > len - sizeof(in_area)) {
		free(area);
		return (1);
	}
	memcpy(&in_area, area + off, sizeof(in_area));
	free(area);
	fits = kvm_symbol_by_name(kd, KNOWN, &s) == 0 &&
	    kvm_read_zpcpu(kd, s.ks_value, &alone, sizeof(alone), cpu) ==
	    sizeof(alone) && in_area == alone;
	if (!fits)
		printf("%s: CPU %d: " KNOWN " is elsewhere\n", dump, cpu);
	return (!fits);
}

static unsigned int
check(const char *dump)
{
	uint64_t start = 0, len = 0, said = 0;
	struct kvm_symbol first, end, known;
	unsigned int failed = 0;
	struct kvmi_cx *cx;
	char why[2048];
	kvm_t *kd;

	kd = kvm_open2(NULL, dump, O_RDONLY, why, NULL);
	if (kd == NULL || (cx = kvmi_kd_enter(kd)) == NULL) {
		printf("%s: %s\n", dump, why);
		return (1);
	}
	if (kvmi_linux_variable(kd->kernel, cx, KVMI_ONCE_PERCPU, &start,
	    &len) != 0 || kvm_symbol_by_name(kd, KNOWN, &known) != 0) {
		printf("%s: %s\n", dump, cx->err.text);
		kvm_close(kd);
		return (1);
	}
	if (kvm_walk_log(kd, find_line, &said) < 0 ||
	    kvmi_infer_up(said, UNIT) != len) {
		printf("%s: %" PRIu64 " bytes, not %" PRIu64 "\n", dump, len,
		    said);
		failed++;
	}
	if (kvm_symbol_by_name(kd, "__per_cpu_start", &first) == 0 &&
	    kvm_symbol_by_name(kd, "__per_cpu_end", &end) == 0 &&
	    (start != first.ks_value ||
	    len != kvmi_infer_up(end.ks_value - start, UNIT))) {
		printf("%s: 0x%" PRIx64 ", %" PRIu64 " bytes\n", dump, start,
		    len);
		failed++;
	}
	for (int cpu = 0; cpu < kvm_getmaxcpu(kd); cpu++)
		failed += check_cpu(kd, dump, cpu, known.ks_value - start, len);
	failed += kvm_getpcpu(kd, kvm_getmaxcpu(kd)) != NULL;
	printf("%s: %d CPUs, %" PRIu64 " bytes each, %u wrong\n", dump,
	    kvm_getncpus(kd), len, failed);
	kvm_close(kd);
	return (failed);
}

int
main(int argc, char **argv)
{
	unsigned int failed = 0;

	for (int i = 1; i < argc; i++)
		failed += check(argv[i]);
	return (failed != 0);
}
