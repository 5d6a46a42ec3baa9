/* SPDX-License-Identifier: BSD-2-Clause */
/* sys/sysent.h, sys/exec.h: how a program is run. */
#ifndef FBSD_EXEC_H
#define FBSD_EXEC_H

#include "types.h"

struct sysentvec {
	int		 sv_size;
	struct sysent	*sv_table;
	int		(*sv_fixup)(uintptr_t *, void *);
	void		(*sv_sendsig)(void (*)(int), void *, sigset_t *);
	const char	*sv_sigcode;
	int		*sv_szsigcode;
	const char	*sv_name;
	int		(*sv_coredump)(void *, void *, off_t, int);
	int		 sv_elf_core_osabi;
	const char	*sv_elf_core_abi_vendor;
	void		(*sv_elf_core_prepare_notes)(void *, void *);
	int		(*sv_imgact_try)(void *);
	int		(*sv_copyout_auxargs)(void *, uintptr_t);
	int		 sv_minsigstksz;
	vm_offset_t	 sv_minuser;
	vm_offset_t	 sv_maxuser;
	vm_offset_t	 sv_usrstack;
	vm_offset_t	 sv_psstrings;
	size_t		 sv_psstringssz;
	int		 sv_stackprot;
	int		(*sv_copyout_strings)(void *, uintptr_t *);
	void		(*sv_setregs)(void *, void *, uintptr_t);
	void		(*sv_fixlimit)(void *, int);
	u_long		*sv_maxssiz;
	u_int		 sv_flags;
};

/* At sv_psstrings of a process: where its arguments and environment are. */
struct ps_strings {
	char		**ps_argvstr;
	u_int		 ps_nargvstr;
	char		**ps_envstr;
	u_int		 ps_nenvstr;
};

#endif
