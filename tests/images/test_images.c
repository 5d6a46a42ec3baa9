/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every image that tests/mkimage makes, against its expectations: whole,
 * broken on purpose, cut short, and changed.
 *
 * usage: test_images good|bad|cut|bent DIRECTORY [PREFIX...]
 */
#include "images.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "use_state.h"

static int failures, shown;	/* in all; of the image at hand */
static size_t checks;

bool
expect_true(bool ok, const char *image, const char *what, uint64_t at,
    const char *why)
{
	checks++;
	if (ok)
		return (true);
	failures++;
	if (shown++ < 5)
		printf("%s: %s at 0x%" PRIx64 ": %s\n", image, what, at, why);
	return (false);
}

uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state);
}

bool
is_split(const char *image)
{
	return (strstr(image, "linux-kdump-split") != NULL);
}

bool
may_be_lost(const char *image, const struct expect *e)
{
	return (is_split(image) || strstr(image, "-incomplete") != NULL ||
	    expect_fact(e, "truncated") != NULL);
}

#define MORE	4

/* The other files of an image, whose names are a fact: they lie beside it. */
static const char *const *
more_files(const char *image, const struct expect *e)
{
	static char text[256], path[MORE][4200];
	static const char *more[MORE + 1];
	const char *names = expect_fact(e, "more");
	char *name, *rest = text;
	size_t n = 0;

	if (names == NULL)
		return (NULL);
	snprintf(text, sizeof(text), "%s", names);
	while ((name = strsep(&rest, " ")) != NULL && n < MORE) {
		snprintf(path[n], sizeof(path[n]), "%.*s%s",
		    (int)(strrchr(image, '/') + 1 - image), image, name);
		more[n] = path[n];
		n++;
	}
	more[n] = NULL;
	return (more);
}

/*
 * The key that all encrypted images were made for lies beside them; what raw
 * memory lacks is a fact.
 */
static struct kvm_options
options_for(const char *image, const struct expect *e)
{
	static char key[4200];
	struct kvm_options o = KVM_OPTIONS_INIT;

	snprintf(key, sizeof(key), "%.*sfbsd-encrypted.pem",
	    (int)(strrchr(image, '/') + 1 - image), image);
	o.ko_key = key;
	o.ko_raw = expect_fact(e, "raw");
	o.ko_more = more_files(image, e);
	return (o);
}

static struct kvmi_src *
open_file(const char *path, struct kvmi_err *err)
{
	int fd = open(path, O_RDONLY);
	struct kvmi_src *src;

	if (fd < 0 || kvmi_file_open(fd, path, &src, err) != 0)
		abort();
	return (src);
}

struct kvmi_image *
open_container(const char *image, const struct expect *e,
    struct kvmi_err *err)
{
	const struct kvm_options o = options_for(image, e);
	struct kvmi_src *v[MORE + 1] = { open_file(image, err) }, *src = v[0];
	struct kvmi_image *img;
	size_t n = 1;

	for (; o.ko_more != NULL && o.ko_more[n - 1] != NULL; n++)
		v[n] = open_file(o.ko_more[n - 1], err);
	if (n > 1 && kvmi_image_join(v, n, &o, &src, err) != 0)
		return (NULL);
	return (kvmi_image_open(src, &o, &img, err) == 0 ? img : NULL);
}

static int
count_record(const struct kvm_logrec *rec, void *arg)
{
	unsigned int *sum = arg;

	for (size_t i = 0; i < rec->kl_len; i++)
		*sum += (unsigned char)rec->kl_text[i];
	return (1);
}

static int
count_page(struct kvm_page *page, void *arg)
{
	(void)page;
	return (++*(unsigned int *)arg < 20000);
}

void
use_memory(const char *image, kvm_t *kd)
{
	unsigned int sum = 0;
	uint64_t buf, len;
	kpaddr_t pa;

	kvm_walk_pages(kd, count_page, &sum);
	for (uint64_t va = 0; va < UINT64_C(1) << 40; va = va * 3 + 4096) {
		if (kvm_read2(kd, va, &buf, sizeof(buf)) < 0)
			expect_true(kvm_geterr(kd)[0] != '\0', image, "read",
			    va, "no reason");
		kvm_read2(kd, -va, &buf, sizeof(buf));
		kvm_read_phys(kd, va, &buf, sizeof(buf));
		kvm_read_phys(kd, -va, &buf, sizeof(buf));
		kvm_vtophys(kd, -va, &pa, &len);
	}
}

void
use_all(const char *image, kvm_t *kd)
{
	struct kvm_nlist nl[] = { { .n_name = "init_task" },
		{ .n_name = "_version" }, { 0 } };
	struct kvm_symbol sym;
	unsigned int sum = 0;
	const char *bad;
	int cnt = 0;

	if (kvm_walk_log(kd, count_record, &sum) < 0)
		expect_true(kvm_geterr(kd)[0] != '\0', image, "kvm_walk_log",
		    0, "no reason");
	if (kvm_getprocs(kd, KERN_PROC_ALL, 0, &cnt) == NULL)
		expect_true(kvm_geterr(kd)[0] != '\0', image, "kvm_getprocs",
		    0, "no reason");
	if (kvm_nlist2(kd, nl) < 0)
		expect_true(kvm_geterr(kd)[0] != '\0', image, "kvm_nlist2", 0,
		    "no reason");
	if (kvm_symbol_by_addr(kd, UINT64_C(0xffffffff81000000), &sym) < 0)
		expect_true(kvm_geterr(kd)[0] != '\0', image,
		    "kvm_symbol_by_addr", 0, "no reason");
	use_memory(image, kd);
	expect_true(kvm_getinfo(kd) != NULL, image, "info", 0, "");
	bad = use_state(kd);
	expect_true(bad == NULL, image, bad, 0, "no reason");
}

