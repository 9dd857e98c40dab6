/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what check would say of the stream, in a line.
 * Must not know: any one rule; what else a dump shows.
 * See also:      dump.h; verdict.h, the words.
 */
#include "dump.h"
#include "hint.h"
#include "text.h"
#include "verdict.h"
#include "wrap.h"

MigCheck *dump_check_new(MigReader *reader)
{
    const MigCheckOptions all = { MIG_CHECK_OPTIONS_INIT, .releases = mig_releases_all(),
                                  .keep = 1 };

    return mig_check_new(reader, &all);
}

/* The newest release that refuses it: the one that most will have. */
static MigRelease newest_refusing(const MigCheck *check)
{
    MigRelease release, newest = MIG_RELEASE_NONE;

    for (size_t i = 0; (release = mig_release_at(i)) != MIG_RELEASE_NONE; i++) {
        newest = mig_check_refusing(check) >> i & 1 ? release : newest;
    }
    return newest;
}

/* ": RULE at 0xOFFSET (COMMAND)", for the reason why @release refuses it. */
static void append_reason(GString *line, const Dump *dump, MigRelease release)
{
    const MigFinding *finding = mig_check_first_refusal(dump->check, release);
    g_autofree char *file = cli_shell_name(dump->file);
    g_autofree char *name = mig_releases_text(mig_releases_one(release));
    g_autofree char *at = cli_offset(finding->channel, finding->offset);

    g_autofree char *reading = cli_hint_reading(dump->options->common);

    g_string_append_printf(line, ": %s at %s (migstat check --for=%s%s %s)",
                           mig_rule_id(finding->rule), at, name, reading, file);
}

static char *verdict_line(const Dump *dump)
{
    uint64_t errors = mig_check_count(dump->check, MIG_SEVERITY_ERROR);
    MigRelease release = newest_refusing(dump->check);
    g_autofree char *verdict =
        cli_verdict_all(dump->check, mig_releases_all(), dump->error != NULL);
    GString *line = g_string_new(verdict);

    if (release != MIG_RELEASE_NONE) {
        append_reason(line, dump, release);
    }
    g_string_append(line, "; no destination was compared");
    if (errors) {
        g_autofree char *file = cli_shell_name(dump->file);

        g_autofree char *reading = cli_hint_reading(dump->options->common);

        g_string_append_printf(line, "; %" PRIu64 " error%s (migstat check%s %s)", errors,
                               errors == 1 ? "" : "s", reading, file);
    }
    return g_string_free(line, FALSE);
}

void dump_verdict_text(const Dump *dump)
{
    g_autofree char *line = verdict_line(dump);
    g_autofree char *whole = g_strconcat("Verdict: ", line, NULL);

    cli_print_line(stdout, 2, whole);
}

void dump_verdict_json(CliJson *json, const Dump *dump)
{
    MigRelease release;

    if (!dump->opened || dump->lists) {
        cli_json_null(json, "verdict");
        return;
    }
    cli_json_object(json, "verdict");
    cli_json_uint(json, "errors", mig_check_count(dump->check, MIG_SEVERITY_ERROR));
    cli_json_uint(json, "warnings", mig_check_count(dump->check, MIG_SEVERITY_WARNING));
    cli_json_array(json, "refused_by");
    for (size_t i = 0; (release = mig_release_at(i)) != MIG_RELEASE_NONE; i++) {
        g_autofree char *name = mig_releases_text(mig_releases_one(release));

        if (mig_check_refusing(dump->check) >> i & 1) {
            cli_json_string(json, NULL, name);
        }
    }
    cli_json_end_array(json);
    cli_json_end_object(json);
}
