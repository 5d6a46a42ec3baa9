# SPDX-License-Identifier: BSD-2-Clause
"""Writers of kernel-dump images, one module per format and one per family of cases."""
