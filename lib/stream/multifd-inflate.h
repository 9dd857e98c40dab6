/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          undoing multifd-compression: what a packet's data inflates to.
 * Must not know: packets.  Private to channel*.c.
 * See also:      stream/channel-pages.c.
 *
 * Each channel is one zlib or zstd stream for the whole migration, which is flushed at the end
 * of each packet: a packet can be read after those before it only.
 * Source: migration/multifd-zlib.c, multifd-zstd.c, 5.2 to 11.1.
 */
#ifndef MIG_STREAM_MULTIFD_INFLATE_H
#define MIG_STREAM_MULTIFD_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/error.h"

typedef struct MigInflater MigInflater;

/* Whether a packet with @flags is compressed in a way that is read here. */
bool mig_inflater_knows(uint32_t flags);

/* For packets with @flags, whose stream may have a window of 1 << @window_log bytes.  NULL where
 * there is no memory. */
MigInflater *mig_inflater_new(uint32_t flags, unsigned window_log);
void mig_inflater_free(MigInflater *inflater);

/* Inflates the @n bytes at @data of the next packet to @to, @wanted bytes.  NULL, or what is
 * wrong with them: "... do not inflate: TEXT"; a static string.  *code: MALFORMED then, LIMIT
 * for a window that is larger than what it may have, IO where there is no memory. */
const char *mig_inflater_read(MigInflater *inflater, const uint8_t *data, size_t n,
                              uint8_t *to, size_t wanted, MigErrorCode *code);

#endif
