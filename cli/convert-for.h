/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          convert --for and --fit: which filters make a stream one that a release, or a
 *                destination, does not refuse.
 * Must not know: any one rule or filter; where the result goes.
 * See also:      lib/check/check.h, MigRemedy; cli/cmd-convert.c.
 */
#ifndef CLI_CONVERT_FOR_H
#define CLI_CONVERT_FOR_H

#include "cli.h"

/* Zeros at first, but for what is asked. */
typedef struct ConvertPlan {
    MigRelease release;       /* asked for, or MIG_RELEASE_NONE */
    const MigShape *fit;      /* asked for: a destination, or NULL */
    const char *fit_name;     /* its file, or NULL */
    bool lossy;               /* asked for: what is lossy may be done */
    const char *const *allow; /* ... by these filters: lossy_filters of MigChainOptions */
    bool allow_unmatched;
    MigInput *donor; /* as in MigChainOptions */
    /* Called as the input is read, again from 0 for each reading. */
    void (*progress)(void *data, uint64_t position);
    void *progress_data;
    GPtrArray *filters; /* as mig_chain_add() takes them, in order */
    GPtrArray *gives_up;
    MigChain *chain;  /* that ran, or NULL: nothing has to be changed */
    MigInput *result; /* what came out of it, or NULL */
    int fd;           /* of that */
    char *verdict;    /* on the result */
    bool errors;      /* the release does not refuse the result, yet errors are in it */
} ConvertPlan;

/*
 * Judges @in, applies the remedies of what was found, judges what came out, and so on until
 * the release, or the destination, finds no reason to refuse it.  @first: filters that come before, or an empty
 * chain.  Nothing is written but temporary files.
 * Errors: REFUSED where there is no remedy, or only a lossy one; of the stream; IO.
 */
bool convert_plan(ConvertPlan *plan, const MigChain *first, MigInput *in, GError **error);

void convert_plan_clear(ConvertPlan *plan);

#endif
