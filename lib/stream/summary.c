/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see summary.h.
 * Must not know: how it is shown.
 * See also:      stream/vfio-dialect.c.
 */
#include "stream/summary.h"

#include "stream/item-private.h"
#include "stream/vfio-watch.h"
#include "stream/vfio.h"

struct MigSummary {
    MigLongArray *sections;     /* MigSectionSummary, in order */
    GArray *ram;                /* MigRamSummary, one per block of the reader */
    MigRamSummary ram_other;    /* pages of no known block */
    MigLongArray *vfio;         /* MigVfioSummary */
    MigLongArray *vfio_numbers; /* of their sections: index into vfio + 1 */
    MigLongArray *vfio_records; /* MigVfioRecordSummary, in order */
    MigLongArray *commands;     /* MigCommandSummary, in order */
    GArray *channels;           /* MigChannelSummary, the main one first */
    MigSummaryTotals totals;
    uint64_t share[MIG_SHARE_COUNT];
    MigDefectSummary defects[MIG_DEFECTS_KEPT];
};

MigSummary *mig_summary_new(void)
{
    MigSummary *s = g_new0(MigSummary, 1);

    s->sections = mig_long_array_new(sizeof(MigSectionSummary));
    s->ram = g_array_new(false, true, sizeof(MigRamSummary));
    s->vfio = mig_long_array_new(sizeof(MigVfioSummary));
    s->vfio_numbers = mig_long_array_new(sizeof(uint32_t));
    s->vfio_records = mig_long_array_new(sizeof(MigVfioRecordSummary));
    s->commands = mig_long_array_new(sizeof(MigCommandSummary));
    s->channels = g_array_new(false, true, sizeof(MigChannelSummary));
    g_array_set_size(s->channels, 1);
    s->totals.eof_offset = UINT64_MAX;
    s->totals.trailing_zero = true;
    return s;
}

void mig_summary_free(MigSummary *s)
{
    if (s) {
        mig_long_array_free(s->sections);
        g_array_unref(s->ram);
        mig_long_array_free(s->vfio);
        mig_long_array_free(s->vfio_numbers);
        mig_long_array_free(s->vfio_records);
        mig_long_array_free(s->commands);
        g_array_unref(s->channels);
        g_free(s);
    }
}

static bool watch_section(MigSummary *s, const MigItem *item, GError **error)
{
    MigSectionSummary *last;

    if (item->kind == MIG_ITEM_SECTION_HEADER) {
        last = mig_item_keep(s->sections, item, error);
        if (!last) {
            return false;
        }
        *last = (MigSectionSummary){
            .offset = item->offset,
            .section = item->section->index,
            .id = item->section_id,
            .version_id = item->section->version_id,
            .header_length = (uint16_t)item->length,
            .type = (uint8_t)item->type,
            .package_depth = item->package_depth,
        };
        s->totals.n_sections = s->sections->len;
    }
    last = &g_array_index(s->sections, MigSectionSummary, s->sections->len - 1);
    last->length += item->length;
    last->footer |= item->kind == MIG_ITEM_SECTION_FOOTER;
    last->inferred |= item->inferred;
    last->description_differs |= item->description_differs;
    return true;
}

uint64_t mig_section_summary_body(const MigSectionSummary *section, uint64_t *offset)
{
    uint64_t around = section->header_length + (section->footer ? MIG_FOOTER_LENGTH : 0u);

    *offset = section->offset + section->header_length;
    return section->length - MIN(around, section->length);
}

static MigRamSummary *ram_of(MigSummary *s, const MigRamBlock *block)
{
    if (!block) {
        return &s->ram_other;
    }
    if (block->index >= s->ram->len) {
        g_array_set_size(s->ram, block->index + 1);
    }
    return &g_array_index(s->ram, MigRamSummary, block->index);
}

static void watch_ram(MigSummary *s, const MigItem *item)
{
    MigRamSummary *ram;

    switch (item->kind) {
    case MIG_ITEM_RAM_PAGES:
        ram = ram_of(s, item->pages.block);
        ram->wire_bytes += item->length;
        s->totals.ram_records += item->pages.n_pages;
        ram->pages[item->pages.kind] += item->pages.n_pages;
        break;
    case MIG_ITEM_MULTIFD_DATA:
        ram_of(s, item->multifd_packet.block)->wire_bytes += item->length;
        break;
    case MIG_ITEM_RAM_BLOCK:
        ram_of(s, item->block);
        break;
    case MIG_ITEM_MAPPED_HEADER:
    case MIG_ITEM_MAPPED_PAGES:
        ram_of(s, item->block)->wire_bytes += item->length;
        break;
    case MIG_ITEM_MAPPED_BITMAP:
        ram = ram_of(s, item->bitmap.block);
        ram->wire_bytes += item->length;
        ram->mapped += item->bitmap.n_set;
        ram->pages[MIG_PAGE_ZERO] += item->bitmap.n_pages - item->bitmap.n_set;
        break;
    case MIG_ITEM_RAM_LIST:
    case MIG_ITEM_RAM_MARK:
        s->totals.ram_records++;
        break;
    default:
        break;
    }
}

