/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and order of the files: DoFile() of sbin/savecore/savecore.c. */
#include "save/save.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "base/math.h"

#define STEP		(1 << 20)
#define TEXT_BLOCK	512
#define MAX_NUMBER	1000000

struct save {
	struct kvmi_src	*src;
	const struct kvm_save_options *o;
	struct kvmi_dumpdev d;
	int		 dir;
	unsigned int	 n;
	const char	*kind;		/* "vmcore" */
	const char	*suffix;	/* ".gz", of the file */
	const char	*link_suffix;
	bool		 compress;
	uint8_t		*buf;		/* STEP bytes */
};

/* What the files are called. */
static void
choose_names(struct save *s)
{
	const struct kvmi_dumpheader *h = &s->d.h;
	const char *packed = h->compression == KVMI_DUMP_GZIP ? ".gz" :
	    h->compression == KVMI_DUMP_ZSTD ? ".zst" : "";

	s->compress = (s->o->kv_flags & KVM_SAVE_ZSTD) != 0 &&
	    packed[0] == '\0' && h->key_size == 0;
	s->kind = h->text ? "textdump.tar" : h->key_size != 0 ?
	    "vmcore_encrypted" : "vmcore";
	s->suffix = s->compress ? ".zst" : h->key_size != 0 ? "" : packed;
	s->link_suffix = s->compress ? ".zst" : packed;
}

static bool
taken(const struct save *s, unsigned int n)
{
	static const char *const kind[] = { "info", "vmcore", "vmcore.last",
		"vmcore_encrypted", "key", "textdump.tar", "livecore" };
	static const char *const suffix[] = { "", ".gz", ".zst" };
	char name[64];
	struct stat st;

	for (size_t i = 0; i < KVMI_COUNT(kind); i++)
		for (size_t j = 0; j < KVMI_COUNT(suffix); j++) {
			snprintf(name, sizeof(name), "%s.%u%s", kind[i], n,
			    suffix[j]);
			if (fstatat(s->dir, name, &st,
			    AT_SYMLINK_NOFOLLOW) == 0)
				return (true);
		}
	return (false);
}

/* The next free number from that in bounds on. */
static int
choose_number(struct save *s, struct kvmi_err *err)
{
	int fd = openat(s->dir, "bounds", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[16] = "";
	unsigned long n;
	ssize_t len;

	if (fd >= 0) {
		len = read(fd, text, sizeof(text) - 1);
		text[len > 0 ? len : 0] = '\0';
		close(fd);
	}
	n = text[0] >= '0' && text[0] <= '9' ? strtoul(text, NULL, 10) : 0;
	for (; n < MAX_NUMBER; n++)
		if (!taken(s, (unsigned int)n)) {
			s->n = (unsigned int)n;
			return (0);
		}
	return (kvmi_fail(err, KVMI_ENOMEM, "no number below %d is free",
	    MAX_NUMBER));
}

static int
progress(const struct save *s, uint64_t done, struct kvmi_err *err)
{
	if (s->o->kv_progress == NULL || s->o->kv_progress(s->o->kv_closure,
	    done, s->d.h.length) != 0)
		return (0);
	return (kvmi_fail(err, KVMI_EINVAL, "stopped after %" PRIu64 " of %"
	    PRIu64 " bytes", done, s->d.h.length));
}

/* The n bytes of the dump from off on, in order. */
static int
read_dump(struct save *s, uint64_t off, size_t n, struct kvmi_err *err)
{
	uint64_t at = s->d.dump_off;

	if (!s->d.h.text)
		return (kvmi_src_read(s->src, at + off, s->buf, n, "dump",
		    err));
	for (size_t i = 0; i < n; i += TEXT_BLOCK) {
		int r = kvmi_src_read(s->src, at - off - i - TEXT_BLOCK,
		    s->buf + i, TEXT_BLOCK, "textdump", err);

		if (r != 0)
			return (r);
	}
	return (0);
}

static int
copy_plain(struct save *s, struct kvmi_out *out, struct kvmi_err *err)
{
	uint64_t length = s->d.h.length;
	int r = 0;

	for (uint64_t at = 0; at < length && r == 0; at += STEP) {
		size_t n = (size_t)kvmi_min(STEP, length - at);

		r = read_dump(s, at, n, err);
		if (r == 0)
			r = kvmi_out_sparse(out, at, s->buf, n, err);
		if (r == 0)
			r = progress(s, at + n, err);
	}
	return (r);
}

#ifdef HAVE_ZSTD

/* One piece of the stream; last closes it. */
static int
compress(ZSTD_CCtx *z, struct save *s, struct kvmi_out *out, size_t n,
    bool last, struct kvmi_err *err)
{
	ZSTD_inBuffer in = { .src = s->buf, .size = n };
	uint8_t packed[16384];
	size_t left;
	int r = 0;

	do {
		ZSTD_outBuffer o = { .dst = packed, .size = sizeof(packed) };

		left = ZSTD_compressStream2(z, &o, &in, last ? ZSTD_e_end :
		    ZSTD_e_continue);
		if (ZSTD_isError(left))
			return (kvmi_fail(err, KVMI_ENOMEM, "zstd: %s",
			    ZSTD_getErrorName(left)));
		r = kvmi_out_write(out, packed, o.pos, err);
	} while (r == 0 && (last ? left != 0 : in.pos < in.size));
	return (r);
}

static int
copy_compressed(struct save *s, struct kvmi_out *out, struct kvmi_err *err)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	uint64_t length = s->d.h.length, at = 0;
	int r = 0;

	if (z == NULL)
		return (kvmi_fail(err, KVMI_ENOMEM, "no memory for zstd"));
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	do {
		size_t n = (size_t)kvmi_min(STEP, length - at);

		r = read_dump(s, at, n, err);
		at += n;
		if (r == 0)
			r = compress(z, s, out, n, at == length, err);
		if (r == 0)
			r = progress(s, at, err);
	} while (r == 0 && at < length);
	ZSTD_freeCCtx(z);
	return (r);
}

