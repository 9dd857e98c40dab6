/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see verdict.h.
 * Must not know: how findings are printed.
 * See also:      lib/check/check.h.
 */
#include "verdict.h"

/* Errors that a sentence names; the others are counted. */
#define NAMED 3

#define NOT_COMPARED "(the destination's command line was not compared)"

char *cli_verdict_counts(const MigCheck *check)
{
    uint64_t errors = mig_check_count(check, MIG_SEVERITY_ERROR);
    uint64_t warnings = mig_check_count(check, MIG_SEVERITY_WARNING);
    uint64_t notes = mig_check_count(check, MIG_SEVERITY_NOTE);

    return g_strdup_printf("%" PRIu64 " error%s, %" PRIu64 " warning%s, %" PRIu64
                           " note%s",
                           errors, errors == 1 ? "" : "s", warnings,
                           warnings == 1 ? "" : "s", notes, notes == 1 ? "" : "s");
}

/* "with 1 error: RULE at 0xOFFSET" */
static char *errors_text(const MigCheck *check)
{
    uint64_t errors = mig_check_count(check, MIG_SEVERITY_ERROR);
    size_t n, named = 0;
    const MigFinding *findings = mig_check_findings(check, &n);
    GString *text = g_string_new(NULL);

    g_string_printf(text, "with %" PRIu64 " error%s", errors, errors == 1 ? "" : "s");
    for (size_t i = 0; i < n && named < NAMED; i++) {
        if (findings[i].severity == MIG_SEVERITY_ERROR) {
            g_autofree char *at = cli_offset(findings[i].channel, findings[i].offset);

            g_string_append_printf(text, "%s %s at %s", named ? "," : ":",
                                   mig_rule_id(findings[i].rule), at);
            named++;
        }
    }
    g_string_append(text, errors > named ? ", ..." : "");
    return g_string_free(text, FALSE);
}

char *cli_verdict_for(const MigCheck *check, MigRelease release, bool stopped)
{
    g_autofree char *name = mig_releases_text(mig_releases_one(release));
    g_autofree char *errors = NULL;

    if (mig_check_refusing(check)) {
        return g_strdup_printf("QEMU %s refuses it", name);
    }
    if (stopped) {
        return g_strdup_printf(
            "no reason for QEMU %s to refuse it found in what could be read", name);
    }
    if (mig_check_count(check, MIG_SEVERITY_ERROR)) {
        errors = errors_text(check);
        return g_strdup_printf("QEMU %s accepts it, %s " NOT_COMPARED, name, errors);
    }
    return g_strdup_printf("no reason for QEMU %s to refuse it found " NOT_COMPARED,
                           name);
}

char *cli_verdict_against(const MigCheck *check, const char *destination,
                          const MigShape *const *shapes, size_t n_shapes, bool stopped)
{
    size_t n;
    const MigFinding *findings = mig_check_findings(check, &n), *first = NULL;
    uint64_t causes = 0;
    g_autofree char *at = NULL;

    for (size_t i = 0; i < n; i++) {
        if (mig_rule_needs_destination(findings[i].rule) &&
            findings[i].severity == MIG_SEVERITY_ERROR) {
            first = first ? first : &findings[i];
            causes += 1 + findings[i].more;
        }
    }
    if (first) {
        at = cli_offset(first->channel, first->offset);
        return g_strdup_printf(
            "%s refuses it: %" PRIu64 " cause%s, the first that it meets "
            "is %s at %s",
            destination, causes, causes == 1 ? "" : "s", mig_rule_id(first->rule), at);
    }
    return g_strdup_printf("no reason for %s to refuse it found%s (not compared: %s)",
                           destination, stopped ? " in what could be read" : "",
                           n_shapes == 1 ? mig_shape_lacks(shapes[0])
                                         : "what none of them shows");
}

MigReleaseSet cli_verdict_run(const MigCheck *check, MigReleaseSet asked,
                              MigRelease release, const MigFinding **finding)
{
    MigReleaseSet run = 0;
    MigRelease r;

    *finding = mig_check_first_refusal(check, release);
    for (size_t i = 0; (r = mig_release_at(i)) != MIG_RELEASE_NONE; i++) {
        bool is_asked = (asked & mig_releases_one(r)) != 0;

        if (r >= release &&
            (!is_asked || mig_check_first_refusal(check, r) != *finding)) {
            break;
        }
        run |= r >= release ? mig_releases_one(r) : 0;
    }
    return run;
}

static bool is_one(MigReleaseSet set)
{
    return !(set & (set - 1));
}

char *cli_verdict_all(const MigCheck *check, MigReleaseSet asked, bool stopped)
{
    MigReleaseSet refusing = mig_check_refusing(check), others = asked & ~refusing;
    g_autofree char *these = mig_releases_text(refusing);
    g_autofree char *those = mig_releases_text(others);
    const char *where = stopped ? " in what could be read" : "";

    if (!others) {
        return g_strdup_printf("QEMU %s refuse%s it", these, is_one(refusing) ? "s" : "");
    }
    return refusing
               ? g_strdup_printf("no reason to refuse found for %s%s; %s refuse%s it",
                                 those, where, these, is_one(refusing) ? "s" : "")
               : g_strdup_printf("no reason to refuse found for %s%s", those, where);
}
