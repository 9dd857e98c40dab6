/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          comparing two devices field by field, by path.
 * Must not know: which devices are compared.
 * See also:      compare-sections.c; device/leaves.c, which keeps what was decoded.
 */
#include <string.h>

#include "device/decode.h"
#include "device/leaves.h"
#include "device/schema.h"
#include "diff/diff-private.h"
#include "io/input-memory.h"

#define CHUNK 4096u

/* A device of one side: its bytes, and the fields that they are. */
typedef struct Device {
    uint8_t *bytes;
    MigLeaves leaves;
    bool matches; /* the bytes are as the description says */
} Device;

typedef struct Pair {
    MigDiff *diff;
    const MigDiffBody *body; /* two of them */
    Device device[2];
    bool differs; /* in a field, asked for or not */
} Pair;

static void pair_init(Pair *pair, MigDiff *diff, const MigDiffBody bodies[2])
{
    *pair = (Pair){ .diff = diff, .body = bodies };
    for (int side = 0; side < 2; side++) {
        pair->device[side].matches = true;
        mig_leaves_init(&pair->device[side].leaves);
    }
}

static void pair_clear(Pair *pair)
{
    for (int side = 0; side < 2; side++) {
        g_free(pair->device[side].bytes);
        mig_leaves_clear(&pair->device[side].leaves);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

static guint count(const Device *device)
{
    return device->leaves.list->len;
}

static MigLeaf *leaf_at(const Device *device, guint i)
{
    return &g_array_index(device->leaves.list, MigLeaf, i);
}

/* If only one side departs from its description, fields after that point cannot be called
 * missing on that side. */
static bool are_alike(const Pair *pair)
{
    return pair->device[0].matches == pair->device[1].matches;
}

/* --- fields ------------------------------------------------------------------------------ */

static bool is_buffer(const MigField *field)
{
    return field->kind == MIG_FIELD_BYTES || field->kind == MIG_FIELD_MISMATCH;
}

static bool same(const MigField *a, const MigField *b)
{
    if (mig_field_is_group(a) || mig_field_is_group(b)) {
        return true; /* what is in them tells */
    }
    if (a->kind != b->kind) {
        return false;
    }
    return is_buffer(a)
               ? a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0
               : a->u == b->u;
}

/* Whether @path is in the group at @group. */
static bool is_in(const char *path, const char *group)
{
    size_t n = strlen(group);

    return strncmp(path, group, n) == 0 && (path[n] == '.' || path[n] == '[');
}

/* How many values are in the group that is the leaf number @at. */
static unsigned count_values(const Device *device, guint at)
{
    const MigField *group = &leaf_at(device, at)->field;
    unsigned n = 0;

    for (guint i = at + 1; i < count(device); i++) {
        const MigField *field = &leaf_at(device, i)->field;

        if (!is_in(field->path, group->path)) {
            break;
        }
        n += !mig_field_is_group(field);
    }
    return n;
}

static void visit_both(Pair *pair, const MigField *a, const MigField *b)
{
    const MigSection *section = pair->body[0].section;
    const MigDifference difference = { .kind = MIG_DIFFERENCE_FIELD,
                                       .section = section,
                                       .path = a->path,
                                       .value = { { true, .field = a },
                                                  { true, .field = b } } };

    pair->differs = true;
    if (mig_diff_wants_change(pair->diff, section, a, b)) {
        mig_diff_visit(pair->diff, &difference);
    }
}

/* The leaf number @at of @side, which the other lacks.  A group includes all that is in it:
 * *group is the path of the last one that was visited, or NULL. */
static void visit_lonely(Pair *pair, MigDiffSide side, guint at, const char **group)
{
    const MigSection *section = pair->body[0].section;
    const MigField *field = &leaf_at(&pair->device[side], at)->field;
    MigDifference difference = { .kind = field->kind == MIG_FIELD_SUBSECTION
                                             ? MIG_DIFFERENCE_SUBSECTION
                                             : MIG_DIFFERENCE_FIELD,
                                 .section = section,
                                 .path = field->path };

    pair->differs = true;
    if (!mig_diff_wants_field(pair->diff, section, field) ||
        (*group && is_in(field->path, *group))) {
        return;
    }
    difference.value[side] = (MigDifferenceValue){ true, .field = field };
    if (mig_field_is_group(field)) {
        *group = field->path;
        difference.value[side].number = count_values(&pair->device[side], at);
    }
    mig_diff_visit(pair->diff, &difference);
}

/* Fields of A, with those of B, which are marked as seen. */
static void compare_a(Pair *pair)
{
    const char *group = NULL;

    for (guint i = 0; i < count(&pair->device[0]); i++) {
        const MigField *a = &leaf_at(&pair->device[0], i)->field;
        const MigLeaf *b = mig_leaves_take(&pair->device[1].leaves, a->path);

        if (b && !same(a, &b->field)) {
            visit_both(pair, a, &b->field);
        } else if (!b && are_alike(pair)) {
            visit_lonely(pair, MIG_DIFF_A, i, &group);
        }
    }
}

/* Fields of B alone. */
static void compare_b(Pair *pair)
{
    const Device *device = &pair->device[1];
    const char *group = NULL;

    for (guint i = 0; are_alike(pair) && i < count(device); i++) {
        const MigLeaf *b = leaf_at(device, i);

        if (!b->seen) {
            visit_lonely(pair, MIG_DIFF_B, i, &group);
        }
    }
}

/* --- decoding ---------------------------------------------------------------------------- */

/* The device's object of its own description, or else of the other side's, which decoding
 * compares with the bytes anyway. */
static char *description_of(const MigDiff *diff, int which, const MigSection *section,
                            size_t *length)
{
    char *text = NULL;

    for (int i = 0; i < 2 && !text; i++) {
        const MigDiffStream *side = &diff->side[which ^ i];

        text = mig_device_description_text(mig_reader_budget(side->reader), side->in,
                                           mig_reader_description(side->reader),
                                           section->name, section->instance_id, length);
    }
    return text;
}

static bool out_of_memory(MigDiffStream *stream)
{
    if (!stream->error) {
        mig_input_end_error(stream->in, &stream->error);
    }
    return false;
}

/* False, with the error of @side, where it cannot be read again, or there is no memory for it. */
static bool decode(Pair *pair, int side)
{
    const MigDiffBody *body = &pair->body[side];
    MigDiffStream *stream = &pair->diff->side[side];
    Device *device = &pair->device[side];
    const MigDecoder decoder = { .budget = mig_reader_budget(stream->reader),
                                 .names = pair->diff->options.names,
                                 .visit = mig_leaves_collect,
                                 .user = &device->leaves };
    g_autofree char *json = NULL;
    size_t json_length = 0;

    device->bytes = mig_input_alloc(stream->in, body->length + 1);
    if (!device->bytes) {
        return out_of_memory(stream);
    }
    if (!mig_diff_read_again(stream, body->channel, body->offset, device->bytes,
                             body->length)) {
        return false;
    }
    if (body->vfio) {
        device->matches =
            mig_vfio_payload_decode(&decoder, device->bytes, body->length, body->offset);
        return true;
    }
    json = description_of(pair->diff, side, body->section, &json_length);
    if (!mig_input_room(stream->in, mig_schema_room(json_length))) {
        return out_of_memory(stream);
    }
    device->matches =
        mig_device_decode(&decoder, &(MigDeviceState){ .json = json,
                                                       .json_length = json_length,
                                                       .bytes = device->bytes,
                                                       .length = body->length,
                                                       .offset = body->offset });
    return true;
}

/* True if the bytes are the same, so that nothing needs to be decoded, or if they cannot be
 * read again, which is not a difference. */
static bool same_bytes(const Pair *pair)
{
    g_autofree uint8_t *buffer = g_malloc(2 * CHUNK);
    uint64_t length = pair->body[0].length;

    for (uint64_t at = 0; at < length; at += CHUNK) {
        size_t n = (size_t)MIN(CHUNK, length - at);

        for (int i = 0; i < 2; i++) {
            if (!mig_diff_read_again(&pair->diff->side[i], pair->body[i].channel,
                                     pair->body[i].offset + at, buffer + i * CHUNK, n)) {
                return true;
            }
        }
        if (memcmp(buffer, buffer + CHUNK, n) != 0) {
            return false;
        }
    }
    return true;
}

/* --- devices ----------------------------------------------------------------------------- */

/* Used where fields do not show what differs, or not all of it. */
static void visit_bodies(Pair *pair)
{
    MigDifference difference = { .kind = MIG_DIFFERENCE_BODY,
                                 .section = pair->body[0].section };

    for (int side = 0; side < 2; side++) {
        difference.value[side] =
            (MigDifferenceValue){ true, pair->device[side].matches,
                                  .number = pair->body[side].length };
    }
    if (mig_diff_wants(pair->diff, difference.section, NULL)) {
        mig_diff_visit(pair->diff, &difference);
    }
}

/* For addresses of fields that do not differ: they mean something all the same. */
static void note_leaves(const Pair *pair, int side)
{
    const MigSection *section = pair->body[0].section;
    const Device *device = &pair->device[side];

    for (guint i = 0; mig_diff_seeks(pair->diff, section) && i < count(device); i++) {
        mig_diff_wants_field(pair->diff, section, &leaf_at(device, i)->field);
    }
}

static void compare_same(Pair *pair)
{
    if (pair->body[0].length <= MIG_DEVICE_BODY_MAX &&
        mig_diff_seeks(pair->diff, pair->body[0].section) && decode(pair, MIG_DIFF_A)) {
        note_leaves(pair, MIG_DIFF_A);
    }
}

static void compare_others(Pair *pair)
{
    const MigLeaves *a = &pair->device[0].leaves, *b = &pair->device[1].leaves;

    if (!decode(pair, MIG_DIFF_A) || !decode(pair, MIG_DIFF_B)) {
        return;
    }
    note_leaves(pair, MIG_DIFF_A);
    note_leaves(pair, MIG_DIFF_B);
    if (!a->too_many && !b->too_many) {
        compare_a(pair);
        compare_b(pair);
    }
    if (!pair->differs || !are_alike(pair)) {
        visit_bodies(pair);
    }
}

void mig_diff_fields(MigDiff *diff, const MigDiffBody bodies[2])
{
    g_auto(Pair) pair;

    pair_init(&pair, diff, bodies);
    if (bodies[0].length == bodies[1].length && same_bytes(&pair)) {
        compare_same(&pair);
    } else if (MAX(bodies[0].length, bodies[1].length) > MIG_DEVICE_BODY_MAX) {
        visit_bodies(&pair);
    } else {
        compare_others(&pair);
    }
}
