/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the verdict and the findings of migstat report.
 * Must not know: any one rule.
 * See also:      report.h; check-report.h and verdict.h, whose data and sentences they are.
 */
#include "report.h"
#include "text.h"
#include "verdict.h"

/* --- the verdict -------------------------------------------------------------------------- */

/* As in a sentence of check. */
static char *verdict_words(const Report *report, const char *destination)
{
    const CheckReport *check = &report->check;
    bool stopped = report->dump.error != NULL;

    if (destination) {
        return cli_verdict_against(check->check, destination, check->shapes,
                                   check->against->len, stopped);
    }
    return check_report_is_for_one(check)
               ? cli_verdict_for(check->check, mig_releases_oldest(check->releases),
                                 stopped)
               : cli_verdict_all(check->check, check->releases, stopped);
}

/* With a capital letter, where it does not begin with the name of a file. */
static char *verdict_sentence(const Report *report)
{
    const GPtrArray *against = report->check.against;
    g_autofree char *file = against->len == 1 ? cli_file_name(against->pdata[0]) : NULL;
    char *words = verdict_words(report, file           ? file
                                        : against->len ? "the destination"
                                                       : NULL);

    if (!file || !g_str_has_prefix(words, file)) {
        *words = g_ascii_toupper(*words);
    }
    return words;
}

static void fact(CliHtml *html, const char *name, const char *value)
{
    if (value) {
        cli_html(html, "<div><dt>%s</dt><dd>%s</dd></div>", name, value);
    }
}

static void facts(CliHtml *html, const Report *report)
{
    const Dump *dump = &report->dump;
    const MigOverview *o = dump->overview;
    const MigConfiguration *conf = mig_reader_configuration(dump->reader);
    g_autofree char *machine =
        conf ? cli_escape(conf->machine, conf->machine_length) : NULL;
    g_autofree char *size = dump->size == UINT64_MAX ? NULL : cli_number(dump->size);
    g_autofree char *bytes = size ? g_strconcat(size, " bytes", NULL) : NULL;
    g_autofree char *ram = o->ram_length ? cli_size(o->ram_length) : NULL;
    g_autofree char *cpus = o->n_cpus ? g_strdup_printf("%u", o->n_cpus) : NULL;
    g_autofree char *state =
        o->run_state ? cli_escape(o->run_state, strlen(o->run_state)) : NULL;
    g_autofree char *container = dump->opened ? dump_container(dump->in) : NULL;

    cli_html(html, "<dl class=\"facts\">");
    fact(html, "Stream", dump->error ? "damaged or incomplete" : "complete");
    fact(html, "Bytes", bytes);
    fact(html, "In the file", container);
    fact(html, "Machine", machine);
    fact(html, "vCPUs", cpus);
    fact(html, "RAM", ram);
    fact(html, "Guest state", state);
    fact(html, "How it was made", mig_transfer_name(o->transfer));
    cli_html(html, "</dl>\n");
}

static void remedy(CliHtml *html, const Report *report, const MigFinding *finding)
{
    const CliHintFiles files = check_report_hint_files(&report->check);
    g_autofree char *hint = cli_hint_remedy(&finding->remedy, &files);

    if (hint) {
        g_autofree char *shown = cli_file_name(hint);

        cli_html(html, "<br>What helps: <code>%s</code>", shown);
    }
    if (finding->remedy.gives_up) {
        g_autofree char *gives_up = cli_own_text(finding->remedy.gives_up);

        cli_html(html, "<br>It gives up: %s", gives_up);
    }
    if (finding->remedy.none) {
        g_autofree char *none = cli_own_text(finding->remedy.none);

        cli_html(html, "<br>%s", none);
    }
}

static void release_row(CliHtml *html, const Report *report, MigReleaseSet run,
                        const MigFinding *finding)
{
    g_autofree char *releases = mig_releases_text(run);

    cli_html(html, "<tr class=\"%s\"><th scope=\"row\">%s</th>",
             finding ? "refuses" : "accepts", releases);
    if (finding) {
        g_autofree char *message = cli_own_text(finding->message);

        cli_html(html, "<td>refused at ");
        report_place(html, report, finding->channel, finding->offset,
                     finding->in_container);
        cli_html(html, ": %s: %s", mig_rule_id(finding->rule), message);
        remedy(html, report, finding);
        cli_html(html, "</td></tr>\n");
    } else {
        cli_html(html, "<td>no reason to refuse found</td></tr>\n");
    }
}

