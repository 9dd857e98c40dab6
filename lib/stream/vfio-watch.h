/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          adding up what a VFIO device sends, item by item.
 * Must not know: what becomes of it.  Private to the library.
 * See also:      stream/vfio-dialect.h, the sum; stream/summary.h, which offers it to clients.
 */
#ifndef MIG_STREAM_VFIO_WATCH_H
#define MIG_STREAM_VFIO_WATCH_H

#include "stream/vfio-dialect.h"

/* Zeros, of @section, and no offset yet. */
void mig_vfio_device_init(MigVfioDevice *device, const MigSection *section);

/* Adds @item; all items of the section in order. */
void mig_vfio_device_watch(MigVfioDevice *device, const MigItem *item);

#endif
