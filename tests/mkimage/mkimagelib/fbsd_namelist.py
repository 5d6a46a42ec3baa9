# SPDX-License-Identifier: BSD-2-Clause
"""A FreeBSD/amd64 kernel file, and the same kernel laid into a machine's memory.

Layout of the file: sys/conf/ldscript.amd64 (headers, note and dynamic symbols
in the first page, then read-only data, text and data, each in a segment of its
own; kernbase an absolute symbol; linker sets between __start_ and __stop_
symbols).  Structures read by debuggers: sys/sys/msgbuf.h, sys/sys/pcpu.h,
sys/kern/kern_proc.c and sys/kern/kern_thread.c (the proc_off_* and thread_off_*
constants that give members' offsets without type information), 12.2 and 13.x.
"""
from __future__ import annotations

import struct
from dataclasses import dataclass, field

from . import elf, x86
from .fbsd_kernel import Amd64Kernel
from .memory import PAGE, Memory

KERNBASE = 0xFFFFFFFF80000000
NBPDR = 1 << 21
KERNSTART = KERNBASE + NBPDR
DATA_START = KERNSTART + NBPDR
TEXT_START = KERNSTART + 0x4000
TEXT_SIZE = 2 * PAGE

BUILD_ID = bytes(range(0xA0, 0xB4))
OTHER_BUILD_ID = bytes(range(0x10, 0x24))


@dataclass(frozen=True)
class Release:
    """What differs between the kernels made here.

    relocatable: the loader chooses the physical address (13.1 and later);
    pc_cp_time, pc_dynamic: offsets in struct pcpu.
    """

    name: str
    osreldate: int
    relocatable: bool
    pc_cp_time: int
    pc_dynamic: int

    def version(self) -> str:
        return (f"FreeBSD {self.name} mkimage-n000000-0123456789ab GENERIC\n"
                "    root@mkimage.example:/usr/obj/usr/src/amd64.amd64/sys/GENERIC\n")


RELEASE_12 = Release("12.2-RELEASE", 1202000, False, 72, 152)
RELEASE_13 = Release("13.1-RELEASE", 1301000, True, 80, 160)
RELEASE_15 = Release("15.0-STABLE", 1501502, True, 80, 160)

MSG_MAGIC = 0x063062
MSGBUF_SIZE = 72        # struct msgbuf: 40 bytes of fields, a 32-byte mutex

# Offsets of this kernel's own structures: only the constants tell them.
PROC = {"p_list": 0, "p_threads": 0x10, "p_pid": 0xC4, "p_hash": 0x1A0, "p_comm": 0x3B4}
THREAD = {"td_plist": 0x10, "td_tid": 0x9C, "td_oncpu": 0x250, "td_name": 0x2A4,
          "td_pcb": 0x460}
PCB_SIZE = 0x140
PCPU_SIZE = 0x400       # distance of two elements of __pcpu
NCPU = 2

PROCESSES = [(0, "kernel", [100000, 100001]), (1, "init", [100002]),
             (742, "a name of 19 bytes!", [100100, 100101, 100102]), (99999, "sh", [100777])]


@dataclass
class _Place:
    """One section being filled."""

    name: str
    addr: int
    data: bytearray = field(default_factory=bytearray)

    def end(self) -> int:
        return self.addr + len(self.data)


