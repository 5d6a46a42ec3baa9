/* SPDX-License-Identifier: BSD-2-Clause */
/* What kernel.c puts into memory, and tests expect. */
#ifndef VALUES_H
#define VALUES_H

/* Nanoseconds: since the epoch at boot, since boot, and of sleep in it. */
#define V_BOOT		1600000000123456789
#define V_MONOTONIC	500000000000
#define V_SLEPT		7000000000
#define V_START		42000000000

#define V_LOAD(i)	(2048 * ((i) + 1) / 2)		/* 0.5, 1, 1.5 */

/* Nanoseconds of CPU in a state; the second is idle since V_IDLE_SINCE. */
#define V_CPUTIME(cpu, state)	(1000000000LL * (10 * (state) + (cpu) + 1))
#define V_IDLE(cpu)		(1000000000LL * (300 + (cpu)))
#define V_IOWAIT(cpu)		(1000000000LL * (20 + (cpu)))
#define V_IDLE_SINCE		(V_MONOTONIC - 3000000000)

/* A process of two threads and their parent. */
#define V_PARENT	1
#define V_PID		700
#define V_TID		701
#define V_PGRP		690
#define V_SESSION	600
#define V_UID		1000
#define V_EUID		1001
#define V_GID		100
#define V_GROUP		27
#define V_NICE		5
#define V_CPU		1

#define V_UTIME(thread)		(2000000000LL * ((thread) + 1))
#define V_STIME(thread)		(1000000000LL * ((thread) + 1))
#define V_RUNTIME(thread)	(V_UTIME(thread) + V_STIME(thread))
#define V_GONE_UTIME		4000000000
#define V_GONE_STIME		2000000000
#define V_CHILDREN_UTIME	8000000000
#define V_FAULTS(thread)	(100 + (thread))
#define V_SWITCHES(thread)	(10 + (thread))

/* Pages; each thread has split more that it has not handed in. */
#define V_TOTAL_VM	5000
#define V_DATA_VM	400
#define V_STACK_VM	33
#define V_RSS_FILE	300
#define V_RSS_ANON	200
#define V_RSS_SHARED	50
#define V_SWAPPED	11
#define V_RSS_HELD	4

#define V_TTY_MAJOR	136
#define V_TTY_MINOR	3

/* Strings in a page of the process. */
#ifndef V_USER_PAGE
#define V_USER_PAGE	0x7ffd12345000
#endif
#define V_ARGS		"worker\0--fast"
#define V_ENV		"HOME=/root\0A=1"

#define V_ZOMBIE	702
#define V_ZOMBIE_CODE	0x300

#define V_HOST		"fixture"
#define V_RELEASE	"4.14.0-made"
#define V_VERSION	"#1 SMP of a fixture"

#define V_SWAP_PAGES	65535
#define V_SWAP_USED	1234

#define V_MODULE_BASE	0x7f000000
#define V_MODULE_SIZE	0x5000

#define V_LOG_SEQ	17
#define V_LOG_FIRST	"Linux version"
#define V_LOG_SECOND	"eth0: link up"

#endif
