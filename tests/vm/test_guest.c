/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What kvmguest read of its running kernel, through /proc/kcore, must be in
 * the dump of the same machine.
 *
 * usage: test_guest KVMGUEST.OUT DUMP...
 */
#include <kvm.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fnv.h"

#define MAX_LEN	65536

struct tally {
	int	reads, syms, checks, procs, wrong;
};

static void
check_line(kvm_t *kd, const char *line, struct tally *t)
{
	static char buf[MAX_LEN];
	char name[256], verdict[256];
	struct kvm_symbol s;
	uint64_t va, hash;
	int64_t disp;
	size_t len;

	if (sscanf(line, "read %" SCNx64 " %zu %" SCNx64, &va, &len,
	    &hash) == 3 && len <= MAX_LEN) {
		t->reads++;
		if (kvm_read2(kd, va, buf, len) == (ssize_t)len &&
		    fnv1a(buf, len) == hash)
			return;
	} else if (sscanf(line, "sym %255s %" SCNx64, name, &va) == 2) {
		t->syms++;
		if (kvm_symbol_by_name(kd, name + (name[0] == '_'), &s) == 0 &&
		    s.ks_value == va)
			return;
	} else if (sscanf(line, "kerndisp %" SCNd64, &disp) == 1) {
		if (kvm_kerndisp(kd) == disp)
			return;
	} else if (strncmp(line, "check ", 6) == 0) {
		t->checks++;
		if (sscanf(strrchr(line, ' ') + 1, "%255s", verdict) == 1 &&
		    strcmp(verdict, "ok") == 0)
			return;
	} else if (strncmp(line, "proc ", 5) == 0) {
		t->procs++;
		return;
	}
	if (t->wrong++ < 10)
		printf("not as the guest saw it: %s", line);
}

static int
check_dump(const char *out, const char *dump)
{
	char why[2048] = "", line[1024];
	kvm_t *kd = kvm_open2(NULL, dump, O_RDONLY, why, NULL);
	FILE *f = fopen(out, "r");
	struct tally t = { 0 };

	if (kd == NULL || f == NULL) {
		printf("%s: %s\n", f == NULL ? out : dump, why);
		return (1);
	}
	while (fgets(line, sizeof(line), f) != NULL)
		check_line(kd, line, &t);
	printf("%s: %d reads, %d symbols, %d checks, %d wrong\n", dump,
	    t.reads, t.syms, t.checks, t.wrong);
	fclose(f);
	kvm_close(kd);
	return (t.wrong != 0 || t.reads < 4000 || t.syms < 2 ||
	    t.checks < 8 || t.procs < 10);
}

int
main(int argc, char **argv)
{
	int bad = 0;

	if (argc < 3)
		return (2);
	for (int i = 2; i < argc; i++)
		bad |= check_dump(argv[1], argv[i]);
	return (bad);
}