#else

static int
copy_compressed(struct save *s, struct kvmi_out *out, struct kvmi_err *err)
{
	(void)s;
	(void)out;
	return (kvmi_fail(err, KVMI_ENOTSUP, "libkvm was built without zstd"));
}

#endif

static int
save_core(struct save *s, const char *name, struct kvmi_err *err)
{
	struct kvmi_out out = { .fd = -1 };
	int r = kvmi_out_create(&out, s->dir, name, err);

	if (r == 0)
		r = s->compress ? copy_compressed(s, &out, err) :
		    copy_plain(s, &out, err);
	if (r == 0)
		r = kvmi_out_finish(&out, false, err);
	kvmi_out_drop(&out);
	return (r);
}

static int
save_bytes(struct save *s, const char *name, const void *p, size_t n,
    bool replace, struct kvmi_err *err)
{
	struct kvmi_out out = { .fd = -1 };
	int r = kvmi_out_create(&out, s->dir, name, err);

	if (r == 0)
		r = kvmi_out_write(&out, p, n, err);
	if (r == 0)
		r = kvmi_out_finish(&out, replace, err);
	kvmi_out_drop(&out);
	return (r);
}

static int
save_info(struct save *s, const char *name, struct kvmi_err *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int r = 0;

	if (f != NULL)
		kvmi_save_info(f, &s->d.h, s->src->name, s->n);
	if (f == NULL || fclose(f) != 0)
		r = kvmi_fail(err, KVMI_ENOMEM, "out of memory");
	if (r == 0)
		r = save_bytes(s, name, text, len, false, err);
	free(text);
	return (r);
}

static int
save_key(struct save *s, const char *name, struct kvmi_err *err)
{
	struct kvmi_blob key;
	int r = kvmi_src_blob(s->src, s->d.key_off, s->d.h.key_size,
	    "key of the dump", &key, err);

	if (r == 0) {
		r = save_bytes(s, name, key.p, key.len, false, err);
		kvmi_blob_release(&key);
	}
	return (r);
}

/* All files, info.N last: where it is, the others are. */
static int
save_files(struct save *s, const char *core, struct kvmi_err *err)
{
	char key[32], info[32], link[48], bounds[16];
	bool encrypted = s->d.h.key_size != 0 && !s->d.h.text;
	int r = 0;

	snprintf(key, sizeof(key), "key.%u", s->n);
	snprintf(info, sizeof(info), "info.%u", s->n);
	snprintf(link, sizeof(link), "%s.last%s", s->kind, s->link_suffix);
	snprintf(bounds, sizeof(bounds), "%u\n", s->n + 1);
	if (encrypted)
		r = save_key(s, key, err);
	if (r == 0 && (r = save_core(s, core, err)) != 0 && encrypted)
		unlinkat(s->dir, key, 0);
	if (r == 0)
		r = save_info(s, info, err);
	if (r == 0)
		r = save_bytes(s, "bounds", bounds, strlen(bounds), true, err);
	if (r == 0)
		r = kvmi_out_link(s->dir, core, link, err);
	if (r == 0)
		r = kvmi_out_link(s->dir, info, "info.last", err);
	if (r == 0 && encrypted)
		r = kvmi_out_link(s->dir, key, "key.last", err);
	return (r);
}

static int
find_dump(struct save *s, struct kvmi_err *err)
{
	int r = kvmi_dumpdev_find(s->src, &s->d, err);

	if (r == KVMI_ENOTMINE)
		return (kvmi_fail(err, KVMI_EFORMAT, "%s: no dump header at the "
		    "end of the device, or of a partition on it",
		    s->src->name));
	if (r == 0 && s->d.h.cleared &&
	    (s->o->kv_flags & KVM_SAVE_FORCE) == 0)
		r = kvmi_fail(err, KVMI_EINVAL, "%s: its dump was saved before "
		    "(KVM_SAVE_FORCE; kpeek save -f: again)", s->src->name);
	if (r == 0 && !s->d.h.text)
		r = kvmi_src_check(s->src, s->d.dump_off, s->d.h.length,
		    "dump", err);
	return (r);
}

int
kvmi_save(struct kvmi_src *src, const struct kvm_save_options *o, char *path,
    size_t path_len, struct kvmi_err *err)
{
	const char *dir = o->kv_dir != NULL ? o->kv_dir : ".";
	struct save s = { .src = src, .o = o, .dir = -1 };
	char core[48] = "";
	int r = find_dump(&s, err);

	if (r != 0)
		return (r);
	s.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.dir < 0)
		return (kvmi_fail_errno(err, "%s", dir));
	choose_names(&s);
	s.buf = malloc(STEP);
	if (s.buf == NULL)
		r = kvmi_fail(err, KVMI_ENOMEM, "out of memory");
	if (r == 0)
		r = choose_number(&s, err);
	if (r == 0) {
		snprintf(core, sizeof(core), "%s.%u%s", s.kind, s.n, s.suffix);
		r = save_files(&s, core, err);
		if (r != 0)
			kvmi_wrap(err, r, "%s", dir);
	}
	if (r == 0 && path != NULL)
		snprintf(path, path_len, "%s/%s", dir, core);
	free(s.buf);
	close(s.dir);
	return (r);
}
