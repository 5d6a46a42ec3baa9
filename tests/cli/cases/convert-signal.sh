# Where a file has a name from the start, a signal that asks for an end finds it removed; one
# that comes when it is complete is not forgotten.
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
cat > "$dir/shim.c" <<'EOF'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A file system without O_TMPFILE. */
int
openat64(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	if ((flags & O_TMPFILE) != O_TMPFILE)
		return ((int)syscall(SYS_openat, dir, path, flags, mode));
	errno = EOPNOTSUPP;
	return (-1);
}

ssize_t
pwrite64(int fd, const void *buf, size_t n, off_t off)
{
	static int calls;

	if (calls++ == 0 && getenv("LATE") == NULL)
		raise(SIGTERM);
	return (syscall(SYS_pwrite64, fd, buf, n, off));
}

int
renameat2(int from, const char *old, int to, const char *new, unsigned int flags)
{
	raise(SIGTERM);
	return ((int)syscall(SYS_renameat2, from, old, to, new, flags));
}
EOF
cc -shared -fPIC -o "$dir/shim.so" "$dir/shim.c" || exit
mkdir "$dir/made"
convert() {
	env "$@" ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" LD_PRELOAD="$dir/shim.so" \
	    "$KPEEK" convert -c none "$IMAGES/linux-kdump-symbols" "$dir/made/out"
	echo "ended: $?"
	ls -A "$dir/made"
}
convert
convert LATE=1
