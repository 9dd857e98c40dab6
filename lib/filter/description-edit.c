/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see description-edit.h.
 * Must not know: why anything is changed.
 * See also:      filter/description-splice.h.
 */
#include "filter/description-edit.h"

#include <errno.h>

#include "filter/description-splice.h"
#include "io/long-array.h"
#include "stream/outer-encode.h"
#include "stream/outer.h"

/* The text, its parts, the edited text and the item made of it; containers double. */
#define EDIT_COPIES 8u

typedef enum EditKind {
    EDIT_REMOVE,
    EDIT_RENAME,
    EDIT_RESIZE,
    EDIT_INSERT,
    EDIT_REPLACE,
} EditKind;

typedef struct Edit {
    EditKind kind;
    const MigSection *section; /* whose entry it is, as it was */
    const char *new_name;
    char *old_sum;  /* of a replacement: SHA-256, as long texts are many */
    char *new_text; /* ... and what comes; of an insertion, NULL: made of @size */
    uint64_t size;
    const MigSection *before, *after; /* neighbours, or NULL */
    size_t place; /* of an insertion: before the entry of this index */
} Edit;

struct MigDescriptionEdit {
    MigLongArray *edits;
    bool lost; /* there was no room for an edit */
    bool machine;
    uint32_t machine_length;
    GByteArray *pieces;
};

MigDescriptionEdit *mig_description_edit_new(void)
{
    MigDescriptionEdit *edit = g_new0(MigDescriptionEdit, 1);

    edit->edits = mig_long_array_new(sizeof(Edit));
    return edit;
}

static Edit *edit_at(const MigDescriptionEdit *edit, guint i)
{
    return &g_array_index(edit->edits, Edit, i);
}

void mig_description_edit_free(MigDescriptionEdit *edit)
{
    if (!edit) {
        return;
    }
    for (guint i = 0; i < edit->edits->len; i++) {
        g_free(edit_at(edit, i)->old_sum);
        g_free(edit_at(edit, i)->new_text);
    }
    mig_long_array_free(edit->edits);
    g_clear_pointer(&edit->pieces, g_byte_array_unref);
    g_free(edit);
}

static void add(MigDescriptionEdit *edit, const Edit *one)
{
    Edit *added = mig_long_array_add(edit->edits);

    if (added) {
        *added = *one;
    } else {
        edit->lost = true;
    }
}

void mig_description_edit_remove(MigDescriptionEdit *edit, const MigSection *section)
{
    add(edit, &(Edit){ .kind = EDIT_REMOVE, .section = section });
}

void mig_description_edit_rename(MigDescriptionEdit *edit, const MigSection *section,
                                 const char *name)
{
    add(edit, &(Edit){ .kind = EDIT_RENAME, .section = section, .new_name = name });
}

void mig_description_edit_resize(MigDescriptionEdit *edit, const MigSection *section,
                                 uint64_t size)
{
    add(edit, &(Edit){ .kind = EDIT_RESIZE, .section = section, .size = size });
}

void mig_description_edit_replace(MigDescriptionEdit *edit, const MigSection *section,
                                  const char *old, size_t old_length, const char *text)
{
    add(edit, &(Edit){ .kind = EDIT_REPLACE,
                       .section = section,
                       .old_sum = mig_splice_sum(old, old_length),
                       .new_text = g_strdup(text) });
}

void mig_description_edit_insert(MigDescriptionEdit *edit, const MigSection *section,
                                 uint64_t size, const MigSection *before,
                                 const MigSection *after)
{
    add(edit, &(Edit){ .kind = EDIT_INSERT,
                       .section = section,
                       .size = size,
                       .before = before,
                       .after = after });
}

void mig_description_edit_insert_text(MigDescriptionEdit *edit, const MigSection *section,
                                      char *text, const MigSection *before,
                                      const MigSection *after)
{
    add(edit, &(Edit){ .kind = EDIT_INSERT,
                       .section = section,
                       .new_text = text,
                       .before = before,
                       .after = after });
}

void mig_description_edit_machine(MigDescriptionEdit *edit, uint32_t length)
{
    edit->machine = true;
    edit->machine_length = length;
}

/* --- the list of devices --- */

/* Insertions by place; those of one place stay in order. */
static int by_place(gconstpointer a, gconstpointer b)
{
    const Edit *x = *(const Edit *const *)a, *y = *(const Edit *const *)b;

    return x->place == y->place ? (x > y) - (x < y)
                                : (x->place > y->place) - (x->place < y->place);
}

