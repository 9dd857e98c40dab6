/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the connections of a migration that passes, and moving their bytes.
 * Must not know: options, and what an end means.
 * See also:      relay.h.
 *
 * A loader tells channels apart by the order in which they come, or by their first bytes, and
 * some of them never have any.  So each is connected onward at once and in the order of
 * arrival, only the first, which is the main one, when it has sent something: who looks
 * whether a port is open, and goes, uses up no destination.
 */
#include "relay.h"

#include <errno.h>
#include <unistd.h>

/* Signals, and the time that has passed, are looked at so often. */
#define LOOK_MS 250
/* Answers are short. */
#define BACK_BYTES ((size_t)8 << 10)
#define EARLY      16u /* channels with much room */

RelayPair *relay_main(const Relay *relay)
{
    return relay->pairs->len ? g_ptr_array_index(relay->pairs, 0) : NULL;
}

static void close_pair(RelayPair *pair)
{
    if (pair->source >= 0) {
        close(pair->source);
    }
    if (pair->destination >= 0) {
        close(pair->destination);
    }
    pair->source = pair->destination = -1;
}

static void free_pair(RelayPair *pair)
{
    close_pair(pair);
    flow_clear(&pair->forward);
    flow_clear(&pair->back);
    mig_passing_channel_free(pair->packets);
    g_free(pair);
}

/* The stage ends when nothing comes in and nobody reads what comes out. */
static void close_stage(Relay *relay)
{
    RelayPair *main_pair = relay_main(relay);

    if (relay->stage) {
        if (main_pair->forward.to >= 0) {
            close(main_pair->forward.to);
            main_pair->forward.to = -1;
        }
        close(relay->filtered.from);
        flow_clear(&relay->filtered);
        g_clear_pointer(&relay->stage, relay_stage_free);
    }
}

void relay_close(Relay *relay)
{
    close_stage(relay);
    for (guint i = 0; i < relay->pairs->len; i++) {
        close_pair(g_ptr_array_index(relay->pairs, i));
    }
}

/* --- recording ---------------------------------------------------------------------------- */

/* A guest on its way is worth more than its recording.  The files go when it has arrived: who
 * makes connections makes them too. */
static void give_up_recording(Relay *relay, GError *error)
{
    g_clear_pointer(&relay->timeline, mig_timeline_writer_free);
    relay->unrecorded = error;
    cli_print_error("migstat relay", error);
    fputs("the migration goes on, and is not recorded\n", stderr);
    for (guint i = 0; i < relay->pairs->len; i++) {
        RelayPair *pair = g_ptr_array_index(relay->pairs, i);

        if (pair->record >= 0) {
            (void)!ftruncate(pair->record, 0); /* or it goes later */
        }
        pair->record = -1;
    }
}

static bool begin_timeline(Relay *relay, GError **error)
{
    int fd =
        relay->timeline ? -1 : cli_files_add(relay->files, "timeline", ".jsonl", error);

    if (fd >= 0) {
        relay->timeline = mig_timeline_writer_new(fd);
    }
    return relay->timeline != NULL;
}

/* Of channel @number. */
static void begin_recording(Relay *relay, RelayPair *pair, guint number)
{
    g_autofree char *name = g_strdup_printf("channel-%u", number);
    GError *error = NULL;

    if (!relay->files || relay->unrecorded) {
        return;
    }
    pair->record = begin_timeline(relay, &error)
                       ? cli_files_add(relay->files, name, "", &error)
                       : -1;
    if (error) {
        give_up_recording(relay, error);
    } else {
        mig_timeline_writer_open(relay->timeline, number);
    }
}

/* The flow has read @n bytes more. */
static void record(Relay *relay, RelayPair *pair, guint number, const uint8_t *bytes,
                   size_t n)
{
    if (relay->timeline) {
        mig_timeline_writer_came(relay->timeline, number, pair->forward.moved);
    }
    while (pair->record >= 0 && n > 0) {
        ssize_t done = write(pair->record, bytes, n);

        if (done < 0 && errno != EINTR) {
            GError *error = NULL;

            mig_error_set_plain(&error, MIG_ERROR_IO, "cannot record: %s",
                                g_strerror(errno));
            give_up_recording(relay, error);
            return;
        }
        bytes += MAX(done, 0);
        n -= (size_t)MAX(done, 0);
    }
}

