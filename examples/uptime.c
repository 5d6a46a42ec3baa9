/* SPDX-License-Identifier: BSD-2-Clause */
/* How long it is or was up, and its load.  kvm_getinfo(3), kvm_getloadavg(3) */
#include <err.h>
#include <fcntl.h>
#include <kvm.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	const char *core = "/dev/null", *kernel = NULL;
	const struct kvm_info *info;
	double load[3];
	char errbuf[2048];
	long long end;
	kvm_t *kd;
	int ch, n;

	while ((ch = getopt(argc, argv, "M:N:")) != -1) {
		if (ch == 'M')
			core = optarg;
		else if (ch == 'N')
			kernel = optarg;
		else
			errx(2, "usage: uptime [-M core [-N kernel]]");
	}
	kd = kvm_openfiles(kernel, core, NULL, O_RDONLY, errbuf);
	if (kd == NULL)
		errx(1, "%s", errbuf);
	info = kvm_getinfo(kd);
	if (info == NULL)
		errx(1, "%s", kvm_geterr(kd));
	printf("%s %s on %s", info->ki_os, info->ki_release,
	    info->ki_hostname);
	/* A dump may not say when it was made, or when its kernel began. */
	end = info->ki_live ? (long long)time(NULL) : info->ki_crashtime;
	if (end != 0 && info->ki_boottime != 0) {
		end -= info->ki_boottime;
		printf(", up %lldd %02lld:%02lld:%02lld", end / 86400,
		    end / 3600 % 24, end / 60 % 60, end % 60);
	}
	n = kvm_getloadavg(kd, load, 3);
	for (int i = 0; i < n; i++)
		printf("%s%.2f", i == 0 ? ", load averages: " : " ", load[i]);
	putchar('\n');
	if (n < 0)
		warnx("%s", kvm_geterr(kd));
	return (kvm_close(kd));
}
