# SPDX-License-Identifier: BSD-2-Clause
"""Kernel stacks of the populated kernels: who called whom, as C.

The functions are compiled, each calling those that the stacks have it call, so
return addresses are real ones.  What lies where on a stack: the machines' calling
conventions and their entry code (sys/<arch>/<arch>/exception.S, swtch.S), releng/13.1.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from . import fbsd_state_data as data


@dataclass(frozen=True)
class Stack:
    """parts: functions from the innermost out; one ends where an exception came in.

    cpu: whose stop saved the registers; None: the thread itself, when it was
    switched away, or doadump() for the one that wrote the dump.
    """

    tid: int
    parts: tuple[tuple[str, ...], ...]
    cpu: int | None = None
    own_stack: bool = False     # the first part has a stack of its own


@dataclass(frozen=True)
class Code:
    """first: where a function's first call returns to, step: each further one's."""

    first: int
    step: int
    saves_frame: bool           # the entry code makes a frame, above struct trapframe
    user_entry: str
    stacks: tuple[Stack, ...]


_PANIC = ("doadump", "kern_reboot", "vpanic", "panic")
_SYSCTL = ("kdb_sysctl_trap", "sysctl_root_handler_locked", "sysctl_root", "userland_sysctl",
           "sys___sysctl")
_WAIT = ("sched_switch", "mi_switch", "sleepq_switch", "sleepq_catch_signals", "sleepq_wait_sig",
         "_sleep", "kern_wait6", "sys_wait4")
_ITHREAD = ("sched_switch", "mi_switch", "ithread_loop", "fork_exit", "fork_trampoline")
_IDLE = ("cpu_idle", "sched_idletd", "fork_exit", "fork_trampoline")
# What innermost functions call: what saved the registers, or was not yet called.
_CALLED = {"doadump": "savectx", "sched_switch": "cpu_switch", "cpustop_handler": "savectx",
           "ipi_stop": "savectx", "ipi_handler": "savectx", "cpu_idle": "cpu_spinwait",
           "kdb_sysctl_trap": "kdb_trap"}


def _stacks(fault: tuple[str, ...], stop: tuple[str, ...], syscall: tuple[str, ...],
            own_stack: bool = False) -> tuple[Stack, ...]:
    return (Stack(data.DUMPTID, (_PANIC + fault, _SYSCTL + syscall)),
            Stack(100_003, (stop, _IDLE), 0, own_stack),
            Stack(100_100, (_WAIT + syscall,)), Stack(100_005, (_ITHREAD,)))


CODE = {
    "amd64": Code(4, 5, False, "fast_syscall_common", _stacks(
        ("trap_fatal", "trap_pfault", "trap", "calltrap"),
        ("cpustop_handler", "ipi_nmi_handler", "trap", "nmi_calltrap"),
        ("amd64_syscall", "fast_syscall_common"), True)),
    "arm64": Code(8, 4, True, "handle_el0_sync", _stacks(
        ("data_abort", "do_el1h_sync", "handle_el1h_sync"),
        ("ipi_stop", "intr_ipi_dispatch", "arm_gic_v3_intr", "intr_irq_handler",
         "handle_el1h_irq"), ("do_el0_sync", "handle_el0_sync"))),
    "riscv": Code(8, 8, False, "cpu_exception_handler_user", _stacks(
        ("page_fault_handler", "do_trap_supervisor", "cpu_exception_handler_supervisor"),
        ("ipi_handler", "riscv_cpu_intr", "do_trap_supervisor",
         "cpu_exception_handler_supervisor"), ("do_trap_user", "cpu_exception_handler_user"))),
}
_USER_FP = 0x7FFFE3F0


def stack_of(machine: str, tid: int) -> Stack | None:
    code = CODE.get(machine)
    return next((s for s in code.stacks if s.tid == tid), None) if code else None


def _calls(code: Code) -> dict[str, list[str]]:
    """Whom each function calls, in order."""
    out: dict[str, list[str]] = {}
    for part in (part for stack in code.stacks for part in stack.parts):
        for i, name in enumerate(part):
            called = out.setdefault(name, [])
            inner = part[i - 1] if i else _CALLED.get(name)
            if inner is not None and inner not in called:
                called.append(inner)
    for name in sorted(set(_CALLED.values())):
        out.setdefault(name, [])
    return out


def _offset(code: Code, part: tuple[str, ...], i: int, interrupted: bool) -> int:
    """Where part's function i is: about to return from a call or, interrupted, before it."""
    if interrupted and i == 0:
        return code.first
    inner = part[i - 1] if i else _CALLED[part[0]]
    return code.first + code.step * (_calls(code)[part[i]].index(inner) + 1)


def frames(machine: str, stack: Stack) -> Iterator[tuple[str, int, bool]]:
    """(function, offset, interrupted?) from the innermost out."""
    code = CODE[machine]
    for at, part in enumerate(stack.parts):
        for i, name in enumerate(part):
            yield name, _offset(code, part, i, at > 0), i == 0 and at > 0


