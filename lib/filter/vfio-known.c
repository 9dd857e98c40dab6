/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see vfio-known.h.
 * Must not know: what a device is converted to.
 * See also:      filter/vfio-layout.c; stream/vfio-dialect.h.
 */
#include "filter/vfio-known.h"
#include "stream/vfio-watch.h"

#include <string.h>

#include "stream/vfio.h"

static bool is_kept(const MigVfioKnown *known, const uint8_t *p, size_t n)
{
    return known->payload && g_bytes_get_size(known->payload) == n &&
           memcmp(g_bytes_get_data(known->payload, NULL), p, n) == 0;
}

/* Remembers the payload of a configuration record. */
static bool capture(MigVfioKnown *known, MigNext *next, const MigItem *item,
                    GError **error)
{
    const uint8_t *p = mig_next_bytes(next, item, error);
    GBytes *payload;
    size_t n;

    if (!p) {
        return false;
    }
    p = mig_vfio_item_payload(item, p, &n);
    known->config = item->vfio;
    if (is_kept(known, p, n)) {
        return true;
    }
    known->differing += known->payload != NULL;
    payload = mig_byte_store_keep(known->store, mig_next_spool_dir(next), p, n, error);
    g_clear_pointer(&known->payload, g_bytes_unref);
    known->payload = payload;
    return payload != NULL;
}

bool mig_vfio_known_watch(MigVfioKnown *known, MigNext *next, const MigItem *item,
                          GError **error)
{
    const unsigned actions = MIG_VFIO_SUBFLAG_SETUP | MIG_VFIO_SUBFLAG_ENABLE_IRQ;

    mig_vfio_device_watch(&known->seen, item);
    if (item->kind != MIG_ITEM_VFIO_RECORD ||
        item->vfio.flag != MIG_VFIO_DEV_CONFIG_STATE) {
        return true;
    }
    known->in_start |= item->type == MIG_SECTION_START;
    known->reserved |= (item->vfio.subflags & ~actions) != 0;
    return !item->vfio.has_payload || capture(known, next, item, error);
}

bool mig_vfio_needs_by_order(const MigVfioDevice *seen)
{
    return seen->config != UINT64_MAX && seen->config_type != MIG_SECTION_FULL &&
           (seen->first_stop_copy == UINT64_MAX || seen->config < seen->first_stop_copy);
}

const char *mig_vfio_known_problem(const MigVfioKnown *known, bool lossy)
{
    const MigVfioDevice *seen = &known->seen;

    if (seen->dialect == MIG_VFIO_DIALECT_MULTIFD) {
        return "multifd transfer: its configuration space is on another channel, "
               "and not in this stream";
    }
    if (!known->payload) {
        return "the stream has no configuration space of it, so that there is nothing "
               "to convert";
    }
    if (seen->subflags && seen->plain_config) {
        return "some of its configuration records have a subflag word and some have "
               "none: it is in two dialects at once";
    }
    if (known->reserved) {
        return "a subflag word of it asks for an action that is not known, and "
               "would be lost";
    }
    if (seen->other_bytes || known->in_start) {
        return "START or FULL holds records that no dialect has there";
    }
    if (known->differing && !lossy) {
        return "its configuration space was sent more than once, not always the same, "
               "and only the last one would be kept (--lossy allows it)";
    }
    return NULL;
}

bool mig_vfio_is_config_first(const MigVfioDevice *seen)
{
    return seen->dialect == MIG_VFIO_DIALECT_CONFIG_FIRST && seen->config_records == 1 &&
           seen->config_type == MIG_SECTION_END && mig_vfio_needs_by_order(seen) &&
           !seen->full;
}

void mig_vfio_known_clear(MigVfioKnown *known)
{
    g_clear_pointer(&known->payload, g_bytes_unref);
}