/* --- connections -------------------------------------------------------------------------- */

/* Onward. */
static bool connect_pair(Relay *relay, RelayPair *pair, guint number, GError **error)
{
    begin_recording(relay, pair, number);
    pair->destination = cli_links_connect(relay->links, error);
    if (pair->destination < 0) {
        return false;
    }
    pair->back.from = pair->destination;
    if (pair == relay_main(relay) && relay->chain) {
        relay->filtered.to = pair->destination;
    } else {
        pair->forward.to = pair->destination;
    }
    return true;
}

/* The filters, before the destination is connected to: the main channel may say first what they
 * cannot deal with. */
static bool start_stage(Relay *relay, RelayPair *main_pair, GError **error)
{
    int in, out;

    relay->stage = relay_stage_start(relay->chain, relay->lossy, &in, &out, error);
    if (!relay->stage) {
        return false;
    }
    main_pair->forward.to = in;
    main_pair->forward.closes = true;
    flow_init(&relay->filtered, out, -1, FLOW_BYTES);
    relay->filtered.passes = true;
    return true;
}

/* What comes on another channel is not seen by filters. */
static bool may_have_channels(const Relay *relay, GError **error)
{
    if (relay->chain && mig_chain_changes_ram(relay->chain)) {
        mig_error_set_plain(
            error, MIG_ERROR_REFUSED,
            "the migration has several channels, and a filter that changes "
            "RAM sees only one of them: --record=DIR keeps all, and migstat "
            "convert --filter=fold makes one of them");
        return false;
    }
    return true;
}

static bool accept_pair(Relay *relay, GError **error)
{
    guint number = relay->pairs->len;
    RelayPair *pair;
    int source;

    if (!cli_links_accept(relay->links, &source, error)) {
        return false;
    }
    if (source < 0) {
        return true;
    }
    pair = g_new0(RelayPair, 1);
    pair->source = source;
    pair->destination = pair->record = -1;
    flow_init(&pair->forward, source, -1, number < EARLY ? FLOW_BYTES : FLOW_BYTES_LATE);
    flow_init(&pair->back, -1, source, BACK_BYTES);
    g_ptr_array_add(relay->pairs, pair);
    return number == 0 ||
           (may_have_channels(relay, error) && connect_pair(relay, pair, number, error));
}

/* Who came first has gone without a byte, and was no source. */
static bool is_nobody(const RelayPair *main_pair)
{
    return main_pair->destination < 0 && main_pair->forward.ended;
}

/* Whether the next connection can be taken: the main one is connected onward before any other
 * is. */
static bool takes_more(const Relay *relay)
{
    const RelayPair *main_pair = relay_main(relay);

    return !main_pair || main_pair->destination >= 0;
}

/* --- bytes -------------------------------------------------------------------------------- */

static void note_move(Relay *relay)
{
    relay->moved = g_get_monotonic_time();
}

/* A capture without its beginning is none. */
static void refuse_to_record_rest(Relay *relay)
{
    if (relay->opening.resumes && relay->files) {
        GError *error = NULL;

        mig_error_set_plain(&error, MIG_ERROR_UNSUPPORTED,
                            "cannot record: the migration goes on after a pause in "
                            "postcopy, and its beginning has not passed here");
        give_up_recording(relay, error);
    }
}

/* The first bytes of the main channel. */
static bool look_at_opening(Relay *relay, const uint8_t *bytes, size_t n, GError **error)
{
    if (relay->opening.complete) {
        return true;
    }
    n = MIN(n, CLI_OPENING_MAX - relay->first->len);
    g_byte_array_append(relay->first, bytes, (guint)n);
    if (!cli_opening_read(&relay->opening, relay->first->data, relay->first->len,
                          error)) {
        return false;
    }
    refuse_to_record_rest(relay);
    return !relay->chain || relay_can_be_filtered(relay, error);
}

/* Whether enough of the main channel has come for the destination to be connected to. */
static bool connect_main(Relay *relay, RelayPair *pair, GError **error)
{
    if (pair->destination >= 0) {
        return true;
    }
    if (relay->chain && !relay->stage && !start_stage(relay, pair, error)) {
        return false;
    }
    return (relay->chain && !relay->opening.complete) ||
           connect_pair(relay, pair, 0, error);
}

