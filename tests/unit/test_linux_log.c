/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel log of Linux 3.5 to 5.9, written as printk does: whole, wrapped
 * and damaged.
 */
#include "flat_memory.h"
#include "os/linux/log.h"

#define VARS	0x1000
#define BUFFER	0x2000
#define MEMORY	0x4000

struct log_row {
	const char	*name;
	unsigned int	 ptr;
	bool		 big_endian;
	const char	*kind;		/* of structure */
	unsigned int	 head;		/* its size */
	unsigned int	 buf_len;
	unsigned int	 records;	/* that were ever written */
};

static const struct log_row log_row[] = {
	{ "empty", 8, false, "printk_log", 16, 1024, 0 },
	{ "one", 8, false, "printk_log", 16, 1024, 1 },
	{ "64 bit", 8, false, "printk_log", 16, 8192, 40 },
	{ "wrapped", 8, false, "printk_log", 16, 1024, 100 },
	{ "wrapped elsewhere", 8, false, "printk_log", 16, 1000, 113 },
	{ "with callers", 8, false, "printk_log", 24, 2048, 200 },
	{ "32 bit, before 3.11", 4, false, "log", 16, 1024, 77 },
	{ "big-endian", 8, true, "printk_log", 16, 1024, 100 },
	{ "big-endian, 32 bit", 4, true, "log", 24, 512, 50 },
};

static const char *const variables[] = { "log_buf", "log_buf_len",
	"log_first_idx", "log_next_idx", "log_first_seq" };
enum { LOG_BUF, LOG_BUF_LEN, LOG_FIRST_IDX, LOG_NEXT_IDX, LOG_FIRST_SEQ };

static int
resolve(const char *name, kvaddr_t *addr)
{
	for (size_t i = 0; i < KVMI_COUNT(variables); i++)
		if (strcmp(name, variables[i]) == 0) {
			*addr = VARS + 16 * i;
			return (0);
		}
	return (-1);
}

static const struct kvm_options resolver = { .ko_resolver = resolve };

struct world {
	const struct log_row *row;
	struct kvmi_kernel k;
	struct kvmi_arch arch;
	struct kvmi_linux l;
	struct kvmi_cx	*cx;
	struct bytes	 mem, file;
	unsigned int	 first, next, first_no;
	/* of what was read */
	unsigned int	 seen;
	size_t		 given;
};

static size_t
text_of(unsigned int no, char *buf, size_t len)
{
	int n = snprintf(buf, len, "record %u%.*s", no, (int)(no * 7 % 40),
	    "........................................");

	/* Some are empty. */
	return (no % 10 == 9 ? 0 : (size_t)n);
}

static void
poke(struct world *w, unsigned int at, uint64_t v, unsigned int size)
{
	bytes_poke(&w->mem, BUFFER + at, v, size);
}

