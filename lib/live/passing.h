/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what can be told of a migration while it passes: the sync points of the main
 *                channel, and the packets of multifd channels, and so whether they fit together.
 * Must not know: connections; what pages hold.
 * See also:      stream/sync-point.h; stream/multifd.h, the packets.
 *
 * At each sync point a loader waits for one SYNC on every multifd channel, however long.  A source
 * sends all SYNC packets first, and then the mark on the main channel.  So a channel that ends
 * with fewer of them than there were sync points leaves the loader waiting for ever, and at the end
 * mark a channel with more shows that a sync point is missing: pages of one round may then have come
 * over those of a later one.
 */
#ifndef MIG_LIVE_PASSING_H
#define MIG_LIVE_PASSING_H

#include "io/input.h"
#include "stream/reader.h"

G_BEGIN_DECLS

/* --- the main channel ----------------------------------------------------------------------- */

typedef struct MigPassingMain MigPassingMain;

/* @callbacks, with @data, give the bytes as they come; what is read is all that is needed for
 * the next item.  NULL with *error (USAGE). */
MIG_API MigPassingMain *mig_passing_main_new(const MigInputCallbacks *callbacks,
                                             void *data, GError **error);
MIG_API void mig_passing_main_free(MigPassingMain *passing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigPassingMain, mig_passing_main_free)

/* Reads on, to the next sync point or the first page with content: MORE; or the end mark: END.
 * ERROR with *error: of the callbacks, or of the stream, as mig_reader_next(). */
MIG_API MigStatus mig_passing_main_next(MigPassingMain *passing, GError **error);

/* Sync points so far. */
MIG_API uint64_t mig_passing_main_points(const MigPassingMain *passing);

/* Whether a page came on it with its content, as it does where there are no multifd channels. */
MIG_API bool mig_passing_main_has_pages(const MigPassingMain *passing);

/* Where the end mark is, in bytes of the channel; 0 before it was read. */
MIG_API uint64_t mig_passing_main_end(const MigPassingMain *passing);

/* --- a multifd channel ---------------------------------------------------------------------- */

typedef struct MigPassingChannel MigPassingChannel;

/* Of a target with pages of @page_size bytes. */
MIG_API MigPassingChannel *mig_passing_channel_new(uint32_t page_size);
MIG_API void mig_passing_channel_free(MigPassingChannel *passing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigPassingChannel, mig_passing_channel_free)

/* Takes the next @n bytes.  False with *error (MALFORMED) where they are no packets; nothing
 * more can be told of the channel then. */
MIG_API bool mig_passing_channel_push(MigPassingChannel *passing, const uint8_t *bytes,
                                      size_t n, GError **error);

/* So many of the next bytes are data of a packet, which tells nothing, and ... */
MIG_API uint64_t mig_passing_channel_unseen(const MigPassingChannel *passing);

/* ... @n of them, at most, have passed, and are not pushed. */
MIG_API void mig_passing_channel_skip(MigPassingChannel *passing, uint64_t n);

/* Whether it may end here: no packet has begun of which there is more to come. */
MIG_API bool mig_passing_channel_is_whole(const MigPassingChannel *passing);

/* Where in the channel what was pushed last, and was no packet, begins; else its end. */
MIG_API uint64_t mig_passing_channel_offset(const MigPassingChannel *passing);

/* SYNC packets so far, of which all has come. */
MIG_API uint64_t mig_passing_channel_syncs(const MigPassingChannel *passing);

G_END_DECLS

#endif
