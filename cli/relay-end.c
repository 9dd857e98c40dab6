/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          whether a relayed migration went well, and if not, who failed and how far it
 *                came.
 * Must not know: how bytes are moved.
 * See also:      relay.h.
 *
 * With a return path the destination says when it has loaded all, and the source closes nothing
 * before.  Without one, the source closes its connections when it has sent all, and the
 * destination when it has loaded all or has failed: that cannot be told apart.
 */
#include "relay.h"

#include <errno.h>
#include <inttypes.h>

#include "text.h"

bool relay_is_done(const Relay *relay)
{
    return relay->back.shut && relay->back.shut_value == 0;
}

/* "0x1f40 of the main channel, 0x40 of channel 1". */
static char *how_far(const Relay *relay)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < relay->pairs->len; i++) {
        const RelayPair *pair = g_ptr_array_index(relay->pairs, i);

        g_string_append_printf(text, "%s0x%" PRIx64 " of ", i ? ", " : "",
                               pair->forward.moved - pair->forward.n);
        if (i == 0) {
            g_string_append(text, "the main channel");
        } else {
            g_string_append_printf(text, "channel %u", i);
        }
    }
    return g_string_free(text, FALSE);
}

void relay_refuse(const Relay *relay, const char *what, GError **error)
{
    g_autofree char *far = how_far(relay), *last = cli_return_watch_last(&relay->back);

    mig_error_set_plain(
        error, MIG_ERROR_REFUSED,
        "%s; up to there passed: %s; the last answer of the destination was "
        "%s",
        what, far, last);
}

/* A channel of which no more comes, while the main one goes on. */
static bool cut_channel(const Relay *relay, guint *number)
{
    for (*number = 1; *number < relay->pairs->len; (*number)++) {
        const RelayPair *pair = g_ptr_array_index(relay->pairs, *number);

        if (pair->forward.ended && !relay_main(relay)->forward.ended) {
            return true;
        }
    }
    return false;
}

/* What the destination did may be no more than its answer to what the source did before. */
static void refuse_destination(const Relay *relay, const char *what, GError **error)
{
    g_autofree char *both = NULL;
    guint number;

    if (cut_channel(relay, &number)) {
        both = g_strdup_printf("%s; before that the source had closed channel %u", what,
                               number);
    }
    relay_refuse(relay, both ? both : what, error);
}

bool relay_can_be_filtered(const Relay *relay, GError **error)
{
    const CliOpening *opening = &relay->opening;
    const char *what =
        opening->tls ? "it is encrypted with TLS"
        : opening->postcopy
            ? "it may go on in postcopy, when the guest runs and cannot go back: "
              "switch the capability postcopy-ram off"
        : opening->resumes
            ? "it goes on after a pause in postcopy, and its beginning has not passed "
              "here"
        : opening->colo ? "it is one of COLO, which has no end"
                        : NULL;

    if (what) {
        mig_error_set_plain(error, MIG_ERROR_REFUSED,
                            "the migration cannot pass through filters: %s", what);
    }
    return !what;
}

bool relay_is_failure(const Relay *relay, guint number, bool forward, FlowResult result,
                      GError **error)
{
    const RelayPair *pair = g_ptr_array_index(relay->pairs, number);
    bool by_source = forward == (result == FLOW_READ_FAILED);
    int why = errno;
    g_autofree char *channel =
        number ? g_strdup_printf("channel %u", number) : g_strdup("the main channel");
    g_autofree char *what =
        g_strdup_printf("the %s broke %s off: %s", by_source ? "source" : "destination",
                        channel, g_strerror(why));

    if (number == 0 && !forward && result == FLOW_WRITE_FAILED && relay_is_done(relay)) {
        mig_error_set_plain(
            error, MIG_ERROR_REFUSED,
            "the destination has loaded all, and the source cannot be told "
            "(%s): look there before the guest is started anywhere",
            g_strerror(why));
        return true;
    }
    /* Who closes a connection need not read what was still to come on it, but for answers. */
    if (relay_is_done(relay) || pair->destination < 0 ||
        (number && !forward && result == FLOW_WRITE_FAILED)) {
        return false;
    }
    if (by_source) {
        relay_refuse(relay, what, error);
    } else {
        refuse_destination(relay, what, error);
    }
    return true;
}

