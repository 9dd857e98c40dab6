/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      see source-unpack.h.
 * Knows not: any one compression.
 * Beside it: container.c, which stacks sources.
 */
#include "io/source-unpack.h"

#include <string.h>

#define BUFFER_SIZE ((size_t)128 << 10)

void mig_unpack_fail(MigUnpack *unpack, MigErrorCode code, const char *text)
{
    unpack->failure = code;
    unpack->failure_text = text;
    unpack->failure_offset = unpack->in_offset - (unpack->filled - unpack->used);
}

bool mig_unpack_refill(MigUnpack *unpack, GError **error)
{
    size_t left = unpack->filled - unpack->used;

    memmove(unpack->buffer, unpack->buffer + unpack->used, left);
    unpack->used = 0;
    unpack->filled = left;
    ssize_t got =
        unpack->inner->ops->read(unpack->inner, unpack->in_offset, unpack->buffer + left,
                                 BUFFER_SIZE - left, error);
    if (got > 0) {
        unpack->filled += (size_t)got;
        unpack->in_offset += (uint64_t)got;
    }
    unpack->inner_ended = got == 0;
    return got >= 0;
}

static ssize_t unpack_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                           GError **error)
{
    MigUnpack *unpack = (MigUnpack *)source;
    uint64_t allowed = unpack->max_expand - unpack->expanded;
    size_t got = 0;

    (void)offset; /* Bytes are asked for in order. */
    /* One byte more than is allowed tells that there is more. */
    n = n <= allowed ? n : (size_t)allowed + 1;
    while (got == 0 && !unpack->ended && !unpack->failure) {
        if (!unpack->ops->step(unpack, buffer, n, &got, error)) {
            return -1;
        }
    }
    if (got > allowed) {
        mig_unpack_fail(unpack, MIG_ERROR_LIMIT,
                        "expands to more than the limit on decompressed bytes");
        got = allowed;
    }
    unpack->expanded += got;
    if (got == 0 && unpack->failure) {
        mig_source_set_error(error, unpack->failure,
                             unpack->inner->origin + unpack->failure_offset, "%s: %s",
                             unpack->ops->name, unpack->failure_text);
        return -1;
    }
    return (ssize_t)got;
}

static void unpack_free(MigSource *source)
{
    MigUnpack *unpack = (MigUnpack *)source;

    mig_source_free(unpack->inner);
    unpack->ops->clear(unpack);
    g_free(unpack->buffer);
    g_free(unpack);
}

void mig_unpack_init(MigUnpack *unpack, const MigUnpackOps *ops, MigSource *inner,
                     uint64_t max_expand)
{
    static const MigSourceOps unpack_ops = { .read = unpack_read, .free = unpack_free };

    unpack->base.ops = &unpack_ops;
    unpack->base.waits = inner->waits;
    unpack->base.fd = -1;
    unpack->ops = ops;
    unpack->inner = inner;
    unpack->max_expand = max_expand;
    unpack->buffer = g_malloc(BUFFER_SIZE);
}
