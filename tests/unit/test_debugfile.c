/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where kernel.debug is found, and when it is refused.  The argument is the
 * folder of what dwarf/split made: with a build id, with another, without.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/freebsd/freebsd.h"
#include "util.h"

static const char *made;
static char tree[] = "/tmp/libkvm-debugfile-XXXXXX";

static void
run(const char *fmt, ...)
{
	char cmd[2 * PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	if (system(cmd) != 0)
		fail_msg("%s", cmd);
}

struct world {
	struct kvmi_kernel k;
	struct kvm_options o;
	struct kvmi_cx	*cx;
	char		 exec[PATH_MAX], debug[PATH_MAX];
	int		 r;
};

static struct kvmi_elf *
open_elf(const char *path)
{
	struct kvmi_src *src;
	struct kvmi_elf *e;
	struct kvmi_err err;

	assert_int_equal(kvmi_file_open(open(path, O_RDONLY), path, &src,
	    &err), 0);
	assert_int_equal(kvmi_elf_open(src, &e, &err), 0);
	return (e);
}

/* Put a kernel file, and a debug file, into an empty tree, and look. */
static void
look(struct world *w, const char *kernel, const char *kernel_at,
    const char *debug, const char *debug_at, bool given)
{
	*w = (struct world){ .r = 0 };
	run("rm -rf %s && mkdir %s", tree, tree);
	snprintf(w->exec, sizeof(w->exec), "%s/%s", tree, kernel_at);
	run("mkdir -p $(dirname %s) && cp %s/%s %s", w->exec, made, kernel,
	    w->exec);
	if (debug != NULL) {
		snprintf(w->debug, sizeof(w->debug), "%s/%s", tree, debug_at);
		run("mkdir -p $(dirname %s) && cp %s/%s %s", w->debug, made,
		    debug, w->debug);
	}
	w->o = (struct kvm_options)KVM_OPTIONS_INIT;
	w->o.ko_execfile = w->exec;
	w->o.ko_debugfile = given ? w->debug : NULL;
	w->k.opts = &w->o;
	w->k.os = &kvmi_os_freebsd;
	w->k.arch = &kvmi_arch_x86_64;
	w->k.exec = open_elf(w->exec);
	w->cx = kvmi_cx_new();
	assert_non_null(w->cx);
	w->r = kvmi_freebsd_find_debug(&w->k, w->cx);
}

static void
done(struct world *w)
{
	kvmi_elf_close(w->k.debug);
	kvmi_elf_close(w->k.exec);
	kvmi_cx_free(w->cx);
}

static void
test_places(void **state)
{
	static const struct {
		const char *name, *kernel, *kernel_at, *debug, *debug_at;
		bool found;
	} row[] = {
		{ "beside", "id.kernel", "kernel", "id.debug", "kernel.debug",
		    true },
		{ "beside another name", "id.kernel", "kern-14",
		    "id.debug", "kern-14.debug", true },
		{ "by link", "id.kernel", "kern-14", "id.debug",
		    "kernel.debug", true },
		{ "by link below", "id.kernel", "kern-14", "id.debug",
		    ".debug/kernel.debug", true },
		{ "in a tree", "id.kernel", "boot/kernel/kernel", "id.debug",
		    "usr/lib/debug/boot/kernel/kernel.debug", true },
		{ "in a tree, old", "id.kernel", "boot/kernel.old/kernel",
		    "id.debug", "usr/lib/debug/boot/kernel.old/kernel.debug",
		    true },
		{ "in a tree, elsewhere", "id.kernel", "boot/kernel.old/kernel",
		    "id.debug", "usr/lib/debug/boot/kernel/kernel.debug",
		    false },
		{ "a tree within /boot", "id.kernel",
		    "boot/x/boot/kernel/kernel", "id.debug",
		    "boot/x/usr/lib/debug/boot/kernel/kernel.debug", true },
		{ "no build id, same name", "plain.kernel", "kernel",
		    "plain.debug", "kernel.debug", true },
		{ "no build id, by link", "plain.kernel", "kern-14",
		    "plain.debug", "kernel.debug", true },
		{ "no build id, wrong checksum", "plain.kernel", "kern-14",
		    "id.debug", "kernel.debug", false },
		{ "another build id", "id.kernel", "kernel", "other.debug",
		    "kernel.debug", false },
		{ "none", "id.kernel", "kernel", NULL, NULL, false },
		{ "not ELF", "id.kernel", "kernel", "split-note",
		    "kernel.debug", false },
	};
	struct kvmi_types *t;
	struct world w;
	uint64_t size;

	(void)state;
	run("echo text >%s/split-note", made);
	for (size_t i = 0; i < KVMI_COUNT(row); i++) {
		look(&w, row[i].kernel, row[i].kernel_at, row[i].debug,
		    row[i].debug_at, false);
		UTIL_EQ(row[i].name, w.r, 0);
		UTIL_TRUE(row[i].name, (w.k.debug != NULL) == row[i].found);
		UTIL_EQ(row[i].name, kvmi_freebsd_types(&w.k, w.cx, &t),
		    row[i].found ? 0 : KVMI_ENOENT);
		if (row[i].found) {
			UTIL_STR(row[i].name, w.k.debug_path, w.debug);
			UTIL_EQ(row[i].name, kvmi_type_size(t, "elsewhere",
			    &size, &w.cx->err), 0);
			kvmi_types_close(t);
		} else if (row[i].debug != NULL &&
		    strstr(row[i].name, "elsewhere") == NULL) {
			/* The reason is told. */
			UTIL_TRUE(row[i].name, strstr(w.cx->err.text,
			    w.debug) != NULL);
		}
		done(&w);
	}
}

static void
test_given(void **state)
{
	struct world w;

	(void)state;
	look(&w, "id.kernel", "kernel", "id.debug", "far/away", true);
	assert_int_equal(w.r, 0);
	assert_non_null(w.k.debug);
	done(&w);
	look(&w, "id.kernel", "kernel", "other.debug", "far/away", true);
	assert_int_equal(w.r, KVMI_EMISMATCH);
	/* Both build ids: 16 bytes, and 20. */
	assert_non_null(strstr(w.cx->err.text, "far/away (build id "));
	assert_non_null(strstr(w.cx->err.text, "kernel (build id "));
	done(&w);
	look(&w, "id.kernel", "kernel", NULL, NULL, false);
	w.o.ko_debugfile = "/nonexistent/kernel.debug";
	assert_int_equal(kvmi_freebsd_find_debug(&w.k, w.cx), KVMI_ENOENT);
	done(&w);
}

static void
check_symbols(const char *kernel, bool from_debug)
{
	struct kvmi_symtab *t;
	char where[PATH_MAX];
	struct kvmi_sym sym;
	struct world w;

	look(&w, kernel, "kernel", "id.debug", "kernel.debug", false);
	assert_int_equal(kvmi_symtab_create(&t, &w.cx->err), 0);
	assert_int_equal(kvmi_freebsd_symbols(&w.k, w.cx, &t, where,
	    sizeof(where)), 0);
	assert_string_equal(where, from_debug ? w.debug : w.exec);
	assert_int_equal(kvmi_symtab_by_name(t, "sample", &sym, &w.cx->err),
	    0);
	kvmi_symtab_destroy(t);
	done(&w);
}

static void
test_symbols(void **state)
{
	(void)state;
	check_symbols("id.kernel", false);
	check_symbols("id.stripped", true);
}

static int
make_tree(void **state)
{
	(void)state;
	return (mkdtemp(tree) == NULL);
}

static int
remove_tree(void **state)
{
	run("rm -rf %s", tree);
	return (util_report(state));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_given),
		cmocka_unit_test(test_symbols),
	};

	if (argc != 2)
		return (2);
	made = argv[1];
	return (cmocka_run_group_tests(tests, make_tree, remove_tree));
}
