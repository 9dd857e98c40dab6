/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see sink-pack.h.
 * Must not know: any one compression.
 * See also:      sink.h.
 */
#include "io/sink-pack.h"

/* Compressed bytes that are written at once. */
#define ROOM ((size_t)128 << 10)

void mig_pack_set_error(const MigSink *sink, const char *why, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot compress %s: %s", sink->name, why);
}

static bool pack_bytes(MigPack *pack, const void *data, size_t n, bool end,
                       GError **error)
{
    MigSink *inner = pack->inner;
    const uint8_t *bytes = data;
    MigPiece piece = { .in = bytes };
    MigProgress progress;

    do {
        piece.n_in = n - (size_t)(piece.in - bytes);
        piece.out = pack->packed;
        piece.n_out = ROOM;
        progress = pack->ops->advance(pack, &piece, end);
        if (progress == MIG_PROGRESS_FAILED) {
            mig_pack_set_error(inner, pack->failure, error);
            return false;
        }
        if (!mig_sink_check_cancel(inner, error) ||
            !inner->ops->write(inner, pack->packed, (size_t)(piece.out - pack->packed),
                               error)) {
            return false;
        }
    } while (progress == MIG_PROGRESS_MORE);
    return true;
}

static bool pack_write(MigSink *sink, const void *data, size_t n, GError **error)
{
    return n == 0 || pack_bytes((MigPack *)sink, data, n, false, error);
}

static bool pack_finish(MigSink *sink, GError **error)
{
    MigPack *pack = (MigPack *)sink;

    return pack_bytes(pack, "", 0, true, error) &&
           pack->inner->ops->finish(pack->inner, error);
}

static void pack_free(MigSink *sink)
{
    MigPack *pack = (MigPack *)sink;

    mig_sink_free(pack->inner);
    pack->ops->clear(pack);
    g_free(pack->packed);
    g_free(pack);
}

void mig_pack_init(MigPack *pack, const MigPackOps *ops, MigSink *inner)
{
    static const MigSinkOps sink_ops = { pack_write, NULL, NULL, pack_finish, pack_free };

    pack->base = (MigSink){
        .ops = &sink_ops, .name = inner->name, .cancel = inner->cancel, .fd = -1
    };
    pack->ops = ops;
    pack->inner = inner;
    pack->packed = g_malloc(ROOM);
}
