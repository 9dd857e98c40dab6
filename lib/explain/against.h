/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which finding of a comparison with the destination a message is about.
 *                Private to explain/.
 * Must not know: any one rule; how a log was read.
 * See also:      explain/explain.c; check/rules-dest.c.
 */
#ifndef MIG_EXPLAIN_AGAINST_H
#define MIG_EXPLAIN_AGAINST_H

#include "check/check.h"
#include "explain/explain.h"

/* The one that the loader has met, or NULL; @check is finished.  @explanation gets how many others
 * would end a load. */
const MigFinding *mig_against_find(const MigCheck *check, MigExplanation *explanation);

#endif
