/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which differences are wanted, and how they look, as text and as JSON.
 * Must not know: what is compared.
 * See also:      cmd-diff.c.
 */
#include <string.h>

#include "diff.h"
#include "fields.h"
#include "text.h"

#define PATH_COLUMNS 40
#define HANG         6 /* of what does not fit beside a path */

/* Lines about one section, unless all are asked for. */
#define LINES_MAX 100u

static bool means(MigAddresses *addresses, const MigSection *section, const char *path)
{
    bool whole = mig_addresses_section(addresses, section->name, section->instance_id);
    bool field =
        path && mig_addresses_field(addresses, section->name, section->instance_id, path);

    return whole || field;
}

bool diff_wants(const Diff *diff, const MigSection *section, const char *path)
{
    bool wanted = mig_addresses_is_empty(diff->only) || means(diff->only, section, path);

    return !means(diff->left, section, path) && wanted;
}

bool diff_seeks(const Diff *diff, const MigSection *section)
{
    return mig_addresses_seek_field(diff->only, section->name, section->instance_id) ||
           mig_addresses_seek_field(diff->left, section->name, section->instance_id);
}

/* --- text -------------------------------------------------------------------------------- */

static void print_files(Diff *diff)
{
    for (int i = 0; i < 2; i++) {
        g_autofree char *file = cli_file_name(diff->side[i].file);
        g_autofree char *line =
            g_strdup_printf("%s%s %s%s", cli_style(diff->color, i ? CLI_GREEN : CLI_RED),
                            i ? "+++" : "---", file, cli_style(diff->color, CLI_PLAIN));

        cli_print_row(stdout, HANG, line);
    }
}

/* The section, once for all lines about it. */
static void print_heading(Diff *diff, const DiffPlace *place)
{
    g_autofree char *heading =
        place->section
            ? mig_address_of_section(place->section->name, place->section->instance_id)
            : g_strdup(g_str_has_prefix(place->what, "ram-") ? "RAM" : "");
    g_autofree char *shown = cli_escape(heading, strlen(heading));

    if (diff->heading && g_str_equal(diff->heading, heading)) {
        return;
    }
    diff_report_end(diff);
    if (*heading) {
        g_autofree char *line =
            g_strdup_printf("%s%s%s", cli_style(diff->color, CLI_BOLD), shown,
                            cli_style(diff->color, CLI_PLAIN));

        cli_print_row(stdout, HANG, line);
    }
    diff->heading = g_steal_pointer(&heading);
}

/* What stands in front of the values; NULL where the line is one too many. */
static GString *begin_line(Diff *diff, const DiffPlace *place)
{
    GString *line;
    const char *label = place->path ? place->path : place->what;
    g_autofree char *shown = cli_escape(label, strlen(label));
    int indent;

    if (diff->found == 1) {
        print_files(diff);
    }
    print_heading(diff, place);
    if (diff->lines++ >= LINES_MAX && !diff->all) {
        return NULL;
    }
    indent = *diff->heading ? 2 : 0;
    line = g_string_new(NULL);
    g_string_printf(line, "%*s%-*s  ", indent, "", PATH_COLUMNS - indent, shown);
    return line;
}

void diff_report_end(Diff *diff)
{
    if (!diff->all && diff->lines > LINES_MAX) {
        g_autofree char *more = cli_number(diff->lines - LINES_MAX);

        printf("  and %s more (--all shows each)\n", more);
    }
    diff->lines = 0;
    g_clear_pointer(&diff->heading, g_free);
}

static void print_text(Diff *diff, const DiffPlace *place, const DiffValue *a,
                       const DiffValue *b)
{
    g_autoptr(GString) line = begin_line(diff, place);

    if (!line) {
        return;
    }
    if (a && b) {
        g_string_append_printf(line, "%s%s%s -> %s%s%s", cli_style(diff->color, CLI_RED),
                               a->text, cli_style(diff->color, CLI_PLAIN),
                               cli_style(diff->color, CLI_GREEN), b->text,
                               cli_style(diff->color, CLI_PLAIN));
    } else {
        const char *text = a ? a->text : b ? b->text : "";

        g_string_append_printf(line, "%sonly in %s%s%s%s",
                               cli_style(diff->color, a ? CLI_RED : CLI_GREEN),
                               a ? "---" : "+++", *text ? ": " : "", text,
                               cli_style(diff->color, CLI_PLAIN));
    }
    cli_print_row(stdout, HANG, line->str);
}

/* --- JSON -------------------------------------------------------------------------------- */

