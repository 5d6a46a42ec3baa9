/* SPDX-License-Identifier: BSD-2-Clause */
/* The message buffer of a FreeBSD kernel with this host's word size. */
#ifndef _LIBKVM_BSD_SYS_MSGBUF_H_
#define _LIBKVM_BSD_SYS_MSGBUF_H_

#include <stdint.h>
#include <sys/types.h>

#define MSG_MAGIC	0x063062

struct msgbuf {
	char	*msg_ptr;	/* an address of the kernel's */
	u_int	 msg_magic;	/* MSG_MAGIC */
	u_int	 msg_size;
	u_int	 msg_wseq;
	u_int	 msg_rseq;
	u_int	 msg_cksum;
	u_int	 msg_seqmod;
	int	 msg_lastpri;
	u_int	 msg_flags;
	struct {		/* a mutex */
		const char	*lo_name;
		u_int		 lo_flags;
		u_int		 lo_data;
		void		*lo_witness;
		uintptr_t	 mtx_lock;
	} msg_lock;
};

#define MSGBUF_SEQNORM(mbp, seq) \
	(((seq) + (mbp)->msg_seqmod) % (mbp)->msg_seqmod)
#define MSGBUF_SEQ_TO_POS(mbp, seq)	((seq) % (mbp)->msg_size)
#define MSGBUF_SEQSUB(mbp, seq1, seq2) \
	(MSGBUF_SEQNORM((mbp), (seq1) - (seq2)))

#endif
