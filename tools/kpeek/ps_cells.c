/* SPDX-License-Identifier: BSD-2-Clause */
/* What the keys of kpeek ps print; of times: ps_times.c. */
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "ps.h"

void
ps_set_text(struct cell *cell, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&cell->text, fmt, ap);
	va_end(ap);
	if (r < 0)
		abort();
	if (cell->kind == CELL_NONE)
		cell->kind = CELL_TEXT;
}

void
ps_set_number(struct cell *cell, int64_t n)
{
	cell->kind = CELL_NUMBER;
	cell->n = n;
}

void
ps_set_real(struct cell *cell, double d)
{
	cell->kind = CELL_REAL;
	cell->d = d;
}

/* The member that a key is about, whatever its size. */
int64_t
ps_member(const struct kinfo_proc *ki, const struct key *key)
{
	const char *p = (const char *)ki + key->off;
	uint64_t v = 0;
	unsigned int unused = 64 - 8 * (unsigned int)key->size;

	switch (key->size) {
	case 1:
		v = *(const uint8_t *)p;
		break;
	case 2:
		v = *(const uint16_t *)p;
		break;
	case 4:
		v = *(const uint32_t *)p;
		break;
	case 8:
		v = *(const uint64_t *)p;
		break;
	}
	if (key->is_signed)
		return ((int64_t)(v << unused) >> unused);
	return ((int64_t)v);
}

PS_GETTER(ps_get_member)
{
	(void)ps;
	ps_set_number(cell, ps_member(ki, key));
}

PS_GETTER(ps_get_hex)
{
	(void)ps;
	ps_set_number(cell, ps_member(ki, key));
	ps_set_text(cell, "%" PRIx64, (uint64_t)cell->n);
}

PS_GETTER(ps_get_address)
{
	(void)ps;
	cell->n = ps_member(ki, key);
	if (cell->n == 0)
		return;
	cell->kind = CELL_ADDRESS;
	ps_set_text(cell, "%" PRIx64, (uint64_t)cell->n);
}

PS_GETTER(ps_get_pages)
{
	ps_set_number(cell, (int64_t)((uint64_t)ps_member(ki, key) *
	    ps->page_size / 1024));
}

PS_GETTER(ps_get_vsz)
{
	(void)ps;
	ps_set_number(cell, (int64_t)((uint64_t)ps_member(ki, key) / 1024));
}

PS_GETTER(ps_get_signals)
{
	const struct kvm_sigset *set = (const void *)((const char *)ki +
	    key->off);

	(void)ps;
	ps_set_text(cell, "%08" PRIx32 "%08" PRIx32, set->__bits[1],
	    set->__bits[0]);
}

PS_GETTER(ps_get_string)
{
	const char *s = (const char *)ki + key->off;
	size_t len = strnlen(s, key->size);

	(void)ps;
	if (len == 0)
		return;
	cell->kind = CELL_TEXT;
	cell->text = escape(s, len, "");
}

const char *
ps_thread_name(const struct kinfo_proc *ki, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%.*s%.*s", (int)sizeof(ki->ki_tdname),
	    ki->ki_tdname, (int)sizeof(ki->ki_moretdname), ki->ki_moretdname);

	if (n == 0)
		snprintf(buf, size, "%.*s", (int)sizeof(ki->ki_comm),
		    ki->ki_comm);
	return (buf);
}

/* As ps(1) marks them: kernel threads have no command line. */
static void
set_name(const struct kinfo_proc *ki, const char *s, size_t len,
    struct cell *cell)
{
	char *safe = escape(s, len, "");

	if (!(ki->ki_flag & P_KPROC)) {
		cell->kind = CELL_TEXT;
		cell->text = safe;
		return;
	}
	ps_set_text(cell, "[%s]", safe);
	cell->plain = safe;
}

PS_GETTER(ps_get_name)
{
	const char *s = (const char *)ki + key->off;

	(void)ps;
	set_name(ki, s, strnlen(s, key->size), cell);
}

PS_GETTER(ps_get_tdname)
{
	char name[64];

	(void)ps;
	(void)key;
	ps_thread_name(ki, name, sizeof(name));
	set_name(ki, name, strlen(name), cell);
}

