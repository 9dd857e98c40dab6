/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          bytes that functions of the client read.
 * Must not know: where they have them from.
 * See also:      io/input.h, MigInputCallbacks.
 */
#include "io/source.h"

typedef struct CallbackSource {
    MigSource base;
    MigInputCallbacks callbacks;
    void *data;
    char *name;
    MigCancel cancel;
} CallbackSource;

static ssize_t callback_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                             GError **error)
{
    CallbackSource *own = (CallbackSource *)source;
    GError *failure = NULL;
    ssize_t got;

    if (mig_cancel_asked(own->cancel)) {
        mig_error_set_plain(error, MIG_ERROR_CANCELLED, "cancelled");
        return -1;
    }
    if (source->seekable) {
        if (offset >= source->size) {
            return 0;
        }
        n = MIN(n, source->size - offset);
    }
    got = own->callbacks.read(own->data, offset, buffer, n, &failure);
    if (failure) {
        g_propagate_error(error, failure);
        return -1;
    }
    if (got < 0 || (size_t)got > n || (got == 0 && source->seekable)) {
        mig_source_set_error(error, MIG_ERROR_IO, offset,
                             "cannot read %s: its callback gives %zd bytes of %zu",
                             own->name, got, n);
        return -1;
    }
    return got;
}

static void callback_free(MigSource *source)
{
    CallbackSource *own = (CallbackSource *)source;

    if (own->callbacks.close) {
        own->callbacks.close(own->data);
    }
    g_free(own->name);
    g_free(own);
}

static const MigSourceOps callback_ops = { .read = callback_read, .free = callback_free };

MigSource *mig_source_callback_new(const MigInputCallbacks *callbacks, void *data,
                                   const char *name, MigCancel cancel, GError **error)
{
    CallbackSource *own = g_new0(CallbackSource, 1);
    GError *failure = NULL;

    own->base.ops = &callback_ops;
    own->base.fd = -1;
    own->callbacks = *callbacks;
    own->data = data;
    own->name = g_strdup(name);
    own->cancel = cancel;
    own->base.seekable = callbacks->length != NULL;
    own->base.waits = !own->base.seekable;
    if (callbacks->length && !callbacks->length(data, &own->base.size, &failure)) {
        if (failure) {
            g_propagate_error(error, failure);
        } else {
            mig_error_set_plain(error, MIG_ERROR_IO, "cannot tell the length of %s",
                                name);
        }
        mig_source_free(&own->base);
        return NULL;
    }
    return &own->base;
}
