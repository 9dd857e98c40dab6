/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what is known of the VFIO devices of a stream, before and while they are
 *                converted, and whether they can be.
 * Must not know: how a device is converted.
 * See also:      filter/vfio-known.c, which reads the records; filter/vfio-layout.c.
 */
#include "filter/vfio-layout-private.h"
#include "stream/vfio-watch.h"

static void free_device(gpointer p)
{
    MigLayoutDevice *device = p;

    mig_vfio_known_clear(&device->known);
    g_free(device->enabled_after);
    g_free(device);
}

MigLayoutDevice *mig_layout_device(MigLayout *layout, const MigSection *section)
{
    gpointer key = GUINT_TO_POINTER(section->index + 1);
    MigLayoutDevice *device;

    if (!layout->devices) {
        layout->devices = g_hash_table_new(NULL, NULL);
        layout->order = g_ptr_array_new_with_free_func(free_device);
    }
    device = g_hash_table_lookup(layout->devices, key);
    if (!device) {
        device = g_new0(MigLayoutDevice, 1);
        device->enabled = UINT64_MAX;
        device->index = section->index;
        mig_vfio_device_init(&device->known.seen, section);
        device->known.store = &layout->payloads;
        g_hash_table_insert(layout->devices, key, device);
        g_ptr_array_add(layout->order, device);
    }
    return device;
}

bool mig_layout_refuse(MigLayoutDevice *device, MigNext *next, const MigItem *item,
                       GError **error, const char *reason)
{
    return mig_next_refuse(next, item, device->section, error, "%s", reason);
}

bool mig_layout_judge(MigLayoutDevice *device, MigNext *next, const MigItem *item,
                      GError **error)
{
    const char *problem = mig_vfio_known_problem(&device->known, mig_next_lossy(next));

    return !problem || mig_layout_refuse(device, next, item, error, problem);
}

bool mig_layout_decide(MigLayout *layout, MigLayoutDevice *device, MigNext *next,
                       GError **error)
{
    const MigVfioDevice *seen = &device->known.seen;
    MigVfioNeed need = mig_vfio_needs_lookup(layout->needs, seen->section->name);

    device->need = need == MIG_VFIO_NEED_AUTO ? mig_vfio_needs_by_order(seen)
                                              : need == MIG_VFIO_NEED_YES;
    device->leave = layout->to == MIG_VFIO_DIALECT_CONFIG_FIRST
                        ? mig_vfio_is_config_first(seen)
                        : seen->subflags && !device->known.in_start &&
                              need == MIG_VFIO_NEED_AUTO && !layout->every_iteration;
    return device->leave || mig_layout_judge(device, next, NULL, error);
}

bool mig_layout_scan(void *state, MigNext *next, const MigItem *item, GError **error)
{
    MigLayout *layout = state;

    layout->scanned = true;
    return !mig_section_is_vfio(item->section) ||
           mig_vfio_known_watch(&mig_layout_device(layout, item->section)->known, next,
                                item, error);
}

/* Whether each device has started before the gap, and has its only configuration after it.
 * Then what it has in PART and END decides nothing. */
bool mig_layout_suffices(void *state, const MigGap *gap)
{
    MigLayout *layout = state;

    for (guint i = 0; layout->order && i < layout->order->len; i++) {
        const MigLayoutDevice *device = g_ptr_array_index(layout->order, i);
        const MigVfioDevice *seen = &device->known.seen;

        if (device->index >= gap->n_sections || seen->config_records != 1 ||
            seen->config_type != MIG_SECTION_FULL || seen->config < gap->to) {
            return false;
        }
    }
    layout->gap = *gap;
    return true;
}

void mig_layout_forget(void *state)
{
    MigLayout *layout = state;

    layout->scanned = false;
    g_clear_pointer(&layout->devices, g_hash_table_unref);
    g_clear_pointer(&layout->order, g_ptr_array_unref);
}

bool mig_layout_check_gap(MigLayout *layout, MigNext *next, const MigItem *item,
                          GError **error)
{
    bool is_header = item->kind == MIG_ITEM_SECTION_HEADER;

    layout->gap_ended |=
        item->offset == layout->gap.to && is_header && item->package_depth == 0;
    if (item->offset < layout->gap.from || item->offset >= layout->gap.to ||
        !mig_section_is_vfio(item->section)) {
        return true;
    }
    if ((is_header && item->type != MIG_SECTION_PART && item->type != MIG_SECTION_END) ||
        (item->kind == MIG_ITEM_VFIO_RECORD &&
         item->vfio.flag == MIG_VFIO_DEV_CONFIG_STATE)) {
        return mig_next_refuse(next, item, item->section, error, "%s",
                               MIG_LAYOUT_TOO_BRIEF);
    }
    return true;
}