static unsigned int
len_at(const struct world *w, unsigned int at)
{
	const uint8_t *p = w->mem.p + BUFFER + at + 8;

	return (w->mem.big_endian ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

/* Forget the oldest record. */
static void
drop(struct world *w)
{
	if (len_at(w, w->first) == 0)
		w->first = 0;
	w->first += len_at(w, w->first);
	w->first_no++;
}

static bool
has_room(const struct world *w, unsigned int size, bool empty)
{
	unsigned int room = w->first - w->next;

	if (w->next > w->first || empty) {
		room = w->row->buf_len - w->next;
		if (room < w->first)
			room = w->first;
	}
	/* There is always room for what says "at the start". */
	return (room >= size + w->row->head);
}

static void
store(struct world *w, unsigned int no)
{
	static const char dict[] = "SUBSYSTEM=pci";
	unsigned int head = w->row->head, size, at, dict_len;
	char text[128];
	size_t len = text_of(no, text, sizeof(text));

	dict_len = no % 3 == 0 ? sizeof(dict) : 0;
	size = (unsigned int)(head + len + dict_len + 7) / 8 * 8;
	while (!has_room(w, size, w->first_no == no))
		drop(w);
	if (w->next + size + head > w->row->buf_len) {
		memset(w->mem.p + BUFFER + w->next, 0, head);
		w->next = 0;
	}
	at = w->next;
	poke(w, at, 1000 * no, 8);
	poke(w, at + 8, size, 2);
	poke(w, at + 10, len, 2);
	poke(w, at + 12, dict_len, 2);
	poke(w, at + 14, no % 24, 1);
	/* Flags 2: the line is complete. */
	poke(w, at + 15, w->mem.big_endian ? 2 << 3 | no % 8 :
	    2 | no % 8 << 5, 1);
	memcpy(w->mem.p + BUFFER + at + head, text, len);
	memcpy(w->mem.p + BUFFER + at + head + len, dict, dict_len);
	w->next += size;
}

static void
set_variable(struct world *w, unsigned int which, uint64_t v,
    unsigned int size)
{
	bytes_poke(&w->mem, VARS + 16 * which, v, size);
}

static void
set_info(struct world *w, const char *text)
{
	kvmi_vmcoreinfo_deinit(&w->l.info);
	assert_true(kvmi_vmcoreinfo_init(&w->l.info, text, strlen(text)));
}

static void
make(struct world *w, const struct log_row *row)
{
	char info[512];

	*w = (struct world){ .row = row, .arch = kvmi_arch_x86_64 };
	w->arch.pointer_size = (uint8_t)row->ptr;
	w->k.arch = &w->arch;
	w->k.os = &kvmi_os_linux;
	w->k.priv = &w->l;
	w->k.opts = &resolver;
	w->k.syms_status = w->k.types_status = KVMI_ENOTSUP;
	w->k.big_endian = w->mem.big_endian = row->big_endian;
	pthread_mutex_init(&w->k.lock, NULL);
	w->cx = kvmi_cx_new();
	bytes_fill(&w->mem, 0, VARS);
	bytes_fill(&w->mem, 0xee, MEMORY - VARS);
	for (unsigned int no = 0; no < row->records; no++)
		store(w, no);
	set_variable(w, LOG_BUF, BUFFER, row->ptr);
	set_variable(w, LOG_BUF_LEN, row->buf_len, 4);
	set_variable(w, LOG_FIRST_IDX, w->first, 4);
	set_variable(w, LOG_NEXT_IDX, w->next, 4);
	set_variable(w, LOG_FIRST_SEQ, w->first_no, 8);
	snprintf(info, sizeof(info), "SIZE(%s)=%u\nOFFSET(%s.ts_nsec)=0\n"
	    "OFFSET(%s.len)=8\nOFFSET(%s.text_len)=10\n"
	    "OFFSET(%s.dict_len)=12\n", row->kind, row->head, row->kind,
	    row->kind, row->kind, row->kind);
	set_info(w, info);
}

static void
shut(struct world *w)
{
	kvmi_image_close(w->k.img);
	w->k.img = NULL;
	bytes_free(&w->file);
	kvmi_space_flush(w->cx);
}

static void
done(struct world *w)
{
	shut(w);
	kvmi_vmcoreinfo_deinit(&w->l.info);
	pthread_mutex_destroy(&w->k.lock);
	kvmi_cx_free(w->cx);
	bytes_free(&w->mem);
}

static int
check_record(const struct kvm_logrec *rec, void *arg)
{
	struct world *w = arg;
	unsigned int no = w->first_no + w->seen++;
	char text[128];
	size_t len = text_of(no, text, sizeof(text));

	UTIL_EQ(w->row->name, rec->kl_seq, no);
	UTIL_EQ(w->row->name, rec->kl_nsec, 1000 * no);
	UTIL_EQ(w->row->name, rec->kl_level, no % 8);
	UTIL_EQ(w->row->name, rec->kl_facility, no % 24);
	UTIL_EQ(w->row->name, rec->kl_len, len);
	UTIL_TRUE(w->row->name, memcmp(rec->kl_text, text, len) == 0);
	return (1);
}

static int
touch(const struct kvm_logrec *rec, void *arg)
{
	struct world *w = arg;

	for (size_t i = 0; i < rec->kl_len; i++)
		w->seen += (uint8_t)rec->kl_text[i];
	return (1);
}

static int
stop_at_third(const struct kvm_logrec *rec, void *arg)
{
	struct world *w = arg;

	(void)rec;
	return (++w->seen < 3);
}

/* Take memory as it is now and read the log in it. */
static int
walk(struct world *w, kvm_walk_log_cb_t *cb)
{
	shut(w);
	flat_open(&w->k, &w->mem, &w->file);
	kvmi_damage_reset(w->cx);
	w->seen = 0;
	w->given = 0;
	return (kvmi_linux_log(&w->k, w->cx, cb, w, &w->given));
}

static void
test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(log_row); i++) {
		const struct log_row *row = &log_row[i];
		struct world w;

		make(&w, row);
		UTIL_EQ(row->name, walk(&w, check_record), 0);
		UTIL_EQ(row->name, w.given, row->records - w.first_no);
		UTIL_EQ(row->name, w.seen, w.given);
		UTIL_EQ(row->name, w.cx->damage, 0);
		if (row->records >= 40) {
			UTIL_EQ(row->name, walk(&w, stop_at_third), 0);
			UTIL_EQ(row->name, w.given, 3);
			UTIL_EQ(row->name, w.cx->damage, 0);
		}
		done(&w);
	}
}

