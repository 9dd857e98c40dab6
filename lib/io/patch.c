/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see patch.h.
 * Must not know: what the bytes mean.
 * See also:      journal.c.
 */
#include "io/patch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fully.h"
#include "io/journal-private.h"

#define PIECE ((size_t)256 << 10)

/* After the ranges, at the end of a patch.  Both ends are one program on one machine. */
typedef struct Trailer {
    uint64_t size, n_ranges;
} Trailer;

static bool fail(const char *what, const char *path, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot %s %s: %s", what, path,
                        g_strerror(errno));
    return false;
}

bool mig_patch_write_table(int patch, const GArray *ranges, uint64_t size,
                           const char *name, GError **error)
{
    Trailer trailer = { size, ranges->len };
    size_t n = ranges->len * sizeof(MigRange);

    return (mig_pwrite_fully(patch, ranges->data, n, size) &&
            mig_pwrite_fully(patch, &trailer, sizeof trailer, size + n)) ||
           fail("write", name, error);
}

/* Whether the ranges are in order and within @size. */
static bool are_sound(const GArray *ranges, uint64_t size)
{
    uint64_t end = 0;

    for (guint i = 0; i < ranges->len; i++) {
        const MigRange *range = &g_array_index(ranges, MigRange, i);

        if (range->offset < end || range->offset > size ||
            range->length > size - range->offset) {
            return false;
        }
        end = range->offset + range->length;
    }
    return true;
}

static bool refuse(const MigPatched *file, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_REFUSED, "the patch of %s makes no sense",
                        file->path);
    return false;
}

/* The table of @patch into @ranges, and the new size. */
static bool read_table(const MigPatched *file, int patch, GArray *ranges, uint64_t *size,
                       GError **error)
{
    Trailer trailer;
    struct stat st;
    size_t n;

    if (fstat(patch, &st) != 0) {
        return fail("read the patch of", file->path, error);
    }
    if (st.st_size < (off_t)sizeof trailer) {
        return refuse(file, error);
    }
    if (!mig_pread_padded(patch, &trailer, sizeof trailer,
                          (uint64_t)st.st_size - sizeof trailer)) {
        return fail("read the patch of", file->path, error);
    }
    n = (size_t)MIN(trailer.n_ranges, MIG_PATCH_RANGES_MAX) * sizeof(MigRange);
    if (trailer.n_ranges > MIG_PATCH_RANGES_MAX || trailer.size > INT64_MAX ||
        trailer.size + n + sizeof trailer != (uint64_t)st.st_size) {
        return refuse(file, error);
    }
    *size = trailer.size;
    g_array_set_size(ranges, (guint)trailer.n_ranges);
    if (!mig_pread_padded(patch, ranges->data, n, *size)) {
        return fail("read the patch of", file->path, error);
    }
    return are_sound(ranges, *size) || refuse(file, error);
}

/* What of @ranges, and of what is cut off, the file has now. */
static GArray *what_goes(const GArray *ranges, uint64_t old_size, uint64_t new_size)
{
    GArray *old = g_array_new(FALSE, FALSE, sizeof(MigRange));

    for (guint i = 0; i < ranges->len; i++) {
        MigRange range = g_array_index(ranges, MigRange, i);

        if (range.offset < old_size && range.length > 0) {
            range.length = MIN(range.length, old_size - range.offset);
            g_array_append_val(old, range);
        }
    }
    if (new_size < old_size) {
        MigRange rest = { new_size, old_size - new_size };

        g_array_append_val(old, rest);
    }
    return old;
}

static bool copy_range(int to, int from, const MigRange *range)
{
    g_autofree uint8_t *piece = g_malloc(PIECE);
    size_t n;

    for (uint64_t done = 0; done < range->length; done += n) {
        n = MIN(range->length - done, PIECE);
        if (!mig_pread_padded(from, piece, n, range->offset + done) ||
            !mig_pwrite_fully(to, piece, n, range->offset + done)) {
            return false;
        }
    }
    return true;
}

static bool write_file(int to, int from, const GArray *ranges, uint64_t size)
{
    for (guint i = 0; i < ranges->len; i++) {
        if (!copy_range(to, from, &g_array_index(ranges, MigRange, i))) {
            return false;
        }
    }
    return ftruncate(to, (off_t)size) == 0 && fsync(to) == 0;
}

/* Puts the file back after @error; where that fails too, the journal stays. */
static void undo(const MigPatched *file, GError **error)
{
    if (!mig_journal_undo(file, false, NULL)) {
        g_prefix_error(error, "%s is changed in part, and migstat recover undoes that: ",
                       file->path);
    }
}

bool mig_patch_apply(const MigPatched *file, int patch, GError **error)
{
    g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE, sizeof(MigRange));
    g_autoptr(GArray) old = NULL;
    uint64_t size;
    struct stat st;

    if (!read_table(file, patch, ranges, &size, error)) {
        return false;
    }
    if (fstat(file->fd, &st) != 0) {
        return fail("read", file->path, error);
    }
    old = what_goes(ranges, (uint64_t)st.st_size, size);
    if (!mig_journal_write(file, old, error)) {
        return false;
    }
    if (!write_file(file->fd, patch, ranges, size)) {
        fail("write", file->path, error);
        undo(file, error);
        return false;
    }
    return mig_journal_remove(file, error);
}
