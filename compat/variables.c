/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs around kvm(3) ask sysctl(3) for, of this host. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "sysctl.h"
#include <kvm.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/vmmeter.h>
#include <vm/vm_param.h>

/* Numbers of variables that FreeBSD numbers when it boots. */
#define AUTO	0x100

static kvm_t *
open_host(void)
{
	return (kvm_open2(NULL, "/dev/null", O_RDONLY, NULL, NULL));
}

static int
give(struct value *v, const void *data, size_t len)
{
	v->data = malloc(len);
	if (v->data == NULL)
		return (ENOMEM);
	memcpy(v->data, data, len);
	v->len = len;
	return (0);
}

static int
give_int(struct value *v, long n)
{
	int i = n > INT_MAX ? INT_MAX : (int)n;

	return (give(v, &i, sizeof(i)));
}

static int
give_text(struct value *v, const char *text)
{
	return (give(v, text, strlen(text) + 1));
}

/* The first number in a file of procfs; it may be beyond what a long holds. */
static int
give_file(struct value *v, const char *path)
{
	FILE *f = fopen(path, "re");
	unsigned long n;
	int ok;

	if (f == NULL)
		return (ENOENT);
	ok = fscanf(f, "%lu", &n) == 1;
	fclose(f);
	return (ok ? give_int(v, n > LONG_MAX ? LONG_MAX : (long)n) : ENOENT);
}

/* A string of kvm_getinfo(), by its offset. */
static int
give_info(struct value *v, size_t off)
{
	kvm_t *kd = open_host();
	const struct kvm_info *info = kd == NULL ? NULL : kvm_getinfo(kd);
	const char *text;
	int error = ENOENT;

	if (info != NULL) {
		memcpy(&text, (const char *)info + off, sizeof(text));
		error = give_text(v, text);
	}
	if (kd != NULL)
		kvm_close(kd);
	return (error);
}

#define INFO_STRING(name, member) \
	static int \
	get_##name(int index, struct value *v) \
	{ \
		(void)index; \
		return (give_info(v, offsetof(struct kvm_info, member))); \
	}
INFO_STRING(ostype, ki_os)
INFO_STRING(osrelease, ki_release)
INFO_STRING(version, ki_version)
INFO_STRING(hostname, ki_hostname)
INFO_STRING(machine, ki_arch)

#define NUMBER(name, expression) \
	static int \
	get_##name(int index, struct value *v) \
	{ \
		(void)index; \
		return (give_int(v, expression)); \
	}
NUMBER(argmax, sysconf(_SC_ARG_MAX))
NUMBER(osreldate, __FreeBSD_version)
NUMBER(ccpu, 0)		/* ki_pctcpu is no decaying average */
NUMBER(fscale, FSCALE)
NUMBER(pagesize, sysconf(_SC_PAGESIZE))
NUMBER(ncpu, sysconf(_SC_NPROCESSORS_ONLN))
NUMBER(maxcpus, sysconf(_SC_NPROCESSORS_CONF))

#define FILE_NUMBER(name, path) \
	static int \
	get_##name(int index, struct value *v) \
	{ \
		(void)index; \
		return (give_file(v, path)); \
	}
FILE_NUMBER(pid_max, "/proc/sys/kernel/pid_max")
FILE_NUMBER(maxproc, "/proc/sys/kernel/threads-max")
FILE_NUMBER(maxfiles, "/proc/sys/fs/file-max")
FILE_NUMBER(openfiles, "/proc/sys/fs/file-nr")

static int
get_clockrate(int index, struct value *v)
{
	int hz = (int)sysconf(_SC_CLK_TCK);
	struct clockinfo c = { .hz = hz, .tick = 1000000 / hz, .stathz = hz,
		.profhz = hz };

	(void)index;
	return (give(v, &c, sizeof(c)));
}

static int
get_boottime(int index, struct value *v)
{
	kvm_t *kd = open_host();
	const struct kvm_info *info = kd == NULL ? NULL : kvm_getinfo(kd);
	struct timeval tv = { 0 };

	(void)index;
	if (info != NULL)
		tv.tv_sec = (time_t)info->ki_boottime;
	if (kd != NULL)
		kvm_close(kd);
	return (tv.tv_sec != 0 ? give(v, &tv, sizeof(tv)) : ENOENT);
}

static int
get_cp_time(int index, struct value *v)
{
	kvm_t *kd = open_host();
	long ticks[CPUSTATES];
	int error = ENOENT;

	(void)index;
	if (kd != NULL && kvm_getcptime(kd, ticks) == 0)
		error = give(v, ticks, sizeof(ticks));
	if (kd != NULL)
		kvm_close(kd);
	return (error);
}

static int
get_loadavg(int index, struct value *v)
{
	struct loadavg l = { .fscale = FSCALE };
	kvm_t *kd = open_host();
	double avg[3];
	int error = ENOENT;

	(void)index;
	if (kd != NULL && kvm_getloadavg(kd, avg, 3) == 3) {
		for (int i = 0; i < 3; i++)
			l.ldavg[i] = (fixpt_t)(avg[i] * FSCALE + 0.5);
		error = give(v, &l, sizeof(l));
	}
	if (kd != NULL)
		kvm_close(kd);
	return (error);
}

static int
get_physmem(int index, struct value *v)
{
	struct sysinfo si;
	unsigned long n;

	(void)index;
	if (sysinfo(&si) != 0)
		return (errno);
	n = si.totalram * si.mem_unit;
	return (give(v, &n, sizeof(n)));
}

static int
get_availpages(int index, struct value *v)
{
	unsigned long n = (unsigned long)sysconf(_SC_PHYS_PAGES);

	(void)index;
	return (give(v, &n, sizeof(n)));
}

