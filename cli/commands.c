/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      the table of commands.
 * Knows not: what they do.
 * Beside it: cli/main.c; help and completion come from here too.
 */
#include "cli.h"

const CliCommand cli_commands[] = {
    { "convert", "rewrite a stream through filters", cli_cmd_convert },
    { "dump", "show what is in a stream", cli_cmd_dump },
    { 0 },
};