/* What the description of the log may say that is no log. */
static void
test_bad_description(void **state)
{
	static const struct {
		const char	*name;
		unsigned int	 variable;
		uint64_t	 value;
		int		 want;
	} row[] = {
		{ "no length", LOG_BUF_LEN, 0, KVMI_EFORMAT },
		{ "a length of 4 GiB", LOG_BUF_LEN, UINT32_MAX, KVMI_EFORMAT },
		{ "begins behind the buffer", LOG_FIRST_IDX, 1025,
		    KVMI_EFORMAT },
		{ "ends behind the buffer", LOG_NEXT_IDX, UINT32_MAX,
		    KVMI_EFORMAT },
	};
	static const struct {
		const char	*name, *info;
		int		 want;
	} info[] = {
		{ "nothing is known of it", "SIZE(list_head)=16\n",
		    KVMI_ENOTSUP },
		{ "an offset is missing", "SIZE(printk_log)=16\n"
		    "OFFSET(printk_log.ts_nsec)=0\nOFFSET(printk_log.len)=8\n",
		    KVMI_ENOTSUP },
		{ "a member outside", "SIZE(printk_log)=16\n"
		    "OFFSET(printk_log.ts_nsec)=0\nOFFSET(printk_log.len)=8\n"
		    "OFFSET(printk_log.text_len)=10\n"
		    "OFFSET(printk_log.dict_len)=13\n", KVMI_EFORMAT },
		{ "offsets that wrap", "SIZE(printk_log)=16\n"
		    "OFFSET(printk_log.ts_nsec)=0\n"
		    "OFFSET(printk_log.len)=18446744073709551615\n"
		    "OFFSET(printk_log.text_len)=10\n"
		    "OFFSET(printk_log.dict_len)=12\n", KVMI_EFORMAT },
		{ "a structure of 4 GiB", "SIZE(printk_log)=4294967296\n"
		    "OFFSET(printk_log.ts_nsec)=0\nOFFSET(printk_log.len)=8\n"
		    "OFFSET(printk_log.text_len)=10\n"
		    "OFFSET(printk_log.dict_len)=12\n", KVMI_EFORMAT },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		make(&w, &log_row[3]);
		set_variable(&w, row[i].variable, row[i].value, 4);
		UTIL_FAILS(row[i].name, walk(&w, touch), row[i].want,
		    &w.cx->err);
		done(&w);
	}
	for (size_t i = 0; i < KVMI_COUNT(info); i++) {
		make(&w, &log_row[3]);
		set_info(&w, info[i].info);
		UTIL_FAILS(info[i].name, walk(&w, touch), info[i].want,
		    &w.cx->err);
		done(&w);
	}
}

/* Records up to a bad one are given, and that some are missing is told. */
static void
test_bad_record(void **state)
{
	static const struct {
		const char	*name;
		unsigned int	 len;
	} row[] = {
		{ "shorter than its head", 15 },
		{ "as long as nothing, where none wraps", 0 },
		{ "behind the end", UINT16_MAX },
	};
	struct world w;
	unsigned int at;

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		make(&w, &log_row[2]);
		at = w.first;
		for (unsigned int no = 0; no < 5; no++)
			at += len_at(&w, at);
		poke(&w, at + 8, row[i].len, 2);
		UTIL_EQ(row[i].name, walk(&w, check_record), 0);
		UTIL_EQ(row[i].name, w.given, 5);
		UTIL_EQ(row[i].name, w.cx->damage, 1);
		UTIL_TRUE(row[i].name, strstr(w.cx->damage_why,
		    "kernel log") != NULL);
		done(&w);
	}
	/* It says that it is longer than its record. */
	make(&w, &log_row[1]);
	poke(&w, w.first + 10, UINT16_MAX, 2);
	UTIL_EQ("text", walk(&w, touch), 0);
	UTIL_EQ("text", w.given, 1);
	done(&w);
	/* The buffer is not in the dump. */
	make(&w, &log_row[3]);
	set_variable(&w, LOG_BUF, MEMORY + 0x1000, 8);
	UTIL_EQ("hole", walk(&w, touch), 0);
	UTIL_EQ("hole", w.given, 0);
	UTIL_TRUE("hole", w.cx->damage != 0);
	done(&w);
}

/* Any byte may be wrong: walks end, and inside the buffer. */
static void
test_any_byte(void **state)
{
	static const uint8_t value[] = { 0, 1, 0x7f, 0x80, 0xff };
	const struct log_row row = { "any byte", 8, false, "printk_log", 16,
		256, 30 };
	struct world w;

	(void)state;
	make(&w, &row);
	for (unsigned int i = 0; i < KVMI_COUNT(value) * row.buf_len; i++) {
		uint8_t *p = &w.mem.p[BUFFER + i % row.buf_len], was = *p;

		*p = value[i / row.buf_len];
		UTIL_EQ(row.name, walk(&w, touch), 0);
		UTIL_TRUE(row.name, w.given <= row.buf_len / row.head);
		*p = was;
	}
	done(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_bad_description),
		cmocka_unit_test(test_bad_record),
		cmocka_unit_test(test_any_byte),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
