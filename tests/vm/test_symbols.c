/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every line of the guest's own /proc/kallsyms against what the dump says,
 * by name and by address.
 *
 * usage: test_symbols KALLSYMS DUMP...
 */
#include <kvm.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Per-CPU variables of modules have offsets below this. */
#define MAX_PERCPU	0x1000000

struct line {
	uint64_t	addr;
	char		letter;
	int		first;	/* of its address: the kernel's choice */
	char		name[512];
};

struct module_line {
	uint64_t	addr;
	char		name[512];
	char		module[64];
};

static struct line *lines;
static size_t nlines;
static struct module_line *of_modules;
static size_t nof_modules;
static uint64_t kernel;		/* addresses are above, per-CPU offsets not */

static int
by_name(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return (r != 0 ? r : (x->addr > y->addr) - (x->addr < y->addr));
}

/* What is in memory that is no module's, and marks of the assembler, are not. */
static int
keep_of_module(uint64_t addr, const char *name, const char *text)
{
	struct module_line *l;

	if (name[0] == '$' || strncmp(name, ".L", 2) == 0 ||
	    strncmp(text, "[bpf]", 5) == 0 || strncmp(text, "[__", 3) == 0)
		return (0);
	if (nof_modules % 1024 == 0) {
		of_modules = realloc(of_modules, (nof_modules + 1024) *
		    sizeof(*of_modules));
		if (of_modules == NULL)
			return (-1);
	}
	l = &of_modules[nof_modules++];
	l->addr = addr;
	snprintf(l->name, sizeof(l->name), "%s", name);
	return (sscanf(text, "[%63[^]]]", l->module) == 1 ? 0 : -1);
}

static int
load(const char *path)
{
	FILE *f = fopen(path, "r");
	char text[1024], module[512];
	size_t cap = 0;
	int n;

	if (f == NULL)
		return (-1);
	while (fgets(text, sizeof(text), f) != NULL) {
		if (nlines == cap) {
			cap = cap == 0 ? 65536 : cap * 2;
			lines = realloc(lines, cap * sizeof(*lines));
			if (lines == NULL)
				return (-1);
		}
		/* Modules have their own tables. */
		n = sscanf(text, "%" SCNx64 " %c %511s %511s",
		    &lines[nlines].addr, &lines[nlines].letter,
		    lines[nlines].name, module);
		if (n == 4 && keep_of_module(lines[nlines].addr,
		    lines[nlines].name, module) != 0)
			return (-1);
		if (n != 3)
			continue;
		lines[nlines].first = nlines == 0 ||
		    lines[nlines - 1].addr != lines[nlines].addr;
		kernel |= lines[nlines++].addr;
	}
	fclose(f);
	kernel = kernel > UINT32_MAX ? UINT64_C(1) << 63 : UINT64_C(1) << 30;
	qsort(lines, nlines, sizeof(*lines), by_name);
	return (nlines > 30000 ? 0 : -1);
}

/* Is there a line of this name and address? */
static int
listed(const char *name, uint64_t addr)
{
	size_t lo = 0, hi = nlines;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int r = strcmp(lines[mid].name, name);

		if (r == 0)
			r = (lines[mid].addr > addr) - (lines[mid].addr < addr);
		if (r == 0)
			return (1);
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (0);
}

/* Those of modules. */
static size_t
check_modules(kvm_t *kd, const char *path)
{
	bool right;
	struct kvm_symbol s;
	size_t bad = 0;

	for (size_t i = 0; i < nof_modules; i++) {
		const struct module_line *l = &of_modules[i];

		right = kvm_symbol_by_name(kd, l->name, &s) == 0;
		if (right && l->addr > MAX_PERCPU)
			right = kvm_symbol_by_addr(kd, l->addr, &s) == 0 &&
			    s.ks_value == l->addr;
		/* Kernels have some of these names, too. */
		right = right && strcmp(s.ks_module, l->module) == 0;
		if (!right && bad++ < 5)
			printf("%s: %s [%s] at %" PRIx64 ": %s\n", path,
			    l->name, l->module, l->addr, kvm_geterr(kd));
	}
	printf("%s: %zu symbols of modules, %zu wrong\n", path, nof_modules,
	    bad);
	return (bad);
}

static int
check(const char *path)
{
	char why[2048] = "";
	kvm_t *kd = kvm_open2(NULL, path, O_RDONLY, why, NULL);
	size_t bad = 0;

	if (kd == NULL) {
		printf("%s: %s\n", path, why);
		return (1);
	}
	for (size_t i = 0; i < nlines; i++) {
		const struct line *l = &lines[i];
		struct kvm_symbol s;
		int wrong;

		wrong = kvm_symbol_by_name(kd, l->name, &s) != 0 ||
		    !listed(s.ks_name, s.ks_value) ||
		    (i > 0 && i + 1 < nlines &&
		    strcmp(l[-1].name, l->name) != 0 &&
		    strcmp(l[1].name, l->name) != 0 &&
		    (s.ks_value != l->addr || s.ks_letter != l->letter));
		/* Per-CPU offsets are no addresses. */
		if (!wrong && l->addr > kernel)
			wrong = kvm_symbol_by_addr(kd, l->addr, &s) != 0 ||
			    s.ks_value != l->addr || !listed(s.ks_name,
			    l->addr) || (l->first &&
			    strchr("aA", l->letter) == NULL &&
			    strcmp(s.ks_name, l->name) != 0);
		if (wrong && bad++ < 5)
			printf("%s: %s at %" PRIx64 ": %s\n", path, l->name,
			    l->addr, kvm_geterr(kd));
	}
	printf("%s: %zu symbols, %zu wrong\n", path, nlines, bad);
	bad += check_modules(kd, path);
	kvm_close(kd);
	return (bad != 0);
}

int
main(int argc, char **argv)
{
	int bad = 0;

	if (argc < 3)
		return (2);
	if (load(argv[1]) != 0) {
		printf("%s: cannot be read as kallsyms\n", argv[1]);
		return (1);
	}
	for (int i = 2; i < argc; i++)
		bad |= check(argv[i]);
	free(lines);
	free(of_modules);
	return (bad);
}
