/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the bytes of a device section to fields, by the description of the
 *                stream.
 * Must not know: how fields are printed or compared.
 * See also:      stream/description.h, which finds the description; device/pci.h and
 *                device/virtio.h, which decode what it does not describe.
 */
#ifndef MIG_DEVICE_DECODE_H
#define MIG_DEVICE_DECODE_H

#include "device/field.h"
#include "device/pci.h"
#include "io/input.h"
#include "stream/description.h"
#include "stream/item.h"
#include "stream/address.h"
#include "stream/reader.h"

G_BEGIN_DECLS

/* The longest body that is decoded, and the longest object of the description that is read for
 * it, in bytes; with a longer one the body is one MISMATCH field. */
#define MIG_DEVICE_BODY_MAX (16u << 20)
#define MIG_DEVICE_JSON_MAX (4u << 20)

/*
 * Whether any of @addresses means @field of that device: by its path, by its alias, as
 * "pci[0x9a]" by the number of one of its bytes in configuration space, or as
 * "features[MRG_RXBUF]" by one of its virtio features.
 */
MIG_API bool mig_field_is_meant(MigAddresses *addresses, const char *name,
                                uint32_t instance_id, const MigField *field);

/* The bits of @field that are meant by the names of virtio features alone; 0 where none is, or
 * where another address means all of the field. */
MIG_API uint64_t mig_field_features_meant(MigAddresses *addresses, const char *name,
                                          uint32_t instance_id, const MigField *field);

/* What decoding needs beside the bytes. */
typedef struct MigDecoder {
    MigBudget *budget;        /* of the stream: mig_reader_budget() */
    const MigPciNames *names; /* or NULL */
    MigFieldVisit *visit;
    void *user;        /* handed to @visit */
    void *reserved[4]; /* NULL: for members to come */
} MigDecoder;

/* The place of a section's body. */
typedef struct MigDeviceBody {
    const char *name; /* idstr, closed by a NUL */
    uint32_t instance_id;
    uint32_t version_id;
    uint64_t offset;      /* of its first byte, in plain bytes */
    uint64_t length;      /* bytes, without header and footer */
    uint64_t reserved[2]; /* 0: for members to come */
} MigDeviceBody;

/* The state of one device in memory, and what describes it.  All of it is borrowed. */
typedef struct MigDeviceState {
    const char *json;     /* its object of the description; NULL: nothing describes it, or
                           * what does was too long to be read once more */
    size_t json_length;   /* bytes of it; 0: nothing does */
    const uint8_t *bytes; /* its body */
    uint64_t length;      /* bytes of that */
    uint64_t offset;      /* of the first one, in plain bytes of the stream */
    uint64_t reserved[2]; /* 0: for members to come */
} MigDeviceState;

/*
 * Walks the description of one device together with its body.
 *
 * What the bytes confirm is visited as values: all of the body if the lengths of the
 * description add up to it and its subsections are where they should be, else what lies
 * before the last subsection that is.  The rest is one MISMATCH field with the reason.
 * So is what would cost more than the budget has left, which grows by the body's length first,
 * and the body of a device that nothing describes.
 * Returns whether the description matches the bytes throughout.
 */
MIG_API bool mig_device_decode(const MigDecoder *decoder, const MigDeviceState *device);

/* The object of the description for that name and instance, in the text that @in holds, of
 * *length bytes; NULL, and *length is 0, where there is none or it is longer than
 * MIG_DEVICE_JSON_MAX.  NULL beside its length is a failure to read it, or too much work: any
 * number of sections can have the name, and every 8 bytes take a step of the budget.  The
 * caller frees. */
MIG_API char *mig_device_description_text(MigBudget *budget, MigInput *in,
                                          const MigDescription *description,
                                          const char *name, uint32_t instance_id,
                                          size_t *length);

/*
 * The same as mig_device_decode() for a section of an input that can seek: reads its body and
 * its object of the description.  @description may be NULL.
 * Returns false with *error set only if the input cannot be read (IO, ...); *matches tells
 * what mig_device_decode() returned.
 */
MIG_API bool mig_device_decode_at(const MigDecoder *decoder, MigInput *in,
                                  const MigDescription *description,
                                  const MigDeviceBody *body, bool *matches,
                                  GError **error);

/* The configuration payload of a VFIO device (stream/vfio.h), @length bytes and no more:
 * PCI configuration space, INTx state, MSI-X table.  Returns whether it is one. */
MIG_API bool mig_vfio_payload_decode(const MigDecoder *decoder, const uint8_t *bytes,
                                     uint64_t length, uint64_t offset);

G_END_DECLS

#endif
