/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a receiver reads and answers, and when all has come.
 * Must not know: how bytes are received; receive-channels.c does.
 * See also:      live/receive.h; stream/live.h.
 *
 * The main channel is read while it comes, for what is to be answered and for its end mark.
 * Reading asks for bytes, and that receives what there is on all channels: there is one thread.
 * If there are other channels, or the reading waits for more than the source has to send, all
 * that came is read once more, as a capture: when that is complete, the migration is.
 * Source: migration/savevm.c, loadvm_process_command(); 5.2 to 11.1.
 */
#include "live/receive.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "live/receive-private.h"
#include "live/return-path.h"
#include "stream/capture.h"
#include "stream/live.h"
#include "stream/merge.h"
#include "stream/reader.h"

/* Silences, in ms: after which what came may be all; after which it is, but no description followed
 * the end mark; and what ends the wait for other channels once the main one is complete. */
#define QUIET_MS   200
#define ALL_MS     1000
#define MISSING_MS 10000
#define POLL_MS    50
/* How long the source may take to close its connections when it was told the end. */
#define CLOSE_MS 5000
/* The same of one that had said before that it sends no more: it need not show that it has read
 * the answer, but if it is gone, the answer is answered, by a reset. */
#define RESET_MS 500

/* How a source waits for SWITCHOVER_ACK, by its machine type: from 8.1 on it knows the message, and
 * may wait for one, whether a device asks for it or not; from 11.1 on it counts one for each
 * INIT_DATA_SENT.  An older one that gets an unknown message fails, but if it sends
 * INIT_DATA_SENT, its QEMU is newer than its machine. */
#define ACK_KNOWN             MACHINE(8, 1)
#define ACK_COUNTED           MACHINE(11, 1)
#define MACHINE(major, minor) ((major)*1000u + (minor))

/* --- answers --- */

static bool answer(const MigReceiver *r, MigReturnType type, uint32_t value,
                   GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const MigReturnMessage message = { .type = type, .value = value };

    mig_return_encode(&message, bytes);
    return mig_live_send(r, bytes->data, bytes->len, error);
}

/* MACHINE() of the name's end, "-8.1"; 0: it has none. */
static unsigned machine_of(const MigReader *reader)
{
    const MigConfiguration *configuration = mig_reader_configuration(reader);
    const char *version = configuration ? strrchr(configuration->machine, '-') : NULL;
    unsigned major, minor;

    return version && sscanf(version, "-%3u.%3u", &major, &minor) == 2
               ? MACHINE(major, minor)
               : 0;
}

/* --- what comes on the main channel --- */

static bool refuse_postcopy(GError **error)
{
    mig_error_set_plain(
        error, MIG_ERROR_REFUSED,
        "the source may switch to postcopy, after which the only copy of the guest would "
        "be here: migrate without the capability postcopy-ram, or give --allow-postcopy");
    return false;
}

/* @live: the source waits for answers. */
static bool watch_command(MigReceiver *r, const MigItem *item, bool live, GError **error)
{
    r->folds = r->folds || item->command.id != MIG_CMD_SWITCHOVER_START;
    switch (item->command.id) {
    case MIG_CMD_OPEN_RETURN_PATH:
        r->return_path = true;
        return true;
    case MIG_CMD_PING:
        return !live || answer(r, MIG_RETURN_PONG, item->command.ping, error);
    case MIG_CMD_POSTCOPY_ADVISE:
        r->advised = true;
        return r->options.allow_postcopy || refuse_postcopy(error);
    case MIG_CMD_POSTCOPY_RUN:
        r->switched = true;
        return true;
    default:
        return true;
    }
}

/* @item: INIT_DATA_SENT, or the header of a PART, when all devices have begun.  A device is
 * not there, and need not be waited for. */
static bool acknowledge(MigReceiver *r, const MigReader *reader, const MigItem *item,
                        GError **error)
{
    unsigned machine = machine_of(reader);
    bool sent = item->kind == MIG_ITEM_VFIO_RECORD;

    if (!r->return_path || (r->acknowledged && machine < ACK_COUNTED) ||
        (!sent && (machine < ACK_KNOWN || machine >= ACK_COUNTED))) {
        return true;
    }
    r->acknowledged = true;
    return answer(r, MIG_RETURN_SWITCHOVER_ACK, 0, error);
}

