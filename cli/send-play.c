/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          playing channels: each at the pace at which the destination takes it, and
 *                reading what it answers.
 * Must not know: options; what the channels have in them.
 * See also:      send.h.
 *
 * A loader reads its main channel up to a sync point, and waits there for the others, which it
 * reads at the same time.  So no channel may wait for another one here: whichever has room gets
 * more.  All stay open to the end, since a loader takes the end of a preempt channel for a
 * failure.
 */
#include "hint.h"
#include "send.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "text.h"

/* What is written at once. */
#define PIECE ((size_t)256 << 10)
/* Signals, and the time that has passed, are looked at so often. */
#define LOOK_MS 250

/* --- patience ---------------------------------------------------------------------------- */

static void note_move(Send *send)
{
    send->moved = g_get_monotonic_time();
}

static bool is_too_long(const Send *send)
{
    return g_get_monotonic_time() - send->moved > (gint64)send->timeout * G_USEC_PER_SEC;
}

/* A MigCancelled, while the input is waited for. */
static bool give_up(void *data)
{
    const Send *send = data;

    return cli_is_cancelled(NULL) || is_too_long(send);
}

static bool fail_input(const Send *send, GError **error)
{
    if (is_too_long(send) && !cli_is_cancelled(NULL)) {
        g_clear_error(error);
        mig_error_set_plain(error, MIG_ERROR_IO,
                            "nothing more has come of it for %u seconds (--timeout)",
                            send->timeout);
    }
    return false;
}

MigInput *send_open(Send *send, GError **error)
{
    MigInputOptions options = cli_input_options(send->common);

    options.cancelled = give_up;
    options.cancelled_data = send;
    note_move(send);
    return cli_open_with(send->file, send->common, &options, error);
}

/* --- whether channels fit together -------------------------------------------------------- */

static bool can_be_read_twice(const Send *send)
{
    bool can = mig_input_seekable(send->in);

    for (size_t i = 0; i < send->n; i++) {
        can = can && mig_input_seekable(send->channels[i].in);
    }
    return can;
}

static bool read_all(Send *send, GError **error)
{
    g_autoptr(MigReader) reader = mig_reader_new(send->in);
    const MigItem *item;
    MigStatus status;

    while ((status = mig_reader_next(reader, &item, error)) == MIG_STATUS_MORE) {
        note_move(send);
    }
    return status == MIG_STATUS_END;
}

/* "migstat check --channel=A FILE": the command that says more.  The caller frees. */
static char *check_command(const Send *send)
{
    g_autofree char *reading = cli_hint_reading(send->common);
    g_autofree char *file = cli_shell_name(send->file);

    return g_strdup_printf("migstat check%s %s", reading, file);
}

bool send_fits_together(Send *send, GError **error)
{
    g_autofree char *command = check_command(send);
    g_autoptr(GError) why = NULL;

    if (send->n < 2 || !can_be_read_twice(send)) {
        return true;
    }
    if (!read_all(send, &why) &&
        !g_error_matches(why, MIG_ERROR, MIG_ERROR_UNSUPPORTED)) {
        g_propagate_error(error, g_steal_pointer(&why));
        if (cli_status_of(*error) == CLI_FOUND) {
            g_prefix_error(
                error,
                "the capture is damaged or its channels do not fit together, and a "
                "destination could wait for ever, or load wrong memory (%s): ",
                command);
        }
        return false;
    }
    for (size_t i = 0; i < send->n; i++) {
        mig_input_rewind(send->channels[i].in, 0);
    }
    return true;
}

/* --- connections ------------------------------------------------------------------------- */

void send_list_channels(Send *send)
{
    size_t n = 1;

    while (mig_input_attached(send->in, n - 1)) {
        n++;
    }
    send->channels = g_new0(SendChannel, n);
    send->n = n;
    for (size_t i = 0; i < n; i++) {
        MigInput *in = i ? mig_input_attached(send->in, i - 1) : send->in;

        send->channels[i] = (SendChannel){ .in = in, .fd = -1 };
    }
}

bool send_connect(Send *send, GError **error)
{
    for (size_t i = 0; i < send->n; i++) {
        send->channels[i].fd = cli_links_connect(send->links, error);
        if (send->channels[i].fd < 0) {
            send->at_destination = true;
            return false;
        }
    }
    return true;
}

void send_close(Send *send)
{
    for (size_t i = 0; i < send->n; i++) {
        if (send->channels[i].fd >= 0) {
            close(send->channels[i].fd);
        }
    }
    g_clear_pointer(&send->channels, g_free);
}

/* --- what the destination says ----------------------------------------------------------- */

/* *why: errno, 0 where it closed the connection in order. */
static void hear(Send *send, int *why)
{
    uint8_t bytes[4096];
    ssize_t n;

    while ((n = read(send->channels[0].fd, bytes, sizeof bytes)) > 0) {
        cli_return_watch_push(&send->back, bytes, (size_t)n);
        note_move(send);
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    send->closed = true;
    *why = n < 0 ? errno : 0;
}

static bool all_is_sent(const Send *send)
{
    for (size_t i = 0; i < send->n; i++) {
        if (!send->channels[i].all_sent) {
            return false;
        }
    }
    return true;
}

/* --- failures ----------------------------------------------------------------------------- */

/* "0x1f40 of the main channel, channel 1 to its end". */
static char *how_far(const Send *send)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < send->n; i++) {
        const SendChannel *channel = &send->channels[i];

        if (i == 0) {
            g_string_append(text, "the main channel");
        } else {
            g_string_append_printf(text, ", channel %zu", i);
        }
        if (channel->all_sent) {
            g_string_append(text, " to its end");
        } else {
            g_string_append_printf(text, " up to offset 0x%" PRIx64, channel->sent);
        }
    }
    return g_string_free(text, FALSE);
}