class KernelFile:
    """Variables and sections; memory and file are both made from it."""

    def __init__(self, release: Release = RELEASE_13, five_level: bool = False) -> None:
        self.rodata = _Place(".rodata", KERNSTART + 0x2000)
        self.data = _Place(".data", DATA_START)
        self.set_pcpu = _Place("set_pcpu", DATA_START + 0x1000)
        self.set_vnet = _Place("set_vnet", DATA_START + 0x1200)
        self.bss = _Place(".bss", DATA_START + 0x2000)
        self.symbols: list[elf.Symbol] = []
        self.addr: dict[str, int] = {}
        self.release = release
        self.five_level = five_level
        self._fixed_symbols()
        self._variables()

    # -- making symbols --

    def _symbol(self, name: str, value: int, size: int = 0, section: str = "",
                stype: int = elf.STT_OBJECT, bind: int = elf.STB_GLOBAL) -> None:
        self.symbols.append(elf.Symbol(name, value, size, section, stype, bind))
        self.addr.setdefault(name, value)

    def _place(self, place: _Place, name: str, data: bytes, bind: int = elf.STB_GLOBAL) -> None:
        place.data += bytes(-len(place.data) % 8)
        self._symbol(name, place.end(), len(data), place.name, bind=bind)
        place.data += data

    def _int(self, name: str, value: int, place: _Place | None = None) -> None:
        self._place(place or self.data, name, struct.pack("<i", value))

    def _fixed_symbols(self) -> None:
        self._symbol("kernbase", KERNBASE, stype=elf.STT_NOTYPE)
        # 13.0: kernload; 12.x: kernphys, both absolute.  From 13.1 on kernphys
        # is a variable that the boot code sets, and kernload is absolute.
        if self.release.relocatable:
            self._symbol("kernload", NBPDR, stype=elf.STT_NOTYPE)
        else:
            self._symbol("kernphys", NBPDR, stype=elf.STT_NOTYPE)
        functions = [("btext", 0x0, 0), ("panic", 0x100, 0x80), ("vpanic", 0x180, 0x140),
                     ("minidumpsys", 0x800, 0x600)]
        for name, off, size in functions:
            self._symbol(name, TEXT_START + off, size, ".text", elf.STT_FUNC)
        self._symbol("helper", TEXT_START + 0x400, 0x40, ".text", elf.STT_FUNC, elf.STB_LOCAL)
        self._symbol("etext", TEXT_START + TEXT_SIZE, 0, ".text", elf.STT_NOTYPE)

    def _variables(self) -> None:
        for prefix, members in (("proc_off", PROC), ("thread_off", THREAD)):
            for member, offset in members.items():
                self._int(f"{prefix}_{member}", offset, self.rodata)
        self._int("pcb_size", PCB_SIZE, self.rodata)
        self._place(self.rodata, "vm_maxuser_address", struct.pack("<Q", 0x0000800000000000))
        self._place(self.data, "version", self.release.version().encode().ljust(256, b"\0"))
        for name, text in (("osrelease", self.release.name), ("ostype", "FreeBSD"),
                           ("kern_ident", "GENERIC")):
            self._place(self.data, name, text.encode().ljust(32, b"\0"))
        for name, value in (("osreldate", self.release.osreldate), ("hz", 1000), ("mp_ncpus", NCPU),
                            ("mp_maxcpus", 4), ("mp_maxid", NCPU - 1)):
            self._int(name, value)
        self._linker_sets()
        for name, size in (("KPML4phys", 8), ("msgbufp", 8), ("allproc", 8), ("panicstr", 8),
                           ("dumptid", 4), ("nprocs", 4), ("ticks", 4), ("time_second", 8),
                           ("time_uptime", 8), ("averunnable", 24), ("cpuid_to_pcpu", 32),
                           ("dpcpu_off", 32), ("vnet0", 8), ("vnet_head", 8)):
            self._place(self.bss, name, bytes(size))
        if self.release.relocatable:
            self._place(self.bss, "kernphys", bytes(8))
        if self.five_level:
            self._place(self.bss, "KPML5phys", bytes(8))
            self._int("la57", 1)
        self._place(self.bss, "dumppcb", bytes(PCB_SIZE), elf.STB_LOCAL)
        self._symbol("_end", self.bss.end(), 0, ".bss", elf.STT_NOTYPE)

    def _linker_sets(self) -> None:
        """Templates of per-CPU and per-vnet variables: copies are what counts."""
        self._place(self.set_pcpu, "pcpu_entry_runq", b"template" * 4)
        self._place(self.set_pcpu, "pcpu_entry_counter", struct.pack("<Q", 7))
        self._place(self.set_vnet, "vnet_entry_ifindex", struct.pack("<Q", 5))
        for place in (self.set_pcpu, self.set_vnet):
            self._symbol(f"__start_{place.name}", place.addr, 0, place.name, elf.STT_NOTYPE)
            self._symbol(f"__stop_{place.name}", place.end(), 0, place.name, elf.STT_NOTYPE)

    # -- the file --

    def text(self, kernel_pa: int) -> bytes:
        """The text is what memory has there: a read can be checked against both."""
        return Memory().read(kernel_pa + TEXT_START - KERNSTART, TEXT_SIZE)

    def build(self, kernel_pa: int, build_id: bytes = BUILD_ID, order: str = "<",
              machine: int = elf.EM_X86_64) -> elf.ElfFile:
        """The file without .symtab; see with_symtab()."""
        out = elf.ElfFile(machine, osabi=elf.ELFOSABI_FREEBSD, order=order,
                          entry=TEXT_START)
        alloc = elf.SHF_ALLOC
        write = alloc | elf.SHF_WRITE
        out.sections = [
            elf.Section(".note.gnu.build-id", elf.SHT_NOTE,
                        elf.note(b"GNU\0", 3, build_id, order), alloc, KERNSTART + 0x200,
                        align=4),
            elf.Section(".text", elf.SHT_PROGBITS, self.text(kernel_pa),
                        alloc | elf.SHF_EXECINSTR, TEXT_START, align=16)]
        for place in (self.rodata, self.data, self.set_pcpu, self.set_vnet):
            flags = alloc if place is self.rodata else write
            out.sections.append(elf.Section(place.name, elf.SHT_PROGBITS, bytes(place.data),
                                            flags, place.addr, align=8))
        out.sections.append(elf.Section(".bss", elf.SHT_NOBITS, b"", write, self.bss.addr,
                                        len(self.bss.data), align=8))
        dynamic = [s for s in self.symbols if s.bind == elf.STB_GLOBAL]
        out.add_symbols(".dynsym", ".dynstr", elf.SHT_DYNSYM, dynamic, alloc,
                        KERNSTART + 0x240)
        out.sections.sort(key=lambda s: s.addr)
        out.loads = [(elf.PF_R, [".note.gnu.build-id", ".dynsym", ".dynstr", ".rodata"]),
                     (elf.PF_R | elf.PF_X, [".text"]),
                     (elf.PF_R | elf.PF_W, [".data", "set_pcpu", "set_vnet", ".bss"])]
        out.notes = [".note.gnu.build-id"]
        return out


