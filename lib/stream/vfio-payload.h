/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          VFIO records and configuration payloads, read and written.
 * Must not know: where they are in a stream.  Private to the library.
 * See also:      stream/vfio.c, which has the layout; stream/item.h, MigVfioRecord.
 */
#ifndef MIG_STREAM_VFIO_PAYLOAD_H
#define MIG_STREAM_VFIO_PAYLOAD_H

#include "stream/item.h"

/* Where things lie in a payload; offsets and sizes in bytes. */
typedef struct MigVfioPayload {
    uint32_t version;
    uint32_t config_offset;  /* of the configuration space, little-endian inside */
    uint32_t config_size;    /* 256 or 4096 */
    uint32_t intx_offset;    /* 4 x be32, pins A to D: 0 or 1 */
    uint32_t msix_offset;    /* of the MSI-X table, 16 bytes a vector; 0: none */
    uint32_t msix_vectors;   /* entries of the table */
    uint32_t pending_offset; /* of the pending bits, a bit a vector */
    uint32_t display_offset; /* of the ramfb subsection of 8.2; 0: none */
    uint32_t display_fields; /* of its first field */
    uint32_t length;         /* of all */
    uint8_t intx;            /* pins that are asserted: bit 0 is pin A */
} MigVfioPayload;

/*
 * Finds the end of a configuration payload by its structure: the capability list of the
 * configuration space tells how long the MSI-X table is, and END_OF_STATE must follow.
 * @p: the payload and what comes after it, @n bytes.
 * Returns false if no size of configuration space makes sense of it.
 */
bool mig_vfio_payload_parse(const uint8_t *p, size_t n, MigVfioPayload *payload);

/* The same of a payload that was cut off before its END_OF_STATE: @n bytes are all of it. */
bool mig_vfio_payload_parse_whole(const uint8_t *p, size_t n, MigVfioPayload *payload);

/* Whether the record of a configuration that @item is, and @bytes are its own, has the display's
 * subsection. */
bool mig_vfio_has_display(const MigItem *item, const uint8_t *bytes);

/* Sets what @record has of the payload that was parsed from @p, by its payload_offset. */
void mig_vfio_record_set_payload(MigVfioRecord *record, const MigVfioPayload *payload,
                                 const uint8_t *p);

/* Appends to @out the payload that was parsed from @p: version, pins and the head of a
 * subsection from @payload, what belongs to the device from @p. */
void mig_vfio_payload_encode(const MigVfioPayload *payload, const uint8_t *p,
                             GByteArray *out);

/*
 * Appends a record to @out: its flag, its subflags or the length of its data, and @n bytes
 * of its payload, which may be less than all of it where the rest follows in other items.
 * Sets record->payload_offset and record->config_offset.
 */
void mig_vfio_record_encode(MigVfioRecord *record, const void *payload, size_t n,
                            GByteArray *out);

/* Bytes of a record with all of its payload: record->payload_length of it. */
uint64_t mig_vfio_record_length(const MigVfioRecord *record);

/* No payload is longer, in bytes: 4 KiB, 2,048 vectors, display. */
#define MIG_VFIO_PAYLOAD_MAX (4u + 4096u + 16u + 2048u * 16u + 256u + 59u)

#endif
