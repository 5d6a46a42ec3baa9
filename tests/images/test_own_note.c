/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The notes of a converted minidump, each bent in one place: the file is
 * refused, and the error names what does not fit.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/math.h"
#include "kvm.h"

#define HEADER	12		/* of a note, before its name */
#define NAME	8

static uint8_t file[1 << 20];
static size_t file_len;

/* Where the note of a type begins. */
static size_t
note(uint32_t type)
{
	for (size_t at = 0; at + HEADER + NAME < file_len; at += 4)
		if (memcmp(file + at + HEADER, "libkvm\0", NAME) == 0 &&
		    memcmp(file + at + 8, &type, sizeof(type)) == 0)
			return (at);
	fail_msg("no note of type %u", type);
	return (0);
}

static kvm_t *
open_bent(char *why)
{
	int fd = memfd_create("bent", 0);
	char path[64];
	kvm_t *kd;

	assert_int_equal(write(fd, file, file_len), file_len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	kd = kvm_open2(NULL, path, O_RDONLY, why, NULL);
	close(fd);
	return (kd);
}

static void
test_bent(void **state)
{
	static const struct {
		uint32_t type;
		size_t	 at;		/* in the note */
		uint8_t	 byte;
		const char *why;
	} row[] = {
		{ 1, HEADER + NAME + 17, 'x', "unknown architecture" },
		{ 1, HEADER + NAME + 24, 9, "minidump version 9" },
		{ 1, HEADER + NAME + 28, 1, "message buffer has 256 bytes" },
		{ 1, HEADER + NAME + 36, 7, "page tables has 4096 bytes" },
		{ 1, 8, 9, NULL },	/* no header: no kernel */
		{ 2, 8, 9, "message buffer has 0 bytes" },
		{ 3, 8, 9, "page tables has 0 bytes" },
		{ 3, HEADER, 'L', "page tables has 0 bytes" },
		{ 1, 4, 252, "minidump header has 252 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint8_t *p = file + note(row[i].type) + row[i].at;
		uint8_t old = *p, len = file[note(1) + 5];
		char why[2048] = "";
		kvm_t *kd;

		*p = row[i].byte;
		if (row[i].at == 4)	/* 256 is in the next byte */
			p[1] = 0;
		kd = open_bent(why);
		if (kd != NULL || (row[i].why != NULL &&
		    strstr(why, row[i].why) == NULL))
			fail_msg("row %zu: %s", i, kd != NULL ? "opened" : why);
		*p = old;
		if (row[i].at == 4)
			p[1] = len;
	}
}

static void
test_whole(void **state)
{
	char why[2048] = "";
	kvm_t *kd = open_bent(why);
	const struct kvm_info *i;

	(void)state;
	if (kd == NULL)
		fail_msg("%s", why);
	i = kvm_getinfo(kd);
	assert_string_equal(i->ki_format,
	    "ELF vmcore, of a FreeBSD/amd64 minidump version 3");
	assert_string_equal(i->ki_os, "FreeBSD");
	kvm_close(kd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_bent),
	};
	const char *dir = getenv("KVM_IMAGES");
	char path[4096];
	FILE *f;

	if (dir == NULL) {
		puts("no images: run tests/mkimage/mkimage --all --out "
		    "$KVM_IMAGES");
		return (77);
	}
	snprintf(path, sizeof(path), "%s/fbsd-v3-noted", dir);
	f = fopen(path, "r");
	if (f == NULL)
		return (1);
	file_len = fread(file, 1, sizeof(file), f);
	fclose(f);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
