/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated images in every format that kvm_convert() writes: each byte of
 * physical memory, and each reason for its absence, as in the original.
 */
#include <kvm.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/math.h"
#include "image/image.h"

static char dir[] = "/tmp/kvm-convert-XXXXXX";
static char path[64];

static const char *const images[] = { "linux-elf-4level", "linux-elf-filtered",
	"linux-kdump-filtered", "linux-kdump-incomplete", "linux-elf-qemu-nonote",
	"linux-mem-lime", "fbsd-v3", "fbsd-arm64-16k" };

static const struct how {
	const char *name;
	int	 format;
	const char *codec;
	int	 flags;
} hows[] = {
	{ "kdump zstd", KVM_FORMAT_KDUMP, NULL, 0 },
	{ "kdump zlib", KVM_FORMAT_KDUMP, "zlib", 0 },
	{ "kdump lzo", KVM_FORMAT_KDUMP, "lzo", 0 },
	{ "kdump snappy", KVM_FORMAT_KDUMP, "snappy", 0 },
	{ "kdump plain", KVM_FORMAT_KDUMP, "none", 0 },
	{ "kdump flattened", KVM_FORMAT_KDUMP, "zlib", KVM_CONVERT_FLATTENED },
	{ "ELF", KVM_FORMAT_ELF, NULL, 0 },
	{ "ELF flattened", KVM_FORMAT_ELF, NULL, KVM_CONVERT_FLATTENED },
};

static const char *
image_path(const char *name)
{
	static char buf[4096];

	snprintf(buf, sizeof(buf), "%s/%s", getenv("KVM_IMAGES"), name);
	return (buf);
}

static kvm_t *
open_image(const char *name)
{
	char why[2048] = "";
	kvm_t *kd = kvm_open2(NULL, image_path(name), O_RDONLY, why, NULL);

	if (kd == NULL)
		print_message("%s: %s\n", name, why);
	assert_non_null(kd);
	return (kd);
}

static struct kvmi_image *
open_container(const char *file)
{
	struct kvmi_err err = { 0 };
	struct kvmi_image *img;
	struct kvmi_src *src;
	int fd = open(file, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(kvmi_file_open(fd, file, &src, &err), 0);
	if (kvmi_image_open(src, NULL, &img, &err) != 0) {
		print_message("%s: %s\n", file, err.text);
		return (NULL);
	}
	return (img);
}

/* A page: its bytes, or why there are none. */
static void
same_page(const char *image, const struct how *how, struct kvmi_image *a,
    struct kvmi_image *b, uint64_t pa)
{
	struct kvmi_err err = { 0 };
	uint8_t x[4096], y[4096];
	size_t nx, ny;
	int r = kvmi_image_read(a, pa, x, sizeof(x), &nx, &err);
	int s = kvmi_image_read(b, pa, y, sizeof(y), &ny, &err);

	/* Memory that ends inside a page is filled up with zeros. */
	if (nx > 0 && nx < sizeof(x) && s == 0 && r == KVMI_ENOTINDUMP) {
		for (size_t i = nx; i < sizeof(y); i++)
			assert_int_equal(y[i], 0);
		assert_memory_equal(x, y, nx);
		return;
	}
	/* ELF files have no word for what was lost: they say it of them all. */
	if (r == KVMI_ETRUNC && how->format == KVM_FORMAT_ELF) {
		assert_true(b->incomplete);
		return;
	}
	if (r != s || nx != ny || memcmp(x, y, nx) != 0)
		print_message("%s in %s: at 0x%" PRIx64 " %d, was %d\n", image,
		    how->name, pa, s, r);
	assert_int_equal(r, s);
	assert_int_equal(nx, ny);
	assert_memory_equal(x, y, nx);
}

static void
compare(const char *name, const struct how *how)
{
	struct kvmi_image *a = open_container(image_path(name));
	struct kvmi_image *b = open_container(path);
	uint64_t pa = 0;

	assert_non_null(a);
	assert_non_null(b);
	assert_true(how->flags == 0 || strstr(b->format, "flattened") != NULL);
	assert_true(how->codec == NULL || strcmp(how->codec, "none") == 0 ||
	    strstr(b->format, how->codec) != NULL);
	while (pa < a->max_pa + 65536) {
		struct kvmi_err err;
		struct kvmi_extent e;

		same_page(name, how, a, b, pa);
		pa += 4096;
		/* Large holes are the same at both ends. */
		assert_int_equal(kvmi_image_locate(a, pa, &e, &err), 0);
		if (e.state == KVMI_ABSENT && e.len > 1 << 20 &&
		    e.start + e.len < UINT64_MAX / 2 &&
		    pa < e.start + e.len - 65536)
			pa = (e.start + e.len - 65536) & ~UINT64_C(4095);
	}
	kvmi_image_close(a);
	kvmi_image_close(b);
}

static void
test_formats(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(images); i++) {
		kvm_t *kd = open_image(images[i]);

		for (size_t j = 0; j < KVMI_COUNT(hows); j++) {
			struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
			struct stat st;

			o.kc_path = path;
			o.kc_format = hows[j].format;
			o.kc_codec = hows[j].codec;
			o.kc_flags = hows[j].flags;
			o.kc_threads = (unsigned int)j % 4;
			if (kvm_convert(kd, &o) != 0)
				print_message("%s in %s: %s\n", images[i],
				    hows[j].name, kvm_geterr(kd));
			assert_int_equal(stat(path, &st), 0);
			assert_int_equal(st.st_mode & 0777, 0600);
			compare(images[i], &hows[j]);
			unlink(path);
		}
		kvm_close(kd);
	}
}

