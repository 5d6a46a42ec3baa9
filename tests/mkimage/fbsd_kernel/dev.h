/* SPDX-License-Identifier: BSD-2-Clause */
/* sys/conf.h, fs/devfs/devfs_int.h, sys/vnode.h, sys/tty.h, vm/swap_pager.h. */
#ifndef FBSD_DEV_H
#define FBSD_DEV_H

#include "types.h"

struct cdev {
	void		*si_spare0;
	u_int		 si_flags;
	struct timespec	 si_atime;
	struct timespec	 si_ctime;
	struct timespec	 si_mtime;
	uid_t		 si_uid;
	gid_t		 si_gid;
	mode_t		 si_mode;
	struct ucred	*si_cred;
	int		 si_drv0;
	int		 si_refcount;
	LIST_ENTRY(cdev) si_list;
	LIST_ENTRY(cdev) si_clone;
	LIST_HEAD(, cdev) si_children;
	LIST_ENTRY(cdev) si_siblings;
	struct cdev	*si_parent;
	struct mount	*si_mountpt;
	void		*si_drv1;
	void		*si_drv2;
	struct cdevsw	*si_devsw;
	int		 si_iosize_max;
	u_long		 si_usecount;
	u_long		 si_threadcount;
	union { struct snapdata *__sid_snapdata; } __si_u;
	char		 si_name[SPECNAMELEN + 1];
};

struct cdev_priv {
	struct cdev	 cdp_c;
	TAILQ_ENTRY(cdev_priv) cdp_list;
	u_int		 cdp_inode;
	u_int		 cdp_flags;
	u_int		 cdp_inuse;
	u_int		 cdp_maxdirent;
};

enum vtype { VNON, VREG, VDIR, VBLK, VCHR, VLNK, VSOCK, VFIFO, VBAD };

struct vnode {
	enum vtype	 v_type:8;
	short		 v_irflag;
	u_int		 v_seqc;
	uint32_t	 v_nchash;
	u_int		 v_hash;
	const void	*v_op;
	void		*v_data;
	struct mount	*v_mount;
	TAILQ_ENTRY(vnode) v_nmntvnodes;
	union {
		struct mount	*v_mountedhere;
		struct unpcb	*v_unpcb;
		struct cdev	*v_rdev;
		struct fifoinfo	*v_fifoinfo;
	};
	LIST_ENTRY(vnode) v_hashlist;
};

struct termios {
	u_int		 c_iflag;
	u_int		 c_oflag;
	u_int		 c_cflag;
	u_int		 c_lflag;
	u_char		 c_cc[20];
	u_int		 c_ispeed;
	u_int		 c_ospeed;
};

struct ttyinq {
	void		*ti_firstblock;
	void		*ti_startblock;
	void		*ti_reprintblock;
	void		*ti_lastblock;
	u_int		 ti_begin;
	u_int		 ti_linestart;
	u_int		 ti_reprint;
	u_int		 ti_end;
	u_int		 ti_nblocks;
	u_int		 ti_quota;
};

struct ttyoutq {
	void		*to_firstblock;
	void		*to_lastblock;
	u_int		 to_begin;
	u_int		 to_end;
	u_int		 to_nblocks;
	u_int		 to_quota;
};

struct tty {
	struct mtx	*t_mtx;
	struct mtx	 t_mtxobj;
	TAILQ_ENTRY(tty) t_list;
	int		 t_drainwait;
	u_int		 t_flags;
	u_int		 t_revokecnt;
	struct ttyinq	 t_inq;
	size_t		 t_inlow;
	struct ttyoutq	 t_outq;
	size_t		 t_outlow;
	struct termios	 t_termios;
	struct { u_short ws_row, ws_col, ws_xpixel, ws_ypixel; } t_winsize;
	u_int		 t_column;
	u_int		 t_writepos;
	u_int		 t_compatflags;
	struct termios	 t_termios_init_in;
	struct termios	 t_termios_lock_in;
	struct termios	 t_termios_init_out;
	struct termios	 t_termios_lock_out;
	struct cv	 t_inwait;
	struct cv	 t_outwait;
	struct cv	 t_outserwait;
	struct cv	 t_bgwait;
	struct cv	 t_dcdwait;
	struct pgrp	*t_pgrp;
	struct session	*t_session;
	u_int		 t_sessioncnt;
	void		*t_devswsoftc;
	struct ttydevsw	*t_devsw;
	struct cdev	*t_dev;
};

struct swdevt {
	int		 sw_flags;
	int		 sw_nblks;
	int		 sw_used;
	dev_t		 sw_dev;
	struct vnode	*sw_vp;
	void		*sw_id;
	daddr_t		 sw_first;
	daddr_t		 sw_end;
	struct blist	*sw_blist;
	TAILQ_ENTRY(swdevt) sw_list;
	void		(*sw_strategy)(void *, struct swdevt *);
	void		(*sw_close)(void *, struct swdevt *);
};
TAILQ_HEAD(swdevt_head, swdevt);

#endif
