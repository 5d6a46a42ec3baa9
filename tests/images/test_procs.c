/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes, threads, log and facts of FreeBSD dumps that hold a kernel,
 * whole and with its lists damaged.  $KVM_IMAGES has the images.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "expect.h"
#include "kvm.h"

/* tests/mkimage/mkimagelib/fbsd_namelist.py */
#define P_LIST		0
#define P_THREADS	0x10
#define P_PID		0xC4
#define P_HASH		0x1A0
#define TD_PLIST	0x10
#define NOWHERE		UINT64_C(0xfffffe0012345000)

static const char *const names[] = { "fbsd-v3-kernel", "fbsd-v2-kernel" };

/* A page of the heap has room for variables that the kernel file lacks. */
#define ROOM		UINT64_C(0xfffff80000124800)
#define ROOM_MASK	ROOM
#define ROOM_TABLE	(ROOM + 8)
#define ROOM_HEADS	(ROOM + 16)
#define ROOM_ZOMBPROC	(ROOM + 32)

struct dump {
	struct expect	 e;
	char		 path[4096], elf[4096 + 4];
	char		 copy[64];	/* "": none */
	kvm_t		*kd;
};

static bool with_hash, with_zombies;

static int
resolve(const char *name, kvaddr_t *addr)
{
	if (with_hash && strcmp(name, "pidhash") == 0)
		*addr = ROOM_MASK;
	else if (with_hash && strcmp(name, "pidhashtbl") == 0)
		*addr = ROOM_TABLE;
	else if (with_zombies && strcmp(name, "zombproc") == 0)
		*addr = ROOM_ZOMBPROC;
	else
		return (-1);
	return (0);
}

static void
dump_open(struct dump *d, const char *path)
{
	char why[2048] = "";

	d->kd = kvm_open2(d->elf, path, O_RDONLY, why, resolve);
	if (d->kd == NULL)
		fail_msg("%s: %s", path, why);
}

static void
dump_init(struct dump *d, const char *name)
{
	const char *dir = getenv("KVM_IMAGES");

	*d = (struct dump){ .copy = "" };
	snprintf(d->path, sizeof(d->path), "%s/%s", dir, name);
	snprintf(d->elf, sizeof(d->elf), "%s.elf", d->path);
	assert_true(expect_load(&d->e, d->path));
	dump_open(d, d->path);
}

static void
dump_done(struct dump *d)
{
	kvm_close(d->kd);
	if (d->copy[0] != '\0')
		unlink(d->copy);
	expect_unload(&d->e);
	with_hash = with_zombies = false;
}

/* Work on a copy that poke() may change. */
static void
dump_copy(struct dump *d)
{
	char *buf = malloc(1 << 20);
	int in = open(d->path, O_RDONLY), out;
	ssize_t n;

	strcpy(d->copy, "/tmp/test_procs.XXXXXX");
	out = mkstemp(d->copy);
	assert_true(in >= 0 && out >= 0 && buf != NULL);
	while ((n = read(in, buf, 1 << 20)) > 0)
		assert_int_equal(write(out, buf, (size_t)n), n);
	close(in);
	close(out);
	free(buf);
	kvm_close(d->kd);
	dump_open(d, d->copy);
}

/* Where the copy has the page that begins with va; no two are the same. */
static off_t
find_page(const struct dump *d, int fd, uint64_t va)
{
	uint8_t want[4096], have[4096];
	off_t at = 0;

	assert_int_equal(kvm_read2(d->kd, va, want, sizeof(want)),
	    sizeof(want));
	while (pread(fd, have, sizeof(have), at) == sizeof(have)) {
		if (memcmp(want, have, sizeof(have)) == 0)
			return (at);
		at += (off_t)sizeof(have);
	}
	fail_msg("no page for 0x%llx", (unsigned long long)va);
	return (-1);
}

/* Change memory in the copy. */
static void
poke(struct dump *d, uint64_t va, uint64_t value, size_t len)
{
	int fd = open(d->copy, O_RDWR);
	off_t at = find_page(d, fd, va & ~UINT64_C(4095));

	assert_int_equal(pwrite(fd, &value, len, at + (off_t)(va & 4095)),
	    len);
	close(fd);
	kvm_close(d->kd);
	dump_open(d, d->copy);
}

static uint64_t
proc_va(const struct dump *d, uint64_t pid)
{
	for (size_t i = 0; i < d->e.proc.n; i++)
		if (d->e.proc.v[i].a == pid)
			return (d->e.proc.v[i].b);
	fail_msg("no process %d", (int)pid);
	return (0);
}

