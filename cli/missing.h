/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what is said of guest memory, and of disks, that a stream does not carry.
 * Must not know: what it is wanted for.
 * See also:      device/ram-image.h; cmd-extract.c, cmd-diff.c.
 */
#ifndef CLI_MISSING_H
#define CLI_MISSING_H

#include "cli.h"

/* False with *error set (TRUNCATED) where pages of @block are not in the stream: how many, the
 * first, and why, and that they @are, "are holes". */
bool cli_missing_pages(const MigRamImage *image, const MigReader *reader,
                       const MigRamBlock *block, const char *are, GError **error);

/* What is not in the stream is not zero: says so, of @file, of each block and each disk that was
 * extracted and has less than all.  FOUND if there is one. */
CliStatus cli_missing_report(const MigExtract *parts, const MigReader *reader,
                             const char *file);

#endif
