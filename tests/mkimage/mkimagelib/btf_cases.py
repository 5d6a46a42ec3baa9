# SPDX-License-Identifier: BSD-2-Clause
"""BTF blobs, good and bad."""
from __future__ import annotations

from pathlib import Path
from typing import Callable

from .btf import BOOL, CHAR, SIGNED, Btf, Kind, Member
from .case import add, expect_path
from .expect import Expect

LINES = """\
sizeof task_struct 256
sizeof list_head 16
sizeof mm_struct 128
sizeof flags 8
sizeof pid_t 4
sizeof old_style 16
sizeof packed 7
sizeof numbers 24
member list_head next 0 8
member list_head prev 8 8
member task_struct __state 0 4
member task_struct tasks 16 16
member task_struct tasks.prev 24 8
member task_struct pid 32 4
member task_struct tgid 36 4
member task_struct comm 40 16
member task_struct mm 56 8
member task_struct start_time 64 8
member task_struct real_start_time 72 8
member task_struct inner_first 80 4
member task_struct inner_second 84 8
member task_struct as_long 92 8
member task_struct as_bytes 92 8
member task_struct deep 100 2
member task_struct state_word 104 8
member task_struct matrix 112 96
member task_struct fn 208 8
member task_struct cred 216 8
member task_struct vtime 224 8
member task_struct policy 232 4
member task_struct big 240 8
member mm_struct pgd 72 8
member mm_struct arg_start 80 8
member mm_struct owner 88 8
member numbers f32 0 4
member numbers f64 8 8
member numbers flag 16 1
member packed one 0 1
member packed four 1 4
member packed two 5 2
bitfield flags low 0 3
bitfield flags middle 3 7
bitfield flags wide 10 22
bitfield flags signed_part 32 5
bitfield old_style a 0 4
bitfield old_style b 4 12
member old_style c 4 4
enum TASK_RUNNING 0
enum TASK_DEAD 128
enum POLICY_MIN -3
enum POLICY_MAX 6
enum BIG_ONE 4294967297
enum BIG_TOP 18446744073709551615
enum BIG_NEGATIVE -9223372036854775808
var runqueues 64
var cpu_number 160
"""


def _basic(btf: Btf) -> dict[str, int]:
    """Integers, and typedefs with qualifiers around them."""
    ids = {"int": btf.integer("int", 4, SIGNED), "char": btf.integer("char", 1, CHAR),
           "uint": btf.integer("unsigned int", 4), "ulong": btf.integer("unsigned long", 8),
           "u64": btf.integer("unsigned long long", 8), "short": btf.integer("short", 2, SIGNED),
           "bool": btf.integer("_Bool", 1, BOOL)}
    ids["pid_t0"] = btf.ref(Kind.TYPEDEF, ids["int"], "__kernel_pid_t")
    ids["pid_t"] = btf.ref(Kind.TYPEDEF, ids["pid_t0"], "pid_t")
    ids["const_u64"] = btf.ref(Kind.CONST, ids["u64"])
    ids["volatile"] = btf.ref(Kind.VOLATILE, ids["const_u64"])
    ids["void_ptr"] = btf.ref(Kind.PTR, 0)
    ids["float"] = btf.floating("float", 4)
    ids["double"] = btf.floating("double", 8)
    return ids


def _lists_and_enums(btf: Btf, ids: dict[str, int]) -> None:
    head = btf.next_id()
    ids["list_head"] = btf.structure("list_head", 16, [
        Member("next", head + 1, 0), Member("prev", head + 1, 64)])
    btf.ref(Kind.PTR, head)
    btf.enumeration("task_state", {"TASK_RUNNING": 0, "TASK_DEAD": 128})
    ids["policy"] = btf.enumeration("policy", {"POLICY_MIN": -3, "POLICY_MAX": 6})
    ids["big"] = btf.enumeration64("big", {"BIG_ONE": (1 << 32) + 1, "BIG_TOP": (1 << 64) - 1})
    btf.enumeration64("big_signed", {"BIG_NEGATIVE": -(1 << 63)})


