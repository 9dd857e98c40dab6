/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          bytes to a descriptor: until all are written, with holes for zeros where it
 *                is the end of a regular file.
 * Must not know: what the bytes mean, nor how a file gets its name.
 * See also:      source-file.c and source-pipe.c, the way in; kernel-copy.h.
 */
#include "io/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/tiny.h"
#include "io/zero.h"

/* Zeros are worth a hole in pieces of this length. */
#define HOLE ((size_t)16 << 10)
/* The most of one write: a signal is seen after so much. */
#define PIECE MIG_TINY_OR((size_t)40, (size_t)1 << 20)
/* Fewer and larger writes; what the kernel grants without privilege. */
#define PIPE_CAPACITY (1 << 20)
/* The disk is set to work each time that so much has come. */
#define WRITE_BACK ((uint64_t)32 << 20)

typedef struct FileSink {
    MigSink base;
    char *name;
    uint64_t start;        /* The offset of the descriptor at first. */
    uint64_t written_back; /* The disk was given what lies before this offset. */
    bool holes;            /* The descriptor can skip what is to be zero. */
    bool skipped;          /* It did. */
    bool broken_pipe;
} FileSink;

static bool fail(FileSink *file, GError **error)
{
    file->broken_pipe = errno == EPIPE;
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot write %s: %s", file->name,
                        g_strerror(errno));
    return false;
}

/* After a system call that failed: whether it is worth another try. */
static bool try_again(FileSink *file, GError **error)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        struct pollfd want = { .fd = file->base.fd, .events = POLLOUT };
        /* A signal ends the wait; the loop looks at the cancel flag. */
        poll(&want, 1, -1);
        return true;
    }
    return errno == EINTR || fail(file, error);
}

/* Starts writing to the disk, so that the sync at the end finds little to do.  It reports
 * no errors. */
static void begin_write_back(FileSink *file)
{
    if (file->holes && file->base.position - file->written_back >= WRITE_BACK) {
        sync_file_range(file->base.fd, (off_t)file->written_back, 0,
                        SYNC_FILE_RANGE_WRITE);
        file->written_back = file->base.position;
    }
}

static bool write_all(FileSink *file, const uint8_t *data, size_t n, GError **error)
{
    while (n > 0) {
        if (!mig_sink_check_cancel(&file->base, error)) {
            return false;
        }
        ssize_t done = write(file->base.fd, data, MIN(n, PIECE));
        if (done >= 0) {
            data += done;
            n -= (size_t)done;
            file->base.position += (uint64_t)done;
            begin_write_back(file);
        } else if (!try_again(file, error)) {
            return false;
        }
    }
    return true;
}

static bool file_skip(MigSink *sink, uint64_t n, GError **error)
{
    FileSink *file = (FileSink *)sink;

    file->skipped = true;
    sink->position += n;
    return lseek(sink->fd, (off_t)n, SEEK_CUR) >= 0 || fail(file, error);
}

/* What begins @data: zeros that a hole is worth, or other bytes up to such zeros. */
static size_t measure(const uint8_t *data, size_t n, bool *zero)
{
    size_t length = HOLE;

    *zero = n >= HOLE && mig_is_zero(data, HOLE);
    while (n >= length + HOLE && mig_is_zero(data + length, HOLE) == *zero) {
        length += HOLE;
    }
    return *zero || n >= length + HOLE ? length : n;
}

/* A stream with mapped-ram has holes, which a pipe or a compressed file has filled. */
static bool write_with_holes(FileSink *file, const uint8_t *data, size_t n,
                             GError **error)
{
    while (n > 0) {
        bool zero;
        size_t length = measure(data, n, &zero);

        if (!(zero ? file_skip(&file->base, length, error)
                   : write_all(file, data, length, error))) {
            return false;
        }
        data += length;
        n -= length;
    }
    return true;
}

static bool file_write(MigSink *sink, const void *data, size_t n, GError **error)
{
    FileSink *file = (FileSink *)sink;

    return file->holes ? write_with_holes(file, data, n, error)
                       : write_all(file, data, n, error);
}

static ssize_t file_take(MigSink *sink, int fd, uint64_t offset, uint64_t length,
                         GError **error)
{
    FileSink *file = (FileSink *)sink;

    while (sink->way != MIG_KERNEL_CANNOT) {
        if (!mig_sink_check_cancel(sink, error)) {
            return -1;
        }
        ssize_t done = mig_kernel_copy(fd, offset, sink->fd, length, &sink->way);
        if (done > 0) {
            sink->position += (uint64_t)done;
            return done;
        }
        if (done < 0 && !try_again(file, error)) {
            return -1;
        }
    }
    return 0;
}

static bool file_finish(MigSink *sink, GError **error)
{
    FileSink *file = (FileSink *)sink;

    return !file->skipped || ftruncate(sink->fd, lseek(sink->fd, 0, SEEK_CUR)) == 0 ||
           fail(file, error);
}

static void file_free(MigSink *sink)
{
    g_free(((FileSink *)sink)->name);
    g_free(sink);
}

/* The offset of @fd at which the next byte will lie; 0 where there are none. */
static uint64_t offset_of(int fd, const struct stat *st, int flags)
{
    off_t offset;

    if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode)) {
        return 0;
    }
    offset = flags & O_APPEND ? st->st_size : lseek(fd, 0, SEEK_CUR);
    return offset > 0 ? (uint64_t)offset : 0;
}

MigSink *mig_sink_file_new(int fd, const char *name, MigCancel cancel)
{
    static const MigSinkOps with_holes = { file_write, file_skip, file_take, file_finish,
                                           file_free };
    static const MigSinkOps without_holes = { file_write, NULL, file_take, file_finish,
                                              file_free };
    FileSink *file = g_new0(FileSink, 1);
    int flags = fcntl(fd, F_GETFL);
    struct stat st;

    if (flags >= 0 && fstat(fd, &st) == 0) {
        file->start = offset_of(fd, &st, flags);
        /* Whether what is skipped at its end will read as zero. */
        file->holes = !(flags & O_APPEND) && S_ISREG(st.st_mode) &&
                      lseek(fd, 0, SEEK_CUR) >= st.st_size;
    }
    file->name = g_strdup(name);
    file->written_back = file->start;
    file->base = (MigSink){ .ops = file->holes ? &with_holes : &without_holes,
                            .name = file->name,
                            .cancel = cancel,
                            .origin = file->start,
                            .fd = fd,
                            .position = file->start };
    fcntl(fd, F_SETPIPE_SZ, PIPE_CAPACITY);
    return &file->base;
}

uint64_t mig_sink_file_written(const MigSink *sink)
{
    return sink->position - ((const FileSink *)sink)->start;
}

bool mig_sink_file_broken_pipe(const MigSink *sink)
{
    return ((const FileSink *)sink)->broken_pipe;
}
