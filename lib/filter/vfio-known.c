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

/* Whether the payload that is kept is that of @n bytes at @p.  False with *error set if that
 * cannot be known. */
static bool compare_kept(const MigVfioKnown *known, const uint8_t *p, size_t n,
                         bool *same, GError **error)
{
    g_autoptr(GBytes) kept = NULL;

    *same = known->payload.length == n && n > 0;
    if (*same) {
        kept = mig_byte_store_get(known->store, &known->payload, error);
        *same = kept && memcmp(g_bytes_get_data(kept, NULL), p, n) == 0;
        return kept != NULL;
    }
    return true;
}

/* Remembers the payload of a configuration record. */
static bool capture(MigVfioKnown *known, MigNext *next, const MigItem *item,
                    GError **error)
{
    const uint8_t *p = mig_next_bytes(next, item, error);
    bool same;
    size_t n;

    if (!p) {
        return false;
    }
    p = mig_vfio_item_payload(item, p, &n);
    known->config = item->vfio;
    if (!compare_kept(known, p, n, &same, error) || same) {
        return same;
    }
    known->differing += known->payload.length != 0;
    return mig_byte_store_keep(known->store, mig_next_spool_dir(next), p, (uint32_t)n,
                               &known->payload, error);
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
    if (!known->payload.length) {
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
