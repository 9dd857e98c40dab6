/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the items of VFIO devices as they pass: which records go, and where others
 *                are put in.
 * Must not know: what a record that is put in looks like.
 * See also:      filter/vfio-layout.c; filter/vfio-layout-emit.c; filter/vfio-place.c.
 */
#include <string.h>

#include "filter/vfio-layout-private.h"
#include "stream/vfio-watch.h"

/* --- the items of a device --- */

static bool is_closing(uint64_t flag)
{
    return flag == MIG_VFIO_END_OF_STATE || flag == MIG_VFIO_DEV_INIT_DATA_SENT ||
           flag == MIG_VFIO_DEV_CONFIG_LOAD_READY;
}

/* The body of the open device is over. */
static bool close_body(MigLayout *layout, MigNext *next, GError **error)
{
    MigLayoutDevice *device = layout->open;

    layout->open = NULL;
    if (!device || device->leave || device->drop) {
        return true;
    }
    /* Its last END_OF_STATE belonged to a record that went. */
    return device->closed || !device->removed_here ||
           mig_vfio_emit_end_of_state(next, &layout->last, false, error);
}

static void note_ended(MigLayout *layout, MigLayoutDevice *device)
{
    guint i = (guint)(device - mig_layout_device_at(layout, 0));

    if (!device->ended) {
        device->ended = true;
        g_array_append_val(layout->ended, i);
    }
}

static bool open_body(MigLayout *layout, MigNext *next, const MigItem *item,
                      GError **error)
{
    MigLayoutDevice *device = mig_layout_device(layout, item, error);

    if (!device) {
        return false;
    }
    if (!device->section) {
        device->section = item->section;
        device->known.seen.section = item->section;
        if (layout->scanned && !mig_layout_decide(layout, device, next, error)) {
            return false;
        }
    }
    if (!layout->scanned) {
        mig_vfio_device_watch(&device->known.seen, item);
    }
    if (item->type == MIG_SECTION_START || item->type == MIG_SECTION_FULL) {
        device->section_id = item->section_id;
    }
    layout->open = device;
    device->type = item->type;
    device->set_up_here = device->removed_here = false;
    device->drop_end_of_state = device->closed = false;
    device->drop = !device->leave && item->type == MIG_SECTION_FULL &&
                   (layout->to == MIG_VFIO_DIALECT_CONFIG_FIRST || device->full);
    if (item->type == MIG_SECTION_END) {
        note_ended(layout, device);
    }
    if (device->leave) {
        device->full |= item->type == MIG_SECTION_FULL;
        return mig_next_emit(next, item, error);
    }
    if (device->drop) {
        device->changed = device->full = true;
        mig_description_edit_remove(layout->edit, item->section);
        return true;
    }
    if (!mig_next_emit(next, item, error)) {
        return false;
    }
    return item->type != MIG_SECTION_END || !mig_layout_wants_early(layout, device) ||
           mig_layout_emit_early(layout, device, next, item, error);
}

/* A configuration record of the source. */
static bool replace_config(MigLayout *layout, MigLayoutDevice *device, MigNext *next,
                           const MigItem *item, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const uint8_t *p;

    if (device->type != MIG_SECTION_FULL || device->full) {
        device->drop_end_of_state = device->removed_here = device->changed = true;
        return true;
    }
    if (!mig_layout_judge(device, next, item, error)) {
        return false;
    }
    p = mig_layout_encode_full(layout, device, bytes, error)
            ? mig_next_bytes(next, item, error)
            : NULL;
    if (!p) {
        return false;
    }
    if (bytes->len == item->length && memcmp(p, bytes->data, bytes->len) == 0) {
        mig_layout_note_enabled(layout, device, next);
        device->full = true;
        return mig_next_emit(next, item, error);
    }
    device->changed = true;
    mig_description_edit_resize(layout->edit, device->section,
                                mig_layout_full_size(layout, device));
    return mig_layout_emit_full_record(layout, device, next, item, error);
}

/* A FULL section that is there and has no configuration record. */
static bool fill_full(MigLayout *layout, MigLayoutDevice *device, MigNext *next,
                      const MigItem *item, GError **error)
{
    if (!mig_layout_judge(device, next, item, error)) {
        return false;
    }
    device->changed = device->closed = true;
    mig_description_edit_resize(layout->edit, device->section,
                                mig_layout_full_size(layout, device));
    return mig_layout_emit_full_record(layout, device, next, item, error) &&
           mig_vfio_emit_end_of_state(next, item, true, error);
}

/* Single pass: the configuration is already written in the FULL section; a different one
 * after it is an error. */
static bool watch_passing(MigLayoutDevice *device, MigNext *next, const MigItem *item,
                          GError **error)
{
    unsigned differing = device->known.differing;

    return mig_vfio_known_watch(&device->known, next, item, error) &&
           (!device->full || device->known.differing == differing ||
            mig_layout_refuse(
                device, next, item, error,
                "another configuration space of it comes after its FULL section"));
}

