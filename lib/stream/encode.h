/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          writing an item again from what was read of it.
 * Must not know: why an item is written.
 * See also:      stream/outer.h, command.h, configuration.h, ram-record.h, mapped-ram.h
 *                and vfio.h, which write one structure each.
 */
#ifndef MIG_STREAM_ENCODE_H
#define MIG_STREAM_ENCODE_H

#include "stream/item.h"

/*
 * Appends @item to @out: its fields as the structure has them on the wire, and from @bytes,
 * the item's own, what the fields do not hold: names, pages, device data and state, text.
 * For an item as the reader gave it that is @bytes again.  A filter sets fields first.
 */
void mig_item_encode(const MigItem *item, const uint8_t *bytes, GByteArray *out);

#endif
