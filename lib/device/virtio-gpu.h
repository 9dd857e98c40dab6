/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the own state of a virtio-gpu tells of its outputs.
 * Must not know: which release reads it.  Private to the library.
 * See also:      check/rules-virtio.c.
 */
#ifndef MIG_DEVICE_VIRTIO_GPU_H
#define MIG_DEVICE_VIRTIO_GPU_H

#include <stdbool.h>
#include <stdint.h>

/* How many outputs, of two and more, the @length bytes at @p end in; *is_new: in the form of QEMU
 * 9.1 and later.  0: there is one, or that cannot be told. */
uint32_t mig_virtio_gpu_outputs(const uint8_t *p, uint64_t length, bool *is_new);

#endif
