/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the end that a container states, before that of its bytes.
 * Must not know: why there are more.
 * See also:      io/qcow2.h; stream/grammar.c, which knows whether the stream goes on.
 */
#ifndef MIG_IO_INPUT_STATED_H
#define MIG_IO_INPUT_STATED_H

#include "io/input.h"

/* Whether the container of @in states another end than that of its bytes. */
bool mig_input_has_stated_end(const MigInput *in);

/* Lets @in end there, or where it is now if that is later; nothing where none is stated. */
void mig_input_end_as_stated(MigInput *in);

#endif
