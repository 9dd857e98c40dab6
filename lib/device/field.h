/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the field, a value of device state with its name, place and meaning.
 * Must not know: who decodes it, and how it is printed.
 * See also:      device/decode.h, device/pci.h and device/virtio.h emit fields,
 *                device/emit.h helps them; printers and comparisons visit them.
 *
 * A device comes as a walk through a tree: a group (STRUCT, ARRAY, SUBSECTION) is visited
 * when it opens, then what is in it, then END.  Everything else is a leaf.
 */
#ifndef MIG_DEVICE_FIELD_H
#define MIG_DEVICE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "io/visibility.h"

G_BEGIN_DECLS

typedef enum MigFieldKind {
    MIG_FIELD_STRUCT,
    MIG_FIELD_ARRAY,      /* its elements are named "[0]", "[1]", ... */
    MIG_FIELD_SUBSECTION, /* marker, name and version included in its length */
    MIG_FIELD_END,        /* of the group that is open */
    MIG_FIELD_UINT,
    MIG_FIELD_INT,
    MIG_FIELD_BOOL,
    MIG_FIELD_BYTES,
    MIG_FIELD_NULL,     /* a NULL element of an array of pointers */
    MIG_FIELD_MISMATCH, /* bytes that the description does not explain; note says why */
} MigFieldKind;

/* Everything is borrowed and lives until the visit returns. */
typedef struct MigField {
    MigFieldKind kind;
    const char *name;     /* its own; as the stream has it, so escape it */
    const char *path;     /* from the device on: "ahci.dev[0].port.cmd" */
    const char *type;     /* as the description has it, or "le16" and the like */
    unsigned depth;       /* groups around it */
    uint64_t offset;      /* of its first byte, in plain bytes of the stream */
    uint64_t length;      /* bytes in the stream; for a bit field, of what holds it */
    const uint8_t *bytes; /* those; NULL for a body that is too long to be decoded */
    union {
        uint64_t u; /* UINT; BOOL: 0 or 1 */
        int64_t i;  /* INT */
    };
    bool empty;       /* an ARRAY without elements: its END comes next */
    const char *note; /* what it means, for a person; NULL where nothing is to say */
    /* What it is called besides: "cpreg[SCTLR_EL1]" of an element of cpreg_vmstate_values; NULL:
     * nothing. */
    const char *alias;
    bool in_config;     /* a part of PCI configuration space, from @config_at on */
    uint32_t config_at; /* bytes */
    /* Its bits are virtio features, from @first_feature on, of a device of @virtio_type, see
     * mig_virtio_feature_name(). */
    bool has_features;
    uint16_t virtio_type;
    uint32_t first_feature;
} MigField;

typedef void MigFieldVisit(const MigField *field, void *user);

/* Whether it is a reading of another field, and no bytes of its own. */
static inline bool mig_field_is_reading(const MigField *field)
{
    return strcmp(field->type, "bit") == 0 || strcmp(field->type, "count") == 0;
}

static inline bool mig_field_is_group(const MigField *field)
{
    return field->kind <= MIG_FIELD_SUBSECTION;
}

G_END_DECLS

#endif
