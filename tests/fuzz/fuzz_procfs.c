/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Input: any text of procfs or of the kernel log; each parser gets it whole,
 * and those of lines get each of its lines.
 */
#include <stdlib.h>
#include <string.h>

#include "live/parse.h"

#define MAX_SIZE	(1 << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static bool
within(const char *p, size_t len, const char *text, size_t size)
{
	return (p >= text && len <= size && p <= text + (size - len));
}

static void
stat_and_status(const char *text, size_t size)
{
	struct kvmi_proc_status status;
	struct kvmi_proc_stat stat;

	if (kvmi_parse_stat(text, size, &stat))
		require(memchr(stat.comm, '\0', sizeof(stat.comm)) != NULL &&
		    stat.pid >= 0 && stat.ppid >= 0 && stat.processor >= 0 &&
		    stat.num_threads >= 0 && text[size - 1] == '\n');
	if (kvmi_parse_status(text, size, &status))
		require(status.tgid >= 0 && status.pid >= 0 &&
		    status.tracer >= 0 && text[size - 1] == '\n');
}

/* What the system says of itself as a whole. */
static void
system_state(const char *text, size_t size)
{
	uint64_t ticks[CPUSTATES];
	uint32_t count, end;
	double avg[3];

	if (kvmi_parse_loadavg(text, size, avg))
		require(avg[0] >= 0 && avg[1] >= 0 && avg[2] >= 0);
	kvmi_parse_cpu_times(text, size, ticks);
	if (kvmi_parse_cpu_list(text, size, &count, &end))
		require(count > 0 && count <= end && end <= INT32_MAX);
	if (kvmi_parse_cpu_lines(text, size, &count, &end))
		require(count > 0 && count <= end && end <= INT32_MAX);
}

static void
record(const char *text, size_t size)
{
	struct kvmi_kmsg m;
	char *copy;
	size_t len;

	if (!kvmi_parse_kmsg(text, size, &m))
		return;
	require(within(m.text, m.len, text, size) && m.level >= 0 &&
	    m.level <= 7 && m.facility >= 0 && m.facility <= 255);
	copy = malloc(m.len + 1);
	require(copy != NULL);
	memcpy(copy, m.text, m.len);
	len = kvmi_unescape(copy, m.len);
	require(len <= m.len);
	free(copy);
}

static void
line(const char *text, size_t size)
{
	struct kvmi_kallsyms_line sym;
	struct kvmi_proc_swap swap;
	struct kvmi_kmsg m;

	kvmi_parse_syslog(text, size, &m);
	require(within(m.text, m.len, text, size) && m.level >= -1 &&
	    m.level <= 7);
	if (kvmi_parse_swap(text, size, &swap))
		require(memchr(swap.name, '\0', sizeof(swap.name)) != NULL);
	if (!kvmi_parse_kallsyms(text, size, &sym))
		return;
	require(sym.name_len > 0 &&
	    within(sym.name, sym.name_len, text, size));
	require(sym.module_len == 0 ||
	    within(sym.module, sym.module_len, text, size));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;
	size_t at, len;

	if (size > MAX_SIZE)
		return (0);
	text = malloc(size == 0 ? 1 : size);
	require(text != NULL);
	memcpy(text, data, size);
	stat_and_status(text, size);
	system_state(text, size);
	record(text, size);
	for (at = 0; at < size; at += len + 1) {
		const char *nl = memchr(text + at, '\n', size - at);

		len = nl != NULL ? (size_t)(nl - text) - at : size - at;
		line(text + at, len);
	}
	free(text);
	return (0);
}