static const struct thread *
thread_of(const struct dump *d, uint64_t pid, size_t skip)
{
	for (size_t i = 0; i < d->e.nthread; i++)
		if (d->e.thread[i].pid == pid && skip-- == 0)
			return (&d->e.thread[i]);
	return (NULL);
}

static int
count_threads(const struct dump *d, uint64_t pid)
{
	int n = 0;

	while (thread_of(d, pid, (size_t)n) != NULL)
		n++;
	return (n);
}

static uint64_t
symbol(const struct dump *d, const char *name)
{
	struct kvm_symbol sym;

	assert_int_equal(kvm_symbol_by_name(d->kd, name, &sym), 0);
	return (sym.ks_value);
}

/* How many processes are listed, with how much damage. */
static int
list(const struct dump *d, int op, int arg, struct kinfo_proc **ret)
{
	int n = -1;

	*ret = kvm_getprocs(d->kd, op, arg, &n);
	if (*ret == NULL)
		fail_msg("%s", kvm_geterr(d->kd));
	return (n);
}

static void
expect_count(const struct dump *d, int want, bool damage)
{
	struct kinfo_proc *ki;
	const char *why;

	assert_int_equal(list(d, KERN_PROC_PROC, 0, &ki), want);
	assert_int_equal(kvm_damage(d->kd, &why) != 0, damage);
	assert_int_equal(why[0] != '\0', damage);
}

static void
check_process(const struct dump *d, const struct kinfo_proc *ki)
{
	uint64_t pid = (uint64_t)ki->ki_pid;
	const struct named *p = NULL;

	for (size_t i = 0; i < d->e.proc.n; i++)
		if (d->e.proc.v[i].a == pid)
			p = &d->e.proc.v[i];
	assert_non_null(p);
	assert_int_equal(ki->ki_structsize, KINFO_PROC_SIZE);
	assert_int_equal(ki->ki_paddr, p->b);
	assert_string_equal(ki->ki_comm, p->name);
	assert_int_equal(ki->ki_numthreads, count_threads(d, pid));
}

static void
check_thread(const struct kinfo_proc *ki, const struct thread *t)
{
	assert_non_null(t);
	assert_int_equal(ki->ki_pid, t->pid);
	assert_int_equal(ki->ki_tid, t->tid);
	assert_int_equal(ki->ki_tdaddr, t->va);
	assert_int_equal(ki->ki_pcb, t->pcb);
	assert_int_equal(ki->ki_oncpu, t->oncpu);
	assert_int_equal(ki->ki_stat, t->oncpu < 0 ? 0 : SRUN);
	assert_string_equal(ki->ki_tdname, t->name);
}

static void
test_processes(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct kinfo_proc *ki;
		struct dump d;
		int n;

		dump_init(&d, names[i]);
		n = list(&d, KERN_PROC_PROC, 0, &ki);
		assert_int_equal(n, d.e.proc.n);
		for (int j = 0; j < n; j++) {
			assert_true(j == 0 || ki[j].ki_pid > ki[j - 1].ki_pid);
			check_process(&d, &ki[j]);
			check_thread(&ki[j], thread_of(&d,
			    (uint64_t)ki[j].ki_pid, 0));
		}
		assert_int_equal(kvm_damage(d.kd, NULL), 0);
		dump_done(&d);
	}
}

static void
test_threads(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct kinfo_proc *ki;
		struct dump d;
		size_t skip = 0;
		int n;

		dump_init(&d, names[i]);
		n = list(&d, KERN_PROC_ALL, 0, &ki);
		assert_int_equal(n, d.e.nthread);
		for (int j = 0; j < n; j++) {
			skip = j > 0 && ki[j].ki_pid == ki[j - 1].ki_pid ?
			    skip + 1 : 0;
			check_process(&d, &ki[j]);
			check_thread(&ki[j], thread_of(&d,
			    (uint64_t)ki[j].ki_pid, skip));
		}
		dump_done(&d);
	}
}

