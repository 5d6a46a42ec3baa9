/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that shrink while they are mapped, and what else SIGBUS may be for. */
#include "util.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/busguard.h"
#include "base/src.h"

#define HOST_PAGE ((size_t)sysconf(_SC_PAGESIZE))

/* Which parts of a shrunk file are lost: by pages, and for good. */
static void
test_shrink(void **state)
{
	size_t page = HOST_PAGE, len = 8 * page;
	const struct {
		const char *name;
		uint64_t off, n;
		bool ok;
	} row[] = {
		{ "what is left", 0, 3 * page, true },
		{ "its last byte", 3 * page - 1, 1, true },
		{ "the first that is gone", 3 * page, 1, false },
		{ "what is left, after the fault", 0, 3 * page, true },
		{ "across the end", 3 * page - 8, 16, false },
		{ "the very last", len - 1, 1, false },
		{ "all", 0, len, false },
		{ "what is left, at last", page, page, true },
	};
	struct bytes b = { 0 };
	struct kvmi_src *s;
	int fd;

	(void)state;
	for (size_t i = 0; i < len; i++)
		bytes_fill(&b, mkimage_byte(i), 1);
	fd = util_file(b.p, len);
	s = util_file_src(fd);
	UTIL_TRUE("mapped", s->map != NULL);
	UTIL_EQ("shrink", ftruncate(fd, (off_t)(3 * page)), 0);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		uint8_t *buf = malloc(row[i].n);
		struct kvmi_err err = { 0 };

		UTIL_FAILS(row[i].name, kvmi_src_read(s, row[i].off, buf,
		    row[i].n, "page", &err), row[i].ok ? 0 : KVMI_ETRUNC,
		    &err);
		UTIL_TRUE(row[i].name, !row[i].ok ||
		    mkimage_differs(buf, row[i].n, row[i].off) == row[i].n);
		free(buf);
	}
	kvmi_src_close(s);
	/* Nothing of it stays behind. */
	s = util_file_src(fd);
	UTIL_EQ("opened again", s->size, 3 * page);
	UTIL_EQ("opened again", kvmi_map_lost(s->map), false);
	kvmi_src_close(s);
	close(fd);
	bytes_free(&b);
}

static volatile sig_atomic_t own_calls;

static void
own_handler(int sig)
{
	(void)sig;
	own_calls++;
}

static volatile sig_atomic_t own_infos;
static void *volatile own_addr;
static sigjmp_buf own_jump;

static void
own_siginfo(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)uc;
	own_infos++;
	own_addr = si->si_addr;
	if (si->si_code > 0)
		siglongjmp(own_jump, 1);
}

/* A mapping of a file that is empty now: to touch it is SIGBUS. */
static volatile uint8_t *
bus_error(void)
{
	int fd = util_file("x", 1);
	void *p = mmap(NULL, HOST_PAGE, PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED || ftruncate(fd, 0) != 0)
		abort();
	close(fd);
	return (p);
}

struct cut {
	int		 fd;
	struct kvmi_src	*s;
};

/* A mapped file of two pages that shrank to one. */
static struct cut
cut_open(void)
{
	struct bytes b = { 0 };
	struct cut c;

	bytes_fill(&b, 'x', 2 * HOST_PAGE);
	c.fd = util_file(b.p, b.len);
	c.s = util_file_src(c.fd);
	if (ftruncate(c.fd, (off_t)HOST_PAGE) != 0)
		abort();
	bytes_free(&b);
	return (c);
}

static void
cut_close(struct cut *c)
{
	kvmi_src_close(c->s);
	close(c->fd);
}

static bool
cut_is_seen(struct cut *c)
{
	struct kvmi_err err = { 0 };
	uint8_t byte;

	return (kvmi_src_read(c->s, HOST_PAGE, &byte, 1, "byte", &err) ==
	    KVMI_ETRUNC && err.text[0] != '\0');
}

