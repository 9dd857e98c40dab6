/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          taking a subsection out of a device.
 * Must not know: where the device is.  Private to the library.
 * See also:      device/decode.h; filter/drop-subsection.c.
 */
#ifndef MIG_DEVICE_CUT_SUBSECTION_H
#define MIG_DEVICE_CUT_SUBSECTION_H

#include "device/decode.h"

/*
 * What becomes of a device without the subsection at @path ("cpu/fpu", "pm.ich9_pm/tco"):
 * @cut_length bytes of its body, from *from, are cut out, and the result is its object of
 * the description after that.  NULL if there is no such subsection (*problem is NULL), or
 * if it cannot be cut out (*problem is a static string).  The caller frees.
 */
char *mig_device_cut_subsection(MigBudget *budget, const MigDeviceState *device,
                                const char *path, uint64_t *from, uint64_t *cut_length,
                                const char **problem);

#endif
