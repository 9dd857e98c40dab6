/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the helper: a process that reads no byte of any stream, and so keeps the
 *                rights that this one gives up.  It opens inputs, makes files and connections
 *                when asked, accepts them, and passes their descriptors.
 * Must not know: streams, commands.
 * See also:      sandbox.c, which starts it; files.c, inputs.c and links.c, which ask it.
 *
 * What it can be asked for was settled before the first byte was read: inputs of the command
 * line by their number, files with safe names in one folder, and that the files get their
 * names.  So whoever has taken over the asking process can do no more.
 */
#ifndef CLI_HELPER_H
#define CLI_HELPER_H

#include "cli.h"

typedef struct CliHelper CliHelper;
struct CliFiles;
struct CliLinks;

/* Forks it.  Each may be NULL: @files, which it then owns the making of
 * (cli_files_give_to()), @inputs, of which it opens what is still to be opened, and @links, whose
 * connections it takes and makes (cli_links_give_to()).  NULL with *error set on failure. */
CliHelper *cli_helper_start(struct CliFiles *files, const CliInputs *inputs,
                            struct CliLinks *links, GError **error);

/* The descriptor that it is spoken to by, and its process. */
int cli_helper_socket(const CliHelper *helper);
int cli_helper_pid(const CliHelper *helper);

/* A descriptor for input number @index, or -1. */
int cli_helper_open_input(CliHelper *helper, unsigned index, GError **error);

/* A descriptor for a new file, or -1; as cli_files_add_base() and cli_files_commit(). */
int cli_helper_add_file(CliHelper *helper, const char *base, GError **error);
bool cli_helper_commit(CliHelper *helper, unsigned which, GError **error);

/* As cli_links_accept() and cli_links_connect(). */
bool cli_helper_accept(CliHelper *helper, int *fd, GError **error);
int cli_helper_connect(CliHelper *helper, GError **error);

/* Waits until it has cleared up. */
void cli_helper_free(CliHelper *helper);

#endif
