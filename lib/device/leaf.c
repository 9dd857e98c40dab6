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
    uint64_t value;

    if (f->width && f->width != f->size) {
        g_autofree char *note = g_strdup_printf(
            "described as %" PRIu64 " bytes, which is no %s", f->size, f->type);

        mig_emit_mismatch(e, at, f->size, note);
        return false;
    }
    value = f->width ? mig_emit_get_be(e, at, f->width) : 0;
    switch (f->shape) {
    case SHAPE_INT:
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): integers have a width */
        value <<= 64 - 8 * f->width;
        value = (uint64_t)((int64_t)value >> (64 - 8 * f->width));
        mig_emit_value(e, MIG_FIELD_INT, name, f->type, at, f->size, value, NULL);
        break;
    case SHAPE_UINT:
        mig_emit_value(e, MIG_FIELD_UINT, name, f->type, at, f->size, value, NULL);
        break;
    case SHAPE_TIMER:
        mig_emit_value(e, MIG_FIELD_UINT, name, f->type, at, f->size, value,
                       value == UINT64_MAX ? "not armed" : "ns");
        break;
    case SHAPE_BOOL:
        mig_emit_value(e, value > 1 ? MIG_FIELD_UINT : MIG_FIELD_BOOL, name, f->type, at,
                       f->size, value,
                       value > 1 ? "true, but not as QEMU writes it" : NULL);
        break;
    case SHAPE_NULLPTR:
        if (value == MIG_NULLPTR) {
            mig_emit_value(e, MIG_FIELD_NULL, name, f->type, at, f->size, 0, NULL);
        } else {
            mig_emit_mismatch(e, at, f->size,
                              "described as NULL, which is one byte 0x30");
            return false;
        }
        break;
    default:
        mig_special_decode(e, f->type, name, at, f->size);
    }
    return true;
}
