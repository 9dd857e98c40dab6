/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the connections of a receiver: they come, tell their kind, and their bytes go to
 *                files.
 * Must not know: what the bytes mean, after the first few.
 * See also:      live/receive.c; live/timeline.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "io/cancel.h"
#include "io/fully.h"
#include "live/receive-private.h"
#include "stream/wire.h"

/* A read takes no more, so that all channels get their turn. */
#define CHUNK (1u << 20)
/* So many bytes are handed to the disk at once. */
#define WRITE_BACK (8u << 20)
/* The caller is asked this often whether to go on. */
#define CANCEL_POLL_MS 250
/* How long the source may not take what it is told. */
#define SEND_MS 10000
/* What begins each message of TLS that begins a connection. */
#define TLS_HANDSHAKE 0x16u

gint64 mig_live_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (gint64)now.tv_sec * 1000000000 + now.tv_nsec;
}

gint64 mig_live_silence(const MigReceiver *r)
{
    return (mig_live_now() - r->last) / 1000000;
}

MigReceiver *mig_receiver_new(const MigReceiveOptions *options, GError **error)
{
    MigReceiver *r;

    if (options->size != sizeof *options) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "MigReceiveOptions has another size");
        return NULL;
    }
    r = g_new0(MigReceiver, 1);
    r->options = *options;
    r->channels = g_array_new(FALSE, TRUE, sizeof(LiveChannel));
    r->polled = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    r->buffer = g_malloc(CHUNK);
    if (options->timeline >= 0) {
        r->timeline = mig_timeline_writer_new(options->timeline);
    }
    r->main = -1;
    r->judged = UINT64_MAX;
    r->last = mig_live_now();
    return r;
}

static void hang_up(LiveChannel *channel)
{
    if (channel->socket >= 0) {
        close(channel->socket);
        channel->socket = -1;
    }
}

void mig_receiver_free(MigReceiver *r)
{
    if (!r) {
        return;
    }
    for (guint i = 0; i < r->channels->len; i++) {
        hang_up(mig_live_channel(r, i));
    }
    g_array_unref(r->channels);
    g_array_unref(r->polled);
    mig_timeline_writer_free(r->timeline);
    g_clear_error(&r->failure);
    g_clear_error(&r->why);
    g_free(r->buffer);
    g_free(r);
}

unsigned mig_receiver_channels(const MigReceiver *r)
{
    return r->channels->len;
}

uint64_t mig_receiver_bytes(const MigReceiver *r)
{
    return r->bytes;
}

uint64_t mig_receiver_channel_bytes(const MigReceiver *r, unsigned channel)
{
    return channel < r->channels->len ? mig_live_channel(r, channel)->size : 0;
}

bool mig_live_all_ended(const MigReceiver *r)
{
    for (guint i = 0; i < r->channels->len; i++) {
        if (!mig_live_channel(r, i)->ended) {
            return false;
        }
    }
    return r->channels->len > 0;
}

/* --- a connection --- */

/* @fd is taken over. */
static bool add_connection(MigReceiver *r, int fd)
{
    LiveChannel channel = { .socket = fd };

    if (r->channels->len > MIG_MULTIFD_CHANNELS_MAX) {
        close(fd);
        mig_error_set_plain(&r->failure, MIG_ERROR_LIMIT,
                            "there are more than %u connections, which no migration has",
                            MIG_MULTIFD_CHANNELS_MAX + 1);
        return false;
    }
    channel.file = r->options.open(r->options.data, r->channels->len, &r->failure);
    if (channel.file < 0 || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) {
        close(fd);
        return false;
    }
    r->last = mig_live_now();
    g_array_append_val(r->channels, channel);
    if (r->timeline) {
        mig_timeline_writer_open(r->timeline, r->channels->len - 1);
    }
    return true;
}

static bool accept_all(MigReceiver *r)
{
    int fd;

    do {
        if (!r->options.accept(r->options.data, &fd, &r->failure)) {
            return false;
        }
        if (fd >= 0 && !add_connection(r, fd)) {
            return false;
        }
    } while (fd >= 0);
    return true;
}

static bool refuse_kind(MigReceiver *r, guint i, const LiveChannel *channel)
{
    mig_error_set_plain(&r->failure, MIG_ERROR_MALFORMED,
                        "connection %u begins with 0x%08x, as no channel of a migration "
                        "does",
                        i, mig_be32(channel->head));
    return false;
}

/* A source that goes on after a pause begins with a command; no page lies so high that a preempt
 * channel could.  Source: migration/migration.c, postcopy_do_resume(). */
static bool refuse_resumption(MigReceiver *r)
{
    mig_error_set_plain(&r->failure, MIG_ERROR_UNSUPPORTED,
                        "the source goes on with a migration that was paused in "
                        "postcopy, which only the QEMU can take that has its guest: "
                        "migrate-recover there");
    return false;
}

/* Of its first bytes. */
static bool classify(MigReceiver *r, guint i, LiveChannel *channel)
{
    if (channel->head[0] == TLS_HANDSHAKE && channel->size > 0) {
        mig_error_set_plain(&r->failure, MIG_ERROR_UNSUPPORTED,
                            "the source speaks TLS, which only the two ends can read: "
                            "migrate with tls-creds unset");
        return false;
    }
    if (channel->size < LIVE_HEAD) {
        return true;
    }
    switch (mig_be32(channel->head)) {
    case MIG_FILE_MAGIC:
        channel->kind = LIVE_MAIN;
        if (r->main >= 0) {
            mig_error_set_plain(&r->failure, MIG_ERROR_MALFORMED,
                                "connections %d and %u both begin as a main channel",
                                r->main, i);
            return false;
        }
        r->main = (int)i;
        return true;
    case MIG_MULTIFD_MAGIC:
        channel->kind = LIVE_MULTIFD;
        return true;
    default:
        if (channel->head[0] == MIG_COMMAND && channel->head[1] == 0) {
            return refuse_resumption(r);
        }
        channel->kind = LIVE_PREEMPT;
        return (r->options.allow_postcopy && r->main >= 0) || refuse_kind(r, i, channel);
    }
}

