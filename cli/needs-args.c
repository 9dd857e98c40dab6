/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat needs as a command line for a POSIX shell.
 * Must not know: options.
 * See also:      needs.h.
 */
#include "needs.h"
#include "text.h"

/* What is no option, on stderr: the command line has no place for it. */
static void print_note(const NeedsReport *report, const MigNeed *need)
{
    g_autofree char *file = cli_file_name(report->file);
    g_autofree char *section = need->section ? cli_own_text(need->section) : NULL;
    g_autofree char *line = NULL;

    if (need->kind == MIG_NEED_CAPABILITY) {
        line = g_strdup_printf("%s: set before -incoming: %s%s%s", file, need->value,
                               need->note ? "; " : "", need->note ? need->note : "");
    } else {
        line = g_strdup_printf("%s: not in the stream: %s%s%s", file,
                               section ? section : "", section ? ": " : "", need->note);
    }
    cli_print_line(stderr, 4, line);
}

void needs_args(const NeedsReport *report)
{
    g_autoptr(GString) line = g_string_new(NULL);

    for (size_t i = 0; i < report->n; i++) {
        const MigNeed *need = &report->needs[i];
        g_autofree char *words =
            need->kind == MIG_NEED_PROGRAM ? g_strdup(need->value) : needs_words(need);

        if (words) {
            g_string_append_printf(line, "%s%s", line->len ? " " : "", words);
        } else if (!report->common->quiet) {
            print_note(report, need);
        }
    }
    if (report->definition && !report->common->quiet) {
        g_autofree char *file = cli_file_name(report->file);
        g_autofree char *note = g_strdup_printf(
            "%s: a libvirt save image, which holds the guest's definition with all of "
            "it: %s",
            file, report->definition);

        cli_print_line(stderr, 4, note);
    }
    printf("%s\n", line->str);
}