/* That of @section, or NULL. */
static MigVfioSummary *find_vfio(const MigSummary *s, const MigSection *section)
{
    uint32_t number = mig_section_number(s->vfio_numbers, section);

    return number ? &g_array_index(s->vfio, MigVfioSummary, number - 1) : NULL;
}

/* That of the item's section, made if it is new; NULL with *error. */
static MigVfioSummary *vfio_of(MigSummary *s, const MigItem *item, GError **error)
{
    MigVfioSummary *vfio = find_vfio(s, item->section);

    if (vfio) {
        return vfio;
    }
    vfio = mig_item_keep(s->vfio, item, error);
    if (!vfio || !mig_section_set_number(s->vfio_numbers, item, s->vfio->len, error)) {
        return NULL;
    }
    mig_vfio_device_init(&vfio->device, item->section);
    return vfio;
}

static void keep_config(MigVfioSummary *vfio, const MigVfioRecord *record)
{
    vfio->has_pci = true;
    vfio->vendor_id = record->vendor_id;
    vfio->device_id = record->device_id;
    vfio->config_size = record->config_size;
    vfio->config_length = (uint32_t)record->payload_length;
    vfio->msix_vectors = record->msix_vectors;
    vfio->msix_enabled = record->msix_vectors && record->msix_enabled;
}

/* One more record of @vfio, with what @item is known by; NULL with *error. */
static MigVfioRecordSummary *add_record(MigSummary *s, MigVfioSummary *vfio,
                                        const MigItem *item, GError **error)
{
    MigVfioRecordSummary *record = mig_item_keep(s->vfio_records, item, error);

    if (!record) {
        return NULL;
    }
    *record = (MigVfioRecordSummary){
        .offset = item->offset,
        .length = item->whole,
        .type = (uint8_t)item->type,
        .device = (uint32_t)(vfio - (MigVfioSummary *)(void *)s->vfio->data),
        .channel = item->channel,
    };
    if (vfio->last_record) {
        g_array_index(s->vfio_records, MigVfioRecordSummary, vfio->last_record - 1).next =
            s->vfio_records->len;
    } else {
        vfio->first_record = s->vfio_records->len;
    }
    vfio->last_record = s->vfio_records->len;
    return record;
}

static void fill_record(MigVfioRecordSummary *record, const MigVfioRecord *vfio)
{
    record->payload_length = vfio->payload_length;
    record->flag = (uint16_t)vfio->flag;
    record->subflags = vfio->subflags;
    record->has_subflags = vfio->has_subflags;
}

/* A record of the main channel, or one that came in a packet of another. */
static bool watch_vfio(MigSummary *s, const MigItem *item, GError **error)
{
    const MigVfioRecord *vfio = mig_vfio_item_record(item);
    MigVfioSummary *device = vfio_of(s, item, error);
    MigVfioRecordSummary *record;

    if (!device) {
        return false;
    }
    mig_vfio_device_watch(&device->device, item);
    if (!vfio) {
        return true;
    }
    if (vfio->has_payload) {
        keep_config(device, vfio);
    }
    record = add_record(s, device, item, error);
    if (record) {
        fill_record(record, vfio);
        record->payload = item->offset + vfio->payload_offset;
        if (item->kind == MIG_ITEM_MULTIFD_DEVICE) {
            record->index = item->multifd_device.vfio_index;
        } else {
            record->header_length = (uint8_t)vfio->payload_offset;
        }
    }
    return record != NULL;
}

/* Source: migration/block.c, "block" up to 9.0; migration/block-dirty-bitmap.c. */
static bool is_of_disk(const MigSection *section)
{
    return g_str_equal(section->name, "block") ||
           g_str_equal(section->name, "dirty-bitmap");
}

static MigShare share_of(const MigItem *item)
{
    if (item->section) {
        return mig_section_is_ram(item->section)    ? MIG_SHARE_RAM
               : mig_section_is_vfio(item->section) ? MIG_SHARE_VFIO
               : is_of_disk(item->section)          ? MIG_SHARE_DISK
                                                    : MIG_SHARE_DEVICES;
    }
    return item->kind == MIG_ITEM_DESCRIPTION ? MIG_SHARE_DESCRIPTION : MIG_SHARE_OTHER;
}

static bool watch_outside(MigSummary *s, const MigItem *item, GError **error)
{
    MigCommandSummary *command;

    switch (item->kind) {
    case MIG_ITEM_COMMAND:
        command = mig_item_keep(s->commands, item, error);
        if (!command) {
            return false;
        }
        *command = (MigCommandSummary){
            .offset = item->offset,
            .length = item->length,
            .id = item->command.id,
            .package_depth = item->package_depth,
            .package_length = item->command.package_length,
        };
        break;
    case MIG_ITEM_EOF:
        if (!item->package_depth) {
            s->totals.eof_offset = item->offset;
        }
        break;
    case MIG_ITEM_PADDING:
    case MIG_ITEM_TRAILING:
        s->totals.trailing_bytes += item->length;
        s->totals.trailing_zero &= item->kind == MIG_ITEM_PADDING;
        break;
    default:
        break;
    }
    return true;
}

