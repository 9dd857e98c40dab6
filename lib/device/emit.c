/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see emit.h.
 * Must not know: what is decoded.
 * See also:      device/walk.c, pci.c, virtio.c.
 */
#include "device/emit.h"

#include <string.h>

#include "device/arm-sysreg.h"

#include <string.h>

void mig_emit_init(MigEmit *e, const MigDecoder *decoder, const uint8_t *body,
                   uint64_t length, uint64_t offset)
{
    *e = (MigEmit){
        .decoder = *decoder, .body = body, .length = length, .offset = offset
    };
    mig_budget_grant(decoder->budget, length);
    e->path = g_string_new(NULL);
    e->lengths = g_array_new(false, false, sizeof(gsize));
}

void mig_emit_clear(MigEmit *e)
{
    g_string_free(e->path, true);
    g_array_unref(e->lengths);
    g_clear_pointer(&e->registers, g_array_unref);
}

static void push(MigEmit *e, const char *name)
{
    if (e->path->len && name[0] != '[') {
        g_string_append_c(e->path, '.');
    }
    g_string_append(e->path, name);
}

/* Of what decoding shows of a register besides, the register alone has a place. */
static bool is_in_config(const MigEmit *e, const MigField *field)
{
    return field->offset >= e->config_at &&
           field->offset + field->length <= e->config_end && !mig_field_is_group(field) &&
           !mig_field_is_reading(field);
}

/* Its number where the path is that of an element of the array @name; -1: it is none. */
static gint64 element_of(const MigEmit *e, const char *name)
{
    size_t n = strlen(name);
    const char *path = e->path->str;

    return strncmp(path, name, n) == 0 && path[n] == '['
               ? (gint64)g_ascii_strtoull(path + n + 1, NULL, 10)
               : -1;
}

/* An Arm CPU has the ids of its system registers in one array and their values in another. */
static const char *register_alias(MigEmit *e, const MigField *field,
                                  char alias[MIG_ARM_SYSREG_NAME_MAX + 8])
{
    MigArmSysregName name;
    gint64 i;

    if (field->kind != MIG_FIELD_UINT || field->length != 8 ||
        e->path->str[0] != 'c') { /* of most fields no more is looked at */
        return NULL;
    }
    if (element_of(e, "cpreg_vmstate_indexes") >= 0) {
        e->registers = e->registers ? e->registers : g_array_new(false, false, 8);
        g_array_append_val(e->registers, field->u);
        return NULL;
    }
    i = element_of(e, "cpreg_vmstate_values");
    if (i < 0 || !e->registers || i >= e->registers->len) {
        return NULL;
    }
    g_snprintf(alias, MIG_ARM_SYSREG_NAME_MAX + 8, "cpreg[%s]",
               mig_arm_sysreg_name(g_array_index(e->registers, uint64_t, i), name));
    return alias;
}

/* Visits @field, whose offset counts from the start of the body.  A visitor prints or keeps the
 * path of a field, so a visit costs by its length. */
static void visit(MigEmit *e, const MigField *field)
{
    char alias[MIG_ARM_SYSREG_NAME_MAX + 8];
    MigField visited = *field;

    visited.path = e->path->str;
    visited.depth = e->lengths->len;
    visited.offset = e->offset + field->offset;
    visited.bytes = e->body + field->offset;
    visited.note = field->note && *field->note ? field->note : NULL;
    visited.alias = register_alias(e, field, alias);
    visited.in_config = is_in_config(e, field);
    visited.has_features = e->has_features;
    visited.virtio_type = e->virtio_type;
    visited.first_feature = e->first_feature;
    e->has_features = false;
    visited.config_at = visited.in_config ? (uint32_t)(field->offset - e->config_at) : 0;
    if (!mig_budget_spend(e->decoder.budget, MIG_BUDGET_LINE + e->path->len / 8)) {
        e->spent = true;
    }
    e->decoder.visit(&visited, e->decoder.user);
}

