/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * 256 sets of 16 frames: 16 MiB with 4 KiB blocks.  Each set has its own lock,
 * so that threads meet only when they want neighbours in the hash.  Of large
 * blocks there are fewer, so that a file that says 1 MiB cannot take all
 * memory.
 */
#define SETS	256
#define WAYS	16
#define BUDGET	(64u << 20)

struct set {
	pthread_mutex_t	 lock;
	uint64_t	 key[WAYS];
	uint32_t	 how[WAYS];
	uint32_t	 used[WAYS];	/* 0: empty */
	uint32_t	 clock;
	uint8_t		*frames;	/* of all ways, allocated at first use */
};

struct kvmi_cache {
	uint32_t	 block_size;
	unsigned int	 nsets;		/* a power of two */
	int		 nways;
	struct set	 set[SETS];
};

struct kvmi_cache *
kvmi_cache_create(uint32_t block_size)
{
	struct kvmi_cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return (NULL);
	c->block_size = block_size;
	for (c->nways = WAYS; c->nways > 1 &&
	    block_size > BUDGET / SETS / (unsigned int)c->nways;)
		c->nways /= 2;
	for (c->nsets = SETS; c->nsets > 1 &&
	    block_size > BUDGET / c->nsets;)
		c->nsets /= 2;
	for (size_t i = 0; i < SETS; i++)
		pthread_mutex_init(&c->set[i].lock, NULL);
	return (c);
}

void
kvmi_cache_destroy(struct kvmi_cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < SETS; i++) {
		pthread_mutex_destroy(&c->set[i].lock);
		free(c->set[i].frames);
	}
	free(c);
}

static struct set *
set_of(struct kvmi_cache *c, uint64_t key)
{
	/* Fibonacci hashing: the keys are file offsets, close together. */
	return (&c->set[(key * UINT64_C(0x9e3779b97f4a7c15) >> 56) &
	    (c->nsets - 1)]);
}

static int
find(const struct set *s, uint64_t key, uint32_t how)
{
	for (int i = 0; i < WAYS; i++)
		if (s->key[i] == key && s->how[i] == how && s->used[i] != 0)
			return (i);
	return (-1);
}

bool
kvmi_cache_get(struct kvmi_cache *c, uint64_t key, uint32_t how, size_t at,
    void *buf, size_t len)
{
	struct set *s = set_of(c, key);
	int i;

	pthread_mutex_lock(&s->lock);
	i = find(s, key, how);
	if (i >= 0) {
		memcpy(buf, s->frames + (size_t)i * c->block_size + at, len);
		s->used[i] = ++s->clock;
	}
	pthread_mutex_unlock(&s->lock);
	return (i >= 0);
}

void
kvmi_cache_put(struct kvmi_cache *c, uint64_t key, uint32_t how,
    const void *block)
{
	struct set *s = set_of(c, key);
	int victim = 0;

	pthread_mutex_lock(&s->lock);
	if (s->frames == NULL)
		s->frames = malloc((size_t)c->nways *
		    c->block_size);
	/* Without memory there is no cache; another thread may have put it. */
	if (s->frames == NULL || find(s, key, how) >= 0)
		goto out;
	for (int i = 1; i < c->nways; i++)
		if (s->used[i] < s->used[victim])
			victim = i;
	memcpy(s->frames + (size_t)victim * c->block_size, block,
	    c->block_size);
	s->key[victim] = key;
	s->how[victim] = how;
	s->used[victim] = ++s->clock;
out:
	pthread_mutex_unlock(&s->lock);
}
