/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --devices as text.
 * Must not know: how fields are decoded; which of them were asked for.
 * See also:      dump-devices.c, which walks; fields.c, the look of one value.
 */
#include <string.h>

#include "dump-devices.h"
#include "fields.h"
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

typedef struct View {
    bool color;
    bool hex;       /* all bytes of buffers */
    bool fold;      /* what is alike */
    uint64_t shown; /* devices */
    Fold waits;
} View;

/* A field on one line, or where that would not be in columns, its name and under it the rest. */
static void print_line(View *v, const MigField *field, const char *value)
{
    const char *note = field->note;
    g_autofree char *shown_name = cli_escape(field->name, strlen(field->name));
    g_autofree char *shown_type = cli_escape(field->type, strlen(field->type));
    g_autofree char *shown_note = note ? cli_escape(note, strlen(note)) : NULL;
    int indent = 2 + 2 * (int)MIN(field->depth, 32), limit = cli_columns(stdout, 0);
    g_autofree char *rest = g_strdup_printf(
        "%s%-*s 0x%08" PRIx64 "%s%s%s%s%s%s%s", cli_style(v->color, CLI_DIM),
        TYPE_COLUMNS, shown_type, field->offset, cli_style(v->color, CLI_PLAIN),
        *value ? "  " : "", value, note ? "  " : "",
        note ? cli_style(v->color, CLI_CYAN) : "", note ? shown_note : "",
        note ? cli_style(v->color, CLI_PLAIN) : "");
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

static void flush_fold(View *v)
{
    Fold *fold = &v->waits;
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
    print_line(v, &field, fold->value);
    g_clear_pointer(&fold->first, g_free);
    g_clear_pointer(&fold->last, g_free);
    g_clear_pointer(&fold->type, g_free);
    g_clear_pointer(&fold->value, g_free);
}

static void fold_in(View *v, const MigField *field, const char *value)
{
    Fold *fold = &v->waits;

    if (fold->first && fold->depth == field->depth && g_str_equal(fold->value, value) &&
        g_str_equal(fold->type, field->type)) {
        g_free(fold->last);
        fold->last = g_strdup(field->name);
        return;
    }
    flush_fold(v);
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
static void print_found(View *v, const DumpDevice *device, const MigField *field)
{
    g_autofree char *section =
        cli_address(device->name, strlen(device->name), device->instance_id);
    g_autofree char *path = cli_escape(field->path, strlen(field->path));
    g_autofree char *shown = g_strconcat(section, ":", path, NULL);
    g_autofree char *type = cli_escape(field->type, strlen(field->type));
    g_autofree char *value = cli_field_value(field);
    g_autofree char *note = field->note && !field->empty
                                ? cli_escape(field->note, strlen(field->note))
                                : NULL;

    g_autofree char *line = g_strdup_printf("%s  %s%s 0x%08" PRIx64 "%s  %s%s%s", shown,
                                            cli_style(v->color, CLI_DIM), type,
                                            field->offset, cli_style(v->color, CLI_PLAIN),
                                            value, note ? "  " : "", note ? note : "");

    cli_print_row(stdout, 4, line);
}

static bool wants_hex(const View *v, const MigField *field)
{
    return v->hex && field->bytes &&
           ((field->kind == MIG_FIELD_BYTES && field->length > CLI_FIELD_BYTES) ||
            field->kind == MIG_FIELD_MISMATCH || g_str_equal(field->type, "pci config"));
}

static void print_field(void *view, const MigField *field, bool element)
{
    View *v = view;
    g_autofree char *value = NULL;

    if (mig_field_is_group(field)) {
        flush_fold(v);
        print_line(v, field, "");
    } else {
        value = cli_field_value(field);
        if (element && !field->note && field->kind != MIG_FIELD_MISMATCH && v->fold) {
            fold_in(v, field, value);
        } else {
            flush_fold(v);
            print_line(v, field, value);
        }
    }
    if (wants_hex(v, field)) {
        flush_fold(v);
        print_hex(field);
    }
}

static void *begin(const Dump *dump)
{
    View *v = g_new0(View, 1);

    v->color = cli_use_color(dump->options->common->color, stdout);
    v->hex = dump->options->hex;
    v->fold = !dump->options->all;
    return v;
}

static void open_device(void *view, const DumpDevice *device)
{
    View *v = view;
    g_autofree char *address = mig_address_of_section(device->name, device->instance_id);
    g_autofree char *shown = cli_escape(address, strlen(address));
    g_autofree char *length = cli_number(device->length), *line = NULL;
    uint32_t channel = device->config ? device->config->channel : 0;
    g_autofree char *at = cli_offset(channel, device->offset);

    v->shown++;
    if (!device->whole) {
        return;
    }
    line = g_strdup_printf("%s%s%s  version %u, %s bytes at %s%s%s",
                           cli_style(v->color, CLI_BOLD), shown,
                           cli_style(v->color, CLI_PLAIN), device->version_id, length, at,
                           device->config ? ", configuration in " : "",
                           channel          ? "a packet"
                           : device->config ? mig_section_type_name(device->config->type)
                                            : "");
    fputs(v->shown > 1 ? "\n" : "", stdout);
    cli_print_row(stdout, 2, line);
}

static void end_group(void *view)
{
    flush_fold(view);
}

static void print_match(void *view, const DumpDevice *device, const MigField *field)
{
    print_found(view, device, field);
    if (wants_hex(view, field)) {
        print_hex(field);
    }
}

static void close_device(void *view, const DumpDevice *device, bool matches)
{
    (void)device;
    (void)matches;
    flush_fold(view);
}

static void end(void *view, const Dump *dump)
{
    (void)dump;
    g_free(view);
}

const DumpDevicesView dump_devices_text = { .begin = begin,
                                            .open = open_device,
                                            .field = print_field,
                                            .end_group = end_group,
                                            .match = print_match,
                                            .close = close_device,
                                            .end = end };
