/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a number for where the fields of a device are, by which a change of one shows that
 *                all others are still where they were.
 * Must not know: which field is changed.  Private to the library.
 * See also:      device/decode.h; filter/set-field.c and filter/graft-part.c, which change values
 *                that others depend on, as the length of an MSI-X table does.
 */
#ifndef MIG_DEVICE_LAYOUT_DIGEST_H
#define MIG_DEVICE_LAYOUT_DIGEST_H

#include "device/decode.h"

/* Without configuration space, whose registers have one length together. */
uint64_t mig_device_layout_digest(MigBudget *budget, const MigDeviceState *device);

#endif
