/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what is the same for every kind of sink.
 * Must not know: any kind of sink.
 * See also:      sink-file.c; container-zstd.c.
 */
#include "io/sink.h"

bool mig_sink_check_cancel(const MigSink *sink, GError **error)
{
    if (mig_cancel_asked(sink->cancel)) {
        mig_error_set_plain(error, MIG_ERROR_CANCELLED, "cancelled");
        return false;
    }
    return true;
}

bool mig_sink_write_header(MigSink *sink, GBytes *header, GError **error)
{
    gsize n;
    const void *data = g_bytes_get_data(header, &n);

    sink->origin += n;
    return sink->ops->write(sink, data, n, error);
}

void mig_sink_free(MigSink *sink)
{
    if (sink) {
        sink->ops->free(sink);
    }
}
