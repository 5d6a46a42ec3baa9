/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread keeps of a descriptor: its last error, its translation cache
 * and the outcome of its last list call.  Functions that read memory take it
 * as their first context argument, cx.
 */
#ifndef KVMI_THREAD_H
#define KVMI_THREAD_H

#include <pthread.h>

#include "base/err.h"
#include "base/tlb.h"

struct kvmi_cx {
	struct kvmi_err	 err;
	struct kvmi_tlb	 tlb;
	unsigned int	 damage;	/* objects skipped by the last list call */
	char		 damage_why[KVMI_ERR_SIZE];
	struct kvmi_cx	*next;		/* all contexts of a descriptor */
	struct kvmi_cx	*prev;
	struct kvmi_threads *owner;
};

struct kvmi_threads {
	pthread_key_t	 key;
	pthread_mutex_t	 lock;
	struct kvmi_cx	*all;
};

/* 0, or an errno. */
int kvmi_threads_init(struct kvmi_threads *t);
void kvmi_threads_deinit(struct kvmi_threads *t);

/* This thread's context, made at first use; NULL without memory. */
struct kvmi_cx *kvmi_cx_get(struct kvmi_threads *t);

/* This thread's context if it has one. */
static inline struct kvmi_cx *
kvmi_cx_peek(struct kvmi_threads *t)
{
	return (pthread_getspecific(t->key));
}

/* Count what a list call had to skip; the first reason, in cx->err, is kept. */
void kvmi_damage(struct kvmi_cx *cx);
void kvmi_damage_reset(struct kvmi_cx *cx);

#endif
