/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          comparing two devices field by field, by path.
 * Must not know: which devices are compared.
 * See also:      cmd-diff.c; diff-leaves.c, which keeps what was decoded.
 */
#include <string.h>

#include "diff-leaves.h"
#include "diff.h"
#include "fields.h"
#include "text.h"

/* A buffer up to here is shown whole, of a longer one what differs: */
#define SHOWN_WHOLE 8u
#define RUNS_SHOWN  4u /* so many runs of bytes */
#define RUN_OCTETS  8u /* and so many of each */

/* Flags of a note that are shown at most. */
#define FLAGS_SHOWN 8u

/* --- values ------------------------------------------------------------------------------ */

static bool same(const DiffLeaf *a, const DiffLeaf *b)
{
    if (diff_leaf_is_group(a) || diff_leaf_is_group(b)) {
        return true; /* what is in them tells */
    }
    if (a->kind != b->kind) {
        return false;
    }
    if (diff_leaf_is_buffer(a)) {
        return a->length == b->length && g_strcmp0(a->digest, b->digest) == 0 &&
               (!a->bytes || !b->bytes || memcmp(a->bytes, b->bytes, a->length) == 0);
    }
    return a->u == b->u;
}

/* "byte 3: 1f 20, 9: 00": the bytes of @mine where it differs from @other. */
static char *runs_of(const DiffLeaf *mine, const DiffLeaf *other)
{
    GString *text = g_string_new("byte");
    uint64_t more = 0, end;
    unsigned runs = 0;

    for (uint64_t at = 0; at < mine->length; at = end) {
        uint64_t shown;

        for (end = at; end < mine->length && mine->bytes[end] != other->bytes[end];) {
            end++;
        }
        if (end == at) {
            end++;
            continue;
        }
        shown = runs++ < RUNS_SHOWN ? MIN(end - at, RUN_OCTETS) : 0;
        if (shown) {
            g_autofree char *hex = cli_field_hex(mine->bytes + at, shown, shown);

            g_string_append_printf(text, "%s %" PRIu64 ": %s", runs > 1 ? "," : "", at,
                                   hex);
        }
        more += end - at - shown;
    }
    if (more) {
        g_string_append_printf(text, " ... %" PRIu64 " more", more);
    }
    return g_string_free(text, FALSE);
}

/* A flag is a word of its own: "Mem+", "MRG_RXBUF". */
static bool is_flag(const char *word)
{
    size_t n = strlen(word);

    return n > 1 && (word[n - 1] == '+' || word[n - 1] == '-' ||
                     (g_ascii_isupper(*word) &&
                      strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == n));
}

/* The value, and those flags of its note that the other side does not have. */
static char *with_flags(const DiffLeaf *mine, const DiffLeaf *other)
{
    g_auto(GStrv) words = g_strsplit(mine->note, " ", -1);
    g_auto(GStrv) others = g_strsplit(other->note, " ", -1);
    GString *text = g_string_new(mine->text);
    unsigned n = 0;

    for (char **word = words; *word && n < FLAGS_SHOWN; word++) {
        if (is_flag(*word) && !g_strv_contains((const char *const *)others, *word)) {
            g_autofree char *shown = cli_escape(*word, strlen(*word));

            g_string_append_printf(text, " %s", shown);
            n++;
        }
    }
    return g_string_free(text, FALSE);
}

/* What is shown of one side where both have the field. */
static char *text_of(const DiffLeaf *mine, const DiffLeaf *other)
{
    if (!diff_leaf_is_buffer(mine) || !diff_leaf_is_buffer(other)) {
        return with_flags(mine, other);
    }
    if (mine->length != other->length) {
        return g_strdup_printf("%s (%" PRIu64 " bytes)", mine->text, mine->length);
    }
    if (!mine->bytes || !other->bytes) {
        return g_strdup_printf("%s, SHA-256 %s", mine->text, mine->digest);
    }
    return mine->length <= SHOWN_WHOLE || (*mine->text == '"' && *other->text == '"')
               ? g_strdup(mine->text)
               : runs_of(mine, other);
}

/* Of a buffer all that is known, for a program. */
static char *json_of(const DiffLeaf *leaf)
{
    GString *text;

    if (!diff_leaf_is_buffer(leaf)) {
        return NULL;
    }
    if (!leaf->bytes) {
        return leaf->digest ? g_strconcat("sha256:", leaf->digest, NULL) : NULL;
    }
    text = g_string_sized_new(2 * leaf->length);
    for (uint64_t i = 0; i < leaf->length; i++) {
        g_string_append_printf(text, "%02x", leaf->bytes[i]);
    }
    return g_string_free(text, FALSE);
}

/* --- reports ----------------------------------------------------------------------------- */