void mig_emit_group(MigEmit *e, const MigField *field)
{
    gsize before = e->path->len;

    push(e, field->name);
    visit(e, field);
    g_array_append_val(e->lengths, before);
}

void mig_emit_open(MigEmit *e, MigFieldKind kind, const char *name, const char *type,
                   uint64_t at, uint64_t length)
{
    const MigField field = {
        .kind = kind, .name = name, .type = type, .offset = at, .length = length
    };

    mig_emit_group(e, &field);
}

void mig_emit_empty(MigEmit *e, const char *name, const char *type, uint64_t at,
                    uint64_t length)
{
    const MigField field = { .kind = MIG_FIELD_ARRAY,
                             .name = name,
                             .type = type,
                             .offset = at,
                             .length = length,
                             .empty = true,
                             .note = "0 elements" };

    mig_emit_group(e, &field);
    mig_emit_close(e);
}

void mig_emit_close(MigEmit *e)
{
    const MigField field = { .kind = MIG_FIELD_END, .name = "", .type = "" };
    gsize before = g_array_index(e->lengths, gsize, e->lengths->len - 1);

    g_array_set_size(e->lengths, e->lengths->len - 1);
    visit(e, &field);
    g_string_truncate(e->path, before);
}

void mig_emit_value(MigEmit *e, const MigField *field)
{
    gsize before = e->path->len;

    push(e, field->name);
    visit(e, field);
    g_string_truncate(e->path, before);
}

void mig_emit_bytes(MigEmit *e, const char *name, const char *type, uint64_t at,
                    uint64_t length, const char *note)
{
    const MigField field = { .kind = MIG_FIELD_BYTES,
                             .name = name,
                             .type = type,
                             .offset = at,
                             .length = length,
                             .note = note };

    mig_emit_value(e, &field);
}

void mig_emit_mismatch(MigEmit *e, uint64_t at, uint64_t length, const char *note)
{
    const MigField field = { .kind = MIG_FIELD_MISMATCH,
                             .name = "?",
                             .type = "mismatch",
                             .offset = at,
                             .length = length,
                             .note = note };

    mig_emit_value(e, &field);
}

uint64_t mig_emit_get_be(const MigEmit *e, uint64_t at, unsigned width)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < width; i++) {
        value = value << 8 | e->body[at + i];
    }
    return value;
}

uint64_t mig_emit_get_le(const MigEmit *e, uint64_t at, unsigned width)
{
    uint64_t value = 0;

    for (unsigned i = width; i > 0; i--) {
        value = value << 8 | e->body[at + i - 1];
    }
    return value;
}

static uint64_t emit_number(MigEmit *e, const char *name, const char *type, uint64_t at,
                            unsigned width, uint64_t value, const char *note)
{
    const MigField field = { .kind = MIG_FIELD_UINT,
                             .name = name,
                             .type = type,
                             .offset = at,
                             .length = width,
                             .u = value,
                             .note = note };

    mig_emit_value(e, &field);
    return value;
}

uint64_t mig_emit_be(MigEmit *e, const char *name, uint64_t at, unsigned width,
                     const char *note)
{
    static const char *const types[] = {
        [1] = "u8", [2] = "be16", [4] = "be32", [8] = "be64"
    };

    return emit_number(e, name, types[width], at, width, mig_emit_get_be(e, at, width),
                       note);
}

uint64_t mig_emit_le(MigEmit *e, const char *name, uint64_t at, unsigned width,
                     const char *note)
{
    static const char *const types[] = {
        [1] = "u8", [2] = "le16", [3] = "le24", [4] = "le32", [8] = "le64"
    };

    return emit_number(e, name, types[width], at, width, mig_emit_get_le(e, at, width),
                       note);
}

const char *mig_emit_index(char buffer[24], uint64_t index)
{
    g_snprintf(buffer, 24, "[%" G_GUINT64_FORMAT "]", index);
    return buffer;
}
