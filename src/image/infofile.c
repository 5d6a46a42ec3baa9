/* SPDX-License-Identifier: BSD-2-Clause */
/* Format: printheader() of sbin/savecore/savecore.c. */
#include "image/infofile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/math.h"

#define MAX_INFO	65536

static void
take_text(const char *v, size_t n, char *ret, size_t size)
{
	n = (size_t)kvmi_min(n, size - 1);
	memcpy(ret, v, n);
	ret[n] = '\0';
}

/* "2022-06-23 16:00:00 +0200"; before 13 without a zone, which says little. */
static int64_t
time_of(const char *v, size_t n)
{
	struct tm tm = { 0 };
	char buf[64], sign;
	int hours, minutes, zone;
	time_t t;

	take_text(v, n, buf, sizeof(buf));
	if (sscanf(buf, "%4d-%2d-%2d %2d:%2d:%2d %c%2d%2d", &tm.tm_year,
	    &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
	    &sign, &hours, &minutes) != 9 || (sign != '+' && sign != '-'))
		return (0);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	t = timegm(&tm);
	zone = (hours * 60 + minutes) * 60;
	return (t == (time_t)-1 ? 0 : t - (sign == '+' ? zone : -zone));
}

/* "539557888", or as 10 and before had it "539557888B (514 MB)". */
static void
take_number(const char *v, size_t n, uint64_t *ret)
{
	char buf[64], *end;
	uint64_t x;

	take_text(v, n, buf, sizeof(buf));
	errno = 0;
	x = strtoull(buf, &end, 10);
	if (end[0] == 'B' && (end[1] == '\0' || end[1] == ' '))
		end += strlen(end);
	if (buf[0] >= '0' && buf[0] <= '9' && *end == '\0' && errno == 0)
		*ret = x;
}

static void
take_field(const char *key, size_t key_len, const char *v, size_t n,
    struct kvmi_infofile *ret)
{
	static const char *const keys[] = { "Architecture", "Dump Length",
		"Compression", "Dumptime", "Hostname", "Version String",
		"Panic String", "Dump Status" };
	size_t i;

	for (i = 0; i < KVMI_COUNT(keys); i++)
		if (strlen(keys[i]) == key_len &&
		    memcmp(keys[i], key, key_len) == 0)
			break;
	switch (i) {
	case 0:
		take_text(v, n, ret->arch, sizeof(ret->arch));
		break;
	case 1:
		take_number(v, n, &ret->length);
		break;
	case 2:
		ret->compressed = n != 0 && (n != 4 || memcmp(v, "none", 4));
		break;
	case 3:
		ret->told.time = time_of(v, n);
		break;
	case 4:
		take_text(v, n, ret->told.hostname,
		    sizeof(ret->told.hostname));
		break;
	case 5:
		take_text(v, n, ret->told.version, sizeof(ret->told.version));
		break;
	case 6:
		take_text(v, n, ret->told.panic, sizeof(ret->told.panic));
		break;
	case 7:
		ret->status = n == 4 && memcmp(v, "good", 4) == 0 ?
		    KVMI_INFO_GOOD : n == 3 && memcmp(v, "bad", 3) == 0 ?
		    KVMI_INFO_BAD : KVMI_INFO_UNKNOWN;
		break;
	}
}

void
kvmi_infofile_parse(const char *text, size_t len, struct kvmi_infofile *ret)
{
	*ret = (struct kvmi_infofile){ 0 };
	for (size_t at = 0; at < len;) {
		const char *p = text + at, *colon;
		const char *nl = memchr(p, '\n', len - at);
		size_t n = nl != NULL ? (size_t)(nl - p) : len - at;

		at += n + 1;
		/* Fields are indented by two; other lines are text of one. */
		if (n < 3 || p[0] != ' ' || p[1] != ' ' || p[2] == ' ')
			continue;
		colon = memchr(p, ':', n);
		if (colon == NULL)
			continue;
		n -= (size_t)(colon + 1 - p);
		if (n > 0 && colon[1] == ' ')
			take_field(p + 2, (size_t)(colon - p) - 2, colon + 2,
			    n - 1, ret);
	}
}

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
		if (strncmp(n, "last", digits) != 0 &&
		    strspn(n, "0123456789") != digits)
			return (false);
		return (digits > 0 && (size_t)snprintf(name, name_len,
		    "%.*sinfo.%.*s", (int)(base - core), core, (int)digits,
		    n) < name_len);
	}
	return (false);
}

bool
kvmi_infofile_read(const char *core, struct kvmi_infofile *ret, char *name,
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
	p->src.backed = (*src)->size;
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
kvmi_infofile_apply(struct kvmi_src **src, struct kvmi_infofile *info,
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
	if (info->status == KVMI_INFO_BAD)
		snprintf(note, note_len, "%s says that the dump is bad", base);
	/* Compressed by savecore(8), the length is not that of the file. */
	packed = ends_with(s->name, ".gz") || ends_with(s->name, ".zst");
	if (info->length == 0 || info->length == size ||
	    packed != info->compressed)
		return (0);
	if (info->length < size || packed ||
	    info->status != KVMI_INFO_GOOD || info->length > INT64_MAX) {
		snprintf(note, note_len, "%s says %" PRIu64 " bytes, but the "
		    "file has %" PRIu64, base, info->length, size);
		return (0);
	}
	snprintf(note, note_len, "%s says %" PRIu64 " bytes, but the file has %"
	    PRIu64 ": what is missing is taken as zeros, which savecore(8) "
	    "leaves out at the end", base, info->length, size);
	return (pad(src, info->length, err));
}
