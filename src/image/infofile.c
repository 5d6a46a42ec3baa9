/* SPDX-License-Identifier: BSD-2-Clause */
/* info.N beside a dump: found, and held against the file. */
#include "image/infofile.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/math.h"

#define MAX_INFO	65536

/* DIR/info.N of DIR/vmcore.N[.gz] and its like. */
static bool
info_name(const char *core, char *name, size_t name_len)
{
	static const char *const kinds[] = { "vmcore.", "vmcore_encrypted.",
		"textdump.tar.", "livecore." };
	const char *slash = strrchr(core, '/');
	const char *base = slash != NULL ? slash + 1 : core, *n;
	size_t digits;

	for (size_t i = 0; i < KVMI_COUNT(kinds); i++) {
		if (strncmp(base, kinds[i], strlen(kinds[i])) != 0)
			continue;
		n = base + strlen(kinds[i]);
		digits = strcspn(n, ".");
		if (strspn(n, "0123456789") != digits &&
		    (digits != 4 || strncmp(n, "last", digits) != 0))
			return (false);
		return (digits > 0 && (size_t)snprintf(name, name_len,
		    "%.*sinfo.%.*s", (int)(base - core), core, (int)digits,
		    n) < name_len);
	}
	return (false);
}

bool
kvmi_infofile_read(const char *core, struct kvmi_told *ret, char *name,
    size_t name_len)
{
	char *text;
	struct stat st;
	ssize_t n = -1;
	int fd;

	if (!info_name(core, name, name_len))
		return (false);
	/* Not to wait for a FIFO's writer. */
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return (false);
	text = malloc(MAX_INFO);
	if (text != NULL && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = pread(fd, text, MAX_INFO, 0);
	close(fd);
	if (n >= 0)
		kvmi_infofile_parse(text, (size_t)n, ret);
	free(text);
	return (n >= 0);
}

/* A source with zeros behind its end. */
struct padded {
	struct kvmi_src	 src;
	struct kvmi_src	*base;
};

static const uint8_t *
padded_map(struct kvmi_src *s, uint64_t off, uint64_t *run)
{
	struct kvmi_src *base = ((struct padded *)s)->base;

	return (off < base->size ? base->ops->map(base, off, run) : NULL);
}

static int
padded_read(struct kvmi_src *s, uint64_t off, void *buf, size_t n,
    struct kvmi_err *err)
{
	struct kvmi_src *base = ((struct padded *)s)->base;
	size_t there = off < base->size ?
	    (size_t)kvmi_min(n, base->size - off) : 0;

	memset((uint8_t *)buf + there, 0, n - there);
	return (there == 0 ? 0 : kvmi_src_read(base, off, buf, there, "dump",
	    err));
}

static int64_t
padded_file_off(struct kvmi_src *s, uint64_t off)
{
	struct kvmi_src *base = ((struct padded *)s)->base;

	return (off < base->size ? base->ops->file_off(base, off) : -1);
}

static int
padded_close(struct kvmi_src *s)
{
	int r = kvmi_src_close(((struct padded *)s)->base);

	free((void *)(uintptr_t)s->name);
	free(s);
	return (r);
}

static const struct kvmi_src_ops padded_ops = {
	.map = padded_map,
	.read = padded_read,
	.file_off = padded_file_off,
	.close = padded_close,
};

static int
pad(struct kvmi_src **src, uint64_t size, struct kvmi_err *err)
{
	struct padded *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->src.name = strdup((*src)->name)) == NULL) {
		free(p);
		return (kvmi_fail(err, KVMI_ENOMEM, "out of memory"));
	}
	p->src.ops = &padded_ops;
	p->src.size = size;
	p->src.backed = (*src)->backed != 0 ? (*src)->backed : (*src)->size;
	p->src.map = (*src)->map;
	p->base = *src;
	*src = &p->src;
	return (0);
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return (n >= m && strcmp(s + n - m, end) == 0);
}

int
kvmi_infofile_apply(struct kvmi_src **src, struct kvmi_told *info,
    char *note, size_t note_len, struct kvmi_err *err)
{
	const struct kvmi_src *s = *src;
	char name[4096];
	const char *base;
	uint64_t size = s->size;
	bool packed;

	if (s->volatile_ || !kvmi_infofile_read(s->name, info, name,
	    sizeof(name)))
		return (0);
	base = strrchr(name, '/') != NULL ? strrchr(name, '/') + 1 : name;
	if (strcmp(info->status, "bad") == 0)
		kvmi_remark(note, note_len, "%s says that the dump is bad",
		    base);
	/* Compressed by savecore(8), the length is not that of the file. */
	packed = ends_with(s->name, ".gz") || ends_with(s->name, ".zst");
	if (info->length == 0 || info->length == size ||
	    packed != (info->compression[0] != '\0' &&
	    strcmp(info->compression, "none") != 0))
		return (0);
	kvmi_remark(note, note_len, "%s says %" PRIu64 " bytes, but the "
	    "file has %" PRIu64, base, info->length, size);
	if (info->length < size || packed ||
	    strcmp(info->status, "good") != 0 || info->length > INT64_MAX)
		return (0);
	snprintf(note + strlen(note), note_len - strlen(note), ": what is "
	    "missing is taken as zeros, which savecore(8) leaves out at the "
	    "end");
	return (pad(src, info->length, err));
}
