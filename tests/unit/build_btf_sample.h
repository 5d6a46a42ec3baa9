/* SPDX-License-Identifier: BSD-2-Clause */
/* BTF with something of everything, for tests of what reads it. */
#ifndef BUILD_BTF_SAMPLE_H
#define BUILD_BTF_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "build_btf.h"
#include "type/type.h"

static struct kvmi_err err;

/* Opens a copy, which the types take over. */
static inline int
open_bytes(const struct bytes *b, size_t len, struct kvmi_types **ret)
{
	uint8_t *p = bytes_exact(b, len);
	int r = kvmi_btf_open(&(struct kvmi_blob){ p, len, p }, ret, &err);

	if (r != 0)
		free(p);
	return (r);
}

static inline struct kvmi_types *
must_open(struct bytes b)
{
	struct kvmi_types *t = NULL;

	if (open_bytes(&b, b.len, &t) != 0)
		fail_msg("%s", err.text);
	bytes_free(&b);
	return (t);
}

/*
 * Something of everything.  Numbers of types are never written down: they
 * come from the builder.
 */
static inline struct bytes
sample(bool big_endian, uint32_t hdr_len, uint32_t gap)
{
	uint32_t i32, u8, u64, chr, atomic, list, list_ptr, volatile_int;
	uint32_t inner, deep, any, comm, grid, pids, pid, flex, sig, state;
	uint32_t fwd, ptr_fwd, tagged, s64bits, proto, bits3, flt;
	struct btf_build b;

	btf_start(&b, big_endian);
	i32 = btf_int(&b, "int", 4, INT_SIGNED);
	u8 = btf_int(&b, "unsigned char", 1, INT_UNSIGNED);
	u64 = btf_int(&b, "long unsigned int", 8, INT_UNSIGNED);
	chr = btf_int(&b, "char", 1, INT_SIGNED);
	flt = btf_type(&b, "double", K_FLOAT, false, 0, 8);
	bits3 = btf_type(&b, "old_bits", K_INT, false, 0, 4);
	btf_u32(&b, (uint32_t)INT_SIGNED << 24 | 2 << 16 | 3);

	volatile_int = btf_type(&b, NULL, K_VOLATILE, false, 0, i32);
	volatile_int = btf_type(&b, NULL, K_CONST, false, 0, volatile_int);
	tagged = btf_type(&b, "user", K_TYPE_TAG, false, 0, volatile_int);
	tagged = btf_type(&b, NULL, K_RESTRICT, false, 0, tagged);

	/* typedef struct { int counter; } atomic_t; */
	atomic = btf_type(&b, NULL, K_STRUCT, false, 1, 4);
	btf_member(&b, "counter", i32, 0);
	atomic = btf_type(&b, "atomic_t", K_TYPEDEF, false, 0, atomic);

	list = btf_type(&b, "list_head", K_STRUCT, false, 2, 16);
	list_ptr = list + 1;
	btf_member(&b, "next", list_ptr, 0);
	btf_member(&b, "prev", list_ptr, 64);
	assert_int_equal(btf_type(&b, NULL, K_PTR, false, 0, list), list_ptr);

	fwd = btf_type(&b, "elsewhere", K_FWD, false, 0, 0);
	ptr_fwd = btf_type(&b, NULL, K_PTR, false, 0, fwd);
	comm = btf_array(&b, chr, 16);
	grid = btf_array(&b, i32, 3);
	grid = btf_array(&b, grid, 5);
	flex = btf_array(&b, list, 0);
	pid = btf_type(&b, "upid", K_STRUCT, false, 2, 16);
	btf_member(&b, "nr", i32, 0);
	btf_member(&b, "ns", ptr_fwd, 64);
	pids = btf_array(&b, pid, 4);

	state = btf_type(&b, "state", K_ENUM, true, 2, 4);
	btf_value(&b, "STATE_BAD", (uint32_t)-1);
	btf_value(&b, "STATE_GOOD", 1);
	sig = btf_type(&b, "flags", K_ENUM, false, 3, 4);
	btf_value(&b, "FLAG_HIGH", 0x80000000);
	btf_value(&b, "FLAG_LOW", 1);
	btf_value(&b, "STATE_GOOD", 77);
	s64bits = btf_type(&b, "wide", K_ENUM64, true, 2, 8);
	btf_value(&b, "WIDE_LOW", 5);
	btf_u32(&b, 0xfffffff0);
	btf_value(&b, "WIDE_HIGH", 0);
	btf_u32(&b, 0x1);

	proto = btf_type(&b, NULL, K_FUNC_PROTO, false, 2, i32);
	btf_value(&b, "a", i32);
	btf_value(&b, "b", u64);
	proto = btf_type(&b, "fn", K_FUNC, false, 1, proto);
	btf_type(&b, "tag", K_DECL_TAG, false, 0, proto);
	btf_u32(&b, (uint32_t)-1);
	proto = btf_type(&b, "variable", K_VAR, false, 0, i32);
	btf_u32(&b, 1);
	btf_type(&b, ".data..percpu", K_DATASEC, false, 1, 64);
	btf_u32(&b, proto);
	btf_u32(&b, 8);
	btf_u32(&b, 4);

	/* union { struct { int x; struct { int y; }; }; u64 both; }; */
	deep = btf_type(&b, NULL, K_STRUCT, false, 1, 4);
	btf_member(&b, "y", i32, 0);
	inner = btf_type(&b, NULL, K_STRUCT, false, 2, 8);
	btf_member(&b, "x", i32, 0);
	btf_member(&b, NULL, deep, 32);
	any = btf_type(&b, NULL, K_UNION, false, 2, 8);
	btf_member(&b, NULL, inner, 0);
	btf_member(&b, "both", u64, 0);
	any = btf_type(&b, NULL, K_CONST, false, 0, any);

	/* Other things called task come before and after: empty, a typedef. */
	btf_type(&b, "task", K_FWD, false, 0, 0);
	btf_type(&b, "task", K_STRUCT, false, 0, 0);
	btf_type(&b, "task", K_TYPEDEF, false, 0, i32);
	btf_type(&b, "task", K_STRUCT, true, 19, 424);
	btf_member(&b, "state", state, 0);
	btf_member(&b, NULL, any, 64);
	btf_member(&b, "usage", atomic, 128);
	btf_member(&b, "tasks", list, 192);
	btf_member(&b, "comm", comm, 320);
	btf_member(&b, "grid", grid, 448);
	btf_member(&b, "pids", pids, 960);
	btf_member(&b, "low", i32, 1472 | 1 << 24);
	btf_member(&b, "mid", i32, 1473 | 12 << 24);
	btf_member(&b, "unsigned_mid", u8, 1485 | 7 << 24);
	btf_member(&b, "wide_bits", u64, 1536 | 64 << 24);
	btf_member(&b, "tagged", tagged, 1600);
	btf_member(&b, "flags", sig, 1632);
	btf_member(&b, "wide", s64bits, 1664);
	btf_member(&b, "elsewhere", ptr_fwd, 1728);
	btf_member(&b, NULL, i32, 1792);	/* anonymous, no struct */
	btf_member(&b, "unaligned", i32, 1795);
	btf_member(&b, "nine_bytes", u64, 1801 | 64 << 24);
	btf_member(&b, "tail", flex, 2048);
	btf_type(&b, "task", K_STRUCT, false, 1, 8);
	btf_member(&b, "second", u64, 0);

	btf_type(&b, "old", K_STRUCT, false, 4, 24);
	btf_member(&b, "far", i32, 0x12345600);
	btf_member(&b, "bits", bits3, 64);
	btf_member(&b, "real", flt, 128);
	btf_member(&b, "task", i32, 0);
	return (btf_finish_as(&b, hdr_len, gap));
}

#endif
