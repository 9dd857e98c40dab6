/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a second thread that reads a source ahead of its consumer, into a ring.
 * Must not know: why, nor what for.
 * See also:      input.c, the consumer, whose window the ring is.
 */
#ifndef MIG_IO_READAHEAD_H
#define MIG_IO_READAHEAD_H

#include "io/source.h"

/* The ring: slots of one size, adjacent in memory, filled in turn. */
#define MIG_READAHEAD_SLOTS 8
#define MIG_READAHEAD_SLOT  ((size_t)512 << 10)
#define MIG_READAHEAD_RING  (MIG_READAHEAD_SLOTS * MIG_READAHEAD_SLOT)

typedef struct MigReadahead MigReadahead;

/* Over @source and MIG_READAHEAD_RING bytes at @ring, both borrowed; stopped at first.  NULL
 * when the system gives no thread. */
MigReadahead *mig_readahead_new(MigSource *source, uint8_t *ring);

/* Begins at @offset and the first slot. */
void mig_readahead_start(MigReadahead *ahead, uint64_t offset);

/*
 * Waits for the next slot, which is the consumer's until it is released.  Returns how many
 * bytes it has: less than MIG_READAHEAD_SLOT at the end or before a failure, which the next
 * read of the source tells, and 0 where the disk would have to be waited for.  Then only a
 * stop may follow.  Not to be called while the consumer has all slots.
 */
size_t mig_readahead_next(MigReadahead *ahead);

/* Gives back the @n slots that the consumer has had longest. */
void mig_readahead_release(MigReadahead *ahead, unsigned n);

/* Slots that the consumer has. */
unsigned mig_readahead_held(const MigReadahead *ahead);

/* Afterwards nobody reads the source or writes to the ring, until the next start. */
void mig_readahead_stop(MigReadahead *ahead);

void mig_readahead_free(MigReadahead *ahead);

#endif
