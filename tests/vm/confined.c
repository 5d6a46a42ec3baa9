/* SPDX-License-Identifier: BSD-2-Clause */
#include "confined.h"

#include <kvm.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY	65534
#define NOT_ENTERED 77			/* an exit status */
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* As procfs shows it: its number is not always getpid(). */
static int
self(void)
{
	char link[32] = "";

	return (readlink("/proc/self", link, sizeof(link) - 1) > 0 ?
	    atoi(link) : getpid());
}

/* The calls; each returns whether it works. */

static bool
ask_procs(kvm_t *kd)
{
	int n = 0, me = self(), found = 0;
	struct kinfo_proc *p = kvm_getprocs(kd, KERN_PROC_PROC, 0, &n);

	if (p == NULL)
		return (false);
	for (int i = 0; i < n; i++)
		found += p[i].ki_pid == me && p[i].ki_uid == geteuid() &&
		    p[i].ki_runtime < 10 * 1000000 && p[i].ki_start.tv_sec > 0;
	return (found == 1);
}

static bool
ask_argv(kvm_t *kd)
{
	struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE,
		.ki_pid = self() };
	char **v = kvm_getargv(kd, &ki, 0);

	return (v != NULL && v[0] != NULL && v[0][0] != '\0');
}

static bool
ask_uread(kvm_t *kd)
{
	struct kinfo_proc ki = { .ki_structsize = KINFO_PROC_SIZE,
		.ki_pid = self() };
	char text[] = "here", copy[sizeof(text)] = "";

	return (kvm_uread(kd, &ki, (uintptr_t)text, copy, sizeof(copy)) ==
	    sizeof(copy) && strcmp(text, copy) == 0);
}

static bool
ask_load(kvm_t *kd)
{
	double avg[3];

	return (kvm_getloadavg(kd, avg, 3) == 3);
}

static bool
ask_swap(kvm_t *kd)
{
	struct kvm_swap swap[8];

	return (kvm_getswapinfo(kd, swap, 8, 0) >= 0);
}

static bool
ask_cptime(kvm_t *kd)
{
	long ticks[CPUSTATES];

	return (kvm_getcptime(kd, ticks) == 0);
}

static bool
ask_cpus(kvm_t *kd)
{
	return (kvm_getncpus(kd) > 0 && kvm_getmaxcpu(kd) >=
	    kvm_getncpus(kd));
}

static int
see_module(const struct kvm_module *m, void *arg)
{
	(void)m;
	(void)arg;
	return (1);
}

static bool
ask_modules(kvm_t *kd)
{
	return (kvm_walk_modules(kd, see_module, NULL) >= 0);
}

static int
see_record(const struct kvm_logrec *rec, void *arg)
{
	(void)rec;
	(void)arg;
	return (0);
}

static bool
ask_log(kvm_t *kd)
{
	return (kvm_walk_log(kd, see_record, NULL) > 0);
}

static bool
ask_symbol(kvm_t *kd)
{
	struct kvm_symbol s;

	return (kvm_symbol_by_name(kd, "schedule", &s) == 0 &&
	    s.ks_value != 0);
}

static bool
ask_types(kvm_t *kd)
{
	uint64_t size = 0;

	return (kvm_type_size(kd, "task_struct", &size) == 0 && size > 0);
}

/* That the address is mapped does not matter. */
static bool
ask_memory(kvm_t *kd)
{
	char byte;

	return (kvm_read2(kd, UINT64_C(0xffffffff81000000), &byte, 1) == 1 ||
	    kvm_errkind(kd) == KVM_ERR_NOTMAPPED);
}

static bool
ask_info(kvm_t *kd)
{
	const struct kvm_info *info = kvm_getinfo(kd);

	return (info != NULL && info->ki_release[0] != '\0');
}

enum { PROCS, ARGV, UREAD, LOAD, SWAP, CPTIME, CPUS, MODULES, LOG, SYMBOL,
    TYPES, MEMORY, INFO, N_CALLS };

static const struct {
	const char *name;
	bool (*ask)(kvm_t *kd);
} calls[N_CALLS] = {
	[PROCS] = { "kvm_getprocs", ask_procs },
	[ARGV] = { "kvm_getargv", ask_argv },
	[UREAD] = { "kvm_uread", ask_uread },
	[LOAD] = { "kvm_getloadavg", ask_load },
	[SWAP] = { "kvm_getswapinfo", ask_swap },
	[CPTIME] = { "kvm_getcptime", ask_cptime },
	[CPUS] = { "kvm_getncpus", ask_cpus },
	[MODULES] = { "kvm_walk_modules", ask_modules },
	[LOG] = { "kvm_walk_log", ask_log },
	[SYMBOL] = { "kvm_symbol_by_name", ask_symbol },
	[TYPES] = { "kvm_type_size", ask_types },
	[MEMORY] = { "kvm_read2", ask_memory },
	[INFO] = { "kvm_getinfo", ask_info },
};

