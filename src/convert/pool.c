/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads that read and compress, and one that takes what they made in order.
 * The work is cut into words of the bitmap, 64 pages each; a ring of slots
 * holds those that are under way.
 */
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "base/worker.h"
#include "base/zero.h"
#include "convert/convert.h"

#define WORD		64
#define SLOTS		4		/* for each thread */
#define MAX_THREADS	64
#define MAX_RING	(64u << 20)	/* bytes of pages under way */

struct slot {
	uint64_t	 word;
	bool		 done;
	int		 status;
	struct kvmi_err	 err;
	struct kvmi_err	 lost;		/* why, of the first such page */
	unsigned int	 n;
	struct kvmi_packed page[WORD];
	uint8_t		*data;		/* of WORD pages */
};

struct pool {
	const struct kvmi_pageset *s;
	struct kvmi_image *img;
	const struct kvmi_codec *codec;
	pthread_mutex_t	 lock;
	pthread_cond_t	 filled, emptied;
	struct slot	*slot;
	size_t		 nslots;
	uint64_t	 taken, given;	/* slots handed to threads, and back */
	uint64_t	 next_word;
	bool		 stop;
};

/* The next slot to fill, or NULL when there is no more to do. */
static struct slot *
take(struct pool *p)
{
	uint64_t words = p->s->npages / WORD + 1;
	struct slot *slot = NULL;

	pthread_mutex_lock(&p->lock);
	while (!p->stop && p->taken - p->given == p->nslots)
		pthread_cond_wait(&p->emptied, &p->lock);
	while (p->next_word < words && p->s->dump[p->next_word] == 0)
		p->next_word++;
	if (!p->stop && p->next_word < words) {
		slot = &p->slot[p->taken++ % p->nslots];
		slot->word = p->next_word++;
		slot->done = false;
		slot->status = 0;
		slot->lost.code = 0;
		slot->n = 0;
	}
	pthread_mutex_unlock(&p->lock);
	return (slot);
}

static int
pack(struct pool *p, struct slot *slot, uint64_t pfn, void *encoder,
    uint8_t *page)
{
	size_t size = (size_t)1 << p->s->shift;
	struct kvmi_packed *to = &slot->page[slot->n];
	uint8_t *room = slot->data + slot->n * size;
	int r = kvmi_pageset_read(p->s, p->img, pfn, page, &slot->err);

	*to = (struct kvmi_packed){ .pfn = pfn, .p = room };
	slot->n++;
	/* One page that cannot be decoded is no reason to lose the others. */
	if (r == KVMI_ETRUNC || r == KVMI_EFORMAT) {
		if (slot->lost.code == 0)
			slot->lost = slot->err;
		to->lost = true;
		memset(room, 0, size);
		return (0);
	}
	if (r != 0)
		return (r);
	to->zero = kvmi_all_zero(page, size);
	if (p->codec != NULL && !to->zero)
		to->len = (uint32_t)p->codec->encode(encoder, page, size, room,
		    size - 1);
	if (to->len != 0) {
		to->flag = p->codec->kdump_flag;
		return (0);
	}
	memcpy(room, page, size);
	to->len = (uint32_t)size;
	return (0);
}

static void
fill(struct pool *p, struct slot *slot, void *encoder, uint8_t *page)
{
	for (unsigned int i = 0; i < WORD && slot->status == 0; i++)
		if (p->s->dump[slot->word] >> i & 1)
			slot->status = pack(p, slot, slot->word * WORD + i,
			    encoder, page);
	pthread_mutex_lock(&p->lock);
	slot->done = true;
	pthread_cond_signal(&p->filled);
	pthread_mutex_unlock(&p->lock);
}

static void *
worker(void *arg)
{
	struct pool *p = arg;
	uint8_t *page = malloc((size_t)1 << p->s->shift);
	void *encoder = p->codec != NULL ? p->codec->encoder_create() : NULL;
	struct slot *slot;

	while ((slot = take(p)) != NULL) {
		if (page == NULL || (p->codec != NULL && encoder == NULL))
			slot->status = kvmi_fail(&slot->err, KVMI_ENOMEM,
			    "no memory to compress in");
		fill(p, slot, encoder, page);
	}
	if (p->codec != NULL)
		p->codec->encoder_destroy(encoder);
	free(page);
	return (NULL);
}