static bool watch(MigReceiver *r, const MigReader *reader, const MigItem *item, bool live,
                  GError **error)
{
    switch (item->kind) {
    case MIG_ITEM_COMMAND:
        return watch_command(r, item, live, error);
    case MIG_ITEM_RAM_MARK:
        r->flushes = r->flushes || item->ram_mark.flag == MIG_RAM_MULTIFD_FLUSH;
        r->folds = r->folds || r->flushes;
        return true;
    case MIG_ITEM_RAM_PAGES:
        r->has_pages = r->has_pages || item->pages.kind != MIG_PAGE_ZERO;
        return true;
    case MIG_ITEM_VFIO_RECORD:
        r->folds = r->folds || item->vfio.flag == MIG_VFIO_DEV_INIT_DATA_SENT;
        return !live || item->vfio.flag != MIG_VFIO_DEV_INIT_DATA_SENT ||
               acknowledge(r, reader, item, error);
    case MIG_ITEM_SECTION_HEADER:
        return !live || item->type != MIG_SECTION_PART ||
               acknowledge(r, reader, item, error);
    default:
        return true;
    }
}

/* --- all of it, once more --- */

static MigInput *open_channel(const LiveChannel *channel, unsigned i, GError **error)
{
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .multifd = true };
    g_autofree char *name = g_strdup_printf("channel-%u", i);

    return mig_input_new_fd(channel->file, name, &options, error);
}

MigInput *mig_receiver_open(const MigReceiver *r, GError **error)
{
    g_autofree MigInput **inputs = g_new0(MigInput *, r->channels->len);
    guint n = 0;

    for (; n < r->channels->len; n++) {
        inputs[n] = open_channel(mig_live_channel(r, n), n, error);
        if (!inputs[n]) {
            break;
        }
    }
    if (n > 0 && n == r->channels->len) {
        return mig_capture_join(inputs, n, error);
    }
    while (n > 0) {
        mig_input_free(inputs[--n]);
    }
    return NULL;
}

/* A reader takes packets as they are; that some are missing it says at the end mark. */
static bool has_packets(const MigReader *reader, const MigItem *item, GError **error)
{
    g_autofree char *lack = item->kind == MIG_ITEM_EOF && item->defect
                                ? mig_reader_lacks_packets(reader)
                                : NULL;

    if (lack) {
        mig_error_set_plain(error, MIG_ERROR_TRUNCATED, "%s", lack);
    }
    return !lack;
}

static bool read_all(MigReceiver *r, GError **error)
{
    g_autoptr(LiveDevices) devices = mig_live_devices_new();
    g_autoptr(MigInput) in = NULL;
    g_autoptr(MigReader) reader = NULL;
    const MigItem *item;
    MigStatus status;

    in = mig_receiver_open(r, error);
    if (!in) {
        return false;
    }
    reader = mig_reader_new(in);
    while ((status = mig_reader_next(reader, &item, error)) == MIG_STATUS_MORE) {
        if (!watch(r, reader, item, false, error) || !has_packets(reader, item, error) ||
            !mig_live_devices_watch(devices, item, error)) {
            return false;
        }
    }
    return status == MIG_STATUS_END && mig_live_devices_are_whole(devices, error);
}

/* Whether other channels have bytes to come, whatever the main one has: connections are not
 * as fast as one another, and its end may be here before anything of theirs. */
static bool lacks_channels(const MigReceiver *r, GError **error)
{
    bool multifd = false;

    for (guint i = 0; i < r->channels->len; i++) {
        const LiveChannel *channel = mig_live_channel(r, i);

        multifd = multifd || channel->kind == LIVE_MULTIFD;
        /* Whoever looks whether there is anybody, and goes, is no channel. */
        if (channel->kind == LIVE_UNKNOWN && !r->advised &&
            !(channel->ended && r->has_pages)) {
            mig_error_set_plain(error, MIG_ERROR_TRUNCATED,
                                "there is a connection %u, and nothing has come on it",
                                i);
            return true;
        }
    }
    if (r->flushes && !multifd) {
        mig_error_set_plain(error, MIG_ERROR_TRUNCATED,
                            "the main channel waits for pages of multifd channels, and "
                            "none has connected");
    }
    return r->flushes && !multifd;
}