/* A source that has sent all may say so by closing one direction, and waits for the answer.
 * @broken: errno, or 0. */
static void end_channel(MigReceiver *r, guint i, int broken)
{
    LiveChannel *channel = mig_live_channel(r, i);

    if (r->timeline) {
        mig_timeline_writer_close(r->timeline, i);
    }
    channel->ended = true;
    if (broken && !r->broken) {
        r->broken = broken;
        r->broken_number = i;
    }
    if (broken || (int)i != r->main) {
        hang_up(channel);
    }
}

/* So that the sync in the end finds little to do. */
static void write_back(LiveChannel *channel)
{
    if (channel->size - channel->written_back >= WRITE_BACK) {
        (void)sync_file_range(channel->file, (off_t)channel->written_back,
                              (off_t)(channel->size - channel->written_back),
                              SYNC_FILE_RANGE_WRITE);
        channel->written_back = channel->size;
    }
}

/* What a read gave: @n bytes in the buffer. */
static bool keep(MigReceiver *r, guint i, size_t n)
{
    LiveChannel *channel = mig_live_channel(r, i);

    for (uint64_t at = channel->size; at < LIVE_HEAD && at - channel->size < n; at++) {
        channel->head[at] = r->buffer[at - channel->size];
    }
    if (!mig_pwrite_fully(channel->file, r->buffer, n, channel->size)) {
        mig_error_set_plain(&r->failure, MIG_ERROR_IO, "cannot keep what comes: %s",
                            g_strerror(errno));
        return false;
    }
    r->buffer_from = channel->size;
    r->buffer_n = (int)i == r->main ? n : 0;
    channel->size += n;
    r->bytes += n;
    write_back(channel);
    r->last = mig_live_now();
    if (r->timeline) {
        mig_timeline_writer_came(r->timeline, i, channel->size);
    }
    return channel->kind != LIVE_UNKNOWN || classify(r, i, channel);
}

static bool take(MigReceiver *r, guint i)
{
    ssize_t n = read(mig_live_channel(r, i)->socket, r->buffer, CHUNK);

    if (n > 0) {
        return keep(r, i, (size_t)n);
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        end_channel(r, i, n < 0 ? errno : 0);
    }
    return true;
}

/* --- all of them --- */

static void list_polled(MigReceiver *r)
{
    g_array_set_size(r->polled, 0);
    for (guint i = 0; i < r->channels->len; i++) {
        const LiveChannel *channel = mig_live_channel(r, i);
        struct pollfd want = { .fd = channel->ended ? -1 : channel->socket,
                               .events = POLLIN };

        g_array_append_val(r->polled, want); /* poll() looks at no -1 */
    }
    if (r->options.accept) {
        struct pollfd want = { .fd = r->options.socket, .events = POLLIN };

        g_array_append_val(r->polled, want);
    }
}

static bool take_all(MigReceiver *r)
{
    guint n = r->channels->len;

    for (guint i = 0; i < n; i++) {
        if (g_array_index(r->polled, struct pollfd, i).revents && !take(r, i)) {
            return false;
        }
    }
    return !r->options.accept || !g_array_index(r->polled, struct pollfd, n).revents ||
           accept_all(r);
}

static bool is_patient(MigReceiver *r)
{
    if (mig_cancel_asked(
            (MigCancel){ r->options.cancelled, r->options.cancelled_data })) {
        mig_error_set_plain(&r->failure, MIG_ERROR_CANCELLED, "cancelled");
    } else if (r->options.timeout && !mig_live_all_ended(r) &&
               mig_live_silence(r) >= (gint64)r->options.timeout * 1000) {
        mig_error_set_plain(&r->failure, MIG_ERROR_IO,
                            r->channels->len ? "nothing came for %u seconds"
                                             : "nobody connected for %u seconds",
                            r->options.timeout);
    }
    return !r->failure;
}

bool mig_live_pump(MigReceiver *r, int milliseconds)
{
    int n;

    if (r->failure) {
        return false;
    }
    if (!r->options.accept && r->channels->len == 0 &&
        !add_connection(r, r->options.socket)) {
        return false;
    }
    list_polled(r);
    n = poll((struct pollfd *)(void *)r->polled->data, r->polled->len,
             MIN(milliseconds, CANCEL_POLL_MS));
    if (n > 0 && !take_all(r)) {
        return false;
    }
    if (n > 0 && r->options.progress) {
        r->options.progress(r->options.progress_data, r->bytes);
    }
    return is_patient(r);
}

bool mig_live_send(const MigReceiver *r, const void *data, size_t n, GError **error)
{
    const LiveChannel *channel = mig_live_channel(r, (guint)r->main);
    struct pollfd want = { .fd = channel->socket, .events = POLLOUT };

    while (channel->socket >= 0 && n > 0) {
        ssize_t sent = write(channel->socket, data, n);

        if (sent < 0 && errno == EAGAIN && poll(&want, 1, SEND_MS) == 0) {
            errno = ETIMEDOUT;
            break;
        }
        if (sent < 0 && errno != EINTR && errno != EAGAIN) {
            break;
        }
        data = (const uint8_t *)data + MAX(sent, 0);
        n -= (size_t)MAX(sent, 0);
    }
    if (n == 0) {
        return true;
    }
    mig_error_set_plain(error, MIG_ERROR_IO, "cannot answer the source: %s",
                        g_strerror(channel->socket < 0 ? r->broken : errno));
    return false;
}