/* A source that closes one direction may only say that it has sent all: the destination, which
 * is told so too, knows whether that was all. */
static void refuse_close(const Relay *relay, const RelayPair *main_pair, GError **error)
{
    if (main_pair->forward.ended) {
        relay_refuse(
            relay,
            "the source closed the connection before the destination had loaded all",
            error);
    } else {
        refuse_destination(
            relay,
            "the destination closed the connection before it had loaded all, and its log "
            "says why",
            error);
    }
}

/* The source is told first. */
static bool says_that_it_failed(const Relay *relay, const RelayPair *main_pair)
{
    return relay->back.shut && relay->back.shut_value != 0 && main_pair->back.n == 0;
}

bool relay_main_is_broken(const Relay *relay, GError **error)
{
    const RelayPair *main_pair = relay_main(relay);

    if (!main_pair || main_pair->destination < 0 || !relay->opening.return_path) {
        return false;
    }
    if (says_that_it_failed(relay, main_pair)) {
        refuse_destination(
            relay, "the destination says that it failed, and its log says why", error);
    } else if (!relay->back.shut && main_pair->back.ended) {
        refuse_close(relay, main_pair, error);
    } else {
        return false;
    }
    return true;
}

/* The channel whose bytes nobody takes; NULL: there is none. */
static const RelayPair *stuck_pair(const Relay *relay, guint *number)
{
    for (*number = 0; *number < relay->pairs->len; (*number)++) {
        const RelayPair *pair = g_ptr_array_index(relay->pairs, *number);

        if (pair->forward.n > pair->forward.held ||
            (*number == 0 && relay->filtered.n > 0)) {
            return pair;
        }
    }
    return NULL;
}

/* A channel that is open, and lacks a SYNC. */
static const RelayPair *late_pair(const Relay *relay, guint *number)
{
    for (*number = 1; *number < relay->pairs->len; (*number)++) {
        const RelayPair *pair = g_ptr_array_index(relay->pairs, *number);

        if (pair->packets && mig_passing_channel_syncs(pair->packets) < relay->points) {
            return pair;
        }
    }
    return NULL;
}

static char *what_is_stuck(const Relay *relay)
{
    const RelayPair *late;
    guint number;

    if ((late = late_pair(relay, &number))) {
        return g_strdup_printf(
            "channel %u has had %" PRIu64 " SYNC packets, and the "
            "destination waits for one at each of %" PRIu64 " points of the main channel",
            number, mig_passing_channel_syncs(late->packets), relay->points);
    }
    if (stuck_pair(relay, &number)) {
        return g_strdup_printf("the destination takes no more of channel %u%s", number,
                               number ? "" : ", the main one");
    }
    if (cut_channel(relay, &number)) {
        return g_strdup_printf(
            "the source has closed channel %u, and the main one goes on", number);
    }
    return g_strdup(
        relay_main(relay)->forward.ended
            ? "the source has closed the main channel, and the destination does not say "
              "that it has loaded all"
            : "the source sends no more, and the destination does not say that it has "
              "loaded all");
}

void relay_complain_of_silence(const Relay *relay, GError **error)
{
    const RelayPair *main_pair = relay_main(relay);

    if (!main_pair) {
        mig_error_set_plain(error, MIG_ERROR_IO,
                            "nobody has connected for %u seconds (--timeout)",
                            relay->timeout);
    } else if (main_pair->destination < 0) {
        mig_error_set_plain(
            error, MIG_ERROR_REFUSED,
            "the source has connected and has sent nothing for %u seconds "
            "(--timeout)",
            relay->timeout);
    } else {
        g_autofree char *stuck = what_is_stuck(relay);
        g_autofree char *what = g_strdup_printf(
            "nothing has moved for %u seconds (--timeout): %s", relay->timeout, stuck);

        relay_refuse(relay, what, error);
    }
}
