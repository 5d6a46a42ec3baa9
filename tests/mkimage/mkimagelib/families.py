# SPDX-License-Identifier: BSD-2-Clause
"""Importing a family registers its cases; the order here is that of mkimage --list."""
from . import (fbsd_cases, fbsd_kernel_cases, fbsd_full_cases,  # noqa: F401
               fbsd_full32_cases, fbsd_full64_cases, fbsd_full_mips_cases,
               fbsd_full_power_cases, fbsd_mini_cases, fbsd_noted_cases, fbsd_state_amd64,
               fbsd_state_mini,
               fbsd_state_full32, fbsd_state_full64, fbsd_state_power, fbsd_state_front, fbsd_device_cases, fbsd_textdump_cases, fbsd_large_cases,
               fbsd_bad_cases, linux_elf_cases, linux_kdump_cases, linux_flat_cases,
               linux_large_cases, linux_memory_cases, linux_s390x, linux_power, linux_loongarch,
               linux_riscv, linux_i386, linux_arm, linux_arm64, linux_state,
               linux_bad_cases, kallsyms_cases, btf_cases, linux_symbol_cases,
               packed_cases, seed_cases)
