/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see reshape.h.
 * Must not know: see there.
 * See also:      device/walk.h, which finds the place.
 *
 * The length of what a field or subsection is in counts too: a struct is described with its
 * size, a subsection and the device are not.
 * Source: migration/vmstate.c, vmsd_desc_field_start(), vmsd_desc_field_end(); 5.2 to 11.1.
 */
#include "device/reshape.h"

#include <string.h>

#include "device/walk.h"
#include "stream/splice.h"

void mig_device_put(uint8_t *at, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        at[width - 1 - i] = (uint8_t)(value >> (8 * i));
    }
}

/* Elements that an array may get. */
#define COUNT_MAX (1u << 20)

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Cuts from @from to @to, one member of a list or several, with the comma that belongs to
 * them. */
static void cut_member(GArray *cuts, const char *json, size_t from, size_t to, bool first)
{
    size_t at = from;

    while (at > 0 && is_space(json[at - 1])) {
        at--;
    }
    if (at > 0 && json[at - 1] == ',' && !first) {
        mig_splice(cuts, at - 1, to - (at - 1), g_strdup(""));
        return;
    }
    while (is_space(json[to])) {
        to++;
    }
    if (json[to] == ',') {
        for (to++; is_space(json[to]); to++) {
        }
    }
    mig_splice(cuts, from, to - from, g_strdup(""));
}

static void put(GArray *cuts, size_t from, size_t to, char *text)
{
    mig_splice(cuts, from, to - from, text);
}

static void put_number(GArray *cuts, size_t from, size_t to, uint64_t number)
{
    put(cuts, from, to, g_strdup_printf("%" G_GUINT64_FORMAT, number));
}

static bool fails(MigReshape *reshape, const char *why)
{
    reshape->problem = why;
    return false;
}

/* --- what each kind does to the text ------------------------------------------------------ */

static bool drop(MigReshape *reshape, const char *json, const Sought *sought,
                 GArray *cuts)
{
    const Vmstate *parent = sought->parent, *found = sought->found;

    reshape->new_length = 0;
    if (sought->first) {
        cut_member(cuts, json, sought->first->text, sought->last->text_end,
                   parent->fields == sought->first);
    } else if (parent->subsections->next) {
        cut_member(cuts, json, found->text, found->text_end,
                   parent->subsections == found);
    } else {
        cut_member(cuts, json, parent->list, parent->list_end, false);
    }
    return true;
}

/* Elements that are described one by one: the last ones go, or the last one comes again. */
static bool resize_entries(MigReshape *reshape, const char *json, const Sought *sought,
                           GArray *cuts)
{
    const Field *last = sought->last, *cut = NULL;
    uint64_t n = 0;

    reshape->new_length = reshape->length;
    for (const Field *f = sought->first;; f = f->next, n++) {
        if (f->count != 1 || !f->has_index) {
            return fails(reshape,
                         "its elements are described in a way that is not known");
        }
        if (n >= reshape->count) {
            cut = cut ? cut : f;
            reshape->new_length -= f->size;
        }
        if (f == last) {
            break;
        }
    }
    reshape->old_count = n + 1;
    reshape->element = last->size;
    if (cut) {
        cut_member(cuts, json, cut->text, last->text_end, false);
    }
    for (n++; n < reshape->count; n++) {
        put(cuts, last->text_end, last->text_end,
            g_strdup_printf(", %.*s%" G_GUINT64_FORMAT "%.*s",
                            (int)(last->index_text - last->text), json + last->text, n,
                            (int)(last->text_end - last->index_text_end),
                            json + last->index_text_end));
        reshape->new_length += last->size;
    }
    return true;
}