/* The places. */

static bool
mount_proc(const char *options)
{
	return (mount("proc", "/proc", "proc", 0, options) == 0);
}

static bool
hide(const char *directory)
{
	return (mount("none", directory, "tmpfs", 0, NULL) == 0);
}

static bool
cover(const char *file, const char *with)
{
	return (mount(with, file, NULL, MS_BIND, NULL) == 0);
}

static bool
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	bool done = fd >= 0 && write(fd, text, strlen(text)) ==
	    (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return (done);
}

/* Who changed may not look at himself, unless he says so. */
static bool
become_nobody(void)
{
	return (setgid(NOBODY) == 0 && setuid(NOBODY) == 0 &&
	    prctl(PR_SET_DUMPABLE, 1) == 0);
}

static bool
as_it_is(void)
{
	return (true);
}

static bool
pid_namespace(void)
{
	return (getpid() == 1 && mount_proc(NULL));
}

/* A container that was given the host's /proc. */
static bool
other_procfs(void)
{
	return (getpid() == 1);
}

static bool
hidepid_1(void)
{
	return (mount_proc("hidepid=1") && become_nobody());
}

static bool
hidepid_2(void)
{
	return (mount_proc("hidepid=2") && become_nobody());
}

static bool
subset_pid(void)
{
	return (mount_proc("subset=pid"));
}

static bool
no_procfs(void)
{
	return (hide("/proc"));
}

static bool
no_kcore(void)
{
	return (access("/proc/kcore", F_OK) != 0 ||
	    cover("/proc/kcore", "/dev/null"));
}

static bool
no_addresses(void)
{
	return (hide("/tmp") && write_file("/tmp/kallsyms",
	    "0000000000000000 T _text\n0000000000000000 T schedule\n") &&
	    cover("/proc/kallsyms", "/tmp/kallsyms"));
}

static bool
no_types(void)
{
	return (hide("/sys/kernel/btf"));
}

static bool
no_sysfs(void)
{
	return (hide("/sys") && hide("/dev"));
}

/* Nothing there but procfs. */
static bool
other_root(void)
{
	return (hide("/tmp") && mkdir("/tmp/proc", 0755) == 0 &&
	    mount("proc", "/tmp/proc", "proc", 0, NULL) == 0 &&
	    chroot("/tmp") == 0 && chdir("/") == 0);
}

/* Root of a namespace is nobody outside of it. */
static bool
user_namespace(void)
{
	return (unshare(CLONE_NEWUSER) == 0 &&
	    write_file("/proc/self/setgroups", "deny") &&
	    write_file("/proc/self/uid_map", "0 0 1") &&
	    write_file("/proc/self/gid_map", "0 0 1") && geteuid() == 0);
}

#define NO_PROCFS "procfs is not mounted"
#define KALLSYMS "/proc/kallsyms"
#define KCORE	"/proc/kcore"
#define BTF	"/sys/kernel/btf/vmlinux does not exist"

