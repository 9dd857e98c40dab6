/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which property of a virtio device switches which feature; what a feature is
 *                called in addresses and notes.
 * Must not know: streams.
 * See also:      device/virtio-features.c.
 */
#ifndef MIG_DEVICE_VIRTIO_PROPERTY_H
#define MIG_DEVICE_VIRTIO_PROPERTY_H

#include <stdint.h>

/* The property of QEMU that switches a feature of that name on and off: "packed".  Static, or
 * NULL where it is the name in lower case. */
const char *mig_virtio_feature_property(const char *feature);

/* The bit, below 64, that the property of a device of @type is about; -1: none. */
int mig_virtio_feature_of_property(uint16_t type, const char *property);

/* The name of feature @bit, or "bit42" where it has none.  The caller frees it. */
char *mig_virtio_feature_word(uint16_t type, unsigned bit);

#endif
