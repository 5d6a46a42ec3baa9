/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes with their arguments.  kvm_getprocs(3), kvm_getargv(3) */
#include <err.h>
#include <fcntl.h>
#include <kvm.h>
#include <stdio.h>
#include <unistd.h>

/* The letters that ps(1) has for these states. */
static char
state_of(const struct kinfo_proc *kp)
{
	static const char letter[] = "?NRSTZWL";

	if (kp->ki_stat == SSLEEP && !(kp->ki_tdflags & TDF_SINTR))
		return (kp->ki_tdflags & TDF_NOLOAD ? 'I' : 'D');
	if (kp->ki_stat == SSTOP && kp->ki_flag & P_STOPPED_TRACE)
		return ('t');
	return (kp->ki_stat > 0 && kp->ki_stat <= SLOCK ?
	    letter[(int)kp->ki_stat] : '?');
}

static void
print_text(const char *s)
{
	for (; *s != '\0'; s++)
		putchar(*s >= ' ' && *s < 0x7f ? *s : '?');
}

/* What has no arguments, or none that can be had, is shown by its name. */
static void
print_command(kvm_t *kd, const struct kinfo_proc *kp)
{
	char **v = kvm_getargv(kd, kp, 0);

	if (v == NULL || v[0] == NULL) {
		putchar('[');
		print_text(kp->ki_comm);
		putchar(']');
		return;
	}
	for (int i = 0; v[i] != NULL; i++) {
		if (i > 0)
			putchar(' ');
		print_text(v[i]);
	}
}

int
main(int argc, char **argv)
{
	/* BSD's way to ask for processes without access to memory. */
	const char *core = "/dev/null", *kernel = NULL, *why;
	struct kinfo_proc *kp;
	char errbuf[2048];
	kvm_t *kd;
	int ch, n;

	while ((ch = getopt(argc, argv, "M:N:")) != -1) {
		if (ch == 'M')
			core = optarg;
		else if (ch == 'N')
			kernel = optarg;
		else
			errx(2, "usage: ps [-M core [-N kernel]]");
	}
	kd = kvm_openfiles(kernel, core, NULL, O_RDONLY, errbuf);
	if (kd == NULL)
		errx(1, "%s", errbuf);
	kp = kvm_getprocs(kd, KERN_PROC_PROC, 0, &n);
	if (kp == NULL)
		errx(1, "%s", kvm_geterr(kd));
	if (kvm_damage(kd, &why) != 0)
		warnx("not all of them: %s", why);
	printf("%7s %7s %5s S COMMAND\n", "PID", "PPID", "UID");
	for (int i = 0; i < n; i++) {
		printf("%7d %7d %5u %c ", kp[i].ki_pid, kp[i].ki_ppid,
		    kp[i].ki_uid, state_of(&kp[i]));
		print_command(kd, &kp[i]);
		putchar('\n');
	}
	return (kvm_close(kd));
}
