/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the search for a virtqueue: its indices in device state, and in guest RAM.
 * Must not know: how fields are decoded; how it is shown.
 * See also:      explain/where.c; memory/rings.h.
 */
#include <inttypes.h>
#include <string.h>

#include "explain/where.h"
#include "message/decode.h"
#include "message/remedy.h"
#include "stream/address-exact.h"

typedef struct Ring {
    MigWhere *where;
    char *part; /* "queues[3]." */
} Ring;

static void visit_ring(const MigField *field, void *user)
{
    const Ring *ring = user;

    if (strstr(field->path, ring->part) && field->kind == MIG_FIELD_UINT) {
        mig_where_add_field(ring->where, field);
    }
}

static void add_word(MigWhere *where, const MigGuestWord *word, const char *what)
{
    g_autofree char *note =
        g_strdup_printf("%s, at 0x%" PRIx64 " of guest memory", what, word->address);
    g_autofree char *value = g_strdup_printf("0x%04x", word->value);
    g_autofree char *block =
        word->known ? g_strdup_printf("%s+0x%" PRIx64, word->block->name, word->offset)
                    : NULL;

    if (word->known) {
        mig_where_add(where, word->at, block, value, note);
    } else if (word->address) {
        mig_decode_say(where->facts,
                       "Where %s is, at 0x%" PRIx64 " of guest memory, is not known from "
                       "this stream, or its page is not in it.",
                       what, word->address);
    }
}

/* Whether the message may be of that queue: it tells the device's index, and no device. */
static bool is_ring(const MigWhere *where, const MigRing *ring)
{
    bool named = where->section && g_str_equal(where->section, ring->section) &&
                 where->instance_id == ring->instance_id;

    return mig_message_number(where->match, "queue", 0) == ring->queue &&
           (named || (!where->section &&
                      mig_message_number(where->match, "host", 0) == ring->last &&
                      mig_message_number(where->match, "size", 0) == ring->size));
}

/* The indices in RAM, of the queue or of those that it may be. */
static void add_rings(MigWhere *where)
{
    size_t n = 0;
    const MigRing *rings = where->rings ? mig_rings_list(where->rings, &n) : NULL;

    for (size_t i = 0; i < n; i++) {
        g_autofree char *address = NULL, *value = NULL;

        if (!is_ring(where, &rings[i])) {
            continue;
        }
        if (!where->section) {
            address = g_strdup_printf("%s:virtio.queues[%u].last_avail_idx",
                                      rings[i].section, rings[i].queue);
            value = g_strdup_printf("0x%04x", rings[i].last);
            mig_where_add(where, rings[i].offset, address, value, NULL);
        }
        add_word(where, &rings[i].available, "the driver's index of the available ring");
        add_word(where, &rings[i].used, "the index of the used ring");
    }
}

/* A queue without an address that the device has used all the same. */
static void repair_ring(MigWhere *where)
{
    g_autofree char *path = g_strdup_printf("virtio.queues[%" PRIu64 "].last_avail_idx",
                                            mig_message_number(where->match, "queue", 0));
    g_autofree char *escaped = mig_address_escape(path);
    g_autofree char *value = mig_remedy_part(where->section, where->instance_id, escaped);

    mig_where_repair(where, false, "nothing: no driver has set the queue up");
    mig_where_filter(where, "set-field:path=%s:value=0", value);
}

void mig_where_ring(MigWhere *where)
{
    g_autofree char *part = g_strdup_printf("queues[%" PRIu64 "].",
                                            mig_message_number(where->match, "queue", 0));
    Ring ring = { where, part };

    if (where->section) {
        mig_where_decode(where, visit_ring, &ring);
    }
    add_rings(where);
    if (g_str_equal(where->match->message->id, "virtio-ring-address") &&
        where->places->len) {
        repair_ring(where);
    }
}
