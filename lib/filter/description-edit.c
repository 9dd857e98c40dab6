/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see description-edit.h.
 * Must not know: why anything is changed.
 * See also:      stream/json-scan.h.
 *
 * QEMU up to 5.2 prints { "a" : 1, "b" : [ 2 ] }, later ones {"a": 1, "b": [2]}; a new
 * entry follows the text that it joins.
 * Source: qapi json writer and migration/qjson.c, 5.2; qapi/json-writer.c, 6.0.
 */
#include "filter/description-edit.h"

#include <string.h>

#include "stream/json-scan.h"
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
    char *name; /* the entry's, as it was */
    uint32_t instance_id;
    char *new_name;
    char *old_text, *new_text; /* of a replacement */
    uint64_t size;
    char *before, *after; /* idstr of a neighbour, or NULL */
    uint32_t before_instance, after_instance;
    size_t place; /* of an insertion: before the entry of this index */
} Edit;

struct MigDescriptionEdit {
    GArray *edits;
    bool machine;
    uint32_t machine_length;
    GByteArray *pieces;
};

/* Text to be replaced. */
typedef struct Splice {
    size_t offset, length;
    char *text;
} Splice;

/* How a description spaces its tokens. */
typedef struct Spacing {
    const char *pad; /* inside brackets */
    const char *colon;
    const char *comma;
} Spacing;

static void clear_edit(gpointer p)
{
    Edit *edit = p;

    g_free(edit->name);
    g_free(edit->new_name);
    g_free(edit->old_text);
    g_free(edit->new_text);
    g_free(edit->before);
    g_free(edit->after);
}

static void clear_splice(gpointer p)
{
    g_free(((Splice *)p)->text);
}

MigDescriptionEdit *mig_description_edit_new(void)
{
    MigDescriptionEdit *edit = g_new0(MigDescriptionEdit, 1);

    edit->edits = g_array_new(false, true, sizeof(Edit));
    g_array_set_clear_func(edit->edits, clear_edit);
    return edit;
}

void mig_description_edit_free(MigDescriptionEdit *edit)
{
    if (edit) {
        g_array_unref(edit->edits);
        g_clear_pointer(&edit->pieces, g_byte_array_unref);
        g_free(edit);
    }
}

static Edit *add(MigDescriptionEdit *edit, EditKind kind, const MigSection *section)
{
    Edit one = { .kind = kind,
                 .name = g_strdup(section->name),
                 .instance_id = section->instance_id };

    g_array_append_val(edit->edits, one);
    return &g_array_index(edit->edits, Edit, edit->edits->len - 1);
}

void mig_description_edit_remove(MigDescriptionEdit *edit, const MigSection *section)
{
    add(edit, EDIT_REMOVE, section);
}

void mig_description_edit_rename(MigDescriptionEdit *edit, const MigSection *section,
                                 const char *name)
{
    add(edit, EDIT_RENAME, section)->new_name = g_strdup(name);
}

void mig_description_edit_resize(MigDescriptionEdit *edit, const MigSection *section,
                                 uint64_t size)
{
    add(edit, EDIT_RESIZE, section)->size = size;
}

void mig_description_edit_replace(MigDescriptionEdit *edit, const MigSection *section,
                                  const char *old, size_t old_length, const char *text)
{
    Edit *one = add(edit, EDIT_REPLACE, section);

    one->old_text = g_strndup(old, old_length);
    one->new_text = g_strdup(text);
}

void mig_description_edit_insert(MigDescriptionEdit *edit, const MigSection *section,
                                 uint64_t size, const MigSection *before,
                                 const MigSection *after)
{
    Edit *one = add(edit, EDIT_INSERT, section);

    one->size = size;
    if (before) {
        one->before = g_strdup(before->name);
        one->before_instance = before->instance_id;
    }
    if (after) {
        one->after = g_strdup(after->name);
        one->after_instance = after->instance_id;
    }
}

void mig_description_edit_machine(MigDescriptionEdit *edit, uint32_t length)
{
    edit->machine = true;
    edit->machine_length = length;
}

/* --- text --- */

static void splice(GArray *splices, size_t offset, size_t length, char *text)
{
    Splice one = { offset, length, text };

    g_array_append_val(splices, one);
}

/* Insertions by place; those of one place stay in order. */
static int by_place(gconstpointer a, gconstpointer b)
{
    const Edit *x = *(const Edit *const *)a, *y = *(const Edit *const *)b;

    return x->place == y->place ? (x > y) - (x < y)
                                : (x->place > y->place) - (x->place < y->place);
}

static int by_offset(gconstpointer a, gconstpointer b)
{
    const Splice *x = a, *y = b;

    return (x->offset > y->offset) - (x->offset < y->offset);
}

