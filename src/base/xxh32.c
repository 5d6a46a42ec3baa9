/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/xxh32.h"

#include <string.h>

#include "base/endian.h"
#include "base/math.h"

#define P1	UINT32_C(0x9e3779b1)
#define P2	UINT32_C(0x85ebca77)
#define P3	UINT32_C(0xc2b2ae3d)
#define P4	UINT32_C(0x27d4eb2f)
#define P5	UINT32_C(0x165667b1)

#define STRIPE	16

static uint32_t
rotate(uint32_t v, unsigned int n)
{
	return (v << n | v >> (32 - n));
}

void
kvmi_xxh32_init(struct kvmi_xxh32 *x)
{
	*x = (struct kvmi_xxh32){ .lane = { P1 + P2, P2, 0, -P1 } };
}

static void
add_stripe(struct kvmi_xxh32 *x, const uint8_t *p)
{
	for (size_t i = 0; i < 4; i++)
		x->lane[i] = rotate(x->lane[i] + kvmi_get32(p + 4 * i, false) *
		    P2, 13) * P1;
}

void
kvmi_xxh32_add(struct kvmi_xxh32 *x, const void *p, size_t len)
{
	const uint8_t *at = p;
	size_t have = x->len % STRIPE;

	x->len += len;
	if (have > 0) {
		size_t n = (size_t)kvmi_min(STRIPE - have, len);

		memcpy(x->rest + have, at, n);
		at += n;
		len -= n;
		if (have + n < STRIPE)
			return;
		add_stripe(x, x->rest);
	}
	for (; len >= STRIPE; at += STRIPE, len -= STRIPE)
		add_stripe(x, at);
	if (len > 0)
		memcpy(x->rest, at, len);
}

uint32_t
kvmi_xxh32_value(const struct kvmi_xxh32 *x)
{
	const uint8_t *p = x->rest, *end = p + x->len % STRIPE;
	uint32_t v = P5;

	/* The third lane begins with the seed. */
	if (x->len >= STRIPE)
		v = rotate(x->lane[0], 1) + rotate(x->lane[1], 7) +
		    rotate(x->lane[2], 12) + rotate(x->lane[3], 18);
	v += (uint32_t)x->len;
	for (; end - p >= 4; p += 4)
		v = rotate(v + kvmi_get32(p, false) * P3, 17) * P4;
	for (; p < end; p++)
		v = rotate(v + *p * P5, 11) * P1;
	v = (v ^ v >> 15) * P2;
	v = (v ^ v >> 13) * P3;
	return (v ^ v >> 16);
}

uint32_t
kvmi_xxh32(const void *p, size_t len)
{
	struct kvmi_xxh32 x;

	kvmi_xxh32_init(&x);
	kvmi_xxh32_add(&x, p, len);
	return (kvmi_xxh32_value(&x));
}
