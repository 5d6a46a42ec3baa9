/* SPDX-License-Identifier: BSD-2-Clause */
/* kpeek read: bytes of memory, in several forms. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kpeek.h"

#define DEFAULT_LENGTH	64
#define MAX_SYMBOL	4096	/* a larger one is not meant as a whole */
#define MAX_STRING	65536
#define MAX_LENGTH	(UINT64_C(1) << 32)

enum form { HEXDUMP, RAW, STRING, WORDS };

struct request {
	struct context	*c;
	enum form	 form;
	bool		 physical;
	bool		 force;
	const char	*what;
	bool		 sized;		/* length was given */
	uint64_t	 length;
	kvaddr_t	 addr;
};

static void
print_hexdump(struct request *q, const uint8_t *p, size_t len)
{
	for (size_t at = 0; at < len; at += 16) {
		size_t n = len - at < 16 ? len - at : 16;

		printf("%0*" PRIx64 " ", address_digits(q->c), q->addr + at);
		for (size_t i = 0; i < 16; i++) {
			if (i % 8 == 0)
				putchar(' ');
			if (i < n)
				printf("%02x ", p[at + i]);
			else
				printf("   ");
		}
		printf(" |");
		for (size_t i = 0; i < n; i++)
			putchar(p[at + i] >= 0x20 && p[at + i] < 0x7f ?
			    p[at + i] : '.');
		printf("|\n");
	}
}

static void
print_words(struct request *q, const uint8_t *p, size_t len)
{
	const struct kvm_info *info = kvm_getinfo(q->c->kd);
	bool big = info != NULL && info->ki_big_endian;
	size_t size = word_size(q->c);

	for (size_t at = 0; at + size <= len; at += size) {
		char name[512] = "";
		uint64_t v = 0;

		for (size_t i = 0; i < size; i++)
			v = v << 8 | p[at + (big ? i : size - 1 - i)];
		/* Small numbers lie in no kernel. */
		if (v > UINT32_MAX || size == 4)
			format_symbol(q->c->kd, v, name, sizeof(name));
		printf("%0*" PRIx64 "  %0*" PRIx64 "%s%s\n", (int)(2 * size),
		    q->addr + at, (int)(2 * size), v,
		    name[0] != '\0' ? "  " : "", name);
	}
}

static void
print_json(struct request *q, const uint8_t *p, size_t len)
{
	json_object *o = json_object_new_object();
	char *hex;

	if (q->form == STRING)
		len = strnlen((const char *)p, len);
	hex = malloc(2 * len + 1);
	if (hex == NULL)
		abort();
	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", p[i]);
	hex[2 * len] = '\0';
	json_object_object_add(o, "address", json_address(q->addr));
	json_object_object_add(o, "length",
	    json_object_new_int64((int64_t)len));
	if (q->form == STRING)
		json_object_object_add(o, "string", json_text((const char *)p,
		    len));
	else
		json_object_object_add(o, "data", json_object_new_string(hex));
	free(hex);
	json_print(o);
}

static void
print(struct request *q, const uint8_t *p, size_t len)
{
	char *safe;

	if (q->c->json) {
		print_json(q, p, len);
		return;
	}
	switch (q->form) {
	case RAW:
		fwrite(p, 1, len, stdout);
		break;
	case STRING:
		safe = escape((const char *)p, strnlen((const char *)p, len),
		    "\n\t");
		printf("%s%s", safe, safe[0] != '\0' &&
		    safe[strlen(safe) - 1] == '\n' ? "" : "\n");
		free(safe);
		break;
	case WORDS:
		print_words(q, p, len);
		break;
	default:
		print_hexdump(q, p, len);
	}
}

/* The symbol's own size, when it is known and reasonable. */
static uint64_t
default_length(struct request *q)
{
	struct kvm_symbol s;

	if (q->form == STRING)
		return (MAX_STRING);
	if (!q->physical && kvm_symbol_by_name(q->c->kd, q->what, &s) == 0 &&
	    s.ks_size != 0 && s.ks_size <= MAX_SYMBOL)
		return (s.ks_size);
	return (DEFAULT_LENGTH);
}

/* Ever smaller parts, up to the first byte that cannot be had. */
static ssize_t
fetch_physical(struct request *q, uint8_t *buf)
{
	uint64_t done = 0, step = q->length;

	while (done < q->length && step > 0) {
		uint64_t n = step < q->length - done ? step : q->length - done;

		if (kvm_read_phys(q->c->kd, q->addr + done, buf + done, n) ==
		    (ssize_t)n)
			done += n;
		else
			step = n / 2;
	}
	return ((ssize_t)done);
}

