/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the records and sections that the filter vfio-layout puts in.
 * Must not know: when they are wanted.
 * See also:      filter/vfio-layout.c, which has the dialects; stream/vfio.h.
 */
#include "filter/vfio-layout-private.h"
#include "stream/outer-encode.h"
#include "stream/outer.h"
#include "stream/vfio-payload.h"
#include "stream/vfio.h"

#define NO_SUBFLAGS (-1)

bool mig_layout_wants_early(const MigLayout *layout, const MigLayoutDevice *device)
{
    return layout->to == MIG_VFIO_DIALECT_CONFIG_FIRST ||
           (layout->to == MIG_VFIO_DIALECT_SUBFLAG && device->need);
}

static int subflags_in_full(const MigLayout *layout, const MigLayoutDevice *device)
{
    if (layout->to != MIG_VFIO_DIALECT_SUBFLAG) {
        return NO_SUBFLAGS;
    }
    return MIG_VFIO_SUBFLAG_ENABLE_IRQ | (device->need ? 0 : MIG_VFIO_SUBFLAG_SETUP);
}

/* The configuration record that @subflags ask for, without its END_OF_STATE. */
static MigVfioRecord config_record(const MigLayoutDevice *device, int subflags)
{
    MigVfioRecord record = { .flag = MIG_VFIO_DEV_CONFIG_STATE };

    if (subflags == NO_SUBFLAGS || (unsigned)subflags & MIG_VFIO_SUBFLAG_SETUP) {
        record = device->known.config;
    }
    record.has_subflags = subflags != NO_SUBFLAGS;
    record.subflags = record.has_subflags ? (uint16_t)subflags : 0;
    return record;
}

/* Appends that record to @bytes; false with *error. */
static bool encode_config(const MigLayoutDevice *device, MigVfioRecord *record,
                          GByteArray *bytes, GError **error)
{
    const MigVfioKnown *known = &device->known;
    g_autoptr(GBytes) payload = NULL;
    const void *data = NULL;
    size_t n = 0;

    if (record->has_payload && known->payload.length) {
        payload = mig_byte_store_get(known->store, &known->payload, error);
        if (!payload) {
            return false;
        }
        data = g_bytes_get_data(payload, &n);
    }
    mig_vfio_record_encode(record, data, n, bytes);
    return true;
}

static bool emit_config(MigLayoutDevice *device, MigNext *next, const MigItem *like,
                        int subflags, GError **error)
{
    MigVfioRecord record = config_record(device, subflags);
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    device->set_ups += record.has_payload;
    return encode_config(device, &record, bytes, error) &&
           mig_vfio_emit(next, like, &record, bytes, error);
}

bool mig_layout_emit_early(MigLayout *layout, MigLayoutDevice *device, MigNext *next,
                           const MigItem *like, GError **error)
{
    int subflags = layout->to == MIG_VFIO_DIALECT_SUBFLAG ? (int)MIG_VFIO_SUBFLAG_SETUP
                                                          : NO_SUBFLAGS;

    device->changed = true;
    return emit_config(device, next, like, subflags, error) &&
           mig_vfio_emit_end_of_state(next, like, true, error);
}

uint64_t mig_layout_full_size(const MigLayout *layout, const MigLayoutDevice *device)
{
    const MigVfioRecord config = config_record(device, subflags_in_full(layout, device));
    const MigVfioRecord end = { .flag = MIG_VFIO_END_OF_STATE };

    return mig_vfio_record_length(&config) + mig_vfio_record_length(&end);
}

bool mig_layout_encode_full(const MigLayout *layout, const MigLayoutDevice *device,
                            GByteArray *bytes, GError **error)
{
    MigVfioRecord record = config_record(device, subflags_in_full(layout, device));

    return encode_config(device, &record, bytes, error);
}

void mig_layout_note_enabled(MigLayout *layout, MigLayoutDevice *device, MigNext *next)
{
    if (!mig_next_tell(next, &device->enabled)) {
        device->enabled = UINT64_MAX;
    }
    device->enabled_after = mig_vfio_place_controller(layout->place);
}

bool mig_layout_emit_full_record(MigLayout *layout, MigLayoutDevice *device,
                                 MigNext *next, const MigItem *like, GError **error)
{
    if (device->need && device->set_ups == 0) {
        return mig_layout_refuse(
            device, next, like, error,
            "its FULL section comes before its configuration space could be "
            "set up in another");
    }
    mig_layout_note_enabled(layout, device, next);
    device->full = true;
    return emit_config(device, next, like, subflags_in_full(layout, device), error);
}

static bool emit_header(MigNext *next, const MigItem *like, GError **error)
{
    const MigSectionHeader header = mig_section_header_of(like);
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    mig_section_header_encode(&header, bytes);
    return mig_next_emit_bytes(next, like, MIG_ITEM_SECTION_HEADER, bytes->data,
                               bytes->len, error);
}

static bool emit_footer(MigNext *next, const MigItem *like, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem item = *like;

    item.footer.id = like->section_id;
    mig_section_footer_encode(like->section_id, bytes);
    return mig_next_emit_bytes(next, &item, MIG_ITEM_SECTION_FOOTER, bytes->data,
                               bytes->len, error);
}

bool mig_layout_emit_full(MigLayout *layout, MigLayoutDevice *device, MigNext *next,
                          const MigVfioNeighbours *around, GError **error)
{
    const MigSection *section = device->section;
    MigItem item = around->item;

    item.section = section;
    item.section_id = device->section_id;
    item.type = MIG_SECTION_FULL;
    item.inferred = item.description_differs = false;
    if (!emit_header(next, &item, error) ||
        !mig_layout_emit_full_record(layout, device, next, &item, error) ||
        !mig_vfio_emit_end_of_state(next, &item, true, error)) {
        return false;
    }
    mig_description_edit_insert(layout->edit, section,
                                mig_layout_full_size(layout, device), around->before,
                                around->after);
    device->changed = true;
    return !layout->footers || emit_footer(next, &item, error);
}
