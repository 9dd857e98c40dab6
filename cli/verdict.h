/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the sentences that sum up a run of the rules, for every command that has
 *                one.
 * Must not know: how findings are printed.
 * See also:      lib/check/check.h; cli/check-report.c, cli/cmd-convert.c,
 *                cli/dump-text.c.
 *
 * They never promise that a stream loads: nobody has seen the destination's command line.
 */
#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include "cli.h"

/* "2 errors, 0 warnings, 1 note".  The caller frees, here and below. */
char *cli_verdict_counts(const MigCheck *check);

/* What the one release that the run was for does with the stream.  @stopped: it could not
 * be read to its end. */
char *cli_verdict_for(const MigCheck *check, MigRelease release, bool stopped);

/* Which of the releases refuse it.  @stopped: as above. */
char *cli_verdict_all(const MigCheck *check, MigReleaseSet asked, bool stopped);

/* Of @asked, the releases with the same first refusal as @release, or without one as it has
 * none, that follow it without a gap; *finding is that refusal, or NULL. */
MigReleaseSet cli_verdict_run(const MigCheck *check, MigReleaseSet asked,
                              MigRelease release, const MigFinding **finding);

/* "DEST refuses it: 2 causes, the first that it meets is RULE at 0xOFFSET": of destinations,
 * or that no reason was found.  The caller frees. */
char *cli_verdict_against(const MigCheck *check, const char *destination,
                          const MigShape *const *shapes, size_t n, bool stopped);

#endif
