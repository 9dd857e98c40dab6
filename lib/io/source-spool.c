/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          bytes that were kept because they cannot be read twice: in memory while
 *                they are few, then in a temporary file without a name, sparse where they
 *                are zero.
 * Must not know: where they come from.
 * See also:      mig_input_hold(), which makes it grow.
 */
#include "io/alloc.h"
#include "io/source.h"

#include <errno.h>
#include <inttypes.h>
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
    MigInput *rest; /* what has yet to come; NULL at its end */
    uint64_t max;   /* of length */
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

static bool append(SpoolSource *spool, const uint8_t *data, size_t n, GError **error)
{
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

/* What was appended can be read. */
static bool show(SpoolSource *spool, GError **error)
{
    MigSource *source = &spool->base;

    source->size = source->start + spool->length;
    if (!spool->memory) {
        source->fd = spool->fd;
        source->fd_offset = -source->start;
        return ftruncate(spool->fd, (off_t)spool->length) == 0 || fail(spool, error);
    }
    return true;
}

/* Nothing more comes; @failure, which is taken over, is why. */
static void end(SpoolSource *spool, GError *failure)
{
    spool->failure = failure;
    spool->base.waits = false;
    g_clear_pointer(&spool->rest, mig_input_free);
    if (spool->memory && !failure) {
        spool->base.bytes = spool->memory->data;
    }
}

static GError *too_long(const SpoolSource *spool)
{
    GError *failure = NULL;

    mig_error_set(&failure, MIG_ERROR_LIMIT, spool->base.start + spool->length, NULL,
                  "more than %" PRIu64
                  " GiB of a pipe would have to be kept in a file, and "
                  "it does not end; save it to a file and give that",
                  spool->max >> 30);
    return failure;
}

bool mig_source_spool_grow(MigSource *source, uint64_t size, GError **error)
{
    SpoolSource *spool = (SpoolSource *)source;
    const uint64_t wanted = size - MIN(size, source->start);

    while (spool->rest && spool->length < wanted) {
        size_t n;
        const uint8_t *data = mig_input_peek(spool->rest, 1, &n);
        GError *failure = NULL;

        if (n > 0 && spool->length < spool->max) {
            if (!append(spool, data, n, error)) {
                return false;
            }
            mig_input_skip(spool->rest, n);
            continue;
        }
        if (n > 0) {
            failure = too_long(spool);
        } else {
            mig_input_end_error(spool->rest, &failure);
        }
        end(spool, failure);
    }
    return show(spool, error);
}

bool mig_source_spool_ended(const MigSource *source)
{
    return !((const SpoolSource *)source)->rest;
}

static ssize_t spool_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                          GError **error)
{
    SpoolSource *spool = (SpoolSource *)source;

    if (offset >= source->size && spool->rest &&
        !mig_source_spool_grow(source, offset + 1, error)) {
        return -1;
    }
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
    mig_input_free(spool->rest);
    g_free(spool->dir);
    g_free(spool);
}

static const MigSourceOps spool_ops = { .read = spool_read, .free = spool_free };

MigSource *mig_source_spool_new(MigInput *rest, uint64_t max, const char *dir)
{
    SpoolSource *spool = g_new0(SpoolSource, 1);

    spool->base.ops = &spool_ops;
    spool->base.seekable = spool->base.waits = true;
    spool->base.start = spool->base.size = mig_input_tell(rest);
    spool->base.fd = -1;
    spool->rest = rest;
    spool->max = max;
    spool->dir = g_strdup(mig_temporary_dir(dir));
    spool->memory = g_byte_array_new();
    spool->fd = -1;
    return &spool->base;
}