static void append_string(GString *text, const char *value)
{
    g_string_append_c(text, '"');
    for (const char *p = value; *p;) {
        gunichar c = g_utf8_get_char_validated(p, -1);
        bool valid = c < 0x110000;

        if (c == '"' || c == '\\') {
            g_string_append_printf(text, "\\%c", (char)c);
        } else if (c >= 0x20 && c < 0x7f) {
            g_string_append_c(text, (char)c);
        } else if (valid && c >= 0x10000) {
            g_string_append_printf(text, "\\u%04X\\u%04X", 0xd800 + ((c - 0x10000) >> 10),
                                   0xdc00 + ((c - 0x10000) & 0x3ff));
        } else {
            g_string_append_printf(text, "\\u%04X", valid ? c : 0xfffd);
        }
        p += valid ? g_unichar_to_utf8(c, NULL) : 1;
    }
    g_string_append_c(text, '"');
}

/* By the start of the text: brace, first key, colon. */
static Spacing spacing_of(const char *json, size_t n)
{
    Spacing spacing = { "", ": ", ", " };
    const char *colon = memchr(json, ':', n);

    if (n > 1 && json[1] == ' ') {
        spacing.pad = " ";
    }
    if (colon && colon > json && (size_t)(colon - json) + 1 < n) {
        bool before = colon[-1] == ' ', after = colon[1] == ' ';

        spacing.colon = before ? (after ? " : " : " :") : (after ? ": " : ":");
        spacing.comma = after ? ", " : ",";
    }
    return spacing;
}

/* The entry of a device of which only the length is known.
 * Source: migration/savevm.c, vmstate_save_old_style(), 5.2 to 10.2. */
static char *entry_text(const Edit *edit, const Spacing *s)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "{%s\"name\"%s", s->pad, s->colon);
    append_string(text, edit->name);
    g_string_append_printf(
        text,
        "%s\"instance_id\"%s%u%s\"size\"%s%" PRIu64 "%s\"fields\"%s[%s{%s"
        "\"name\"%s\"data\"%s\"size\"%s%" PRIu64 "%s\"type\"%s\"buffer\"%s}"
        "%s]%s}",
        s->comma, s->colon, edit->instance_id, s->comma, s->colon, edit->size, s->comma,
        s->colon, s->pad, s->pad, s->colon, s->comma, s->colon, edit->size, s->comma,
        s->colon, s->pad, s->pad, s->pad);
    return g_string_free(text, false);
}

/* Replaces the number or string that comes next in @json. */
static bool replace_value(MigJson *json, size_t base, GArray *splices, char *text)
{
    size_t from = mig_json_offset(json);

    if (!mig_json_skip(json)) {
        g_free(text);
        return false;
    }
    splice(splices, base + from, (size_t)(json->p - json->text) - from, text);
    return true;
}

/* Replaces "size" in each object of the array that comes next in @json. */
static bool resize_fields(MigJson *json, size_t base, GArray *splices, uint64_t size)
{
    g_autoptr(GString) key = g_string_new(NULL);

    if (!mig_json_enter(json, '[')) {
        return false;
    }
    while (mig_json_next(json, NULL)) {
        if (!mig_json_enter(json, '{')) {
            return false;
        }
        while (mig_json_next(json, key)) {
            bool ok = g_str_equal(key->str, "size")
                          ? replace_value(json, base, splices,
                                          g_strdup_printf("%" PRIu64, size))
                          : mig_json_skip(json);

            if (!ok) {
                return false;
            }
        }
    }
    return !json->problem;
}

/* A replacement refers to the entry as it was when the stream was read. */
static bool replace_entry(const char *text, const MigDeviceDescription *device,
                          const Edit *edit, GArray *splices)
{
    if (strlen(edit->old_text) != device->text_length ||
        memcmp(edit->old_text, text + device->text_offset, device->text_length) != 0) {
        return false;
    }
    splice(splices, device->text_offset, device->text_length, g_strdup(edit->new_text));
    return true;
}