/* The kernel in it is found without help, whatever the original had. */
static void
test_kernel(void **state)
{
	(void)state;
	for (size_t j = 0; j < KVMI_COUNT(hows); j++) {
		struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
		kvm_t *kd = open_image("linux-mem-lime"), *made;
		const struct kvm_info *a, *b;
		char why[2048] = "";

		o.kc_path = path;
		o.kc_format = hows[j].format;
		o.kc_codec = hows[j].codec;
		o.kc_flags = hows[j].flags;
		assert_int_equal(kvm_convert(kd, &o), 0);
		made = kvm_open2(NULL, path, O_RDONLY, why, NULL);
		if (made == NULL)
			print_message("%s: %s\n", hows[j].name, why);
		assert_non_null(made);
		a = kvm_getinfo(kd);
		b = kvm_getinfo(made);
		assert_string_equal(a->ki_release, b->ki_release);
		assert_string_equal(a->ki_arch, b->ki_arch);
		assert_string_equal(a->ki_hostname, b->ki_hostname);
		assert_int_equal(a->ki_kerndisp, b->ki_kerndisp);
		assert_int_equal(a->ki_crashtime, b->ki_crashtime);
		kvm_close(made);
		kvm_close(kd);
		unlink(path);
	}
}

/* The text of the first VMCOREINFO note. */
static void
first_info(struct kvmi_image *img, struct kvmi_note *n)
{
	size_t pos = 0;

	while (kvmi_note_next(&img->notes, img->big_endian, &pos, n))
		if (kvmi_note_is(n, "VMCOREINFO", 0))
			return;
	fail();
}

/* What the caller said of the kernel goes before what the image said. */
static void
test_given_info(void **state)
{
	static const char more[] = "\nGIVEN=1\n";
	struct kvmi_image *img = open_container(image_path(
	    "linux-elf-4level"));
	struct kvm_options opts = KVM_OPTIONS_INIT;
	char given[80], why[2048] = "";
	struct kvmi_note n;
	size_t len;
	kvm_t *kd;
	FILE *f;

	(void)state;
	snprintf(given, sizeof(given), "%s/info", dir);
	assert_non_null(f = fopen(given, "w"));
	first_info(img, &n);
	assert_int_equal(fwrite(n.desc, 1, n.descsz, f), n.descsz);
	fputs(more, f);
	assert_int_equal(fclose(f), 0);
	len = n.descsz + strlen(more);
	opts.ko_corefile = image_path("linux-elf-4level");
	opts.ko_vmcoreinfo = given;
	kd = kvm_open_with(&opts, why);
	if (kd == NULL)
		print_message("%s\n", why);
	assert_non_null(kd);
	kvmi_image_close(img);
	for (size_t j = 0; j < KVMI_COUNT(hows); j++) {
		struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;

		o.kc_path = path;
		o.kc_format = hows[j].format;
		o.kc_codec = hows[j].codec;
		o.kc_flags = hows[j].flags;
		assert_int_equal(kvm_convert(kd, &o), 0);
		img = open_container(path);
		assert_non_null(img);
		first_info(img, &n);
		assert_int_equal(n.descsz, len);
		assert_memory_equal(n.desc + len - strlen(more), more,
		    strlen(more));
		if (img->vmcoreinfo.len != 0)
			assert_memory_equal(img->vmcoreinfo.p, n.desc, len);
		kvmi_image_close(img);
		unlink(path);
	}
	kvm_close(kd);
	unlink(given);
}

