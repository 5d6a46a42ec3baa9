/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel's own variable, by name.  kvm_nlist(3), kvm_read(3) */
#include <err.h>
#include <fcntl.h>
#include <kvm.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
	struct kvm_nlist nl[] = { { .n_name = NULL }, { .n_name = NULL } };
	unsigned char bytes[64];
	char errbuf[2048];
	ssize_t n;
	kvm_t *kd;

	if (argc < 2 || argc > 4)
		errx(2, "usage: look NAME [core [kernel]]");
	kd = kvm_open2(argc > 3 ? argv[3] : NULL, argc > 2 ? argv[2] : NULL,
	    O_RDONLY, errbuf, NULL);
	if (kd == NULL)
		errx(1, "%s", errbuf);
	nl[0].n_name = argv[1];
	switch (kvm_nlist2(kd, nl)) {
	case 0:
		break;
	case -1:
		errx(1, "%s", kvm_geterr(kd));
	default:
		errx(1, "%s: no such symbol", argv[1]);
	}
	/* As much as there is, should the variable end before a hole. */
	n = kvm_read_partial(kd, nl[0].n_value, bytes, sizeof(bytes));
	if (n <= 0)
		errx(1, "%s", kvm_geterr(kd));
	for (ssize_t i = 0; i < n; i++)
		printf("%02x%c", bytes[i], i % 16 == 15 ? '\n' : ' ');
	return (kvm_close(kd));
}
