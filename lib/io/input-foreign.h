/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where the bytes of an input stop to be what was compressed.
 * Must not know: what the bytes mean.  Private to the library.
 * See also:      io/source-unpack.h, mig_unpack_pass().
 */
#ifndef MIG_IO_INPUT_FOREIGN_H
#define MIG_IO_INPUT_FOREIGN_H

#include "io/input.h"

/* The plain offset from which on the file has bytes that are not compressed, once they have been
 * read; UINT64_MAX: there were none so far.  No stream goes on in them. */
uint64_t mig_input_foreign_from(const MigInput *in);

#endif
