/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          skipping to the FULL sections that end a stream.
 * Must not know: why anybody skips.  Private to the library.
 * See also:      stream/tail.c.
 */
#ifndef MIG_STREAM_TAIL_H
#define MIG_STREAM_TAIL_H

#include "stream/description.h"
#include "stream/reader.h"

/*
 * Skips from the last item, a section header, to the first of the FULL sections that end
 * the stream and whose lengths the description has; *offset is where that one is.  False,
 * and nothing is skipped, if they cannot be found: no description ends the input, its
 * lengths do not lead from section to section, or the input cannot seek.
 */
bool mig_reader_skip_to_tail(MigReader *reader, uint64_t *offset);

/*
 * Calls @visit for each of these sections, from the last one to the first, with the device that
 * the description has of it and where its body lies; nothing is skipped.  Sections end the
 * list that do not begin after the last item.  False where they cannot be found.
 */
typedef void MigTailVisit(const MigDeviceDescription *device, uint64_t body, void *user);
bool mig_reader_visit_tail(MigReader *reader, MigTailVisit *visit, void *user);

#endif