static bool resize(MigReshape *reshape, const char *json, const Sought *sought,
                   GArray *cuts)
{
    const Field *f = sought->first;

    if (!f || !f->starts_array || f->shape == SHAPE_NULLPTR || f->shape == SHAPE_QUEUE ||
        f->shape == SHAPE_GTREE) {
        return fails(reshape, "it is no array of elements that are alike");
    }
    if (reshape->count > COUNT_MAX) {
        return fails(reshape, "no array has that many elements");
    }
    if (f->run != reshape->length) {
        return fails(reshape, "some of its elements are NULL");
    }
    if (f != sought->last) {
        return reshape->count ? resize_entries(reshape, json, sought, cuts)
                              : drop(reshape, json, sought, cuts);
    }
    reshape->old_count = f->count;
    reshape->element = f->size;
    if (!f->has_count) {
        return fails(reshape, "its elements are described in a way that is not known");
    }
    if (!reshape->count) { /* QEMU does not describe an array without elements */
        return drop(reshape, json, sought, cuts);
    }
    reshape->new_length = reshape->count * f->size;
    put_number(cuts, f->count_text, f->count_text_end, reshape->count);
    return true;
}

static bool set_length(MigReshape *reshape, const Sought *sought, GArray *cuts)
{
    const Field *f = sought->first;

    if (!f || f != sought->last || f->count != 1 || f->vmstates) {
        return fails(reshape, "it is described in parts");
    }
    reshape->new_length = reshape->bytes;
    put_number(cuts, f->size_text, f->size_text_end, reshape->bytes);
    return true;
}

static bool insert_field(MigReshape *reshape, const Sought *sought, GArray *cuts)
{
    const Field *f = sought->first;
    bool before = reshape->kind == MIG_RESHAPE_BEFORE;
    size_t at;

    if (!f != reshape->subsection) {
        return fails(reshape, f ? "it is a field, and subsections come after those"
                                : "it is a subsection, and fields come before those");
    }
    at = !f       ? before ? sought->found->text : sought->found->text_end
         : before ? f->text
                  : sought->last->text_end;
    put(cuts, at, at,
        before ? g_strconcat(reshape->json, ", ", NULL)
               : g_strconcat(", ", reshape->json, NULL));
    reshape->from += before ? 0 : reshape->length;
    reshape->length = 0;
    reshape->new_length = reshape->bytes;
    return true;
}

/* Into the list of @v's subsections, which may have to be made. */
static bool insert_subsection(MigReshape *reshape, const char *json, const Vmstate *v,
                              GArray *cuts)
{
    const Vmstate *last = v ? v->subsections : NULL;
    size_t at;

    if (!v || !v->text_end) {
        return fails(reshape, "nothing there has subsections");
    }
    while (last && last->next) {
        last = last->next;
    }
    reshape->from += reshape->length;
    reshape->length = 0;
    reshape->new_length = reshape->bytes;
    if (last) {
        put(cuts, last->text_end, last->text_end, g_strconcat(", ", reshape->json, NULL));
        return true;
    }
    if (v->list_end) {
        return fails(reshape, "its description has an empty list of subsections");
    }
    at = v->text_end - 1;
    while (at > 0 && is_space(json[at - 1])) {
        at--;
    }
    put(cuts, at, at, g_strdup_printf(", \"subsections\": [%s]", reshape->json));
    return true;
}

/* --- the description ------------------------------------------------------------------------ */

static bool change(MigReshape *reshape, const char *json, const Sought *sought,
                   GArray *cuts)
{
    switch (reshape->kind) {
    case MIG_RESHAPE_DROP:
        return drop(reshape, json, sought, cuts);
    case MIG_RESHAPE_RESIZE:
        return resize(reshape, json, sought, cuts);
    case MIG_RESHAPE_LENGTH:
        return set_length(reshape, sought, cuts);
    case MIG_RESHAPE_INSIDE:
        return insert_subsection(reshape, json,
                                 sought->found ? sought->found
                                 : sought->first->count == 1 &&
                                         sought->first == sought->last
                                     ? sought->first->vmstates
                                     : NULL,
                                 cuts);
    default:
        return insert_field(reshape, sought, cuts);
    }
}

/* The lengths of what is around. */
static bool change_around(MigReshape *reshape, const Sought *sought, GArray *cuts)
{
    for (guint i = 0; sought->around_found && i < sought->around_found->len; i++) {
        const Field *f = g_ptr_array_index(sought->around_found, i);

        if (f->count > 1) {
            return fails(reshape,
                         "it is in an array that is described by its first element");
        }
        put_number(cuts, f->size_text, f->size_text_end,
                   f->size - reshape->length + reshape->new_length);
    }
    if (reshape->kind == MIG_RESHAPE_INSIDE && sought->first) {
        put_number(cuts, sought->first->size_text, sought->first->size_text_end,
                   sought->first->size + reshape->new_length);
    }
    return true;
}

