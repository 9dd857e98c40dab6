/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see release.h: finding the rows of a name, and reading one.
 * Must not know: streams.
 * See also:      tests/qemu/make-releases, which writes the rows.
 *
 * A row is one structure:
 *
 *   NAME:VERSION:MINIMUM{FIELD;...|SUBSECTION|...}
 *   FIELD   NAME:SIZE, *NUMBER of a fixed array, @VERSION since when, ? if a function decides
 *           whether it is there, =STRUCTURE
 */
#include "shape/release.h"

#include <string.h>

#include "shape/compare.h"

/* Rows by the name of the structure; bit i of the releases: known[i]. */
static const struct {
    uint8_t releases;
    const char *text;
} rows[] = {
#include "shape/releases.inc"
};

static const MigRelease known[] = { MIG_RELEASE(5, 2), MIG_RELEASE(7, 2),
                                    MIG_RELEASE(10, 0), MIG_RELEASE(11, 1) };

void mig_shape_known_releases(MigRelease release, MigRelease *below, MigRelease *above)
{
    *below = *above = MIG_RELEASE_NONE;
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (known[i] <= release) {
            *below = known[i];
        }
        if (known[i] >= release && *above == MIG_RELEASE_NONE) {
            *above = known[i];
        }
    }
}

/* --- reading a row ----------------------------------------------------------------------- */

typedef struct Row {
    MigShapeTree *tree;
    const char *p;
} Row;

/* What stands before the next ':'. */
static const char *read_name(Row *row)
{
    const char *colon = strchr(row->p, ':');
    const char *name =
        g_string_chunk_insert_len(row->tree->strings, row->p, colon - row->p);

    row->p = colon + 1;
    return name;
}

static uint32_t read_number(Row *row)
{
    char *end;
    uint64_t number = g_ascii_strtoull(row->p, &end, 10);

    row->p = end;
    return (uint32_t)number;
}

/* Whether @c comes next; it is passed. */
static bool passes(Row *row, char c)
{
    bool is = *row->p == c;

    row->p += is;
    return is;
}

static MigShapeVmstate *read_structure(Row *row);

static MigShapeField *read_field(Row *row) /* NOLINT */
{
    MigShapeField *f = mig_shape_node(row->tree, sizeof(*f));

    if (!f) {
        return NULL;
    }
    f->name = read_name(row);
    f->size = read_number(row);
    f->fixed = passes(row, '*');
    f->count = f->fixed ? read_number(row) : 1;
    f->version = passes(row, '@') ? read_number(row) : 0;
    f->conditional = passes(row, '?');
    f->vmstate = passes(row, '=') ? read_structure(row) : NULL;
    if (f->vmstate || f->size == MIG_TIMER_IN_MEMORY) {
        f->size = 0;
    }
    return f;
}

static MigShapeVmstate *read_structure(Row *row) /* NOLINT */
{
    MigShapeVmstate *v = mig_shape_node(row->tree, sizeof(*v));
    MigShapeField **field;
    MigShapeVmstate **subsection;

    if (!v) {
        return NULL;
    }
    v->name = read_name(row);
    v->version = read_number(row);
    passes(row, ':');
    v->minimum = read_number(row);
    passes(row, '{');
    for (field = &v->fields; *row->p != '|' && *row->p != '}'; field = &(*field)->next) {
        *field = read_field(row);
        if (!*field) {
            return NULL;
        }
        passes(row, ';');
    }
    for (subsection = &v->subsections; passes(row, '|');
         subsection = &(*subsection)->next) {
        *subsection = read_structure(row);
        if (!*subsection) {
            return NULL;
        }
    }
    passes(row, '}');
    mig_shape_number_names(row->tree, v);
    return v;
}

/* --- finding rows ------------------------------------------------------------------------ */

/* As strcmp() of the row's name and @name. */
static int compare_name(const char *text, const char *name)
{
    size_t n = strlen(name);
    int order = strncmp(text, name, n);

    return order ? order : text[n] == ':' ? 0 : 1;
}

void mig_shape_of_release(MigShapeTree *tree, MigRelease release, const char *name,
                          GPtrArray *vmstates)
{
    size_t low = 0, high = G_N_ELEMENTS(rows);
    uint8_t bit = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        bit |= known[i] == release ? (uint8_t)(1u << i) : 0;
    }
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (compare_name(rows[middle].text, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < G_N_ELEMENTS(rows) && compare_name(rows[low].text, name) == 0; low++) {
        Row row = { .tree = tree, .p = rows[low].text };
        MigShapeVmstate *v = rows[low].releases & bit ? read_structure(&row) : NULL;

        if (v) {
            g_ptr_array_add(vmstates, v);
        }
    }
}
