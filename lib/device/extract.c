/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see extract.h.
 * Must not know: how pages are decoded; device/ram-image.c does.
 * See also:      stream/vfio.h.
 */
#include "device/extract.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device/disk-image.h"
#include "device/ram-image-file.h"
#include "io/fully.h"
#include "io/options.h"
#include "stream/address-exact.h"
#include "stream/outer.h"
#include "stream/vfio-packets.h"
#include "stream/vfio-payload.h"
#include "stream/vfio-watch.h"
#include "stream/vfio.h"

/* A VFIO device that is taken. */
typedef struct Device {
    const MigSection *section;
    int data;           /* the file of its data */
    GByteArray *config; /* configuration space, as sent last */
    MigVfioDevice seen;
    uint64_t header; /* offset of its last section */
} Device;

struct MigExtract {
    MigReader *reader;
    MigExtractOptions options;
    MigRamImage *image;      /* RAM; else NULL */
    MigDiskImage *disks;     /* DISK; else NULL */
    GTree *blocks;           /* their names; a tree: none costs more than others */
    GPtrArray *devices;      /* Device, in order */
    GHashTable *by_section;  /* MigSection -> Device */
    MigVfioPackets *packets; /* of those devices, on other channels */
    bool described;          /* the description was seen */
    const MigSection *asked; /* the section of the last item, */
    bool wanted;             /* and whether it is one that is to be taken */
};

static void free_device(gpointer p)
{
    g_byte_array_unref(((Device *)p)->config);
    g_free(p);
}

/* Whether @section is to be taken; items of one mostly follow each other. */
static bool is_wanted(MigExtract *x, const MigSection *section)
{
    if (section != x->asked) {
        x->asked = section;
        x->wanted =
            mig_addresses_section(x->options.names, section->name, section->instance_id);
    }
    return x->wanted;
}

static int open_part(MigExtract *x, MigExtractPart part, const char *name, GError **error)
{
    return x->options.open(part, name, x->options.user, error);
}

/* --- RAM --------------------------------------------------------------------------------- */

static bool place_block(const MigRamBlock *block, int *fd, uint64_t *base, void *user,
                        GError **error)
{
    MigExtract *x = user;

    *fd = -1;
    *base = 0;
    /* If several blocks have the same name, pages mean the first. */
    if (!mig_addresses_section(x->options.names, block->name, 0) ||
        g_tree_lookup(x->blocks, block->name)) {
        return true;
    }
    g_tree_insert(x->blocks, g_strdup(block->name), x);
    *fd = open_part(x, MIG_EXTRACT_PART_RAM, block->name, error);
    if (*fd >= 0 && ftruncate(*fd, (off_t)block->used_length) < 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "a file of %" PRIu64 " bytes for %s: %s",
                            block->used_length, block->name, g_strerror(errno));
        return false;
    }
    return *fd >= 0;
}

/* A MigDiskPlace. */
static bool place_disk(const char *name, int *fd, void *user, GError **error)
{
    MigExtract *x = user;

    *fd = -1;
    if (!mig_addresses_section(x->options.names, name, 0)) {
        return true;
    }
    *fd = open_part(x, MIG_EXTRACT_PART_DISK, name, error);
    return *fd >= 0;
}

/* --- VFIO -------------------------------------------------------------------------------- */

/*
 * What `lspci -F` reads: the address, then rows of bytes.  The guest's bus number is not
 * in a stream.  In its place is the number of bridges that lead to the device, which is the
 * number that firmware gives in the plain case of one port.
 */
