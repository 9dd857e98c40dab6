/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the insides of a check, which the run and the reports share.
 * Must not know: any one rule.
 * See also:      check/check.c, the run; check/report.c, what rules call.
 */
#ifndef MIG_CHECK_CHECK_PRIVATE_H
#define MIG_CHECK_CHECK_PRIVATE_H

#include "check/compared.h"
#include "check/rule.h"
#include "memory/rings.h"

#define MIG_N_WATCHED (MIG_ITEM_KIND_COUNT + 1)

/* What became of one rule. */
typedef struct MigRuleState {
    MigSeverity severity; /* by option, or DEFAULT */
    MigOutcome outcome;
    const char *why; /* not evaluated */
    uint64_t found;
    bool failed; /* what comes after it has no ground */
    guint last;  /* index + 1 of its last finding that was kept */
} MigRuleState;

struct MigCheck {
    MigReader *reader;
    MigFacts facts;
    MigReleaseSet asked, refusing;
    bool strict;
    const MigVfioNeeds *needs;
    size_t keep;
    const MigShape *const *against;
    size_t n_against;
    MigCompared compared;
    MigRings *rings;

    size_t n_rules;
    const MigRule **rules;
    MigRuleState *states;
    GArray *watchers[MIG_N_WATCHED]; /* indices of rules, by what they watch */

    size_t running;     /* index of the rule that is being run */
    MigFinding pending; /* of it; rule NULL: none */
    bool pending_kept;
    const MigShape
        *about; /* the destination that what is reported is about; NULL: none */
    const MigShape *pending_about;
    GArray *findings; /* MigFinding */
    uint64_t counts[MIG_SEVERITY_COUNT];
};

/* Frees what the MigFinding @p holds. */
void mig_finding_clear(gpointer p);

/* Files the finding that the rule which is being run has begun. */
void mig_check_commit(MigCheck *check);

/* If @root has failed, the rules that depend on it have no ground, nor have those that
 * depend on them.  @id: @root, or one of those. */
void mig_check_block_dependants(MigCheck *check, const char *id, const char *root);

/* Whether it is judged for exactly one release. */
bool mig_check_asks_for_one(const MigCheck *check);

#endif