/* The application's handler gets what is its own, and is there afterwards. */
static void
test_own_handler(void **state)
{
	struct sigaction mine = { .sa_handler = own_handler }, now;
	struct cut c;

	(void)state;
	own_calls = 0;
	sigaction(SIGBUS, &mine, NULL);
	c = cut_open();
	UTIL_TRUE("ours", cut_is_seen(&c));
	UTIL_EQ("not told of ours", own_calls, 0);
	raise(SIGBUS);
	UTIL_EQ("told of its own", own_calls, 1);
	kill(getpid(), SIGBUS);
	UTIL_EQ("and of others'", own_calls, 2);
	cut_close(&c);
	sigaction(SIGBUS, NULL, &now);
	UTIL_TRUE("back in place", now.sa_handler == own_handler);
	signal(SIGBUS, SIG_DFL);
}

static void
test_own_siginfo(void **state)
{
	struct sigaction mine = { .sa_sigaction = own_siginfo,
		.sa_flags = SA_SIGINFO | SA_NODEFER };
	volatile uint8_t *p = bus_error();
	struct sigaction now;
	struct cut c;

	(void)state;
	own_infos = 0;
	sigaction(SIGBUS, &mine, NULL);
	c = cut_open();
	UTIL_TRUE("ours", cut_is_seen(&c));
	UTIL_EQ("not told of ours", own_infos, 0);
	if (sigsetjmp(own_jump, 1) == 0) {
		(void)p[7];
		fail_msg("no SIGBUS");
	}
	UTIL_EQ("told of its own", own_infos, 1);
	UTIL_TRUE("and where", own_addr == (void *)(uintptr_t)(p + 7));
	UTIL_TRUE("ours, still", cut_is_seen(&c));
	cut_close(&c);
	sigaction(SIGBUS, NULL, &now);
	UTIL_TRUE("back in place", now.sa_sigaction == own_siginfo);
	signal(SIGBUS, SIG_DFL);
	munmap((void *)(uintptr_t)p, HOST_PAGE);
}

/* A handler that somebody put over ours while we were open is left there. */
static void
test_handler_on_top(void **state)
{
	struct sigaction mine = { .sa_handler = own_handler }, now;
	struct cut c = cut_open();

	(void)state;
	sigaction(SIGBUS, &mine, NULL);
	cut_close(&c);
	sigaction(SIGBUS, NULL, &now);
	UTIL_TRUE("still there", now.sa_handler == own_handler);
	signal(SIGBUS, SIG_DFL);
}

enum deed { TOUCH, RAISE, KILL, TOUCH_OURS };

/* In a child: do it with our guard in place; how did the child end? */
static int
outcome(void (*before)(int), enum deed deed)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		volatile uint8_t *p = bus_error();
		struct cut c;

		signal(SIGBUS, before);
		c = cut_open();
		alarm(20);
		switch (deed) {
		case TOUCH:
			(void)p[0];
			break;
		case RAISE:
			raise(SIGBUS);
			break;
		case KILL:
			kill(getpid(), SIGBUS);
			break;
		case TOUCH_OURS:
			break;
		}
		if (before == SIG_DFL && deed != TOUCH_OURS)
			_exit(4);	/* too late to end by it */
		/* Ours has to work to the end. */
		_exit(cut_is_seen(&c) ? 0 : 3);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail_msg("fork");
	return (WIFSIGNALED(status) ? WTERMSIG(status) :
	    -WEXITSTATUS(status));
}