kvm_t *
open_image(const char *image, const struct expect *e, const char *path,
    char *why)
{
	struct kvm_options o = options_for(image, e);
	const char *name = expect_fact(e, "kernel");
	char kernel[4200];
	struct stat st;

	if (name != NULL)
		snprintf(kernel, sizeof(kernel), "%.*s%s",
		    (int)(strrchr(image, '/') + 1 - image), image, name);
	else
		snprintf(kernel, sizeof(kernel), "%s.elf", image);
	o.ko_execfile = stat(kernel, &st) == 0 ? kernel : NULL;
	o.ko_corefile = path;
	return (kvm_open_with(&o, why));
}

int
copy_of(const char *image, off_t *size)
{
	int in = open(image, O_RDONLY), out = memfd_create("cut", MFD_CLOEXEC);
	static uint8_t buf[1 << 20];
	off_t at = 0, end;
	struct stat st;

	if (in < 0 || out < 0 || fstat(in, &st) != 0 ||
	    ftruncate(out, st.st_size) != 0)
		abort();
	while ((at = lseek(in, at, SEEK_DATA)) >= 0) {
		end = lseek(in, at, SEEK_HOLE);
		while (at < end) {
			size_t n = end - at < (off_t)sizeof(buf) ?
			    (size_t)(end - at) : sizeof(buf);

			if (pread(in, buf, n, at) != (ssize_t)n ||
			    pwrite(out, buf, n, at) != (ssize_t)n)
				abort();
			at += (off_t)n;
		}
	}
	close(in);
	*size = st.st_size;
	return (out);
}

static void
check_good(const char *image, const struct expect *e)
{
	char why[2048] = "";
	kvm_t *kd = open_image(image, e, image, why);

	check_physical(image, e);
	/* What has no kernel to find, and a member without page tables. */
	if (expect_number(e, "rootknown", 1) == 0 || is_split(image)) {
		if (kd == NULL)
			expect_true(why[0] != '\0', image, "open", 0,
			    "no reason");
		else
			kvm_close(kd);
		return;
	}
	if (!expect_true(kd != NULL, image, "open", 0, why))
		return;
	check_kernel(image, e, kd);
	check_reads(image, e, kd);
	check_walk(image, e, kd);
	use_all(image, kd);
	expect_true(kvm_close(kd) == 0, image, "close", 0, "");
}

/* Anything but a crash, a hang, a silent failure or bytes that are wrong. */
static void
check_bad(const char *image, const struct expect *e)
{
	char why[2048] = "";
	kvm_t *kd = open_image(image, e, image, why);

	if (kd == NULL) {
		expect_true(why[0] != '\0', image, "open", 0, "no reason");
		return;
	}
	check_random(image, e, kd, 500, true);
	use_all(image, kd);
	kvm_close(kd);
}

/* Tables and kernel files are other tests' affair. */
static bool
applies(const char *name, int argc, char **argv)
{
	static const char *const other[] = { "kallsyms-", "btf-",
		"bad-kallsyms", "bad-btf", "fbsd-elf-", "bad-fbsd-elf-" };
	size_t len = strlen(name);

	if ((len > 4 && strcmp(name + len - 4, ".elf") == 0) ||
	    strcmp(name, "linux-kdump-split") == 0)
		return (false);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (strncmp(name, other[i], strlen(other[i])) == 0)
			return (false);
	for (int i = 3; i < argc; i++)
		if (strncmp(name, argv[i], strlen(argv[i])) == 0)
			return (true);
	return (argc == 3);
}

int
main(int argc, char **argv)
{
	size_t images = 0;
	struct dirent *d;
	DIR *dir;

	if (argc < 3 || (dir = opendir(argv[2])) == NULL) {
		fprintf(stderr, "usage: test_images good|bad|cut|bent DIR "
		    "[PREFIX...]\n");
		return (2);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((d = readdir(dir)) != NULL) {
		char path[4096];
		struct expect e;

		snprintf(path, sizeof(path), "%s/%s", argv[2], d->d_name);
		if (!applies(d->d_name, argc, argv) || !expect_load(&e, path))
			continue;
		if (e.bad == (strcmp(argv[1], "bad") == 0)) {
			images++;
			shown = 0;
			alarm(e.bad ? PATIENCE / 5 : PATIENCE);
			if (argv[1][0] == 'g')
				check_good(path, &e);
			else if (e.bad)
				check_bad(path, &e);
			else if (argv[1][0] == 'c')
				check_cut(path, &e);
			else
				check_bent(path, &e);
		}
		expect_unload(&e);
	}
	closedir(dir);
	printf("%zu images, %zu checks, %d failed\n", images, checks,
	    failures);
	return (failures != 0 || images == 0);
}