static char *lspci_text(const char *name, const GByteArray *space)
{
    GString *text = g_string_new(NULL);
    g_autofree char *path = g_strndup(name, strcspn(name, "/"));
    g_auto(GStrv) levels = g_strsplit(path, ":", -1);
    guint n = g_strv_length(levels);
    unsigned domain = 0, slot = 0, function = 0;

    if (n >= 3 && (sscanf(levels[0], "%x", &domain) != 1 ||
                   sscanf(levels[n - 1], "%x.%x", &slot, &function) != 2)) {
        domain = slot = function = 0;
    }
    g_string_printf(text, "%04x:%02x:%02x.%u Class %02x%02x: %02x%02x:%02x%02x\n",
                    domain & 0xffff, n > 3 ? (n - 3) & 0xff : 0, slot & 0x1f,
                    function & 7, space->data[0x0b], space->data[0x0a], space->data[1],
                    space->data[0], space->data[3], space->data[2]);
    for (guint at = 0; at < space->len; at += 16) {
        g_string_append_printf(text, "%02x:", at);
        for (guint i = at; i < at + 16; i++) {
            g_string_append_printf(text, " %02x", space->data[i]);
        }
        g_string_append_c(text, '\n');
    }
    g_string_append_c(text, '\n');
    return g_string_free(text, FALSE);
}

/* Where something is wrong. */
typedef struct Place {
    uint64_t offset;
    uint32_t channel;
    const MigSection *section; /* NULL: in none */
} Place;

static bool fail(const Place *place, const char *rule, const char *text, GError **error)
{
    GError *failure = NULL;

    mig_error_set(&failure, MIG_ERROR_MALFORMED, place->offset, rule, "%s", text);
    mig_error_set_channel(failure, place->channel);
    if (place->section) {
        mig_error_set_section(failure, place->section->name, place->section->instance_id);
    }
    g_propagate_error(error, failure);
    return false;
}

static bool write_all(int fd, const void *data, size_t n, GError **error)
{
    if (!mig_write_fully(fd, data, n)) {
        mig_error_set_plain(error, MIG_ERROR_IO, "writing: %s", g_strerror(errno));
        return false;
    }
    return true;
}

/* The device of @section; its file is opened when it is seen first. */
static Device *find_device(MigExtract *x, const MigSection *section, GError **error)
{
    Device *device = g_hash_table_lookup(x->by_section, section);
    g_autofree char *name = NULL;
    int fd;

    if (device) {
        return device;
    }
    name = mig_address_of_section(section->name, section->instance_id);
    fd = open_part(x, MIG_EXTRACT_PART_DATA, name, error);
    if (fd < 0) {
        return NULL;
    }
    device = g_new0(Device, 1);
    device->section = section;
    mig_vfio_device_init(&device->seen, section);
    device->data = fd;
    device->config = g_byte_array_new();
    g_ptr_array_add(x->devices, device);
    g_hash_table_insert(x->by_section, (gpointer)(uintptr_t)section, device);
    return device;
}

/* A packet of another channel, which is read at the end. */
static bool hold_packet(MigExtract *x, MigReader *reader, const MigItem *item,
                        GError **error)
{
    const Place place = { item->offset, item->channel, item->section };

    return item->piece || item->multifd_device.record.flag
               ? mig_vfio_packets_hold(x->packets, reader, item, error)
               : fail(&place, "multifd-device-packet",
                      "a packet of device state that makes no sense", error);
}

static bool take_vfio(MigExtract *x, MigReader *reader, const MigItem *item,
                      GError **error)
{
    const MigVfioRecord *record = &item->vfio;
    const uint8_t *p;
    Device *device;
    size_t n;

    if (!item->section && item->kind == MIG_ITEM_MULTIFD_DEVICE && !item->piece) {
        return fail(&(Place){ item->offset, item->channel, NULL },
                    "multifd-device-unknown",
                    "a packet of device state for a device that the main channel does "
                    "not have",
                    error);
    }
    if (!item->section || !mig_section_is_vfio(item->section) ||
        (item->kind != MIG_ITEM_VFIO_RECORD && item->kind != MIG_ITEM_MULTIFD_DEVICE &&
         item->kind != MIG_ITEM_SECTION_HEADER) ||
        !is_wanted(x, item->section)) {
        return true;
    }
    device = find_device(x, item->section, error);
    if (!device) {
        return false;
    }
    mig_vfio_device_watch(&device->seen, item);
    if (item->kind == MIG_ITEM_SECTION_HEADER) {
        device->header = item->offset;
        return true;
    }
    if (item->kind == MIG_ITEM_MULTIFD_DEVICE) {
        return hold_packet(x, reader, item, error);
    }
    if (record->flag != MIG_VFIO_DEV_DATA_STATE && !record->has_payload) {
        return true;
    }
    p = mig_reader_bytes(reader, item);
    if (!p) {
        return mig_input_end_error(mig_reader_input(reader), error);
    }
    if (record->has_payload) {
        g_byte_array_set_size(device->config, 0);
        g_byte_array_append(device->config, mig_vfio_item_config(item, p),
                            record->config_size);
        return true;
    }
    p = mig_vfio_item_payload(item, p, &n);
    return write_all(device->data, p, n, error);
}

