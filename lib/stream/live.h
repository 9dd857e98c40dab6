/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          reading a stream while it is sent.
 * Must not know: who sends it.  Private to the library.
 * See also:      stream/device.c and stream/ram.c, which look ahead; live/receive.c.
 */
#ifndef MIG_STREAM_LIVE_H
#define MIG_STREAM_LIVE_H

#include "stream/reader.h"

/*
 * Whoever sends the stream may wait for an answer to what was read last, so nothing is waited
 * for that is not needed to tell where an item ends: runs of pages are shorter, and the end of a
 * section is where its footer can be, not where a description says that it is.  Call it before
 * the first mig_reader_next().
 */
void mig_reader_set_live(MigReader *reader);
bool mig_reader_is_live(const MigReader *reader);

#endif
