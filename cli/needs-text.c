/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat needs as text.
 * Must not know: options.
 * See also:      needs.h.
 */
#include "needs.h"
#include "text.h"

/* Columns of "capability  ". */
#define LABEL 12

static void row(bool color, const char *label, const char *text)
{
    g_autofree char *line =
        g_strdup_printf("%s%-*s%s%s", cli_style(color, CLI_BOLD), LABEL, label,
                        cli_style(color, CLI_PLAIN), text);

    cli_print_row(stdout, LABEL, line);
}

/* "0000:00:05.0/virtio-net: its note"; NULL: nothing is to say. */
static char *origin(const MigNeed *need)
{
    g_autofree char *section = need->section ? cli_own_text(need->section) : NULL;

    if (section && need->note) {
        return g_strdup_printf("%s: %s", section, need->note);
    }
    return g_strdup(need->note);
}

static void print_need(bool color, const char *label, const MigNeed *need)
{
    g_autofree char *words = needs_words(need), *from = origin(need);

    if (words || need->value) {
        row(color, label, words ? words : need->value);
        label = "";
    }
    if (from) {
        g_autofree char *text = g_strconcat(*label ? "" : "  ", from, NULL);

        row(color, label, text);
    }
}

static void print_kind(const NeedsReport *report, MigNeedKind kind, bool color)
{
    const char *label = mig_need_kind_name(kind);

    for (size_t i = 0; i < report->n; i++) {
        if (report->needs[i].kind == kind) {
            print_need(color, label, &report->needs[i]);
            label = "";
        }
    }
}

void needs_text(const NeedsReport *report)
{
    bool color = cli_use_color(report->common->color, stdout);

    if (report->common->files->len > 1) {
        g_autofree char *name = cli_file_name(report->file);

        row(color, "file", name);
    }
    for (int kind = 0; kind < MIG_NEED_KIND_COUNT; kind++) {
        print_kind(report, (MigNeedKind)kind, color);
    }
    if (report->definition) {
        row(color, "libvirt",
            "the image holds the guest's definition, which has all of it:");
        cli_print_hint(stdout, report->definition);
    }
}
