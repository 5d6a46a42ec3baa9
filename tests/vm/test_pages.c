/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages of all kinds, in the process "pages" of the guest: what is there is
 * read, and what is not tells why.  Of dumps with "-d31" in their names user
 * pages were left out; in ELF some that lie between others are kept.
 *
 * usage: test_pages DUMP...
 */
#include <kvm.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "guest/pages.h"

/* A status that means the test was skipped: the guest had no such process. */
#define SKIPPED	77

static const struct {
	const char	*name;
	kvaddr_t	 at;
	enum kvm_errkind whole, filtered;
} rows[] = {
	{ "plain", PAGES_AT + PAGE_PLAIN * PAGES_SIZE, KVM_ERR_NONE,
	    KVM_ERR_NOTINDUMP },
	{ "PROT_NONE", PAGES_AT + PAGE_PROT_NONE * PAGES_SIZE, KVM_ERR_NONE,
	    KVM_ERR_NOTINDUMP },
	{ "swapped", PAGES_AT + PAGE_SWAPPED * PAGES_SIZE, KVM_ERR_SWAPPED,
	    KVM_ERR_SWAPPED },
	{ "untouched", PAGES_AT + PAGE_UNTOUCHED * PAGES_SIZE,
	    KVM_ERR_NOTMAPPED, KVM_ERR_NOTMAPPED },
	{ "outside", PAGES_AT + PAGE_KINDS * PAGES_SIZE, KVM_ERR_NOTMAPPED,
	    KVM_ERR_NOTMAPPED },
	{ "huge", HUGE_AT, KVM_ERR_NONE, KVM_ERR_NOTINDUMP },
	{ "inside of huge", HUGE_AT + 345 * PAGES_SIZE, KVM_ERR_NONE,
	    KVM_ERR_NOTINDUMP },
	{ "of the kernel", 0xffffffff81000000, KVM_ERR_NOTMAPPED,
	    KVM_ERR_NOTMAPPED },
};

static bool
check_row(kvm_t *kd, const struct kinfo_proc *ki, size_t i, bool whole)
{
	enum kvm_errkind want = whole ? rows[i].whole : rows[i].filtered;
	struct { char mark[8]; uint64_t at; } got = { { 0 }, 0 };
	ssize_t n = kvm_uread(kd, ki, rows[i].at, &got, sizeof(got));

	if (want != KVM_ERR_NONE && n == -1 && kvm_errkind(kd) == want)
		return (true);
	if (rows[i].whole == KVM_ERR_NONE && n == (ssize_t)sizeof(got) &&
	    memcmp(got.mark, PAGES_MARK, 8) == 0 && got.at == rows[i].at)
		return (true);
	printf("%s: %zd, mark \"%.7s\" of 0x%" PRIx64 ", kind %d: %s\n",
	    rows[i].name, n, got.mark, got.at, (int)kvm_errkind(kd),
	    kvm_geterr(kd));
	return (false);
}

/* By its number alone, and not by that of another. */
static bool
check_identity(kvm_t *kd, const struct kinfo_proc *ki)
{
	struct kinfo_proc bare = { .ki_pid = ki->ki_pid }, other = *ki,
	    none = { .ki_pid = INT32_MAX };
	char **v, c;
	bool ok;

	v = kvm_getargv(kd, &bare, 0);
	ok = v != NULL && v[0] != NULL && strcmp(v[0], "/cast/pages") == 0;
	other.ki_pid++;
	ok &= kvm_getargv(kd, &other, 0) == NULL &&
	    kvm_errkind(kd) == KVM_ERR_INVAL;
	ok &= kvm_uread(kd, &none, PAGES_AT, &c, 1) == -1 &&
	    kvm_errkind(kd) == KVM_ERR_INVAL;
	if (!ok)
		printf("identity of the process: %s\n", kvm_geterr(kd));
	return (ok);
}

static int
check_dump(const char *path)
{
	bool whole = strstr(path, "-d31") == NULL;
	char why[2048] = "";
	kvm_t *kd = kvm_open2(NULL, path, O_RDONLY, why, NULL);
	struct kinfo_proc *p;
	int n = 0, wrong = 0, i;

	if (kd == NULL || (p = kvm_getprocs(kd, KERN_PROC_PROC, 0,
	    &n)) == NULL) {
		printf("%s: %s\n", path, kd == NULL ? why : kvm_geterr(kd));
		return (1);
	}
	for (i = 0; i < n && strcmp(p[i].ki_comm, "pages") != 0; i++)
		;
	for (size_t r = 0; i < n && r < sizeof(rows) / sizeof(rows[0]); r++)
		wrong += !check_row(kd, &p[i], r, whole);
	if (i < n && whole)
		wrong += !check_identity(kd, &p[i]);
	printf("%s: %d wrong\n", path, wrong);
	kvm_close(kd);
	return (i == n ? SKIPPED : wrong != 0);
}

int
main(int argc, char **argv)
{
	int bad = 0;

	if (argc < 2)
		return (2);
	for (int i = 1; i < argc && bad == 0; i++)
		bad = check_dump(argv[i]);
	return (bad);
}
