/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --devices, as text and as JSON.
 * Must not know: how fields are decoded; it holds no more than one device.
 * See also:      cmd-dump.c; fields.c, the look of one value.
 */
#include <string.h>

#include "dump.h"
#include "fields.h"
#include "progress.h"
#include "text.h"

#define NAME_COLUMNS 36
#define TYPE_COLUMNS 17

/* Elements of an array that are alike come as one line. */
typedef struct Fold {
    char *first, *last; /* names of the elements; NULL: none waits */
    char *type, *value;
    unsigned depth;
    uint64_t offset;
} Fold;

/* A group that is open. */
typedef struct Group {
    bool array;
    GArray *wide; /* JSON: elements of 64 bits, which come again as strings; or NULL */
} Group;

typedef struct Devices {
    Dump *dump;
    CliJson *json;   /* NULL: text */
    bool color, all; /* all bytes of buffers */
    MigAddresses *addresses;
    bool seeks; /* a field of the device that is printed */
    const MigPciNames *names;
    uint64_t shown; /* devices */

    /* The section whose body goes by. */
    const MigSection *section;
    uint64_t from, length;

    GHashTable *configs; /* MigSection -> digest of its last configuration payload */

    /* The device that is printed. */
    const char *name;
    uint32_t instance_id;
    bool whole; /* all of it was asked for */
    bool opened;
    unsigned wanted; /* depth + 1 of the group that was asked for; 0: none */
    GArray *groups;  /* of Group: those that are open */
    Fold fold;
    const MigItem *config; /* the record of a configuration, or NULL */
    uint32_t version_id;
    uint64_t body_offset, body_length;
} Devices;

/* --- text -------------------------------------------------------------------------------- */

/* A field on one line, or where that would not be in columns, its name and under it the rest. */
static void print_line(Devices *d, const MigField *field, const char *value)
{
    const char *note = field->note;
    g_autofree char *shown_name = cli_escape(field->name, strlen(field->name));
    g_autofree char *shown_type = cli_escape(field->type, strlen(field->type));
    g_autofree char *shown_note = note ? cli_escape(note, strlen(note)) : NULL;
    int indent = 2 + 2 * (int)MIN(field->depth, 32), limit = cli_columns(stdout, 0);
    g_autofree char *rest = g_strdup_printf(
        "%s%-*s 0x%08" PRIx64 "%s%s%s%s%s%s%s", cli_style(d->color, CLI_DIM),
        TYPE_COLUMNS, shown_type, field->offset, cli_style(d->color, CLI_PLAIN),
        *value ? "  " : "", value, note ? "  " : "",
        note ? cli_style(d->color, CLI_CYAN) : "", note ? shown_note : "",
        note ? cli_style(d->color, CLI_PLAIN) : "");
    g_autofree char *line = g_strdup_printf(
        "%*s%-*s  %s", indent, "", MAX(NAME_COLUMNS - indent, 1), shown_name, rest);

    if (limit && (cli_width(line) > (size_t)limit ||
                  cli_width(shown_name) + (size_t)indent > NAME_COLUMNS)) {
        g_autofree char *first = g_strdup_printf("%*s%s", indent, "", shown_name);
        g_autofree char *second = g_strdup_printf("%*s%s", indent + 4, "", rest);

        cli_print_row(stdout, indent + 4, first);
        cli_print_row(stdout, indent + 4, second);
    } else {
        printf("%s\n", line);
    }
}

static void flush_fold(Devices *d)
{
    Fold *fold = &d->fold;
    MigField field = { .type = fold->type, .depth = fold->depth, .offset = fold->offset };
    g_autofree char *name = NULL;

    if (!fold->first) {
        return;
    }
    /* "[3]" to "[7]" is "[3-7]" */
    name = g_str_equal(fold->first, fold->last)
               ? g_strdup(fold->first)
               : g_strdup_printf("%.*s-%s", (int)strlen(fold->first) - 1, fold->first,
                                 fold->last + 1);
    field.name = name;
    print_line(d, &field, fold->value);
    g_clear_pointer(&fold->first, g_free);
    g_clear_pointer(&fold->last, g_free);
    g_clear_pointer(&fold->type, g_free);
    g_clear_pointer(&fold->value, g_free);
}

