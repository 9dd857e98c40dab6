/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the records of a VFIO device say that matters to a conversion.
 * Must not know: what a device is converted to.
 * See also:      filter/vfio-layout.c; stream/vfio-dialect.h.
 */
#ifndef MIG_FILTER_VFIO_KNOWN_H
#define MIG_FILTER_VFIO_KNOWN_H

#include "filter/filter.h"
#include "io/byte-store.h"
#include "stream/vfio-dialect.h"
#include "stream/vfio-watch.h"

/* Begin with zeros, mig_vfio_device_init() of seen, and a store. */
typedef struct MigVfioKnown {
    MigVfioDevice seen;
    MigByteStore *store;    /* of payloads, borrowed; all devices share it */
    MigStoredBytes payload; /* of the last configuration; without length: none so far */
    MigVfioRecord config;   /* its record */
    unsigned differing;     /* payloads that were not like the one before */
    bool in_start;          /* a configuration record is in START */
    bool reserved;          /* a subflag word has bits that mean nothing yet */
} MigVfioKnown;

/* Adds an item of the device.  False with *error set if its bytes cannot be had. */
bool mig_vfio_known_watch(MigVfioKnown *known, MigNext *next, const MigItem *item,
                          GError **error);

/* Why the device cannot be converted, a static string; NULL if it can.  @lossy: payloads
 * that differ may be dropped. */
const char *mig_vfio_known_problem(const MigVfioKnown *known, bool lossy);

/* Whether the source's own order sets the device up before its data. */
bool mig_vfio_needs_by_order(const MigVfioDevice *seen);

/* Whether the device is in config-first, and nothing of it is elsewhere. */
bool mig_vfio_is_config_first(const MigVfioDevice *seen);

#endif
