/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel has code too. */
void
btext(void)
{
}

void
panic(void)
{
}