static char *changed_json(MigReshape *reshape, const char *json, size_t length,
                          const Sought *sought)
{
    g_autoptr(GArray) cuts = mig_splices_new();
    GString *text;
    guint next = 0;

    if (!change(reshape, json, sought, cuts) || !change_around(reshape, sought, cuts)) {
        return NULL;
    }
    text = g_string_new(NULL);
    mig_splices_sort(cuts);
    mig_splices_append(text, json, 0, length, cuts, &next);
    return g_string_free(text, FALSE);
}

static void ignore(const MigField *field, void *user)
{
    (void)field;
    (void)user;
}

/* A walk to find something: what it found lives as long as it. */
typedef struct Search {
    char *json; /* closed by a NUL */
    MigEmit emit;
    Schema schema;
    GPtrArray *around;
    Sought sought;
} Search;

static void search_clear(Search *search)
{
    g_free(search->json);
    mig_emit_clear(&search->emit);
    mig_schema_clear(&search->schema);
    g_ptr_array_unref(search->around);
    g_clear_pointer(&search->sought.around_found, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

/* False if there is nothing at @path; *problem: or nobody can tell. */
static bool search_for(Search *search, MigBudget *budget, const MigDeviceState *device,
                       const char *path, const char **problem)
{
    const MigDecoder decoder = { .budget = budget, .visit = ignore };
    MigDeviceState closed = *device;

    search->json = g_strndup(device->json, device->json_length);
    search->around = g_ptr_array_new();
    search->sought = (Sought){ .path = path, .around = search->around };
    closed.json = search->json;
    mig_emit_init(&search->emit, &decoder, device->bytes, device->length, 0);
    *problem = NULL;
    if (!mig_walk(&closed, &search->emit, &search->schema, &search->sought)) {
        *problem = "its description does not match it";
        return false;
    }
    if (!*path) { /* the device as a whole: the first node that was read */
        search->sought.found = search->schema.root;
        search->sought.length = device->length;
        return true;
    }
    return search->sought.parent != NULL;
}

char *mig_device_reshape(MigBudget *budget, const MigDeviceState *device,
                         MigReshape *reshape)
{
    g_auto(Search) search = { 0 };

    if (!search_for(&search, budget, device, reshape->path, &reshape->problem)) {
        return NULL;
    }
    reshape->from = search.sought.from;
    reshape->length = search.sought.length;
    return changed_json(reshape, search.json, device->json_length, &search.sought);
}

/* The name of the field or subsection before it in the structure, or "". */
static const char *name_before(const Sought *sought)
{
    const char *before = "";

    for (const Field *f = sought->parent->fields;
         sought->first && f && f != sought->first; f = f->next) {
        before = f->name;
    }
    for (const Vmstate *v = sought->parent->subsections;
         !sought->first && v && v != sought->found; v = v->next) {
        before = v->name;
    }
    return before;
}

bool mig_device_part(MigBudget *budget, const MigDeviceState *device, const char *path,
                     MigDevicePart *part, const char **problem)
{
    g_auto(Search) search = { 0 };
    const Sought *sought = &search.sought;
    const char *name;
    size_t text, end, inside;

    *part = (MigDevicePart){ 0 };
    if (!search_for(&search, budget, device, path, problem)) {
        return false;
    }
    text = sought->first ? sought->first->text : sought->found->text;
    end = sought->first ? sought->last->text_end : sought->found->text_end;
    name = sought->first ? sought->first->name : sought->found->name;
    inside = strlen(path) - strlen(name); /* "pm." of "pm.ich9_pm/tco" */
    part->json = g_strndup(search.json + text, end - text);
    part->subsection = !sought->first;
    part->from = sought->from;
    part->length = sought->length;
    part->parent = g_strndup(path, inside ? inside - 1 : 0);
    name = name_before(sought);
    part->after =
        *name ? g_strdup_printf("%.*s%s", (int)inside, path, name) : g_strdup("");
    return true;
}

void mig_device_part_clear(MigDevicePart *part)
{
    g_free(part->json);
    g_free(part->after);
    g_free(part->parent);
}
