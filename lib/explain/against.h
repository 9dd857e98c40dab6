/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which finding a message is about: of a comparison with the destination, or
 *                about the stream itself.
 *                Private to explain/.
 * Must not know: any one rule; how a log was read.
 * See also:      explain/explain.c; check/rules-dest.c.
 */
#ifndef MIG_EXPLAIN_AGAINST_H
#define MIG_EXPLAIN_AGAINST_H

#include "check/check.h"
#include "explain/explain.h"

/* Gives @explanation the one that the loader has met, and how many others would end a load;
 * @check is finished.  @stopped: where reading the stream ended too early, unless the loader has
 * ended before; or NULL. */
void mig_against_find(const MigCheck *check, const GError *stopped,
                      MigExplanation *explanation);

#endif
