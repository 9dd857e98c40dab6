/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see flow.h.
 * Must not know: what the bytes mean.
 * See also:      relay.c.
 */
#include "flow.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

void flow_init(Flow *flow, int from, int to, size_t size)
{
    *flow = (Flow){ .from = from, .to = to, .size = size, .pipe = { -1, -1 } };
}

static void close_pipe(Flow *flow)
{
    for (int i = 0; i < 2; i++) {
        if (flow->pipe[i] >= 0) {
            close(flow->pipe[i]);
            flow->pipe[i] = -1;
        }
    }
}

void flow_clear(Flow *flow)
{
    close_pipe(flow);
    g_clear_pointer(&flow->buffer, g_free);
}

struct pollfd flow_wants(const Flow *flow)
{
    struct pollfd want = { .fd = -1 };

    if (flow->n > flow->held) {
        want = (struct pollfd){ .fd = flow->to, .events = POLLOUT };
    } else if (flow->n > 0) {
        want.fd = -1; /* until nothing is held */
    } else if (!flow->ended) {
        want = (struct pollfd){ .fd = flow->from, .events = POLLIN };
    }
    return want;
}

static bool has_to_wait(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* Without a pipe, bytes come to the buffer as others do. */
static bool open_pipe(Flow *flow)
{
    if (flow->pipe[0] < 0 && pipe2(flow->pipe, O_CLOEXEC | O_NONBLOCK) == 0) {
        (void)fcntl(flow->pipe[1], F_SETPIPE_SZ, (int)FLOW_PIPE_BYTES);
    }
    return flow->pipe[0] >= 0;
}

/* False where this is nothing that the kernel can move by itself. */
static bool read_unseen(Flow *flow, ssize_t *got)
{
    if (!open_pipe(flow)) {
        return false;
    }
    *got = splice(flow->from, NULL, flow->pipe[1], NULL,
                  flow->unseen ? MIN(flow->unseen, FLOW_PIPE_BYTES) : FLOW_PIPE_BYTES,
                  SPLICE_F_NONBLOCK);
    return *got >= 0 || (errno != EINVAL && errno != ENOSYS && errno != EPERM);
}

static ssize_t read_to_buffer(Flow *flow)
{
    if (!flow->buffer) {
        flow->buffer = g_malloc(flow->size);
    }
    return read(flow->from, flow->buffer, flow->size);
}

FlowResult flow_read(Flow *flow, size_t *n)
{
    ssize_t got;

    *n = 0;
    if (flow->n > 0 || flow->ended || flow->from < 0) {
        return FLOW_OK;
    }
    flow->in_pipe = flow->passes && read_unseen(flow, &got);
    if (!flow->in_pipe) {
        got = read_to_buffer(flow);
    }
    if (got < 0) {
        return has_to_wait() ? FLOW_OK : FLOW_READ_FAILED;
    }
    flow->ended = got == 0;
    flow->at = 0;
    flow->n = (size_t)got;
    flow->moved += (uint64_t)got;
    *n = flow->in_pipe ? 0 : flow->n;
    return FLOW_OK;
}

/* libc may ask for socketcall(), whose arguments a sandbox cannot see. */
static void tell_end(Flow *flow)
{
    flow->over = true;
    if (flow->closes) {
        close(flow->to);
        flow->to = -1;
    } else {
        syscall(SYS_shutdown, flow->to, SHUT_WR);
    }
}

FlowResult flow_write(Flow *flow)
{
    if (flow->to < 0) {
        return FLOW_OK;
    }
    if (flow->n > flow->held) {
        size_t n = flow->n - flow->held;
        ssize_t done = flow->in_pipe ? splice(flow->pipe[0], NULL, flow->to, NULL, n,
                                              SPLICE_F_NONBLOCK)
                                     : write(flow->to, flow->buffer + flow->at, n);

        if (done < 0) {
            return has_to_wait() ? FLOW_OK : FLOW_WRITE_FAILED;
        }
        flow->at += (size_t)done;
        flow->n -= (size_t)done;
    }
    if (flow->n == 0 && flow->ended && !flow->over) {
        tell_end(flow);
    }
    return FLOW_OK;
}
