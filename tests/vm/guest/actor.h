/* SPDX-License-Identifier: BSD-2-Clause */

#ifndef ACTOR_H
#define	ACTOR_H

typedef void	part_fn(int argc, char *argv[]);

/* Parts that differ in what the process is doing. */
part_fn	play_threads, play_session, play_orphan, play_zombie, play_stopped,
	play_traced, play_vforked, play_spinner, play_deadleader,
	play_namespace, play_crowd;

/* Parts that differ in the attributes of a process that sleeps. */
part_fn	play_nice, play_fifo, play_batch, play_idle, play_ids, play_groups,
	play_signals, play_comm, play_memory, play_shared, play_title,
	play_arguments, play_noarguments, play_pages;

/* Tells init that the process named by its pid is in position. */
void	in_position(void);
void	sleep_for_ever(void) __attribute__((noreturn));

#endif
