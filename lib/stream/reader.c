/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the life of a reader; giving one item after the other, and cutting what
 *                is too long for an item into pieces.
 * Must not know: what an item is: stream/grammar.c says it.
 * See also:      stream/grammar.c; stream/learned.c, what else a reader can be asked.
 *
 * The input stays at the start of the last item until the next one is asked for, so that
 * its bytes can be looked at. If the input can seek, an item that nobody looks at is never
 * read.
 */
#include "stream/reader.h"

#include <string.h>

#include "io/input-foreign.h"
#include "stream/live.h"
#include "stream/reader-private.h"

/* A second reader of an input begins where the first one did. */
static void add_attached(MigReader *r)
{
    MigInput *channel;

    for (size_t i = 0; !r->failure && (channel = mig_input_attached(r->in, i)); i++) {
        if (mig_input_tell(channel) > 0 && mig_input_seekable(channel)) {
            mig_input_rewind(channel, 0);
        }
        mig_reader_add_channel(r, channel, &r->failure);
    }
}

MigReader *mig_reader_new(MigInput *in)
{
    MigReader *r = g_new0(MigReader, 1);

    r->in = in;
    r->budget = (MigBudget)MIG_BUDGET_INIT;
    r->pos = mig_input_tell(in);
    mig_reader_init_sections(r);
    r->strings = g_string_chunk_new(256);
    r->capabilities = g_ptr_array_new();
    r->ram = mig_ram_state_new();
    add_attached(r);
    return r;
}

void mig_reader_free(MigReader *r)
{
    if (!r) {
        return;
    }
    g_clear_error(&r->failure);
    mig_merge_free(r->merge);
    mig_reader_clear_sections(r);
    g_string_chunk_free(r->strings);
    g_ptr_array_unref(r->capabilities);
    mig_ram_state_free(r->ram);
    mig_description_free(r->description);
    g_free(r->counted_name);
    g_free(r);
}

bool mig_reader_add_channel(MigReader *r, MigInput *in, GError **error)
{
    g_return_val_if_fail(
        !r->failure && !r->last_length && r->grammar.state == STATE_FILE_HEADER, false);
    if (!r->merge) {
        r->merge = mig_merge_new();
    }
    return mig_merge_add(r->merge, in, error);
}

bool mig_input_has(MigInput *in, uint64_t pos, uint64_t n, uint64_t *found)
{
    size_t there;

    if (mig_input_seekable(in)) {
        uint8_t last;

        /* What is held of a pipe grows when it is read at its end. */
        if (n > 0 && mig_input_size(in) - MIN(pos, mig_input_size(in)) < n) {
            mig_input_read_at(in, pos + n - 1, &last, 1);
        }
        *found = mig_input_size(in) - MIN(pos, mig_input_size(in));
        return *found >= n;
    }
    mig_input_peek(in, n, &there);
    *found = there;
    return there >= n;
}

/* Whether all of @item was compressed where the stream was: what comes after that is what a file or
 * volume held before, and no part of the stream.  Sets *found where not all was. */
static bool is_before_foreign(const MigReader *r, const MigItem *item, uint64_t *found)
{
    uint64_t end = mig_input_foreign_from(r->in);

    if (item->kind == MIG_ITEM_PADDING || item->kind == MIG_ITEM_TRAILING ||
        end - MIN(r->pos, end) >= item->length) {
        return true;
    }
    *found = end - MIN(r->pos, end);
    return false;
}

/* Fits *item to a piece, and checks that all of the piece is there. */
static MigStatus deliver(MigReader *r, MigItem *item, GError **error)
{
    uint64_t found, left = item->whole - item->piece;
    bool joined = r->join_pieces && mig_input_seekable(r->in) &&
                  (item->piece || item->kind == MIG_ITEM_PADDING);

    item->length = joined ? left : MIN(left, MIG_ITEM_MAX);
    if (!mig_input_has(r->in, r->pos, item->length, &found) ||
        !is_before_foreign(r, item, &found)) {
        return mig_reader_truncated(r, item->offset, left, found,
                                    mig_item_thing_name(item->kind), error);
    }
    if (left > item->length) {
        r->grammar.rest = *item;
        r->grammar.rest.piece += item->length;
        r->grammar.rest.offset += item->length;
        r->grammar.rest.defect = NULL;
    } else {
        r->grammar.rest.whole = 0;
    }
    r->last_length = item->length;
    return MIG_STATUS_MORE;
}