static void json_value(CliJson *json, const char *key, const DiffValue *value)
{
    if (!value || value->kind == MIG_FIELD_NULL) {
        cli_json_null(json, key);
    } else if (value->kind == MIG_FIELD_UINT) {
        cli_json_uint(json, key, value->u);
        cli_json_wide(json, key, value->u, 1);
    } else if (value->kind == MIG_FIELD_INT) {
        cli_json_int(json, key, (int64_t)value->u);
        cli_json_wide(json, key, value->u, 1);
    } else if (value->kind == MIG_FIELD_BOOL) {
        cli_json_bool(json, key, value->u != 0);
    } else {
        cli_json_string(json, key, value->json ? value->json : value->text);
    }
}

/* A difference, all but its values; the object stays open. */
static void json_place(CliJson *json, const DiffPlace *place, const char *in)
{
    cli_json_object(json, NULL);
    cli_json_string(json, "what", place->what);
    if (place->section) {
        cli_json_string_len(json, "section", place->section->name,
                            place->section->name_length);
        cli_json_uint(json, "instance_id", place->section->instance_id);
    }
    if (place->path) {
        cli_json_string(json, "path", place->path);
    }
    if (place->type) {
        cli_json_string(json, "type", place->type);
    }
    cli_json_string(json, "in", in);
}

static void print_json(Diff *diff, const DiffPlace *place, const DiffValue *a,
                       const DiffValue *b)
{
    json_place(diff->json, place, a && b ? "both" : a ? "a" : "b");
    json_value(diff->json, "a", a);
    json_value(diff->json, "b", b);
    cli_json_end_object(diff->json);
}

/* --- either ------------------------------------------------------------------------------ */

void diff_report(Diff *diff, const DiffPlace *place, const DiffValue *a,
                 const DiffValue *b)
{
    diff->found++;
    if (diff->json) {
        print_json(diff, place, a, b);
    } else if (!diff->quiet) {
        print_text(diff, place, a, b);
    }
}

void diff_report_text(Diff *diff, const DiffPlace *place, const char *a, const char *b)
{
    g_autofree char *shown_a = a ? cli_escape(a, strlen(a)) : NULL;
    g_autofree char *shown_b = b ? cli_escape(b, strlen(b)) : NULL;
    const DiffValue values[] = { { MIG_FIELD_BYTES, 0, shown_a, a },
                                 { MIG_FIELD_BYTES, 0, shown_b, b } };

    diff_report(diff, place, a ? &values[0] : NULL, b ? &values[1] : NULL);
}

void diff_report_number(Diff *diff, const DiffPlace *place, uint64_t a, uint64_t b)
{
    g_autofree char *shown_a = cli_number(a), *shown_b = cli_number(b);
    const DiffValue values[] = { { MIG_FIELD_UINT, a, shown_a, NULL },
                                 { MIG_FIELD_UINT, b, shown_b, NULL } };

    diff_report(diff, place, &values[0], &values[1]);
}

void diff_report_pages(Diff *diff, const MigRamBlock *block, uint64_t address,
                       uint64_t length, uint32_t page_size)
{
    g_autofree char *path = g_strdup_printf("%s 0x%" PRIx64 "-0x%" PRIx64, block->name,
                                            address, address + length - 1);
    const DiffPlace place = { "ram-pages", NULL, path, NULL };
    uint64_t pages = (length + page_size - 1) / page_size;

    diff->found++;
    if (diff->json) {
        json_place(diff->json, &place, "both");
        cli_json_string_len(diff->json, "block", block->name, block->name_length);
        cli_json_uint(diff->json, "address", address);
        cli_json_wide(diff->json, "address", address, 1);
        cli_json_uint(diff->json, "length", length);
        cli_json_uint(diff->json, "pages", pages);
        cli_json_end_object(diff->json);
    } else if (!diff->quiet) {
        g_autoptr(GString) line = begin_line(diff, &place);
        g_autofree char *number = cli_number(pages);

        if (line) {
            g_string_append_printf(line, "%s %s", number,
                                   pages == 1 ? "page differs" : "pages differ");
            cli_print_row(stdout, HANG, line->str);
        }
    }
}

void diff_report_total(Diff *diff, const MigRamBlock *block, uint64_t pages,
                       uint64_t of_pages)
{
    g_autofree char *name = cli_escape(block->name, block->name_length);
    g_autofree char *number = cli_number(pages), *all = cli_number(of_pages);

    if (!diff->json && !diff->quiet) {
        g_autoptr(GString) line = g_string_new(NULL);

        g_string_printf(line, "  %-*s  %s of %s pages differ", PATH_COLUMNS - 2, name,
                        number, all);
        cli_print_row(stdout, HANG, line->str);
    }
}
