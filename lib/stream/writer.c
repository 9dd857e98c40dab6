/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see writer.h.
 * Must not know: what items mean, but for packages and mapped-ram.
 * See also:      filter/chain.c, which puts.
 *
 * Bytes that are still in memory are written from there.  Bytes that can be moved instead,
 * or are no longer in memory, are copied as a range; adjacent ranges become one.
 */
#include "stream/writer.h"
#include "io/input-memory.h"
#include "io/output-moves.h"
#include "stream/command-encode.h"

#include <string.h>

#include "stream/command.h"
#include "stream/mapped-ram.h"

/* A range is copied once it is this long. */
#define COPY_AT ((uint64_t)64 << 20)

/* Changed bytes that are held back for one package. */
#define HELD_MAX ((uint64_t)64 << 20)

/* Bytes, or a range of the input. */
typedef struct Piece {
    GBytes *bytes;
    uint64_t offset, length;
} Piece;

/* A block of mapped-ram whose regions move. */
typedef struct Moved {
    bool active;
    bool bitmap_seen;
    uint64_t pages;             /* where they will begin in the output */
    uint64_t hole, hole_length; /* of the input, before the pages */
} Moved;

struct MigWriter {
    MigInput *in;
    MigOutput *out;
    bool resizes;
    uint64_t position;      /* of all items that were put */
    uint64_t start, length; /* of the range that is not copied yet */

    GArray *held; /* Piece; the first is the PACKAGED command; NULL outside */
    uint64_t held_bytes;
    MigMeter held_meter;
    uint64_t package_length; /* as the command states it */
    uint64_t package_sum;
    bool nested;
    Moved moved;
};

static void clear_piece(gpointer p)
{
    Piece *piece = p;

    g_clear_pointer(&piece->bytes, g_bytes_unref);
}

MigWriter *mig_writer_new(MigInput *in, MigOutput *out, bool resizes)
{
    MigWriter *w = g_new0(MigWriter, 1);

    w->in = in;
    w->out = out;
    w->resizes = resizes;
    return w;
}

void mig_writer_free(MigWriter *w)
{
    if (w) {
        g_clear_pointer(&w->held, g_array_unref);
        g_free(w);
    }
}

uint64_t mig_writer_tell(const MigWriter *w)
{
    return w->position;
}

static bool flush(MigWriter *w, GError **error)
{
    uint64_t length = w->length;

    w->length = 0;
    return length == 0 || mig_output_copy(w->out, w->in, w->start, length, error);
}

static bool write_bytes(MigWriter *w, GBytes *bytes, GError **error)
{
    size_t n;
    const void *data = g_bytes_get_data(bytes, &n);

    return flush(w, error) && mig_output_write(w->out, data, n, error);
}

/* Whether peeking gets there.  In a pipe it always does: items without bytes belong to what
 * was read last. */
static bool is_in_window(const MigWriter *w, uint64_t offset, uint64_t length)
{
    uint64_t at = mig_input_tell(w->in);

    return !mig_input_seekable(w->in) ||
           (offset >= at && offset - at + length <= MIG_INPUT_PEEK_MAX);
}

static bool write_window(MigWriter *w, uint64_t offset, uint64_t length, GError **error)
{
    uint64_t ahead = offset - mig_input_tell(w->in);
    size_t there;
    const uint8_t *p = mig_input_peek(w->in, (size_t)(ahead + length), &there);

    if (there < ahead + length) {
        if (mig_input_end_error(w->in, error)) {
            mig_error_set(error, MIG_ERROR_TRUNCATED, offset, NULL,
                          "the input ends inside of what was read of it before");
        }
        return false;
    }
    return flush(w, error) && mig_output_write(w->out, p + ahead, length, error);
}

static bool write_range(MigWriter *w, uint64_t offset, uint64_t length, GError **error)
{
    if (w->length && offset != w->start + w->length && !flush(w, error)) {
        return false;
    }
    if (is_in_window(w, offset, length) &&
        !mig_output_moves(w->out, w->in, w->length ? w->start : offset)) {
        return write_window(w, offset, length, error);
    }
    if (w->length == 0) {
        w->start = offset;
    }
    w->length += length;
    return w->length < COPY_AT || flush(w, error);
}

static bool write_piece(MigWriter *w, const Piece *piece, GError **error)
{
    return piece->bytes ? write_bytes(w, piece->bytes, error)
                        : write_range(w, piece->offset, piece->length, error);
}

/* --- packages --- */

static bool hold_piece(MigWriter *w, const Piece *piece, GError **error)
{
    Piece *last = w->held->len ? &g_array_index(w->held, Piece, w->held->len - 1) : NULL;

    if (last && w->held->len > 1 && !last->bytes && !piece->bytes &&
        last->offset + last->length == piece->offset) {
        last->length += piece->length;
        return true;
    }
    w->held_bytes += sizeof(Piece) + (piece->bytes ? piece->length : 0);
    if (w->held_bytes > HELD_MAX) {
        mig_error_set(
            error, MIG_ERROR_LIMIT, w->position, NULL,
            "more than 64 MiB of a PACKAGED command are changed, too much to find "
            "its new length");
        return false;
    }
    if (!mig_input_spend(w->in, &w->held_meter,
                         sizeof(Piece) + (piece->bytes ? piece->length : 0))) {
        mig_input_end_error(w->in, error);
        return false;
    }
    g_array_append_val(w->held, *piece);
    if (piece->bytes) {
        g_bytes_ref(piece->bytes);
    }
    return true;
}

