/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a temporary file over another: what was copied from that one is read there.
 * Must not know: who wrote it.
 * See also:      output-laid.c, which writes such a file; source-file.c.
 */
#include "io/source.h"

typedef struct LaidSource {
    MigSource base;
    MigSource *own, *under; /* the temporary file, and the one below it */
    GArray *parts;          /* MigLaidPart */
} LaidSource;

static const MigLaidPart *part_at(const LaidSource *laid, guint i)
{
    return &g_array_index(laid->parts, MigLaidPart, i);
}

/* The last part that begins at @offset or before; NULL: none does.  *next: the one after it. */
static const MigLaidPart *find(const LaidSource *laid, uint64_t offset, guint *next)
{
    guint low = 0, high = laid->parts->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;

        if (part_at(laid, middle)->at <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *next = low;
    return low ? part_at(laid, low - 1) : NULL;
}

/* Which file has the byte at @offset, *from in it, and how many follow there. */
static MigSource *place_of(const LaidSource *laid, uint64_t offset, uint64_t *length,
                           uint64_t *from)
{
    guint next;
    const MigLaidPart *part = find(laid, offset, &next);
    uint64_t end = next < laid->parts->len ? part_at(laid, next)->at : laid->base.size;

    if (part && offset - part->at < part->length) {
        *length = part->length - (offset - part->at);
        *from = part->from + (offset - part->at);
        return laid->under;
    }
    *length = end > offset ? end - offset : 0;
    *from = offset;
    return laid->own;
}

static ssize_t laid_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                         GError **error)
{
    const LaidSource *laid = (const LaidSource *)source;
    uint64_t length, from;
    MigSource *place = place_of(laid, offset, &length, &from);

    return offset < source->size
               ? place->ops->read(place, from, buffer, MIN(n, length), error)
               : 0;
}

static int laid_part(const MigSource *source, uint64_t offset, uint64_t *length,
                     uint64_t *fd_offset)
{
    return place_of((const LaidSource *)source, offset, length, fd_offset)->fd;
}

static void laid_free(MigSource *source)
{
    LaidSource *laid = (LaidSource *)source;

    mig_source_free(laid->own);
    mig_source_free(laid->under);
    g_array_unref(laid->parts);
    g_free(laid);
}

static const MigSourceOps laid_ops = { .read = laid_read,
                                       .free = laid_free,
                                       .part = laid_part };

MigSource *mig_source_laid_new(int fd, uint64_t size, int under, GArray *parts,
                               const char *name, MigCancel cancel)
{
    LaidSource *laid = g_new0(LaidSource, 1);

    laid->base.ops = &laid_ops;
    laid->base.seekable = true;
    laid->base.size = size;
    laid->base.fd = -1;
    laid->own = mig_source_file_new(fd, false, 0, size, name, cancel);
    laid->under = mig_source_file_new(under, false, 0, INT64_MAX, name, cancel);
    laid->parts = g_array_ref(parts);
    return &laid->base;
}
