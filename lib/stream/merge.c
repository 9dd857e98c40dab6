/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see merge.h.
 * Must not know: what is in a channel.
 * See also:      stream/channel.h.
 */
#include "stream/merge.h"

#include <inttypes.h>
#include <string.h>

#include "stream/channel.h"
#include "stream/defect.h"
#include "stream/preempt.h"
#include "stream/sync-point.h"

struct MigMerge {
    GPtrArray *channels; /* MigChannel */
    MigPreempt *preempt; /* the last one; NULL: none */
    bool preempts;       /* it is to be asked, too */
    bool checked;        /* they belong together */
    MigSyncPoints marks;
    MigItem at;         /* what comes after what the channels have; length 0: nothing */
    guint next;         /* channel to ask */
    uint64_t n_packets; /* of pages, and */
    uint64_t n_numbers; /* numbers that they were given, from 0 to the highest */
    bool has_method;    /* pages came, compressed in that way */
    uint32_t method;
};

static void free_channel(gpointer p)
{
    mig_channel_free(p);
}

MigMerge *mig_merge_new(void)
{
    MigMerge *merge = g_new0(MigMerge, 1);

    merge->channels = g_ptr_array_new_with_free_func(free_channel);
    return merge;
}

void mig_merge_free(MigMerge *merge)
{
    if (merge) {
        g_ptr_array_unref(merge->channels);
        mig_preempt_free(merge->preempt);
        g_free(merge);
    }
}

static MigChannel *channel_at(const MigMerge *merge, guint i)
{
    return g_ptr_array_index(merge->channels, i);
}

/* Whether @channel is one more of the same migration. */
static bool check_channel(const MigMerge *merge, const MigChannel *channel,
                          const char *name, GError **error)
{
    for (guint i = 0; i < merge->channels->len; i++) {
        const MigChannel *other = channel_at(merge, i);

        if (mig_channel_id(other) == mig_channel_id(channel)) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "%s is the multifd channel with id %u, which was given "
                                "already",
                                name, mig_channel_id(channel));
            return false;
        }
        if (memcmp(mig_channel_uuid(other), mig_channel_uuid(channel), 16) != 0) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "%s is a channel of another guest: its UUID differs",
                                name);
            return false;
        }
    }
    return true;
}

bool mig_merge_add(MigMerge *merge, MigInput *in, GError **error)
{
    uint32_t number = merge->channels->len + 1;
    GError *failure = NULL;
    MigChannel *channel;

    if (merge->preempt) {
        mig_error_set_plain(
            error, MIG_ERROR_USAGE,
            "%s comes after a postcopy preempt channel, which is the last "
            "one",
            mig_input_name(in));
        return false;
    }
    if (mig_preempt_begins(in)) {
        merge->preempt = mig_preempt_new(in, number);
        return true;
    }
    if (number > MIG_MULTIFD_CHANNELS_MAX) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "more than %u multifd channels",
                            MIG_MULTIFD_CHANNELS_MAX);
        return false;
    }
    channel = mig_channel_new(in, number, &failure);
    if (!channel) {
        mig_error_set_channel(failure, number);
        g_propagate_error(error, failure);
        return false;
    }
    if (!check_channel(merge, channel, mig_input_name(in), error)) {
        mig_channel_free(channel);
        return false;
    }
    g_ptr_array_add(merge->channels, channel);
    return true;
}

/* The first id that no channel has. */
static unsigned missing_id(const MigMerge *merge)
{
    unsigned id = 0;

    for (guint i = 0; i < merge->channels->len;) {
        bool here = mig_channel_id(channel_at(merge, i)) == id;

        id += here;
        i = here ? 0 : i + 1;
    }
    return id;
}

/* Ids count from 0; the main channel may say whose they are. */
static bool check_set(const MigMerge *merge, const MigReader *r, GError **error)
{
    const MigConfiguration *conf = mig_reader_configuration(r);

    for (guint i = 0; i < merge->channels->len; i++) {
        const MigChannel *channel = channel_at(merge, i);

        if (mig_channel_id(channel) >= merge->channels->len) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "the multifd channel with id %u is missing: there are "
                                "%u, and one has the id %u",
                                missing_id(merge), merge->channels->len,
                                mig_channel_id(channel));
            return false;
        }
        if (conf && conf->uuid &&
            memcmp(conf->uuid, mig_channel_uuid(channel), 16) != 0) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "the multifd channels are of another guest: their UUID "
                                "differs");
            return false;
        }
    }
    return true;
}