static bool take_forward(Relay *relay, RelayPair *pair, guint number, size_t n,
                         GError **error)
{
    const uint8_t *bytes = pair->forward.buffer + pair->forward.at;

    if (pair == relay_main(relay) &&
        !(look_at_opening(relay, bytes, n, error) && connect_main(relay, pair, error))) {
        return false;
    }
    record(relay, pair, number, bytes, n);
    pair->forward.held = number == 0 && relay->watched ? n : 0;
    return true;
}

static void take_back(Relay *relay, const RelayPair *pair, size_t n)
{
    if (pair == relay_main(relay) && !relay->opening.tls) {
        cli_return_watch_push(&relay->back, pair->back.buffer + pair->back.at, n);
    }
}

/* Fewer bytes are read with what comes after them. */
#define UNSEEN_MIN ((size_t)64 << 10)

/* Whether what the source sends next on it is of no interest here. */
static bool passes_unseen(const Relay *relay, const RelayPair *pair)
{
    if (pair->record >= 0 || pair->destination < 0) {
        return false;
    }
    if (pair == relay_main(relay)) {
        return relay->opening.complete && !relay->watched;
    }
    return pair->packets ? relay_unseen(pair) >= UNSEEN_MIN : pair->plain;
}

/* Writes what @flow holds, once @result says how it was read.  The flow ends where either failed. */
static FlowResult move_on(Relay *relay, Flow *flow, FlowResult result)
{
    size_t before = flow->n;

    result = result == FLOW_OK ? flow_write(flow) : result;
    if (flow->n != before) {
        note_move(relay);
    }
    if (result != FLOW_OK) {
        flow->ended = flow->over = true;
        flow->n = 0;
    }
    return result;
}

/* A connection that was none of a migration; another one is waited for. */
static void say_that_nobody_came(const Relay *relay, int why)
{
    if (!relay->common->quiet && cli_links_takes_many(relay->links)) {
        fprintf(
            stderr,
            "a connection broke off before a migration began (%s); another one is waited "
            "for\n",
            g_strerror(why));
    }
}

/* Reads, looks at and writes one direction of channel @number. */
static bool move(Relay *relay, guint number, bool forward, GError **error)
{
    RelayPair *pair = g_ptr_array_index(relay->pairs, number);
    Flow *flow = forward ? &pair->forward : &pair->back;
    uint64_t before = flow->moved;
    size_t n;
    FlowResult result;

    flow->passes = forward && passes_unseen(relay, pair);
    flow->unseen = flow->passes ? relay_unseen(pair) : 0;
    result = flow_read(flow, &n);
    if (flow->moved != before) {
        note_move(relay);
    }
    if (n > 0 && forward && !take_forward(relay, pair, number, n, error)) {
        return false;
    }
    if (n > 0 && !forward) {
        take_back(relay, pair, n);
    }
    if (forward && flow->moved != before) {
        relay_watch_channel(relay, pair, number);
    }
    if (forward && flow->ended && relay->timeline && !pair->told) {
        pair->told = true;
        mig_timeline_writer_close(relay->timeline, number);
    }
    if (result == FLOW_READ_FAILED && pair->destination < 0) {
        say_that_nobody_came(relay, errno);
    }
    result = move_on(relay, flow, result);
    /* Filters that take no more say why. */
    return result == FLOW_OK || flow->closes ||
           !relay_is_failure(relay, number, forward, result, error);
}

/* What comes out of the filters.  When nothing more does, they have ended, and say how. */
static bool move_filtered(Relay *relay, GError **error)
{
    Flow *flow = &relay->filtered;
    size_t n;
    FlowResult result = flow_read(flow, &n);

    if (flow->ended && !relay_stage_join(relay->stage, error)) {
        return false;
    }
    return move_on(relay, flow, result) == FLOW_OK ||
           !relay_is_failure(relay, 0, true, FLOW_WRITE_FAILED, error);
}

/* --- the loop ----------------------------------------------------------------------------- */