/* Whether what came is complete; r->why says why not. */
static void judge(MigReceiver *r)
{
    g_clear_error(&r->why);
    r->judged = r->bytes;
    r->complete = read_all(r, &r->why) && !lacks_channels(r, &r->why);
    if (g_error_matches(r->why, MIG_ERROR, MIG_ERROR_REFUSED) && !r->failure) {
        r->failure = g_error_copy(r->why);
    }
}

/* The last byte of a stream is its end mark, or closes the JSON of its description. */
static bool can_be_the_end(const MigReceiver *r)
{
    const LiveChannel *channel = mig_live_channel(r, (guint)r->main);
    char last = 'x';

    return pread(channel->file, &last, 1, (off_t)channel->size - 1) == 1 &&
           (last == '}' || last == '\0');
}

/* --- the main channel, as it comes --- */

/* Until there are bytes at @offset; false when none will come. */
static bool await(MigReceiver *r, uint64_t offset)
{
    const LiveChannel *channel = mig_live_channel(r, (guint)r->main);

    while (offset >= channel->size && !channel->ended && !r->complete && !r->failure) {
        if (!mig_live_pump(r, POLL_MS)) {
            return false;
        }
        channel = mig_live_channel(r, (guint)r->main);
        if (mig_live_silence(r) >= ALL_MS && r->judged != r->bytes && can_be_the_end(r)) {
            judge(r);
        }
    }
    return offset < channel->size;
}

static ssize_t main_read(void *data, uint64_t offset, void *buffer, size_t n,
                         GError **error)
{
    MigReceiver *r = data;
    const LiveChannel *channel;
    ssize_t got;

    if (!await(r, offset)) {
        if (r->failure) {
            g_propagate_error(error, g_error_copy(r->failure));
        }
        return r->failure ? -1 : 0;
    }
    channel = mig_live_channel(r, (guint)r->main);
    if (offset - r->buffer_from < r->buffer_n) {
        n = MIN(n, r->buffer_n - (offset - r->buffer_from));
        memcpy(buffer, r->buffer + (offset - r->buffer_from), n);
        return (ssize_t)n;
    }
    do {
        got = pread(channel->file, buffer, MIN(n, channel->size - offset), (off_t)offset);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot read what was kept: %s",
                            g_strerror(got < 0 ? errno : ENODATA));
        return -1;
    }
    return got;
}

/* Reads to the end mark.  False where it does not come to it; *error is why. */
static bool track(MigReceiver *r, GError **error)
{
    const MigInputCallbacks callbacks = { MIG_INPUT_CALLBACKS_INIT, .read = main_read };
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .live = true };
    g_autoptr(MigInput) in =
        mig_input_new_callbacks(&callbacks, r, "the main channel", &options, error);
    g_autoptr(MigReader) reader = NULL;
    const MigItem *item;

    if (!in) {
        return false;
    }
    reader = mig_reader_new(in);
    mig_reader_end_by_footers(reader);
    while (mig_reader_next(reader, &item, error) == MIG_STATUS_MORE) {
        if (!watch(r, reader, item, true, error)) {
            return false;
        }
        if (item->kind == MIG_ITEM_EOF && !item->package_depth) {
            r->end = item->offset + item->length;
            return true;
        }
    }
    return false;
}

/* --- the end --- */

/* Whether the description has come that began after the end mark. */
static bool is_described(const MigReceiver *r)
{
    const LiveChannel *channel = mig_live_channel(r, (guint)r->main);
    uint8_t header[MIG_DESCRIPTION_HEADER_LENGTH];

    return r->end && channel->size >= r->end + sizeof header &&
           pread(channel->file, header, sizeof header, (off_t)r->end) ==
               (ssize_t)sizeof header &&
           header[0] == MIG_DESCRIPTION &&
           channel->size - r->end >= sizeof header + (uint64_t)mig_be32(header + 1);
}

