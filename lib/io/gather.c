/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see gather.h.
 * Must not know: what is written.
 * See also:      io/fully.h.
 */
#include "io/gather.h"

#include <glib.h>
#include <string.h>

#include "io/fully.h"
#include "io/tiny.h"

/* Bytes that are kept at most: what a processor has at hand. */
#define KEPT_MAX MIG_TINY_OR((size_t)MIG_GATHER_HOLE, (size_t)256 << 10)

/* A write that is as long needs no other beside it. */
#define ALONE (KEPT_MAX / 2)

G_STATIC_ASSERT(KEPT_MAX >= MIG_GATHER_HOLE);

struct MigGather {
    int fd;
    uint64_t offset, kept; /* @kept bytes are to be written at @offset */
    uint64_t data, added;  /* bytes of both kinds since writes were apart */
    uint8_t *bytes;
};

MigGather *mig_gather_new(void)
{
    MigGather *gather = g_new0(MigGather, 1);

    gather->fd = -1;
    gather->bytes = g_malloc(KEPT_MAX);
    return gather;
}

void mig_gather_free(MigGather *gather)
{
    if (gather) {
        g_free(gather->bytes);
        g_free(gather);
    }
}

bool mig_gather_flush(MigGather *gather)
{
    uint64_t n = gather->kept, offset = gather->offset;

    gather->offset += n;
    gather->kept = 0;
    return mig_pwrite_fully(gather->fd, gather->bytes, (size_t)n, offset);
}

/* Makes the next write follow what is kept, or begin anew. */
static bool approach(MigGather *gather, int fd, uint64_t offset, uint64_t zeros)
{
    uint64_t end = gather->offset + gather->kept, apart = offset - end;

    if (fd != gather->fd || offset < end || apart > zeros || apart >= MIG_GATHER_HOLE ||
        apart > gather->data - gather->added) {
        bool ok = mig_gather_flush(gather);

        gather->fd = fd;
        gather->offset = offset;
        gather->data = gather->added = 0;
        return ok;
    }
    if (gather->kept + apart > KEPT_MAX && !mig_gather_flush(gather)) {
        return false;
    }
    memset(gather->bytes + gather->kept, 0, (size_t)apart);
    gather->kept += apart;
    gather->added += apart;
    return true;
}

bool mig_gather_write(MigGather *gather, int fd, struct iovec *iov, int n,
                      uint64_t offset, uint64_t zeros)
{
    size_t total = 0;

    for (int i = 0; i < n; i++) {
        total += iov[i].iov_len;
    }
    if (!approach(gather, fd, offset, zeros) ||
        ((total >= ALONE || gather->kept + total > KEPT_MAX) &&
         !mig_gather_flush(gather))) {
        return false;
    }
    gather->data += total;
    if (total >= ALONE) {
        gather->offset += total;
        return mig_pwritev_fully(fd, iov, n, offset);
    }
    for (int i = 0; i < n; i++) {
        memcpy(gather->bytes + gather->kept, iov[i].iov_base, iov[i].iov_len);
        gather->kept += iov[i].iov_len;
    }
    return true;
}
