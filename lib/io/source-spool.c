/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          bytes that were kept because they cannot be read twice: in memory while
 *                they are few, then in a temporary file without a name, sparse where they
 *                are zero.
 * Must not know: where they come from.
 * See also:      mig_input_hold(), which fills it.
 */
#include "io/alloc.h"
#include "io/source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io/fully.h"
#include "io/temporary.h"
#include "io/zero.h"

#define SPOOL_MEMORY ((size_t)8 << 20)
/* What a hole is made of on most file systems. */
#define BLOCK ((size_t)4096)

typedef struct SpoolSource {
    MigSource base;
    char *dir;
    uint64_t length;
    GByteArray *memory; /* NULL once there is a file. */
    MigMeter meter;
    int fd;
    GError *failure;
} SpoolSource;

static bool fail(const SpoolSource *spool, GError **error)
{
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot keep the input in a file in %s: %s",
                        spool->dir, g_strerror(errno));
    return false;
}

static bool write_at(SpoolSource *spool, const uint8_t *data, size_t n, uint64_t offset,
                     GError **error)
{
    return mig_pwrite_fully(spool->fd, data, n, offset) || fail(spool, error);
}

/* Writes all but the blocks that are zero throughout. */
static bool write_sparse(SpoolSource *spool, const uint8_t *data, size_t n,
                         GError **error)
{
    uint64_t offset = spool->length;
    size_t run = 0; /* Bytes at @data that are to be written and are not yet. */

    for (size_t left = n; left > 0;) {
        size_t block = MIN(left, BLOCK - (offset + run) % BLOCK);
        left -= block;
        if (!mig_is_zero(data + run, block)) {
            run += block;
            continue;
        }
        if (!write_at(spool, data, run, offset, error)) {
            return false;
        }
        data += run + block;
        offset += run + block;
        run = 0;
    }
    return write_at(spool, data, run, offset, error);
}

static bool move_to_file(SpoolSource *spool, GError **error)
{
    spool->fd = mig_temporary_open(spool->dir, error);
    if (spool->fd < 0) {
        return false;
    }

    g_autoptr(GByteArray) memory = g_steal_pointer(&spool->memory);
    spool->length = 0;
    if (!write_sparse(spool, memory->data, memory->len, error)) {
        return false;
    }
    spool->length = memory->len;
    return true;
}

bool mig_source_spool_append(MigSource *source, const void *data, size_t n,
                             GError **error)
{
    SpoolSource *spool = (SpoolSource *)source;

    if (n == 0) {
        return true;
    }
    if (spool->memory && n <= SPOOL_MEMORY - spool->memory->len &&
        mig_meter_spend(&spool->meter, n)) {
        g_byte_array_append(spool->memory, data, (guint)n);
    } else {
        if (spool->memory && !move_to_file(spool, error)) {
            return false;
        }
        if (!write_sparse(spool, data, n, error)) {
            return false;
        }
    }
    spool->length += n;
    return true;
}

bool mig_source_spool_finish(MigSource *source, GError *failure, GError **error)
{
    SpoolSource *spool = (SpoolSource *)source;

    spool->failure = failure;
    source->seekable = true;
    source->size = source->start + spool->length;
    if (spool->memory && !failure) {
        source->bytes = spool->memory->data;
    }
    if (!spool->memory) {
        source->fd = spool->fd;
        source->fd_offset = -source->start;
        if (ftruncate(spool->fd, (off_t)spool->length) != 0) {
            return fail(spool, error);
        }
    }
    return true;
}

static ssize_t spool_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                          GError **error)
{
    SpoolSource *spool = (SpoolSource *)source;

    if (offset >= source->size) {
        if (spool->failure) {
            g_propagate_error(error, g_error_copy(spool->failure));
            return -1;
        }
        return 0;
    }
    n = MIN(n, source->size - offset);
    offset -= source->start;
    if (spool->memory) {
        memcpy(buffer, spool->memory->data + offset, n);
        return (ssize_t)n;
    }

    ssize_t got;
    do {
        got = pread(spool->fd, buffer, n, (off_t)offset);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        errno = got < 0 ? errno : EIO;
        fail(spool, error);
        return -1;
    }
    return got;
}

static void spool_free(MigSource *source)
{
    SpoolSource *spool = (SpoolSource *)source;

    if (spool->fd >= 0) {
        close(spool->fd);
    }
    g_clear_pointer(&spool->memory, g_byte_array_unref);
    g_clear_error(&spool->failure);
    g_free(spool->dir);
    g_free(spool);
}

static const MigSourceOps spool_ops = { .read = spool_read, .free = spool_free };

MigSource *mig_source_spool_new(uint64_t start, const char *dir)
{
    SpoolSource *spool = g_new0(SpoolSource, 1);

    spool->base.ops = &spool_ops;
    spool->base.start = start;
    spool->base.fd = -1;
    spool->dir = g_strdup(mig_temporary_dir(dir));
    spool->memory = g_byte_array_new();
    spool->fd = -1;
    return &spool->base;
}
