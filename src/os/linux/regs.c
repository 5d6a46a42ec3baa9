/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers: of CPUs from the NT_PRSTATUS notes of the image, of a thread that
 * does not run from the frame it was switched away with.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/math.h"
#include "os/linux/cpus.h"
#include "os/linux/linux.h"

/*
 * struct elf_prstatus (include/linux/elfcore.h): its longs and times have the
 * size of a pointer.
 */
static inline size_t
prstatus_pid(const struct kvmi_kernel *k)
{
	return (k->arch->pointer_size == 8 ? 32 : 24);
}

static inline size_t
prstatus_regs(const struct kvmi_kernel *k)
{
	return (k->arch->pointer_size == 8 ? 112 : 72);
}

#define NT_PRSTATUS	1

void
kvmi_linux_reg_add(struct kvmi_regs *out, const char *name, uint64_t value)
{
	if (out->n < KVMI_MAX_REGS)
		out->v[out->n++] = (struct kvm_reg){ .kr_name = name,
			.kr_value = value };
}

uint64_t
kvmi_linux_reg_get(const struct kvmi_regs *regs, const char *name)
{
	/* Lists of processes call this often, and names begin alike. */
	for (size_t i = 0; i < regs->n; i++)
		if (regs->v[i].kr_name[1] == name[1] &&
		    strcmp(regs->v[i].kr_name, name) == 0)
			return (regs->v[i].kr_value);
	return (0);
}

static int32_t
note_pid(struct kvmi_kernel *k, const struct kvmi_note *n)
{
	return ((int32_t)kvmi_get32(n->desc + prstatus_pid(k),
	    k->img->big_endian));
}

/*
 * Notes that QEMU wrote are one for each CPU, in order.  It numbers them from
 * 1 on (on s390x in the host's byte order), or all of them 0 (on powerpc64),
 * and on x86 adds notes of its own.
 */
static bool
notes_by_cpu(struct kvmi_kernel *k)
{
	struct kvmi_note n;
	size_t pos = 0;
	uint32_t next = 0, pid;
	bool numbered = true, zeros = true;

	while (kvmi_note_next(&k->img->notes, k->img->big_endian, &pos, &n)) {
		if (kvmi_note_is(&n, "QEMU", 0))
			return (true);
		if (!kvmi_note_is(&n, "CORE", NT_PRSTATUS))
			continue;
		if (n.descsz < k->arch->prstatus_size)
			return (false);
		pid = (uint32_t)note_pid(k, &n);
		next++;
		numbered &= pid == next || pid == __builtin_bswap32(next);
		zeros &= pid == 0;
	}
	return (numbered || zeros);
}

/* Is it one of a CPU? */
static bool
is_of_cpu(const struct kvmi_kernel *k, const struct kvmi_note *n)
{
	return (kvmi_note_is(n, "CORE", NT_PRSTATUS) &&
	    n->descsz >= k->arch->prstatus_size);
}

static uint32_t
count_notes(struct kvmi_kernel *k)
{
	struct kvmi_note n;
	size_t pos = 0;
	uint32_t count = 0;

	while (kvmi_note_next(&k->img->notes, k->img->big_endian, &pos, &n))
		count += is_of_cpu(k, &n);
	return (count);
}

static int
running_tid(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    int32_t *ret)
{
	struct kvmi_member pid;
	struct kvmi_types *t;
	uint64_t task, v;
	int r = kvmi_linux_running_task(k, cx, cpu, &task);

	if (r == 0)
		r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_member(t, "task_struct", "pid", &pid, &cx->err);
	if (r == 0)
		r = kvmi_kread_member(k, cx, task, &pid, &v);
	if (r == 0)
		*ret = (int32_t)v;
	return (r);
}

/*
 * Which note is cpu's.  Those that a kernel wrote are of the CPUs that ran;
 * where some did not answer, of the thread that runs there, for *tid; where
 * that is not known either they are counted.  UINT32_MAX: none.
 */
static uint32_t
note_of(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu, int32_t *tid)
{
	struct kvmi_linux_cpus c;
	uint32_t ran = 0, before = 0, ret = cpu, notes;

	if (notes_by_cpu(k) || kvmi_linux_cpus_read(k, cx, &c) != 0)
		return (cpu);
	notes = count_notes(k);
	for (uint32_t i = 0; i < c.n; i++) {
		ran += kvmi_linux_cpu_runs(&c, i);
		before += i < cpu && kvmi_linux_cpu_runs(&c, i);
	}
	if (ran == notes)
		ret = kvmi_linux_cpu_runs(&c, cpu) ? before : UINT32_MAX;
	kvmi_linux_cpus_deinit(&c);
	if (ran <= notes || running_tid(k, cx, cpu, tid) != 0)
		return (ret);
	if (*tid > 0)
		return (ret);
	/* Every CPU idles as thread 0: whose note that is, nothing says. */
	*tid = -1;
	return (UINT32_MAX);
}

