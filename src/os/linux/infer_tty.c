/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Controlling terminals: struct tty_struct (include/linux/tty.h) and tty_driver,
 * of the terminals that processes have.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "os/linux/infer.h"

#define MAX_TTY		1024		/* as far as members are looked for */
#define NEAR		128		/* driver and its name come early */
#define NAME_LEN	64

/* The terminal of the next task that has one, from *i on; 0: there is none. */
static uint64_t
next_tty(const struct kvmi_infer *x, size_t *i)
{
	while (*i < x->tasks.n) {
		uint64_t tty = kvmi_infer_read(x, kvmi_infer_ptr(x, *i,
		    x->signal) + x->tty, x->ptr);

		(*i)++;
		if (tty != 0)
			return (tty);
	}
	return (0);
}

/* pgrp and session; the latter is that of each process. */
static bool
is_session(struct kvmi_infer *x, uint64_t off)
{
	uint64_t tty;

	for (size_t i = 0; (tty = next_tty(x, &i)) != 0;) {
		uint64_t signal = kvmi_infer_ptr(x, i - 1, x->signal);

		if (kvmi_infer_read(x, tty + off, x->ptr) != kvmi_infer_read(x,
		    signal + x->pids + 2 * x->ptr, x->ptr) ||
		    !kvmi_infer_is_ptr(x, kvmi_infer_read(x,
		    tty + off - x->ptr, x->ptr)))
			return (kvmi_infer_odd(x, i - 1));
	}
	return (true);
}

static bool
read_name(const struct kvmi_infer *x, uint64_t va, char buf[NAME_LEN])
{
	size_t done;

	if (va == 0)
		return (false);
	kvmi_space_read(&x->k->space, x->cx, va, buf, NAME_LEN - 1, &done);
	buf[done] = '\0';
	return (isalpha((unsigned char)buf[0]));
}

/* Is there the name of a driver, and a number, in the structure? */
static bool
is_named(const struct kvmi_infer *x, uint64_t tty, const char *driver,
    unsigned int *number)
{
	size_t len = strlen(driver), done;
	char p[MAX_TTY];

	kvmi_space_read(&x->k->space, x->cx, tty, p, sizeof(p), &done);
	for (size_t at = 0; at + NAME_LEN < done; at += 4) {
		size_t digits;

		if (memcmp(p + at, driver, len) != 0)
			continue;
		digits = strspn(p + at + len, "0123456789");
		if (digits > 0 && p[at + len + digits] == '\0') {
			*number = (unsigned int)strtoul(p + at + len, NULL,
			    10);
			return (true);
		}
	}
	return (false);
}

/* In tty_driver: name, name_base, major, minor_start. */
static bool
fits_driver(const struct kvmi_infer *x, uint64_t driver, uint64_t name,
    uint64_t index)
{
	char text[NAME_LEN];
	unsigned int number;
	uint64_t tty;

	for (size_t i = 0; (tty = next_tty(x, &i)) != 0;) {
		uint64_t d = kvmi_infer_read(x, tty + driver, x->ptr);

		if (!kvmi_infer_is_ptr(x, d) || !read_name(x,
		    kvmi_infer_read(x, d + name, x->ptr), text) ||
		    !is_named(x, tty, text, &number) ||
		    kvmi_infer_read(x, tty + index, 4) + kvmi_infer_read(x,
		    d + name + x->ptr, 4) != number)
			return (false);
	}
	return (true);
}

/*
 * Up to 6.5 the index comes second behind the driver, then before the device,
 * which is before the driver.
 */
static bool
find_driver(const struct kvmi_infer *x, uint64_t *driver, uint64_t *name,
    uint64_t *index)
{
	for (*driver = x->ptr + 4; *driver < NEAR; *driver += 4)
		for (*name = 0; *name < NEAR; *name += x->ptr) {
			if (*driver % x->ptr != 0)
				continue;
			*index = *driver + 2 * x->ptr;
			if (fits_driver(x, *driver, *name, *index))
				return (true);
			*index = *driver - x->ptr - 4;
			if (fits_driver(x, *driver, *name, *index))
				return (true);
		}
	return (false);
}

void
kvmi_infer_tty(struct kvmi_infer *x)
{
	static const char t[] = "tty_struct", d[] = "tty_driver";
	uint64_t session, driver, name, index;
	size_t i = 0;

	if (x->tty == 0 || next_tty(x, &i) == 0 ||
	    !kvmi_infer_only(x, x->ptr, MAX_TTY, x->ptr, is_session,
	    &session) || !find_driver(x, &driver, &name, &index))
		return;
	kvmi_infer_add_ptr(x, "signal_struct", "tty", x->tty);
	kvmi_infer_add_ptr(x, t, "driver", driver);
	kvmi_infer_add(x, t, "index", index, 4, true);
	kvmi_infer_add_ptr(x, t, "ctrl.pgrp", session - x->ptr);
	kvmi_infer_add_ptr(x, t, "ctrl.session", session);
	kvmi_infer_add(x, d, "major", name + x->ptr + 4, 4, true);
	kvmi_infer_add(x, d, "minor_start", name + x->ptr + 8, 4, true);
}
