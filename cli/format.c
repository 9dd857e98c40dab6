/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the list of formats.
 * Must not know: how any of them looks.
 * See also:      format.h.
 */
#include "format.h"

const CliFormat *const cli_formats[] = { &cli_format_text, &cli_format_json, NULL };

const char cli_format_words[] = "text|json";

const CliFormat *cli_format(const struct argp_state *state, const char *option,
                            const char *arg)
{
    const char *names[G_N_ELEMENTS(cli_formats)] = { NULL };

    for (size_t i = 0; cli_formats[i]; i++) {
        names[i] = cli_formats[i]->name;
    }
    return cli_formats[cli_word(state, option, arg, names)];
}
