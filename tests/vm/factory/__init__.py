# SPDX-License-Identifier: BSD-2-Clause
"""Makes crash dumps of real Debian kernels running in QEMU."""