static bool is_sync_point(MigMerge *merge, const MigItem *item)
{
    return item->kind == MIG_ITEM_EOF ? !item->package_depth
                                      : mig_sync_point_is(&merge->marks, item);
}

/* A page that the guest waited for belongs before the end of RAM. */
static bool ends_ram(const MigItem *item)
{
    return item->kind == MIG_ITEM_EOF
               ? !item->package_depth
               : item->kind == MIG_ITEM_RAM_MARK && item->type == MIG_SECTION_END &&
                     item->ram_mark.flag == MIG_RAM_EOS;
}

bool mig_merge_waits_at(MigMerge *merge, const MigItem *item)
{
    bool syncs = is_sync_point(merge, item);

    merge->preempts = merge->preempt && ends_ram(item);
    if (!syncs && !merge->preempts) {
        return false;
    }
    merge->at = *item;
    merge->next = syncs ? 0 : merge->channels->len;
    return true;
}

static void count_packet(MigMerge *merge, const MigItem *item)
{
    if (item->kind == MIG_ITEM_MULTIFD_PACKET) {
        uint64_t number = MIN(item->multifd_packet.packet_num, UINT64_MAX - 1);

        merge->n_packets++;
        merge->n_numbers = MAX(merge->n_numbers, number + 1);
    }
}

char *mig_merge_lack(const MigMerge *merge)
{
    return merge->n_packets == merge->n_numbers
               ? NULL
               : g_strdup_printf("the packets have numbers up to %" PRIu64
                                 ", and there are %" PRIu64 " of them",
                                 merge->n_numbers ? merge->n_numbers - 1 : 0,
                                 merge->n_packets);
}

MigStatus mig_merge_next(MigMerge *merge, MigReader *r, MigItem *item, GError **error)
{
    if (!merge->at.length) {
        return MIG_STATUS_END;
    }
    if (!merge->checked && !check_set(merge, r, error)) {
        return MIG_STATUS_ERROR;
    }
    merge->checked = true;
    for (; merge->next < merge->channels->len; merge->next++) {
        MigStatus status =
            mig_channel_next(channel_at(merge, merge->next), r, &merge->at, item, error);

        if (status == MIG_STATUS_ERROR) {
            mig_error_set_channel(*error, merge->next + 1);
        }
        if (status != MIG_STATUS_END) {
            count_packet(merge, item);
            return status;
        }
    }
    if (merge->preempts) {
        MigStatus status = mig_preempt_next(merge->preempt, r, &merge->at, item, error);

        if (status == MIG_STATUS_ERROR) {
            mig_error_set_channel(*error, merge->channels->len + 1);
        }
        if (status != MIG_STATUS_END) {
            return status;
        }
    }
    *item = merge->at;
    if (item->kind == MIG_ITEM_EOF && merge->n_packets != merge->n_numbers) {
        item->defect = MIG_DEFECT_MULTIFD_PACKETS_MISSING;
    }
    merge->at.length = 0;
    return MIG_STATUS_MORE;
}

unsigned mig_merge_count(const MigMerge *merge)
{
    return merge->channels->len;
}

bool mig_merge_method(MigMerge *merge, uint32_t flags)
{
    uint32_t method = flags & MIG_MULTIFD_COMPRESSION;

    merge->method = merge->has_method ? merge->method : method;
    merge->has_method = true;
    return merge->method == method;
}

MigInput *mig_merge_input(const MigMerge *merge, uint32_t channel)
{
    if (merge->preempt && channel == merge->channels->len + 1) {
        return mig_preempt_input(merge->preempt);
    }
    g_return_val_if_fail(channel && channel <= merge->channels->len, NULL);
    return mig_channel_input(channel_at(merge, channel - 1));
}

const uint8_t *mig_merge_bytes(MigMerge *merge, const MigItem *item)
{
    if (merge->preempt && item->channel == merge->channels->len + 1) {
        return mig_preempt_bytes(merge->preempt, item);
    }
    g_return_val_if_fail(item->channel <= merge->channels->len, NULL);
    return mig_channel_bytes(channel_at(merge, item->channel - 1), item);
}
