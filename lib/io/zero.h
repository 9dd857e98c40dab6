/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          telling zeros from other bytes.
 * Must not know: what they are.  Private to the library.
 * See also:      stream/page.h, which offers it to others.
 */
#ifndef MIG_IO_ZERO_H
#define MIG_IO_ZERO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool mig_is_zero(const uint8_t *bytes, size_t n)
{
    return n == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0);
}

#endif
