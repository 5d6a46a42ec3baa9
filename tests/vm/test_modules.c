/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each function of the guest's modules, as its own /proc/kallsyms has them:
 * the module is found by the address, and its ORC table knows the function.
 *
 * usage: test_modules KALLSYMS DUMP...
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/kd.h"
#include "os/linux/module_text.h"

struct dump {
	struct kvmi_kernel *k;
	struct kvmi_cx	*cx;
	struct kvmi_orc	 orc;
};

static int
read_kernel(void *arg, uint64_t va, void *buf, size_t len,
    struct kvmi_err *err)
{
	struct dump *d = arg;

	(void)err;
	return (kvmi_kread(d->k, d->cx, va, buf, len));
}

/*
 * With a stack at address 0, which is not mapped, a step that knows what to
 * do gets as far as reading it.
 */
static bool
unwinds(struct dump *d, const struct kvmi_linux_module *m, uint64_t addr)
{
	struct kvmi_orc_state s = { .ip = addr, .exact = true };

	return (kvmi_orc_numbering(&d->orc, &m->orc, &d->cx->err) == 0 &&
	    kvmi_orc_step(&d->orc, &m->orc, &s, &d->cx->err) != 0 &&
	    strncmp(d->cx->err.text, "stack at 0x", 11) == 0);
}

static int
check(const char *path, FILE *f)
{
	char line[1024], name[512], module[64], letter, why[2048] = "";
	kvm_t *kd = kvm_open2(NULL, path, O_RDONLY, why, NULL);
	struct kvmi_linux_module m;
	struct kvmi_types *t;
	struct dump d;
	unsigned int n = 0, bad = 0;
	uint64_t addr;

	if (kd == NULL) {
		printf("%s: %s\n", path, why);
		return (1);
	}
	d.k = kd->kernel;
	d.cx = kvmi_kd_enter(kd);
	if (kvmi_kernel_types(d.k, d.cx, &t) != 0 || kvmi_orc_init(&d.orc, t,
	    read_kernel, &d, &d.cx->err) != 0) {
		printf("%s: %s\n", path, d.cx->err.text);
		kvm_close(kd);
		return (1);
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%" SCNx64 " %c %511s [%63[^]]]", &addr,
		    &letter, name, module) != 4 ||
		    (letter != 't' && letter != 'T'))
			continue;
		n++;
		if (kvmi_linux_module_at(d.k, d.cx, addr, &m) == 0 &&
		    strcmp(m.name, module) == 0 && unwinds(&d, &m, addr))
			continue;
		if (bad++ < 10)
			printf("%s: %s [%s]: %s\n", path, name, module,
			    d.cx->err.text);
	}
	printf("%s: %u functions of modules, %u wrong\n", path, n, bad);
	kvm_close(kd);
	return (n == 0 || bad != 0);
}

int
main(int argc, char **argv)
{
	int failed = argc < 3;

	for (int i = 2; i < argc; i++) {
		FILE *f = fopen(argv[1], "r");

		if (f == NULL)
			return (1);
		failed |= check(argv[i], f);
		fclose(f);
	}
	return (failed);
}
