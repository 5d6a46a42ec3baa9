/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A record is a line "@@FILE name", eight hexadecimal digits and a newline,
 * that many bytes, and a newline.  The length is filled in afterwards because
 * files in /proc do not tell theirs.
 */

#include <err.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"

/* Some kernels refuse reads of more than 4 MiB from files of /proc/sys. */
#define	READ_SIZE	65536

static void
reserve(struct buffer *b, size_t more)
{
	if (b->used + more <= b->size)
		return;
	b->size = (b->used + more) * 2;
	b->data = realloc(b->data, b->size);
	if (b->data == NULL)
		err(1, "realloc");
}

void
buffer_add(struct buffer *b, const void *data, size_t len)
{
	reserve(b, len);
	memcpy(b->data + b->used, data, len);
	b->used += len;
}

/* Adds what can be read; -1 if not all of it could. */
int
buffer_add_fd(struct buffer *b, int fd)
{
	ssize_t n;

	for (;;) {
		reserve(b, READ_SIZE);
		n = read(fd, b->data + b->used, READ_SIZE);
		if (n <= 0)
			return ((int)n);
		b->used += (size_t)n;
	}
}

void
buffer_write(const struct buffer *b, int fd)
{
	size_t done;
	ssize_t n;

	for (done = 0; done < b->used; done += (size_t)n) {
		n = write(fd, b->data + done, b->used - done);
		if (n <= 0)
			err(1, "write");
	}
}

#define	LENGTH_DIGITS	8

void
record_begin(struct buffer *b, const char *name, size_t *start)
{
	buffer_add(b, "@@FILE ", 7);
	buffer_add(b, name, strlen(name));
	buffer_add(b, "\n00000000\n", LENGTH_DIGITS + 2);
	*start = b->used;
}

void
record_end(struct buffer *b, size_t start)
{
	char digits[LENGTH_DIGITS + 1];

	snprintf(digits, sizeof(digits), "%08zx", b->used - start);
	memcpy(b->data + start - LENGTH_DIGITS - 1, digits, LENGTH_DIGITS);
	buffer_add(b, "\n", 1);
}

void
record_text(struct buffer *b, const char *name, const char *fmt, ...)
{
	va_list ap;
	char text[256];
	size_t start;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	record_begin(b, name, &start);
	buffer_add(b, text, strlen(text));
	record_end(b, start);
}

/* Adds nothing and returns -1 if the file cannot be opened. */
int
record_file(struct buffer *b, const char *path)
{
	size_t start;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return (-1);
	record_begin(b, path, &start);
	buffer_add_fd(b, fd);
	record_end(b, start);
	close(fd);
	return (0);
}

int
record_link(struct buffer *b, const char *path)
{
	char target[4096];
	size_t start;
	ssize_t n;

	n = readlink(path, target, sizeof(target));
	if (n == -1)
		return (-1);
	record_begin(b, path, &start);
	buffer_add(b, target, (size_t)n);
	record_end(b, start);
	return (0);
}
