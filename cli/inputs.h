/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the files that a command reads: opened before a byte of any is read.
 * Must not know: what is in them, but for the first bytes.
 * See also:      cli.h, cli_open_inputs() and cli_open(); helper.h, which opens what is
 *                more than a process may have open.
 */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "cli.h"

struct CliHelper;

/* Whether some are still to be opened, one at a time: by @helper from now on, which is freed with
 * them if @owns. */
bool cli_inputs_wait(const CliInputs *inputs);
void cli_inputs_give_to(CliInputs *inputs, struct CliHelper *helper, bool owns);

/* Opens number @index of them; -1 with *error set. */
int cli_inputs_open_one(const CliInputs *inputs, unsigned index, GError **error);

/* Appends the descriptors of those that are open to @fds, of int. */
void cli_inputs_list(const CliInputs *inputs, GArray *fds);

/* Whether it begins as a multifd channel does. */
bool cli_is_multifd(MigInput *in);

#endif
