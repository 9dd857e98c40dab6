/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the run state in the body of the section "globalstate".
 * Must not know: which run states there are.
 * See also:      device/overview.c and check/rules-values.c, which ask for it.
 */
#ifndef MIG_STREAM_GLOBALSTATE_H
#define MIG_STREAM_GLOBALSTATE_H

#include <stddef.h>
#include <stdint.h>

/* Where the name is in the body, and how long a body is at least, in bytes. */
#define MIG_GLOBALSTATE_NAME   4u
#define MIG_GLOBALSTATE_LENGTH 104u

/* The name in the @n bytes of a body, cut as a loader cuts it; NULL if they are too few.  The
 * caller frees. */
char *mig_globalstate_run_state(const uint8_t *body, size_t n);

#endif