/* @what the destination did; and how far it came. */
static bool refuse(Send *send, GError **error, const char *what)
{
    g_autofree char *far = how_far(send), *last = cli_return_watch_last(&send->back);

    send->at_destination = true;
    mig_error_set_plain(error, MIG_ERROR_REFUSED,
                        "the destination %s; it was given %s, and its last answer was "
                        "%s; its log says more, "
                        "and migstat explain --log=LOG what that means",
                        what, far, last);
    return false;
}

/* A destination that waits for what no channel brings. */
static bool refuse_silence(Send *send, GError **error)
{
    g_autofree char *name = cli_shell_name(send->file);
    g_autofree char *what = g_strdup_printf(
        "has neither taken nor sent a byte for %u seconds (--timeout)%s%s%s",
        send->timeout,
        send->n > 1 ? ": either it has not as many multifd-channels, or they do not fit "
                      "together, which migstat check "
                    : "",
        send->n > 1 ? name : "", send->n > 1 ? " tells" : "");

    return refuse(send, error, what);
}

static bool refuse_break(Send *send, GError **error, int why)
{
    g_autofree char *what =
        why == EPIPE || why == 0
            ? g_strdup("closed the connection before the end")
            : g_strdup_printf("broke the connection off: %s", g_strerror(why));

    return refuse(send, error, what);
}

/* --- playing ------------------------------------------------------------------------------ */

/* Gives @channel as much as it takes. */
static bool feed(Send *send, SendChannel *channel, GError **error)
{
    size_t n;
    const uint8_t *bytes = mig_input_peek(channel->in, 1, &n);
    ssize_t written;
    int why = 0;

    if (n == 0) {
        channel->all_sent = true;
        return mig_input_end_error(channel->in, error) || fail_input(send, error);
    }
    written = write(channel->fd, bytes, MIN(n, PIECE));
    if (written < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    if (written < 0) {
        int broken = errno;

        hear(send, &why);
        return send->back.shut || refuse_break(send, error, broken);
    }
    mig_input_skip(channel->in, (uint64_t)written);
    channel->sent += (uint64_t)written;
    note_move(send);
    return true;
}

/* What was sent is all there is.  A loader without a description to read finds the end so. */
static void end_main(Send *send)
{
    if (!send->half_closed && all_is_sent(send)) {
        send->half_closed = true;
        syscall(SYS_shutdown, send->channels[0].fd, SHUT_WR);
        note_move(send);
    }
}

/* Waits until something can be done, or it is time to look around. */
static bool wait_for_any(Send *send, struct pollfd *want)
{
    for (size_t i = 0; i < send->n; i++) {
        const SendChannel *channel = &send->channels[i];
        bool reads = i == 0 && !send->closed;

        want[i] = (struct pollfd){ .fd = channel->fd,
                                   .events = (short)((channel->all_sent ? 0 : POLLOUT) |
                                                     (reads ? POLLIN : 0)) };
        if (!want[i].events) {
            want[i].fd = -1;
        }
    }
    return poll(want, send->n, LOOK_MS) >= 0;
}

static bool step(Send *send, struct pollfd *want, int *why, GError **error)
{
    if (!wait_for_any(send, want)) {
        return true; /* a signal, which the caller looks at */
    }
    if (want[0].revents & (POLLIN | POLLHUP | POLLERR)) {
        hear(send, why);
    }
    for (size_t i = 0; i < send->n && !send->closed && !send->back.shut; i++) {
        if (want[i].revents & (POLLOUT | POLLHUP | POLLERR) &&
            !send->channels[i].all_sent && !feed(send, &send->channels[i], error)) {
            return false;
        }
    }
    end_main(send);
    return true;
}

/* The destination has said the last that it says. */
static bool judge_end(Send *send, int why, GError **error)
{
    if (send->back.shut && send->back.shut_value != 0) {
        g_autofree char *what =
            g_strdup_printf("says that it failed (SHUT %u)", send->back.shut_value);

        return refuse(send, error, what);
    }
    if (send->back.shut ||
        (why == 0 && all_is_sent(send) && !send->opening.return_path)) {
        return true;
    }
    if (why == 0 && all_is_sent(send)) {
        return refuse(send, error,
                      "closed the connection and did not say that it has loaded all");
    }
    return refuse_break(send, error, why);
}

bool send_play(Send *send, GError **error)
{
    g_autofree struct pollfd *want = g_new(struct pollfd, send->n);
    int why = 0;

    note_move(send);
    while (!send->closed && !send->back.shut) {
        if (!step(send, want, &why, error)) {
            return false;
        }
        if (cli_is_cancelled(NULL)) {
            mig_error_set_plain(error, MIG_ERROR_CANCELLED, "cancelled");
            return false;
        }
        if (is_too_long(send)) {
            return refuse_silence(send, error);
        }
    }
    return judge_end(send, why, error);
}
