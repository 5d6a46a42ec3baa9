/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/thread.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

_Thread_local struct kvmi_last_cx kvmi_last_cx;

static void
unlink_cx(struct kvmi_threads *t, struct kvmi_cx *cx)
{
	if (cx->prev != NULL)
		cx->prev->next = cx->next;
	else
		t->all = cx->next;
	if (cx->next != NULL)
		cx->next->prev = cx->prev;
}

struct kvmi_cx *
kvmi_cx_new(void)
{
	struct kvmi_cx *cx = calloc(1, sizeof(*cx));

	if (cx != NULL)
		kvmi_tlb_init(&cx->tlb);
	return (cx);
}

void
kvmi_cx_free(struct kvmi_cx *cx)
{
	if (cx == NULL)
		return;
	kvmi_tlb_deinit(&cx->tlb);
	free(cx);
}

/* A thread ends before the descriptor does. */
static void
on_thread_exit(void *arg)
{
	struct kvmi_cx *cx = arg;
	struct kvmi_threads *t = cx->owner;

	pthread_mutex_lock(&t->lock);
	unlink_cx(t, cx);
	pthread_mutex_unlock(&t->lock);
	/* Destructors that run after this one may still read. */
	kvmi_last_cx = (struct kvmi_last_cx){ 0 };
	kvmi_cx_free(cx);
}

int
kvmi_threads_init(struct kvmi_threads *t)
{
	static _Atomic uint64_t ids;
	int e;

	t->id = atomic_fetch_add(&ids, 1) + 1;
	t->all = NULL;
	e = pthread_mutex_init(&t->lock, NULL);
	if (e != 0)
		return (e);
	e = pthread_key_create(&t->key, on_thread_exit);
	if (e != 0)
		pthread_mutex_destroy(&t->lock);
	return (e);
}

void
kvmi_threads_deinit(struct kvmi_threads *t)
{
	struct kvmi_cx *cx, *next;

	pthread_key_delete(t->key);
	for (cx = t->all; cx != NULL; cx = next) {
		next = cx->next;
		kvmi_cx_free(cx);
	}
	pthread_mutex_destroy(&t->lock);
}

struct kvmi_cx *
kvmi_cx_get(struct kvmi_threads *t)
{
	struct kvmi_cx *cx = kvmi_cx_peek(t);

	if (cx != NULL)
		goto out;
	cx = kvmi_cx_new();
	if (cx == NULL || pthread_setspecific(t->key, cx) != 0) {
		kvmi_cx_free(cx);
		return (NULL);
	}
	cx->owner = t;
	pthread_mutex_lock(&t->lock);
	cx->next = t->all;
	if (cx->next != NULL)
		cx->next->prev = cx;
	t->all = cx;
	pthread_mutex_unlock(&t->lock);
out:
	kvmi_last_cx = (struct kvmi_last_cx){ .id = t->id, .cx = cx };
	return (cx);
}

void
kvmi_damage(struct kvmi_cx *cx)
{
	if (cx->damage++ == 0)
		memcpy(cx->damage_why, cx->err.text, sizeof(cx->damage_why));
}

void
kvmi_damage_reset(struct kvmi_cx *cx)
{
	cx->damage = 0;
	cx->damage_why[0] = '\0';
}

void
kvmi_damage_add(struct kvmi_cx *cx, const struct kvmi_cx *more)
{
	if (cx->damage == 0 && more->damage != 0)
		memcpy(cx->damage_why, more->damage_why,
		    sizeof(cx->damage_why));
	cx->damage += more->damage;
}
