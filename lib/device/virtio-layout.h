/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where things are in the state of a virtio device.
 * Must not know: how they are shown.  Private to device/.
 * See also:      device/virtio-layout.c, which has the layout; device/virtio.c.
 */
#ifndef MIG_DEVICE_VIRTIO_LAYOUT_H
#define MIG_DEVICE_VIRTIO_LAYOUT_H

#include "device/virtio-parts.h"

typedef enum MigVirtioTransport {
    MIG_VIRTIO_PCI,
    MIG_VIRTIO_MMIO,
    MIG_VIRTIO_CCW
} MigVirtioTransport;

/* Where things are, counted from the start of the field. */
typedef struct MigVirtioLayout {
    MigVirtioTransport transport;
    bool has_align, has_vector; /* a queue */
    uint32_t space;             /* bytes of configuration space */
    uint32_t vectors;           /* entries of the MSI-X table */
    uint64_t common;            /* of u8 status */
    uint32_t config_length;
    uint64_t config;
    uint32_t queues;
    uint64_t queue; /* of the first one */
    uint32_t queue_length;
    uint64_t device_class;
    uint64_t subsections;
} MigVirtioLayout;

/* A subsection that is known: @parts, then @count entries of @queue. */
typedef struct MigVirtioSubsection {
    const char *name;
    const MigPart *parts; /* or NULL */
    uint32_t count;
    const MigPart *queue;
} MigVirtioSubsection;

/* Tables of virtio-ccw, in the order in which they are sent. */
extern const MigPart mig_virtio_ccw_subchannel[], mig_virtio_ccw_indicators[],
    mig_virtio_ccw_end[];
/* The subsections that may follow the first and the second of them. */
#define MIG_VIRTIO_CCW_ORB     "s390_subch_dev/orb"
#define MIG_VIRTIO_CCW_SUMMARY "s390_adapter_info/summary_offset"

/* Finds out the transport of the @length bytes at @p, where things are, and the type of the
 * device, of which @named is what its vmstate's name says; 0: not known.  False if no
 * transport fits. */
bool mig_virtio_measure(const uint8_t *p, uint64_t length, uint16_t named,
                        MigVirtioLayout *layout, uint16_t *type);

/* The known subsection at @p, whose header is within the @n bytes there; NULL: none. */
const MigVirtioSubsection *mig_virtio_subsection_at(const uint8_t *p, uint64_t n);
uint64_t mig_virtio_header_length(const MigVirtioSubsection *subsection);
uint64_t mig_virtio_payload_length(const MigVirtioSubsection *subsection);

/* Bytes of the subsection @name at @at of the @length bytes at @p; 0 if it is not there. */
uint64_t mig_virtio_optional_length(const uint8_t *p, uint64_t length, uint64_t at,
                                    const char *name);

/* Bytes that a table takes; of NULL, 0. */
uint32_t mig_virtio_parts_length(const MigPart *parts);

#endif