/* What is waited for: the listener, and two flows of each pair. */
static void list_wants(const Relay *relay, GArray *wants)
{
    struct pollfd want = { .fd =
                               takes_more(relay) ? cli_links_listener(relay->links) : -1,
                           .events = POLLIN };

    g_array_set_size(wants, 0);
    g_array_append_val(wants, want);
    for (guint i = 0; i < relay->pairs->len; i++) {
        const RelayPair *pair = g_ptr_array_index(relay->pairs, i);

        want = flow_wants(&pair->forward);
        if (!relay_knows_packets(relay, pair)) {
            want.fd = -1;
        }
        g_array_append_val(wants, want);
        want = flow_wants(&pair->back);
        g_array_append_val(wants, want);
    }
    if (relay->stage) {
        want = flow_wants(&relay->filtered);
        g_array_append_val(wants, want);
    }
}

static bool is_asked(const GArray *wants, guint i)
{
    return g_array_index(wants, struct pollfd, i).revents != 0;
}

static bool move_all(Relay *relay, const GArray *wants, GError **error)
{
    guint n = (wants->len - 1) / 2;

    if (wants->len > 2 * n + 1 && is_asked(wants, 2 * n + 1) &&
        !move_filtered(relay, error)) {
        return false;
    }
    for (guint i = 0; i < n; i++) {
        if ((is_asked(wants, 2 * i + 1) && !move(relay, i, true, error)) ||
            (is_asked(wants, 2 * i + 2) && !move(relay, i, false, error))) {
            return false;
        }
    }
    return true;
}

static bool is_too_long(const Relay *relay)
{
    return g_get_monotonic_time() - relay->moved >
           (gint64)relay->timeout * G_USEC_PER_SEC;
}

/* A destination that has loaded all says no more after that, and keeps its connections open for as
 * long as it likes. */
static bool is_answered(const Relay *relay, const RelayPair *pair)
{
    return pair->back.over || (relay_is_done(relay) && pair->back.n == 0);
}

bool relay_is_over(const Relay *relay)
{
    if (relay_is_done(relay) && is_too_long(relay)) {
        return true;
    }
    for (guint i = 0; i < relay->pairs->len; i++) {
        const RelayPair *pair = g_ptr_array_index(relay->pairs, i);

        if (!pair->forward.over || !is_answered(relay, pair)) {
            return false;
        }
    }
    return relay->pairs->len > 0 && (!relay->stage || relay->filtered.over);
}

/* Whether somebody else can come, when the first has gone. */
static bool can_wait(const Relay *relay, GError **error)
{
    if (!cli_links_takes_many(relay->links)) {
        mig_error_set_plain(error, MIG_ERROR_REFUSED,
                            "the connection was closed before a migration began");
        return false;
    }
    return true;
}

static bool step(Relay *relay, GError **error)
{
    GArray *wants = relay->wants;

    list_wants(relay, wants);
    if (poll((struct pollfd *)(void *)wants->data, wants->len, LOOK_MS) < 0) {
        return true; /* a signal, which the caller looks at */
    }
    if (!move_all(relay, wants, error)) {
        return false;
    }
    if (relay_main(relay) && is_nobody(relay_main(relay))) {
        g_ptr_array_set_size(relay->pairs, 0);
        return can_wait(relay, error);
    }
    if (is_asked(wants, 0)) {
        note_move(relay);
        return accept_pair(relay, error);
    }
    return true;
}

bool relay_turn(Relay *relay, GError **error)
{
    if (!step(relay, error) || relay_main_is_broken(relay, error) ||
        !relay_fits(relay, error)) {
        return false;
    }
    if (cli_is_cancelled(NULL)) {
        mig_error_set_plain(error, MIG_ERROR_CANCELLED, "cancelled");
        return false;
    }
    if (is_too_long(relay) && !relay_is_done(relay)) {
        relay_complain_of_silence(relay, error);
        return false;
    }
    return true;
}

/* Until all connections are closed, or nothing is expected of those that are not. */
static bool pass_all(Relay *relay, GError **error)
{
    while (!relay_is_over(relay)) {
        if (!relay_turn(relay, error)) {
            return false;
        }
    }
    return true;
}

bool relay_run(Relay *relay, GError **error)
{
    g_autoptr(GArray) wants = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    bool ok;

    relay->wants = wants;
    relay->pairs = g_ptr_array_new_with_free_func((GDestroyNotify)free_pair);
    relay->first = g_byte_array_new();
    note_move(relay);
    ok = relay_watch(relay, error) && pass_all(relay, error);
    relay_close(relay);
    return ok;
}
