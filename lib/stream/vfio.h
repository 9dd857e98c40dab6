/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      the structure of a VFIO configuration payload, for whoever edits or decodes it.
 * Knows not: where it stands in a stream.
 * Beside it: stream/vfio.c.
 */
#ifndef MIG_STREAM_VFIO_H
#define MIG_STREAM_VFIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/visibility.h"

/* "DEV_DATA_STATE", ...: a static string, NULL for a flag that is none. */
MIG_API const char *mig_vfio_flag_name(uint64_t flag);

/* Where things lie in a payload; offsets and sizes in octets. */
typedef struct MigVfioPayload {
    uint32_t config_offset; /* of the configuration space, little-endian inside */
    uint32_t config_size;   /* 256 or 4096 */
    uint32_t intx_offset;   /* 4 x be32, pins A to D: 0 or 1 */
    uint32_t msix_offset;   /* of the MSI-X table, 16 octets a vector; 0: none */
    uint32_t msix_vectors;
    uint32_t pending_offset; /* of the pending bits, a bit a vector */
    bool has_display;        /* the ramfb subsection of 8.2 */
    uint32_t length;         /* of all */
} MigVfioPayload;

/*
 * Finds the end of a configuration payload by its structure: the capability list of the
 * configuration space tells how long the MSI-X table is, and END_OF_STATE must follow.
 * @p: the payload and what comes after it, @n octets.
 * Returns false if no size of configuration space makes sense of it.
 */
MIG_API bool mig_vfio_payload_parse(const uint8_t *p, size_t n, MigVfioPayload *payload);

/* No payload is longer, in octets: 4 KiB, 2,048 vectors, display. */
#define MIG_VFIO_PAYLOAD_MAX (4u + 4096u + 16u + 2048u * 16u + 256u + 59u)

#endif