/* The first bytes of the file made of an image. */
static void
converted(const char *image, int format, int exclude, uint8_t *head, size_t len)
{
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	kvm_t *kd = open_image(image);
	int fd;

	o.kc_path = path;
	o.kc_format = format;
	o.kc_codec = "zlib";
	o.kc_exclude = exclude;
	assert_int_equal(kvm_convert(kd, &o), 0);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, head, len), len);
	close(fd);
	unlink(path);
	kvm_close(kd);
}

/* makedumpfile computes where the second bitmap is, from the page count. */
static void
test_bitmap_blocks(void **state)
{
	static const char *const names[] = { "fbsd-v3-span64g",
		"linux-elf-4level", "linux-elf-tiny" };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(names); i++) {
		uint8_t head[4096];
		uint32_t blocks, pages, bits = 8 * 4096;

		converted(names[i], KVM_FORMAT_KDUMP, 0, head, sizeof(head));
		memcpy(&blocks, head + 436, 4);
		memcpy(&pages, head + 440, 4);
		assert_true(pages != 0);
		assert_int_equal(blocks, 2 * ((pages + bits - 1) / bits));
	}
}

/*
 * makedumpfile maps data at page boundaries, and then takes for data what lies
 * behind a segment's: where pages were left out there is no boundary.
 */
static void
test_elf_holes(void **state)
{
	static const int exclude[] = { 0, KVM_EXCLUDE_ZERO };

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(exclude); i++) {
		uint8_t head[4096];
		uint64_t off, filesz, memsz;
		bool holes = false, aligned = false;
		uint16_t n;

		converted("linux-elf-4level", KVM_FORMAT_ELF, exclude[i],
		    head, sizeof(head));
		memcpy(&n, head + 56, 2);
		assert_in_range(n, 2, 70);
		for (size_t j = 1; j < n; j++) {
			memcpy(&off, head + 64 + j * 56 + 8, 8);
			memcpy(&filesz, head + 64 + j * 56 + 32, 8);
			memcpy(&memsz, head + 64 + j * 56 + 40, 8);
			holes |= filesz < memsz;
			aligned |= filesz != 0 && off % 4096 == 0;
		}
		assert_int_equal(holes, exclude[i] != 0);
		assert_int_equal(aligned, !holes);
	}
}

/*
 * A page that cannot be decoded is lost, and said to be; the others are not.
 */
static void
test_bad_page(void **state)
{
	char bad[80], why[2048] = "";
	const char *reason;
	uint8_t whole[1 << 20];
	struct kvmi_err err;
	struct kvmi_image *img = open_container(image_path(
	    "linux-kdump-tiny"));
	struct kvmi_extent e = { 0 };
	uint64_t pa = 0;
	ssize_t n;
	int fd;

	(void)state;
	while (e.codec == NULL || e.stored_len < 100) {
		assert_int_equal(kvmi_image_locate(img, pa, &e, &err), 0);
		pa = e.start + e.len;
	}
	kvmi_image_close(img);
	pa = e.start;
	fd = open(image_path("linux-kdump-tiny"), O_RDONLY);
	n = read(fd, whole, sizeof(whole));
	assert_in_range(n, 4096, sizeof(whole) - 1);
	close(fd);
	memset(whole + e.off + 20, 0xff, 40);
	snprintf(bad, sizeof(bad), "%s/bad", dir);
	fd = open(bad, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, whole, (size_t)n), n);
	close(fd);
	for (size_t j = 0; j < KVMI_COUNT(hows); j++) {
		struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
		kvm_t *kd = kvm_open2(NULL, bad, O_RDONLY, why, NULL);
		uint8_t page[4096];
		size_t done;
		int r;

		assert_non_null(kd);
		o.kc_path = path;
		o.kc_format = hows[j].format;
		o.kc_codec = hows[j].codec;
		o.kc_flags = hows[j].flags;
		o.kc_exclude = KVM_EXCLUDE_ZERO;
		assert_int_equal(kvm_convert(kd, &o), 0);
		assert_int_equal(kvm_damage(kd, &reason), 1);
		assert_non_null(strstr(reason, "no zlib stream"));
		img = open_container(path);
		assert_non_null(img);
		assert_true(img->incomplete);
		r = kvmi_image_read(img, pa, page, sizeof(page), &done, &err);
		assert_int_equal(r, hows[j].format == KVM_FORMAT_ELF ? 0 :
		    KVMI_ETRUNC);
		for (size_t b = 0; r == 0 && b < sizeof(page); b++)
			assert_int_equal(page[b], 0);
		kvmi_image_close(img);
		kvm_close(kd);
		unlink(path);
	}
	unlink(bad);
}

