/* SPDX-License-Identifier: BSD-2-Clause */
#include "confined.h"

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

#include "confined_calls.h"

#define NOBODY	65534
#define NOT_ENTERED 77			/* an exit status */
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

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
	bool worked = confined_calls[call].ask(kd);

	if (worked ? why == NULL || may :
	    why != NULL && strstr(kvm_geterr(kd), why + may) != NULL)
		return (0);
	printf("%s: %s %s: \"%s\"\n", at->name, confined_calls[call].name,
	    worked ? "works" : "fails", kvm_geterr(kd));
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
