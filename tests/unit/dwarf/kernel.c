/* SPDX-License-Identifier: BSD-2-Clause */
/* The names under which a FreeBSD kernel has its modules. */
void *linker_files __attribute__((section(".data"))) = (void *)1;
int kld_off_next __attribute__((section(".data"))) = 1;
int kld_off_filename __attribute__((section(".data"))) = 1;
int kld_off_pathname __attribute__((section(".data"))) = 1;
int kld_off_address __attribute__((section(".data"))) = 1;

void
kernel_text(void)
{
}