/* In the kernel's order, whichever the image's was. */
static void
test_swapped_notes(void **state)
{
	(void)state;
	for (size_t j = 0; j < KVMI_COUNT(hows); j++) {
		struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
		kvm_t *kd = open_image("linux-elf-ppc64le-in-big"), *made;
		struct kvm_reg a[64], b[64];
		char why[2048] = "";

		o.kc_path = path;
		o.kc_format = hows[j].format;
		o.kc_codec = hows[j].codec;
		o.kc_flags = hows[j].flags;
		assert_int_equal(kvm_convert(kd, &o), 0);
		made = kvm_open2(NULL, path, O_RDONLY, why, NULL);
		assert_non_null(made);
		for (int cpu = 0; cpu < 2; cpu++) {
			ssize_t n = kvm_getregs(kd, NULL, cpu, a, 64);

			assert_in_range(n, 30, 64);
			assert_int_equal(kvm_getregs(made, NULL, cpu, b, 64),
			    n);
			for (ssize_t i = 0; i < n; i++)
				assert_int_equal(a[i].kr_value, b[i].kr_value);
			assert_int_equal(a[1].kr_value, cpu << 16 | 1);
		}
		kvm_close(made);
		kvm_close(kd);
		unlink(path);
	}
}

static int
stop(void *closure, uint64_t done, uint64_t total)
{
	assert_true(done <= total);
	return (++*(int *)closure < 3);
}

/* Nothing is left of what was not finished. */
static void
test_failures(void **state)
{
	static const struct {
		const char *name;
		struct kvm_convert_options o;
		enum kvm_errkind kind;
	} row[] = {
		{ "no output", { .kc_fd = -1 }, KVM_ERR_INVAL },
		{ "codec", { .kc_path = path, .kc_codec = "rar" },
		    KVM_ERR_INVAL },
		{ "format", { .kc_path = path, .kc_format = 7 },
		    KVM_ERR_INVAL },
		{ "flags", { .kc_path = path, .kc_flags = 64 },
		    KVM_ERR_INVAL },
		{ "kinds", { .kc_path = path, .kc_exclude = 32 },
		    KVM_ERR_INVAL },
		{ "a directory", { .kc_path = "/" }, KVM_ERR_INVAL },
		{ "no directory", { .kc_path = "/nowhere/x" }, KVM_ERR_IO },
		/* The generated kernels have no types. */
		{ "free pages", { .kc_path = path,
		    .kc_exclude = KVM_EXCLUDE_FREE }, KVM_ERR_NOTSUP },
	};
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	kvm_t *kd = open_image("linux-elf-4level");
	int full = open("/dev/full", O_WRONLY), calls = 0;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		o = row[i].o;
		o.kc_size = sizeof(o);
		assert_int_equal(kvm_convert(kd, &o), -1);
		if (kvm_errkind(kd) != row[i].kind)
			print_message("%s: %s\n", row[i].name, kvm_geterr(kd));
		assert_int_equal(kvm_errkind(kd), row[i].kind);
		assert_int_equal(access(path, F_OK), -1);
	}
	/* A disk that is full, a pipe that takes no seeking, a change of mind. */
	o = (struct kvm_convert_options)KVM_CONVERT_OPTIONS_INIT;
	o.kc_fd = full;
	assert_int_equal(kvm_convert(kd, &o), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_INVAL);
	o.kc_flags = KVM_CONVERT_FLATTENED;
	assert_int_equal(kvm_convert(kd, &o), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_IO);
	o = (struct kvm_convert_options)KVM_CONVERT_OPTIONS_INIT;
	o.kc_path = path;
	o.kc_progress = stop;
	o.kc_closure = &calls;
	assert_int_equal(kvm_convert(kd, &o), -1);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(dir), 0);	/* no temporary file either */
	assert_int_equal(mkdir(dir, 0700), 0);
	close(full);
	kvm_close(kd);
}

