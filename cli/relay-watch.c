/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          whether the channels of a migration that passes fit together.
 * Must not know: how bytes are moved; what a channel has.
 * See also:      relay.h; lib/live/passing.h.
 *
 * The main channel is read as it comes, and nothing of it goes on before it was read.  Reading
 * asks for bytes, and that moves what there is on all channels: there is one thread.  Its end mark
 * waits for the other channels: what does not fit together ends while the source still has its
 * guest.  Of the others, the packets are counted, and their data stays in the kernel.
 */
#include "relay.h"

#include <inttypes.h>
#include <poll.h>
#include <string.h>

/* --- the main channel --------------------------------------------------------------------- */

/* Takes turns until the main channel has more than @offset bytes.  0: it will not. */
static int await_main(Relay *relay, uint64_t offset)
{
    for (;;) {
        RelayPair *pair = relay_main(relay);

        if (pair && offset < pair->forward.moved) {
            return 1;
        }
        if (pair && (pair->forward.ended || relay_is_over(relay))) {
            return 0;
        }
        if (pair) {
            pair->forward.held = 0;
        }
        if (!relay_turn(relay, &relay->failure)) {
            return -1;
        }
    }
}

/* A MigInputCallbacks.read(): all that the flow holds is what it read last. */
static ssize_t read_main(void *data, uint64_t offset, void *buffer, size_t n,
                         GError **error)
{
    Relay *relay = data;
    int there = await_main(relay, offset);
    const Flow *flow;
    uint64_t from;

    if (there < 0) {
        g_propagate_error(error, g_error_copy(relay->failure));
    }
    if (there <= 0) {
        return there;
    }
    flow = &relay_main(relay)->forward;
    from = flow->moved - flow->n;
    n = MIN(n, flow->moved - offset);
    memcpy(buffer, flow->buffer + (offset - from), n);
    return (ssize_t)n;
}

static bool has_packets(const Relay *relay)
{
    for (guint i = 1; i < relay->pairs->len; i++) {
        if (((const RelayPair *)g_ptr_array_index(relay->pairs, i))->packets) {
            return true;
        }
    }
    return false;
}

/* Reads on; false where nothing more can be told.  What cannot be read passes all the same, and
 * the destination judges it. */
static bool watch_main(Relay *relay, MigPassingMain *passing)
{
    MigStatus status = mig_passing_main_next(passing, NULL);

    relay->points = mig_passing_main_points(passing);
    relay->ends = status == MIG_STATUS_END && mig_passing_main_end(passing);
    return status == MIG_STATUS_MORE && relay_fits(relay, &relay->failure) &&
           (!mig_passing_main_has_pages(passing) || has_packets(relay));
}

/* From there on, the main channel is held back. */
static void hold(Relay *relay, uint64_t end)
{
    Flow *flow = &relay_main(relay)->forward;

    flow->held = MIN(flow->moved - end, flow->n);
}

bool relay_watch(Relay *relay, GError **error)
{
    const MigInputCallbacks callbacks = { MIG_INPUT_CALLBACKS_INIT, .read = read_main };
    g_autoptr(MigPassingMain) passing = NULL;

    relay->watched = true;
    passing = mig_passing_main_new(&callbacks, relay, NULL);
    while (passing && watch_main(relay, passing)) {
    }
    relay->watched = false;
    if (relay_main(relay)) {
        hold(relay, relay->ends ? mig_passing_main_end(passing)
                                : relay_main(relay)->forward.moved);
    }
    if (relay->failure) {
        g_propagate_error(error, g_steal_pointer(&relay->failure));
        return false;
    }
    return relay_fits(relay, error);
}

/* --- other channels ----------------------------------------------------------------------- */

bool relay_knows_packets(const Relay *relay, const RelayPair *pair)
{
    return pair == relay_main(relay) || relay->opening.complete;
}

/* What is not encrypted, has pages of a known size, and is not the rest of something. */
static bool can_be_watched(const Relay *relay)
{
    return !relay->opening.tls && !relay->opening.resumes && relay->opening.page_size;
}

