/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          an output that replaces the plain file that it is made of: what of the file
 *                stays where it is, and whether the rest is better written into that file.
 * Must not know: what the bytes mean, nor how a file is changed.
 * See also:      output-private.h; patch.h.
 *
 * What stays is skipped, so that it is a hole of the output at first.  In the end either the
 * holes are filled, and the output is a whole file, or it is a patch.
 */
#include "io/output-private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/error.h"
#include "io/fully.h"
#include "io/patch.h"

/* Of a larger part of a file, its bytes are not worth being written three times: here, in the
 * journal, and in the file. */
#define WORTH 4u
/* What was written though it did not change is found in pieces of this length. */
#define PIECE ((size_t)4096)

static bool fail(MigOutput *out)
{
    mig_error_set_plain(&out->failure, MIG_ERROR_IO, "cannot write %s: %s", out->name,
                        g_strerror(errno));
    return false;
}

void mig_output_begin_patch(MigOutput *out, MigInput *over, const MigFileId *id)
{
    uint64_t offset;
    int fd = over ? mig_input_copy_fd(over, 0, &offset) : -1;
    struct stat st;

    /* Not a spool, nor what a compression makes of the bytes, nor where nothing can be skipped. */
    if (fd < 0 || !id || !out->sink->ops->skip || fstat(fd, &st) != 0 ||
        st.st_ino != id->inode || st.st_dev != id->device ||
        out->sink->fd != out->file->fd) {
        return;
    }
    out->over = over;
    out->old_size = (uint64_t)st.st_size;
    out->changed = g_array_new(FALSE, FALSE, sizeof(MigRange));
    mig_output_note_change(out, 0); /* the headers */
}

bool mig_output_stays(const MigOutput *out, int fd, uint64_t offset)
{
    uint64_t unused;

    return out->over && fd >= 0 && fd == mig_input_copy_fd(out->over, 0, &unused) &&
           offset == out->sink->position + out->n_gathered;
}

bool mig_output_keep(MigOutput *out, uint64_t length)
{
    return mig_output_flush(out) &&
           out->sink->ops->skip(out->sink, length, &out->failure);
}

/* Copies into the output what was skipped of it from @from up to @to. */
static bool fill(MigOutput *out, uint64_t from, uint64_t to)
{
    uint64_t begin;

    if (from >= to) {
        return true;
    }
    if (lseek(out->sink->fd, (off_t)from, SEEK_SET) < 0) {
        return fail(out);
    }
    mig_input_copy_fd(out->over, 0, &begin);
    out->sink->position = from;
    return mig_output_copy_range(out, out->over, from - begin, to - from) &&
           mig_output_flush(out);
}

/* Makes the output a whole file. */
static bool fill_all(MigOutput *out)
{
    g_autoptr(GArray) changed = g_steal_pointer(&out->changed);
    uint64_t end = out->sink->position, from = 0;

    for (guint i = 0; i < changed->len; i++) {
        const MigRange *range = &g_array_index(changed, MigRange, i);

        if (!fill(out, from, range->offset)) {
            return false;
        }
        from = range->offset + range->length;
    }
    if (!fill(out, from, end)) {
        return false;
    }
    out->over = NULL;
    out->sink->position = end;
    return lseek(out->sink->fd, (off_t)end, SEEK_SET) >= 0 || fail(out);
}

static void add_range(GArray *ranges, uint64_t from, uint64_t to)
{
    MigRange *last =
        ranges->len ? &g_array_index(ranges, MigRange, ranges->len - 1) : NULL;
    MigRange range = { from, to - from };

    if (last && last->offset + last->length >= from) {
        last->length = to - last->offset;
    } else if (range.length > 0) {
        g_array_append_val(ranges, range);
    }
}

void mig_output_note_change(MigOutput *out, uint64_t from)
{
    if (out->changed) {
        add_range(out->changed, from, out->sink->position);
        if (out->changed->len > MIG_PATCH_RANGES_MAX && !out->failure) {
            fill_all(out);
        }
    }
}

/* Adds to @ranges what of @range is not as it was. */
static bool compare(MigOutput *out, const MigRange *range, GArray *ranges)
{
    uint8_t was[PIECE], is[PIECE];
    uint64_t begin, end = range->offset + range->length, next;
    int fd = mig_input_copy_fd(out->over, 0, &begin);

    for (uint64_t at = range->offset; at < end; at = next) {
        next = MIN(end, (at / PIECE + 1) * PIECE);
        if (!mig_pread_padded(out->sink->fd, is, next - at, at) ||
            !mig_pread_padded(fd, was, next - at, at)) {
            return fail(out);
        }
        if (next > out->old_size || memcmp(was, is, next - at) != 0) {
            add_range(ranges, at, next);
        }
    }
    return true;
}

/* Leaves of what was written what is not as it was. */
static bool leave_changes(MigOutput *out)
{
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(MigRange));

    for (guint i = 0; i < out->changed->len; i++) {
        if (!compare(out, &g_array_index(out->changed, MigRange, i), ranges)) {
            return false;
        }
    }
    if (ranges->len <= MIG_PATCH_RANGES_MAX) {
        g_array_unref(out->changed);
        out->changed = g_steal_pointer(&ranges);
    }
    return true;
}

static bool is_worth_it(const MigOutput *out)
{
    uint64_t end = out->sink->position;
    uint64_t sum = out->old_size - MIN(end, out->old_size);

    for (guint i = 0; i < out->changed->len; i++) {
        sum += g_array_index(out->changed, MigRange, i).length;
    }
    return sum <= end / WORTH;
}

bool mig_output_settle(MigOutput *out)
{
    if (!out->changed) {
        return true;
    }
    out->is_patch = is_worth_it(out);
    return out->is_patch ? leave_changes(out) : fill_all(out);
}

bool mig_output_is_patch(const MigOutput *out)
{
    return out->is_patch;
}
