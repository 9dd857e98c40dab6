/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where each thing is printed as a command line.
 * Must not know: how.
 * See also:      format.h.
 */
#include "format.h"

const CliFormat cli_format_args = {
    .name = "args",
    .command = "needs",
    .objects = false,
    .needs = needs_args,
};
