/* SPDX-License-Identifier: BSD-2-Clause */

/* A growing byte buffer, and the records of the report in it. */

#ifndef BUFFER_H
#define	BUFFER_H

#include <stddef.h>

struct buffer {
	char	*data;
	size_t	 used;
	size_t	 size;
};

void	buffer_add(struct buffer *, const void *, size_t);
int	buffer_add_fd(struct buffer *, int fd);
void	buffer_write(const struct buffer *, int fd);

void	record_begin(struct buffer *, const char *name, size_t *start);
void	record_end(struct buffer *, size_t start);
void	record_text(struct buffer *, const char *name, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
int	record_file(struct buffer *, const char *path);
int	record_link(struct buffer *, const char *path);

#endif