/* Of a device whose state went over other channels there is some. */
static bool judge_place(const Device *device, GError **error)
{
    if (device->seen.dialect != MIG_VFIO_DIALECT_MULTIFD || device->seen.on_channels) {
        return true;
    }
    return fail(&(Place){ device->header, 0, device->section }, "multifd-device-missing",
                "its configuration and stop-and-copy data are neither on the main "
                "channel nor on another",
                error);
}

/* Of a set of packets, where the first fault is an error. */
typedef struct Fault {
    const MigSection *section;
    GError **error;
    bool found;
} Fault;

/* A MigVfioPacketFault. */
static bool refuse_packets(const MigVfioPacket *at, const char *text, void *user)
{
    Fault *fault = user;

    fault->found = true;
    return fail(&(Place){ at->packet, at->channel, fault->section },
                "multifd-device-order", text, fault->error);
}

/* Appends what the device gets of @packet to its data, or makes it its configuration. */
static bool take_packet(MigExtract *x, Device *device, const MigVfioPacket *packet,
                        GError **error)
{
    uint8_t buffer[65536];
    size_t n;

    for (uint32_t at = 0; at < packet->length; at += (uint32_t)n) {
        n = MIN(sizeof buffer, packet->length - at);
        if (!mig_vfio_packet_read(x->reader, packet, at, buffer, n, error)) {
            return false;
        }
        if (packet->config) {
            g_byte_array_append(device->config, buffer, (guint)n);
        } else if (!write_all(device->data, buffer, n, error)) {
            return false;
        }
    }
    return true;
}

/* The configuration space is a part of the payload that was taken. */
static void keep_space(Device *device)
{
    MigVfioPayload payload;

    if (mig_vfio_payload_parse_whole(device->config->data, device->config->len,
                                     &payload)) {
        g_byte_array_remove_range(device->config, 0, payload.config_offset);
        g_byte_array_set_size(device->config, payload.config_size);
    }
}

/* What came on other channels follows what came on the main one. */
static bool take_packets(MigExtract *x, Device *device, GError **error)
{
    Fault fault = { device->section, error, false };
    size_t n;
    const MigVfioPacket *all = mig_vfio_packets_of(x->packets, device->section, &n);

    mig_vfio_packets_judge(all, n, refuse_packets, &fault);
    if (fault.found) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (all[i].config) {
            g_byte_array_set_size(device->config, 0);
        }
        if (!take_packet(x, device, &all[i], error)) {
            return false;
        }
    }
    if (n) {
        keep_space(device);
    }
    return true;
}

static bool finish_vfio(MigExtract *x, GError **error)
{
    for (guint i = 0; i < x->devices->len; i++) {
        Device *device = g_ptr_array_index(x->devices, i);
        const MigSection *section = device->section;
        g_autofree char *name =
            mig_address_of_section(section->name, section->instance_id);
        g_autofree char *text = NULL;
        int fd;

        if (!judge_place(device, error) || !take_packets(x, device, error)) {
            return false;
        }
        text = device->config->len ? lspci_text(section->name, device->config) : NULL;
        fd = text ? open_part(x, MIG_EXTRACT_PART_CONFIG, name, error) : -1;

        if (text && (fd < 0 || !write_all(fd, text, strlen(text), error))) {
            return false;
        }
    }
    return true;
}

/* --- one output -------------------------------------------------------------------------- */

static bool take_section(MigExtract *x, MigReader *reader, const MigItem *item,
                         GError **error)
{
    const uint8_t *p;

    if (!item->section || !is_wanted(x, item->section) ||
        item->kind == MIG_ITEM_SECTION_HEADER || item->kind == MIG_ITEM_SECTION_FOOTER) {
        return true;
    }
    p = mig_reader_bytes(reader, item);
    return p ? mig_output_write(x->options.out, p, item->length, error)
             : mig_input_end_error(mig_reader_input(reader), error);
}

