/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which virtio features a refused number has, and which properties offer them.
 * Must not know: streams.
 * See also:      device/virtio.h, the names of features.
 */
#include "device/virtio-property.h"
#include "device/virtio.h"

#include <inttypes.h>
#include <string.h>

#include "message/decode.h"
#include "stream/glob.h"
#include "stream/item-private.h"

#define TYPE_NET 1
#define USO      (UINT64_C(7) << 54)

/* A set of feature bits. */
typedef struct Features {
    uint64_t low, high;
} Features;

/* Up to 32 digits, high word first. */
static Features features_of(const MigMessageHole *hole)
{
    Features features = { 0 };

    for (size_t i = 0; hole && i < hole->length; i++) {
        int digit = g_ascii_xdigit_value(hole->text[i]);

        if (digit >= 0) {
            features.high = features.high << 4 | features.low >> 60;
            features.low = features.low << 4 | (uint64_t)digit;
        }
    }
    return features;
}

static bool has(const Features *features, unsigned bit)
{
    return (bit < 64 ? features->low >> bit : features->high >> (bit - 64)) & 1;
}

/* The type of device: of the name of its state, or of a network card where bits are that only
 * those have. */
static uint16_t type_of(const char *vmstate, const Features *missing)
{
    uint16_t type = mig_virtio_type_of_vmstate(vmstate);

    return type ? type : missing->low & USO ? TYPE_NET : 0;
}

static void append(GString *list, const char *separator, const char *word)
{
    if (word) {
        g_string_append_printf(list, "%s%s", list->len ? separator : "", word);
    }
}

/* What is to be known of a feature that no property switches, or not alone. */
static void say_decides(uint16_t type, const char *vmstate, unsigned bit,
                        GPtrArray *facts)
{
    const char *decides = mig_virtio_feature_decides(type, bit);
    g_autofree char *option = mig_virtio_feature_option(type, vmstate, bit, false);

    if (decides) {
        mig_decode_say(facts, "%s %s%s.", mig_virtio_feature_name(type, bit),
                       option ? "" : "has no property of its own: it ", decides);
    }
}

static void say_names(const Features *missing, uint16_t type, const char *vmstate,
                      GPtrArray *facts)
{
    g_autoptr(GString) names = g_string_new(NULL), off = g_string_new(NULL),
                       on = g_string_new(NULL);

    for (unsigned bit = 0; bit < 128; bit++) {
        const char *name = mig_virtio_feature_name(type, bit);
        g_autofree char *shown = name ? g_strdup_printf("%s (bit %u)", name, bit)
                                      : g_strdup_printf("bit %u", bit);
        g_autofree char *without = mig_virtio_feature_option(type, vmstate, bit, false);
        g_autofree char *with = mig_virtio_feature_option(type, vmstate, bit, true);

        if (has(missing, bit)) {
            append(names, ", ", shown);
            append(off, ",", without);
            append(on, ",", with);
        }
    }
    mig_decode_say(facts, "What the guest uses and the destination does not offer: %s.",
                   names->str);
    if (off->len) {
        mig_decode_say(facts, "To start the source without them: %s at its device.",
                       off->str);
    }
    if (on->len) {
        mig_decode_say(facts,
                       "To have the destination's device offer them, if what is behind "
                       "it can: %s.",
                       on->str);
    }
    for (unsigned bit = 0; bit < 128; bit++) {
        if (has(missing, bit)) {
            say_decides(type, vmstate, bit, facts);
        }
    }
}

static void say_network(const Features *missing, GPtrArray *facts)
{
    static const uint64_t offloads = 0x7fc3; /* CSUM to HOST_UFO, without MTU, MAC */

    if (missing->low & USO) {
        mig_decode_say(facts,
                       "The USO bits are UDP segmentation: the destination's kernel "
                       "(tap) is older than 6.2, or its back-end lacks it. A newer "
                       "kernel there is enough.");
    } else if (missing->low & offloads) {
        mig_decode_say(facts,
                       "These are offloads, which come from the back-end: compare "
                       "-netdev (tap with vnet_hdr, vhost, user) and the kernels.");
    }
}

