/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a kernel begins. */
void
btext(void)
{
}
