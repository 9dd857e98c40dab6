/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the row of a table of consecutive parts of a virtio device.
 * Must not know: byte order, and how rows are shown.  Private to device/.
 * See also:      device/virtio.c, device/virtio-config.c.
 */
#ifndef MIG_DEVICE_VIRTIO_PARTS_H
#define MIG_DEVICE_VIRTIO_PARTS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct MigPart {
    uint16_t
        form; /* 1, 2, 4, 8: an integer of so many bytes; or below; 0 closes a table */
    const char *name;
} MigPart;

#define MIG_PART_BYTES(N) (0x400 | (N))
#define MIG_PART_OPEN     0x800 /* opens a group, which ends at MIG_PART_CLOSE */
#define MIG_PART_CLOSE    0x801

#define MIG_PART_IS_BYTES(FORM) ((FORM)&0x400)

static inline unsigned mig_part_width(const MigPart *part)
{
    return part->form < MIG_PART_OPEN ? part->form & 0x3ff : 0;
}

/* Device configuration of a device type, as the specification has it; NULL: has none.
 * *little: QEMU keeps it little-endian, whatever the driver has negotiated. */
const MigPart *mig_virtio_config_parts(uint16_t type, bool *little);

#endif