def _mm_struct(btf: Btf, ids: dict[str, int]) -> None:
    """Its members are inside an anonymous struct, as in kernels since 4.20."""
    inner = btf.structure("", 128, [
        Member("pgd", ids["void_ptr"], 72 * 8), Member("arg_start", ids["ulong"], 80 * 8),
        Member("owner", ids["void_ptr"], 88 * 8)])
    ids["mm"] = btf.structure("mm_struct", 128, [Member("", inner, 0)])
    ids["mm_ptr"] = btf.ref(Kind.PTR, ids["mm"])
    ids["rcu_ptr"] = btf.ref(Kind.PTR, btf.ref(Kind.TYPE_TAG, ids["mm"], "rcu"))


def _bit_fields(btf: Btf, ids: dict[str, int]) -> None:
    btf.structure("flags", 8, [
        Member("low", ids["uint"], 0, 3), Member("middle", ids["uint"], 3, 7),
        Member("wide", ids["uint"], 10, 22), Member("signed_part", ids["int"], 32, 5)])
    # before kind_flag a bit field was an INT of fewer bits than its size
    narrow = btf.record(Kind.INT, btf.string("unsigned int"), 0, 4, btf.words(4))
    shifted = btf.record(Kind.INT, btf.string("unsigned int"), 0, 4, btf.words(12))
    btf.structure("old_style", 16, [
        Member("a", narrow, 0), Member("b", shifted, 4), Member("c", ids["uint"], 32)])
    btf.structure("packed", 7, [
        Member("one", ids["char"], 0), Member("four", ids["uint"], 8),
        Member("two", ids["short"], 40)])
    btf.structure("numbers", 24, [
        Member("f32", ids["float"], 0), Member("f64", ids["double"], 64),
        Member("flag", ids["bool"], 128)])


def _task_struct(btf: Btf, ids: dict[str, int]) -> None:
    comm = btf.array(ids["char"], ids["uint"], 16)
    row = btf.array(ids["u64"], ids["uint"], 3)
    matrix = btf.array(btf.ref(Kind.CONST, row), ids["uint"], 4)
    bytes8 = btf.array(ids["char"], ids["uint"], 8)
    deepest = btf.structure("", 2, [Member("deep", ids["short"], 0)], Kind.UNION)
    union = btf.structure("", 8, [
        Member("as_long", ids["ulong"], 0), Member("as_bytes", bytes8, 0)], Kind.UNION)
    group = btf.structure("", 22, [
        Member("inner_first", ids["int"], 0), Member("inner_second", ids["u64"], 32),
        Member("", union, 96), Member("", deepest, 160)])
    proto = btf.func_proto(ids["int"], [("task", ids["void_ptr"]), ("", 0)])
    fn = btf.ref(Kind.PTR, proto)
    cred = btf.ref(Kind.PTR, btf.ref(Kind.CONST, btf.fwd("cred")))
    btf.structure("task_struct", 256, [
        Member("__state", ids["uint"], 0), Member("tasks", ids["list_head"], 16 * 8),
        Member("pid", ids["pid_t"], 32 * 8), Member("tgid", ids["pid_t"], 36 * 8),
        Member("comm", comm, 40 * 8), Member("mm", ids["mm_ptr"], 56 * 8),
        Member("start_time", ids["u64"], 64 * 8),
        Member("real_start_time", ids["volatile"], 72 * 8), Member("", group, 80 * 8),
        Member("state_word", ids["volatile"], 104 * 8), Member("matrix", matrix, 112 * 8),
        Member("fn", fn, 208 * 8), Member("cred", cred, 216 * 8),
        Member("vtime", ids["rcu_ptr"], 224 * 8), Member("policy", ids["policy"], 232 * 8),
        Member("big", ids["big"], 240 * 8)])


def _variables(btf: Btf, ids: dict[str, int]) -> None:
    """Per-CPU variables: offsets inside their section."""
    proto = btf.func_proto(0, [])
    function = btf.ref(Kind.FUNC, proto, "schedule")
    btf.decl_tag("noinline", function)
    rq = btf.var("runqueues", ids["list_head"])
    number = btf.var("cpu_number", ids["int"])
    btf.datasec(".data..percpu", 0x1000, [(rq, 64, 16), (number, 160, 4)])


def good(order: str = "<") -> Btf:
    btf = Btf(order)
    ids = _basic(btf)
    _lists_and_enums(btf, ids)
    _mm_struct(btf, ids)
    _bit_fields(btf, ids)
    _task_struct(btf, ids)
    _variables(btf, ids)
    return btf


