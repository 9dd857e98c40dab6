/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the value of one field that has no members, by the shape of its type.
 * Must not know: where fields are.
 * See also:      device/leaf.h; device/schema.c, which knows the shapes of types.
 *
 * Source: migration/vmstate-types.c, 5.2 to 11.1.
 */
#include "device/leaf.h"

#include "device/nulls.h"
#include "device/special.h"

bool mig_leaf_emit(MigEmit *e, const Field *f, const char *name, uint64_t at)
{
    MigField field = { .kind = MIG_FIELD_UINT,
                       .name = name,
                       .type = f->type,
                       .offset = at,
                       .length = f->size };

    if (f->width && f->width != f->size) {
        g_autofree char *note = g_strdup_printf(
            "described as %" PRIu64 " bytes, which is no %s", f->size, f->type);

        mig_emit_mismatch(e, at, f->size, note);
        return false;
    }
    field.u = f->width ? mig_emit_get_be(e, at, f->width) : 0;
    switch (f->shape) {
    case SHAPE_INT:
        field.kind = MIG_FIELD_INT;
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): integers have a width */
        field.u <<= 64 - 8 * f->width;
        field.i >>= 64 - 8 * f->width;
        break;
    case SHAPE_UINT:
        break;
    case SHAPE_TIMER:
        field.note = field.u == UINT64_MAX ? "not armed" : "ns";
        break;
    case SHAPE_BOOL:
        field.kind = field.u > 1 ? MIG_FIELD_UINT : MIG_FIELD_BOOL;
        field.note = field.u > 1 ? "true, but not as QEMU writes it" : NULL;
        break;
    case SHAPE_NULLPTR:
        if (field.u != MIG_NULLPTR) {
            mig_emit_mismatch(e, at, f->size,
                              "described as NULL, which is one byte 0x30");
            return false;
        }
        field.kind = MIG_FIELD_NULL;
        field.u = 0;
        break;
    default:
        mig_special_decode(e, f->type, name, at, f->size);
        return true;
    }
    mig_emit_value(e, &field);
    return true;
}
