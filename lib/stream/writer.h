/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          items to bytes, and what depends on where bytes land: the length that a
 *                PACKAGED command states, the file offsets that mapped-ram states.
 * Must not know: why an item was changed.
 * See also:      io/output.h, which it copies ranges with; stream/reader.h, whose items
 *                it gets.
 */
#ifndef MIG_STREAM_WRITER_H
#define MIG_STREAM_WRITER_H

#include "io/output.h"
#include "stream/reader.h"

typedef struct MigWriter MigWriter;

/*
 * Writes to @out items that come from @in; both are borrowed and must outlive the writer.
 * @resizes: lengths may change inside of a PACKAGED command, whose content is then held
 * back until its length is known.
 */
MigWriter *mig_writer_new(MigInput *in, MigOutput *out, bool resizes);
void mig_writer_free(MigWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigWriter, mig_writer_free)

/*
 * Appends an item: item->bytes, or the range of the input that it came from.  Without
 * bytes it must lie in the reader's last item, or the input must be seekable there.
 * Errors: of the output; REFUSED for nested packages whose length changed; LIMIT for a
 * package with more than 64 MiB of changed bytes.
 */
bool mig_writer_put(MigWriter *writer, const MigItem *item, GError **error);

/* Writes what was held back; the input is not needed any more.  The output is left open. */
bool mig_writer_finish(MigWriter *writer, GError **error);

/* Bytes put so far. */
uint64_t mig_writer_tell(const MigWriter *writer);

#endif
