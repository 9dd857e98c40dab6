/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      comparing two devices field by field, by path.
 * Knows not: which devices are compared.
 * Beside it: cmd-diff.c; device/decode.h.
 */
#include <string.h>

#include "diff.h"
#include "fields.h"

/* Leaves of one device that are kept; a device with more is compared as bytes. */
#define LEAVES_MAX (128u << 10)

/* Octets of a buffer that are kept to say where two differ; of a longer one, a digest. */
#define BYTES_KEPT 4096u

typedef struct Leaf {
    const char *path, *type, *text;
    MigFieldKind kind;
    uint64_t u;
    uint64_t length;
    uint8_t *bytes; /* BYTES and MISMATCH up to BYTES_KEPT */
    char *digest;   /* of longer ones */
    bool seen;      /* the other side has it */
} Leaf;

/* The leaves of one side, and its subsections. */
typedef struct Leaves {
    GArray *list;        /* Leaf, in order */
    GHashTable *by_path; /* path -> index + 1 */
    GStringChunk *strings;
    bool too_many;
} Leaves;

static void clear_leaf(gpointer p)
{
    Leaf *leaf = p;

    g_free(leaf->bytes);
    g_free(leaf->digest);
}

static void leaves_init(Leaves *leaves)
{
    leaves->list = g_array_new(false, true, sizeof(Leaf));
    g_array_set_clear_func(leaves->list, clear_leaf);
    leaves->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    leaves->strings = g_string_chunk_new(4096);
    leaves->too_many = false;
}

static void leaves_clear(Leaves *leaves)
{
    g_array_unref(leaves->list);
    g_hash_table_unref(leaves->by_path);
    g_string_chunk_free(leaves->strings);
}

static void keep_bytes(Leaf *leaf, const MigField *field)
{
    if (!field->bytes) {
        return;
    }
    if (field->length <= BYTES_KEPT) {
        leaf->bytes = g_memdup2(field->bytes, field->length);
    } else {
        leaf->digest =
            g_compute_checksum_for_data(G_CHECKSUM_SHA256, field->bytes, field->length);
    }
}

static void collect(const MigField *field, void *user)
{
    Leaves *leaves = user;
    Leaf leaf = { .kind = field->kind, .u = field->u, .length = field->length };
    g_autofree char *text = NULL;

    if (field->kind == MIG_FIELD_END || field->kind == MIG_FIELD_STRUCT ||
        field->kind == MIG_FIELD_ARRAY || leaves->too_many) {
        return;
    }
    if (leaves->list->len == LEAVES_MAX) {
        leaves->too_many = true;
        return;
    }
    text = field->kind == MIG_FIELD_SUBSECTION ? g_strdup("") : cli_field_value(field);
    leaf.path = g_string_chunk_insert(leaves->strings, field->path);
    leaf.type = g_string_chunk_insert_const(leaves->strings, field->type);
    leaf.text = g_string_chunk_insert_const(leaves->strings, text);
    if (field->kind == MIG_FIELD_BYTES || field->kind == MIG_FIELD_MISMATCH) {
        keep_bytes(&leaf, field);
    }
    g_array_append_val(leaves->list, leaf);
    if (!g_hash_table_contains(leaves->by_path, leaf.path)) {
        g_hash_table_insert(leaves->by_path, (gpointer)(uintptr_t)leaf.path,
                            GUINT_TO_POINTER(leaves->list->len));
    }
}

static Leaf *leaf_at(const Leaves *leaves, const char *path)
{
    guint index = GPOINTER_TO_UINT(g_hash_table_lookup(leaves->by_path, path));

    return index ? &g_array_index(leaves->list, Leaf, index - 1) : NULL;
}

static bool same(const Leaf *a, const Leaf *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case MIG_FIELD_BYTES:
    case MIG_FIELD_MISMATCH:
        return a->length == b->length && g_strcmp0(a->digest, b->digest) == 0 &&
               (!a->bytes || !b->bytes || memcmp(a->bytes, b->bytes, a->length) == 0);
    case MIG_FIELD_SUBSECTION:
        return true;
    default:
        return a->u == b->u;
    }
}

/* Of two buffers of one length: from the first octet that differs on. */
static char *bytes_from(const Leaf *leaf, uint64_t at)
{
    g_autofree char *hex = cli_field_hex(leaf->bytes + at, leaf->length - at, 16);

    return g_strdup_printf("byte %" PRIu64 ": %s", at, hex);
}

static void report_bytes(Diff *diff, const DiffPlace *place, const Leaf *a, const Leaf *b)
{
    g_autofree char *text_a = NULL, *text_b = NULL;
    uint64_t at = 0;

    if (!a->bytes || !b->bytes || a->length != b->length || a->length <= 16) {
        diff_report_text(diff, place, a->text, b->text);
        return;
    }
    while (a->bytes[at] == b->bytes[at]) {
        at++;
    }
    text_a = bytes_from(a, at);
    text_b = bytes_from(b, at);
    diff_report_text(diff, place, text_a, text_b);
}

