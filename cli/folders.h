/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what --recursive finds in folders: files, and captures.
 * Must not know: what is done with them.
 * See also:      many.h; capture.h.
 */
#ifndef CLI_FOLDERS_H
#define CLI_FOLDERS_H

#include "cli.h"

/* Replaces each folder of common->files by what is in it and below: files by their names, sorted;
 * and the channels of a capture by the name of their folder.  Links are not followed.  *status
 * becomes CLI_TROUBLE where a folder cannot be read, which is said. */
void cli_folders_walk(CliCommon *common, CliStatus *status);

#endif
