/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek bt: stacks of threads. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kpeek.h"

struct bt {
	struct context	*c;
	bool		 all;
	uint64_t	 pid;		/* 0: those that run */
	int		 panic_cpu;
	unsigned int	 broken;	/* stacks that end too early */
	unsigned int	 failed;	/* those of them without a frame */
	unsigned int	 printed;
	unsigned int	 frame;
	json_object	*list;		/* NULL: text */
	json_object	*frames;
};

/* A call may be the last instruction of its function. */
static bool
find_symbol(struct bt *b, const struct kvm_frame *f, struct kvm_symbol *s)
{
	kvaddr_t at = f->kf_flags & KVM_FRAME_INTERRUPTED ? f->kf_pc :
	    f->kf_pc - 1;

	if (kvm_symbol_by_addr(b->c->kd, at, s) != 0)
		return (false);
	/* Without a module's symbols the nearest one is not its. */
	return (f->kf_module[0] == '\0' || s->ks_module[0] != '\0');
}

static json_object *
frame_object(struct bt *b, const struct kvm_frame *f)
{
	json_object *o = json_object_new_object();
	struct kvm_symbol s;

	json_object_object_add(o, "pc", json_address(f->kf_pc));
	json_object_object_add(o, "sp", json_address(f->kf_sp));
	json_object_object_add(o, "interrupted", json_object_new_boolean(
	    (f->kf_flags & KVM_FRAME_INTERRUPTED) != 0));
	if (find_symbol(b, f, &s)) {
		json_object_object_add(o, "symbol", json_text(s.ks_name,
		    strlen(s.ks_name)));
		json_object_object_add(o, "offset", json_object_new_int64(
		    (int64_t)(f->kf_pc - s.ks_value)));
		json_object_object_add(o, "size", json_object_new_int64(
		    (int64_t)s.ks_size));
	} else {
		json_object_object_add(o, "symbol", NULL);
	}
	json_object_object_add(o, "module", json_known(f->kf_module));
	return (o);
}

static int
take_frame(const struct kvm_frame *f, void *arg)
{
	struct bt *b = arg;
	struct kvm_symbol s;
	char *name, *module;

	if (b->list != NULL) {
		json_object_array_add(b->frames, frame_object(b, f));
		return (1);
	}
	printf("  #%-2u %0*" PRIx64 " ", b->frame++, address_digits(b->c),
	    f->kf_pc);
	module = escape(f->kf_module, strlen(f->kf_module), "");
	if (find_symbol(b, f, &s)) {
		name = escape(s.ks_name, strlen(s.ks_name), "");
		printf("%s+0x%" PRIx64 "/0x%" PRIx64, name,
		    f->kf_pc - s.ks_value, s.ks_size);
		free(name);
	} else {
		printf("?");
	}
	printf("%s%s%s\n", *module != '\0' ? " [" : "", module,
	    *module != '\0' ? "]" : "");
	free(module);
	return (1);
}

static const char *
state_word(const struct bt *b, const struct kinfo_proc *ki)
{
	if (ki->ki_oncpu < 0)
		return ("");
	return (ki->ki_oncpu == b->panic_cpu ? ", panicked" : ", running");
}

static void
print_head(const struct bt *b, const struct kinfo_proc *ki)
{
	char *name = escape(ki->ki_comm, strlen(ki->ki_comm), "");

	printf("%sPID %" PRId32 " TID %" PRId32 " CPU %" PRId32 " %s%s\n",
	    b->printed > 0 ? "\n" : "", ki->ki_pid, ki->ki_tid,
	    ki->ki_lastcpu, name, state_word(b, ki));
	free(name);
}

static json_object *
thread_object(const struct bt *b, const struct kinfo_proc *ki)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "pid", json_object_new_int(ki->ki_pid));
	json_object_object_add(o, "tid", json_object_new_int(ki->ki_tid));
	json_object_object_add(o, "comm", json_text(ki->ki_comm,
	    strlen(ki->ki_comm)));
	json_object_object_add(o, "cpu", json_object_new_int(ki->ki_lastcpu));
	json_object_object_add(o, "running", json_object_new_boolean(
	    ki->ki_oncpu >= 0));
	json_object_object_add(o, "panicked", json_object_new_boolean(
	    ki->ki_oncpu >= 0 && ki->ki_oncpu == b->panic_cpu));
	return (o);
}

