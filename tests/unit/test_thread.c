/* SPDX-License-Identifier: BSD-2-Clause */
#include "util.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/thread.h"
#include "base/worker.h"

#define THREADS	8
#define ROUNDS	2000

static void
test_same_thread(void **state)
{
	struct kvmi_threads a, b;
	struct kvmi_cx *x;

	(void)state;
	UTIL_EQ("init", kvmi_threads_init(&a), 0);
	UTIL_EQ("init", kvmi_threads_init(&b), 0);
	UTIL_TRUE("none at first", kvmi_cx_peek(&a) == NULL);
	x = kvmi_cx_get(&a);
	UTIL_TRUE("made", x != NULL);
	UTIL_TRUE("kept", kvmi_cx_get(&a) == x && kvmi_cx_peek(&a) == x);
	UTIL_TRUE("each descriptor has its own", kvmi_cx_peek(&b) == NULL &&
	    kvmi_cx_get(&b) != x);
	UTIL_EQ("no error", x->err.code, 0);
	UTIL_STR("no error", x->err.text, "");
	UTIL_TRUE("no translation", kvmi_tlb_near(&x->tlb, 0) == NULL);
	kvmi_threads_deinit(&a);
	kvmi_threads_deinit(&b);
}

struct shared {
	struct kvmi_threads t;
	pthread_barrier_t done;		/* all have failed often, and we know */
	pthread_barrier_t leave;	/* the even ones stay until here */
	atomic_uint	 wrong;
	atomic_uint	 next;
};

/* Errors of this thread only, whatever the others do. */
static void *
fail_often(void *arg)
{
	struct shared *s = arg;
	unsigned int me = atomic_fetch_add(&s->next, 1);
	struct kvmi_cx *cx = kvmi_cx_get(&s->t);
	char want[40];

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(want, sizeof(want), "thread %u, %d", me, i);
		kvmi_fail(&cx->err, -(int)me - 1, "%s", want);
		if (kvmi_cx_get(&s->t) != cx || cx->err.code !=
		    -(int)me - 1 || strcmp(cx->err.text, want) != 0)
			atomic_fetch_add(&s->wrong, 1);
	}
	pthread_barrier_wait(&s->done);
	if (me % 2 == 0)
		pthread_barrier_wait(&s->leave);
	return (NULL);
}

static size_t
count(struct kvmi_threads *t)
{
	size_t n = 0;

	pthread_mutex_lock(&t->lock);
	for (struct kvmi_cx *cx = t->all; cx != NULL; cx = cx->next) {
		n++;
		if (cx->next != NULL)
			UTIL_TRUE("linked both ways", cx->next->prev == cx);
	}
	pthread_mutex_unlock(&t->lock);
	return (n);
}

static void
run_threads(bool deinit_first)
{
	pthread_t id[THREADS];
	struct shared s = { .wrong = 0 };

	UTIL_EQ("init", kvmi_threads_init(&s.t), 0);
	pthread_barrier_init(&s.done, NULL, THREADS + 1);
	pthread_barrier_init(&s.leave, NULL, THREADS / 2 + 1);
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&id[i], NULL, fail_often, &s);
	/* While they begin there are for a moment as many as will be left. */
	pthread_barrier_wait(&s.done);
	for (int n = 0; n < 500 && count(&s.t) != THREADS / 2; n++)
		usleep(10000);
	UTIL_EQ("who ends takes its context along", count(&s.t), THREADS / 2);
	if (deinit_first)
		kvmi_threads_deinit(&s.t);
	pthread_barrier_wait(&s.leave);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	UTIL_EQ("wrong errors", s.wrong, 0);
	if (!deinit_first) {
		UTIL_EQ("all ended", count(&s.t), 0);
		kvmi_threads_deinit(&s.t);
	}
	pthread_barrier_destroy(&s.done);
	pthread_barrier_destroy(&s.leave);
}

static void
test_threads(void **state)
{
	(void)state;
	run_threads(false);
}

/* Threads may live on after the descriptor, and end later. */
static void
test_deinit_first(void **state)
{
	(void)state;
	run_threads(true);
}

