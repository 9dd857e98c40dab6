/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of the channels of a recorded multifd migration, other than the main
 *                one.
 * Must not know: the pages on them, which are judged as those of the main channel are.
 * See also:      check/rule.h; stream/channel.c.
 */
#include "check/rule.h"

const MigRule mig_rules_multifd[] = {
    { "multifd-packet", "the packets of a multifd channel are as a source writes them",
      MIG_SEVERITY_ERROR, .watches = 0 },
    { 0 },
};