static bool record(MigLayout *layout, MigNext *next, const MigItem *item, GError **error)
{
    MigLayoutDevice *device = layout->open;

    if (!layout->scanned && item->piece == 0 &&
        !watch_passing(device, next, item, error)) {
        return false;
    }
    if (device->leave || device->drop) {
        return device->drop || mig_next_emit(next, item, error);
    }
    if (item->vfio.flag == MIG_VFIO_DEV_CONFIG_STATE) {
        return replace_config(layout, device, next, item, error);
    }
    if (device->drop_end_of_state) {
        device->drop_end_of_state = false;
        if (item->vfio.closes_config) {
            return true;
        }
    }
    if (device->type == MIG_SECTION_FULL && !device->full &&
        is_closing(item->vfio.flag)) {
        return fill_full(layout, device, next, item, error);
    }
    if (item->vfio.flag == MIG_VFIO_DEV_DATA_STATE && item->piece == 0 &&
        device->type == MIG_SECTION_PART && layout->to == MIG_VFIO_DIALECT_SUBFLAG &&
        device->need && !device->set_up_here &&
        (layout->every_iteration || !device->precopy_set_ups)) {
        device->set_up_here = true;
        device->precopy_set_ups++;
        if (!mig_layout_emit_early(layout, device, next, item, error)) {
            return false;
        }
    }
    device->closed = is_closing(item->vfio.flag);
    return mig_next_emit(next, item, error);
}

/* --- the stream --- */

/* A device whose FULL section is still to be made. */
static bool is_pending(const MigLayout *layout, const MigLayoutDevice *device)
{
    return !device->leave && device->section && device->known.payload.length &&
           !device->full && layout->to != MIG_VFIO_DIALECT_CONFIG_FIRST;
}

/* Devices that have no FULL section in the source, as far as can be known at its first
 * one. */
static void find_pending(MigLayout *layout)
{
    for (guint i = 0; i < layout->ended->len; i++) {
        guint number = g_array_index(layout->ended, guint, i);
        MigLayoutDevice *device = mig_layout_device_at(layout, number);

        device->ended = false;
        if (!device->wanted && is_pending(layout, device) &&
            (layout->scanned ? !device->known.seen.full
                             : device->known.seen.plain_config)) {
            device->wanted = true;
            mig_vfio_place_want(layout->place, device->section_id, number);
        }
    }
    g_array_set_size(layout->ended, 0);
}

static bool process(MigLayout *layout, MigNext *next, const MigItem *item,
                    GError **error);

static bool place_emit(void *user, MigNext *next, const MigItem *item, GError **error)
{
    return process(user, next, item, error);
}

static bool place_insert(void *user, MigNext *next, guint wanted,
                         const MigVfioNeighbours *around, GError **error)
{
    MigLayout *layout = user;
    MigLayoutDevice *device = mig_layout_device_at(layout, wanted);

    /* Its FULL section came after all. */
    return device->full || (close_body(layout, next, error) &&
                            mig_layout_judge(device, next, NULL, error) &&
                            mig_layout_emit_full(layout, device, next, around, error));
}

/* At the end mark: a FULL section that was expected never came. */
static bool insert_last(MigLayout *layout, MigNext *next, const MigItem *item,
                        GError **error)
{
    for (guint i = 0; i < layout->devices->len; i++) {
        MigLayoutDevice *device = mig_layout_device_at(layout, i);
        MigVfioNeighbours around = { .item = *item };

        around.item.bytes = NULL;
        if (!device->leave && !mig_layout_judge(device, next, item, error)) {
            return false;
        }
        if (!device->leave && mig_layout_wants_early(layout, device) &&
            device->set_ups == 0) {
            return mig_layout_refuse(
                device, next, item, error,
                "it has no END section, where its configuration space would "
                "have to stand");
        }
        if (is_pending(layout, device) &&
            !mig_layout_emit_full(layout, device, next, &around, error)) {
            return false;
        }
    }
    return true;
}

static bool process(MigLayout *layout, MigNext *next, const MigItem *item, GError **error)
{
    bool ours = mig_section_is_vfio(item->section);

    layout->footers |= item->kind == MIG_ITEM_SECTION_FOOTER;
    if (ours && item->kind == MIG_ITEM_VFIO_RECORD) {
        layout->last = *item;
        return record(layout, next, item, error);
    }
    if (ours && item->kind == MIG_ITEM_SECTION_FOOTER && layout->open &&
        layout->open->drop) {
        return close_body(layout, next, error);
    }
    if (!close_body(layout, next, error)) {
        return false;
    }
    if (ours && item->kind == MIG_ITEM_SECTION_HEADER) {
        return open_body(layout, next, item, error);
    }
    if (item->kind == MIG_ITEM_EOF && item->package_depth == 0 &&
        !insert_last(layout, next, item, error)) {
        return false;
    }
    return mig_next_emit(next, item, error);
}

bool mig_layout_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    MigLayout *layout = state;

    if (item->kind == MIG_ITEM_EOF && item->package_depth == 0 &&
        !mig_layout_release(layout, next, error)) {
        return false;
    }
    return mig_layout_is_early(layout, item) ? mig_layout_hold(layout, next, item, error)
                                             : mig_layout_pass(layout, next, item, error);
}

bool mig_layout_pass(MigLayout *layout, MigNext *next, const MigItem *item,
                     GError **error)
{
    const MigVfioPlaceOps ops = { layout, place_emit, place_insert };

    if (layout->gap.to && !mig_layout_check_gap(layout, next, item, error)) {
        return false;
    }
    if (item->kind == MIG_ITEM_DESCRIPTION) {
        return mig_description_edit_item(layout->edit, next, item, error);
    }
    if (item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_FULL) {
        find_pending(layout);
    }
    return mig_vfio_place_event(layout->place, &ops, next, item, error);
}
