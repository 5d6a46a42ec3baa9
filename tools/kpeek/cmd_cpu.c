/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek cpu: how many CPUs, and what they did with their time. */
#include "kpeek.h"

struct cpu {
	int	running, max;		/* -1: not known */
	bool	timed;
	long	ticks[CPUSTATES];
};

static const char *const state_name[CPUSTATES] = {
	[CP_USER] = "user",
	[CP_NICE] = "nice",
	[CP_SYS] = "system",
	[CP_INTR] = "interrupt",
	[CP_IDLE] = "idle",
};

static void
print_text(const struct cpu *cpu)
{
	double all = 0;

	if (cpu->running >= 0)
		printf("%-9s  %d\n", "running", cpu->running);
	if (cpu->max >= 0)
		printf("%-9s  %d\n", "at most", cpu->max);
	for (int i = 0; i < CPUSTATES; i++)
		all += (double)cpu->ticks[i];
	for (int i = 0; cpu->timed && i < CPUSTATES; i++)
		printf("%-9s  %ld ticks, %.1f%%\n", state_name[i],
		    cpu->ticks[i], all == 0 ? 0 :
		    100 * (double)cpu->ticks[i] / all);
}

static json_object *
known(int n)
{
	return (n < 0 ? NULL : json_object_new_int64(n));
}

static void
print_json(const struct cpu *cpu)
{
	json_object *doc = json_object_new_object();
	json_object *ticks = NULL;

	json_object_object_add(doc, "running", known(cpu->running));
	json_object_object_add(doc, "max", known(cpu->max));
	if (cpu->timed)
		ticks = json_object_new_object();
	for (int i = 0; cpu->timed && i < CPUSTATES; i++)
		json_object_object_add(ticks, state_name[i],
		    json_object_new_int64(cpu->ticks[i]));
	json_object_object_add(doc, "ticks", ticks);
	json_print(doc);
}

static int
run_cpu(struct context *c, int argc, char **argv)
{
	struct cpu cpu = { 0 };
	int failed = 0, r;

	r = plain_options(c, &cmd_cpu, argc, argv);
	if (r >= 0)
		return (r);
	if (context_open(c) != 0)
		return (EXIT_FAILED);
	cpu.running = kvm_getncpus(c->kd);
	cpu.max = kvm_getmaxcpu(c->kd);
	if (cpu.running < 0 || cpu.max < 0) {
		context_fail(c, "CPUs");
		failed++;
	}
	cpu.timed = kvm_getcptime(c->kd, cpu.ticks) == 0;
	if (!cpu.timed) {
		context_fail(c, NULL);
		failed++;
	}
	if (failed == 2)
		return (EXIT_FAILED);
	if (c->json)
		print_json(&cpu);
	else
		print_text(&cpu);
	return (failed == 0 ? EXIT_OK : EXIT_PARTIAL);
}

const struct command cmd_cpu = {
	.name = "cpu",
	.args = "[--json] [CORE [KERNEL]]",
	.summary = "CPUs, and what they did with their time",
	.options = "",
	.run = run_cpu,
};
