/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          an output to a temporary file that has only what is new: what is copied from the
 *                plain file that an input is, is read there afterwards.
 * Must not know: what the bytes mean.  Private to the library.
 * See also:      output-laid.c; source-laid.c; filter/chain-pass.c, which has such files between
 *                stages and for judging.
 *
 * So a repair of 100 GB that is judged before it is written costs what it changes.
 */
#ifndef MIG_IO_OUTPUT_LAID_H
#define MIG_IO_OUTPUT_LAID_H

#include "io/output.h"

/* Lays @out, to which nothing was written yet, over @under, where both are plain files; else all is
 * written.  What is copied from another input that is laid over @under counts too. */
void mig_output_lay(MigOutput *out, const MigInput *under);

/* What was written, from its start on, after a commit.  @fd, the temporary file's, and the file
 * that it was laid over must outlive the input, and the latter may not change. */
MigInput *mig_output_laid_input(const MigOutput *out, int fd, const char *name,
                                const MigInputOptions *options, GError **error);

#endif
