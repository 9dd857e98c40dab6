/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the table of commands.
 * Must not know: what they do.
 * See also:      cli/cli.h, which has the list; cli/main.c.
 */
#include "cli.h"

#define ADDRESS_OF(name) &cli_command_##name,
const CliCommand *const cli_commands[] = { CLI_COMMANDS(ADDRESS_OF) NULL };
