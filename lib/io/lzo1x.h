/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          one block of LZO1X, the compression of lzop.
 * Must not know: what is around a block.
 * See also:      container-lzop.c.
 */
#ifndef MIG_IO_LZO1X_H
#define MIG_IO_LZO1X_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decompresses a block that makes exactly @n_out bytes of exactly @n_in; false where it does not. */
bool mig_lzo1x_decode(const uint8_t *in, size_t n_in, uint8_t *out, size_t n_out);

#endif
