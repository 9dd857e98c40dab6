/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the differences from a second stream in migstat report.
 * Must not know: what is compared.
 * See also:      diff.h, which it is a view of.
 */
#include "diff.h"
#include "report.h"
#include "text.h"

typedef struct View {
    Report *report;
    const DiffRun *run;
} View;

/* The caller of the view puts the report where the format would be: DiffRun.user. */
static void *begin(const DiffRun *run)
{
    View *v = g_new(View, 1);
    CliHtml *html;

    v->run = run;
    v->report = run->user;
    html = &v->report->differences;
    cli_html_init(html);
    cli_html(html, "<div class=\"filter\" data-for=\"differences-table\"></div>\n"
                   "<div id=\"differences-table\">\n"
                   "<div class=\"wide\" role=\"region\" tabindex=\"0\" "
                   "aria-label=\"Differences\"><table class=\"sortable\"><thead><tr>"
                   "<th scope=\"col\">Section</th><th scope=\"col\">What</th><th "
                   "scope=\"col\">This stream</th><th scope=\"col\">The other</th></tr>"
                   "</thead><tbody>\n");
    cli_html_allow(html, REPORT_DIFFERENCES_MAX);
    return v;
}

static void side(CliHtml *html, const MigDifference *d, MigDiffSide which)
{
    g_autofree char *value = NULL;

    if (!d->value[which].present) {
        cli_html(html, "<td class=\"absent\">not there</td>");
        return;
    }
    value = diff_value_text(d, which);
    cli_html(html, "<td>%s</td>", *value ? value : "there");
}

static void difference(void *view, const MigDifference *d)
{
    CliHtml *html = &((View *)view)->report->differences;
    gsize start = html->text->len;
    g_autofree char *section = d->section ? dump_section_name(d->section) : g_strdup("");
    g_autofree char *path = diff_path(d);
    const char *what = path ? path : mig_difference_kind_name(d->kind);
    g_autofree char *shown = cli_escape(what, strlen(what));

    cli_html(html, "<tr><th scope=\"row\">%s</th><td>%s</td>", section, shown);
    side(html, d, MIG_DIFF_A);
    side(html, d, MIG_DIFF_B);
    cli_html(html, "</tr>\n");
    cli_html_keep(html, start);
}

static void end(void *view)
{
    View *v = view;

    cli_html(&v->report->differences, "</tbody></table></div></div>\n");
    g_free(v);
}

const struct DiffView report_differences_view = { .begin = begin,
                                                  .difference = difference,
                                                  .end = end };

/* Which of the two could not be read to its end, and why. */
static void unread(CliHtml *html, const char *file, const GError *error)
{
    if (error) {
        g_autofree char *name = cli_file_name(file);
        g_autofree char *why = cli_own_text(error->message);

        cli_html(html,
                 "<p class=\"left\"><b>%s</b> could not be read to its end, so that not "
                 "all is known: %s</p>\n",
                 name, why);
    }
}

void report_differences(CliHtml *html, const Report *report)
{
    g_autofree char *other = NULL, *quoted = NULL, *with = NULL, *command = NULL;

    if (!report->other) {
        return;
    }
    other = cli_file_name(report->other);
    quoted = cli_shell_name(report->other);
    command = report_command(report, "diff");
    with = g_strconcat(command, " ", quoted, NULL);
    cli_html(html,
             "<p>Compared with <b>%s</b>; what pages of RAM hold was not: "
             "<code>%s --ram</code></p>\n",
             other, with);
    unread(html, report->dump.file, report->unread[MIG_DIFF_A]);
    unread(html, report->other, report->unread[MIG_DIFF_B]);
    if (report->n_differences == 0) {
        cli_html(html, report->unread[MIG_DIFF_A] || report->unread[MIG_DIFF_B]
                           ? ""
                           : "<p>None.</p>\n");
        return;
    }
    cli_html_append(html, &report->differences);
    report_left_out(html, report->differences.left, "differences are", with);
}
