/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          memory for looking at an input.
 * Must not know: what is looked at.
 * See also:      io/alloc.h, which says why; io/input.c.
 *
 * What cannot be had is a failure of the input, as a read that fails is: an IO error with the
 * place, which mig_input_end_error() tells.
 */
#ifndef MIG_IO_INPUT_MEMORY_H
#define MIG_IO_INPUT_MEMORY_H

#include "io/alloc.h"
#include "io/input.h"

/* mig_try_alloc(), mig_alloc_room() and mig_meter_spend() for @in. */
void *mig_input_alloc(MigInput *in, size_t n);
bool mig_input_room(MigInput *in, size_t n);
bool mig_input_spend(MigInput *in, MigMeter *meter, size_t n);

/* What compressed bytes inside of @in may expand to, as the caller has it in MigInputOptions;
 * UINT64_MAX by default, where whoever expands them has a bound of its own. */
uint64_t mig_input_max_expand(const MigInput *in);

#endif
