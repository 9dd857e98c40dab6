/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which of several inputs is which channel of a recorded migration.
 * Must not know: files and folders; what the channels have after their first bytes.
 * See also:      stream/reader.h, which reads what was joined; migstat-capture(5).
 *
 * The main channel begins with the magic of a stream, a multifd channel with that of its
 * packets, and says there which number QEMU gave it; a postcopy preempt channel with a record
 * of a page, or it is empty.  Names tell nothing.
 */
#ifndef MIG_STREAM_CAPTURE_H
#define MIG_STREAM_CAPTURE_H

#include "io/input.h"

G_BEGIN_DECLS

/*
 * Makes one input of the channels of one migration, @n of them in any order, opened with
 * MigInputOptions.multifd: the main channel, to which the others are attached, sorted by their
 * ids.  Whether they belong together, and all are there, mig_reader_next() tells.
 * All of @inputs are taken over, also where it fails; none may be NULL.
 * Errors: USAGE where there is no main channel, or more than one, or something that is no
 * channel at all.  If all but one are multifd channels, the one is the main channel, whatever
 * it begins with: the reader says what is wrong with it.
 */
MIG_API MigInput *mig_capture_join(MigInput *const *inputs, size_t n, GError **error);

G_END_DECLS

#endif