static int
give_slot(const struct slot *slot, kvmi_packed_fn *fn, void *arg,
    struct kvmi_cx *cx)
{
	for (unsigned int i = 0; i < slot->n; i++) {
		int r = fn(arg, &slot->page[i], &cx->err);

		if (r != 0)
			return (r);
		if (slot->page[i].lost) {
			cx->err = slot->lost;
			kvmi_damage(cx);
		}
	}
	return (0);
}

/* Hand out the slots in order. */
static int
give(struct pool *p, const struct kvm_convert_options *o,
    kvmi_packed_fn *fn, void *arg, struct kvmi_cx *cx)
{
	uint64_t pages = 0;

	while (pages < p->s->ndump) {
		struct slot *slot = &p->slot[p->given % p->nslots];
		int r;

		pthread_mutex_lock(&p->lock);
		while (p->taken == p->given || !slot->done)
			pthread_cond_wait(&p->filled, &p->lock);
		pthread_mutex_unlock(&p->lock);
		if (slot->status != 0) {
			cx->err = slot->err;
			return (slot->status);
		}
		r = give_slot(slot, fn, arg, cx);
		if (r != 0)
			return (r);
		pages += slot->n;
		if (o->kc_progress != NULL && o->kc_progress(o->kc_closure,
		    pages, p->s->ndump) == 0)
			return (kvmi_fail(&cx->err, KVMI_EINVAL, "stopped"));
		pthread_mutex_lock(&p->lock);
		p->given++;
		pthread_cond_signal(&p->emptied);
		pthread_mutex_unlock(&p->lock);
	}
	return (0);
}

static unsigned int
threads_for(const struct kvm_convert_options *o)
{
	return ((unsigned int)kvmi_min(o->kc_threads != 0 ? o->kc_threads :
	    kvmi_worker_cpus(), MAX_THREADS));
}

static int
run(struct pool *p, unsigned int wanted, const struct kvm_convert_options *o,
    kvmi_packed_fn *fn, void *arg, struct kvmi_cx *cx)
{
	pthread_t thread[MAX_THREADS];
	unsigned int n = 0;
	int r;

	while (n < wanted && kvmi_worker_start(&thread[n], worker, p) == 0)
		n++;
	r = n > 0 ? give(p, o, fn, arg, cx) :
	    kvmi_fail(&cx->err, KVMI_ENOMEM, "no thread to compress in");
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->emptied);
	pthread_mutex_unlock(&p->lock);
	while (n > 0)
		pthread_join(thread[--n], NULL);
	return (r);
}

int
kvmi_pool_run(struct kvmi_convert *c, const struct kvmi_codec *codec,
    kvmi_packed_fn *fn, void *arg)
{
	struct pool p = { .s = &c->pages, .img = c->k->img, .codec = codec };
	size_t bytes = (size_t)WORD << c->pages.shift;
	unsigned int threads = threads_for(c->o);
	int r = 0;

	p.nslots = (size_t)kvmi_min((uint64_t)threads * SLOTS,
	    MAX_RING / bytes + 1);
	p.slot = calloc(p.nslots, sizeof(*p.slot));
	for (size_t i = 0; i < p.nslots && p.slot != NULL; i++)
		if ((p.slot[i].data = malloc(bytes)) == NULL)
			r = KVMI_ENOMEM;
	if (p.slot == NULL || r != 0) {
		r = kvmi_fail(&c->cx->err, KVMI_ENOMEM,
		    "no memory for pages under way");
		goto out;
	}
	pthread_mutex_init(&p.lock, NULL);
	pthread_cond_init(&p.filled, NULL);
	pthread_cond_init(&p.emptied, NULL);
	r = run(&p, threads, c->o, fn, arg, c->cx);
	pthread_cond_destroy(&p.emptied);
	pthread_cond_destroy(&p.filled);
	pthread_mutex_destroy(&p.lock);
out:
	for (size_t i = 0; i < p.nslots && p.slot != NULL; i++)
		free(p.slot[i].data);
	free(p.slot);
	return (r);
}
