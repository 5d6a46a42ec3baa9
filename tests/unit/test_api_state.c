/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the calls for the state of a system and for strings promise, over an
 * operating system that is made up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kd.h"
#include "base/math.h"

static int
fake_loadavg(struct kvmi_kernel *k, struct kvmi_cx *cx, double avg[3])
{
	(void)k, (void)cx;
	avg[0] = 0.5;
	avg[1] = 1.5;
	avg[2] = 2.5;
	return (0);
}

static int
fake_cptime(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t ticks[CPUSTATES])
{
	(void)k, (void)cx;
	for (uint64_t i = 0; i < CPUSTATES; i++)
		ticks[i] = i == CP_IDLE ? UINT64_MAX : i;
	return (0);
}

static int
fake_swaps(struct kvmi_kernel *k, struct kvmi_cx *cx, struct kvmi_swaps *out)
{
	static const struct kvmi_swap devices[] = {
		{ "ada0p3", true, 10, 100, 3 },
		{ "/a file with a name of more than 31 characters", false, 20,
		    200, 1 },
		{ "md1", true, UINT_MAX, 1ull << 40, 2 },
	};

	(void)k, (void)cx;
	out->v = malloc(sizeof(devices));
	assert_non_null(out->v);
	memcpy(out->v, devices, sizeof(devices));
	out->n = KVMI_COUNT(devices);
	return (0);
}

static int
fake_cpus(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t *running,
    uint32_t *max)
{
	(void)k, (void)cx;
	*running = 3;
	*max = 5;
	return (0);
}

static int
fake_pcpu(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    uint64_t *va, uint64_t *len)
{
	(void)k, (void)cx;
	*va = 4096;
	*len = cpu == 0 ? UINT64_MAX : 0;
	return (0);
}

static int
fake_zpcpu(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t base,
    uint32_t cpu, uint64_t *va)
{
	(void)k, (void)va;
	return (kvmi_fail(&cx->err, KVMI_ENOENT, "no CPU %u for %u", cpu,
	    (unsigned int)base));
}

/* What the process whose number is the number of bytes has. */
static int
fake_strings(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, enum kvmi_strings_kind kind, size_t max,
    struct kvmi_strings *out)
{
	static const char text[] = "one\0\0three\0end";
	size_t len = (size_t)ki->ki_pid;

	(void)k;
	if (kind == KVMI_ENVV && ki->ki_pid == 0)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "%sno memory for it",
		    ki->ki_tid != 0 ? "vmcore.0: " : ""));
	if (kind == KVMI_ENVV)
		return (kvmi_fail(&cx->err, KVMI_ESWAPPED, "swapped"));
	out->len = (size_t)kvmi_min(len, max);
	out->p = malloc(out->len + 1);
	assert_non_null(out->p);
	memcpy(out->p, text, out->len);
	return (0);
}

static const struct kvmi_os_ops fake_os = {
	.name = "Fake",
	.loadavg = fake_loadavg,
	.cptime = fake_cptime,
	.swaps = fake_swaps,
	.cpus = fake_cpus,
	.pcpu = fake_pcpu,
	.zpcpu = fake_zpcpu,
	.strings = fake_strings,
};
static const struct kvmi_os_ops nothing = { .name = "Nothing" };

struct world {
	struct __kvm	 kd;
	struct kvmi_kernel k;
};

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (w == NULL || kvmi_threads_init(&w->kd.threads) != 0)
		return (-1);
	pthread_mutex_init(&w->kd.lock, NULL);
	w->k.os = &fake_os;
	w->kd.kernel = &w->k;
	*state = w;
	return (0);
}

static int
teardown(void **state)
{
	struct world *w = *state;

	free(w->kd.strings);
	kvmi_threads_deinit(&w->kd.threads);
	pthread_mutex_destroy(&w->kd.lock);
	free(w);
	return (0);
}

