/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what --against names, read: the files stay open as long as the shapes.
 * Must not know: what is compared.
 * See also:      lib/shape/shape.h; cmd-check.c, cmd-explain.c.
 */
#ifndef CLI_DESTINATIONS_H
#define CLI_DESTINATIONS_H

#include "cli.h"

typedef struct CliDestinations {
    GPtrArray *inputs, *shapes; /* MigInput, MigShape */
} CliDestinations;

/* Reads @files, of which there may be none; false after it has said what is wrong. */
bool cli_destinations_read(CliDestinations *destinations, const GPtrArray *files,
                           const CliCommon *common);

/* What the library takes: that many, and borrowed. */
const MigShape *const *cli_destinations_shapes(const CliDestinations *destinations,
                                               size_t *n);

void cli_destinations_clear(CliDestinations *destinations);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliDestinations, cli_destinations_clear)

#endif
