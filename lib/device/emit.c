/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see emit.h.
 * Must not know: what is decoded.
 * See also:      device/walk.c, pci.c, virtio.c.
 */
#include "device/emit.h"

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
}

static void push(MigEmit *e, const char *name)
{
    if (e->path->len && name[0] != '[') {
        g_string_append_c(e->path, '.');
    }
    g_string_append(e->path, name);
}

/* A visitor prints or keeps the path of a field, so a visit costs by its length. */
static void visit(MigEmit *e, MigField *field, const char *name, const char *type,
                  uint64_t at, uint64_t length, const char *note)
{
    field->name = name;
    field->path = e->path->str;
    field->type = type;
    field->depth = e->lengths->len;
    field->offset = e->offset + at;
    field->length = length;
    field->bytes = e->body + at;
    field->note = note && *note ? note : NULL;
    if (!mig_budget_spend(e->decoder.budget, MIG_BUDGET_LINE + e->path->len / 8)) {
        e->spent = true;
    }
    e->decoder.visit(field, e->decoder.user);
}

static void open_group(MigEmit *e, MigField *field, const char *name, const char *type,
                       uint64_t at, uint64_t length, const char *note)
{
    gsize before = e->path->len;

    push(e, name);
    visit(e, field, name, type, at, length, note);
    g_array_append_val(e->lengths, before);
}

void mig_emit_open(MigEmit *e, MigFieldKind kind, const char *name, const char *type,
                   uint64_t at, uint64_t length, const char *note)
{
    MigField field = { .kind = kind };

    open_group(e, &field, name, type, at, length, note);
}

void mig_emit_empty(MigEmit *e, const char *name, const char *type, uint64_t at,
                    uint64_t length)
{
    MigField field = { .kind = MIG_FIELD_ARRAY, .empty = true };

    open_group(e, &field, name, type, at, length, "0 elements");
    mig_emit_close(e);
}

void mig_emit_close(MigEmit *e)
{
    MigField field = { .kind = MIG_FIELD_END };
    gsize before = g_array_index(e->lengths, gsize, e->lengths->len - 1);

    g_array_set_size(e->lengths, e->lengths->len - 1);
    visit(e, &field, "", "", 0, 0, NULL);
    g_string_truncate(e->path, before);
}

void mig_emit_value(MigEmit *e, MigFieldKind kind, const char *name, const char *type,
                    uint64_t at, uint64_t length, uint64_t value, const char *note)
{
    MigField field = { .kind = kind, .u = value };
    gsize before = e->path->len;

    push(e, name);
    visit(e, &field, name, type, at, length, note);
    g_string_truncate(e->path, before);
}

void mig_emit_bytes(MigEmit *e, const char *name, const char *type, uint64_t at,
                    uint64_t length, const char *note)
{
    mig_emit_value(e, MIG_FIELD_BYTES, name, type, at, length, 0, note);
}

void mig_emit_mismatch(MigEmit *e, uint64_t at, uint64_t length, const char *note)
{
    mig_emit_value(e, MIG_FIELD_MISMATCH, "?", "mismatch", at, length, 0, note);
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

uint64_t mig_emit_be(MigEmit *e, const char *name, uint64_t at, unsigned width,
                     const char *note)
{
    static const char *const types[] = {
        [1] = "u8", [2] = "be16", [4] = "be32", [8] = "be64"
    };
    uint64_t value = mig_emit_get_be(e, at, width);

    mig_emit_value(e, MIG_FIELD_UINT, name, types[width], at, width, value, note);
    return value;
}

uint64_t mig_emit_le(MigEmit *e, const char *name, uint64_t at, unsigned width,
                     const char *note)
{
    static const char *const types[] = {
        [1] = "u8", [2] = "le16", [3] = "le24", [4] = "le32", [8] = "le64"
    };
    uint64_t value = mig_emit_get_le(e, at, width);

    mig_emit_value(e, MIG_FIELD_UINT, name, types[width], at, width, value, note);
    return value;
}

const char *mig_emit_index(char buffer[24], uint64_t index)
{
    g_snprintf(buffer, 24, "[%" G_GUINT64_FORMAT "]", index);
    return buffer;
}