static void
count_process(struct vmtotal *t, const struct kinfo_proc *ki)
{
	t->t_vm += ki->ki_size / (uint64_t)getpagesize();
	t->t_rm += (uint64_t)ki->ki_rssize;
	if (ki->ki_stat == SRUN)
		t->t_rq++;
	else if (ki->ki_stat == SSLEEP && ki->ki_tdflags & TDF_SINTR)
		t->t_sl++;
	else if (ki->ki_stat == SSLEEP && !(ki->ki_tdflags & TDF_NOLOAD))
		t->t_dw++;
}

static int
get_vmtotal(int index, struct value *v)
{
	kvm_t *kd = open_host();
	const struct kinfo_proc *ki = NULL;
	struct vmtotal t = { 0 };
	int n = 0;

	(void)index;
	if (kd != NULL)
		ki = kvm_getprocs(kd, KERN_PROC_PROC, 0, &n);
	for (int i = 0; ki != NULL && i < n; i++)
		count_process(&t, &ki[i]);
	if (kd != NULL)
		kvm_close(kd);
	t.t_avm = t.t_vm;
	t.t_arm = t.t_rm;
	t.t_free = (uint64_t)sysconf(_SC_AVPHYS_PAGES);
	return (ki != NULL ? give(v, &t, sizeof(t)) : ENOENT);
}

static int
get_swap_info(int index, struct value *v)
{
	struct kvm_swap swap[64];
	struct xswdev x = { .xsw_version = XSWDEV_VERSION, .xsw_dev = NODEV };
	kvm_t *kd = open_host();
	int n = -1;

	if (kd != NULL) {
		n = kvm_getswapinfo(kd, swap, 64, 0);
		kvm_close(kd);
	}
	if (index < 0 || index >= n)
		return (ENOENT);
	x.xsw_nblks = (int)swap[index].ksw_total;
	x.xsw_used = (int)swap[index].ksw_used;
	return (give(v, &x, sizeof(x)));
}

static int
take_record(const struct kvm_logrec *rec, void *arg)
{
	FILE *f = arg;

	if (rec->kl_level >= 0)
		fprintf(f, "<%d>", rec->kl_facility << 3 | rec->kl_level);
	fwrite(rec->kl_text, 1, rec->kl_len, f);
	putc('\n', f);
	return (1);
}

static int
get_msgbuf(int index, struct value *v)
{
	kvm_t *kd = open_host();
	char *text = NULL;
	FILE *f = open_memstream(&text, &v->len);
	int error = f == NULL ? ENOMEM : 0;

	(void)index;
	if (f != NULL) {
		/* As of a buffer that is not full: no line of it is cut. */
		putc('\0', f);
		if (kd == NULL || kvm_walk_log(kd, take_record, f) < 0)
			error = EPERM;
		putc('\0', f);
		if (fclose(f) != 0)
			error = ENOMEM;
	}
	v->data = text;
	if (kd != NULL)
		kvm_close(kd);
	return (error);
}

const struct variable kvmi_bsd_variables[] = {
	{ "kern.ostype", { CTL_KERN, KERN_OSTYPE }, get_ostype },
	{ "kern.osrelease", { CTL_KERN, KERN_OSRELEASE }, get_osrelease },
	{ "kern.version", { CTL_KERN, KERN_VERSION }, get_version },
	{ "kern.maxproc", { CTL_KERN, KERN_MAXPROC }, get_maxproc },
	{ "kern.maxfiles", { CTL_KERN, KERN_MAXFILES }, get_maxfiles },
	{ "kern.argmax", { CTL_KERN, KERN_ARGMAX }, get_argmax },
	{ "kern.hostname", { CTL_KERN, KERN_HOSTNAME }, get_hostname },
	{ "kern.clockrate", { CTL_KERN, KERN_CLOCKRATE }, get_clockrate },
	{ "kern.boottime", { CTL_KERN, KERN_BOOTTIME }, get_boottime },
	{ "kern.osreldate", { CTL_KERN, KERN_OSRELDATE }, get_osreldate },
	{ "kern.ccpu", { CTL_KERN, AUTO }, get_ccpu },
	{ "kern.fscale", { CTL_KERN, AUTO + 1 }, get_fscale },
	{ "kern.pid_max", { CTL_KERN, AUTO + 2 }, get_pid_max },
	{ "kern.openfiles", { CTL_KERN, AUTO + 3 }, get_openfiles },
	{ "kern.cp_time", { CTL_KERN, AUTO + 4 }, get_cp_time },
	{ "kern.smp.maxcpus", { CTL_KERN, AUTO + 5 }, get_maxcpus },
	{ "kern.smp.cpus", { CTL_KERN, AUTO + 6 }, get_ncpu },
	{ "kern.msgbuf", { CTL_KERN, AUTO + 7 }, get_msgbuf },
	{ "hw.machine", { CTL_HW, HW_MACHINE }, get_machine },
	{ "hw.ncpu", { CTL_HW, HW_NCPU }, get_ncpu },
	{ "hw.physmem", { CTL_HW, HW_PHYSMEM }, get_physmem },
	{ "hw.pagesize", { CTL_HW, HW_PAGESIZE }, get_pagesize },
	{ "hw.machine_arch", { CTL_HW, HW_MACHINE_ARCH }, get_machine },
	{ "hw.availpages", { CTL_HW, AUTO }, get_availpages },
	{ "vm.vmtotal", { CTL_VM, VM_TOTAL }, get_vmtotal },
	{ "vm.loadavg", { CTL_VM, VM_LOADAVG }, get_loadavg },
	{ "vm.swap_info", { CTL_VM, AUTO }, get_swap_info },
};
const size_t kvmi_bsd_nvariables =
    sizeof(kvmi_bsd_variables) / sizeof(kvmi_bsd_variables[0]);