static void report_pair(Diff *diff, const MigSection *section, const Leaf *a,
                        const Leaf *b)
{
    const Leaf *some = a ? a : b; /* one is there */
    /* cppcheck-suppress nullPointerRedundantCheck ; the other may not be */
    const DiffPlace place = { "field", section, some->path, some->type };
    const DiffValue values[] = { { a ? a->kind : 0, a ? a->u : 0, a ? a->text : NULL },
                                 { b ? b->kind : 0, b ? b->u : 0, b ? b->text : NULL } };

    if (a && b && a->kind == b->kind &&
        (a->kind == MIG_FIELD_BYTES || a->kind == MIG_FIELD_MISMATCH)) {
        report_bytes(diff, &place, a, b);
    } else {
        diff_report(diff, &place, a ? &values[0] : NULL, b ? &values[1] : NULL);
    }
}

/* A subsection that one side lacks stands for all that is in it. */
static void report_lonely(Diff *diff, const MigSection *section, const Leaf *leaf,
                          bool in_b, const char **above)
{
    size_t n = *above ? strlen(*above) : 0;
    const DiffPlace place = { "subsection", section, leaf->path, NULL };

    if (n && strncmp(leaf->path, *above, n) == 0 && leaf->path[n] == '.') {
        return;
    }
    if (leaf->kind == MIG_FIELD_SUBSECTION) {
        *above = leaf->path;
        diff_report_text(diff, &place, in_b ? NULL : "", in_b ? "" : NULL);
    } else {
        report_pair(diff, section, in_b ? NULL : leaf, in_b ? leaf : NULL);
    }
}

static void compare(Diff *diff, const MigSection *section, Leaves *a, Leaves *b)
{
    const char *above = NULL;

    for (guint i = 0; i < a->list->len; i++) {
        Leaf *mine = &g_array_index(a->list, Leaf, i), *other = leaf_at(b, mine->path);

        if (other) {
            other->seen = true;
        }
        if (!other) {
            report_lonely(diff, section, mine, false, &above);
        } else if (!same(mine, other)) {
            report_pair(diff, section, mine, other);
        }
    }
    above = NULL;
    for (guint i = 0; i < b->list->len; i++) {
        const Leaf *mine = &g_array_index(b->list, Leaf, i);

        if (!mine->seen && leaf_at(b, mine->path) == mine) {
            report_lonely(diff, section, mine, true, &above);
        }
    }
}

static bool decode(Diff *diff, DiffSide *side, const DiffBody *body, Leaves *leaves)
{
    const MigDeviceBody device = { body->section->name, body->section->instance_id,
                                   body->section->version_id, body->offset,
                                   body->length };
    g_autofree uint8_t *payload = NULL;
    bool matches;

    if (!body->vfio) {
        return mig_device_decode_at(side->in, mig_reader_description(side->reader),
                                    &device, diff->names, &matches, collect, leaves,
                                    side->error ? NULL : &side->error);
    }
    payload = g_malloc(body->length);
    return mig_input_read_at(side->in, body->offset, payload, body->length) ==
               body->length &&
           mig_vfio_payload_decode(payload, body->length, body->offset, diff->names,
                                   collect, leaves);
}

/* Whether the octets are the same, so that nothing need be decoded. */
static bool same_octets(const Diff *diff, const DiffBody bodies[2])
{
    g_autofree uint8_t *buffer = g_malloc(2 * BYTES_KEPT);
    uint64_t length = bodies[0].length;

    if (length != bodies[1].length) {
        return false;
    }
    for (uint64_t at = 0; at < length; at += BYTES_KEPT) {
        size_t n = (size_t)MIN(BYTES_KEPT, length - at);

        for (int i = 0; i < 2; i++) {
            if (mig_input_read_at(diff->side[i].in, bodies[i].offset + at,
                                  buffer + i * BYTES_KEPT, n) != n) {
                return false;
            }
        }
        if (memcmp(buffer, buffer + BYTES_KEPT, n) != 0) {
            return false;
        }
    }
    return true;
}

void diff_fields(Diff *diff, const DiffBody bodies[2])
{
    const DiffPlace body = { "body", bodies[0].section, NULL, NULL };
    Leaves leaves[2];
    uint64_t before = diff->found;
    bool ok = true;

    if (same_octets(diff, bodies)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        leaves_init(&leaves[i]);
        ok &= decode(diff, &diff->side[i], &bodies[i], &leaves[i]) && !leaves[i].too_many;
    }
    if (ok) {
        compare(diff, bodies[0].section, &leaves[0], &leaves[1]);
    }
    if (diff->found == before) {
        g_autofree char *a = g_strdup_printf("%" PRIu64 " bytes", bodies[0].length);
        g_autofree char *b = g_strdup_printf("%" PRIu64 " other bytes", bodies[1].length);

        diff_report_text(diff, &body, a, b);
    }
    leaves_clear(&leaves[0]);
    leaves_clear(&leaves[1]);
}