static void report_pair(Diff *diff, const MigSection *section, const DiffLeaf *a,
                        const DiffLeaf *b)
{
    const DiffPlace place = { "field", section, a->path, a->type };
    g_autofree char *text_a = text_of(a, b), *text_b = text_of(b, a);
    g_autofree char *json_a = json_of(a), *json_b = json_of(b);
    const DiffValue values[] = { { a->kind, a->u, text_a, json_a },
                                 { b->kind, b->u, text_b, json_b } };

    diff_report(diff, &place, &values[0], &values[1]);
}

/* Whether @path is in the group at @group. */
static bool is_in(const char *path, const char *group)
{
    size_t n = strlen(group);

    return strncmp(path, group, n) == 0 && (path[n] == '.' || path[n] == '[');
}

/* How many values are in the group at index @at. */
static char *count_text(const DiffLeaves *leaves, guint at)
{
    const DiffLeaf *group = &g_array_index(leaves->list, DiffLeaf, at);
    unsigned n = 0;

    for (guint i = at + 1; i < leaves->list->len; i++) {
        const DiffLeaf *leaf = &g_array_index(leaves->list, DiffLeaf, i);

        if (!is_in(leaf->path, group->path)) {
            break;
        }
        n += !diff_leaf_is_group(leaf);
    }
    return g_strdup_printf("%u %s", n, n == 1 ? "field" : "fields");
}

/* A group that one side lacks includes all that is in it. */
static void report_lonely(Diff *diff, const MigSection *section, const DiffLeaves *leaves,
                          guint at, bool in_b, const char **group)
{
    const DiffLeaf *leaf = &g_array_index(leaves->list, DiffLeaf, at);
    const DiffPlace place = { leaf->kind == MIG_FIELD_SUBSECTION ? "subsection" : "field",
                              section, leaf->path, leaf->type };
    g_autofree char *text = NULL, *json = json_of(leaf);
    DiffValue value = { leaf->kind, leaf->u, leaf->text, json };

    if (*group && is_in(leaf->path, *group)) {
        return;
    }
    if (diff_leaf_is_group(leaf)) {
        *group = leaf->path;
        value.text = text = count_text(leaves, at);
    }
    diff_report(diff, &place, in_b ? NULL : &value, in_b ? &value : NULL);
}

/* @lonely: also reports fields that one side lacks.  Returns whether anything differs,
 * asked for or not. */
static bool compare(Diff *diff, const MigSection *section, const DiffLeaves sides[2],
                    bool lonely)
{
    const char *group = NULL;
    bool differs = false;

    for (guint i = 0; i < sides[0].list->len; i++) {
        const DiffLeaf *mine = &g_array_index(sides[0].list, DiffLeaf, i);
        DiffLeaf *other = diff_leaves_find(&sides[1], mine->path);

        if (other) {
            other->seen = true;
        }
        if (other ? same(mine, other) : !lonely) {
            continue;
        }
        differs = true;
        if (!diff_wants(diff, section, mine->path)) {
            continue;
        }
        if (other) {
            report_pair(diff, section, mine, other);
        } else {
            report_lonely(diff, section, &sides[0], i, false, &group);
        }
    }
    group = NULL;
    for (guint i = 0; lonely && i < sides[1].list->len; i++) {
        const DiffLeaf *mine = &g_array_index(sides[1].list, DiffLeaf, i);

        if (!mine->seen && diff_leaves_find(&sides[1], mine->path) == mine) {
            differs = true;
            if (diff_wants(diff, section, mine->path)) {
                report_lonely(diff, section, &sides[1], i, true, &group);
            }
        }
    }
    return differs;
}

/* --- decoding ---------------------------------------------------------------------------- */

/* The device's object of its own description, or else of the other side's, which decoding
 * compares with the bytes anyway. */
static char *description_of(const Diff *diff, int which, const MigSection *section,
                            size_t *length)
{
    char *text = NULL;

    for (int i = 0; i < 2 && !text; i++) {
        const DiffSide *side = &diff->side[which ^ i];

        text = mig_device_description_text(side->in, mig_reader_description(side->reader),
                                           section->name, section->instance_id, length);
    }
    return text;
}

bool diff_read(DiffSide *side, uint64_t offset, uint8_t *bytes, size_t n)
{
    if (mig_input_read_at(side->in, offset, bytes, n) == n) {
        return true;
    }
    if (!side->error && mig_input_end_error(side->in, &side->error)) {
        mig_error_set_plain(&side->error, MIG_ERROR_IO, "it has become shorter");
    }
    return false;
}