def _write(path: Path, blob: bytes, order: str = "<", lines: str = LINES) -> None:
    path.write_bytes(blob)
    expect = Expect()
    expect.fact("format", "btf")
    expect.fact("byteorder", "little" if order == "<" else "big")
    for line in lines.splitlines():
        expect.line(line)
    expect.write(expect_path(path))


def _many() -> bytes:
    """As many members as the narrow count in old headers holds, and many types."""
    btf = Btf()
    u8 = btf.integer("u8", 1)
    for i in range(3000):
        btf.structure(f"s{i}", 8, [Member("first", u8, 0), Member("last", u8, 56)])
    btf.structure("many", 65535, [Member(f"m{i}", u8, i * 8) for i in range(65535)])
    return btf.pack()


def _wide() -> bytes:
    """More members than 16 bits count: vlen has 24 bits from 7.0 on."""
    btf = Btf()
    u8 = btf.integer("u8", 1)
    btf.structure("wide", 70000, [Member(f"m{i}", u8, i * 8) for i in range(70000)])
    btf.structure("after", 1, [Member("x", u8, 0)])
    return btf.pack(32)


_WIDE_LINES = """\
sizeof wide 70000
member wide m69999 69999 1
member after x 0 1
"""
_MANY_LINES = """\
sizeof s0 8
sizeof s2999 8
member s1234 last 7 1
sizeof many 65535
member many m0 0 1
member many m65534 65534 1
"""


def _add_bad(name: str, about: str, make: Callable[[], bytes]) -> None:
    def write(path: Path) -> None:
        path.write_bytes(make())
        expect = Expect()
        expect.fact("format", "btf")
        expect.fact("bad", path.name)
        expect.write(expect_path(path))
    add(f"bad-btf-{name}", about, write)


def _with(change: Callable[[Btf], object]) -> Callable[[], bytes]:
    """A good blob with more types at its end."""
    def make() -> bytes:
        btf = good()
        change(btf)
        return btf.pack()
    return make


def _header(**values: int) -> Callable[[], bytes]:
    return lambda: good().pack(**values)


def _typedef_cycle(btf: Btf) -> None:
    first = btf.next_id()
    btf.ref(Kind.TYPEDEF, first + 1, "ouro")
    btf.ref(Kind.TYPEDEF, first, "boros")
    btf.structure("holder", 8, [Member("snake", first, 0)])


def _modifier_cycle(btf: Btf) -> None:
    first = btf.next_id()
    btf.ref(Kind.CONST, first)
    btf.structure("self_const", 8, [Member("x", first, 0)])


def _struct_cycle(btf: Btf) -> None:
    """A structure that contains itself, once named and once anonymous."""
    first = btf.next_id()
    btf.structure("within", 8, [Member("again", first, 0)])
    btf.structure("", 8, [Member("", first + 1, 0), Member("bottom", 1, 0)])
    btf.structure("outer", 8, [Member("", first + 1, 0)])


def _array_cycle(btf: Btf) -> None:
    first = btf.next_id()
    btf.array(first, 1, 4)
    btf.structure("arrays", 8, [Member("x", first, 0)])


def _array_product(btf: Btf) -> None:
    """Nested arrays whose size does not fit 64 bits."""
    at = btf.integer("wide", 16)
    for _ in range(5):
        at = btf.array(at, 1, 0xFFFFFFFF)
    btf.structure("product", 8, [Member("x", at, 0)])


def _deep(btf: Btf) -> None:
    """Anonymous structures a hundred thousand deep."""
    at = btf.structure("", 8, [Member("bottom", 1, 0)])
    for _ in range(100000):
        at = btf.structure("", 8, [Member("", at, 0)])
    btf.structure("top", 8, [Member("", at, 0)])


def _wide_tree(btf: Btf) -> None:
    """Anonymous members that double at each of forty levels: a search without memory
    of where it was takes 2^40 steps."""
    at = btf.structure("", 8, [Member("leaf", 1, 0)])
    for _ in range(40):
        at = btf.structure("", 8, [Member("", at, 0), Member("", at, 0)])
    btf.structure("tree", 8, [Member("", at, 0)])


