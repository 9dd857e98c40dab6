/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see flow.h.
 * Must not know: what the bytes mean.
 * See also:      relay.c.
 */
#include "flow.h"

#include <errno.h>
#include <glib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

void flow_init(Flow *flow, int from, int to, size_t size)
{
    *flow = (Flow){ .from = from, .to = to, .size = size };
}

void flow_clear(Flow *flow)
{
    g_clear_pointer(&flow->buffer, g_free);
}

struct pollfd flow_wants(const Flow *flow)
{
    struct pollfd want = { .fd = -1 };

    if (flow->n > 0) {
        want = (struct pollfd){ .fd = flow->to, .events = POLLOUT };
    } else if (!flow->ended) {
        want = (struct pollfd){ .fd = flow->from, .events = POLLIN };
    }
    return want;
}

static bool has_to_wait(void)
{
    return errno == EAGAIN || errno == EINTR;
}

FlowResult flow_read(Flow *flow, size_t *n)
{
    ssize_t got;

    *n = 0;
    if (flow->n > 0 || flow->ended || flow->from < 0) {
        return FLOW_OK;
    }
    if (!flow->buffer) {
        flow->buffer = g_malloc(flow->size);
    }
    got = read(flow->from, flow->buffer, flow->size);
    if (got < 0) {
        return has_to_wait() ? FLOW_OK : FLOW_READ_FAILED;
    }
    flow->ended = got == 0;
    flow->at = 0;
    flow->n = *n = (size_t)got;
    flow->moved += (uint64_t)got;
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
    if (flow->n > 0) {
        ssize_t done = write(flow->to, flow->buffer + flow->at, flow->n);

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
