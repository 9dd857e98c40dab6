/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what follows the end mark: the description, and bytes that no loader reads.
 * Must not know: what the description says.
 * See also:      stream/grammar.c; stream/description.c.
 */
#include "stream/defect.h"
#include "stream/page.h"
#include "stream/reader-private.h"

/* After the end mark: the description, or something that no loader reads. */
MigStatus mig_description_next(MigReader *r, MigItem *item, GError **error)
{
    size_t n;
    const uint8_t *p = mig_input_peek(r->in, MIG_DESCRIPTION_HEADER_LENGTH, &n);
    uint32_t length;
    uint64_t found;

    r->grammar.state = STATE_TRAILING;
    if (n == 0 || p[0] != MIG_DESCRIPTION) {
        return MIG_STATUS_END;
    }
    if (n < MIG_DESCRIPTION_HEADER_LENGTH) {
        return mig_reader_lacks(r, item->offset, MIG_DESCRIPTION_HEADER_LENGTH, n,
                                "description", error);
    }
    length = mig_be32(p + 1);
    if (!mig_input_hold(r->in, error)) {
        return MIG_STATUS_ERROR;
    }
    if (!mig_input_has(r->in, r->pos, MIG_DESCRIPTION_HEADER_LENGTH + (uint64_t)length,
                       &found)) {
        if (mig_reader_ended_well(r, error)) {
            mig_error_set(
                error, MIG_ERROR_TRUNCATED, item->offset, MIG_DEFECT_DESCRIPTION_LENGTH,
                "cut short: the stream ends %" PRIu64 " bytes before the end of its "
                "description of %u",
                MIG_DESCRIPTION_HEADER_LENGTH + (uint64_t)length - found, length);
        }
        return MIG_STATUS_ERROR;
    }
    if (!r->description || r->description->offset != item->offset) {
        g_clear_pointer(&r->description, mig_description_free);
        mig_reader_set_description(r, mig_description_read(r->in, item->offset));
    }
    item->kind = MIG_ITEM_DESCRIPTION;
    item->length = MIG_DESCRIPTION_HEADER_LENGTH + (uint64_t)length;
    item->description.json_length = length;
    return MIG_STATUS_MORE;
}

/* A pipe may go on for ever, also one of which a part is held. */
static bool is_endless(const MigReader *r)
{
    uint64_t size;

    return r->trailing >= MIG_PIPE_TRAILING_MAX && !mig_input_file_size(r->in, &size);
}

static MigStatus stop_in_trailing(const MigReader *r, GError **error)
{
    mig_error_set(
        error, MIG_ERROR_LIMIT, r->pos, NULL,
        "more than %u MiB follow the end of the stream in a pipe, and are not read: "
        "the stream itself has %" PRIu64 " bytes",
        MIG_PIPE_TRAILING_MAX >> 20, r->pos - r->trailing);
    return MIG_STATUS_ERROR;
}

MigStatus mig_trailing_next(MigReader *r, MigItem *item, GError **error)
{
    size_t n;
    const uint8_t *p = mig_input_peek(r->in, MIG_ITEM_MAX, &n);
    uint64_t hole;

    if (n == 0) {
        r->ended = true;
        return mig_input_end_error(r->in, error) ? MIG_STATUS_END : MIG_STATUS_ERROR;
    }
    if (is_endless(r)) {
        return stop_in_trailing(r, error);
    }
    hole = r->join_pieces ? mig_input_hole(r->in) : 0;
    item->length = hole > MIG_ITEM_MAX ? hole : MIN(n, MIG_ITEM_MAX);
    r->trailing += item->length;
    item->kind = hole >= item->length || mig_page_is_zero(p, item->length)
                     ? MIG_ITEM_PADDING
                     : MIG_ITEM_TRAILING;
    return MIG_STATUS_MORE;
}
