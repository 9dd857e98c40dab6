/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the choice of a format by its name.
 * Must not know: how any of them looks.
 * See also:      format.h, which has the list.
 */
#include "format.h"

#include <string.h>

#define ADDRESS_OF(name) &cli_format_##name,
const CliFormat *const cli_formats[] = { CLI_FORMATS(ADDRESS_OF)
                                             CLI_FORMATS_OF_ONE(ADDRESS_OF) NULL };

#define AFTER_BAR(name) "|" #name
const char cli_format_bars[] = CLI_FORMATS(AFTER_BAR);

const CliFormat *cli_format(const struct argp_state *state, const char *option,
                            const char *arg)
{
    const char *names[G_N_ELEMENTS(cli_formats)] = { NULL };

    for (size_t i = 0; cli_formats[i]; i++) {
        names[i] = cli_formats[i]->name;
    }
    return cli_formats[cli_word(state, option, arg, names)];
}

void cli_format_check(const struct argp_state *state, const CliFormat *format,
                      const CliCommand *command)
{
    if (command->has_one_form && format != cli_formats[0]) {
        cli_usage_error(
            state, "what it writes has one form, and --format no effect; migstat "
                   "dump --format=json and migstat check --format=json are for programs");
    }
    if (format->command && strcmp(format->command, command->name) != 0) {
        cli_usage_error(state, "--format=%s is for migstat %s", format->name,
                        format->command);
    }
}