/* Adds an item of another channel to what is known of that. */
static void count_packets(MigChannelSummary *channel, const MigItem *item)
{
    switch (item->kind) {
    case MIG_ITEM_MULTIFD_INITIAL:
        channel->multifd = true;
        channel->id = item->multifd_initial.id;
        break;
    case MIG_ITEM_MULTIFD_PACKET:
        channel->packets++;
        channel->syncs += (item->multifd_packet.flags & MIG_MULTIFD_SYNC) != 0;
        if (item->multifd_packet.normal_pages) {
            channel->compression = item->multifd_packet.flags & MIG_MULTIFD_COMPRESSION;
        }
        break;
    case MIG_ITEM_MULTIFD_DEVICE:
        channel->device_packets += item->piece == 0;
        break;
    case MIG_ITEM_RAM_PAGES:
        channel->pages[item->pages.kind] += item->pages.n_pages;
        break;
    default:
        break;
    }
}

static void watch_channels(MigSummary *s, const MigItem *item)
{
    MigChannelSummary *channel;

    if (item->channel >= s->channels->len) {
        g_array_set_size(s->channels, item->channel + 1);
    }
    channel = &g_array_index(s->channels, MigChannelSummary, item->channel);
    channel->length += item->length;
    if (item->channel) {
        count_packets(channel, item);
    }
}

/* No section of the main channel has the bytes of another channel. */
static bool watch_channel(MigSummary *s, const MigItem *item, GError **error)
{
    if (item->kind == MIG_ITEM_RAM_PAGES || item->kind == MIG_ITEM_MULTIFD_DATA) {
        watch_ram(s, item);
    }
    return item->kind != MIG_ITEM_MULTIFD_DEVICE || !item->section ||
           !mig_section_is_vfio(item->section) || watch_vfio(s, item, error);
}

static void keep_defect(MigSummary *s, const MigItem *item)
{
    if (s->totals.n_defects < MIG_DEFECTS_KEPT) {
        s->defects[s->totals.n_defects] = (MigDefectSummary){ .offset = item->offset,
                                                              .rule = item->defect,
                                                              .section = item->section };
    }
    s->totals.n_defects++;
}

bool mig_summary_watch(MigSummary *s, const MigItem *item, GError **error)
{
    s->share[share_of(item)] += item->length;
    watch_channels(s, item);
    if (G_UNLIKELY(item->defect)) {
        keep_defect(s, item);
    }
    if (item->channel) {
        return watch_channel(s, item, error);
    }
    if (!item->section) {
        return watch_outside(s, item, error);
    }
    /* Nothing, where watching began inside of a section. */
    g_return_val_if_fail(item->kind == MIG_ITEM_SECTION_HEADER || s->sections->len > 0,
                         true);
    if (!watch_section(s, item, error)) {
        return false;
    }
    if (mig_section_is_ram(item->section)) {
        watch_ram(s, item);
    }
    return !mig_section_is_vfio(item->section) || watch_vfio(s, item, error);
}

/* --- what is known --- */

/* The @i-th element of a GArray or MigLongArray, NULL beyond the last. */
#define ELEMENT(array, type, i) \
    ((i) < (array)->len ? &g_array_index(array, type, i) : NULL)

const MigSummaryTotals *mig_summary_totals(const MigSummary *s)
{
    return &s->totals;
}

uint64_t mig_summary_share(const MigSummary *s, MigShare share)
{
    g_return_val_if_fail((unsigned)share < MIG_SHARE_COUNT, 0);
    return s->share[share];
}

const MigSectionSummary *mig_summary_section(const MigSummary *s, size_t i)
{
    return ELEMENT(s->sections, MigSectionSummary, i);
}

const MigRamSummary *mig_summary_ram(const MigSummary *s, size_t block)
{
    return ELEMENT(s->ram, MigRamSummary, block);
}

const MigRamSummary *mig_summary_ram_other(const MigSummary *s)
{
    return &s->ram_other;
}

const MigVfioSummary *mig_summary_vfio(const MigSummary *s, size_t i)
{
    return ELEMENT(s->vfio, MigVfioSummary, i);
}

const MigVfioSummary *mig_summary_vfio_of(const MigSummary *s, const MigSection *section)
{
    const MigVfioSummary *vfio = find_vfio(s, section);

    return vfio && vfio->device.section == section ? vfio : NULL;
}

const MigVfioRecordSummary *mig_summary_vfio_record(const MigSummary *s, size_t i)
{
    return ELEMENT(s->vfio_records, MigVfioRecordSummary, i);
}

const MigChannelSummary *mig_summary_channel(const MigSummary *s, size_t i)
{
    return s->channels->len > 1 ? ELEMENT(s->channels, MigChannelSummary, i) : NULL;
}

const MigCommandSummary *mig_summary_command(const MigSummary *s, size_t i)
{
    return ELEMENT(s->commands, MigCommandSummary, i);
}

const MigDefectSummary *mig_summary_defect(const MigSummary *s, size_t i)
{
    return i < MIN(s->totals.n_defects, MIG_DEFECTS_KEPT) ? &s->defects[i] : NULL;
}
