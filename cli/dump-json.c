/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --format=json; the keys are described in migstat-json(5).
 * Must not know: text.
 * See also:      cmd-dump.c.
 */
#include <string.h>

#include "dump.h"

/* Opens the object @name; writes null and returns false where @what is NULL. */
static bool open_object(CliJson *json, const char *name, const void *what)
{
    if (what) {
        cli_json_object(json, name);
    } else {
        cli_json_null(json, name);
    }
    return what != NULL;
}

static void uint_or_null(CliJson *json, const char *key, uint64_t value, uint64_t none)
{
    if (value == none) {
        cli_json_null(json, key);
    } else {
        cli_json_uint(json, key, value);
    }
}

static void put_property(CliJson *json, const MigProperty *property)
{
    if (property->kind == MIG_PROPERTY_FLAG) {
        cli_json_bool(json, property->name, property->value != 0);
    } else {
        cli_json_uint(json, property->name, property->value);
    }
}

static void put_snapshots(CliJson *json, const MigContainer *container)
{
    const MigSnapshot *snapshot;

    if (!mig_container_snapshot(container, 0)) {
        return;
    }
    cli_json_array(json, "snapshots");
    for (size_t i = 0; (snapshot = mig_container_snapshot(container, i)); i++) {
        cli_json_object(json, NULL);
        cli_json_string(json, "id", snapshot->id);
        cli_json_string(json, "name", snapshot->name);
        cli_json_uint(json, "seconds", snapshot->seconds);
        cli_json_uint(json, "nanoseconds", snapshot->nanoseconds);
        cli_json_uint(json, "state_size", snapshot->state_size);
        cli_json_uint(json, "vm_clock_ns", snapshot->vm_clock);
        if (snapshot->has_icount) {
            cli_json_uint(json, "icount", snapshot->icount);
        }
        cli_json_bool(json, "is_read", snapshot->is_read);
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
}

static void put_wrappers(CliJson *json, const Dump *dump)
{
    const MigContainer *container;
    const MigProperty *property;

    cli_json_array(json, "wrappers");
    for (size_t i = 0; (container = mig_input_container(dump->in, i)); i++) {
        cli_json_object(json, NULL);
        cli_json_string(json, "name", mig_container_name(container));
        cli_json_uint(json, "header_length", mig_container_header_length(container));
        for (size_t j = 0; (property = mig_container_property(container, j)); j++) {
            put_property(json, property);
        }
        put_snapshots(json, container);
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
}

static void put_sum(CliJson *json, const MigSectionSum *sum)
{
    cli_json_object(json, NULL);
    cli_json_string_len(json, "name", sum->section->name, sum->section->name_length);
    cli_json_uint(json, "instance_id", sum->section->instance_id);
    cli_json_uint(json, "length", sum->length);
    cli_json_uint(json, "pieces", sum->count);
    cli_json_end_object(json);
}

static void put_overview_ram(CliJson *json, const MigOverview *o)
{
    cli_json_object(json, "ram");
    cli_json_uint(json, "length", o->ram_length);
    cli_json_uint(json, "rom_length", o->rom_length);
    uint_or_null(json, "pages", o->ram_pages, 0);
    cli_json_uint(json, "sent_pages", o->sent_pages);
    cli_json_uint(json, "zero_pages", o->zero_pages);
    cli_json_uint(json, "absent_pages", o->absent_pages);
    cli_json_bool(json, "resent", o->resent);
    cli_json_end_object(json);
}

static void put_overview(CliJson *json, const Dump *dump)
{
    const MigOverview *o = dump->overview;
    const MigSectionSum *sums[DUMP_LARGEST];
    size_t n = dump_largest(dump, sums);

    cli_json_object(json, "overview");
    uint_or_null(json, "cpus", o->n_cpus, 0);
    cli_json_string(json, "run_state", o->run_state);
    cli_json_string(json, "transfer", mig_transfer_name(o->transfer));
    put_overview_ram(json, o);
    cli_json_array(json, "largest");
    for (size_t i = 0; i < n; i++) {
        put_sum(json, sums[i]);
    }
    cli_json_end_array(json);
    cli_json_end_object(json);
}

static void put_configuration(CliJson *json, const MigConfiguration *conf)
{
    if (!open_object(json, "configuration", conf)) {
        return;
    }
    cli_json_string_len(json, "machine", conf->machine, conf->machine_length);
    cli_json_array(json, "capabilities");
    for (const char *const *name = conf->capabilities; name && *name; name++) {
        cli_json_string(json, NULL, *name);
    }
    cli_json_end_array(json);
    if (conf->has_page_bits) {
        cli_json_uint(json, "target_page_bits", conf->page_bits);
    }
    if (conf->uuid) {
        g_autofree char *uuid = mig_configuration_uuid_text(conf);

        cli_json_string(json, "uuid", uuid);
    }
    cli_json_end_object(json);
}

static void put_section(CliJson *json, const MigSectionSummary *s,
                        const MigSection *section)
{
    uint64_t at, length = mig_section_summary_body(s, &at);

    cli_json_object(json, NULL);
    cli_json_uint(json, "offset", s->offset);
    cli_json_uint(json, "length", s->length);
    cli_json_string(json, "type", mig_section_type_key(s->type));
    cli_json_uint(json, "id", s->id);
    cli_json_string_len(json, "name", section->name, section->name_length);
    cli_json_uint(json, "instance_id", section->instance_id);
    cli_json_uint(json, "version_id", s->version_id);
    cli_json_bool(json, "footer", s->footer);
    cli_json_bool(json, "inferred", s->inferred);
    if (s->description_differs) {
        cli_json_bool(json, "description_differs", true);
    }
    if (s->package_depth) {
        cli_json_uint(json, "package_depth", s->package_depth);
    }
    cli_json_object(json, "body");
    cli_json_uint(json, "offset", at);
    cli_json_uint(json, "length", length);
    cli_json_end_object(json);
    cli_json_end_object(json);
}

static void put_sorted_sections(CliJson *json, const Dump *dump)
{
    guint cut;
    g_autoptr(GArray) rows = dump_section_rows(dump, &cut);
    size_t n;
    const MigSection *const *all = mig_reader_sections(dump->reader, &n);

    for (guint i = 0; i < rows->len; i++) {
        const MigSectionSummary *s =
            mig_summary_section(dump->summary, g_array_index(rows, DumpRow, i).index);

        put_section(json, s, all[s->section]);
    }
}

static void put_sections_in_order(CliJson *json, const Dump *dump)
{
    const MigSectionSummary *s;
    guint left = dump->options->top;
    size_t n;
    const MigSection *const *all = mig_reader_sections(dump->reader, &n);

    for (guint i = 0; left > 0 && (s = mig_summary_section(dump->summary, i)); i++) {
        if (dump_wants(dump->options, all[s->section])) {
            put_section(json, s, all[s->section]);
            left--;
        }
    }
}

static void put_sections(CliJson *json, const Dump *dump)
{
    cli_json_array(json, "sections");
    if (dump_sorts(dump->options)) {
        put_sorted_sections(json, dump);
    } else {
        put_sections_in_order(json, dump);
    }
    cli_json_end_array(json);
}

static void put_commands(CliJson *json, const Dump *dump)
{
    const MigCommandSummary *c;

    cli_json_array(json, "commands");
    for (size_t i = 0; (c = mig_summary_command(dump->summary, i)); i++) {
        cli_json_object(json, NULL);
        cli_json_uint(json, "offset", c->offset);
        cli_json_uint(json, "length", c->length);
        cli_json_uint(json, "id", c->id);
        cli_json_string(json, "name", mig_command_name(c->id));
        if (c->id == MIG_CMD_PACKAGED) {
            cli_json_uint(json, "package_length", c->package_length);
        }
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
}

static void put_channel(CliJson *json, const Dump *dump, uint32_t i,
                        const MigChannelSummary *c)
{
    const MigInput *in = mig_reader_channel_input(dump->reader, i);

    cli_json_object(json, NULL);
    cli_json_uint(json, "channel", i);
    cli_json_string(json, "kind", dump_channel_kind(i, c));
    uint_or_null(json, "id", c->multifd ? c->id : UINT64_MAX, UINT64_MAX);
    cli_json_string(json, "file", mig_input_name(in));
    cli_json_uint(json, "length", c->length);
    cli_json_uint(json, "syncs", c->syncs);
    cli_json_uint(json, "packets", c->packets);
    cli_json_uint(json, "device_packets", c->device_packets);
    cli_json_uint(json, "normal", c->pages[MIG_PAGE_NORMAL]);
    cli_json_uint(json, "zero", c->pages[MIG_PAGE_ZERO]);
    cli_json_string(
        json, "compression",
        c->pages[MIG_PAGE_NORMAL] ? mig_multifd_compression_name(c->compression) : NULL);
    cli_json_end_object(json);
}

/* Of a capture only. */
static void put_channels(CliJson *json, const Dump *dump)
{
    const MigChannelSummary *c;

    if (!mig_input_attached(dump->in, 0)) {
        return;
    }
    cli_json_array(json, "channels");
    for (uint32_t i = 0; (c = mig_summary_channel(dump->summary, i)); i++) {
        put_channel(json, dump, i, c);
    }
    cli_json_end_array(json);
}

static void put_pages(CliJson *json, const MigRamSummary *ram)
{
    cli_json_object(json, "pages");
    for (MigPageKind kind = 0; kind < MIG_PAGE_KIND_COUNT; kind++) {
        cli_json_uint(json, mig_page_kind_name(kind), ram->pages[kind]);
    }
    cli_json_uint(json, "mapped", ram->mapped);
    cli_json_end_object(json);
    cli_json_uint(json, "wire_bytes", ram->wire_bytes);
}

static void put_block(CliJson *json, const MigRamBlock *block, const MigRamSummary *ram)
{
    cli_json_object(json, NULL);
    cli_json_string_len(json, "name", block->name, block->name_length);
    cli_json_uint(json, "length", block->used_length);
    put_pages(json, ram);
    if (block->host_page_size) {
        cli_json_uint(json, "host_page_size", block->host_page_size);
    }
    if (block->has_address) {
        cli_json_uint(json, "address", block->address);
        cli_json_wide(json, "address", block->address, 16);
    }
    if (block->mapped) {
        cli_json_uint(json, "bitmap_offset", block->bitmap_offset);
        cli_json_uint(json, "pages_offset", block->pages_offset);
    }
    cli_json_end_object(json);
}

static void put_ram(CliJson *json, const Dump *dump)
{
    const MigSummary *s = dump->summary;
    guint cut;
    g_autoptr(GArray) rows = dump_ram_rows(dump, &cut);
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(dump->reader, &n);

    cli_json_object(json, "ram");
    cli_json_array(json, "blocks");
    for (guint i = 0; i < rows->len; i++) {
        guint index = g_array_index(rows, DumpRow, i).index;

        put_block(json, blocks[index], mig_summary_ram(s, index));
    }
    cli_json_end_array(json);
    cli_json_uint(json, "records", mig_summary_totals(s)->ram_records);
    cli_json_end_object(json);
}

static void put_vfio_record(CliJson *json, const MigVfioRecordSummary *r)
{
    cli_json_object(json, NULL);
    cli_json_channel(json, r->channel);
    if (r->channel) {
        cli_json_uint(json, "index", r->index);
    }
    cli_json_uint(json, "offset", r->offset);
    cli_json_string(json, "flag", mig_vfio_flag_name(MIG_VFIO_FLAG_PREFIX | r->flag));
    cli_json_uint(json, "length", r->length);
    uint_or_null(json, "subflags", r->has_subflags ? r->subflags : UINT64_MAX,
                 UINT64_MAX);
    cli_json_uint(json, "payload_length", r->payload_length);
    cli_json_string(json, "type", mig_section_type_key(r->type));
    cli_json_end_object(json);
}

static void put_pci(CliJson *json, const Dump *dump, const MigVfioSummary *v)
{
    const MigPciNames *names = v->has_pci ? cli_pci_ids_names(dump->options->ids) : NULL;

    if (!v->has_pci) {
        cli_json_null(json, "pci");
        return;
    }
    cli_json_object(json, "pci");
    cli_json_uint(json, "vendor_id", v->vendor_id);
    cli_json_uint(json, "device_id", v->device_id);
    cli_json_string(json, "vendor_name", mig_pci_vendor_name(names, v->vendor_id));
    cli_json_string(json, "device_name",
                    mig_pci_device_name(names, v->vendor_id, v->device_id));
    cli_json_uint(json, "config_size", v->config_size);
    cli_json_uint(json, "msix_vectors", v->msix_vectors);
    cli_json_bool(json, "msix_enabled", v->msix_enabled);
    cli_json_end_object(json);
}

static void put_vfio_device(CliJson *json, const Dump *dump, guint index)
{
    const MigSummary *s = dump->summary;
    const MigVfioSummary *v = mig_summary_vfio(s, index);
    const MigVfioDevice *d = &v->device;

    cli_json_object(json, NULL);
    cli_json_string_len(json, "name", d->section->name, d->section->name_length);
    cli_json_uint(json, "instance_id", d->section->instance_id);
    cli_json_string(json, "dialect", mig_vfio_dialect_name(d->dialect));
    cli_json_bool(json, "config_before_data",
                  d->config != UINT64_MAX && d->config < d->first_data);
    cli_json_bool(json, "config_before_stop_copy",
                  d->config != UINT64_MAX && d->config < d->first_stop_copy);
    cli_json_uint(json, "precopy_bytes", d->precopy_bytes);
    cli_json_uint(json, "stop_copy_bytes", d->stop_copy_bytes);
    uint_or_null(json, "config_offset", d->config, UINT64_MAX);
    if (d->config != UINT64_MAX) {
        cli_json_string(json, "config_section", mig_section_type_key(d->config_type));
    } else {
        cli_json_null(json, "config_section");
    }
    uint_or_null(json, "enable_offset", d->enable, UINT64_MAX);
    if (d->packet_channel) {
        cli_json_object(json, "config_packet");
        cli_json_channel(json, d->packet_channel);
        cli_json_uint(json, "offset", d->packet_config);
        cli_json_end_object(json);
    }
    put_pci(json, dump, v);
    cli_json_array(json, "records");
    for (uint32_t next = v->first_record; next;) {
        const MigVfioRecordSummary *r = mig_summary_vfio_record(s, next - 1);

        put_vfio_record(json, r);
        next = r->next;
    }
    cli_json_end_array(json);
    cli_json_end_object(json);
}

static void put_device_size(CliJson *json, const Dump *dump, guint index)
{
    put_sum(json, &dump->overview->sums[index]);
}

/* The array @name: what @put writes of each of the rows that @rows_of chooses. */
static void put_rows(CliJson *json, const char *name, const Dump *dump,
                     GArray *(*rows_of)(const Dump *dump, guint *cut),
                     void (*put)(CliJson *json, const Dump *dump, guint index))
{
    guint cut;
    g_autoptr(GArray) rows = rows_of(dump, &cut);

    cli_json_array(json, name);
    for (guint i = 0; i < rows->len; i++) {
        put(json, dump, g_array_index(rows, DumpRow, i).index);
    }
    cli_json_end_array(json);
}

static void put_vfio(CliJson *json, const Dump *dump)
{
    put_rows(json, "vfio", dump, dump_vfio_rows, put_vfio_device);
}

static void put_device_sizes(CliJson *json, const Dump *dump)
{
    put_rows(json, "device_sizes", dump, dump_device_rows, put_device_size);
}

static void put_description(CliJson *json, const MigDescription *description)
{
    if (!open_object(json, "description", description)) {
        return;
    }
    cli_json_uint(json, "offset", description->offset);
    cli_json_uint(json, "length",
                  description->json_offset - description->offset +
                      description->json_length);
    cli_json_object(json, "body");
    cli_json_uint(json, "offset", description->json_offset);
    cli_json_uint(json, "length", description->json_length);
    cli_json_end_object(json);
    cli_json_bool(json, "valid", description->valid);
    cli_json_uint(json, "devices", description->n_devices);
    cli_json_end_object(json);
}

static void put_end(CliJson *json, const Dump *dump)
{
    const MigSummaryTotals *totals = mig_summary_totals(dump->summary);

    uint_or_null(json, "eof_offset", totals->eof_offset, UINT64_MAX);
    put_description(json, mig_reader_description(dump->reader));
    cli_json_uint(json, "trailing_bytes", totals->trailing_bytes);
}

static void put_defects(CliJson *json, const Dump *dump)
{
    const MigDefectSummary *defect;

    cli_json_array(json, "defects");
    for (size_t i = 0; (defect = mig_summary_defect(dump->summary, i)); i++) {
        cli_json_object(json, NULL);
        cli_json_uint(json, "offset", defect->offset);
        cli_json_string(json, "rule", defect->rule);
        if (defect->section) {
            cli_json_string_len(json, "section", defect->section->name,
                                defect->section->name_length);
        }
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
}

/* What the text has at the top. */
static void put_head(CliJson *json, const Dump *dump)
{
    g_autofree char *container = dump->opened ? dump_container(dump->in) : NULL;

    uint_or_null(json, "size", dump->size, UINT64_MAX);
    cli_json_string(json, "container", container);
    put_wrappers(json, dump);
    put_overview(json, dump);
    put_configuration(json, mig_reader_configuration(dump->reader));
    uint_or_null(json, "page_size", dump_page_size(dump), 0);
}

CliJson *dump_json_begin(const Dump *dump, const char *key)
{
    CliJson *json = g_new(CliJson, 1);

    cli_json_init(json, stdout);
    cli_json_object(json, NULL);
    cli_json_string(json, "file", dump->file);
    cli_json_array(json, key);
    return json;
}

static void put_outcome(CliJson *json, const Dump *dump)
{
    cli_json_bool(json, "complete", !dump->error);
    cli_json_error(json, "error", dump->error);
    cli_json_end_object(json);
    cli_json_finish(json);
}

void dump_json_end(void *view, const Dump *dump)
{
    CliJson *json = view;

    cli_json_end_array(json);
    put_outcome(json, dump);
    g_free(json);
}

void dump_json(const Dump *dump)
{
    static const struct {
        DumpTable table;
        void (*put)(CliJson *json, const Dump *dump);
    } parts[] = {
        { DUMP_OVERVIEW, put_head },
        { DUMP_CHANNELS, put_channels },
        { DUMP_SECTIONS, put_sections },
        { DUMP_COMMANDS, put_commands },
        { DUMP_RAM, put_ram },
        { DUMP_VFIO, put_vfio },
        { DUMP_DEVICES, put_device_sizes },
        { DUMP_DESCRIPTION, put_end },
        { DUMP_DEFECTS, put_defects },
        { DUMP_OVERVIEW, dump_verdict_json },
    };
    CliJson json;

    cli_json_init(&json, stdout);
    cli_json_object(&json, NULL);
    cli_json_string(&json, "file", dump->file);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (dump_shows(dump->options, parts[i].table)) {
            parts[i].put(&json, dump);
        }
    }
    put_outcome(&json, dump);
}
