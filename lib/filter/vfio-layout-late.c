/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          holding back what a device's configuration has to come before, in a migration
 *                that passes.
 * Must not know: what is then made of it.
 * See also:      filter/vfio-layout-pass.c.
 *
 * RAM comes first and is most of a stream, and passes.  What VFIO devices send when the guest
 * has stopped comes near the end, and their configurations after it: from the first END section
 * of one on, all is kept until the end mark.  Where devices are set up early (subflag), that
 * begins with the first data of one.
 */
#include "filter/vfio-layout-private.h"
#include "stream/item-private.h"

static bool begins(const MigLayout *layout, const MigItem *item)
{
    bool is_data = item->kind == MIG_ITEM_VFIO_RECORD &&
                   (item->vfio.flag == MIG_VFIO_DEV_DATA_STATE ||
                    item->vfio.flag == MIG_VFIO_DEV_CONFIG_STATE);

    return mig_section_is_vfio(item->section) &&
           ((item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_END) ||
            (is_data && layout->to == MIG_VFIO_DIALECT_SUBFLAG));
}

bool mig_layout_is_early(const MigLayout *layout, const MigItem *item)
{
    return layout->late.holds || (layout->late.waits && begins(layout, item));
}

static void begin(MigLayout *layout)
{
    layout->late.holds = true;
    layout->late.items = mig_long_array_new(sizeof(MigItem));
    layout->late.open =
        layout->open ? (guint)(layout->open - mig_layout_device_at(layout, 0)) + 1 : 0;
}

/* What comes later may be looked at as in a scan: there is no other one. */
bool mig_layout_hold(MigLayout *layout, MigNext *next, const MigItem *item,
                     GError **error)
{
    MigItem *kept;

    if (!layout->late.holds) {
        begin(layout);
    }
    kept = mig_item_keep(layout->late.items, item, error);
    return kept && mig_next_keep(next, item, kept, error) &&
           mig_layout_scan(layout, next, item, error);
}

/* Of devices whose first section has passed; others are decided on when it does. */
static bool decide(MigLayout *layout, MigNext *next, GError **error)
{
    for (guint i = 0; i < layout->devices->len; i++) {
        MigLayoutDevice *device = mig_layout_device_at(layout, i);

        if (device->section && !mig_layout_decide(layout, device, next, error)) {
            return false;
        }
    }
    return true;
}

bool mig_layout_release(MigLayout *layout, MigNext *next, GError **error)
{
    if (!layout->late.holds) {
        return true;
    }
    layout->late.holds = layout->late.waits = false;
    layout->open =
        layout->late.open ? mig_layout_device_at(layout, layout->late.open - 1) : NULL;
    if (!decide(layout, next, error)) {
        return false;
    }
    for (guint i = 0; i < layout->late.items->len; i++) {
        const MigItem *item = &g_array_index(layout->late.items, MigItem, i);

        if (!mig_layout_pass(layout, next, item, error)) {
            return false;
        }
    }
    return true;
}

void mig_layout_clear_held(MigLayout *layout)
{
    for (guint i = 0; layout->late.items && i < layout->late.items->len; i++) {
        g_clear_pointer(&g_array_index(layout->late.items, MigItem, i).bytes,
                        g_bytes_unref);
    }
    g_clear_pointer(&layout->late.items, mig_long_array_free);
    layout->late.holds = layout->late.waits = false;
}
