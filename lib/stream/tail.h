/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          skipping to the FULL sections that end a stream.
 * Must not know: why anybody skips.  Private to the library.
 * See also:      stream/tail.c.
 */
#ifndef MIG_STREAM_TAIL_H
#define MIG_STREAM_TAIL_H

#include "stream/reader.h"

/*
 * Skips from the last item, a section header, to the first of the FULL sections that end
 * the stream and whose lengths the description has; *offset is where that one is.  False,
 * and nothing is skipped, if they cannot be found: no description ends the input, its
 * lengths do not lead from section to section, or the input cannot seek.
 */
bool mig_reader_skip_to_tail(MigReader *reader, uint64_t *offset);

#endif
