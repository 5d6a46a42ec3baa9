/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * objtool makes no ORC entries for functions marked as
 * STACK_FRAME_NON_STANDARD.  __crash_kexec() is one, and where every kernel
 * was when the one that follows a crash dumped it.  Such a function is called
 * directly, so that its return address can be told from what is left on the
 * stack of earlier calls.
 */
#include "os/linux/x86_caller.h"

#include "base/endian.h"
#include "base/math.h"

/* A frame has fewer bytes than that: it holds two sets of registers at most. */
#define MAX_FRAME	1024
#define CALL_SIZE	5
#define CALL_OPCODE	0xe8

/* Is there, right before va, a call of the function at start? */
static bool
follows_call(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t va,
    uint64_t start)
{
	uint8_t raw[CALL_SIZE];

	return (kvmi_kread(k, cx, va - CALL_SIZE, raw, sizeof(raw)) == 0 &&
	    raw[0] == CALL_OPCODE && va + (uint64_t)(int64_t)(int32_t)
	    kvmi_get32(raw + 1, false) == start);
}

static bool
find(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t end,
    struct kvmi_orc_state *s)
{
	struct kvmi_sym function;
	uint64_t va, ip = s->exact ? s->ip : s->ip - 1, word;

	if (kvmi_symbol_at(k, cx, ip, &function) != 0)
		return (false);
	for (va = s->sp; va < end && va - s->sp < MAX_FRAME; va += 8) {
		if (kvmi_kread_uint(k, cx, va, 8, &word) != 0)
			return (false);
		/* What a call reaches is no further than its operand tells. */
		if (word - function.addr + INT32_MAX > UINT32_MAX ||
		    !follows_call(k, cx, word, function.addr))
			continue;
		s->ip = word;
		s->sp = va + 8;
		s->exact = s->full = false;
		return (true);
	}
	return (false);
}

bool
kvmi_linux_x86_caller(struct kvmi_kernel *k, struct kvmi_cx *cx, uint64_t end,
    struct kvmi_orc_state *s)
{
	struct kvmi_err before = cx->err;
	bool found = find(k, cx, end, s);

	cx->err = before;
	return (found);
}
