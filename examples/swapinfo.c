/* SPDX-License-Identifier: BSD-2-Clause */
/* Swap devices and their total, in pages.  kvm_getswapinfo(3) */
#include <err.h>
#include <fcntl.h>
#include <kvm.h>
#include <stdio.h>
#include <unistd.h>

#define DEVICES	32

int
main(int argc, char **argv)
{
	struct kvm_swap swap[DEVICES + 1];
	const char *core = "/dev/null", *kernel = NULL;
	char errbuf[2048];
	kvm_t *kd;
	int ch, n;

	while ((ch = getopt(argc, argv, "M:N:")) != -1) {
		if (ch == 'M')
			core = optarg;
		else if (ch == 'N')
			kernel = optarg;
		else
			errx(2, "usage: swapinfo [-M core [-N kernel]]");
	}
	kd = kvm_openfiles(kernel, core, NULL, O_RDONLY, errbuf);
	if (kd == NULL)
		errx(1, "%s", errbuf);
	n = kvm_getswapinfo(kd, swap, DEVICES + 1, SWIF_DEV_PREFIX);
	if (n < 0)
		errx(1, "%s", kvm_geterr(kd));
	printf("%-31s %10s %10s\n", "DEVICE", "PAGES", "USED");
	/* Behind the devices is their total. */
	for (int i = 0; i <= n; i++)
		printf("%-31s %10u %10u\n", i < n ? swap[i].ksw_devname :
		    "total", swap[i].ksw_total, swap[i].ksw_used);
	return (kvm_close(kd));
}
