/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A real dump cut at random places: each answer is right or an error, soon,
 * and no cut makes the library allocate more than twice what the whole dump
 * takes.  A file that shrinks while it is open gives errors too.
 *
 * usage: test_truncated [-n CUTS] [-o PERCENT] DUMP...
 *
 * -o: with so much of it, it opens and has its whole log and some processes, if
 * the kernel's note is not in what was cut off: it may be anywhere in memory.
 */
#include <kvm.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../images/peak.h"

#define SLACK	(1 << 20)	/* of the allocator, not of the library */

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state);
}

static int
count_record(const struct kvm_logrec *rec, void *arg)
{
	(void)rec;
	++*(size_t *)arg;
	return (1);
}

/* What the whole dump says. */
struct truth {
	char	banner[256];
	kvaddr_t banner_va;
	int	nprocs;
	size_t	records;
	size_t	peak;
};

/* true: no wrong answer. */
static bool
use(const char *path, struct truth *truth, bool whole)
{
	char why[2048] = "", buf[sizeof(truth->banner)];
	struct kvm_nlist nl[] = { { .n_name = "linux_banner" }, { 0 } };
	kvm_t *kd = kvm_open2(NULL, path, O_RDONLY, why, NULL);
	size_t records = 0;
	ssize_t n;
	int cnt = 0;

	if (kd == NULL) {
		if (why[0] == '\0')
			printf("%s: no reason given\n", path);
		return (!whole && why[0] != '\0');
	}
	if (kvm_nlist2(kd, nl) == 0 && whole)
		truth->banner_va = nl[0].n_value;
	n = kvm_read2(kd, truth->banner_va, buf, sizeof(buf));
	if (whole && n == (ssize_t)sizeof(buf))
		memcpy(truth->banner, buf, sizeof(buf));
	if (n > 0 && memcmp(truth->banner, buf, (size_t)n) != 0) {
		printf("%s: another banner\n", path);
		return (false);
	}
	if (kvm_getprocs(kd, KERN_PROC_PROC, 0, &cnt) != NULL && whole)
		truth->nprocs = cnt;
	if (cnt > truth->nprocs) {
		printf("%s: %d processes, of %d\n", path, cnt, truth->nprocs);
		return (false);
	}
	kvm_walk_log(kd, count_record, &records);
	if (whole)
		truth->records = records;
	if (kvm_getinfo(kd) == NULL)
		return (false);
	kvm_close(kd);
	return (!whole || (truth->nprocs > 10 && records > 100 && n > 0));
}

static bool
has_note(int fd, size_t len)
{
	static const char note[] = "VMCOREINFO\0\0OSRELEASE=";
	void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	bool has;

	if (p == MAP_FAILED)
		return (false);
	has = memmem(p, len, note, sizeof(note) - 1) != NULL;
	munmap(p, len);
	return (has);
}

/* What a dump has that lacks its end, and so perhaps its page tables. */
static bool
opens(const char *path, const struct truth *truth)
{
	char why[2048] = "";
	kvm_t *kd = kvm_open2(NULL, path, O_RDONLY, why, NULL);
	size_t records = 0;
	bool ok;
	int cnt = 0;

	if (kd == NULL) {
		printf("%s: %s\n", path, why);
		return (false);
	}
	kvm_walk_log(kd, count_record, &records);
	kvm_getprocs(kd, KERN_PROC_PROC, 0, &cnt);
	ok = records == truth->records && cnt > 10;
	if (!ok)
		printf("%s: %zu records, %d processes: %s\n", path, records,
		    cnt, kvm_geterr(kd));
	kvm_close(kd);
	return (ok);
}

static int
copy_of(const char *path, char *name)
{
	int in = open(path, O_RDONLY), out = mkstemp(name);
	struct stat st;
	off_t at = 0;

	if (in < 0 || out < 0 || fstat(in, &st) != 0)
		return (-1);
	while (at < st.st_size)
		if (sendfile(out, in, &at, (size_t)(st.st_size - at)) <= 0)
			return (-1);
	close(in);
	return (out);
}

static int
descending(const void *a, const void *b)
{
	const off_t *x = a, *y = b;

	return ((*x < *y) - (*x > *y));
}

/* The file shrinks under an open descriptor that has it mapped. */
static bool
shrink(const char *path, int fd, const struct truth *truth)
{
	char why[2048] = "", buf[4096];
	kvm_t *kd = kvm_open2(NULL, path, O_RDONLY, why, NULL);
	bool ok;

	if (kd == NULL) {
		printf("%s: %s\n", path, why);
		return (false);
	}
	if (ftruncate(fd, 4096) != 0)
		return (false);
	ok = kvm_read2(kd, truth->banner_va, buf, sizeof(buf)) <= 0 &&
	    kvm_geterr(kd)[0] != '\0';
	if (!ok)
		printf("%s: read from a file that was cut: %s\n", path,
		    kvm_geterr(kd));
	kvm_close(kd);
	return (ok);
}

static bool
test(const char *path, int cuts, int percent)
{
	char name[] = "/var/tmp/kvm-truncated-XXXXXX";
	struct truth truth = { 0 };
	uint64_t rnd = 1;
	off_t part, *cut = calloc((size_t)cuts, sizeof(*cut));
	struct stat st;
	int fd = copy_of(path, name), bad = 0;

	if (fd < 0 || fstat(fd, &st) != 0 || cut == NULL) {
		printf("%s: %s\n", path, strerror(errno));
		return (false);
	}
	peak_reset();
	if (!use(name, &truth, true)) {
		printf("%s: the whole dump cannot be used\n", path);
		bad++;
	}
	truth.peak = peak_bytes();
	/* Half of the cuts in the first MiB, where the metadata is. */
	for (int i = 0; i < cuts; i++)
		cut[i] = (off_t)(next_random(&rnd) % (i % 2 == 0 ?
		    (uint64_t)st.st_size : 1u << 20));
	qsort(cut, (size_t)cuts, sizeof(*cut), descending);
	if (!shrink(name, fd, &truth))
		bad++;
	close(fd);
	unlink(name);
	strcpy(name + strlen(name) - 6, "XXXXXX");
	fd = copy_of(path, name);
	part = st.st_size / 100 * percent;
	if (percent != 0 && (ftruncate(fd, part) != 0 ||
	    (has_note(fd, (size_t)part) && !opens(name, &truth))))
		bad++;
	for (int i = 0; i < cuts && bad < 5; i++) {
		peak_reset();
		if (ftruncate(fd, cut[i]) != 0 || !use(name, &truth, false)) {
			printf("%s: cut at %lld\n", path, (long long)cut[i]);
			bad++;
		}
		if (peak_bytes() > 2 * truth.peak + SLACK) {
			printf("%s: cut at %lld: %zu bytes allocated, whole %zu"
			    "\n", path, (long long)cut[i], peak_bytes(),
			    truth.peak);
			bad++;
		}
	}
	printf("%s: %d cuts, peak %zu KiB whole\n", path, cuts,
	    truth.peak / 1024);
	free(cut);
	close(fd);
	unlink(name);
	return (bad == 0);
}

int
main(int argc, char **argv)
{
	int cuts = 1000, percent = 0, bad = 0, c;

	while ((c = getopt(argc, argv, "n:o:")) != -1) {
		if (c == 'n')
			cuts = atoi(optarg);
		else if (c == 'o')
			percent = atoi(optarg);
		else
			return (2);
	}
	if (optind >= argc)
		return (2);
	for (; optind < argc; optind++)
		bad += !test(argv[optind], cuts, percent);
	return (bad != 0);
}
