# SPDX-License-Identifier: BSD-2-Clause
"""What a reader of a FreeBSD/amd64 minidump must find, told from the machine, not the file."""
from __future__ import annotations

from . import x86
from .expect import Expect
from .fbsd_kernel import Amd64Kernel
from .fbsd_minidump import Minidump
from .memory import PAGE

TOP = 1 << 64


class _Teller:
    def __init__(self, dump: Minidump, expect: Expect) -> None:
        self.dump = dump
        self.kernel: Amd64Kernel = dump.kernel
        self.present = set(dump.pfns)
        self.expect = expect

    def page(self, va: int, pa: int, prot: str) -> None:
        """One mapped 4 KiB page."""
        pfn = pa // PAGE
        if pfn not in self.present:
            self.expect.hole(va, PAGE, "notindump")
        elif self.kernel.memory.is_planted(pfn):
            self.expect.special(va, PAGE, pa, prot)
        else:
            self.expect.map(va, PAGE, pa, prot)

    def large(self, va: int, pa: int, prot: str, length: int) -> None:
        """A large page: each of its 4 KiB pages was dumped or not by itself."""
        for off in range(0, length, PAGE):
            self.page(va + off, pa + off, prot)

    def page_table(self, va: int, pde: int) -> None:
        table = (pde & x86.FRAME_4K) // PAGE
        # Version 1 carries the PTEs in its section: it needs no page-table page.
        if self.dump.version >= 2 and table not in self.present:
            self.expect.hole(va, x86.SIZE_2M, "notindump")
            return
        for i, pte in enumerate(x86.unpack(self.kernel.memory.page(table))):
            if pte & x86.P:
                self.page(va + i * PAGE, pte & x86.FRAME_4K, x86.prot(pte))
            else:
                self.expect.hole(va + i * PAGE, PAGE, "notmapped")

    def directory(self, va: int, page: bytes) -> None:
        for i, pde in enumerate(x86.unpack(page)):
            at = va + (i << 21)
            if at >= self.kernel.va_end and self.dump.version == 1:
                break
            if not pde & x86.P:
                self.expect.hole(at, x86.SIZE_2M, "notmapped")
            elif pde & x86.PS:
                prot = "rwx" if self.dump.version == 1 else x86.prot(pde)
                self.large(at, pde & x86.FRAME_2M, prot, x86.SIZE_2M)
            else:
                self.page_table(at, pde)

    def kernel_map(self) -> int:
        """Tells the kernel map; returns its end."""
        kernel = self.kernel
        for gib in range(kernel.gibs()):
            va = kernel.va_min + (gib << 30)
            if gib in kernel.pdpt:
                self.directory(va, kernel.directory_page(gib))
            elif self.dump.version >= 2:
                self.expect.hole(va, x86.SIZE_1G, "notmapped")
            else:
                self.expect.hole(va, min(kernel.va_end - va, x86.SIZE_1G), "notmapped")
        if self.dump.version >= 2:
            return kernel.va_min + (kernel.gibs() << 30)
        return kernel.va_end

    def direct_map(self) -> None:
        kernel = self.kernel
        base = kernel.dmap_base
        self.expect.hole(base - PAGE, PAGE, "notmapped")
        at = 0
        for pfn in self.dump.pfns:
            pa = pfn * PAGE
            self.expect.hole(base + at, pa - at, "notindump")
            self.page(base + pa, pa, "rw-")
            at = pa + PAGE
        self.expect.hole(base + at, kernel.dmap_end - base - at, "notindump")
        self.expect.hole(kernel.dmap_end, PAGE, "notmapped")

    def physical(self) -> None:
        """Without dump_avail a reader cannot tell a hole from a page left out."""
        ranges = self.kernel.dump_avail
        if self.dump.version < 3:
            ranges = [(0, len(self.dump.bitmap) * 8 * PAGE)]
        at = 0
        for start, end in ranges:
            first = start // PAGE * PAGE
            self.expect.phys(at, first - at, "absent")
            at = first
            for pfn in self.dump.pfns:
                if first <= pfn * PAGE < end:
                    self.expect.phys(at, pfn * PAGE - at, "excluded")
                    self.expect.phys(pfn * PAGE, PAGE, "present")
                    at = pfn * PAGE + PAGE
            last = -(-end // PAGE) * PAGE
            self.expect.phys(at, last - at, "excluded")
            at = last
        self.expect.phys(at, 1 << 20, "absent")
        for pfn in self.kernel.memory.planted():
            self.expect.line(f"planted {pfn * PAGE:x} {PAGE:x}")


def facts(dump: Minidump, expect: Expect) -> None:
    header = dump.header
    expect.fact("format", "minidump")
    expect.fact("os", "freebsd")
    expect.fact("arch", "amd64")
    for key in ("version", "kernbase", "dmapbase", "dmapend", "msgbufsize",
                "dumpavailsize", "bitmapsize", "pmapsize"):
        expect.fact(key, getattr(header, key))
    expect.fact("pages", len(dump.pfns))


def tell(dump: Minidump) -> Expect:
    """The full expectations of a good dump."""
    expect = Expect()
    facts(dump, expect)
    teller = _Teller(dump, expect)
    end = teller.kernel_map()
    if end < TOP:
        expect.hole(end, min(TOP - end, PAGE), "notmapped")
    teller.direct_map()
    teller.physical()
    _table_words(dump, expect)
    return expect


def _table_words(dump: Minidump, expect: Expect) -> None:
    """Some words of each page that is not pattern, through the direct map."""
    kernel = dump.kernel
    for pfn in dump.pfns:
        if not kernel.memory.is_planted(pfn):
            continue
        words = x86.unpack(kernel.memory.page(pfn))
        chosen = [i for i, word in enumerate(words) if word][:8] + [511]
        for i in chosen:
            expect.word(kernel.dmap_base + pfn * PAGE + i * 8, 8, words[i])