static void
test_default(void **state)
{
	static const struct {
		const char *name;
		void (*before)(int);
		enum deed deed;
		int want;
	} row[] = {
		{ "ours, default", SIG_DFL, TOUCH_OURS, 0 },
		{ "ours, ignored", SIG_IGN, TOUCH_OURS, 0 },
		{ "a fault elsewhere, default", SIG_DFL, TOUCH, SIGBUS },
		/* The kernel does not let a fault be ignored. */
		{ "a fault elsewhere, ignored", SIG_IGN, TOUCH, SIGBUS },
		{ "raised, default", SIG_DFL, RAISE, SIGBUS },
		{ "raised, ignored", SIG_IGN, RAISE, 0 },
		{ "sent, default", SIG_DFL, KILL, SIGBUS },
		{ "sent, ignored", SIG_IGN, KILL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++)
		UTIL_EQ(row[i].name, outcome(row[i].before, row[i].deed),
		    row[i].want);
}

/* More files than the guard has room for: read, then, instead of mapped. */
static void
test_many(void **state)
{
	static struct kvmi_src *s[300];
	uint8_t content[1000];
	int fd;
	size_t mapped = 0;
	struct sigaction before, now;
	struct kvmi_err err;
	uint8_t buf[100];

	(void)state;
	mkimage_fill(content, sizeof(content), 0);
	fd = util_file(content, sizeof(content));
	sigaction(SIGBUS, NULL, &before);
	for (size_t i = 0; i < KVMI_COUNT(s); i++) {
		s[i] = util_file_src(fd);
		mapped += s[i]->map != NULL;
		UTIL_EQ("no device", s[i]->volatile_, false);
		UTIL_EQ("read", kvmi_src_read(s[i], 500, buf, sizeof(buf),
		    "x", &err), 0);
		UTIL_TRUE("read", memcmp(buf, content + 500,
		    sizeof(buf)) == 0);
	}
	UTIL_TRUE("some are mapped", mapped >= 100);
	for (size_t i = 0; i < KVMI_COUNT(s); i++)
		UTIL_EQ("close", kvmi_src_close(s[i]), 0);
	sigaction(SIGBUS, NULL, &now);
	UTIL_TRUE("nothing left behind", now.sa_handler ==
	    before.sa_handler);
	s[0] = util_file_src(fd);
	UTIL_TRUE("mapped again", s[0]->map != NULL);
	kvmi_src_close(s[0]);
	close(fd);
}

#define THREADS	8
#define PAGES	64

struct job {
	struct kvmi_src	*s;
	size_t		 page;
	uint64_t	 seed;
	atomic_uint	*wrong, *lost;
};

static void *
read_all(void *arg)
{
	struct job *j = arg;
	uint8_t *buf = malloc(j->page);

	for (int i = 0; i < 2000; i++) {
		uint64_t at = util_random(&j->seed) % PAGES * j->page;
		struct kvmi_err err;
		int r = kvmi_src_read(j->s, at, buf, j->page, "page", &err);

		if (r == 0 ? mkimage_differs(buf, j->page, at) != j->page :
		    r != KVMI_ETRUNC)
			atomic_fetch_add(j->wrong, 1);
		if (r == KVMI_ETRUNC)
			atomic_fetch_add(j->lost, 1);
	}
	free(buf);
	return (NULL);
}

/* Eight threads read while the file shrinks: right bytes or an error. */
static void
test_shrink_under_threads(void **state)
{
	size_t page = HOST_PAGE;
	atomic_uint wrong = 0, lost = 0;
	uint8_t *p = malloc(PAGES * page);
	struct job job[THREADS];
	pthread_t id[THREADS];
	struct kvmi_src *s;
	int fd;

	(void)state;
	mkimage_fill(p, PAGES * page, 0);
	fd = util_file(p, PAGES * page);
	s = util_file_src(fd);
	for (size_t i = 0; i < THREADS; i++) {
		job[i] = (struct job){ s, page, i + 1, &wrong, &lost };
		pthread_create(&id[i], NULL, read_all, &job[i]);
	}
	for (size_t left = PAGES; left-- > 1;) {
		if (ftruncate(fd, (off_t)(left * page)) != 0)
			abort();
		usleep(200);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	UTIL_EQ("wrong", wrong, 0);
	UTIL_TRUE("lost", lost > 0);
	kvmi_src_close(s);
	close(fd);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_own_handler),
		cmocka_unit_test(test_own_siginfo),
		cmocka_unit_test(test_handler_on_top),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_shrink_under_threads),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