static void
test_loadavg(void **state)
{
	kvm_t *kd = &((struct world *)*state)->kd;
	double avg[4] = { 9, 9, 9, 9 };

	assert_int_equal(kvm_getloadavg(kd, avg, -1), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	assert_int_equal(kvm_getloadavg(kd, avg, 0), 0);
	assert_int_equal(kvm_getloadavg(kd, avg, 2), 2);
	assert_true(avg[0] == 0.5 && avg[1] == 1.5 && avg[2] == 9);
	assert_int_equal(kvm_getloadavg(kd, avg, 4), 3);
	assert_true(avg[2] == 2.5 && avg[3] == 9);
}

static void
test_cptime(void **state)
{
	kvm_t *kd = &((struct world *)*state)->kd;
	long t[CPUSTATES];

	assert_int_equal(kvm_getcptime(NULL, NULL), 0);
	assert_int_equal(kvm_getcptime(kd, t), 0);
	assert_true(t[CP_USER] == 0 && t[CP_INTR] == 3 &&
	    t[CP_IDLE] == LONG_MAX);
}

static void
test_swapinfo(void **state)
{
	kvm_t *kd = &((struct world *)*state)->kd;
	struct kvm_swap s[5];

	memset(s, 0x55, sizeof(s));
	assert_int_equal(kvm_getswapinfo(NULL, NULL, 0, 0), 0);
	assert_int_equal(kvm_getswapinfo(kd, s, 0, 0), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	assert_int_equal(s[0].ksw_flags, 0x55555555);
	/* The total alone; its numbers do not wrap. */
	assert_int_equal(kvm_getswapinfo(kd, s, 1, 0), 0);
	assert_string_equal(s[0].ksw_devname, "");
	assert_int_equal(s[0].ksw_total, UINT_MAX);
	assert_int_equal(s[1].ksw_flags, 0x55555555);
	/* It counts what there was no room for. */
	assert_int_equal(kvm_getswapinfo(kd, s, 3, 0), 2);
	assert_string_equal(s[0].ksw_devname, "ada0p3");
	assert_int_equal(s[0].ksw_used, 10);
	assert_int_equal(s[0].ksw_total, 100);
	assert_int_equal(s[0].ksw_flags, 3);
	assert_int_equal(strlen(s[1].ksw_devname), 31);
	assert_int_equal(s[2].ksw_used, UINT_MAX);
	assert_int_equal(s[2].ksw_flags, 0);
	assert_int_equal(kvm_getswapinfo(kd, s, 5, SWIF_DEV_PREFIX), 3);
	assert_string_equal(s[0].ksw_devname, "/dev/ada0p3");
	assert_int_equal(strncmp(s[1].ksw_devname, "/a file", 7), 0);
	assert_string_equal(s[2].ksw_devname, "/dev/md1");
	assert_int_equal(s[2].ksw_total, UINT_MAX);
}

static void
test_cpus(void **state)
{
	kvm_t *kd = &((struct world *)*state)->kd;
	char buf[8];

	assert_int_equal(kvm_getmaxcpu(NULL), 0);
	assert_int_equal(kvm_getmaxcpu(kd), 5);
	assert_int_equal(kvm_getncpus(kd), 3);
	assert_null(kvm_getpcpu(NULL, 0));
	assert_true(kvm_getpcpu(kd, -1) == (void *)-1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	assert_null(kvm_getpcpu(kd, 4));
	assert_true(kvm_getpcpu(kd, 0) == (void *)-1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_BADIMAGE);
	assert_int_equal(kvm_read_zpcpu(kd, 1, buf, 8, -1), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	assert_int_equal(kvm_read_zpcpu(kd, 1, buf, 8, 0), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_NOSYMBOL);
	assert_int_equal(kvm_read_zpcpu(kd, 1, buf, SIZE_MAX, 0), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	/* No CPU has one: nothing was counted, and nothing failed. */
	assert_int_equal(kvm_counter_u64_fetch(kd, 1), 0);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
}

static void
test_vector(void **state)
{
	static const struct { int len, nchr; const char *want[5]; } row[] = {
		{ 0, 0, { NULL } },
		{ 4, 0, { "one", NULL } },
		{ 5, 0, { "one", "", NULL } },
		{ 11, 0, { "one", "", "three", NULL } },
		{ 14, 0, { "one", "", "three", "end", NULL } },
		{ 14, -5, { "one", "", "three", "end", NULL } },
		{ 14, INT_MAX, { "one", "", "three", "end", NULL } },
		{ 14, 1, { "", NULL } },
		{ 14, 3, { "on", NULL } },
		{ 14, 4, { "one", NULL } },
		{ 14, 5, { "one", "", NULL } },
		{ 14, 6, { "one", "", "", NULL } },
		{ 14, 8, { "one", "", "th", NULL } },
		{ 14, 14, { "one", "", "three", "en", NULL } },
		{ 14, 15, { "one", "", "three", "end", NULL } },
	};
	kvm_t *kd = &((struct world *)*state)->kd;

	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kinfo_proc ki = { .ki_pid = row[i].len };
		char **v = kvm_getargv(kd, &ki, row[i].nchr);
		size_t n = 0;

		assert_non_null(v);
		for (; row[i].want[n] != NULL; n++)
			assert_string_equal(v[n], row[i].want[n]);
		assert_null(v[n]);
	}
	assert_string_equal(kvm_geterr(kd), "");
}

static void
test_vector_fails(void **state)
{
	struct world *w = *state;
	struct kinfo_proc ki = { .ki_pid = 4 };
	kvm_t *kd = &w->kd;
	char **v = kvm_getargv(kd, &ki, 0), c;

	assert_null(kvm_getargv(NULL, &ki, 0));
	assert_null(kvm_getargv(kd, NULL, 0));
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	assert_null(kvm_getenvv(kd, &ki, 0));
	assert_int_equal(kvm_errkind(kd), KVM_ERR_SWAPPED);
	/* What was handed out before stays. */
	assert_string_equal(v[0], "one");
	/* Which of several descriptors it was is said of memory too. */
	ki.ki_pid = 0;
	assert_null(kvm_getenvv(kd, &ki, 0));
	assert_string_equal(kvm_geterr(kd), "no memory for it");
	kd->opts.ko_corefile = "vmcore.0";
	assert_null(kvm_getenvv(kd, &ki, 0));
	assert_string_equal(kvm_geterr(kd), "vmcore.0: no memory for it");
	ki.ki_tid = 1;
	assert_null(kvm_getenvv(kd, &ki, 0));
	assert_string_equal(kvm_geterr(kd), "vmcore.0: no memory for it");
	ki.ki_tid = 0;
	kd->opts.ko_corefile = NULL;
	ki.ki_pid = 4;
	assert_int_equal(kvm_uread(kd, NULL, 0, &c, 1), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	assert_int_equal(kvm_uread(kd, &ki, 0, &c, SIZE_MAX), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	assert_int_equal(kvm_uread(kd, &ki, 0, &c, 1), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_NOTSUP);
}

/* An operating system that has none of it says so. */
static void
test_nothing(void **state)
{
	struct world *w = *state;
	struct kinfo_proc ki = { .ki_pid = 1 };
	long ticks[CPUSTATES];
	struct kvm_swap s;
	double avg[3];

	w->k.os = &nothing;
	assert_int_equal(kvm_getloadavg(&w->kd, avg, 3), -1);
	assert_int_equal(kvm_errkind(&w->kd), KVM_ERR_NOTSUP);
	assert_non_null(strstr(kvm_geterr(&w->kd), "Nothing"));
	assert_int_equal(kvm_getcptime(&w->kd, ticks), -1);
	assert_int_equal(kvm_getswapinfo(&w->kd, &s, 1, 0), -1);
	assert_int_equal(kvm_getmaxcpu(&w->kd), -1);
	assert_int_equal(kvm_getncpus(&w->kd), -1);
	assert_true(kvm_getpcpu(&w->kd, 0) == (void *)-1);
	assert_int_equal(kvm_read_zpcpu(&w->kd, 0, avg, 1, 0), -1);
	assert_int_equal(kvm_counter_u64_fetch(&w->kd, 0), 0);
	assert_null(kvm_getargv(&w->kd, &ki, 0));
	assert_int_equal(kvm_errkind(&w->kd), KVM_ERR_NOTSUP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_loadavg, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cptime, setup, teardown),
		cmocka_unit_test_setup_teardown(test_swapinfo, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_cpus, setup, teardown),
		cmocka_unit_test_setup_teardown(test_vector, setup, teardown),
		cmocka_unit_test_setup_teardown(test_vector_fails, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_nothing, setup,
		    teardown),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