static void *
come_and_go(void *arg)
{
	return (kvmi_cx_get(arg));
}

static void
test_many(void **state)
{
	struct kvmi_threads t;
	pthread_t id;

	(void)state;
	UTIL_EQ("init", kvmi_threads_init(&t), 0);
	kvmi_cx_get(&t);
	for (int i = 0; i < 300; i++) {
		void *cx;

		pthread_create(&id, NULL, come_and_go, &t);
		pthread_join(id, &cx);
		UTIL_TRUE("made", cx != NULL);
	}
	UTIL_EQ("this one is left", count(&t), 1);
	kvmi_threads_deinit(&t);
}

/* Keys are few: what cannot be had is an error, and they are given back. */
static void
test_keys(void **state)
{
	static struct kvmi_threads t[2000];
	size_t n[2];

	(void)state;
	for (int round = 0; round < 2; round++) {
		int r = 0;

		for (n[round] = 0; n[round] < KVMI_COUNT(t); n[round]++) {
			r = kvmi_threads_init(&t[n[round]]);
			if (r != 0)
				break;
		}
		UTIL_TRUE("there are some", n[round] > 100);
		UTIL_TRUE("an errno", n[round] == KVMI_COUNT(t) || r > 0);
		for (size_t i = 0; i < n[round]; i++)
			kvmi_threads_deinit(&t[i]);
	}
	UTIL_EQ("as many again", n[1], n[0]);
}

static void
test_damage(void **state)
{
	struct kvmi_threads t;
	struct kvmi_cx *cx;

	(void)state;
	UTIL_EQ("init", kvmi_threads_init(&t), 0);
	cx = kvmi_cx_get(&t);
	UTIL_EQ("none", cx->damage, 0);
	UTIL_STR("none", cx->damage_why, "");
	for (int i = 1; i <= 3; i++) {
		kvmi_fail(&cx->err, KVMI_ENOTINDUMP, "object %d", i);
		kvmi_damage(cx);
		UTIL_EQ("counted", cx->damage, i);
		UTIL_STR("the first reason", cx->damage_why, "object 1");
	}
	kvmi_damage_reset(cx);
	UTIL_EQ("none again", cx->damage, 0);
	UTIL_STR("none again", cx->damage_why, "");
	kvmi_threads_deinit(&t);
}

/* What goes into a slot is found there and not elsewhere. */
static void
test_tlb(void **state)
{
	static const struct {
		const char *name;
		uint64_t va, len, at;
		bool found;
	} row[] = {
		{ "first byte", 0x1000, 0x1000, 0x1000, true },
		{ "last byte", 0x1000, 0x1000, 0x1fff, true },
		{ "one behind", 0x1000, 0x1000, 0x2000, false },
		{ "one before", 0x1000, 0x1000, 0xfff, false },
		{ "64 KiB", 0x10000, 0x10000, 0x1ffff, true },
		{ "2 MiB", 0x200000, 0x200000, 0x3fffff, true },
		{ "1 GiB", 0x40000000, 0x40000000, 0x7fffffff, true },
		{ "the top page", UINT64_MAX - 0xfff, 0x1000, UINT64_MAX,
		    true },
		{ "nothing wraps to 0", UINT64_MAX - 0xfff, 0x1000, 0, false },
		{ "half of everything", UINT64_C(1) << 63, UINT64_C(1) << 63,
		    UINT64_C(1) << 63, true },
		{ "empty", 0x1000, 0, 0x1000, false },
	};

	(void)state;
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		static struct kvmi_tlb tlb;
		struct kvmi_tlb_entry e;

		memset(&tlb, 0, sizeof(tlb));
		kvmi_tlb_init(&tlb);
		e = (struct kvmi_tlb_entry){ .va = row[i].va,
			.len = row[i].len, .base = 7, .asid = 5 };
		kvmi_tlb_put_far(&tlb, row[i].at, &e);
		UTIL_TRUE(row[i].name, (kvmi_tlb_far(&tlb, 5, row[i].at) !=
		    NULL) == row[i].found);
		UTIL_TRUE(row[i].name, kvmi_tlb_far(&tlb, 4, row[i].at) ==
		    NULL && kvmi_tlb_near(&tlb, row[i].at) == NULL);
		kvmi_tlb_put_near(&tlb, row[i].at, &e);
		UTIL_TRUE(row[i].name, (kvmi_tlb_near(&tlb, row[i].at) !=
		    NULL) == row[i].found);
		/* A word needs its eight bytes. */
		UTIL_TRUE(row[i].name, (kvmi_tlb_word(&tlb, row[i].at) !=
		    NULL) == (row[i].found && row[i].va - row[i].at +
		    row[i].len >= 8));
		kvmi_tlb_deinit(&tlb);
	}
	UTIL_EQ("half a cache line", sizeof(struct kvmi_tlb_entry), 32);
}

