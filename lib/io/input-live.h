/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          looking ahead in an input that is live: no further than is needed.
 * Must not know: what the bytes mean.  Private to the library.
 * See also:      io/input.h, MigInputOptions.live.
 */
#ifndef MIG_IO_INPUT_LIVE_H
#define MIG_IO_INPUT_LIVE_H

#include "io/input.h"

/* As mig_input_peek(), of @want bytes that help, and @need that the caller cannot do without: only
 * the latter are waited for where the input is live. */
const uint8_t *mig_input_peek_ahead(MigInput *in, size_t need, size_t want,
                                    size_t *available);

#endif