static bool has_other_bytes(const MigReceiver *r)
{
    return r->bytes > mig_live_channel(r, (guint)r->main)->size;
}

/* How long nothing must have come before what there is can be all.  A main channel without
 * pages has been seen only where others have them, or there are none. */
static gint64 silence_wanted(const MigReceiver *r)
{
    return !is_described(r) || !(r->has_pages || has_other_bytes(r)) ? ALL_MS
           : has_other_bytes(r)                                      ? QUIET_MS
                                                                     : 0;
}

static bool settle(MigReceiver *r, GError **error)
{
    while (!r->complete && !r->failure) {
        bool over = mig_live_all_ended(r);
        gint64 silence = mig_live_silence(r);

        if ((over || silence >= ALL_MS) && r->bytes == r->end &&
            !lacks_channels(r, NULL)) {
            r->complete = true; /* one channel, which was just read to its end mark */
        } else if ((over || silence >= silence_wanted(r)) && r->judged != r->bytes) {
            judge(r);
        } else if (over || (r->end && silence >= MISSING_MS)) {
            g_propagate_error(error, g_error_copy(r->why));
            return false;
        } else {
            mig_live_pump(r, POLL_MS);
        }
    }
    return r->complete;
}

/* The connection that is the main channel. */
static bool await_main(MigReceiver *r, GError **error)
{
    while (r->main < 0 && mig_live_pump(r, POLL_MS)) {
        if (mig_live_all_ended(r)) {
            mig_error_set_plain(error, MIG_ERROR_TRUNCATED,
                                "the connection was closed before a migration began");
            return false;
        }
    }
    return !r->failure;
}

static bool run(MigReceiver *r, GError **error)
{
    g_autoptr(GError) why = NULL;

    if (!await_main(r, error)) {
        return false;
    }
    if (!track(r, &why) && g_error_matches(why, MIG_ERROR, MIG_ERROR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    /* What came by one channel was just read. */
    r->complete =
        r->complete || (r->end && silence_wanted(r) == 0 && !lacks_channels(r, NULL));
    return r->complete || settle(r, error);
}

bool mig_receiver_run(MigReceiver *r, GError **error)
{
    bool ok = run(r, error);

    if (!ok && r->failure && error && !*error) {
        g_propagate_error(error, g_error_copy(r->failure));
    }
    if (!ok && r->broken) {
        g_prefix_error(error, "connection %u broke off (%s): ", r->broken_number,
                       g_strerror(r->broken));
    }
    return (!r->timeline || mig_timeline_writer_flush(r->timeline, ok ? error : NULL)) &&
           ok;
}

bool mig_receiver_is_plain(const MigReceiver *r)
{
    return !r->folds && !has_other_bytes(r);
}

bool mig_receiver_has_switched(const MigReceiver *r)
{
    return r->switched;
}

bool mig_receiver_is_awaited(const MigReceiver *r)
{
    return r->return_path;
}

/* Reads what comes yet, and forgets it, until the source hangs up.  False where it had gone. */
static bool await_close(MigReceiver *r)
{
    const LiveChannel *channel = mig_live_channel(r, (guint)r->main);
    struct pollfd want = { .fd = channel->socket, .events = channel->ended ? 0 : POLLIN };
    gint64 until = mig_live_now() / 1000000 + (channel->ended ? RESET_MS : CLOSE_MS);
    gint64 left;

    while ((left = until - mig_live_now() / 1000000) > 0 &&
           poll(&want, 1, (int)left) >= 0) {
        ssize_t n = want.revents ? read(channel->socket, r->buffer, 4096) : 1;

        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            return n == 0 || !channel->ended;
        }
    }
    return true;
}

bool mig_receiver_confirm(MigReceiver *r, bool complete, GError **error)
{
    if (r->main < 0 || !r->return_path) {
        return true;
    }
    if (!answer(r, MIG_RETURN_SHUT, complete ? 0 : 1, error)) {
        return false;
    }
    if (!await_close(r)) {
        mig_error_set_plain(error, MIG_ERROR_IO,
                            "cannot answer the source: it is gone: %s",
                            g_strerror(errno));
        return false;
    }
    return true;
}
