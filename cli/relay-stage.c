/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the filters of a migration that passes: a chain between two pipes, in a thread.
 * Must not know: connections.
 * See also:      relay.c, which fills one pipe and empties the other; lib/filter/chain.h.
 *
 * Whoever has more to send may wait for an answer to what was sent.  So before the chain waits for
 * bytes, what it has made goes out.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "relay.h"

#define PIPE_BYTES (1 << 20)

struct RelayStage {
    MigChain *chain;
    bool lossy;
    int in, out; /* the ends of the pipes that the thread has */
    MigOutput *output;
    GThread *thread;
    GError *error;
};

/* --- in the thread ------------------------------------------------------------------------ */

static bool has_bytes(int fd)
{
    struct pollfd want = { .fd = fd, .events = POLLIN };

    return poll(&want, 1, 0) > 0;
}

/* A MigInputCallbacks.read(). */
static ssize_t read_some(void *data, uint64_t offset, void *buffer, size_t n,
                         GError **error)
{
    RelayStage *stage = data;
    ssize_t got;

    (void)offset;
    if (!has_bytes(stage->in) && !mig_output_push(stage->output, error)) {
        return -1;
    }
    do {
        got = read(stage->in, buffer, n);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot read from a pipe: %s",
                            g_strerror(errno));
    }
    return got;
}

static bool run_chain(RelayStage *stage, GError **error)
{
    const MigInputCallbacks callbacks = { MIG_INPUT_CALLBACKS_INIT, .read = read_some };
    const MigInputOptions in_options = { MIG_INPUT_OPTIONS_INIT, .live = true };
    const MigOutputOptions out_options = { MIG_OUTPUT_OPTIONS_INIT };
    const MigChainOptions options = { MIG_CHAIN_OPTIONS_INIT, .lossy = stage->lossy,
                                      .in_flight = true };
    g_autoptr(MigInput) in = NULL;

    stage->output = mig_output_new_fd(stage->out, "the destination", &out_options, error);
    if (!stage->output) {
        return false;
    }
    in = mig_input_new_callbacks(&callbacks, stage, "the source", &in_options, error);
    return in && mig_chain_run(stage->chain, in, NULL, stage->output, &options, error) &&
           mig_output_commit(stage->output, error);
}

/* A signal is for the loop, which ends this. */
static gpointer run_stage(gpointer data)
{
    RelayStage *stage = data;

    run_chain(stage, &stage->error);
    g_clear_pointer(&stage->output, mig_output_free);
    close(stage->in);
    close(stage->out);
    return NULL;
}

/* --- for the loop ------------------------------------------------------------------------- */

/* @ours: the end that the loop has, 0 to read, 1 to write. */
static bool make_pipe(int ends[2], int ours)
{
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
    return fcntl(ends[ours], F_SETFL, O_NONBLOCK) == 0;
}

RelayStage *relay_stage_start(MigChain *chain, bool lossy, int *in, int *out,
                              GError **error)
{
    RelayStage *stage;
    int before[2], after[2];

    if (!make_pipe(before, 1) || !make_pipe(after, 0)) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot make a pipe: %s",
                            g_strerror(errno));
        return NULL;
    }
    stage = g_new0(RelayStage, 1);
    stage->chain = chain;
    stage->lossy = lossy;
    stage->in = before[0];
    stage->out = after[1];
    *in = before[1];
    *out = after[0];
    stage->thread = g_thread_new("filters", run_stage, stage);
    return stage;
}

bool relay_stage_join(RelayStage *stage, GError **error)
{
    g_clear_pointer(&stage->thread, g_thread_join);
    if (stage->error) {
        g_propagate_error(error, g_error_copy(stage->error));
    }
    return !stage->error;
}

void relay_stage_free(RelayStage *stage)
{
    if (stage) {
        relay_stage_join(stage, NULL);
        g_clear_error(&stage->error);
        g_free(stage);
    }
}
