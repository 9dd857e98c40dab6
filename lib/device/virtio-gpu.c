/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see virtio-gpu.h.
 * Must not know: see there.
 * See also:      device/virtio.c, the state of all virtio devices.
 *
 * The state ends in: be32 0, which ends the list of resources; be32 enabled outputs; be32 their
 * number; and each output.  Of 40 bytes each up to 8.2; from 9.1 on of 64, but for the first one
 * of a machine type up to 9.0.
 * Source: hw/display/virtio-gpu.c, virtio_gpu_save(), vmstate_virtio_gpu_scanout.
 */
#include "device/virtio-gpu.h"

#include <glib.h>

#include "stream/wire.h"

#define HEAD        12u
#define NUMBER      8u
#define OLD         40u
#define NEW         64u
#define OUTPUTS_MAX 16u

/* Whether they end in @n outputs, @first and @other bytes long. */
static bool ends_in(const uint8_t *p, uint64_t length, uint32_t n, uint32_t first,
                    uint32_t other)
{
    uint64_t tail = HEAD + first + (uint64_t)(n - 1) * other;

    p += length - MIN(tail, length);
    return tail <= length && mig_be32(p) == 0 && mig_be32(p + NUMBER) == n;
}

uint32_t mig_virtio_gpu_outputs(const uint8_t *p, uint64_t length, bool *is_new)
{
    for (uint32_t n = 2; n <= OUTPUTS_MAX; n++) {
        bool old = ends_in(p, length, n, OLD, OLD);
        bool mixed = ends_in(p, length, n, OLD, NEW);
        bool new = ends_in(p, length, n, NEW, NEW);

        if (old + mixed + new == 1) { /* else it is a resource that looks like it */
            *is_new = !old;
            return n;
        }
    }
    return 0;
}
