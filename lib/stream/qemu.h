/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how the sources write a release: QEMU(10, 2).
 * Must not know: what is true of a release.
 * See also:      stream/release.h.  Not installed: the name is short.
 */
#ifndef MIG_STREAM_QEMU_H
#define MIG_STREAM_QEMU_H

#include "stream/release.h"

#define QEMU(major, minor) MIG_RELEASE(major, minor)

#endif
