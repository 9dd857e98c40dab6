/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          numbers as people read them.
 * Must not know: what they count.
 * See also:      messages of errors.
 */
#ifndef MIG_IO_NUMBER_H
#define MIG_IO_NUMBER_H

#include <stdint.h>

#include "io/visibility.h"

G_BEGIN_DECLS

/* "12,345,678", in every locale.  The caller frees. */
MIG_API char *mig_number(uint64_t n);

G_END_DECLS

#endif
