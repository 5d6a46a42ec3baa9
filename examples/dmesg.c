/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's log: of this host, or of a dump.  kvm_walk_log(3) */
#include <err.h>
#include <fcntl.h>
#include <kvm.h>
#include <stdio.h>
#include <unistd.h>

static int
print_record(const struct kvm_logrec *rec, void *closure)
{
	(void)closure;
	if (rec->kl_nsec != 0)
		printf("[%5llu.%06llu] ",
		    (unsigned long long)rec->kl_nsec / 1000000000,
		    (unsigned long long)rec->kl_nsec / 1000 % 1000000);
	/* A line of the log may hold any byte: a terminal must not see it. */
	for (size_t i = 0; i < rec->kl_len; i++)
		putchar(rec->kl_text[i] >= ' ' && rec->kl_text[i] < 0x7f ?
		    rec->kl_text[i] : '?');
	putchar('\n');
	return (1);
}

int
main(int argc, char **argv)
{
	const char *core = NULL, *kernel = NULL, *why;
	char errbuf[2048];
	kvm_t *kd;
	int ch;

	while ((ch = getopt(argc, argv, "M:N:")) != -1) {
		if (ch == 'M')
			core = optarg;
		else if (ch == 'N')
			kernel = optarg;
		else
			errx(2, "usage: dmesg [-M core [-N kernel]]");
	}
	kd = kvm_openfiles(kernel, core, NULL, O_RDONLY, errbuf);
	if (kd == NULL)
		errx(1, "%s", errbuf);
	if (kvm_walk_log(kd, print_record, NULL) < 0)
		errx(1, "%s", kvm_geterr(kd));
	if (kvm_damage(kd, &why) != 0)
		warnx("not all of it: %s", why);
	return (kvm_close(kd));
}