static bool take_description(MigExtract *x, MigReader *reader, const MigItem *item,
                             GError **error)
{
    const uint8_t *p;
    const char *json;
    size_t n;

    if (item->kind != MIG_ITEM_DESCRIPTION) {
        return true;
    }
    p = mig_reader_bytes(reader, item);
    if (!p) {
        return mig_input_end_error(mig_reader_input(reader), error);
    }
    x->described = true;
    json = mig_description_item_json(item, p, &n);
    return mig_output_write(x->options.out, json, n, error);
}

/* --- the stream -------------------------------------------------------------------------- */

static gint compare_names(gconstpointer a, gconstpointer b, gpointer unused)
{
    (void)unused;
    return strcmp(a, b);
}

MigExtract *mig_extract_new(MigReader *reader, const MigExtractOptions *options)
{
    MigExtractOptions known;
    MigExtract *x;

    g_return_val_if_fail(
        mig_options_take(&known, sizeof(known), options, "MigExtractOptions", NULL),
        NULL);
    x = g_new0(MigExtract, 1);
    x->reader = reader;
    x->options = known;
    x->image =
        known.what == MIG_EXTRACT_RAM ? mig_ram_image_new(reader, place_block, x) : NULL;
    if (x->image) {
        mig_ram_image_gather(x->image);
    }
    x->disks =
        known.what == MIG_EXTRACT_DISK ? mig_disk_image_new(reader, place_disk, x) : NULL;
    x->blocks = g_tree_new_full(compare_names, NULL, g_free, NULL);
    x->devices = g_ptr_array_new_with_free_func(free_device);
    x->by_section = g_hash_table_new(NULL, NULL);
    x->packets = mig_vfio_packets_new();
    return x;
}

void mig_extract_free(MigExtract *x)
{
    if (x) {
        mig_ram_image_free(x->image);
        mig_disk_image_free(x->disks);
        g_tree_unref(x->blocks);
        g_hash_table_unref(x->by_section);
        g_ptr_array_unref(x->devices);
        mig_vfio_packets_free(x->packets);
        g_free(x);
    }
}

bool mig_extract_watch(MigExtract *x, const MigItem *item, GError **error)
{
    MigReader *reader = x->reader;

    switch (x->options.what) {
    case MIG_EXTRACT_RAM:
        return mig_ram_image_watch(x->image, item, error);
    case MIG_EXTRACT_VFIO:
        return take_vfio(x, reader, item, error);
    case MIG_EXTRACT_SECTIONS:
        return take_section(x, reader, item, error);
    case MIG_EXTRACT_DISK:
        return mig_disk_image_watch(x->disks, item, error);
    default:
        return take_description(x, reader, item, error);
    }
}

bool mig_extract_finish(MigExtract *x, GError **error)
{
    if (x->options.what == MIG_EXTRACT_DESCRIPTION && !x->described) {
        mig_error_set_plain(error, MIG_ERROR_UNMATCHED, "the stream has no description");
        return false;
    }
    return (!x->image || mig_ram_image_flush(x->image, error)) &&
           (!x->disks || mig_disk_image_finish(x->disks, error)) && finish_vfio(x, error);
}

const MigRamImage *mig_extract_ram_image(const MigExtract *x)
{
    return x->image;
}

const MigDisk *const *mig_extract_disks(const MigExtract *x, size_t *n)
{
    *n = 0;
    return x->disks ? mig_disk_image_disks(x->disks, n) : NULL;
}

char *mig_extract_disk_complaint(const MigExtract *x, size_t *i, const char *option)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    size_t n;
    const MigDisk *const *disks = mig_extract_disks(x, &n);

    for (size_t at = 0; at < n; at++) {
        g_ptr_array_add(names, (gpointer)(uintptr_t)disks[at]->name);
    }
    return mig_addresses_complaint_among(x->options.names, i, "disk of a block migration",
                                         option, names);
}