/* Splices inside of the entry @device. */
static bool edit_entry(const char *text, const MigDeviceDescription *device,
                       const Edit *edit, GArray *splices)
{
    g_autoptr(GString) key = g_string_new(NULL);
    size_t base = device->text_offset;
    MigJson json;

    mig_json_init(&json, text + base, device->text_length);
    if (!mig_json_enter(&json, '{')) {
        return false;
    }
    while (mig_json_next(&json, key)) {
        bool ok;

        if (edit->kind == EDIT_RENAME && g_str_equal(key->str, "name")) {
            GString *name = g_string_new(NULL);

            append_string(name, edit->new_name);
            ok = replace_value(&json, base, splices, g_string_free(name, false));
        } else if (edit->kind == EDIT_RESIZE && g_str_equal(key->str, "size")) {
            ok = replace_value(&json, base, splices,
                               g_strdup_printf("%" PRIu64, edit->size));
        } else if (edit->kind == EDIT_RESIZE && g_str_equal(key->str, "fields")) {
            ok = resize_fields(&json, base, splices, edit->size);
        } else {
            ok = mig_json_skip(&json);
        }
        if (!ok) {
            return false;
        }
    }
    return !json.problem;
}

/* Replaces the size of "name" in the fields of "configuration", which come next in
 * @json. */
static bool machine_fields(MigJson *json, GArray *splices, uint32_t length)
{
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) name = g_string_new(NULL);

    if (!mig_json_enter(json, '[')) {
        return false;
    }
    while (mig_json_next(json, NULL)) {
        g_string_truncate(name, 0);
        if (!mig_json_enter(json, '{')) {
            return false;
        }
        while (mig_json_next(json, key)) {
            bool is_size =
                g_str_equal(key->str, "size") && g_str_equal(name->str, "name");
            bool ok;

            if (is_size) {
                ok = replace_value(json, 0, splices, g_strdup_printf("%u", length));
            } else if (g_str_equal(key->str, "name")) {
                ok = mig_json_string(json, name);
            } else {
                ok = mig_json_skip(json);
            }
            if (!ok) {
                return false;
            }
        }
    }
    return !json->problem;
}

/* Top level or "configuration": follows @path's keys down to the fields. */
static bool edit_machine(const char *text, size_t n, GArray *splices, uint32_t length)
{
    static const char *const path[] = { "configuration", "fields" };
    g_autoptr(GString) key = g_string_new(NULL);
    MigJson json;
    unsigned step = 0;

    mig_json_init(&json, text, n);
    if (!mig_json_enter(&json, '{')) {
        return false;
    }
    while (mig_json_next(&json, key)) {
        bool ok;

        if (!g_str_equal(key->str, path[step])) {
            ok = mig_json_skip(&json);
        } else if (++step == G_N_ELEMENTS(path)) {
            return machine_fields(&json, splices, length) && splices->len;
        } else {
            ok = mig_json_enter(&json, '{');
        }
        if (!ok) {
            return false;
        }
    }
    return !json.problem && step == 0; /* a description without the key needs no change */
}

/* --- the list of devices --- */

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

static ssize_t find_neighbour(const MigDescription *d, const char *name,
                              uint32_t instance_id)
{
    return name ? mig_description_lookup(d, name, instance_id, 0) : -1;
}

static size_t insertion_place(const MigDescription *d, const Edit *edit)
{
    ssize_t i = find_neighbour(d, edit->before, edit->before_instance);

    if (i >= 0) {
        return (size_t)i;
    }
    i = find_neighbour(d, edit->after, edit->after_instance);
    return i >= 0 ? (size_t)i + 1 : d->n_devices;
}

/* Appends text[from..to) with the splices that lie in it; *next: the first to look at. */
static void append_spliced(GString *out, const char *text, size_t from, size_t to,
                           const GArray *splices, guint *next)
{
    for (; *next < splices->len; (*next)++) {
        const Splice *s = &g_array_index(splices, Splice, *next);

        if (s->offset >= to) {
            break;
        }
        if (s->offset >= from) {
            g_string_append_len(out, text + from, (gssize)(s->offset - from));
            g_string_append(out, s->text);
            from = s->offset + s->length;
        }
    }
    g_string_append_len(out, text + from, (gssize)(to - from));
}

/* The new text of the list between its brackets. */
static char *build_list(const MigDescriptionEdit *edit, const char *text,
                        const MigDescription *d, const Spacing *spacing,
                        const bool *removed, GArray *splices)
{
    GString *list = g_string_new(NULL);
    g_autofree char *separator =
        d->n_devices > 1 ? gap_before(text, d, 1) : g_strdup(spacing->comma);
    g_autofree char *opening = NULL, *closing = NULL;
    g_autoptr(GPtrArray) insertions = g_ptr_array_new();
    bool empty = true;
    guint next_splice = 0, next_insertion = 0;

    if (d->n_devices) {
        opening = gap_before(text, d, 0);
        closing = gap_before(text, d, d->n_devices);
    } else {
        opening = g_strdup(spacing->pad);
        closing = g_strdup(spacing->pad);
    }
    for (guint e = 0; e < edit->edits->len; e++) {
        if (g_array_index(edit->edits, Edit, e).kind == EDIT_INSERT) {
            g_ptr_array_add(insertions, &g_array_index(edit->edits, Edit, e));
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
            entry = entry_text(one, spacing);
            g_string_append(list, empty ? "" : separator);
            g_string_append(list, entry);
            empty = false;
        }
        if (i == d->n_devices || removed[i]) {
            continue;
        }
        if (!empty) {
            g_autofree char *own = i ? gap_before(text, d, i) : g_strdup(separator);

            g_string_append(list, own);
        }
        empty = false;
        append_spliced(list, text, d->devices[i].text_offset, entry_end(d, i), splices,
                       &next_splice);
    }
    g_string_append(list, closing);
    return g_string_free(list, false);
}