static void fold_in(Devices *d, const MigField *field, const char *value)
{
    Fold *fold = &d->fold;

    if (fold->first && fold->depth == field->depth && g_str_equal(fold->value, value) &&
        g_str_equal(fold->type, field->type)) {
        g_free(fold->last);
        fold->last = g_strdup(field->name);
        return;
    }
    flush_fold(d);
    *fold = (Fold){ .first = g_strdup(field->name),
                    .last = g_strdup(field->name),
                    .type = g_strdup(field->type),
                    .value = g_strdup(value),
                    .depth = field->depth,
                    .offset = field->offset };
}

static void print_hex(const MigField *field)
{
    for (uint64_t at = 0; at < field->length; at += 16) {
        g_autofree char *row =
            cli_field_hex(field->bytes + at, MIN(16, field->length - at), 16);

        int indent = 4 + 2 * (int)MIN(field->depth, 32);
        g_autofree char *line = g_strdup_printf("%*s0x%08" PRIx64 ": %s", indent, "",
                                                field->offset + at, row);

        cli_print_row(stdout, indent + 12, line);
    }
}

/* A line for one field that a pattern has found, with its whole address. */
static void print_found(Devices *d, const MigField *field)
{
    g_autofree char *device = mig_address_of_section(d->name, d->instance_id);
    g_autofree char *address = g_strconcat(device, ":", field->path, NULL);
    g_autofree char *shown = cli_escape(address, strlen(address));
    g_autofree char *type = cli_escape(field->type, strlen(field->type));
    g_autofree char *value = cli_field_value(field);
    g_autofree char *note = field->note && !field->empty
                                ? cli_escape(field->note, strlen(field->note))
                                : NULL;

    g_autofree char *line = g_strdup_printf("%s  %s%s 0x%08" PRIx64 "%s  %s%s%s", shown,
                                            cli_style(d->color, CLI_DIM), type,
                                            field->offset, cli_style(d->color, CLI_PLAIN),
                                            value, note ? "  " : "", note ? note : "");

    cli_print_row(stdout, 4, line);
}

static bool wants_hex(const Devices *d, const MigField *field)
{
    return d->all && field->bytes &&
           ((field->kind == MIG_FIELD_BYTES && field->length > CLI_FIELD_BYTES) ||
            field->kind == MIG_FIELD_MISMATCH || g_str_equal(field->type, "pci config"));
}

static void print_field(Devices *d, const MigField *field, bool element)
{
    g_autofree char *value = NULL;

    if (mig_field_is_group(field)) {
        flush_fold(d);
        print_line(d, field, "");
    } else {
        value = cli_field_value(field);
        if (element && !field->note && field->kind != MIG_FIELD_MISMATCH &&
            !d->dump->options->all) {
            fold_in(d, field, value);
        } else {
            flush_fold(d);
            print_line(d, field, value);
        }
    }
    if (wants_hex(d, field)) {
        flush_fold(d);
        print_hex(field);
    }
}

/* --- JSON -------------------------------------------------------------------------------- */

static void json_members(Devices *d, const MigField *field)
{
    cli_json_string(d->json, d->whole ? "name" : "path",
                    d->whole ? field->name : field->path);
    cli_json_string(d->json, "type", field->type);
    cli_json_uint(d->json, "offset", field->offset);
    cli_json_uint(d->json, "length", field->length);
    if (field->note) {
        cli_json_string(d->json, "note", field->note);
    }
}

static void json_leaf(Devices *d, const MigField *field)
{
    cli_json_object(d->json, NULL);
    json_members(d, field);
    cli_field_json(d->json, field->kind == MIG_FIELD_MISMATCH ? "mismatch" : "value",
                   field, d->all);
    if ((field->kind == MIG_FIELD_BYTES || field->kind == MIG_FIELD_MISMATCH) &&
        (d->all ? !field->bytes : field->length > CLI_FIELD_BYTES)) {
        cli_json_bool(d->json, "truncated", true);
    }
    cli_json_end_object(d->json);
}

static void keep_wide(Devices *d, const MigField *field)
{
    Group *group = &g_array_index(d->groups, Group, d->groups->len - 1);

    if ((field->kind != MIG_FIELD_UINT && field->kind != MIG_FIELD_INT) ||
        field->length <= 4) {
        return;
    }
    if (!group->wide) {
        group->wide = g_array_new(false, false, sizeof(uint64_t));
    }
    g_array_append_val(group->wide, field->u);
}

static void end_json_group(Devices *d, const Group *group)
{
    cli_json_end_array(d->json);
    if (group->wide) {
        cli_json_array(d->json, "value_hex");
        for (guint i = 0; i < group->wide->len; i++) {
            char text[19];

            g_snprintf(text, sizeof(text), "0x%016" PRIx64,
                       g_array_index(group->wide, uint64_t, i));
            cli_json_string(d->json, NULL, text);
        }
        cli_json_end_array(d->json);
    }
    cli_json_end_object(d->json);
}

