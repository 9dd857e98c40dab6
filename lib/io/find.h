/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          looking for a stream after bytes that are not of it.
 * Must not know: how a stream goes on.
 * See also:      input-open.c, which looks if it is asked to; stream/grammar.c, which proposes what is
 *                found.
 */
#ifndef MIG_IO_FIND_H
#define MIG_IO_FIND_H

#include "io/input.h"
#include "io/source.h"

/*
 * The first offset of @source, which can seek, at which a migration stream or a libvirt save image begins:
 * *found says whether there is one that begins in the first @most bytes.  A magic number alone is none: a
 * section or a configuration has to follow it.
 * Errors: IO, CANCELLED.
 */
bool mig_find_stream(MigSource *source, uint64_t most, MigCancel cancel, uint64_t *offset,
                     bool *found, GError **error);

/* Whether a stream begins in the first @most bytes of @in, which is none and has no wrapper; *offset: what
 * MigInputOptions.offset would have to be.  False also where that cannot be found out. */
bool mig_input_propose_offset(const MigInput *in, uint64_t most, uint64_t *offset);

#endif
