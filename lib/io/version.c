/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see io/version.h.
 * Must not know: anything else.
 * See also:      Makefile.
 */
#include "io/version.h"

const char *mig_version(void)
{
    return MIG_VERSION;
}
