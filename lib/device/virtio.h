/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          names of virtio device types and feature bits.
 * Must not know: streams.
 * See also:      device/virtio.c, which decodes the state of virtio devices.
 */
#ifndef MIG_DEVICE_VIRTIO_H
#define MIG_DEVICE_VIRTIO_H

#include <stdint.h>

#include "io/visibility.h"

G_BEGIN_DECLS

/* The device type (1 network card, 2 block device, ...) of a PCI device id of vendor 1af4,
 * transitional or modern; 0 where it is none. */
MIG_API uint16_t mig_virtio_type_of_pci(uint16_t device);

/* The device type by the name of its vmstate, "virtio-net", ...; 0 where it is none. */
MIG_API uint16_t mig_virtio_type_of_vmstate(const char *name);

/* "network card", ...: a static string, or NULL. */
MIG_API const char *mig_virtio_type_name(uint16_t type);

/* "MRG_RXBUF", ...: the name of feature @bit, 0 to 127, of a device of @type, or of any device
 * where the bit is common to all; NULL where it has none. */
MIG_API const char *mig_virtio_feature_name(uint16_t type, unsigned bit);

G_END_DECLS

#endif