static char *between(const char *text, size_t from, size_t to)
{
    return g_strndup(text + from, to - from);
}

static size_t entry_end(const MigDescription *d, size_t i)
{
    return (size_t)d->devices[i].text_offset + d->devices[i].text_length;
}

/* The text before entry @i: after the bracket, or after the entry before it. */
static char *gap_before(const char *text, const MigDescription *d, size_t i)
{
    return between(text, i ? entry_end(d, i - 1) : d->devices_offset + 1u,
                   i < d->n_devices ? d->devices[i].text_offset : d->devices_end);
}

static ssize_t find_entry(const MigDescription *d, const MigSection *section, size_t from)
{
    return section ? mig_description_lookup(d, section->name, section->instance_id, from)
                   : -1;
}

static size_t insertion_place(const MigDescription *d, const Edit *edit)
{
    ssize_t i = find_entry(d, edit->before, 0);

    if (i >= 0) {
        return (size_t)i;
    }
    i = find_entry(d, edit->after, 0);
    return i >= 0 ? (size_t)i + 1 : d->n_devices;
}

/* Appends the new text of the list between its brackets. */
static void append_list(GString *list, const MigDescriptionEdit *edit, const char *text,
                        const MigDescription *d, const uint8_t *edited, GArray *splices)
{
    const MigSpacing spacing = mig_spacing_of(text, d->json_length);
    g_autofree char *separator =
        d->n_devices > 1 ? gap_before(text, d, 1) : g_strdup(spacing.comma);
    g_autofree char *opening = NULL, *closing = NULL;
    g_autoptr(GPtrArray) insertions = g_ptr_array_new();
    bool empty = true;
    guint next_splice = 0, next_insertion = 0;

    if (d->n_devices) {
        opening = gap_before(text, d, 0);
        closing = gap_before(text, d, d->n_devices);
    } else {
        opening = g_strdup(spacing.pad);
        closing = g_strdup(spacing.pad);
    }
    for (guint e = 0; e < edit->edits->len; e++) {
        if (edit_at(edit, e)->kind == EDIT_INSERT) {
            g_ptr_array_add(insertions, edit_at(edit, e));
        }
    }
    g_ptr_array_sort(insertions, by_place);
    g_string_append(list, opening);
    for (size_t i = 0; i <= d->n_devices; i++) {
        for (; next_insertion < insertions->len; next_insertion++) {
            const Edit *one = g_ptr_array_index(insertions, next_insertion);
            g_autofree char *entry = NULL;

            if (one->place > i) {
                break;
            }
            entry = one->new_text ? g_strdup(one->new_text)
                                  : mig_description_entry(one->section->name,
                                                          one->section->instance_id,
                                                          one->size, &spacing);
            g_string_append(list, empty ? "" : separator);
            g_string_append(list, entry);
            empty = false;
        }
        if (i == d->n_devices || edited[i] & 1u << EDIT_REMOVE) {
            continue;
        }
        if (!empty) {
            g_autofree char *own = i ? gap_before(text, d, i) : g_strdup(separator);

            g_string_append(list, own);
        }
        empty = false;
        mig_splices_append(list, text, d->devices[i].text_offset, entry_end(d, i),
                           splices, &next_splice);
    }
    g_string_append(list, closing);
}

/* Records what each edit means for the text; a static string if one cannot be done.  Edits
 * come in the order of the stream, as entries do: of two with one name, each gets its own.  Of
 * a section that comes more often than it is described, the first one counts.  @edited: a bit of
 * each kind for each entry. */
static const char *plan(MigDescriptionEdit *edit, const char *text,
                        const MigDescription *d, uint8_t *edited, GArray *inside)
{
    size_t next = 0; /* entry */

    for (guint e = 0; e < edit->edits->len; e++) {
        Edit *one = edit_at(edit, e);
        ssize_t i = find_entry(d, one->section, next);

        if (one->kind == EDIT_INSERT) {
            one->place = insertion_place(d, one);
            if (i < 0) {
                continue;
            }
            one->kind = EDIT_RESIZE; /* it was there all the while */
        }
        if (i < 0) {
            continue;
        }
        next = (size_t)i + 1;
        if (edited[i] & 1u << one->kind) {
            continue;
        }
        edited[i] |= (uint8_t)(1u << one->kind);
        if (one->kind == EDIT_REMOVE) {
            continue;
        }
        if (one->kind == EDIT_REPLACE) {
            if (!mig_splice_entry(inside, text, &d->devices[i], one->old_sum,
                                  g_steal_pointer(&one->new_text))) {
                return "an entry of it was changed by another filter";
            }
        } else if (one->kind == EDIT_RESIZE && !d->devices[i].old_style) {
            return "it describes fields inside of a section that is changed";
        } else if (!(one->kind == EDIT_RENAME
                         ? mig_splice_name(inside, text, &d->devices[i], one->new_name)
                         : mig_splice_size(inside, text, &d->devices[i], one->size))) {
            return "an entry of it is not as QEMU writes it";
        }
    }
    mig_splices_sort(inside);
    return NULL;
}

