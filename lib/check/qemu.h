/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how the sources write a release: QEMU(10, 2).
 * Must not know: what is true of a release.
 * See also:      check/release.h.  Not installed: the name is short.
 */
#ifndef MIG_CHECK_QEMU_H
#define MIG_CHECK_QEMU_H

#include "check/release.h"

#define QEMU(major, minor) MIG_RELEASE(major, minor)

#endif
