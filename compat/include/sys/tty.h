/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A terminal of FreeBSD's kernel, as 13.1 has it (sys/sys/tty.h), and what
 * kern.ttys says of one.  What locks and waits is bytes here.
 */
#ifndef _LIBKVM_BSD_SYS_TTY_H_
#define _LIBKVM_BSD_SYS_TTY_H_

#include <sys/queue.h>
#include <sys/types.h>
#include <stdint.h>

#define TF_NOPREFIX	0x00001
#define TF_INITLOCK	0x00002
#define TF_CALLOUT	0x00004
#define TF_OPENED_IN	0x00008
#define TF_OPENED_OUT	0x00010
#define TF_OPENED_CONS	0x00020
#define TF_OPENED	(TF_OPENED_IN | TF_OPENED_OUT | TF_OPENED_CONS)
#define TF_GONE		0x00040
#define TF_OPENCLOSE	0x00080
#define TF_ASYNC	0x00100
#define TF_LITERAL	0x00200
#define TF_HIWAT_IN	0x00400
#define TF_HIWAT_OUT	0x00800
#define TF_HIWAT	(TF_HIWAT_IN | TF_HIWAT_OUT)
#define TF_STOPPED	0x01000
#define TF_EXCLUDE	0x02000
#define TF_BYPASS	0x04000
#define TF_ZOMBIE	0x08000
#define TF_HOOK		0x10000
#define TF_BUSY_IN	0x20000
#define TF_BUSY_OUT	0x40000
#define TF_BUSY		(TF_BUSY_IN | TF_BUSY_OUT)

#define TTYINQ_DATASIZE		128
#define TTYOUTQ_DATASIZE	(256 - sizeof(void *))

struct ttyinq {
	void		*ti_firstblock;
	void		*ti_startblock;
	void		*ti_reprintblock;
	void		*ti_lastblock;
	unsigned int	 ti_begin;
	unsigned int	 ti_linestart;
	unsigned int	 ti_reprint;
	unsigned int	 ti_end;
	unsigned int	 ti_nblocks;
	unsigned int	 ti_quota;
};

struct ttyoutq {
	void		*to_firstblock;
	void		*to_lastblock;
	unsigned int	 to_begin;
	unsigned int	 to_end;
	unsigned int	 to_nblocks;
	unsigned int	 to_quota;
};

struct tty {
	void		*t_mtx;
	void		*t_mtxobj[4];
	TAILQ_ENTRY(tty) t_list;
	int		 t_drainwait;
	unsigned int	 t_flags;	/* TF_* */
	unsigned int	 t_revokecnt;
	struct ttyinq	 t_inq;
	size_t		 t_inlow;
	struct ttyoutq	 t_outq;
	size_t		 t_outlow;
	void		*t_waits[5][2];
	void		*t_polls[2][9];
	void		*t_sigio;
	uint32_t	 t_termios[11];
	uint16_t	 t_winsize[4];
	unsigned int	 t_column;
	unsigned int	 t_writepos;
	int		 t_compatflags;
	uint32_t	 t_termios_more[4][11];
	void		*t_devsw;
	void		*t_hook;
	void		*t_pgrp;
	void		*t_session;
	unsigned int	 t_sessioncnt;
	void		*t_devswsoftc;
	void		*t_hooksoftc;
	void		*t_dev;
};

struct xtty {
	size_t		 xt_size;	/* of this structure */
	size_t		 xt_insize;
	size_t		 xt_incc;
	size_t		 xt_inlc;
	size_t		 xt_inlow;
	size_t		 xt_outsize;
	size_t		 xt_outcc;
	size_t		 xt_outlow;
	unsigned int	 xt_column;
	pid_t		 xt_pgid;
	pid_t		 xt_sid;
	unsigned int	 xt_flags;	/* TF_* */
	uint32_t	 xt_dev;
};

#endif