/* Entries that push each other out get more room, though not for ever. */
static void
test_tlb_growth(void **state)
{
	static struct kvmi_tlb tlb;
	const size_t one = sizeof(struct kvmi_tlb_entry);

	(void)state;
	kvmi_tlb_init(&tlb);
	for (uint64_t round = 0; round < 40; round++)
		for (uint64_t i = 0; i < 1 << 16; i++) {
			uint64_t va = (i << 12) + (round << 40);
			const struct kvmi_tlb_entry e = { .va = va,
				.len = 4096 };

			kvmi_tlb_put_near(&tlb, va, &e);
			UTIL_TRUE("what was put there is found",
			    kvmi_tlb_word(&tlb, va + 4088) != NULL);
		}
	UTIL_EQ("it grew", tlb.near.of[1].mask, ((1 << 16) - 1) * one);
	UTIL_TRUE("others did not", tlb.near.of[0].mask < 65536 &&
	    tlb.far.of[1].mask < 65536);
	for (uint64_t i = 0; i < 1 << 16; i++)
		UTIL_TRUE("all at once", kvmi_tlb_near(&tlb, (i << 12) +
		    (UINT64_C(39) << 40)) != NULL);
	kvmi_tlb_deinit(&tlb);
}

/* A context that went with its thread or descriptor is not used again. */
static void
test_last(void **state)
{
	struct kvmi_threads t;
	struct kvmi_cx *cx;

	(void)state;
	UTIL_EQ("init", kvmi_threads_init(&t), 0);
	cx = kvmi_cx_get(&t);
	UTIL_TRUE("remembered", kvmi_cx_peek(&t) == cx);
	kvmi_threads_deinit(&t);
	UTIL_EQ("again, at the same address", kvmi_threads_init(&t), 0);
	UTIL_TRUE("none yet", kvmi_cx_peek(&t) == NULL);
	kvmi_threads_deinit(&t);
}

/* The signals that a worker lets through, as bits from 1 on. */
static void *
unblocked(void *arg)
{
	uint64_t *ret = arg;
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	for (int i = 1; i < 32; i++)
		if (sigismember(&set, i) == 0)
			*ret |= UINT64_C(1) << i;
	return (NULL);
}

static void
test_worker(void **state)
{
	const uint64_t want = UINT64_C(1) << SIGBUS | UINT64_C(1) << SIGSEGV |
	    UINT64_C(1) << SIGKILL | UINT64_C(1) << SIGSTOP;
	uint64_t got = 0;
	sigset_t before, after;
	pthread_t thread;

	(void)state;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	UTIL_EQ("start", kvmi_worker_start(&thread, unblocked, &got), 0);
	pthread_join(thread, NULL);
	UTIL_EQ("signals of a worker", got, want);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < 32; i++)
		UTIL_EQ("ours", sigismember(&after, i),
		    sigismember(&before, i));
	UTIL_TRUE("CPUs", kvmi_worker_cpus() >= 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_thread),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_deinit_first),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_tlb),
		cmocka_unit_test(test_tlb_growth),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_worker),
	};

	return (cmocka_run_group_tests(tests, NULL, util_report));
}
