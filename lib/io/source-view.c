/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what follows the first bytes of another source, and a first look at it.
 * Must not know: why the start is where it is, nor what is looked for.
 * See also:      container.c, which puts a view on each layer to see what lies there.
 */
#include "io/source.h"

#include <string.h>

typedef struct ViewSource {
    MigSource base;
    MigSource *inner;
    uint64_t start;
    bool is_lent; /* @inner is somebody else's. */
    /* What a look has taken from an inner source that gives each byte only once. */
    uint8_t head[MIG_VIEW_HEAD];
    size_t head_length;
} ViewSource;

static ssize_t view_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                         GError **error)
{
    ViewSource *view = (ViewSource *)source;

    if (offset < view->head_length) {
        n = MIN(n, view->head_length - offset);
        memcpy(buffer, view->head + offset, n);
        return (ssize_t)n;
    }
    if (source->seekable) {
        n = MIN(n, source->size - MIN(offset, source->size));
    }
    if (n == 0) { /* of a file no byte means that it shrank */
        return 0;
    }
    return view->inner->ops->read(view->inner, view->start + offset, buffer, n, error);
}

static void view_free(MigSource *source)
{
    ViewSource *view = (ViewSource *)source;

    if (!view->is_lent) {
        mig_source_free(view->inner);
    }
    g_free(view);
}

static int view_part(const MigSource *source, uint64_t offset, uint64_t *length,
                     uint64_t *fd_offset)
{
    const ViewSource *view = (const ViewSource *)source;

    return mig_source_part(view->inner, view->start + offset, length, fd_offset);
}

static const MigSourceOps view_ops = { .read = view_read,
                                       .free = view_free,
                                       .part = view_part };

MigSource *mig_source_view_new(MigSource *inner, uint64_t start)
{
    ViewSource *view = g_new0(ViewSource, 1);

    view->base = *inner;
    view->base.ops = &view_ops;
    if (inner->seekable) {
        start = MIN(start, inner->size);
        view->base.size = inner->size - start;
    }
    view->base.origin = inner->origin + start;
    view->base.bytes = inner->bytes ? inner->bytes + start : NULL;
    view->base.fd_offset = inner->fd_offset + start;
    view->inner = inner;
    view->start = start;
    return &view->base;
}

MigSource *mig_source_lent_new(MigSource *inner)
{
    MigSource *lent = mig_source_view_new(inner, 0);

    ((ViewSource *)lent)->is_lent = true;
    return lent;
}

MigSource *mig_source_part_new(MigSource *inner, uint64_t start, uint64_t length)
{
    MigSource *part = mig_source_view_new(inner, start);

    part->size = MIN(part->size, length);
    return part;
}

const uint8_t *mig_source_view_look(MigSource *source, size_t *n, GError **error)
{
    ViewSource *view = (ViewSource *)source;
    GError *failure = NULL;

    view->head_length = mig_source_read_full(view->inner, view->start, view->head,
                                             sizeof view->head, &failure);
    *n = view->head_length;
    if (failure && *n == 0) {
        g_propagate_error(error, failure);
        return NULL;
    }
    g_clear_error(&failure); /* The reading that follows the head meets it again. */
    return view->head;
}
