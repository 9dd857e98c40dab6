/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          whether an output moves bytes of an input rather than copying them.
 * Must not know: what the bytes mean.  Private to the library.
 * See also:      io/output.c; stream/writer.c, which asks.
 */
#ifndef MIG_IO_OUTPUT_MOVES_H
#define MIG_IO_OUTPUT_MOVES_H

#include "io/output.h"

/*
 * Whether mig_output_copy() of @in from @offset on would, as the next call, not copy the
 * bytes but move them: two files share their blocks, a pipe takes pages over, holes stay.
 * Where it would not, bytes that were read anyway are better written than read again.
 */
bool mig_output_moves(MigOutput *out, const MigInput *in, uint64_t offset);

#endif