static void releases(CliHtml *html, const Report *report)
{
    MigReleaseSet left = report->check.releases;

    if (!left || check_report_is_for_one(&report->check)) {
        return;
    }
    cli_html(html, "<div class=\"wide\" role=\"region\" tabindex=\"0\" "
                   "aria-label=\"Releases\"><table><thead><tr><th scope=\"col\">QEMU</th>"
                   "<th scope=\"col\">Verdict</th></tr></thead><tbody>\n");
    while (left) {
        const MigFinding *finding;
        MigReleaseSet run = cli_verdict_run(report->check.check, left,
                                            mig_releases_oldest(left), &finding);

        release_row(html, report, run, finding);
        left &= ~run;
    }
    cli_html(html, "</tbody></table></div>\n");
}

void report_verdict(CliHtml *html, const Report *report)
{
    g_autofree char *counts = cli_verdict_counts(report->check.check);
    g_autofree char *sentence = verdict_sentence(report);
    bool bad = check_report_has_errors(&report->check) || report->dump.error;
    const char *look = bad                                       ? "bad"
                       : mig_check_refusing(report->check.check) ? "some"
                                                                 : "good";

    cli_html(html, "<p class=\"verdict %s\"><strong>%s</strong><br>%s.</p>\n", look,
             sentence, counts);
    if (report->dump.error) {
        g_autofree char *why = cli_own_text(report->dump.error->message);

        cli_html(html, "<p>It could not be read to its end: %s</p>\n", why);
    }
    facts(html, report);
    releases(html, report);
}

/* --- the findings ------------------------------------------------------------------------- */

static void place(CliHtml *html, const Report *report, const MigFinding *finding)
{
    report_place(html, report, finding->channel, finding->offset, finding->in_container);
    if (finding->section) {
        g_autofree char *section = cli_escape(finding->section, finding->section_length);

        cli_html(html, " in <b>%s</b>", section);
        if (finding->instance_id) {
            cli_html(html, " (%u)", finding->instance_id);
        }
    }
}

static void write_finding(CliHtml *html, const Report *report, const MigFinding *finding)
{
    const char *severity = mig_severity_name(finding->severity);
    g_autofree char *message = cli_own_text(finding->message);

    cli_html(html, "<li class=\"%s\"><b>%s</b> [%s] at ", severity, severity,
             mig_rule_id(finding->rule));
    place(html, report, finding);
    cli_html(html, "<br>%s", message);
    if (finding->loader && check_report_shows_loader(&report->check, finding)) {
        g_autofree char *loader = cli_own_text(finding->loader);

        cli_html(html, "<br>The loader says: <q>%s</q>", loader);
    }
    remedy(html, report, finding);
    if (finding->more) {
        g_autofree char *more = cli_number(finding->more);

        cli_html(html, "<br>and %s more of this rule", more);
    }
    cli_html(html, "</li>\n");
}

bool report_shows(const Report *report, const MigFinding *finding)
{
    return check_report_is_for_one(&report->check) ||
           !mig_rule_needs_release(finding->rule);
}

void report_findings(CliHtml *html, const Report *report)
{
    g_autofree char *command = report_command(report, "check --all");
    size_t n;
    const MigFinding *findings = mig_check_findings(report->check.check, &n);
    bool any = false;

    cli_html(html, "<ol class=\"findings\">\n");
    cli_html_allow(html, REPORT_FINDINGS_MAX);
    for (int severity = MIG_SEVERITY_ERROR; severity >= MIG_SEVERITY_NOTE; severity--) {
        for (size_t i = 0; i < n; i++) {
            gsize start = html->text->len;

            if ((int)findings[i].severity == severity &&
                report_shows(report, &findings[i])) {
                any = true;
                write_finding(html, report, &findings[i]);
                cli_html_keep(html, start);
            }
        }
    }
    cli_html(html, "</ol>\n");
    report_left_out(html, html->left, "findings are", command);
    if (!any) {
        g_string_truncate(html->text, 0);
        cli_html(html, "<p>None.</p>\n");
    }
}
