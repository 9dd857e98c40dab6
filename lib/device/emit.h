/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          handing fields to a visitor: paths, depth, offsets.
 * Must not know: what is decoded.  Private to device/.
 * See also:      device/field.h.
 *
 * Places are given as bytes from the start of the body that an emitter was made for.
 */
#ifndef MIG_DEVICE_EMIT_H
#define MIG_DEVICE_EMIT_H

#include <glib.h>

#include "device/decode.h"
#include "io/budget.h"

typedef struct MigEmit {
    MigDecoder decoder;
    const uint8_t *body;
    uint64_t length;    /* bytes of body */
    uint64_t offset;    /* of the body, in plain bytes of the stream */
    const char *device; /* name of its vmstate; NULL where none is described */
    bool spent;         /* the budget is: visits go on only for what is open */
    GString *path;
    GArray *lengths; /* of the path, before each group that is open */
    uint64_t config_at,
        config_end;    /* configuration space in the body; the same: none is open */
    GArray *registers; /* uint64_t, of an Arm CPU's list; NULL: none so far */
    /* What the next field has of virtio features, as in MigField. */
    bool has_features;
    uint16_t virtio_type;
    uint32_t first_feature;
} MigEmit;

/* Grants the budget of @decoder, which is copied, the @length bytes of @body. */
void mig_emit_init(MigEmit *e, const MigDecoder *decoder, const uint8_t *body,
                   uint64_t length, uint64_t offset);
void mig_emit_clear(MigEmit *e);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MigEmit, mig_emit_clear)

/* Opens a group: kind, name, type, length and note of @field, and the offset from the start of
 * the body.  mig_emit_open() is for one without a note. */
void mig_emit_group(MigEmit *e, const MigField *field);
void mig_emit_open(MigEmit *e, MigFieldKind kind, const char *name, const char *type,
                   uint64_t at, uint64_t length);
void mig_emit_close(MigEmit *e);
/* An array without elements, opened and closed. */
void mig_emit_empty(MigEmit *e, const char *name, const char *type, uint64_t at,
                    uint64_t length);

/* A leaf: as for a group, and the value. */
void mig_emit_value(MigEmit *e, const MigField *field);
void mig_emit_bytes(MigEmit *e, const char *name, const char *type, uint64_t at,
                    uint64_t length, const char *note);
void mig_emit_mismatch(MigEmit *e, uint64_t at, uint64_t length, const char *note);

/* Integers of 1, 2, 4 or 8 bytes at @at, which must lie in the body. */
uint64_t mig_emit_get_be(const MigEmit *e, uint64_t at, unsigned width);
uint64_t mig_emit_get_le(const MigEmit *e, uint64_t at, unsigned width);
uint64_t mig_emit_be(MigEmit *e, const char *name, uint64_t at, unsigned width,
                     const char *note);
uint64_t mig_emit_le(MigEmit *e, const char *name, uint64_t at, unsigned width,
                     const char *note);

/* "[3]", for the element of an array; valid until @buffer is used again. */
const char *mig_emit_index(char buffer[24], uint64_t index);

#endif