static void
test_selections(void **state)
{
	static const int unknown[] = { KERN_PROC_PGRP, KERN_PROC_SESSION,
		KERN_PROC_TTY, KERN_PROC_UID, KERN_PROC_RUID, KERN_PROC_RGID,
		KERN_PROC_GID };
	struct kinfo_proc *ki;
	struct dump d;
	int n;

	(void)state;
	dump_init(&d, names[0]);
	assert_int_equal(list(&d, KERN_PROC_PID, 742, &ki), 1);
	check_process(&d, ki);
	assert_int_equal(list(&d, KERN_PROC_PID | KERN_PROC_INC_THREAD, 742,
	    &ki), 3);
	assert_int_equal(list(&d, KERN_PROC_PID, 5, &ki), 0);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_null(kvm_getprocs(d.kd, unknown[i], 0, &n));
		assert_int_equal(kvm_errkind(d.kd), KVM_ERR_NOTSUP);
		assert_non_null(strstr(kvm_geterr(d.kd), "type information"));
	}
	dump_done(&d);
}

/* Put all processes into two hash lists, by the lowest bit of their ids. */
static void
make_hash(struct dump *d)
{
	with_hash = true;
	poke(d, ROOM_MASK, 1, 8);
	poke(d, ROOM_TABLE, ROOM_HEADS, 8);
	poke(d, ROOM_HEADS, proc_va(d, 0), 8);
	poke(d, ROOM_HEADS + 8, proc_va(d, 1), 8);
	poke(d, proc_va(d, 0) + P_HASH, proc_va(d, 742), 8);
	poke(d, proc_va(d, 742) + P_HASH, 0, 8);
	poke(d, proc_va(d, 1) + P_HASH, proc_va(d, 99999), 8);
	poke(d, proc_va(d, 99999) + P_HASH, 0, 8);
}

/* The list is 99999, 742, 1, 0. */
static void
test_broken_list(void **state)
{
	struct dump d;
	uint64_t link;

	(void)state;
	dump_init(&d, names[0]);
	dump_copy(&d);
	link = proc_va(&d, 742) + P_LIST;
	poke(&d, link, proc_va(&d, 99999), 8);		/* a loop */
	expect_count(&d, 2, true);
	poke(&d, link, NOWHERE, 8);
	expect_count(&d, 2, true);
	poke(&d, link, proc_va(&d, 1) + 64, 8);		/* no struct proc */
	poke(&d, proc_va(&d, 1) + 64 + P_PID, 0x7fffffff, 4);
	expect_count(&d, 2, true);
	poke(&d, link, 0, 8);				/* nprocs is 4 */
	expect_count(&d, 2, true);

	make_hash(&d);
	expect_count(&d, 4, true);
	poke(&d, link, NOWHERE, 8);
	expect_count(&d, 4, true);
	poke(&d, symbol(&d, "allproc"), 0, 8);
	expect_count(&d, 4, true);
	/* The hash is broken too, at its first list. */
	poke(&d, ROOM_HEADS, NOWHERE, 8);
	expect_count(&d, 2, true);
	poke(&d, proc_va(&d, 99999) + P_HASH, proc_va(&d, 1), 8);
	expect_count(&d, 2, true);
	poke(&d, ROOM_MASK, UINT64_MAX, 8);
	assert_null(kvm_getprocs(d.kd, KERN_PROC_PROC, 0, &(int){ 0 }));
	dump_done(&d);
}

/* A hash that agrees with the list is no damage; nor is nprocs one ahead. */
static void
test_whole_hash(void **state)
{
	struct dump d;

	(void)state;
	dump_init(&d, names[0]);
	dump_copy(&d);
	make_hash(&d);
	poke(&d, symbol(&d, "nprocs"), 5, 4);
	expect_count(&d, 4, false);
	dump_done(&d);
}

static void
test_broken_threads(void **state)
{
	struct kinfo_proc *ki;
	struct dump d;

	(void)state;
	dump_init(&d, names[1]);
	dump_copy(&d);
	poke(&d, thread_of(&d, 742, 2)->va + TD_PLIST,
	    thread_of(&d, 742, 0)->va, 8);
	assert_int_equal(list(&d, KERN_PROC_PID | KERN_PROC_INC_THREAD, 742,
	    &ki), 3);
	assert_int_equal(kvm_damage(d.kd, NULL), 1);
	/* A thread of another process. */
	poke(&d, proc_va(&d, 1) + P_THREADS, thread_of(&d, 742, 1)->va, 8);
	list(&d, KERN_PROC_ALL, 0, &ki);
	assert_true(kvm_damage(d.kd, NULL) >= 2);
	/* None at all: the process stays. */
	poke(&d, proc_va(&d, 1) + P_THREADS, NOWHERE, 8);
	assert_int_equal(list(&d, KERN_PROC_PID | KERN_PROC_INC_THREAD, 1,
	    &ki), 1);
	assert_int_equal(ki->ki_numthreads, 0);
	assert_int_equal(ki->ki_oncpu, -1);
	dump_done(&d);
}