def with_symtab(out: elf.ElfFile, kernel_file: KernelFile) -> elf.ElfFile:
    out.add_symbols(".symtab", ".strtab", elf.SHT_SYMTAB, kernel_file.symbols)
    return out


class LoadedKernel:
    """The kernel in memory: sections planted, variables set, lists built."""

    def __init__(self, kernel: Amd64Kernel, kernel_file: KernelFile, kernel_pa: int,
                 heap_pa: int) -> None:
        self.kernel = kernel
        self.file = kernel_file
        self.kernel_pa = kernel_pa
        self._heap_pa = heap_pa
        self.lines: list[str] = []
        self._plant_file()

    def pa_of(self, va: int) -> int:
        return va - KERNSTART + self.kernel_pa

    def _plant_file(self) -> None:
        built = with_symtab(self.file.build(self.kernel_pa), self.file)
        image = built.build()
        rodata = built.section(".rodata")
        # the segment of headers, note, dynamic symbols and read-only data
        self.kernel.memory.write(self.kernel_pa, image[:rodata.offset + len(rodata.data)])
        for name in (".data", "set_pcpu", "set_vnet"):
            section = built.section(name)
            self.kernel.memory.write(self.pa_of(section.addr), section.data)
        self.kernel.memory.write(self.pa_of(self.file.bss.addr), bytes(len(self.file.bss.data)))

    def set(self, name: str, data: bytes) -> None:
        self.kernel.memory.write(self.pa_of(self.file.addr[name]), data)

    def set_u64(self, name: str, *values: int) -> None:
        self.set(name, struct.pack(f"<{len(values)}Q", *values))

    def heap(self, data: bytes) -> int:
        """Put an object where uma_small_alloc() would, and return its address.

        Such pages are reached through the direct map and registered with
        dump_add_page() (sys/amd64/amd64/uma_machdep.c).
        """
        pa = self._heap_pa
        self._heap_pa += -(-len(data) // 64) * 64
        self.kernel.memory.write(pa, data)
        for pfn in range(pa // PAGE, (self._heap_pa - 1) // PAGE + 1):
            self.kernel.registered.add(pfn)
        return self.kernel.dmap_base + pa

    def poke(self, va: int, data: bytes) -> None:
        """Change something on the heap."""
        self.kernel.memory.write(va - self.kernel.dmap_base, data)

    def add_all(self) -> None:
        self._add_globals()
        self._add_processes()
        self._add_percpu()
        self._add_vnet()

    def _add_globals(self) -> None:
        if self.file.release.relocatable:
            self.set_u64("kernphys", self.kernel_pa)
        self.set_u64("panicstr", self.heap(b"mkimage: a panic with a message\0"))
        self.set_u64("time_second", 1656000000)
        self.set_u64("time_uptime", 86400)
        self.set("ticks", struct.pack("<i", 0x7FFF0000))
        self.set("averunnable", struct.pack("<3I4xq", 2048, 1024, 512, 2048))
        for name in ("version", "osrelease", "averunnable", "panicstr"):
            self.lines.append(f"sym {name} {self.file.addr[name]:x}")

    def add_msgbuf(self, content: bytes, pa: int, wseq: int, rseq: int) -> None:
        """The buffer lies in the direct map, its structure at its end (msgbufinit());
        vm_page_startup() (sys/vm/vm_page.c) registers its pages for the dump."""
        kernel = self.kernel
        kernel.msgbuf = content
        base = kernel.dmap_base + pa
        size = len(content)
        flags = 2 if wseq >= size else 0                # MSGBUF_WRAP
        head = struct.pack("<QIIIIIIiI", base, MSG_MAGIC, size, wseq, rseq,
                           sum(content) & 0xFFFFFFFF, 16 * size, -1, flags)
        kernel.memory.write(pa, content + head.ljust(MSGBUF_SIZE, b"\0"))
        for pfn in range(pa // PAGE, (pa + size + MSGBUF_SIZE - 1) // PAGE + 1):
            kernel.registered.add(pfn)
        self.set_u64("msgbufp", base + size)

    def _thread(self, pid: int, tid: int, oncpu: int) -> int:
        thread = bytearray(0x480)
        name = f"t{tid}"
        pcb = self.heap(struct.pack("<8Q", *(0x1000000 * pid + tid + r for r in range(8)))
                        .ljust(PCB_SIZE, b"\0"))
        struct.pack_into("<i", thread, THREAD["td_tid"], tid)
        struct.pack_into("<i", thread, THREAD["td_oncpu"], oncpu)
        struct.pack_into("<20s", thread, THREAD["td_name"], name.encode())
        struct.pack_into("<Q", thread, THREAD["td_pcb"], pcb)
        va = self.heap(bytes(thread))
        self.lines.append(f"thread {pid} {tid} {oncpu} {va:x} {pcb:x} {name}")
        return va

    def _link(self, nodes: list[int], offset: int) -> None:
        """Chain the nodes; the last one's link is 0."""
        for node, following in zip(nodes, [*nodes[1:], 0]):
            self.poke(node + offset, struct.pack("<Q", following))

    def _process(self, pid: int, comm: str, tids: list[int]) -> int:
        proc = bytearray(0x440)
        threads = [self._thread(pid, tid, i if pid == 742 and i < NCPU else -1)
                   for i, tid in enumerate(tids)]
        self._link(threads, THREAD["td_plist"])
        struct.pack_into("<Q", proc, PROC["p_threads"], threads[0])
        struct.pack_into("<i", proc, PROC["p_pid"], pid)
        struct.pack_into("<20s", proc, PROC["p_comm"], comm.encode())
        va = self.heap(bytes(proc))
        self.lines.append(f"proc {pid} {va:x} {comm}")
        return va

    def _add_processes(self) -> None:
        procs = [self._process(*entry) for entry in reversed(PROCESSES)]
        self._link(procs, PROC["p_list"])
        self.set_u64("allproc", procs[0])
        self.set("nprocs", struct.pack("<i", len(procs)))
        self.set("dumptid", struct.pack("<i", 100101))
        self.set("dumppcb", struct.pack("<8Q", *(0xD000 + r for r in range(8))))

    def _add_percpu(self) -> None:
        """struct pcpu: pc_cpuid is at 60 in 13.x and at 52 before; see Release for others."""
        release = self.file.release
        size = len(self.file.set_pcpu.data)
        offsets = []
        for cpu in range(NCPU):
            copy = bytearray(self.file.set_pcpu.data)
            struct.pack_into("<Q", copy, size - 8, 1000 + cpu)
            area = self.heap(bytes(copy))
            offsets.append(area - self.file.set_pcpu.addr & (1 << 64) - 1)
            self.lines.append(f"dpcpu counter {cpu} {area + size - 8:x}")
        both = bytearray(NCPU * PCPU_SIZE)
        for cpu in range(NCPU):
            at = cpu * PCPU_SIZE
            struct.pack_into("<I", both, at + release.pc_cp_time - 20, cpu)
            times = [cpu * 100 + state for state in range(5)]
            struct.pack_into("<5q", both, at + release.pc_cp_time, *times)
            struct.pack_into("<Q", both, at + release.pc_dynamic, offsets[cpu])
            self.lines.append(f"cptime {cpu} " + " ".join(map(str, times)))
        base = self.heap(bytes(both))
        self.set_u64("cpuid_to_pcpu", *(base + cpu * PCPU_SIZE for cpu in range(NCPU)))
        self.set_u64("dpcpu_off", *offsets)

    def _add_vnet(self) -> None:
        """struct vnet: magic at 16, data memory at 32, data base at 40 (sys/net/vnet.h)."""
        template = self.file.set_vnet
        copy = self.heap(struct.pack("<Q", 55))
        base = copy - template.addr & (1 << 64) - 1
        vnet = self.heap(struct.pack("<QQIIIIQQ", 0, 0, 0x5E4A6F28, 1, 0, 0, copy, base)
                         .ljust(64, b"\0"))
        self.set_u64("vnet0", vnet)
        self.set_u64("vnet_head", vnet)
        self.lines.append(f"vnet ifindex {copy:x}")


def map_kernel(kernel: Amd64Kernel, kernel_pa: int, low_2m: bool) -> None:
    """Text and data in a 2 MiB page each; before 13.1 the low 2 MiB are mapped too."""
    if low_2m:
        kernel.map_2m(KERNBASE, 0, "rw-", x86.GLOBAL)
    kernel.map_2m(KERNSTART, kernel_pa, "r-x", x86.GLOBAL)
    kernel.map_2m(DATA_START, kernel_pa + NBPDR, "rw-", x86.GLOBAL)
