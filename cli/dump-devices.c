/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the pass of migstat dump --devices over a stream.
 * Must not know: how fields are decoded, nor how they look; it holds no more than one device.
 * See also:      dump-devices.h, what a format shows of it; cmd-dump.c.
 */
#include "dump-devices.h"

#include <string.h>

typedef struct Devices {
    Dump *dump;
    const DumpDevicesView *view;
    void *shown_in; /* what the view's functions get */
    MigAddresses *addresses;
    bool seeks; /* a field of the device that is shown */
    const MigPciNames *names;
    uint64_t shown; /* devices */
    DumpBody body;
    GHashTable *configs; /* MigSection -> digest of its last configuration payload */

    DumpDevice device; /* that is shown */
    bool opened;
    unsigned wanted;    /* depth + 1 of the group that was asked for; 0: none */
    GByteArray *groups; /* that are open: 1 for an array */
} Devices;

static void open_device(Devices *d)
{
    if (!d->opened) {
        d->opened = true;
        d->shown++;
        d->view->open(d->shown_in, &d->device);
    }
}

/* A part of a device: the leaves that match, or lie in a group that matches, one after the
 * other. */
static void visit_some(Devices *d, const MigField *field)
{
    if (field->kind == MIG_FIELD_END) {
        d->wanted = d->wanted == field->depth + 1 ? 0 : d->wanted;
        return;
    }
    if (!d->wanted &&
        !mig_field_is_meant(d->addresses, d->device.name, d->device.instance_id, field)) {
        return;
    }
    if (mig_field_is_group(field)) {
        d->wanted = d->wanted ? d->wanted : field->depth + 1;
    }
    if (!mig_field_is_group(field) || field->empty) {
        open_device(d);
        d->view->match(d->shown_in, &d->device, field);
    }
}

static void visit(const MigField *field, void *user)
{
    Devices *d = user;
    uint8_t is_array = field->kind == MIG_FIELD_ARRAY;

    if (!d->device.whole) {
        visit_some(d, field);
        return;
    }
    open_device(d);
    if (field->kind == MIG_FIELD_END) {
        d->view->end_group(d->shown_in);
        g_byte_array_set_size(d->groups, d->groups->len - 1);
        return;
    }
    if (d->seeks) {
        mig_field_is_meant(d->addresses, d->device.name, d->device.instance_id, field);
    }
    d->view->field(d->shown_in, field,
                   d->groups->len && d->groups->data[d->groups->len - 1]);
    if (mig_field_is_group(field)) {
        g_byte_array_append(d->groups, &is_array, 1);
    }
}

static void begin_device(Devices *d, const MigSection *section, uint64_t offset,
                         uint64_t length, const MigItem *config)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): device state is in a section */
    d->device = (DumpDevice){ section->name,
                              section->instance_id,
                              section->version_id,
                              section->id,
                              offset,
                              length,
                              config,
                              mig_addresses_is_empty(d->addresses) ||
                                  mig_addresses_section(d->addresses, section->name,
                                                        section->instance_id) };
    d->seeks =
        mig_addresses_seek_field(d->addresses, section->name, section->instance_id);
    d->opened = false;
    d->wanted = 0;
    if (d->device.whole) {
        open_device(d);
    }
}

static void end_device(Devices *d, bool matches)
{
    if (d->opened) {
        d->view->close(d->shown_in, &d->device, matches);
    }
}

static MigDecoder decoder_of(Devices *d)
{
    return (MigDecoder){ .budget = mig_reader_budget(d->dump->reader),
                         .names = d->names,
                         .visit = visit,
                         .user = d };
}

/* The body that went by is over. */
static void decode_body(Devices *d)
{
    const MigDecoder decoder = decoder_of(d);

    begin_device(d, d->body.section, d->body.offset, d->body.length, NULL);
    end_device(d, dump_body_decode(&d->body, d->dump, &decoder));
}

/* Configuration that a device sends again and again is shown when it has changed. */
static bool is_repeated(Devices *d, const MigItem *item, const uint8_t *payload, size_t n)
{
    char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, payload, n);
    bool same = g_strcmp0(g_hash_table_lookup(d->configs, item->section), digest) == 0;

    g_hash_table_insert(d->configs, (gpointer)(uintptr_t)item->section, digest);
    return same;
}

static void decode_configuration(Devices *d, const MigItem *item)
{
    const MigDecoder decoder = decoder_of(d);
    uint64_t at;
    bool matches;
    size_t n;
    const uint8_t *payload = mig_vfio_read_config(d->dump->reader, item, &n, &at);

    if (!payload || is_repeated(d, item, payload, n)) {
        return;
    }
    begin_device(d, item->section, at, n, item);
    matches = mig_vfio_payload_decode(&decoder, payload, n, at);
    end_device(d, matches);
}

static void watch(Devices *d, const MigItem *item)
{
    const MigVfioRecord *record;

    if (dump_body_is_over(&d->body, item)) {
        decode_body(d);
    }
    if (item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_FULL &&
        !mig_section_is_vfio(item->section) &&
        dump_wants(d->dump->options, item->section)) {
        dump_body_begin(&d->body, d->dump, item);
    } else if (d->body.section) {
        d->body.length += item->length;
    } else if ((record = mig_vfio_item_record(item)) && record->has_payload &&
               dump_wants(d->dump->options, item->section)) {
        decode_configuration(d, item);
    }
}

void dump_devices(Dump *dump, const DumpDevicesView *view)
{
    Devices d = { .dump = dump,
                  .view = view,
                  .addresses = dump->options->addresses,
                  .names = cli_pci_ids_names(dump->options->ids) };
    const MigItem *item;

    d.shown_in = view->begin(dump);
    d.groups = g_byte_array_new();
    d.configs = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    while (dump_next(dump, &item) &&
           mig_summary_watch(dump->summary, item, &dump->error) &&
           (!dump->check || mig_check_watch(dump->check, item, &dump->error))) {
        watch(&d, item);
        dump_skip_ram(dump);
    }
    if (d.body.section) {
        decode_body(&d);
    }
    view->end(d.shown_in, dump);
    dump->empty = d.shown == 0;
    g_byte_array_unref(d.groups);
    g_hash_table_unref(d.configs);
}