/* False where it cannot be read again.  @matches: with the description. */
static bool decode(Diff *diff, int which, const DiffBody *body, DiffLeaves *leaves,
                   bool *matches)
{
    g_autofree uint8_t *bytes = g_malloc(body->length + 1);
    g_autofree char *json = NULL;
    size_t json_length = 0;
    const MigDecoder decoder = { mig_reader_budget(diff->side[which].reader), diff->names,
                                 diff_leaves_collect, leaves };

    if (!diff_read(&diff->side[which], body->offset, bytes, body->length)) {
        return false;
    }
    if (body->vfio) {
        *matches = mig_vfio_payload_decode(&decoder, bytes, body->length, body->offset);
    } else {
        json = description_of(diff, which, body->section, &json_length);
        *matches = mig_device_decode(&decoder, json, json_length, bytes, body->length,
                                     body->offset);
    }
    return true;
}

/* True if the bytes are the same, so that nothing needs to be decoded, or if they cannot be
 * read again, which is not a difference. */
static bool same_octets(Diff *diff, const DiffBody bodies[2])
{
    g_autofree uint8_t *buffer = g_malloc(2 * DIFF_BYTES_KEPT);
    uint64_t length = bodies[0].length;

    for (uint64_t at = 0; at < length; at += DIFF_BYTES_KEPT) {
        size_t n = (size_t)MIN(DIFF_BYTES_KEPT, length - at);

        for (int i = 0; i < 2; i++) {
            if (!diff_read(&diff->side[i], bodies[i].offset + at,
                           buffer + i * DIFF_BYTES_KEPT, n)) {
                return true;
            }
        }
        if (memcmp(buffer, buffer + DIFF_BYTES_KEPT, n) != 0) {
            return false;
        }
    }
    return true;
}

/* Used where fields do not show what differs, or not all of it. */
static void report_bodies(Diff *diff, const DiffBody bodies[2], const bool matches[2])
{
    const DiffPlace place = { "body", bodies[0].section, NULL, NULL };
    const char *const not_as_described[] = { ", not as described", "" };
    bool alike = matches[0] == matches[1];
    g_autofree char *a = g_strdup_printf("%" PRIu64 " bytes%s", bodies[0].length,
                                         alike ? "" : not_as_described[matches[0]]);
    g_autofree char *b =
        g_strdup_printf("%" PRIu64 " bytes%s", bodies[1].length,
                        alike ? ", others" : not_as_described[matches[1]]);

    if (diff_wants(diff, bodies[0].section, NULL)) {
        diff_report_text(diff, &place, a, b);
    }
}

/* For addresses of fields that do not differ: they mean something all the same. */
static void note_leaves(Diff *diff, const MigSection *section, const DiffLeaves *leaves)
{
    for (guint i = 0; diff_seeks(diff, section) && i < leaves->list->len; i++) {
        diff_wants(diff, section, g_array_index(leaves->list, DiffLeaf, i).path);
    }
}

static void note_fields(Diff *diff, const DiffBody *body)
{
    DiffLeaves leaves;
    bool matches;

    if (body->length > MIG_DEVICE_BODY_MAX || !diff_seeks(diff, body->section)) {
        return;
    }
    diff_leaves_init(&leaves);
    if (decode(diff, 0, body, &leaves, &matches)) {
        note_leaves(diff, body->section, &leaves);
    }
    diff_leaves_clear(&leaves);
}

/* If only one side departs from its description, fields after that point cannot be called
 * missing on that side. */
static void compare_devices(Diff *diff, const DiffBody bodies[2],
                            const DiffLeaves leaves[2], const bool matches[2])
{
    bool alike = matches[0] == matches[1];
    bool complete = !leaves[0].too_many && !leaves[1].too_many;
    bool told;

    note_leaves(diff, bodies[0].section, &leaves[0]);
    note_leaves(diff, bodies[1].section, &leaves[1]);
    told = complete && compare(diff, bodies[0].section, leaves, alike);

    if (!told || !alike) {
        report_bodies(diff, bodies, matches);
    }
}

void diff_fields(Diff *diff, const DiffBody bodies[2])
{
    bool matches[2] = { true, true };
    DiffLeaves leaves[2];

    if (bodies[0].length == bodies[1].length && same_octets(diff, bodies)) {
        note_fields(diff, &bodies[0]);
        return;
    }
    if (MAX(bodies[0].length, bodies[1].length) > MIG_DEVICE_BODY_MAX) {
        report_bodies(diff, bodies, matches);
        return;
    }
    diff_leaves_init(&leaves[0]);
    diff_leaves_init(&leaves[1]);
    if (decode(diff, 0, &bodies[0], &leaves[0], &matches[0]) &&
        decode(diff, 1, &bodies[1], &leaves[1], &matches[1])) {
        compare_devices(diff, bodies, leaves, matches);
    }
    diff_leaves_clear(&leaves[0]);
    diff_leaves_clear(&leaves[1]);
}
