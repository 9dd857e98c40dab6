/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          reading a stream whose end may never come.
 * Must not know: who sends it.  Private to the library.
 * See also:      stream/device.c; io/input.h, MigInputOptions.live, which says that bytes come
 *                while they are read.
 */
#ifndef MIG_STREAM_LIVE_H
#define MIG_STREAM_LIVE_H

#include "stream/reader.h"

/*
 * Device state ends where its footer can be, and no description is waited for, which comes after
 * the end mark, or not at all: who waits for it sees nothing of devices before all has come.  Call
 * it before the first mig_reader_next().
 */
void mig_reader_end_by_footers(MigReader *reader);

#endif
