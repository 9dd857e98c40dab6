/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see globalstate.h.
 * Must not know: see there.
 * See also:      stream/wire.h.
 *
 * migration/global_state.c, vmstate_globalstate, 5.2 to 11.1: be32 length, which no loader looks
 * at, and 100 bytes, in which a NUL ends the name; the last byte counts as one.
 */
#include "stream/globalstate.h"

#include <glib.h>

char *mig_globalstate_run_state(const uint8_t *body, size_t n)
{
    return n < MIG_GLOBALSTATE_LENGTH
               ? NULL
               : g_strndup((const char *)body + MIG_GLOBALSTATE_NAME,
                           MIG_GLOBALSTATE_LENGTH - MIG_GLOBALSTATE_NAME - 1);
}