static void
test_zombies(void **state)
{
	struct kinfo_proc *ki;
	struct dump d;

	(void)state;
	dump_init(&d, names[1]);
	dump_copy(&d);
	with_zombies = true;
	poke(&d, symbol(&d, "allproc"), proc_va(&d, 742), 8);
	poke(&d, ROOM_ZOMBPROC, proc_va(&d, 99999), 8);
	poke(&d, proc_va(&d, 99999) + P_LIST, 0, 8);
	expect_count(&d, 4, false);
	assert_int_equal(list(&d, KERN_PROC_PID, 99999, &ki), 1);
	assert_int_equal(ki->ki_stat, SZOMB);
	list(&d, KERN_PROC_PID, 1, &ki);
	assert_int_equal(ki->ki_stat, 0);
	dump_done(&d);
}

static void
test_bad_offset(void **state)
{
	struct dump d;
	int n;

	(void)state;
	dump_init(&d, names[0]);
	dump_copy(&d);
	poke(&d, symbol(&d, "proc_off_p_pid"), UINT32_MAX, 4);
	assert_null(kvm_getprocs(d.kd, KERN_PROC_PROC, 0, &n));
	assert_int_equal(kvm_errkind(d.kd), KVM_ERR_BADIMAGE);
	dump_done(&d);
}

struct lines {
	int		n, number, wrong, levels;
};

static int
see_line(const struct kvm_logrec *rec, void *arg)
{
	struct lines *l = arg;
	char text[80];
	int number;

	snprintf(text, sizeof(text), "%.*s", (int)rec->kl_len, rec->kl_text);
	l->levels += rec->kl_level == 6 && rec->kl_facility == 0;
	if (sscanf(text, "mkimage line %d:", &number) == 1) {
		if (l->number >= 0 && number != (l->number + 1) % 120)
			l->wrong++;
		l->number = number;
	}
	l->n++;
	return (1);
}

static void
expect_log(const struct dump *d, int least, int wrong, bool damage)
{
	struct lines l = { .number = -1 };

	ssize_t n = kvm_walk_log(d->kd, see_line, &l);

	assert_int_equal(n, l.n);
	assert_true(l.n >= least);
	assert_int_equal(l.wrong, wrong);
	/* The ends of a wrapped ring may be parts of lines. */
	assert_true(l.levels >= l.n - 2);
	assert_int_equal(kvm_damage(d->kd, NULL) != 0, damage);
}

static void
test_log(void **state)
{
	struct dump d;

	(void)state;
	dump_init(&d, names[1]);
	expect_log(&d, 120, 0, false);
	dump_done(&d);
	dump_init(&d, names[0]);
	expect_log(&d, 250, 0, false);
	/* What is not known to be the start shows once as a seam. */
	dump_copy(&d);
	poke(&d, symbol(&d, "msgbufp"), NOWHERE, 8);
	expect_log(&d, 250, 1, true);
	dump_done(&d);
}

static void
test_facts(void **state)
{
	const struct kvm_info *info;
	struct dump d;

	(void)state;
	dump_init(&d, names[0]);
	info = kvm_getinfo(d.kd);
	assert_string_equal(info->ki_panic, "mkimage: a panic with a message");
	assert_string_equal(info->ki_release, "13.1-RELEASE");
	assert_int_equal(info->ki_ncpus, 2);
	assert_int_equal(info->ki_crashtime, 1656000000);
	assert_int_equal(info->ki_boottime, 1656000000 - 86400);
	dump_copy(&d);
	poke(&d, symbol(&d, "panicstr"), NOWHERE, 8);
	poke(&d, symbol(&d, "mp_ncpus"), UINT32_MAX, 4);
	info = kvm_getinfo(d.kd);
	assert_string_equal(info->ki_panic, "");
	assert_int_equal(info->ki_ncpus, 0);
	dump_done(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_selections),
		cmocka_unit_test(test_broken_list),
		cmocka_unit_test(test_whole_hash),
		cmocka_unit_test(test_broken_threads),
		cmocka_unit_test(test_zombies),
		cmocka_unit_test(test_bad_offset),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_facts),
	};
	const char *dir = getenv("KVM_IMAGES");

	if (dir == NULL || access(dir, R_OK) != 0) {
		puts("no images: run tests/mkimage/mkimage --all --out "
		    "$KVM_IMAGES");
		return (77);
	}
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
