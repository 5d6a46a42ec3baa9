/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages of all kinds, in the process "pages" of the guest: what is there is
 * read, and what is not tells why.  Of dumps with "-d31" in their names user
 * pages were left out; in ELF some that lie between others are kept.
 *
 * usage: test_pages [-k VMLINUX] DUMP...
 */
#include <kvm.h>

#include <endian.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "guest/pages.h"

/* A status that means the test was skipped: the guest had no such process. */
#define SKIPPED	77

#define SLOT(kind)	((kind) * PAGES_SLOT)

static const struct {
	const char	*name;
	kvaddr_t	 off;		/* from where the pages are */
	enum kvm_errkind whole, filtered;
} rows[] = {
	{ "plain", SLOT(PAGE_PLAIN), KVM_ERR_NONE, KVM_ERR_NOTINDUMP },
	{ "PROT_NONE", SLOT(PAGE_PROT_NONE), KVM_ERR_NONE,
	    KVM_ERR_NOTINDUMP },
	{ "swapped", SLOT(PAGE_SWAPPED), KVM_ERR_SWAPPED, KVM_ERR_SWAPPED },
	{ "untouched", SLOT(PAGE_UNTOUCHED), KVM_ERR_NOTMAPPED,
	    KVM_ERR_NOTMAPPED },
	{ "outside", SLOT(PAGE_KINDS), KVM_ERR_NOTMAPPED, KVM_ERR_NOTMAPPED },
	{ "huge", HUGE_OFF, KVM_ERR_NONE, KVM_ERR_NOTINDUMP },
	{ "inside of huge", HUGE_OFF + 345 * HUGE_STEP, KVM_ERR_NONE,
	    KVM_ERR_NOTINDUMP },
};

/* The kernel's text, and where a machine of that size has the pages. */
static kvaddr_t
find_pages(kvm_t *kd, kvaddr_t *text)
{
	struct kvm_nlist nl[] = { { .n_name = "_stext" }, { 0 } };

	const struct kvm_info *info = kvm_getinfo(kd);

	kvm_nlist2(kd, nl);
	*text = nl[0].n_value;
	if (info != NULL && strcmp(info->ki_arch, "riscv64") == 0)
		return (PAGES_AT_RISCV);
	/* Its kernel's addresses may be low ones. */
	if (info != NULL && strcmp(info->ki_arch, "s390x") == 0)
		return (PAGES_AT_64);
	return (*text <= UINT32_MAX ? PAGES_AT_32 : PAGES_AT_64);
}

static bool
check_row(kvm_t *kd, const struct kinfo_proc *ki, kvaddr_t pages, size_t i,
    bool whole)
{
	kvaddr_t at = pages + rows[i].off;
	enum kvm_errkind want = whole ? rows[i].whole : rows[i].filtered;
	struct { char mark[8]; uint64_t at; } got = { { 0 }, 0 };
	ssize_t n = kvm_uread(kd, ki, at, &got, sizeof(got));

	if (want != KVM_ERR_NONE && n == -1 && kvm_errkind(kd) == want)
		return (true);
	if (rows[i].whole == KVM_ERR_NONE && n == (ssize_t)sizeof(got) &&
	    memcmp(got.mark, PAGES_MARK, 8) == 0 && le64toh(got.at) == at)
		return (true);
	printf("%s: %zd, mark \"%.7s\" of 0x%" PRIx64 ", kind %d: %s\n",
	    rows[i].name, n, got.mark, le64toh(got.at), (int)kvm_errkind(kd),
	    kvm_geterr(kd));
	return (false);
}

static bool
check_kernel(kvm_t *kd, const struct kinfo_proc *ki, kvaddr_t text)
{
	char c;

	if (kvm_uread(kd, ki, text, &c, 1) == -1 &&
	    kvm_errkind(kd) == KVM_ERR_NOTMAPPED)
		return (true);
	printf("of the kernel: kind %d: %s\n", (int)kvm_errkind(kd),
	    kvm_geterr(kd));
	return (false);
}

/* By its number alone, and not by that of another. */
static bool
check_identity(kvm_t *kd, const struct kinfo_proc *ki, kvaddr_t pages)
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
	ok &= kvm_uread(kd, &none, pages, &c, 1) == -1 &&
	    kvm_errkind(kd) == KVM_ERR_INVAL;
	if (!ok)
		printf("identity of the process: %s\n", kvm_geterr(kd));
	return (ok);
}

static int
check_dump(const char *path, const char *kernel)
{
	bool whole = strstr(path, "-d31") == NULL;
	char why[2048] = "";
	kvm_t *kd = kvm_open2(kernel, path, O_RDONLY, why, NULL);
	struct kinfo_proc *p;
	kvaddr_t pages, text;
	int n = 0, wrong = 0, i;

	if (kd == NULL || (p = kvm_getprocs(kd, KERN_PROC_PROC, 0,
	    &n)) == NULL) {
		printf("%s: %s\n", path, kd == NULL ? why : kvm_geterr(kd));
		return (1);
	}
	pages = find_pages(kd, &text);
	for (i = 0; i < n && strcmp(p[i].ki_comm, "pages") != 0; i++)
		;
	for (size_t r = 0; i < n && r < sizeof(rows) / sizeof(rows[0]); r++)
		wrong += !check_row(kd, &p[i], pages, r, whole);
	if (i < n)
		wrong += !check_kernel(kd, &p[i], text);
	if (i < n && whole)
		wrong += !check_identity(kd, &p[i], pages);
	printf("%s: %d wrong\n", path, wrong);
	kvm_close(kd);
	return (i == n ? SKIPPED : wrong != 0);
}

int
main(int argc, char **argv)
{
	bool with = argc > 2 && strcmp(argv[1], "-k") == 0;
	int at = with ? 3 : 1, bad = 0;

	if (argc <= at)
		return (2);
	for (int i = at; i < argc && bad == 0; i++)
		bad = check_dump(argv[i], with ? argv[2] : NULL);
	return (bad);
}
