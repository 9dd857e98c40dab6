/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      the table of commands.
 * Knows not: what they do.
 * Beside it: cli/main.c; help and completion come from here too.
 */
#include "cli.h"

const CliCommand cli_commands[] = {
    { "check", "judge whether a stream is sound, and which QEMU loads it",
      cli_cmd_check },
    { "convert", "rewrite a stream through filters", cli_cmd_convert },
    { "diff", "show how two streams differ, by meaning", cli_cmd_diff },
    { "dump", "show what is in a stream", cli_cmd_dump },
    { "extract", "take RAM, sections and device data out of a stream", cli_cmd_extract },
    { 0 },
};
