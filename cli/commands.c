/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the table of commands.
 * Must not know: what they do.
 * See also:      cli/main.c; help and completion come from here too.
 */
#include "cli.h"

const CliCommand *const cli_commands[] = {
    &cli_command_check, &cli_command_convert, &cli_command_diff,
    &cli_command_dump,  &cli_command_extract, NULL,
};