static void
print_strings(FILE *f, char **v)
{
	for (size_t i = 0; v[i] != NULL; i++) {
		char *safe = escape(v[i], strlen(v[i]), "");

		fprintf(f, "%s%s", i == 0 ? "" : " ", safe);
		free(safe);
	}
}

/* The name where there are no arguments, or they cannot be had. */
PS_GETTER(ps_get_command)
{
	char *safe, **v;
	size_t len;
	FILE *f;

	(void)key;
	v = ps->only_names ? NULL : kvm_getargv(ps->c->kd, ki, 0);
	if (v == NULL || v[0] == NULL) {
		safe = escape(ki->ki_comm, strnlen(ki->ki_comm,
		    sizeof(ki->ki_comm)), "");
		ps_set_text(cell, ps->only_names && !(ki->ki_flag & P_KPROC) ?
		    "%s" : ki->ki_stat == SZOMB ? "[%s] <defunct>" : "[%s]",
		    safe);
		free(safe);
		return;
	}
	f = open_memstream(&cell->text, &len);
	if (f == NULL)
		abort();
	print_strings(f, v);
	if (ps->environment && (v = kvm_getenvv(ps->c->kd, ki, 0)) != NULL &&
	    v[0] != NULL) {
		putc(' ', f);
		print_strings(f, v);
	}
	if (fclose(f) != 0)
		abort();
	cell->kind = CELL_TEXT;
}

PS_GETTER(ps_get_cpu_share)
{
	(void)ps;
	ps_set_real(cell, 100.0 * (double)ps_member(ki, key) / KI_FSCALE);
}

PS_GETTER(ps_get_memory_share)
{
	if (ps->memory != 0)
		ps_set_real(cell, 100.0 * (double)ps_member(ki, key) *
		    (double)ps->page_size / (double)ps->memory);
}

PS_GETTER(ps_get_none)
{
	(void)ps;
	(void)ki;
	(void)key;
	cell->kind = CELL_NONE;
}

/* The host is in none, or in the one of number 0. */
PS_GETTER(ps_get_jail)
{
	(void)ps;
	if (ki->ki_jid != 0)
		ps_set_number(cell, ps_member(ki, key));
}

/* BSD's PZERO, and where Linux's priorities of ordinary threads begin. */
PS_GETTER(ps_get_priority)
{
	(void)ps;
	ps_set_number(cell, ps_member(ki, key) - 100);
}

/* Classes of each kernel: SCHED_* of sched(7), PRI_* of FreeBSD. */
PS_GETTER(ps_get_class)
{
	static const char *const on_linux[] = { "normal", "fifo", "rr",
		"batch", "", "idle", "deadline" };
	static const char *const on_freebsd[] = { "", "intr", "real",
		"normal", "idle" };
	uint8_t class = ki->ki_pri.pri_class;
	const char *word = "";

	(void)key;
	if (ps->linux_devices && class < 7)
		word = on_linux[class];
	else if (!ps->linux_devices && (class & 7) < 5)
		word = on_freebsd[class & 7];
	if (word[0] != '\0')
		ps_set_text(cell, "%s", word);
}

/* One letter, from what BSD spreads over three fields. */
char
ps_state(const struct kinfo_proc *ki)
{
	switch (ki->ki_stat) {
	case SRUN:
		return ('R');
	case SSLEEP:
		return (ki->ki_tdflags & TDF_SINTR ? 'S' :
		    ki->ki_tdflags & TDF_NOLOAD ? 'I' : 'D');
	case SSTOP:
		return (ki->ki_flag & P_STOPPED_TRACE ? 't' : 'T');
	case SZOMB:
		return ('Z');
	case SIDL:
		return ('N');
	case SWAIT:
		return ('W');
	case SLOCK:
		return ('L');
	default:
		return ('?');
	}
}

PS_GETTER(ps_get_state)
{
	(void)ps;
	(void)key;
	ps_set_text(cell, "%c", ps_state(ki));
}