static bool begin_package(MigWriter *w, const MigItem *item, const Piece *piece,
                          GError **error)
{
    if (!mig_input_hold(w->in, error)) {
        return false;
    }
    w->held = g_array_new(false, false, sizeof(Piece));
    g_array_set_clear_func(w->held, clear_piece);
    w->held_bytes = 0;
    w->held_meter = (MigMeter){ 0 };
    w->package_length = item->command.package_length;
    w->package_sum = 0;
    w->nested = false;
    return hold_piece(w, piece, error);
}

static bool end_package(MigWriter *w, GError **error)
{
    g_autoptr(GArray) held = g_steal_pointer(&w->held);
    g_autoptr(GByteArray) command = g_byte_array_new();
    guint i = 0;

    if (w->package_sum != w->package_length) {
        if (w->nested || w->package_sum > UINT32_MAX) {
            mig_error_set(error, MIG_ERROR_REFUSED, w->position, NULL,
                          "the length of a PACKAGED command would change from %" PRIu64
                          " to %" PRIu64 ", which %s",
                          w->package_length, w->package_sum,
                          w->nested ? "others inside of it do not allow" : "is too long");
            return false;
        }
        mig_command_encode_package((uint32_t)w->package_sum, command);
        if (!flush(w, error) ||
            !mig_output_write(w->out, command->data, command->len, error)) {
            return false;
        }
        i = 1;
    }
    for (; i < held->len; i++) {
        if (!write_piece(w, &g_array_index(held, Piece, i), error)) {
            return false;
        }
    }
    return true;
}

static bool is_package(const MigItem *item)
{
    return item->kind == MIG_ITEM_COMMAND && item->command.id == MIG_CMD_PACKAGED &&
           !item->defect;
}

static bool put_piece(MigWriter *w, const MigItem *item, const Piece *piece,
                      GError **error)
{
    w->position += piece->length;
    if (w->held && item->package_depth == 0 && !end_package(w, error)) {
        return false;
    }
    if (w->held) {
        w->nested |= is_package(item);
        w->package_sum += piece->length;
        return hold_piece(w, piece, error);
    }
    if (w->resizes && is_package(item)) {
        return begin_package(w, item, piece, error);
    }
    return write_piece(w, piece, error);
}

/* --- mapped-ram --- */

/* The header of a block, with the offsets of its regions as they will be.  They count from the
 * start of the file.  One that a filter made has its bitmap right after it. */
static bool put_mapped_header(MigWriter *w, const MigItem *item, GError **error)
{
    const MigRamBlock *block = item->block;
    uint64_t from = mig_input_file_offset(w->in) + item->offset;
    uint64_t start = mig_output_file_offset(w->out), to = start + w->position;
    Piece piece = { .bytes = item->bytes,
                    .offset = item->offset,
                    .length = item->length };
    g_autoptr(GByteArray) encoded = g_byte_array_new();
    g_autoptr(GBytes) header = NULL;
    MigRamBlock moved = *block; /* without its name, which the header has not */

    w->moved = (Moved){ .active = !mig_mapped_ram_is_left_out(block) &&
                                  (item->bytes || from != to) };
    if (!w->moved.active || item->length != MIG_MAPPED_RAM_HEADER_LENGTH) {
        return put_piece(w, item, &piece, error);
    }
    moved.bitmap_offset =
        item->bytes ? to + item->length : block->bitmap_offset - from + to;
    moved.pages_offset = mig_mapped_ram_place_pages(block, moved.bitmap_offset);
    w->moved.pages = moved.pages_offset - start;
    mig_mapped_ram_header_encode(&moved, encoded);
    header = g_byte_array_free_to_bytes(g_steal_pointer(&encoded));
    piece.bytes = header;
    return put_piece(w, item, &piece, error);
}

/* The space before the pages, as far as it can be a hole that the input has. */
static bool put_hole(MigWriter *w, const MigItem *item, GError **error)
{
    uint64_t length = w->moved.pages - w->position;
    uint64_t copied = mig_input_seekable(w->in) ? MIN(length, w->moved.hole_length) : 0;
    Piece piece = { .offset = w->moved.hole, .length = copied };
    g_autoptr(GBytes) zeros = NULL;

    w->moved.active = false;
    if (copied && !put_piece(w, item, &piece, error)) {
        return false;
    }
    if (length == copied) {
        return true;
    }
    zeros = g_bytes_new_take(g_malloc0(length - copied), length - copied);
    piece = (Piece){ .bytes = zeros, .length = length - copied };
    return put_piece(w, item, &piece, error);
}

/* Puts what @item becomes where regions move; *done if that was all of it. */
static bool put_moved(MigWriter *w, const MigItem *item, bool *done, GError **error)
{
    *done = false;
    switch (item->kind) {
    case MIG_ITEM_MAPPED_BITMAP:
        w->moved.bitmap_seen = true;
        return true;
    case MIG_ITEM_PADDING:
        if (w->moved.bitmap_seen) {
            w->moved.hole = w->moved.hole_length ? w->moved.hole : item->offset;
            w->moved.hole_length += item->length;
            *done = true;
        }
        return true;
    default:
        return put_hole(w, item, error);
    }
}

bool mig_writer_put(MigWriter *w, const MigItem *item, GError **error)
{
    Piece piece = { .bytes = item->bytes,
                    .offset = item->offset,
                    .length = item->length };
    bool done = false;

    if (w->moved.active && !put_moved(w, item, &done, error)) {
        return false;
    }
    if (done) {
        return true;
    }
    if (item->kind == MIG_ITEM_MAPPED_HEADER) {
        return put_mapped_header(w, item, error);
    }
    if (item->bytes) {
        piece.length = g_bytes_get_size(item->bytes);
    }
    return put_piece(w, item, &piece, error);
}

bool mig_writer_finish(MigWriter *w, GError **error)
{
    return (!w->held || end_package(w, error)) && flush(w, error);
}
