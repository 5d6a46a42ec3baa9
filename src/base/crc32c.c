/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/crc32c.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

/* Half a byte at a time, for processors that have no instruction for it. */
static uint32_t
by_table(uint32_t crc, const uint8_t *p, size_t len)
{
	static const uint32_t t[16] = { 0x00000000, 0x105ec76f, 0x20bd8ede,
		0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4,
		0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 };

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ t[crc & 0xf];
		crc = crc >> 4 ^ t[crc & 0xf];
	}
	return (crc);
}

#if defined(__x86_64__)
#define HAVE_INSTRUCTION

static bool
has_instruction(void)
{
	return (__builtin_cpu_supports("sse4.2"));
}

__attribute__((target("sse4.2")))
static uint32_t
by_instruction(uint32_t crc, const uint8_t *p, size_t len)
{
	uint64_t c = crc, word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		c = _mm_crc32_u64(c, word);
	}
	return (by_table((uint32_t)c, p, len));
}
#elif defined(__aarch64__)
#define HAVE_INSTRUCTION

static bool
has_instruction(void)
{
	return ((getauxval(AT_HWCAP) & (1u << 7)) != 0);	/* HWCAP_CRC32 */
}

__attribute__((target("+crc")))
static uint32_t
by_instruction(uint32_t crc, const uint8_t *p, size_t len)
{
	uint64_t word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		crc = __crc32cd(crc, word);
	}
	return (by_table(crc, p, len));
}
#endif

uint32_t
kvmi_crc32c(const void *p, size_t len)
{
#ifdef HAVE_INSTRUCTION
	if (has_instruction())
		return (~by_instruction(~0u, p, len));
#endif
	return (~by_table(~0u, p, len));
}