PS_GETTER(ps_get_stat)
{
	(void)ps;
	(void)key;
	ps_set_text(cell, "%c%s%s%s%s%s", ps_state(ki),
	    ki->ki_nice < 0 ? "<" : ki->ki_nice > 0 ? "N" : "",
	    ki->ki_flag & P_TRACED ? "X" : "",
	    ki->ki_flag & P_WEXIT && ki->ki_stat != SZOMB ? "E" : "",
	    ki->ki_kiflag & KI_SLEADER ? "s" : "",
	    ki->ki_flag & P_CONTROLT && ki->ki_pgid == ki->ki_tpgid ? "+" :
	    "");
}

/* The kernel's own numbers of terminals, Documentation/admin-guide/devices. */
const char *
ps_tty(const struct ps *ps, const struct kinfo_proc *ki, char *buf, size_t len)
{
	unsigned int maj = major(ki->ki_tdev), min = minor(ki->ki_tdev);

	buf[0] = '\0';
	if (ki->ki_tdev == UINT64_MAX || ki->ki_tdev == 0)
		return (buf);
	if (!ps->linux_devices)
		snprintf(buf, len, "%#" PRIx64, ki->ki_tdev);
	else if (maj >= 136 && maj <= 143)
		snprintf(buf, len, "pts/%u", (maj - 136) * 256 + min);
	else if (maj == 4 && min < 64)
		snprintf(buf, len, "tty%u", min);
	else if (maj == 4)
		snprintf(buf, len, "ttyS%u", min - 64);
	else if (maj == 5 && min == 1)
		snprintf(buf, len, "console");
	else if (maj == 204 && min >= 64 && min < 80)
		snprintf(buf, len, "ttyAMA%u", min - 64);
	else if (maj == 229)
		snprintf(buf, len, "hvc%u", min);
	else
		snprintf(buf, len, "%u:%u", maj, min);
	return (buf);
}

PS_GETTER(ps_get_tty)
{
	char buf[32];

	(void)key;
	if (ps_tty(ps, ki, buf, sizeof(buf))[0] != '\0')
		ps_set_text(cell, "%s", buf);
}

PS_GETTER(ps_get_tdev)
{
	(void)ps;
	if (ki->ki_tdev == UINT64_MAX)
		return;
	ps_set_number(cell, ps_member(ki, key));
	ps_set_text(cell, "%#" PRIx64, (uint64_t)cell->n);
}

/* Names are this host's; but 0 has the same one everywhere. */
PS_GETTER(ps_get_user)
{
	uint32_t id = (uint32_t)ps_member(ki, key);
	struct passwd *pw = ps->c->core == NULL ? getpwuid(id) : NULL;

	if (pw != NULL)
		ps_set_text(cell, "%s", pw->pw_name);
	else if (id == 0 && ps->has_ids)
		ps_set_text(cell, "root");
	else
		ps_set_text(cell, "%" PRIu32, id);
}

PS_GETTER(ps_get_group)
{
	uint32_t id = (uint32_t)ps_member(ki, key);
	struct group *gr = ps->c->core == NULL ? getgrgid(id) : NULL;

	if (gr != NULL)
		ps_set_text(cell, "%s", gr->gr_name);
	else if (id == 0 && ps->has_ids)
		ps_set_text(cell, ps->linux_devices ? "root" : "wheel");
	else
		ps_set_text(cell, "%" PRIu32, id);
}

PS_GETTER(ps_get_wait)
{
	size_t len = strnlen(ki->ki_wmesg, sizeof(ki->ki_wmesg));

	(void)ps;
	if (len == 0 && ki->ki_wchan != 0) {
		ps_set_text(cell, "%" PRIx64, (uint64_t)ki->ki_wchan);
	} else if (len != 0) {
		cell->kind = CELL_TEXT;
		cell->text = escape(ki->ki_wmesg, len, "");
	} else if (key->name[0] == 'm' && ki->ki_lockname[0] != '\0') {
		cell->kind = CELL_TEXT;
		cell->text = escape(ki->ki_lockname, strnlen(ki->ki_lockname,
		    sizeof(ki->ki_lockname)), "");
	}
}

void
ps_get(const struct ps *ps, const struct kinfo_proc *ki, const struct key *key,
    struct cell *cell)
{
	*cell = (struct cell){ .kind = CELL_NONE };
	key->get(ps, ki, key, cell);
}

void
ps_cell_free(struct cell *cell)
{
	free(cell->text);
	free(cell->plain);
}
