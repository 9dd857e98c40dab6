/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      how a difference looks, as text and as JSON.
 * Knows not: what is compared.
 * Beside it: cmd-diff.c.
 */
#include <string.h>

#include "diff.h"
#include "fields.h"
#include "text.h"

#define PATH_COLUMNS 40

static void print_files(Diff *diff)
{
    for (int i = 0; i < 2; i++) {
        g_autofree char *file =
            cli_escape(diff->side[i].file, strlen(diff->side[i].file));

        printf("%s%s %s%s\n", cli_style(diff->color, i ? CLI_GREEN : CLI_RED),
               i ? "+++" : "---", file, cli_style(diff->color, CLI_PLAIN));
    }
}

/* The section, once for all lines about it. */
static void print_heading(Diff *diff, const MigSection *section)
{
    g_autofree char *heading =
        section ? cli_field_device(section->name, section->instance_id) : g_strdup("");
    g_autofree char *shown = cli_escape(heading, strlen(heading));

    if (diff->heading && g_str_equal(diff->heading, heading)) {
        return;
    }
    if (section) {
        printf("%s%s%s\n", cli_style(diff->color, CLI_BOLD), shown,
               cli_style(diff->color, CLI_PLAIN));
    }
    g_free(diff->heading);
    diff->heading = g_steal_pointer(&heading);
}

static void print_text(Diff *diff, const DiffPlace *place, const DiffValue *a,
                       const DiffValue *b)
{
    const char *label = place->path ? place->path : place->what;
    g_autofree char *shown = cli_escape(label, strlen(label));

    if (diff->found == 1) {
        print_files(diff);
    }
    print_heading(diff, place->section);
    printf("%s%-*s  ", place->section ? "  " : "",
           PATH_COLUMNS - (place->section ? 2 : 0), shown);
    if (a && b) {
        printf("%s%s%s -> %s%s%s\n", cli_style(diff->color, CLI_RED), a->text,
               cli_style(diff->color, CLI_PLAIN), cli_style(diff->color, CLI_GREEN),
               b->text, cli_style(diff->color, CLI_PLAIN));
    } else {
        const char *text = a ? a->text : b ? b->text : "";

        printf("%sonly in %s%s%s%s\n", cli_style(diff->color, a ? CLI_RED : CLI_GREEN),
               a ? "---" : "+++", *text ? ": " : "", text,
               cli_style(diff->color, CLI_PLAIN));
    }
}

static void json_value(CliJson *json, const char *key, const DiffValue *value)
{
    if (!value || value->kind == MIG_FIELD_NULL) {
        cli_json_null(json, key);
    } else if (value->kind == MIG_FIELD_UINT) {
        cli_json_uint(json, key, value->u);
    } else if (value->kind == MIG_FIELD_INT) {
        cli_json_int(json, key, (int64_t)value->u);
    } else if (value->kind == MIG_FIELD_BOOL) {
        cli_json_bool(json, key, value->u != 0);
    } else {
        cli_json_string(json, key, value->text);
    }
}

static void print_json(Diff *diff, const DiffPlace *place, const DiffValue *a,
                       const DiffValue *b)
{
    CliJson *json = diff->json;

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
    cli_json_string(json, "in", a && b ? "both" : a ? "a" : "b");
    json_value(json, "a", a);
    json_value(json, "b", b);
    cli_json_end_object(json);
}

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
    const DiffValue values[] = { { MIG_FIELD_BYTES, 0, shown_a },
                                 { MIG_FIELD_BYTES, 0, shown_b } };

    diff_report(diff, place, a ? &values[0] : NULL, b ? &values[1] : NULL);
}

void diff_report_number(Diff *diff, const DiffPlace *place, uint64_t a, uint64_t b)
{
    g_autofree char *shown_a = cli_number(a);
    g_autofree char *shown_b = cli_number(b);
    const DiffValue values[] = { { MIG_FIELD_UINT, a, shown_a },
                                 { MIG_FIELD_UINT, b, shown_b } };

    diff_report(diff, place, &values[0], &values[1]);
}
