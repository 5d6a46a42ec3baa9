/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated images in every format that kvm_convert() writes: each byte of
 * physical memory, and each reason for its absence, as in the original.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "convert.h"

static const char *const images[] = { "linux-elf-4level", "linux-elf-filtered",
	"linux-kdump-filtered", "linux-kdump-incomplete", "linux-elf-qemu-nonote",
	"linux-mem-lime", "fbsd-v3", "fbsd-arm64-16k" };

static void
test_formats(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(images); i++) {
		kvm_t *kd = open_image(images[i]);

		for (size_t j = 0; j < KVMI_COUNT(hows); j++) {
			struct kvm_convert_options o = options_of(&hows[j]);
			struct stat st;

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
		struct kvm_convert_options o = options_of(&hows[j]);
		kvm_t *kd = open_image("linux-mem-lime"), *made;
		const struct kvm_info *a, *b;
		char why[2048] = "";

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
		struct kvm_convert_options o = options_of(&hows[j]);

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
		struct kvm_convert_options o = options_of(&hows[j]);
		kvm_t *kd = kvm_open2(NULL, bad, O_RDONLY, why, NULL);
		uint8_t page[4096];
		size_t done;
		int r;

		assert_non_null(kd);
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
		struct kvm_convert_options o = options_of(&hows[j]);
		kvm_t *kd = open_image("linux-elf-ppc64le-in-big"), *made;
		struct kvm_reg a[64], b[64];
		char why[2048] = "";

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
	};

	if (!have_images())
		return (77);
	return (cmocka_run_group_tests(tests, make_dir, remove_dir));
}