static void
trace(struct bt *b, const struct kinfo_proc *ki)
{
	json_object *o = NULL;
	const char *why;
	ssize_t n;

	if (b->list != NULL) {
		o = thread_object(b, ki);
		b->frames = json_object_new_array();
	} else {
		print_head(b, ki);
	}
	b->printed++;
	b->frame = 0;
	n = kvm_walk_stack(b->c->kd, ki, take_frame, b);
	if (n < 0)
		why = kvm_geterr(b->c->kd);
	else if (kvm_damage(b->c->kd, &why) == 0)
		why = NULL;
	b->broken += why != NULL;
	b->failed += n < 0;
	if (o != NULL) {
		json_object_object_add(o, "frames", b->frames);
		json_object_object_add(o, "end", why == NULL ? NULL :
		    json_text(why, strlen(why)));
		json_object_array_add(b->list, o);
	} else if (why != NULL) {
		char *safe = escape(why, strlen(why), "");

		printf("  ends here: %s\n", safe);
		free(safe);
	} else if (n == 0) {
		printf(ki->ki_stat == SZOMB ? "  exited\n" :
		    "  in user mode\n");
	}
}

/* The one that panicked, then what else was running, then the others. */
static int
rank(const struct bt *b, const struct kinfo_proc *ki)
{
	if (ki->ki_oncpu < 0)
		return (2);
	return (ki->ki_oncpu == b->panic_cpu ? 0 : 1);
}

static int
first_frame(const struct kvm_frame *f, void *arg)
{
	(void)f;
	(void)arg;
	return (0);
}

/* Of no thread, whichever it is: said once. */
static bool
unsupported(struct bt *b, const struct kinfo_proc *ki)
{
	return (kvm_walk_stack(b->c->kd, ki, first_frame, NULL) < 0 &&
	    kvm_errkind(b->c->kd) == KVM_ERR_NOTSUP);
}

static int
run_traces(struct bt *b)
{
	int op = b->pid != 0 ? KERN_PROC_PID : KERN_PROC_ALL, n;
	struct kinfo_proc *ki = kvm_getprocs(b->c->kd,
	    op | KERN_PROC_INC_THREAD, (int)b->pid, &n);
	int last = b->all || b->pid != 0 ? 2 : 1;

	if (ki == NULL)
		return (context_fail(b->c, NULL));
	if (n > 0 && unsupported(b, &ki[0]))
		return (context_fail(b->c, NULL));
	b->panic_cpu = kvm_getpaniccpu(b->c->kd);
	for (int want = 0; want <= last; want++)
		for (int i = 0; i < n; i++)
			if (rank(b, &ki[i]) == want)
				trace(b, &ki[i]);
	if (b->printed == 0) {
		if (b->pid != 0)
			complain("no process %" PRIu64, b->pid);
		else
			complain("no process was running; -a shows all");
		return (EXIT_FAILED);
	}
	if (b->failed == b->printed)
		return (context_fail(b->c, NULL));
	if (b->broken == 0)
		return (EXIT_OK);
	complain("%u of %u stacks end too early", b->broken, b->printed);
	return (EXIT_PARTIAL);
}

static int
run_bt(struct context *c, int argc, char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ "all", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 } };
	struct bt b = { .c = c };
	json_object *doc;
	int opt, r;

	while ((opt = getopt_long(argc, argv, "a" COMMON_SHORT, longs,
	    NULL)) != -1) {
		if (opt == 'a')
			b.all = true;
		else if ((r = common_option(c, &cmd_bt, opt, optarg)) >= 0)
			return (r);
	}
	if (optind < argc && parse_number(argv[optind], &b.pid)) {
		if (b.pid == 0 || b.pid > INT32_MAX) {
			complain("not the number of a process: %s",
			    argv[optind]);
			return (EXIT_USAGE);
		}
		if (b.all)
			return (usage(&cmd_bt));
		optind++;
	}
	if (take_core(c, argc - optind, argv + optind) != 0)
		return (usage(&cmd_bt));
	if (context_open(c) != 0)
		return (EXIT_FAILED);
	if (c->json)
		b.list = json_object_new_array();
	r = run_traces(&b);
	if (b.list == NULL)
		return (r);
	if (r == EXIT_FAILED) {
		json_object_put(b.list);
		return (r);
	}
	doc = json_object_new_object();
	json_object_object_add(doc, "threads", b.list);
	json_print(doc);
	return (r);
}

const struct command cmd_bt = {
	.name = "bt",
	.args = "[-a | PID] [--json] [CORE [KERNEL]]",
	.summary = "The stacks of threads, the one that panicked first",
	.options = "  -a, --all            of all threads, not only those that "
	    "ran\n",
	.run = run_bt,
};
