/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules about values of device state that a loader compares with what it
 *                knows.
 * Must not know: what is laid out wrongly; what a destination's command line decides.
 * See also:      check/rule.h; check/rules-subsection.c.
 */
#include <string.h>

#include "check/rule.h"
#include "stream/globalstate.h"

/* --- the run state ------------------------------------------------------------------------ */

/* qapi/run-state.json, RunState; system/runstate.c, runstate_transitions_def: where a guest that
 * is being loaded may go.  Tried with 5.2, 7.2, 10.0 and 11.1. */
static const struct {
    const char *name;
    MigRelease last; /* that knows it */
    bool entered;    /* by a load; else the loader aborts */
} run_states[] = {
    { "colo", MIG_RELEASE_LAST, true },
    { "debug", MIG_RELEASE_LAST, false },
    { "finish-migrate", MIG_RELEASE_LAST, true },
    { "guest-panicked", MIG_RELEASE_LAST, true },
    { "inmigrate", MIG_RELEASE_LAST, true },
    { "internal-error", MIG_RELEASE_LAST, true },
    { "io-error", MIG_RELEASE_LAST, true },
    { "paused", MIG_RELEASE_LAST, true },
    { "postmigrate", MIG_RELEASE_LAST, true },
    { "preconfig", QEMU(5, 2), false },
    { "prelaunch", MIG_RELEASE_LAST, true },
    { "restore-vm", MIG_RELEASE_LAST, false },
    { "running", MIG_RELEASE_LAST, true },
    { "save-vm", MIG_RELEASE_LAST, false },
    { "shutdown", MIG_RELEASE_LAST, true },
    { "suspended", MIG_RELEASE_LAST, true },
    { "watchdog", MIG_RELEASE_LAST, true },
};

static void report_run_state(MigCheck *check, const MigItem *item, const char *name,
                             MigRelease known_until)
{
    mig_report(check, item->offset + MIG_GLOBALSTATE_NAME, item->section,
               known_until == MIG_RELEASE_LAST
                   ? "run state \"%s\", to which a guest that is being loaded cannot go"
                   : "run state \"%s\", which loaders do not know",
               name);
    mig_report_loader(check, MIG_RELEASE_FIRST, known_until,
                      "invalid runstate transition: 'inmigrate' -> '%s'", name);
    mig_report_loader(check, known_until + 1, MIG_RELEASE_LAST,
                      "invalid parameter value: %s", name);
    if (g_ascii_isprint(*name)) {
        mig_report_remedy(check, "set-field:path=globalstate:runstate:value=paused");
        mig_report_gives_up(check, false,
                            "the state that the guest was in: it waits for "
                            "cont");
    } else {
        mig_report_no_remedy(check, "the field holds no text; set-field can give it "
                                    "the bytes of one in hexadecimal");
    }
}

static void run_state(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const uint8_t *body;
    g_autofree char *name = NULL;

    (void)facts;
    if (strcmp(item->section->name, "globalstate") != 0 || item->piece ||
        !(body = mig_reader_bytes(mig_check_reader(check), item)) ||
        !(name = mig_globalstate_run_state(body, item->length))) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(run_states); i++) {
        if (strcmp(run_states[i].name, name) == 0) {
            if (!run_states[i].entered) {
                report_run_state(check, item, name, run_states[i].last);
            }
            return;
        }
    }
    report_run_state(check, item, name, MIG_RELEASE_NONE);
}

const MigRule mig_rules_values[] = {
    { "run-state", "the guest's run state is one that a load can enter",
      MIG_SEVERITY_ERROR, MIG_WATCH(DEVICE_STATE), .judge = run_state },
    { 0 },
};