def _pc(code: Code, stack: Stack, part: int, i: int) -> str:
    names = stack.parts[part]
    return f"(uintptr_t)((char *){names[i]} + {_offset(code, names, i, part > 0)})"


def _place(stack: Stack, part: int) -> str:
    """What the part lies in."""
    own = part == 0 and stack.own_stack
    return f"stop_stack_{stack.cpu}.f" if own else f"kstack_{stack.tid}.f"


def _frame(stack: Stack, part: int, i: int) -> str:
    """The frame that part's function i keeps its caller in."""
    return f"{_place(stack, part)}.call_{part}[{i}]"


def _above(code: Code, stack: Stack, part: int) -> tuple[str, str]:
    """What the outermost frame of a part leads to, and what lies above it, in C."""
    last = stack.parts[part][-1]
    if part + 1 < len(stack.parts):
        pc = _pc(code, stack, part + 1, 0)
        outer = f"FRAME_POINTER({_frame(stack, part + 1, 0)})"
        mode = "MODE_KERNEL"
    elif last == code.user_entry:
        pc, outer, mode = "0x401234", hex(_USER_FP), "MODE_USER"
    else:
        return "0", ""
    trap = f", .tf_{part} = TRAPFRAME({pc}, {outer}, {mode})"
    if not code.saves_frame:
        return outer, trap
    entry = f"{_place(stack, part)}.entry_{part}"
    return f"FRAME_POINTER({entry})", f"{trap}, .entry_{part} = {{ {outer}, {pc} }}"


def _part(code: Code, stack: Stack, part: int) -> tuple[str, str]:
    """Members and their values."""
    names = stack.parts[part]
    outer, above = _above(code, stack, part)
    rows = []
    for i in range(len(names) - 1):
        up = outer if i + 2 == len(names) else f"FRAME_POINTER({_frame(stack, part, i + 1)})"
        rows.append(f"\t\t{{ {up}, {_pc(code, stack, part, i + 1)} }},\n")
    members = f"\tstruct call call_{part}[{len(rows)}];\n"
    if above:
        members += f"\tstruct trapframe tf_{part};\n"
    if above and code.saves_frame:
        members += f"\tstruct call entry_{part};\n"
    return members, f"\t.call_{part} = {{\n{''.join(rows)}\t}}{above},\n"


def _object(name: str, parts: list[tuple[str, str]]) -> tuple[str, str]:
    members, values = ("".join(p[i] for p in parts) for i in (0, 1))
    return (f"struct frames_{name} {{\n{members}}};\n"
            f"union {name} {{ char page[PAGE_SIZE]; struct {{ char unused[PAGE_SIZE - "
            f"sizeof(struct frames_{name})]; struct frames_{name} f; }}; }};\n"
            f"extern union {name} {name};\n", f"union {name} {name} HEAP "
            f"__attribute__((aligned(PAGE_SIZE))) = {{ .f = {{\n{values}}} }};\n")


def _registers(code: Code, stack: Stack) -> str:
    return f"PCB_AT({_pc(code, stack, 0, 0)}, {_frame(stack, 0, 0)})"


def pcb(machine: str, tid: int) -> str | None:
    """What a thread saved when it was switched away."""
    stack = stack_of(machine, tid)
    if stack is None or stack.cpu is not None or tid == data.DUMPTID:
        return None
    return _registers(CODE[machine], stack)


def declarations(machine: str) -> str:
    """Functions, and the types of stacks."""
    code = CODE.get(machine)
    if code is None:
        return "void\npanic(void)\n{\n}\n"
    calls = _calls(code)
    out = [f"void {name}(void);\n" for name in calls]
    out += [f"void\n{name}(void)\n{{\n" + "".join(f"\t{inner}();\n" for inner in called) + "}\n"
            for name, called in calls.items()]
    return '#include "trap.h"\n' + "".join(out)


def definitions(machine: str) -> tuple[str, str]:
    """Declarations and objects of the stacks and of what was saved of CPUs."""
    code = CODE.get(machine)
    if code is None:
        return "", ""
    objects, stopped, dumped = [], {}, ""
    for stack in code.stacks:
        parts = [_part(code, stack, i) for i in range(len(stack.parts))]
        if stack.own_stack:
            objects.append(_object(f"stop_stack_{stack.cpu}", parts[:1]))
        objects.append(_object(f"kstack_{stack.tid}", parts[1 if stack.own_stack else 0:]))
        if stack.cpu is not None:
            stopped[stack.cpu] = _registers(code, stack)
        elif stack.tid == data.DUMPTID:
            dumped = _registers(code, stack)
    rows = ", ".join(f"[{cpu}] = {value}" for cpu, value in stopped.items())
    mask = sum(1 << cpu for cpu in stopped)
    return ("".join(o[0] for o in objects), "".join(o[1] for o in objects) +
            f"struct pcb dumppcb = {dumped};\nstruct pcb stoppcbs[MAXCPU] = {{ {rows} }};\n"
            f"volatile cpuset_t stopped_cpus = {{ {{ {mask:#x} }} }};\n")