static void open_group(Devices *d, const MigField *field)
{
    Group group = { .array = field->kind == MIG_FIELD_ARRAY };

    g_array_append_val(d->groups, group);
}

static void close_group(Devices *d)
{
    Group *group = &g_array_index(d->groups, Group, d->groups->len - 1);

    flush_fold(d);
    if (d->json) {
        end_json_group(d, group);
    }
    if (group->wide) {
        g_array_unref(group->wide);
    }
    g_array_set_size(d->groups, d->groups->len - 1);
}

/* Elements that are plain values come as such. */
static void json_field(Devices *d, const MigField *field, bool element)
{
    if (mig_field_is_group(field)) {
        cli_json_object(d->json, NULL);
        json_members(d, field);
        cli_json_array(d->json, field->kind == MIG_FIELD_ARRAY ? "value" : "fields");
    } else if (element && field->kind != MIG_FIELD_MISMATCH &&
               field->kind != MIG_FIELD_BYTES) {
        cli_field_json(d->json, NULL, field, d->all);
        keep_wide(d, field);
    } else {
        json_leaf(d, field);
    }
}

/* --- the walk ---------------------------------------------------------------------------- */

static void open_device(Devices *d)
{
    g_autofree char *address = mig_address_of_section(d->name, d->instance_id);
    g_autofree char *shown = cli_escape(address, strlen(address));
    g_autofree char *length = cli_number(d->body_length);

    if (d->opened) {
        return;
    }
    d->opened = true;
    d->shown++;
    if (d->json) {
        cli_json_object(d->json, NULL);
        cli_json_string(d->json, "name", d->name);
        cli_json_uint(d->json, "instance_id", d->instance_id);
        cli_json_uint(d->json, "version_id", d->version_id);
        cli_json_uint(d->json, "offset", d->body_offset);
        cli_json_uint(d->json, "length", d->body_length);
        if (d->config) {
            cli_json_string(d->json, "configuration_in",
                            mig_section_type_key(d->config->type));
        }
        cli_json_array(d->json, "fields");
    } else if (d->whole) {
        g_autofree char *line = g_strdup_printf(
            "%s%s%s  version %u, %s bytes at 0x%" PRIx64 "%s%s",
            cli_style(d->color, CLI_BOLD), shown, cli_style(d->color, CLI_PLAIN),
            d->version_id, length, d->body_offset, d->config ? ", configuration in " : "",
            d->config ? mig_section_type_name(d->config->type) : "");

        fputs(d->shown > 1 ? "\n" : "", stdout);
        cli_print_row(stdout, 2, line);
    }
}

static void show_found(Devices *d, const MigField *field)
{
    open_device(d);
    if (d->json) {
        json_leaf(d, field);
        return;
    }
    print_found(d, field);
    if (wants_hex(d, field)) {
        print_hex(field);
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
        !mig_addresses_field(d->addresses, d->name, d->instance_id, field->path)) {
        return;
    }
    if (mig_field_is_group(field)) {
        d->wanted = d->wanted ? d->wanted : field->depth + 1;
    }
    if (!mig_field_is_group(field) || field->empty) {
        show_found(d, field);
    }
}

static void visit(const MigField *field, void *user)
{
    Devices *d = user;
    bool element;

    if (!d->whole) {
        visit_some(d, field);
        return;
    }
    open_device(d);
    if (d->seeks && field->kind != MIG_FIELD_END) {
        mig_addresses_field(d->addresses, d->name, d->instance_id, field->path);
    }
    if (field->kind == MIG_FIELD_END) {
        close_group(d);
        return;
    }
    element = d->groups->len && g_array_index(d->groups, Group, d->groups->len - 1).array;
    if (d->json) {
        json_field(d, field, element);
    } else {
        print_field(d, field, element);
    }
    if (mig_field_is_group(field)) {
        open_group(d, field);
    }
}

static void begin_device(Devices *d, const MigSection *section, uint64_t offset,
                         uint64_t length, const MigItem *config)
{
    d->name = section->name;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): device state is in a section */
    d->instance_id = section->instance_id;
    d->version_id = section->version_id;
    d->body_offset = offset;
    d->body_length = length;
    d->config = config;
    d->whole = mig_addresses_is_empty(d->addresses) ||
               mig_addresses_section(d->addresses, d->name, d->instance_id);
    d->seeks = mig_addresses_seek_field(d->addresses, d->name, d->instance_id);
    d->opened = false;
    d->wanted = 0;
    if (d->whole) {
        open_device(d);
    }
}

