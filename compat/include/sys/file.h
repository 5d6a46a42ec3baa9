/* SPDX-License-Identifier: BSD-2-Clause */
/* An open file as kern.file gives it, besides the host's own flock(). */
#ifndef _LIBKVM_BSD_SYS_FILE_H_
#define _LIBKVM_BSD_SYS_FILE_H_

#include_next <sys/file.h>
#include <fcntl.h>
#include <kvm.h>
#include <sys/types.h>

/* xf_flag counts from 1, O_RDONLY from 0. */
#define FREAD	0x0001
#define FWRITE	0x0002

struct xfile {
	ksize_t		 xf_size;	/* of this structure */
	pid_t		 xf_pid;
	uid_t		 xf_uid;
	int		 xf_fd;
	int		 _xf_int_pad1;
	kvaddr_t	 xf_file;
	short		 xf_type;
	short		 _xf_short_pad1;
	int		 xf_count;
	int		 xf_msgcount;
	int		 _xf_int_pad2;
	off_t		 xf_offset;
	kvaddr_t	 xf_data;
	kvaddr_t	 xf_vnode;
	unsigned int	 xf_flag;
	int		 _xf_int_pad3;
	int64_t		 _xf_int64_pad[6];
};

#endif
