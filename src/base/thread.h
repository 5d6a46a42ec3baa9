/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread keeps of a descriptor: its last error, its translation cache
 * and the outcome of its last list call.  Functions that read memory take it
 * as their first context argument, cx.
 */
#ifndef KVMI_THREAD_H
#define KVMI_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/tlb.h"

/* Kernel memory that was read past the mapping; len 0: none. */
struct kvmi_glance {
	uint64_t	 va;
	size_t		 len;
	uint8_t		 bytes[512];
};

struct kvmi_cx {
	struct kvmi_tlb	 tlb;
	struct kvmi_glance glance;
	struct kvmi_err	 err;
	unsigned int	 damage;	/* objects skipped by the last list call */
	char		 damage_why[KVMI_ERR_SIZE];
	struct kvmi_cx	*next;		/* all contexts of a descriptor */
	struct kvmi_cx	*prev;
	struct kvmi_threads *owner;
};

struct kvmi_threads {
	uint64_t	 id;		/* of this set, never used again */
	pthread_key_t	 key;
	pthread_mutex_t	 lock;
	struct kvmi_cx	*all;
};

/* 0, or an errno. */
int kvmi_threads_init(struct kvmi_threads *t);
void kvmi_threads_deinit(struct kvmi_threads *t);

/* A context of no set (tests), or NULL without memory. */
struct kvmi_cx *kvmi_cx_new(void);
void kvmi_cx_free(struct kvmi_cx *cx);

/* This thread's context, made at first use; NULL without memory. */
struct kvmi_cx *kvmi_cx_get(struct kvmi_threads *t);

/*
 * The last one used is remembered: asking the thread library for it costs as
 * much as a whole read.
 */
struct kvmi_last_cx {
	uint64_t	 id;		/* of its threads */
	struct kvmi_cx	*cx;
};

extern _Thread_local struct kvmi_last_cx kvmi_last_cx
    __attribute__((visibility("hidden"), tls_model("initial-exec")));

/* Was a context of this set the last one?  Then it is kvmi_last_cx.cx. */
static inline bool
kvmi_cx_is_last(const struct kvmi_threads *t)
{
	return (kvmi_last_cx.id == t->id);
}

/* This thread's context if it has one. */
static inline struct kvmi_cx *
kvmi_cx_peek(struct kvmi_threads *t)
{
	return (kvmi_cx_is_last(t) ? kvmi_last_cx.cx :
	    pthread_getspecific(t->key));
}

/* Count what a list call had to skip; the first reason, in cx->err, is kept. */
void kvmi_damage(struct kvmi_cx *cx);
void kvmi_damage_reset(struct kvmi_cx *cx);
/* What another context counted. */
void kvmi_damage_add(struct kvmi_cx *cx, const struct kvmi_cx *more);

#endif