/* How much could be read; the reason for less is the library's last error. */
static ssize_t
fetch(struct request *q, uint8_t *buf)
{
	if (!q->physical)
		return (kvm_read_partial(q->c->kd, q->addr, buf, q->length));
	return (fetch_physical(q, buf));
}

/* Before the image is read; the text of an error when it cannot be. */
static const char *
settle_length(struct request *q)
{
	size_t word = word_size(q->c);

	if (!q->sized)
		q->length = default_length(q);
	if (q->length == 0)
		return ("nothing to read: a length of 0");
	if (q->length > MAX_LENGTH)
		return ("too many bytes at once: 4 GiB are the most");
	if (q->form == WORDS && !q->c->json)
		q->length = (q->length + word - 1) / word * word;
	return (NULL);
}

static int
read_and_print(struct request *q)
{
	const char *wrong = settle_length(q);
	uint8_t *buf;
	ssize_t n;
	bool whole;

	if (wrong != NULL) {
		complain("%s", wrong);
		return (EXIT_USAGE);
	}
	buf = malloc(q->length);
	if (buf == NULL) {
		complain("%" PRIu64 " bytes are more than there is memory",
		    q->length);
		return (EXIT_FAILED);
	}
	n = fetch(q, buf);
	whole = n == (ssize_t)q->length ||
	    (n > 0 && q->form == STRING && memchr(buf, 0, (size_t)n) != NULL);
	if (n > 0)
		print(q, buf, (size_t)n);
	free(buf);
	if (whole)
		return (EXIT_OK);
	fflush(stdout);
	context_fail(q->c, NULL);
	return (n > 0 ? EXIT_PARTIAL : EXIT_FAILED);
}

static int
parse_options(struct request *q, int argc, char **argv)
{
	static const struct option longs[] = { COMMON_LONG,
		{ "raw", no_argument, NULL, 'r' },
		{ "string", no_argument, NULL, 's' },
		{ "words", no_argument, NULL, 'w' },
		{ "physical", no_argument, NULL, 'p' },
		{ "force", no_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 } };
	int opt, r;

	while ((opt = getopt_long(argc, argv, "rswpf" COMMON_SHORT, longs,
	    NULL)) != -1) {
		switch (opt) {
		case 'r':
			q->form = RAW;
			break;
		case 's':
			q->form = STRING;
			break;
		case 'w':
			q->form = WORDS;
			break;
		case 'p':
			q->physical = true;
			break;
		case 'f':
			q->force = true;
			break;
		default:
			r = common_option(q->c, &cmd_read, opt, optarg);
			if (r >= 0)
				return (r);
		}
	}
	if (optind >= argc)
		return (usage(&cmd_read));
	q->what = argv[optind++];
	/* A number in second place is the length; a file of that name is not. */
	if (optind < argc && parse_number(argv[optind], &q->length)) {
		q->sized = true;
		optind++;
	}
	if (take_core(q->c, argc - optind, argv + optind) != 0)
		return (usage(&cmd_read));
	return (-1);
}

static int
run_read(struct context *c, int argc, char **argv)
{
	struct request q = { .c = c };
	int r = parse_options(&q, argc, argv);

	if (r >= 0)
		return (r);
	if (q.form == RAW && !q.force && !c->json && isatty(STDOUT_FILENO)) {
		complain("raw bytes would go to a terminal; redirect them, or "
		    "use -f");
		return (EXIT_USAGE);
	}
	if (context_open(c) != 0 || parse_address(c, q.what, &q.addr) != 0)
		return (EXIT_FAILED);
	return (read_and_print(&q));
}

const struct command cmd_read = {
	.name = "read",
	.args = "[-rswpf] [--json] NAME[+OFF]|ADDRESS [LENGTH] "
	    "[CORE [KERNEL]]",
	.summary = "Memory as a hexdump, words, a string or raw bytes",
	.options = "  -r, --raw            the bytes themselves\n"
	    "  -s, --string         up to the first NUL\n"
	    "  -w, --words          pointer-size words, with symbols\n"
	    "  -p, --physical       ADDRESS is physical\n"
	    "  -f, --force          raw bytes to a terminal too\n",
	.run = run_read,
};
