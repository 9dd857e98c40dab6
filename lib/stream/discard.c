/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see discard.h.
 * Must not know: who asks.
 * See also:      stream/command.h.
 */
#include "stream/discard.h"

#include "stream/wire.h"

#define RANGE 16u /* bytes */

bool mig_discard_parse(const uint8_t *p, size_t n, MigDiscard *discard)
{
    size_t head = MIG_COMMAND_HEADER_LENGTH + 2, after;

    if (n < head || p[MIG_COMMAND_HEADER_LENGTH] != 0) {
        return false;
    }
    discard->name_length = p[head - 1];
    discard->name = (const char *)p + head;
    after = head + discard->name_length + 1;
    if (n < after || p[after - 1] != 0 || (n - after) % RANGE != 0) {
        return false;
    }
    discard->ranges = p + after;
    discard->n_ranges = (n - after) / RANGE;
    return true;
}

uint64_t mig_discard_range(const MigDiscard *discard, size_t i, uint64_t *length)
{
    const uint8_t *p = discard->ranges + i * RANGE;

    *length = mig_be64(p + 8);
    return mig_be64(p);
}

bool mig_discard_has_pages(const MigDiscard *discard, uint64_t size, uint32_t page_size)
{
    uint64_t end = 0;

    for (size_t i = 0; page_size && i < discard->n_ranges; i++) {
        uint64_t length, start = mig_discard_range(discard, i, &length);

        if (start < end || start > size || !length || length > size - start ||
            (start | length) % page_size) {
            return false;
        }
        end = start + length;
    }
    return page_size != 0;
}
