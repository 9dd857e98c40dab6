/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the page of migstat report: its head, its policy, the order of its parts.
 * Must not know: what is in a part.
 * See also:      report.h; report.css and report.js, which the Makefile turns into the strings
 *                below.
 *
 * A browser that honours the policy loads nothing, runs no script and takes no style but those
 * two, whose hashes it has.
 */
#include <string.h>

#include "report.h"
#include "text.h"

static const char style[] =
#include "report.css.inc"
    ;

static const char script[] =
#include "report.js.inc"
    ;

static char *hash_of(const char *text)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize n = sizeof digest;

    g_checksum_update(sum, (const guchar *)text, (gssize)strlen(text));
    g_checksum_get_digest(sum, digest, &n);
    return g_base64_encode(digest, n);
}

static void head(CliHtml *html, const char *name)
{
    g_autofree char *of_style = hash_of(style), *of_script = hash_of(script);

    cli_html(html,
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; "
             "form-action 'none'\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"generator\" content=\"migstat " MIG_VERSION "\">\n"
             "<title>%s: migstat report</title>\n",
             of_style, of_script, name);
    g_string_append_printf(html->text, "<style>%s</style>\n</head>\n<body>\n", style);
}

/* The parts, and what their anchors are called. */
static const struct {
    const char *id, *title;
    void (*write)(CliHtml *html, const Report *report);
} parts[] = {
    { "verdict", "Verdict", report_verdict },
    { "findings", "Findings", report_findings },
    { "stream", "The stream to scale", report_map },
    { "timeline", "Time line", report_timeline },
    { "order", "Order of VFIO records and interrupt controllers", report_order },
    { "vfio", "VFIO devices", report_vfio },
    { "channels", "Channels", report_channels },
    { "ram", "RAM blocks", report_ram },
    { "sections", "Sections", report_sections },
    { "devices", "Device state", report_devices },
    { "differences", "Differences", report_differences },
};

static void contents(CliHtml *html, const CliHtml *const *made)
{
    cli_html(html, "<nav aria-label=\"Contents\"><ul>");
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (made[i]->text->len) {
            cli_html(html, "<li><a href=\"#%s\">%s</a></li>", parts[i].id,
                     parts[i].title);
        }
    }
    cli_html(html, "</ul></nav>\n");
}

static void body(CliHtml *html, const Report *report, const char *name)
{
    CliHtml made[G_N_ELEMENTS(parts)];
    const CliHtml *all[G_N_ELEMENTS(parts)];

    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        cli_html_init(&made[i]);
        all[i] = &made[i];
        parts[i].write(&made[i], report);
    }
    cli_html(html, "<header><p class=\"tool\">migstat report</p><h1>%s</h1></header>\n",
             name);
    contents(html, all);
    cli_html(html, "<main>\n");
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (made[i].text->len) {
            cli_html(
                html,
                "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">%s</h2>\n",
                parts[i].id, parts[i].id, parts[i].id, parts[i].title);
            cli_html_append(html, &made[i]);
            cli_html(html, "</section>\n");
        }
        cli_html_clear(&made[i]);
    }
    cli_html(html, "</main>\n");
}

void report_page(CliHtml *html, const Report *report)
{
    g_autofree char *base = g_path_get_basename(report->dump.file);
    g_autofree char *name = cli_file_name(base);

    head(html, name);
    body(html, report, name);
    cli_html(
        html,
        "<footer><p>Made by migstat " MIG_VERSION
        ". The page has all that it needs in itself, and loads nothing. It has "
        "names and values of the stream, and no memory of the guest.</p></footer>\n");
    g_string_append_printf(html->text, "<script>%s</script>\n</body>\n</html>\n", script);
}

/* --- what parts share --------------------------------------------------------------------- */

gssize report_section_at(const Report *report, uint64_t offset)
{
    const MigSummary *summary = report->dump.summary;
    size_t low = 0, high = mig_summary_totals(summary)->n_sections;
    const MigSectionSummary *section;

    while (low < high) { /* the first that begins after it */
        size_t middle = low + (high - low) / 2;

        if (mig_summary_section(summary, middle)->offset <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return -1;
    }
    section = mig_summary_section(summary, low - 1);
    return offset - section->offset < section->length ? (gssize)low - 1 : -1;
}

bool report_has_row(const Report *report, size_t index)
{
    return index < REPORT_SECTIONS_ROWS ||
           g_hash_table_contains(report->pointed, GSIZE_TO_POINTER(index));
}

void report_place(CliHtml *html, const Report *report, uint32_t channel, uint64_t offset,
                  bool in_container)
{
    g_autofree char *at = cli_offset(channel, offset);
    gssize section = channel || in_container ? -1 : report_section_at(report, offset);

    if (section >= 0 && report_has_row(report, (size_t)section)) {
        cli_html(html, "<a href=\"#s%zd\"><code>%s</code></a>", section, at);
    } else {
        cli_html(html, "<a href=\"#stream\"><code>%s</code></a>%s", at,
                 in_container ? " of the file" : "");
    }
}

void report_left_out(CliHtml *html, uint64_t left, const char *what, const char *command)
{
    g_autofree char *number = cli_number(left);

    if (left) {
        cli_html(html, "<p class=\"left\">%s %s not shown here: <code>%s</code></p>\n",
                 number, what, command);
    }
}

char *report_command(const Report *report, const char *words)
{
    g_autofree char *file = cli_shell_name(report->dump.file);
    g_autofree char *reading = cli_hint_reading(report->options.common);

    return g_strdup_printf("migstat %s%s %s", words, reading, file);
}

void report_table(CliHtml *html, const char *label, const char *columns)
{
    g_auto(GStrv) titles = g_strsplit(columns, "|", -1);

    cli_html(
        html,
        "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"%s\"><table "
        "class=\"sortable\"><thead><tr>",
        label);
    for (char **title = titles; *title; title++) {
        bool is_number = **title == '#';

        cli_html(html, "<th scope=\"col\" class=\"%s\">%s</th>", is_number ? "n" : "t",
                 *title + is_number);
    }
    cli_html(html, "</tr></thead><tbody>\n");
}

void report_table_end(CliHtml *html)
{
    cli_html(html, "</tbody></table></div>\n");
}

void report_number(CliHtml *html, uint64_t n)
{
    g_autofree char *shown = cli_number(n);

    cli_html(html, "<td class=\"n\" data-v=\"%" PRIu64 "\">%s</td>", n, shown);
}

void report_text(CliHtml *html, const char *words)
{
    cli_html(html, "<td>%s</td>", words);
}