void mig_decode_features(const MigMessageMatch *match, const char *section,
                         GPtrArray *facts)
{
    Features used = features_of(mig_message_hole(match, "features"));
    Features allowed = features_of(mig_message_hole(match, "allowed"));
    Features missing = { used.low & ~allowed.low, used.high & ~allowed.high };
    const char *vmstate = section ? mig_section_handler(section) : NULL;
    uint16_t type = type_of(vmstate, &missing);

    if (!mig_decode_has(match, "features") || !mig_decode_has(match, "allowed")) {
        return;
    }
    if (!missing.low && !missing.high) {
        mig_decode_say(facts, "Nothing is missing by these numbers%s.",
                       used.low || used.high
                           ? ""
                           : ": the message has zeros in place of what the guest uses, "
                             "which the stream tells");
        return;
    }
    say_names(&missing, type, vmstate, facts);
    if (type == TYPE_NET) {
        say_network(&missing, facts);
    } else if (!type) {
        mig_decode_say(facts,
                       "The names of bits 0 to 23 and 50 to 63 depend on the kind of "
                       "device, which the message does not name.");
    }
}

/* --- sizes of rings ------------------------------------------------------------------------ */

#define SET_NUM                                                                          \
    "\"migstat convert "                                                                 \
    "--filter='set-field:path=DEVICE:virtio.queues[{queue}].num:value={local}' "         \
    "FILE -o NEW\" gives the queue the destination's size, if no driver has set it up: " \
    "QEMU 10.0 leaves such a queue at 1024 entries."

/* Which option sets it.  Source: virtio_add_queue() of each device, 7.2 to 11.1. */
static const char *const ring_help[][2] = {
    { "*virtio-net",
      "Give the destination's device the source's rx_queue_size= and tx_queue_size=. The "
      "last queue, for control, has a fixed size of 64. " SET_NUM },
    { "*virtio-blk", "Give the destination's device the source's queue-size=. " SET_NUM },
    { "*vhost-user-*",
      "Give the destination's device the source's queue-size=. " SET_NUM },
    { "*virtio-scsi",
      "Give the destination's device the source's virtqueue_size=. " SET_NUM },
    { "*virtio-vhost_scsi",
      "Give the destination's device the source's virtqueue_size=. " SET_NUM },
    { "*virtio-*", "No option of this device changes the size of its queues. " SET_NUM },
};

const char *mig_help_ring(const char *section)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ring_help); i++) {
        if (mig_glob(ring_help[i][0], section)) {
            return ring_help[i][1];
        }
    }
    return NULL;
}

/* --- rings -------------------------------------------------------------------------------- */

void mig_decode_ring(const MigMessageMatch *match, const char *section, GPtrArray *facts)
{
    uint64_t guest = mig_message_number(match, "guest", 0);
    uint64_t host = mig_message_number(match, "host", 0);
    uint64_t size = mig_message_number(match, "size", 0);
    uint64_t used = mig_message_number(match, "used", 0);

    (void)section;
    if (!mig_decode_has(match, "host") || !mig_decode_has(match, "size") ||
        !(mig_decode_has(match, "guest") || mig_decode_has(match, "used"))) {
        return;
    }
    if (mig_message_hole(match, "guest") && ((guest - host) & 0xffff) >= 0x8000) {
        mig_decode_say(
            facts,
            "In memory the guest has offered %" PRIu64 " requests, and the device "
            "has taken %" PRIu64 ": the memory is older than the device, by at "
            "least %" PRIu64 " requests.",
            guest, host, (host - guest) & 0xffff);
    } else if (mig_message_hole(match, "guest")) {
        mig_decode_say(
            facts,
            "In memory the guest has offered %" PRIu64 " requests more than the "
            "device has taken, and the ring holds %" PRIu64 ": the device is older "
            "than the memory.",
            (guest - host) & 0xffff, size);
    } else {
        mig_decode_say(
            facts,
            "The device has taken %" PRIu64 " requests, and in memory %" PRIu64
            " are done: more would be under way than the ring of %" PRIu64
            " holds. Where both numbers look random, the memory at that address "
            "holds something else.",
            host, used, size);
    }
}