/*
 * The note of cpu, or else of the thread tid: a kernel that wrote the notes
 * itself leaves out those of CPUs that are off, but says who ran.  A tid of
 * -1 is none.  *pos is behind the note, where others of the same CPU follow.
 */
static int
find_note(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    int32_t tid, size_t *pos, struct kvmi_note *ret)
{
	uint32_t i = 0, wanted = tid < 0 ? note_of(k, cx, cpu, &tid) : cpu;
	bool be = k->img->big_endian, by_cpu = tid < 0 || notes_by_cpu(k);

	*pos = 0;
	while (kvmi_note_next(&k->img->notes, be, pos, ret)) {
		if (!is_of_cpu(k, ret))
			continue;
		if (by_cpu ? i == wanted : note_pid(k, ret) == tid)
			return (0);
		i++;
	}
	return (kvmi_fail(&cx->err, KVMI_ENOENT, "%s: no registers of CPU %"
	    PRIu32 " in the image", k->img->src->name, cpu));
}

static void
add_all(struct kvmi_kernel *k, const struct kvmi_note *n, size_t from,
    const struct kvmi_linux_reg *reg, struct kvmi_regs *out)
{
	for (; reg->name != NULL; reg++)
		if (kvmi_inside(from + reg->off, reg->size, n->descsz))
			kvmi_linux_reg_add(out, reg->name, kvmi_get_uint(
			    n->desc + from + reg->off, reg->size,
			    k->img->big_endian));
}

static int
running_regs(struct kvmi_kernel *k, struct kvmi_cx *cx, uint32_t cpu,
    int32_t tid, struct kvmi_regs *out)
{
	const struct kvmi_linux *l = k->priv;
	const struct kvmi_linux_note *more = l->arch->more_regs;
	struct kvmi_note n;
	size_t pos;
	int r = find_note(k, cx, cpu, tid, &pos, &n);

	if (r != 0)
		return (r);
	add_all(k, &n, prstatus_regs(k), l->arch->regs, out);
	while (more != NULL && kvmi_note_next(&k->img->notes,
	    k->img->big_endian, &pos, &n) &&
	    !kvmi_note_is(&n, "CORE", NT_PRSTATUS))
		for (size_t i = 0; more[i].regs != NULL; i++)
			if (kvmi_note_is(&n, "LINUX", more[i].type))
				add_all(k, &n, 0, more[i].regs, out);
	return (0);
}

/* Where saved registers are: the same for all threads of a kernel. */
#define MAX_SAVED	16
#define MAX_FRAME	256
struct saved_layout {
	struct kvmi_member sp;		/* in the task_struct */
	uint64_t	 size;
	struct kvmi_member m[MAX_SAVED];	/* in the frame at sp */
};

static int
find_saved(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_linux_saved *saved, struct saved_layout *y)
{
	struct kvmi_types *t;
	int r = kvmi_kernel_types(k, cx, &t);

	if (r == 0)
		r = kvmi_type_member(t, "task_struct", "thread.sp", &y->sp,
		    &cx->err);
	if (r == 0)
		r = kvmi_type_size(t, "inactive_task_frame", &y->size,
		    &cx->err);
	if (r != 0)
		return (kvmi_fail(&cx->err, r, "%s: how a thread is switched "
		    "away is not known: no struct inactive_task_frame",
		    k->img->src->name));
	if (y->size > MAX_FRAME)
		return (kvmi_fail(&cx->err, KVMI_EFORMAT, "struct "
		    "inactive_task_frame of %" PRIu64 " bytes", y->size));
	for (size_t i = 0; i < MAX_SAVED && saved[i].name != NULL; i++)
		if (kvmi_type_member(t, "inactive_task_frame",
		    saved[i].member, &y->m[i], &cx->err) != 0)
			y->m[i] = (struct kvmi_member){ 0 };
	return (0);
}

static int
saved_layout(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kvmi_linux_saved *saved, const struct saved_layout **ret)
{
	struct saved_layout *made;
	int r;

	*ret = kvmi_linux_once(k->priv, KVMI_ONCE_SAVED);
	if (*ret != NULL)
		return (0);
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOMEM, "out of memory"));
	r = find_saved(k, cx, saved, made);
	if (r != 0)
		free(made);
	else
		*ret = kvmi_linux_once_set(k->priv, KVMI_ONCE_SAVED, made);
	return (r);
}