def _register_good() -> None:
    add("btf-le", "every kind, nested anonymous members, bit fields of both styles",
        lambda path: _write(path, good().pack()))
    add("btf-be", "the same in big-endian byte order",
        lambda path: _write(path, good(">").pack(), ">"))
    add("btf-hdr32", "the same with a header of 32 bytes",
        lambda path: _write(path, good().pack(32)))
    add("btf-many", "3000 structures and one of 65535 members",
        lambda path: _write(path, _many(), "<", _MANY_LINES))
    add("btf-wide", "a structure of 70000 members (vlen of 24 bits)",
        lambda path: _write(path, _wide(), "<", _WIDE_LINES))


def _register_cycles() -> None:
    _add_bad("typedef-cycle", "two typedefs of each other", _with(_typedef_cycle))
    _add_bad("const-cycle", "const of itself", _with(_modifier_cycle))
    _add_bad("struct-cycle", "structures that contain themselves", _with(_struct_cycle))
    _add_bad("array-cycle", "an array of itself", _with(_array_cycle))
    _add_bad("array-product", "nested arrays of 2^164 bytes", _with(_array_product))
    _add_bad("deep", "anonymous structures 100000 deep", _with(_deep))
    _add_bad("wide-tree", "anonymous members that double at 40 levels", _with(_wide_tree))


def _register_records() -> None:
    huge = 0xFFFFFFFF
    _add_bad("type-id", "type ids out of range", _with(
        lambda btf: btf.structure("bad_ids", 8, [
            Member("x", 0x7FFFFFFF, 0), Member("y", huge, 0)])))
    _add_bad("name", "a name beyond the strings", _with(
        lambda btf: btf.record(Kind.INT, huge, 0, 4, btf.words(32))))
    _add_bad("member-name", "a member's name beyond the strings", _with(
        lambda btf: btf.record(Kind.STRUCT, btf.string("named"), 1, 4, btf.words(huge, 1, 0))))
    _add_bad("kind", "an unknown kind", _with(
        lambda btf: btf.record(31, btf.string("unknown"), 0, 4)))
    _add_bad("kind-zero", "kind 0", _with(lambda btf: btf.record(0, 0, 0, 0)))
    _add_bad("vlen", "a structure that says 65535 members and has one", _with(
        lambda btf: btf.record(Kind.STRUCT, btf.string("short"), 0xFFFF, 4, btf.words(0, 1, 0))))
    _add_bad("member-offset", "a member beyond its structure", _with(
        lambda btf: btf.structure("outside", 4, [Member("x", 1, 0xFFFFFF8)])))
    _add_bad("int-bits", "an integer of 255 bits in 4 bytes", _with(
        lambda btf: btf.record(Kind.INT, btf.string("fat"), 0, 4, btf.words(0xFF))))
    _add_bad("array-huge", "an array of 2^32 - 1 elements", _with(
        lambda btf: btf.structure("huge", 8, [Member("x", btf.array(4, 1, huge), 0)])))


def _register_headers() -> None:
    huge = 0xFFFFFFFF
    for name, values in {"magic": {"magic": 0xEB9E}, "version": {"version": 2},
                         "hdrlen-zero": {"hdr_len": 0}, "hdrlen-8": {"hdr_len": 8},
                         "hdrlen-huge": {"hdr_len": huge}, "typelen": {"type_len": huge},
                         "typelen-odd": {"type_len": 13}, "typeoff": {"type_off": huge},
                         "typeoff-odd": {"type_off": 2}, "stroff": {"str_off": huge},
                         "strlen": {"str_len": huge}, "strlen-zero": {"str_len": 0},
                         "overlap": {"str_off": 0}}.items():
        _add_bad(name, "header: " + ", ".join(f"{k} {v:#x}" for k, v in values.items()),
                 _header(**values))
    _add_bad("unterminated", "strings without a NUL at their end",
             lambda: good().pack()[:-1] + b"x")
    _add_bad("cut-header", "half a header", lambda: good().pack()[:12])
    _add_bad("cut-types", "the file ends inside the types", lambda: good().pack()[:200])
    _add_bad("cut-strings", "the file ends inside the strings", lambda: good().pack()[:-20])


_register_good()
_register_cycles()
_register_records()
_register_headers()