/* Records what each edit means for the text; a static string if one cannot be done.  Edits
 * come in the order of the stream, as entries do: of two with one name, each gets its own. */
static const char *plan(MigDescriptionEdit *edit, const char *text,
                        const MigDescription *d, bool *removed, GArray *inside)
{
    size_t next = 0; /* entry */

    for (guint e = 0; e < edit->edits->len; e++) {
        Edit *one = &g_array_index(edit->edits, Edit, e);
        ssize_t i = mig_description_lookup(d, one->name, one->instance_id, next);

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
        if (one->kind == EDIT_REMOVE) {
            removed[i] = true;
        } else if (one->kind == EDIT_REPLACE) {
            if (!replace_entry(text, &d->devices[i], one, inside)) {
                return "an entry of it was changed by another filter";
            }
        } else if (one->kind == EDIT_RESIZE && !d->devices[i].old_style) {
            return "it describes fields inside of a section that is changed";
        } else if (!edit_entry(text, &d->devices[i], one, inside)) {
            return "an entry of it is not as QEMU writes it";
        }
    }
    g_array_sort(inside, by_offset);
    return NULL;
}

/* The edited JSON; NULL with *problem, a static string. */
static GString *apply(MigDescriptionEdit *edit, const char *text, const MigDescription *d,
                      const char **problem)
{
    g_autoptr(GArray) inside = g_array_new(false, false, sizeof(Splice));
    g_autoptr(GArray) head = g_array_new(false, false, sizeof(Splice));
    g_autofree bool *removed = g_new0(bool, d->n_devices + 1);
    Spacing spacing = spacing_of(text, d->json_length);
    g_autofree char *list = NULL;
    GString *result;
    guint next = 0;

    g_array_set_clear_func(inside, clear_splice);
    g_array_set_clear_func(head, clear_splice);
    *problem = plan(edit, text, d, removed, inside);
    if (*problem) {
        return NULL;
    }
    if (edit->machine &&
        !edit_machine(text, d->json_length, head, edit->machine_length)) {
        *problem = "its \"configuration\" is not as QEMU writes it";
        return NULL;
    }
    list = build_list(edit, text, d, &spacing, removed, inside);
    splice(head, d->devices_offset + 1u, d->devices_end - d->devices_offset - 1u,
           g_steal_pointer(&list));
    g_array_sort(head, by_offset);
    result = g_string_new(NULL);
    append_spliced(result, text, 0, d->json_length, head, &next);
    return result;
}

static bool emit_edited(MigDescriptionEdit *edit, MigNext *next, const MigItem *item,
                        GError **error)
{
    const char *text = (const char *)edit->pieces->data;
    uint32_t length = edit->pieces->len;
    g_autoptr(MigDescription) d = mig_description_parse(text, length, item->offset);
    const char *problem = d->problem;
    GString *json = d->valid ? apply(edit, text, d, &problem) : NULL;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem edited = *item;
    bool ok;

    if (!json || json->len > UINT32_MAX) {
        return mig_next_refuse(next, item, NULL, error,
                               "the description cannot be kept true: %s; the filter "
                               "description:drop=yes drops it, and no QEMU needs it",
                               json ? "it would be longer than 4 GiB" : problem);
    }
    mig_description_encode((uint32_t)json->len, json->str, json->len, bytes);
    edited.description.json_length = (uint32_t)json->len;
    ok = mig_next_emit_bytes(next, &edited, MIG_ITEM_DESCRIPTION, bytes->data, bytes->len,
                             error);
    g_string_free(json, true);
    return ok;
}

bool mig_description_edit_item(MigDescriptionEdit *edit, MigNext *next,
                               const MigItem *item, GError **error)
{
    const uint8_t *p;
    const char *json;
    size_t n;
    bool ok;

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
    if (edit->pieces->len < item->description.json_length) {
        return true;
    }
    ok = emit_edited(edit, next, item, error);
    g_clear_pointer(&edit->pieces, g_byte_array_unref);
    return ok;
}
