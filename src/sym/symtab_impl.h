/* SPDX-License-Identifier: BSD-2-Clause */
/* What filling a symbol table and looking into it share. */
#ifndef KVMI_SYMTAB_IMPL_H
#define KVMI_SYMTAB_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "sym/sym.h"

struct kvmi_sym_record {
	uint64_t	 addr;
	uint64_t	 size;
	const char	*name;
	uint32_t	 hash;
	uint32_t	 module : 24;	/* index of struct kvmi_symtab.module */
	uint32_t	 letter : 8;
};

struct kvmi_sym_chunk;
struct kvmi_sym_interned;
struct kvmi_sym_by_name;
struct kvmi_sym_by_addr;

#define INTERN_HEADS	256

struct kvmi_symtab {
	struct kvmi_sym_record	*record;
	size_t		 n;
	size_t		 cap;
	bool		 is_part;	/* the records are another table's */
	bool		 kernel_order;	/* as kvmi_symtab_kernel_order() says */
	struct kvmi_sym_chunk	*chunk;		/* the newest */
	const char	**module;	/* a new one whenever it changes */
	size_t		 n_module;
	size_t		 cap_module;
	struct kvmi_sym_interned	*interned[INTERN_HEADS];
	pthread_mutex_t	 lock;		/* for building the indexes */
	_Atomic(struct kvmi_sym_by_name *) by_name;
	_Atomic(struct kvmi_sym_by_addr *) by_addr;
};

#endif
