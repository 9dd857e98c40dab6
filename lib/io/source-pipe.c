/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a descriptor that is read as it comes: pipe, socket, terminal.
 * Must not know: how a descriptor was opened.
 * See also:      source-file.c, for descriptors that can seek.
 */
#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* Fewer and larger reads; what the kernel grants without privilege. */
#define PIPE_CAPACITY (1 << 20)
/* The caller is asked this often during a wait. */
#define CANCEL_POLL_MS 250

typedef struct PipeSource {
    MigSource base;
    int fd;
    bool owned;
    char *name;
    MigCancel cancel;
} PipeSource;

/* Waits until read() will not; false when cancelled. */
static bool wait_readable(const PipeSource *stream)
{
    struct pollfd want = { .fd = stream->fd, .events = POLLIN };

    for (;;) {
        if (mig_cancel_asked(stream->cancel)) {
            return false;
        }
        int ready = poll(&want, 1, stream->cancel.cancelled ? CANCEL_POLL_MS : -1);
        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            return true;
        }
    }
}

static ssize_t pipe_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                         GError **error)
{
    PipeSource *stream = (PipeSource *)source;
    bool wait = stream->cancel.cancelled != NULL;

    for (;;) {
        if (wait && !wait_readable(stream)) {
            mig_error_set_plain(error, MIG_ERROR_CANCELLED, "cancelled");
            return -1;
        }
        ssize_t got = read(stream->fd, buffer, n);
        if (got >= 0) {
            return got;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            wait = true; /* Somebody made it non-blocking. */
        } else if (errno != EINTR) {
            mig_source_set_error(error, MIG_ERROR_IO, offset, "cannot read %s: %s",
                                 stream->name, g_strerror(errno));
            return -1;
        }
    }
}

static void pipe_free(MigSource *source)
{
    PipeSource *stream = (PipeSource *)source;

    if (stream->owned) {
        close(stream->fd);
    }
    g_free(stream->name);
    g_free(stream);
}

static const MigSourceOps pipe_ops = { .read = pipe_read, .free = pipe_free };

MigSource *mig_source_pipe_new(int fd, bool owned, const char *name, MigCancel cancel)
{
    PipeSource *stream = g_new0(PipeSource, 1);

    fcntl(fd, F_SETPIPE_SZ, PIPE_CAPACITY);
    stream->base.ops = &pipe_ops;
    stream->base.waits = true;
    stream->base.fd = -1;
    stream->fd = fd;
    stream->owned = owned;
    stream->name = g_strdup(name);
    stream->cancel = cancel;
    return &stream->base;
}
