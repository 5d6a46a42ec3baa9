/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kpeek.h"

void
format_time(int64_t sec, char *buf, size_t len)
{
	time_t t = (time_t)sec;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, len, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(buf, len, "%" PRId64, sec);
}

void
format_bytes(uint64_t n, char *buf, size_t len)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB",
		"PiB" };
	size_t i = 0;
	double v = (double)n;

	for (; v >= 1024 && i < 5; i++)
		v /= 1024;
	snprintf(buf, len, i == 0 ? "%.0f %s" : "%.1f %s", v, unit[i]);
}

/* As far as a symbol reaches that nothing comes after. */
#define UNSIZED_REACH	0x10000

bool
in_symbol(const struct kvm_symbol *s, kvaddr_t addr)
{
	return (addr - s->ks_value < (s->ks_size != 0 ? s->ks_size :
	    UNSIZED_REACH));
}

void
format_symbol(kvm_t *kd, kvaddr_t addr, char *buf, size_t len)
{
	struct kvm_symbol s;
	char *name;

	buf[0] = '\0';
	if (kvm_symbol_by_addr(kd, addr, &s) != 0 || !in_symbol(&s, addr))
		return;
	name = escape(s.ks_name, strlen(s.ks_name), "");
	if (addr == s.ks_value)
		snprintf(buf, len, "%s", name);
	else
		snprintf(buf, len, "%s+0x%" PRIx64, name, addr - s.ks_value);
	free(name);
}
