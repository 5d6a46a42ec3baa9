/* SPDX-License-Identifier: BSD-2-Clause */
/* sys/ucred.h, sys/resourcevar.h, sys/loginclass.h, sys/jail.h. */
#ifndef FBSD_CRED_H
#define FBSD_CRED_H

#include "types.h"

struct auditinfo_addr {
	uid_t		 ai_auid;
	struct { u_int am_success; u_int am_failure; } ai_mask;
	struct { dev_t at_port; uint32_t at_type; uint32_t at_addr[4]; } ai_termid;
	pid_t		 ai_asid;
	uint64_t	 ai_flags;
};

struct ucred {
	struct mtx	 cr_mtx;
	u_int		 cr_ref;
	u_int		 cr_users;
	struct auditinfo_addr cr_audit;
	uid_t		 cr_uid;
	uid_t		 cr_ruid;
	uid_t		 cr_svuid;
	int		 cr_ngroups;
	gid_t		 cr_rgid;
	gid_t		 cr_svgid;
	struct uidinfo	*cr_uidinfo;
	struct uidinfo	*cr_ruidinfo;
	struct prison	*cr_prison;
	struct loginclass *cr_loginclass;
	void		*cr_pspare2[2];
	u_int		 cr_flags;
	struct label	*cr_label;
	gid_t		*cr_groups;
	int		 cr_agroups;
	gid_t		 cr_smallgroups[XU_NGROUPS];
};

struct loginclass {
	LIST_ENTRY(loginclass) lc_next;
	char		 lc_name[MAXLOGNAME];
	u_int		 lc_refcount;
	struct racct	*lc_racct;
};

struct task {
	STAILQ_ENTRY(task) ta_link;
	uint16_t	 ta_pending;
	u_char		 ta_priority;
	uint8_t		 ta_flags;
	void		(*ta_func)(void *, int);
	void		*ta_context;
};

struct prison {
	TAILQ_ENTRY(prison) pr_list;
	int		 pr_id;
	volatile u_int	 pr_ref;
	volatile u_int	 pr_uref;
	unsigned	 pr_flags;
	LIST_HEAD(, prison) pr_children;
	LIST_HEAD(, proc) pr_proclist;
	LIST_ENTRY(prison) pr_sibling;
	struct prison	*pr_parent;
	struct mtx	 pr_mtx;
	struct task	 pr_task;
	struct osd	 pr_osd;
	struct cpuset	*pr_cpuset;
	struct vnet	*pr_vnet;
	struct vnode	*pr_root;
	int		 pr_ip4s;
	int		 pr_ip6s;
	void		*pr_ip4;
	void		*pr_ip6;
	struct prison_racct *pr_prison_racct;
	void		*pr_sparep[3];
	int		 pr_childcount;
	int		 pr_childmax;
	unsigned	 pr_allow;
	int		 pr_securelevel;
	int		 pr_enforce_statfs;
	int		 pr_devfs_rsnum;
	int		 pr_spare[3];
	int		 pr_osreldate;
	unsigned long	 pr_hostid;
	char		 pr_name[MAXHOSTNAMELEN];
	char		 pr_path[MAXPATHLEN];
	char		 pr_hostname[MAXHOSTNAMELEN];
	char		 pr_domainname[MAXHOSTNAMELEN];
	char		 pr_hostuuid[64];
	char		 pr_osrelease[32];
};

#endif