int
kvmi_linux_saved_on_stack(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t task, const struct kvmi_linux_saved *saved, const char *sp,
    struct kvmi_regs *out)
{
	const struct saved_layout *y;
	uint8_t frame[MAX_FRAME];
	uint64_t at;
	int r = saved_layout(k, cx, saved, &y);

	if (r != 0)
		return (r);
	r = kvmi_kread_ptr(k, cx, task + y->sp.off, &at);
	if (r == 0)
		r = kvmi_space_glance(&k->space, cx, at, frame,
		    (size_t)y->size);
	if (r != 0)
		return (kvmi_wrap(&cx->err, r, "saved registers of the task at "
		    "0x%" PRIx64, task));
	for (size_t i = 0; i < MAX_SAVED && saved[i].name != NULL; i++)
		if (y->m[i].size != 0)
			kvmi_linux_reg_add(out, saved[i].name,
			    kvmi_member_get(&y->m[i], frame, (size_t)y->size,
			    k->big_endian));
	kvmi_linux_reg_add(out, sp, at + y->size);
	return (0);
}

int
kvmi_linux_saved_in_task(struct kvmi_kernel *k, struct kvmi_cx *cx,
    uint64_t task, const struct kvmi_linux_saved *saved,
    struct kvmi_regs *out)
{
	struct kvmi_types *t;
	int r = kvmi_kernel_types(k, cx, &t);

	for (; r == 0 && saved->name != NULL; saved++) {
		struct kvmi_member m;
		uint64_t v;

		r = kvmi_type_member(t, "task_struct", saved->member, &m,
		    &cx->err);
		if (r == 0)
			r = kvmi_kread_member(k, cx, task, &m, &v);
		if (r == 0)
			kvmi_linux_reg_add(out, saved->name, v);
	}
	return (r == 0 ? 0 : kvmi_wrap(&cx->err, r, "saved registers of the "
	    "task at 0x%" PRIx64, task));
}

int
kvmi_linux_regs(struct kvmi_kernel *k, struct kvmi_cx *cx,
    const struct kinfo_proc *ki, uint32_t cpu, struct kvmi_regs *out)
{
	const struct kvmi_linux *l = k->priv;

	if (l->arch->regs == NULL)
		return (kvmi_fail(&cx->err, KVMI_ENOTSUP, "%s: registers of %s "
		    "are not supported", k->img->src->name, k->arch->name));
	if (ki == NULL)
		return (running_regs(k, cx, cpu, -1, out));
	if (ki->ki_oncpu >= 0)
		return (running_regs(k, cx, (uint32_t)ki->ki_oncpu, ki->ki_tid,
		    out));
	return (l->arch->saved_regs == NULL ? 0 : l->arch->saved_regs(k, cx,
	    ki->ki_tdaddr, out));
}

/* kernel/panic.c: panic_cpu is PANIC_CPU_INVALID, -1, until one panics. */
int
kvmi_linux_panic_cpu(struct kvmi_kernel *k, struct kvmi_cx *cx, int32_t *ret)
{
	uint64_t va, v;
	int r = kvmi_kernel_addr(k, cx, "panic_cpu", &va);

	if (r == 0)
		r = kvmi_kread_uint(k, cx, va, 4, &v);
	if (r == 0)
		*ret = (int32_t)v;
	return (r);
}

int
kvmi_linux_panic_thread(struct kvmi_kernel *k, struct kvmi_cx *cx,
    struct kinfo_proc *ret)
{
	static const char *const spellings[] = { "task_struct.tgid",
		"task_struct.pid", "task_struct.comm" };
	struct kvmi_member m[3];
	struct kvmi_types *t;
	uint64_t task, pid, tid;
	int32_t cpu;
	int r = kvmi_linux_panic_cpu(k, cx, &cpu);

	if (r == 0 && cpu < 0)
		r = kvmi_fail(&cx->err, KVMI_ENOENT, "no CPU panicked");
	if (r == 0)
		r = kvmi_linux_running_task(k, cx, (uint32_t)cpu, &task);
	if (r == 0)
		r = kvmi_kernel_types(k, cx, &t);
	if (r == 0)
		r = kvmi_type_members(t, spellings, 3, m, &cx->err);
	if (r == 0)
		r = kvmi_kread_member(k, cx, task, &m[0], &pid);
	if (r == 0)
		r = kvmi_kread_member(k, cx, task, &m[1], &tid);
	if (r == 0)
		r = kvmi_space_string(&k->space, cx, task + m[2].off,
		    ret->ki_comm, kvmi_min(sizeof(ret->ki_comm), m[2].size));
	if (r != 0)
		return (r);
	ret->ki_pid = (pid_t)pid;
	ret->ki_tid = (int32_t)tid;
	return (0);
}