/* The edited JSON; NULL with *problem, a static string. */
static GString *apply(MigDescriptionEdit *edit, const char *text, const MigDescription *d,
                      const char **problem)
{
    g_autoptr(GArray) inside = mig_splices_new();
    g_autoptr(GArray) head = mig_splices_new();
    g_autofree uint8_t *edited = g_new0(uint8_t, d->n_devices + 1);
    GString *result;
    guint next = 0;

    *problem = plan(edit, text, d, edited, inside);
    if (*problem) {
        return NULL;
    }
    if (edit->machine &&
        !mig_splice_machine(head, text, d->json_length, edit->machine_length)) {
        *problem = "its \"configuration\" is not as QEMU writes it";
        return NULL;
    }
    mig_splices_sort(head);
    result = g_string_new(NULL);
    mig_splices_append(result, text, 0, d->devices_offset + 1u, head, &next);
    append_list(result, edit, text, d, edited, inside);
    mig_splices_append(result, text, d->devices_end, d->json_length, head, &next);
    return result;
}

/* What the pieces become, which go; NULL with *error.  There are few copies of a text of 16 MiB
 * at any time. */
static GString *edit_pieces(MigDescriptionEdit *edit, MigNext *next, const MigItem *item,
                            GError **error)
{
    g_autoptr(GByteArray) pieces = g_steal_pointer(&edit->pieces);
    const char *text = (const char *)pieces->data;
    g_autoptr(MigDescription) d = mig_description_parse(text, pieces->len, item->offset);
    const char *problem = d->problem;
    GString *json = d->valid ? apply(edit, text, d, &problem) : NULL;

    if (!json || json->len > UINT32_MAX) {
        mig_next_refuse(next, item, NULL, error,
                        "the description cannot be kept true: %s; the filter "
                        "description:drop=yes drops it, and no QEMU needs it",
                        json ? "it would be longer than 4 GiB" : problem);
        return NULL;
    }
    return json;
}

static bool emit_edited(MigDescriptionEdit *edit, MigNext *next, const MigItem *item,
                        GError **error)
{
    GString *json = edit_pieces(edit, next, item, error);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem edited = *item;

    if (!json) {
        return false;
    }
    mig_description_encode((uint32_t)json->len, json->str, json->len, bytes);
    edited.description.json_length = (uint32_t)json->len;
    g_string_free(json, true);
    return mig_next_emit_bytes(next, &edited, MIG_ITEM_DESCRIPTION, bytes->data,
                               bytes->len, error);
}

bool mig_description_edit_item(MigDescriptionEdit *edit, MigNext *next,
                               const MigItem *item, GError **error)
{
    const uint8_t *p;
    const char *json;
    size_t n;

    if (edit->lost) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot keep what changes: %s",
                            g_strerror(ENOMEM));
        return false;
    }
    if (!edit->edits->len && !edit->machine) {
        return mig_next_emit(next, item, error);
    }
    if (item->description.json_length > MIG_DESCRIPTION_MAX) {
        return mig_next_refuse(
            next, item, NULL, error,
            "the description cannot be kept true: it is longer than 16 MiB");
    }
    p = mig_next_bytes(next, item, error);
    if (!p) {
        return false;
    }
    if (!edit->pieces) {
        if (!mig_next_room(next, EDIT_COPIES * item->whole, error)) {
            return false;
        }
        edit->pieces = g_byte_array_new();
    }
    json = mig_description_item_json(item, p, &n);
    g_byte_array_append(edit->pieces, (const guint8 *)json, (guint)n);
    return edit->pieces->len < item->description.json_length ||
           emit_edited(edit, next, item, error);
}
