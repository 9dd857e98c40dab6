/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what is known of the VFIO devices of a stream, before and while they are
 *                converted, and whether they can be.
 * Must not know: how a device is converted.
 * See also:      filter/vfio-known.c, which reads the records; filter/vfio-layout.c.
 */
#include "filter/vfio-layout-private.h"
#include "stream/item-private.h"
#include "stream/vfio-watch.h"

void mig_layout_init_devices(MigLayout *layout)
{
    layout->devices = mig_long_array_new(sizeof(MigLayoutDevice));
    layout->numbers = mig_long_array_new(sizeof(uint32_t));
}

void mig_layout_clear_devices(MigLayout *layout)
{
    g_clear_pointer(&layout->devices, mig_long_array_free);
    g_clear_pointer(&layout->numbers, mig_long_array_free);
}

MigLayoutDevice *mig_layout_device_at(const MigLayout *layout, guint i)
{
    return &g_array_index(layout->devices, MigLayoutDevice, i);
}

MigLayoutDevice *mig_layout_device(MigLayout *layout, const MigItem *item, GError **error)
{
    uint32_t number = mig_section_number(layout->numbers, item->section);
    MigLayoutDevice *device;

    if (number) {
        return mig_layout_device_at(layout, number - 1);
    }
    device = mig_item_keep(layout->devices, item, error);
    if (!device ||
        !mig_section_set_number(layout->numbers, item, layout->devices->len, error)) {
        return NULL;
    }
    device->enabled = UINT64_MAX;
    device->index = item->section->index;
    mig_vfio_device_init(&device->known.seen, item->section);
    device->known.store = &layout->payloads;
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
    MigLayoutDevice *device;

    layout->scanned = true;
    if (!mig_section_is_vfio(item->section)) {
        return true;
    }
    device = mig_layout_device(layout, item, error);
    return device && mig_vfio_known_watch(&device->known, next, item, error);
}

/* Whether each device has started before the gap, and has its only configuration after it.
 * Then what it has in PART and END decides nothing. */
bool mig_layout_suffices(void *state, const MigGap *gap)
{
    MigLayout *layout = state;

    for (guint i = 0; i < layout->devices->len; i++) {
        const MigLayoutDevice *device = mig_layout_device_at(layout, i);
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
    mig_layout_clear_devices(layout);
    mig_layout_init_devices(layout);
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
