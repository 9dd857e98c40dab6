/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          whose QEMU a machine type is of that no stock release has.
 * Must not know: streams, and what is reported.  Private to the library.
 * See also:      check/rules-configuration.c; message/decode-name.c; stream/release.h, for stock machine types.
 */
#ifndef MIG_STREAM_MACHINE_VENDOR_H
#define MIG_STREAM_MACHINE_VENDOR_H

#include <stdbool.h>

#include "stream/release.h"

typedef struct MigMachineVendor {
    const char *qemu;   /* "Ubuntu's QEMU"; a static text */
    const char *vendor; /* "Ubuntu"; NULL: some distribution */
    MigRelease release; /* whose machine type it was made from; NONE: not known */
} MigMachineVendor;

/* False for the name of a stock machine type, its beginning, and what is in no family. */
bool mig_machine_vendor(const char *machine, MigMachineVendor *vendor);

#endif