static void end_device(Devices *d, bool matches)
{
    flush_fold(d);
    if (d->opened && d->json) {
        cli_json_end_array(d->json);
        cli_json_bool(d->json, "matches", matches);
        cli_json_end_object(d->json);
    }
}

static MigDecoder decoder_of(Devices *d)
{
    return (MigDecoder){ mig_reader_budget(d->dump->reader), d->names, visit, d };
}

/* The body that went by is over. */
static void decode_body(Devices *d)
{
    const MigDecoder decoder = decoder_of(d);
    MigDeviceBody body;
    bool matches = false;

    if (!d->section) {
        return;
    }
    body = (MigDeviceBody){ d->section->name, d->section->instance_id,
                            d->section->version_id, d->from, d->length };
    begin_device(d, d->section, d->from, d->length, NULL);
    d->section = NULL;
    mig_device_decode_at(&decoder, d->dump->in, mig_reader_description(d->dump->reader),
                         &body, &matches, d->dump->error ? NULL : &d->dump->error);
    end_device(d, matches);
}

/* Configuration that a device sends again and again is shown when it has changed. */
static bool is_repeated(Devices *d, const MigItem *item, const uint8_t *payload)
{
    char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, payload,
                                               item->vfio.payload_length);
    bool same = g_strcmp0(g_hash_table_lookup(d->configs, item->section), digest) == 0;

    g_hash_table_insert(d->configs, (gpointer)(uintptr_t)item->section, digest);
    return same;
}

static void decode_configuration(Devices *d, const MigItem *item)
{
    const uint8_t *bytes = mig_reader_bytes(d->dump->reader, item);
    const MigDecoder decoder = decoder_of(d);
    const uint8_t *payload;
    uint64_t at;
    bool matches;
    size_t n;

    if (!bytes) {
        return;
    }
    payload = mig_vfio_item_payload(item, bytes, &n);
    at = item->offset + (uint64_t)(payload - bytes);
    if (is_repeated(d, item, payload)) {
        return;
    }
    begin_device(d, item->section, at, n, item);
    matches = mig_vfio_payload_decode(&decoder, payload, n, at);
    end_device(d, matches);
}

static void watch(Devices *d, const MigItem *item)
{
    bool in_body = item->section && item->kind != MIG_ITEM_SECTION_HEADER &&
                   item->kind != MIG_ITEM_SECTION_FOOTER;

    if (d->section && !in_body) {
        decode_body(d);
    }
    if (item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_FULL &&
        !mig_section_is_vfio(item->section) &&
        dump_wants(d->dump->options, item->section)) {
        /* from here on a pipe can be read again too */
        mig_reader_find_description(d->dump->reader, NULL);
        d->section = item->section;
        d->from = item->offset + item->length;
        d->length = 0;
    } else if (d->section) {
        d->length += item->length;
    } else if (item->kind == MIG_ITEM_VFIO_RECORD && item->vfio.has_payload &&
               dump_wants(d->dump->options, item->section)) {
        decode_configuration(d, item);
    }
}

void dump_devices(Dump *dump)
{
    Devices d = { .dump = dump,
                  .all = dump->options->hex,
                  .names = cli_pci_ids_names(dump->options->ids),
                  .color = cli_use_color(dump->options->common->color, stdout) };
    CliJson json;
    const MigItem *item;

    cli_json_init(&json, stdout);
    if (dump->options->common->format == CLI_FORMAT_JSON) {
        d.json = &json;
        cli_json_object(&json, NULL);
        cli_json_string(&json, "file", dump->file);
        cli_json_array(&json, "devices");
    }
    d.addresses = dump->options->addresses;
    d.groups = g_array_new(false, false, sizeof(Group));
    d.configs = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    while (dump_next(dump, &item) &&
           mig_summary_watch(dump->summary, dump->reader, item, &dump->error)) {
        watch(&d, item);
    }
    decode_body(&d);
    if (d.json) {
        cli_json_end_array(&json);
        cli_json_bool(&json, "complete", !dump->error);
        cli_json_error(&json, "error", dump->error);
        cli_json_end_object(&json);
        cli_json_finish(&json);
    }
    dump->empty = d.shown == 0;
    g_array_unref(d.groups);
    g_hash_table_unref(d.configs);
}
