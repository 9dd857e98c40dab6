/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a part of a regular file or block device, read by pread().
 * Must not know: how a descriptor was opened, nor what file it is.
 * See also:      source-pipe.c, for descriptors that cannot seek.
 *
 * The file is not mapped: a file that somebody truncates would end the process with SIGBUS,
 * and page faults cost more than the copy.
 */
#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

typedef struct FileSource {
    MigSource base;
    bool owned;
    char *name;
    MigCancel cancel;
} FileSource;

static ssize_t file_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                         GError **error)
{
    FileSource *file = (FileSource *)source;

    if (offset >= source->size) {
        return 0;
    }
    n = MIN(n, source->size - offset);

    for (;;) {
        if (mig_cancel_asked(file->cancel)) {
            mig_error_set_plain(error, MIG_ERROR_CANCELLED, "cancelled");
            return -1;
        }
        ssize_t got = pread(source->fd, buffer, n, (off_t)(offset + source->fd_offset));
        if (got > 0) {
            return got;
        }
        if (got < 0 && errno == EINTR) {
            continue;
        }

        uint64_t place = offset + source->origin;
        if (got < 0) {
            mig_source_set_error(error, MIG_ERROR_IO, place, "cannot read %s: %s",
                                 file->name, g_strerror(errno));
        } else {
            mig_source_set_error(error, MIG_ERROR_IO, place,
                                 "%s shrank while it was read: it had %" PRIu64
                                 " bytes when it was opened",
                                 file->name, source->size + source->origin);
        }
        return -1;
    }
}

static void file_free(MigSource *source)
{
    FileSource *file = (FileSource *)source;

    if (file->owned) {
        close(source->fd);
    }
    g_free(file->name);
    g_free(file);
}

static const MigSourceOps file_ops = { .read = file_read, .free = file_free };

MigSource *mig_source_file_new(int fd, bool owned, uint64_t start, uint64_t end,
                               const char *name, MigCancel cancel)
{
    FileSource *file = g_new0(FileSource, 1);

    file->base.ops = &file_ops;
    file->base.seekable = true;
    file->base.size = end > start ? end - start : 0;
    file->base.origin = start;
    file->base.fd = fd;
    file->base.fd_offset = start;
    file->owned = owned;
    file->name = g_strdup(name);
    file->cancel = cancel;
    /* The kernel then reads twice as far ahead, which suits two readers that take turns. */
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return &file->base;
}