static MigStatus read_item(MigReader *r, MigItem *item, GError **error)
{
    MigStatus status = MIG_STATUS_END;

    while (status == MIG_STATUS_END && !r->ended) {
        memset(item, 0, sizeof(*item));
        item->offset = r->pos;
        status = mig_grammar_next(r, item, error);
    }
    if (status != MIG_STATUS_MORE) {
        return status;
    }
    if (G_UNLIKELY(r->grammar.next_defect) && !item->defect) {
        item->defect = r->grammar.next_defect;
        r->grammar.next_defect = NULL;
    }
    item->whole = item->length;
    return deliver(r, item, error);
}

static MigStatus fail(MigReader *r, GError **error)
{
    if (error) {
        *error = g_error_copy(r->failure);
    }
    return MIG_STATUS_ERROR;
}

void mig_reader_end_by_footers(MigReader *r)
{
    r->ends_by_footers = true;
}

void mig_reader_join_pieces(MigReader *r)
{
    r->join_pieces = true;
}

/* The next item of the main channel. */
static MigStatus next_of_main(MigReader *r)
{
    r->pos += mig_input_skip(r->in, r->last_length);
    r->last_length = 0;
    if (r->grammar.rest.whole) {
        r->item = r->grammar.rest;
        return deliver(r, &r->item, &r->failure);
    }
    return read_item(r, &r->item, &r->failure);
}

/* The next item of all channels.  The main one stays at a sync point meanwhile. */
static MigStatus next_of_all(MigReader *r)
{
    MigStatus status = mig_merge_next(r->merge, r, &r->item, &r->failure);

    if (status != MIG_STATUS_END) {
        return status;
    }
    status = next_of_main(r);
    return status == MIG_STATUS_MORE && mig_merge_waits_at(r->merge, &r->item)
               ? mig_merge_next(r->merge, r, &r->item, &r->failure)
               : status;
}

MigStatus mig_reader_next(MigReader *r, const MigItem **item, GError **error)
{
    MigStatus status;

    *item = NULL;
    if (r->failure) {
        return fail(r, error);
    }
    status = r->merge ? next_of_all(r) : next_of_main(r);
    if (status == MIG_STATUS_ERROR) {
        if ((r->grammar.state == STATE_BODY || r->grammar.state == STATE_AFTER_BODY) &&
            r->grammar.section) {
            mig_error_set_section(r->failure, r->grammar.section->name,
                                  r->grammar.section->instance_id);
        }
        return fail(r, error);
    }
    *item = status == MIG_STATUS_MORE ? &r->item : NULL;
    return status;
}

const uint8_t *mig_reader_bytes(MigReader *r, const MigItem *item)
{
    size_t n;
    const uint8_t *p;

    if (item->channel) {
        return mig_merge_bytes(r->merge, item);
    }
    p = mig_input_peek(r->in, item->length, &n);
    g_return_val_if_fail(item->offset == r->pos, NULL);
    return n < item->length ? NULL : p;
}

uint64_t mig_reader_tell(const MigReader *r)
{
    return r->pos + r->last_length;
}

const uint8_t *mig_reader_peek(MigReader *r, size_t want, size_t *n)
{
    return mig_input_peek(r->in, want, n);
}

void mig_reader_note_defect(MigReader *r, const char *rule)
{
    r->grammar.next_defect = rule;
}

bool mig_reader_is_footer(const MigReader *r, const uint8_t *p)
{
    return r->grammar.footers != FOOTERS_OFF && p[0] == MIG_FOOTER &&
           mig_be32(p + 1) == r->grammar.section_id;
}

MigRamState *mig_reader_ram(const MigReader *r)
{
    return r->ram;
}

MigInput *mig_reader_input(const MigReader *r)
{
    return r->in;
}

MigInput *mig_reader_channel_input(const MigReader *r, uint32_t channel)
{
    return channel ? mig_merge_input(r->merge, channel) : r->in;
}

char *mig_reader_lacks_packets(const MigReader *r)
{
    return r->merge ? mig_merge_lack(r->merge) : NULL;
}

MigBudget *mig_reader_budget(MigReader *r)
{
    return &r->budget;
}
