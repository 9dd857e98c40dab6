/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a description looks like where it begins.
 * Must not know: where that is.  Private to stream/.
 * See also:      description-find.c and description-await.c, which search for one.
 */
#ifndef MIG_STREAM_DESCRIPTION_BEGIN_H
#define MIG_STREAM_DESCRIPTION_BEGIN_H

#include "stream/description.h"

/* The header and the first byte of the JSON: what tells one from other bytes. */
#define MIG_DESCRIPTION_BEGIN_LENGTH (MIG_DESCRIPTION_HEADER_LENGTH + 1)

/* Whether a description can begin with @p, MIG_DESCRIPTION_BEGIN_LENGTH bytes of which the first
 * is its mark; *length is then that of its JSON. */
static inline bool mig_description_begins(const uint8_t *p, uint32_t *length)
{
    *length = mig_be32(p + 1);
    return p[MIG_DESCRIPTION_HEADER_LENGTH] == '{' && *length <= MIG_DESCRIPTION_MAX;
}

/* The last one that is JSON with "devices" in the bytes from @from to @end; NULL. */
MigDescription *mig_description_within(MigInput *in, uint64_t from, uint64_t end);

#endif
