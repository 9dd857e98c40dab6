/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          asking the caller whether it wants an operation to end.
 * Must not know: what the operation is.  Private to the library.
 * See also:      io/input.h, MigCancelled.
 */
#ifndef MIG_IO_CANCEL_H
#define MIG_IO_CANCEL_H

#include "io/input.h"

typedef struct MigCancel {
    MigCancelled *cancelled; /* NULL: never */
    void *data;
} MigCancel;

static inline bool mig_cancel_asked(MigCancel cancel)
{
    return cancel.cancelled && cancel.cancelled(cancel.data);
}

#endif
