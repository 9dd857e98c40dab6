/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which property of a virtio device switches which feature; what a feature is
 *                called in addresses and notes.
 * Must not know: streams.
 * See also:      device/virtio-features.c.
 */
#ifndef MIG_DEVICE_VIRTIO_PROPERTY_H
#define MIG_DEVICE_VIRTIO_PROPERTY_H

#include <stdbool.h>
#include <stdint.h>

/* The option with which QEMU's device does not offer feature @bit, or, @on, with which it does:
 * "packed=off".  NULL: no option does that by one value.  @vmstate is the name of its state, or
 * NULL where that is not known.  The caller frees it. */
char *mig_virtio_feature_option(uint16_t type, const char *vmstate, unsigned bit,
                                bool on);

/* What decides it where that is not all, as a sentence without its subject, the feature, or
 * NULL. */
const char *mig_virtio_feature_decides(uint16_t type, unsigned bit);

/* Bits that features have. */
#define MIG_VIRTIO_FEATURES 128u

/* The bit, below MIG_VIRTIO_FEATURES, that a device of @type offers where @property is on, and does not where it
 * is off; -1: none. */
int mig_virtio_feature_of_property(uint16_t type, const char *property);

/* The name of feature @bit, or "bit42" where it has none.  The caller frees it. */
char *mig_virtio_feature_word(uint16_t type, unsigned bit);

#endif
