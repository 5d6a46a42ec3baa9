/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek regs: registers of a CPU or of threads. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

#define MAX_REGS	64

static void
print_regs(struct context *c, const struct kvm_reg *regs, size_t n)
{
	int digits = address_digits(c);

	for (size_t i = 0; i < n; i++)
		printf("%9s %0*" PRIx64 "%s", regs[i].kr_name, digits,
		    regs[i].kr_value, i % 3 == 2 || i + 1 == n ? "\n" : "");
}

/* One thread's, or with ki NULL one CPU's. */
static int
show(struct context *c, const struct kinfo_proc *ki, int cpu,
    json_object *list)
{
	struct kvm_reg regs[MAX_REGS];
	ssize_t n = kvm_getregs(c->kd, ki, cpu, regs, MAX_REGS);
	json_object *o, *values;

	if (n < 0)
		return (-1);
	if (n > MAX_REGS)
		n = MAX_REGS;
	if (list == NULL) {
		if (ki != NULL)
			printf("PID %" PRId32 " TID %" PRId32 "\n", ki->ki_pid,
			    ki->ki_tid);
		else
			printf("CPU %d\n", cpu);
		print_regs(c, regs, (size_t)n);
		return (0);
	}
	o = json_object_new_object();
	values = json_object_new_object();
	if (ki != NULL) {
		json_object_object_add(o, "pid",
		    json_object_new_int(ki->ki_pid));
		json_object_object_add(o, "tid",
		    json_object_new_int(ki->ki_tid));
		json_object_object_add(o, "comm", json_text(ki->ki_comm,
		    strnlen(ki->ki_comm, sizeof(ki->ki_comm))));
	} else {
		json_object_object_add(o, "cpu", json_object_new_int(cpu));
	}
	for (ssize_t i = 0; i < n; i++)
		json_object_object_add(values, regs[i].kr_name,
		    json_address(regs[i].kr_value));
	json_object_object_add(o, "registers", values);
	json_object_array_add(list, o);
	return (0);
}

static int
show_threads(struct context *c, int pid, json_object *list)
{
	int n, r = EXIT_OK;
	struct kinfo_proc *ki = kvm_getprocs(c->kd, KERN_PROC_PID |
	    KERN_PROC_INC_THREAD, pid, &n);

	if (ki == NULL)
		return (context_fail(c, NULL));
	if (n == 0) {
		complain("no process %d", pid);
		return (EXIT_FAILED);
	}
	for (int i = 0; i < n; i++) {
		if (show(c, &ki[i], -1, list) == 0)
			continue;
		context_fail(c, NULL);
		if (kvm_errkind(c->kd) == KVM_ERR_NOTSUP)
			return (EXIT_FAILED);
		r = EXIT_PARTIAL;
	}
	return (r);
}

/* All CPUs; some may be off between them.  How many there are may not be known. */
static int
show_cpus(struct context *c, json_object *list)
{
	int max = kvm_getmaxcpu(c->kd), shown = 0;

	for (int cpu = 0; cpu < max || cpu == shown; cpu++)
		shown += show(c, NULL, cpu, list) == 0;
	if (shown > 0)
		return (EXIT_OK);
	show(c, NULL, 0, list);		/* for why the first has none */
	return (context_fail(c, NULL));
}

static int
run_regs(struct context *c, int argc, char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ "cpu", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 } };
	json_object *list = NULL, *doc;
	uint64_t cpu = UINT64_MAX, pid = 0;
	int opt, r;

	while ((opt = getopt_long(argc, argv, "c:" COMMON_SHORT, longs,
	    NULL)) != -1) {
		if (opt == 'c') {
			if (!parse_number(optarg, &cpu) || cpu > INT32_MAX) {
				complain("not the number of a CPU: %s", optarg);
				return (EXIT_USAGE);
			}
		} else if ((r = common_option(c, &cmd_regs, opt, optarg)) >=
		    0) {
			return (r);
		}
	}
	if (optind < argc && parse_number(argv[optind], &pid)) {
		if (pid == 0 || pid > INT32_MAX || cpu != UINT64_MAX)
			return (usage(&cmd_regs));
		optind++;
	}
	if (take_core(c, argc - optind, argv + optind) != 0)
		return (usage(&cmd_regs));
	if (context_open(c) != 0)
		return (EXIT_FAILED);
	if (c->json)
		list = json_object_new_array();
	if (pid != 0)
		r = show_threads(c, (int)pid, list);
	else if (cpu == UINT64_MAX)
		r = show_cpus(c, list);
	else
		r = show(c, NULL, (int)cpu, list) == 0 ? EXIT_OK :
		    context_fail(c, NULL);
	if (list == NULL)
		return (r);
	if (r == EXIT_FAILED) {
		json_object_put(list);
		return (r);
	}
	doc = json_object_new_object();
	json_object_object_add(doc, "registers", list);
	json_print(doc);
	return (r);
}

const struct command cmd_regs = {
	.name = "regs",
	.args = "[-c CPU | PID] [--json] [CORE [KERNEL]]",
	.summary = "The registers of CPUs, or of the threads of a process",
	.options = "  -c, --cpu CPU        of this CPU, not all\n",
	.run = run_regs,
};