static void pass_unwatched(const Relay *relay, RelayPair *pair, guint number,
                           const char *why)
{
    /* A preempt channel begins with something else. */
    if (mig_passing_channel_offset(pair->packets) > 0 && !relay->common->quiet) {
        fprintf(
            stderr,
            "channel %u passes unread from there on, and whether it fits to the others "
            "is not known: %s\n",
            number, why);
    }
    g_clear_pointer(&pair->packets, mig_passing_channel_free);
    pair->plain = true;
}

void relay_watch_channel(const Relay *relay, RelayPair *pair, guint number)
{
    const Flow *flow = &pair->forward;
    g_autoptr(GError) error = NULL;

    if (number == 0 || pair->plain) {
        return;
    }
    if (!can_be_watched(relay)) {
        pair->plain = true;
        return;
    }
    if (!pair->packets) {
        pair->packets = mig_passing_channel_new(relay->opening.page_size);
    }
    if (flow->in_pipe) {
        mig_passing_channel_skip(pair->packets, flow->n);
    } else if (!mig_passing_channel_push(pair->packets, flow->buffer + flow->at, flow->n,
                                         &error)) {
        pass_unwatched(relay, pair, number, error->message);
    }
}

uint64_t relay_unseen(const RelayPair *pair)
{
    return pair->packets ? mig_passing_channel_unseen(pair->packets) : 0;
}

/* --- whether they fit --------------------------------------------------------------------- */

static char *what_does_not_fit(const Relay *relay, const RelayPair *pair, guint number)
{
    uint64_t syncs = mig_passing_channel_syncs(pair->packets);

    if (pair->forward.ended && !mig_passing_channel_is_whole(pair->packets)) {
        return g_strdup_printf("the source closed channel %u in the middle of a packet",
                               number);
    }
    if (pair->forward.ended && syncs < relay->points) {
        return g_strdup_printf(
            "the source closed channel %u after %" PRIu64 " SYNC packets, and the "
            "destination waits for one at each of %" PRIu64 " points of the main channel",
            number, syncs, relay->points);
    }
    if (relay->ends && syncs > relay->points) {
        return g_strdup_printf(
            "channel %u has %" PRIu64 " SYNC packets, and the main channel only %" PRIu64
            " points that wait for one: one is missing there, and pages could have come "
            "over later ones",
            number, syncs, relay->points);
    }
    return NULL;
}

/* Whether all that must come on @pair before the end has.  Nothing need on a preempt channel. */
static bool has_come(const Relay *relay, const RelayPair *pair)
{
    return pair->packets ? mig_passing_channel_syncs(pair->packets) >= relay->points
                         : pair->plain || relay->opening.postcopy;
}

static bool is_quiet(int fd)
{
    struct pollfd want = { .fd = fd, .events = POLLIN };

    return poll(&want, 1, 0) == 0;
}

/* Whether all that the source has sent on @pair, which it did before the end mark, has gone on. */
static bool is_drained(const Relay *relay, const RelayPair *pair)
{
    return pair->forward.ended ||
           (has_come(relay, pair) && pair->forward.n == 0 && is_quiet(pair->source));
}

static bool all_drained(const Relay *relay)
{
    if (!is_quiet(cli_links_listener(relay->links))) {
        return false; /* there is one more */
    }
    for (guint i = 1; i < relay->pairs->len; i++) {
        if (!is_drained(relay, g_ptr_array_index(relay->pairs, i))) {
            return false;
        }
    }
    return true;
}

bool relay_fits(Relay *relay, GError **error)
{
    for (guint i = 1; i < relay->pairs->len; i++) {
        const RelayPair *pair = g_ptr_array_index(relay->pairs, i);
        g_autofree char *what = pair->packets ? what_does_not_fit(relay, pair, i) : NULL;

        if (what) {
            relay_refuse(relay, what, error);
            return false;
        }
    }
    if (relay->ends && relay_main(relay)->forward.held && all_drained(relay)) {
        relay_main(relay)->forward.held = 0;
    }
    return true;
}