/* The last bytes of a stream do not fit on the disk. */
static void
test_full_disk(void **state)
{
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	kvm_t *kd = open_image("linux-elf-tiny");
	struct rlimit old, less;
	struct stat st;

	(void)state;
	o.kc_path = path;
	o.kc_flags = KVM_CONVERT_FLATTENED;
	assert_int_equal(kvm_convert(kd, &o), 0);
	assert_int_equal(stat(path, &st), 0);
	unlink(path);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	less = old;
	less.rlim_cur = (rlim_t)st.st_size - 8;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	assert_int_equal(kvm_convert(kd, &o), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(rmdir(dir), 0);	/* nor a temporary file */
	assert_int_equal(mkdir(dir, 0700), 0);
	kvm_close(kd);
}

/* What a descriptor's file had is not to be seen where pages are zeros. */
static void
test_old_bytes(void **state)
{
	static const struct how how = { "ELF", KVM_FORMAT_ELF, NULL, 0 };
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	kvm_t *kd = open_image("linux-elf-4level");
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	uint8_t old[65536];
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	memset(old, 0xa5, sizeof(old));
	assert_int_equal(stat(image_path("linux-elf-4level"), &st), 0);
	for (off_t at = 0; at < st.st_size; at += (off_t)sizeof(old))
		assert_int_equal(write(fd, old, sizeof(old)), sizeof(old));
	o.kc_fd = fd;
	o.kc_format = KVM_FORMAT_ELF;
	assert_int_equal(kvm_convert(kd, &o), 0);
	compare("linux-elf-4level", &how);
	close(fd);
	unlink(path);
	kvm_close(kd);
}

/* A descriptor is asked what it can take before any byte goes there. */
static void
test_descriptors(void **state)
{
	static const struct {
		const char *name;
		int open_flags, flags;
		enum kvm_errkind kind;
		const char *why;
	} row[] = {
		{ "for reading", O_RDONLY, 0, KVM_ERR_INVAL, "for writing" },
		{ "the same, a stream", O_RDONLY, KVM_CONVERT_FLATTENED,
		    KVM_ERR_INVAL, "for writing" },
		{ "behind what is there", O_WRONLY | O_APPEND, 0, KVM_ERR_INVAL,
		    "flattened" },
		{ "closed", -1, 0, KVM_ERR_IO, "Bad file descriptor" },
		{ "a stream behind what is there", O_WRONLY | O_APPEND,
		    KVM_CONVERT_FLATTENED, KVM_ERR_NONE, "" },
	};
	kvm_t *kd = open_image("linux-elf-tiny");
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	struct stat st;

	(void)state;
	assert_int_equal(write(fd, "old", 3), 3);
	close(fd);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
		bool fails = row[i].kind != KVM_ERR_NONE;

		o.kc_fd = row[i].open_flags < 0 ? 999 :
		    open(path, row[i].open_flags);
		o.kc_flags = row[i].flags;
		if (kvm_convert(kd, &o) != (fails ? -1 : 0))
			fail_msg("%s", row[i].name);
		if (fails) {
			assert_int_equal(kvm_errkind(kd), row[i].kind);
			assert_non_null(strstr(kvm_geterr(kd), row[i].why));
		}
		assert_int_equal(stat(path, &st), 0);
		assert_true(fails ? st.st_size == 3 : st.st_size > 4096);
		if (row[i].open_flags >= 0)
			close(o.kc_fd);
	}
	unlink(path);
	kvm_close(kd);
}

/* A reader that went away is an error to whom the signal is none. */
static void
test_broken_pipe(void **state)
{
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	kvm_t *kd = open_image("linux-elf-tiny");
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	close(fd[0]);
	signal(SIGPIPE, SIG_IGN);
	o.kc_fd = fd[1];
	o.kc_flags = KVM_CONVERT_FLATTENED;
	assert_int_equal(kvm_convert(kd, &o), -1);
	assert_int_equal(kvm_errkind(kd), KVM_ERR_IO);
	assert_non_null(strstr(kvm_geterr(kd), "Broken pipe"));
	signal(SIGPIPE, SIG_DFL);
	close(fd[1]);
	kvm_close(kd);
}

/* A file that is there stays, unless it is to be replaced. */
static void
test_force(void **state)
{
	struct kvm_convert_options o = KVM_CONVERT_OPTIONS_INIT;
	kvm_t *kd = open_image("linux-elf-tiny");
	int fd = open(path, O_WRONLY | O_CREAT, 0644);
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	o.kc_path = path;
	assert_int_equal(kvm_convert(kd, &o), -1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	o.kc_flags = KVM_CONVERT_FORCE;
	assert_int_equal(kvm_convert(kd, &o), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	unlink(path);
	kvm_close(kd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_kernel),
		cmocka_unit_test(test_given_info),
		cmocka_unit_test(test_bitmap_blocks),
		cmocka_unit_test(test_elf_holes),
		cmocka_unit_test(test_bad_page),
		cmocka_unit_test(test_swapped_notes),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_old_bytes),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_broken_pipe),
		cmocka_unit_test(test_force),
	};
	int r;

	if (getenv("KVM_IMAGES") == NULL) {
		puts("no images: run tests/mkimage/mkimage --all --out "
		    "$KVM_IMAGES");
		return (77);
	}
	if (mkdtemp(dir) == NULL)
		return (1);
	snprintf(path, sizeof(path), "%s/out", dir);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return (r);
}