/* What it fails with; NULL: it works; after ?: it may work as well. */
static const struct place {
	const char *name;
	bool (*enter)(void);
	bool pid1;			/* first of a pid namespace */
	int hidden;			/* a process that may not be seen */
	const char *why[N_CALLS];
} places[] = {
	{ "as it is", as_it_is, false, 0,
	    { [MEMORY] = "?" KCORE } },
	{ "pid namespace", pid_namespace, true, 0,
	    { [MEMORY] = "?" KCORE } },
	{ "the host's procfs", other_procfs, true, 0,
	    { [MEMORY] = "?" KCORE } },
	{ "hidepid=1", hidepid_1, false, 1,
	    { [LOG] = "?dmesg_restrict", [SYMBOL] = "?kptr_restrict",
	    [MEMORY] = KCORE } },
	{ "hidepid=2", hidepid_2, false, 1,
	    { [LOG] = "?dmesg_restrict", [SYMBOL] = "?kptr_restrict",
	    [MEMORY] = KCORE } },
	{ "subset=pid", subset_pid, false, 0,
	    { [LOAD] = "subset=pid", [SWAP] = "subset=pid",
	    [CPTIME] = "subset=pid", [MODULES] = "subset=pid",
	    [SYMBOL] = KALLSYMS, [MEMORY] = KCORE } },
	{ "no procfs", no_procfs, false, 0,
	    { [PROCS] = NO_PROCFS, [ARGV] = "/proc/", [UREAD] = "/proc/",
	    [LOAD] = NO_PROCFS, [SWAP] = NO_PROCFS, [CPTIME] = NO_PROCFS,
	    [MODULES] = NO_PROCFS, [SYMBOL] = KALLSYMS, [MEMORY] = KCORE } },
	{ "no kcore", no_kcore, false, 0,
	    { [MEMORY] = KCORE } },
	{ "no addresses", no_addresses, false, 0,
	    { [SYMBOL] = "kptr_restrict", [MEMORY] = "?" KCORE } },
	{ "no types", no_types, false, 0,
	    { [TYPES] = BTF, [MEMORY] = "?" KCORE } },
	{ "no sysfs, no devices", no_sysfs, false, 0,
	    { [TYPES] = BTF, [MEMORY] = "?" KCORE } },
	{ "other root", other_root, false, 0,
	    { [TYPES] = BTF, [MEMORY] = "?" KCORE } },
	{ "user namespace", user_namespace, false, 0,
	    { [LOG] = "?dmesg_restrict", [SYMBOL] = "?kptr_restrict",
	    [MEMORY] = KCORE } },
};

static int
check_call(const struct place *at, kvm_t *kd, int call)
{
	const char *why = at->why[call];
	bool may = why != NULL && why[0] == '?';
	bool worked = calls[call].ask(kd);

	if (worked ? why == NULL || may :
	    why != NULL && strstr(kvm_geterr(kd), why + may) != NULL)
		return (0);
	printf("%s: %s %s: \"%s\"\n", at->name, calls[call].name, worked ?
	    "works" : "fails", kvm_geterr(kd));
	return (1);
}

static int
check_place(const struct place *at)
{
	char why[2048] = "";
	kvm_t *kd;
	int wrong = 0, n = -1;

	if (!at->enter()) {
		printf("%s: cannot be entered: %s\n", at->name,
		    strerror(errno));
		return (NOT_ENTERED);
	}
	kd = kvm_open2(NULL, NULL, O_RDONLY, why, NULL);
	if (kd == NULL) {
		printf("%s: kvm_open2: %s\n", at->name, why);
		return (1);
	}
	for (int i = 0; i < N_CALLS; i++)
		wrong += check_call(at, kd, i);
	if (at->hidden != 0 && (kvm_getprocs(kd, KERN_PROC_PID, at->hidden,
	    &n) == NULL || n != 0)) {
		printf("%s: process %d is seen\n", at->name, at->hidden);
		wrong++;
	}
	kvm_close(kd);
	return (wrong);
}

/* In a process of its own; a pid namespace begins with the next child. */
static int
in_child(const struct place *at, bool inner)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (!inner && (unshare(CLONE_NEWNS | (at->pid1 ?
		    CLONE_NEWPID : 0)) != 0 || mount(NULL, "/", NULL,
		    MS_REC | MS_PRIVATE, NULL) != 0)) {
			printf("%s: %s\n", at->name, strerror(errno));
			status = 1;
		} else {
			status = at->pid1 && !inner ? in_child(at, true) :
			    check_place(at);
		}
		fflush(stdout);
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		printf("%s: died\n", at->name);
		return (1);
	}
	return (WEXITSTATUS(status));
}

static bool
make_namespaces(void)
{
	return (unshare(CLONE_NEWNS | CLONE_NEWPID) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount_proc(NULL));
}

/* Can namespaces be made here at all?  If not, say why. */
static bool
allowed(void)
{
	int status = 0;
	pid_t pid;

	if (geteuid() != 0) {
		printf("namespaces are not made: this is not root\n");
		return (false);
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (make_namespaces())
			_exit(0);
		printf("namespaces are not made: %s\n", strerror(errno));
		fflush(stdout);
		_exit(1);
	}
	return (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

int
check_confined(int *skipped)
{
	int wrong = 0, r;

	*skipped = 0;
	if (!allowed())
		return (-1);
	for (size_t i = 0; i < COUNT(places); i++) {
		r = in_child(&places[i], false);
		if (r == NOT_ENTERED)
			++*skipped;
		else
			wrong += r;
	}
	return (wrong);
}
