/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          giving an array of device state more or fewer elements, for a destination
 *                whose command line has another number of them.
 * Must not know: what they are; where the number is, if the stream has it as a field.
 * See also:      filter/device-edit.h; filter/set-field.c, for such a number.
 */
#include <string.h>

#include "filter/device-edit.h"
#include "filter/fill.h"
#include "stream/page.h"

typedef struct ResizeArray {
    MigAddresses *path; /* "DEVICE:ARRAY" */
    uint64_t count;
    bool has_count;
    char *fill; /* NULL: 0 */
    MigDescriptionEdit *edit;
} ResizeArray;

static bool read_count(ResizeArray *resize, const char *value, GError **error)
{
    char *end;

    resize->count = g_ascii_strtoull(value, &end, 0);
    resize->has_count = g_ascii_isdigit(*value) && !*end;
    if (!resize->has_count) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "length=%s is no number of elements",
                            value);
    }
    return resize->has_count;
}

static bool resize_configure(void *state, const char *key, const char *value,
                             GError **error)
{
    ResizeArray *resize = state;

    if (!resize->path) {
        resize->path = mig_addresses_new();
        resize->edit = mig_description_edit_new();
    }
    if (!key) {
        if (mig_addresses_is_empty(resize->path) || !resize->has_count) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "path=DEVICE:ARRAY and length=ELEMENTS are wanted");
            return false;
        }
        return true;
    }
    if (g_str_equal(key, "length")) {
        return read_count(resize, value, error);
    }
    if (g_str_equal(key, "fill")) {
        g_free(resize->fill);
        resize->fill = g_strdup(value);
        return true;
    }
    if (!strchr(value, ':')) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "path=DEVICE:ARRAY is wanted, not \"%s\"", value);
        return false;
    }
    mig_addresses_add(resize->path, value);
    return true;
}

typedef struct Search {
    ResizeArray *resize;
    const MigSection *section;
    GPtrArray *found; /* paths, owned */
} Search;

static void visit(const MigField *field, void *user)
{
    Search *search = user;

    if (field->kind != MIG_FIELD_END && field->kind != MIG_FIELD_MISMATCH &&
        mig_field_is_meant(search->resize->path, search->section->name,
                           search->section->instance_id, field)) {
        g_ptr_array_add(search->found, g_strdup(field->path));
    }
}

/* The new bytes of the array; NULL with *error. */
static uint8_t *new_bytes(const ResizeArray *resize, const MigDeviceEdit *edit,
                          const MigReshape *reshape, const char *path, GError **error)
{
    uint64_t kept = MIN(reshape->length, reshape->new_length), n = reshape->element;
    g_autofree uint8_t *bytes = g_malloc0(reshape->new_length + 1);
    g_autofree uint8_t *one = g_malloc0(n + 1);
    const uint8_t *old = edit->body->data + reshape->from;

    memcpy(bytes, old, kept);
    if (resize->fill && g_str_equal(resize->fill, "last") && reshape->length >= n) {
        memcpy(one, old + reshape->length - n, n);
    } else if (resize->fill && !mig_fill(resize->fill, one, n)) {
        mig_next_refuse(edit->next, edit->item, edit->item->section, error,
                        "%s: an element of %" PRIu64
                        " bytes takes fill=0, fill=last, a number that fits, or as many "
                        "bytes in hexadecimal",
                        path, n);
        return NULL;
    }
    for (uint64_t at = kept; n && at + n <= reshape->new_length; at += n) {
        memcpy(bytes + at, one, n);
    }
    return g_steal_pointer(&bytes);
}

/* How many of the elements that go hold something. */
static uint64_t lost(const MigDeviceEdit *edit, const MigReshape *reshape)
{
    const uint8_t *old = edit->body->data + reshape->from;
    uint64_t n = 0;

    for (uint64_t at = reshape->new_length;
         reshape->element && at + reshape->element <= reshape->length;
         at += reshape->element) {
        n += !mig_page_is_zero(old + at, reshape->element);
    }
    return n;
}

static bool resize_one(const ResizeArray *resize, MigDeviceEdit *edit, const char *path,
                       GError **error)
{
    MigReshape reshape = { .kind = MIG_RESHAPE_RESIZE,
                           .path = path,
                           .count = resize->count };
    g_autofree char *json = mig_device_edit_plan(edit, &reshape, path, error);
    g_autofree uint8_t *bytes = NULL;
    uint64_t gone;

    if (!json) {
        return false;
    }
    bytes = new_bytes(resize, edit, &reshape, path, error);
    if (!bytes) {
        return false;
    }
    gone = lost(edit, &reshape);
    mig_next_report(edit->next, edit->item->section,
                    "%s: %" PRIu64 " \342\206\222 %" PRIu64 " elements, of which %" PRIu64
                    " held something and are gone",
                    path, reshape.old_count, resize->count, gone);
    mig_device_edit_apply(edit, &reshape, g_steal_pointer(&json), bytes);
    return true;
}

static bool resize_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    ResizeArray *resize = state;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_auto(MigDeviceEdit) edit = { 0 };
    Search search = { resize, item->section, found };

    if (item->kind == MIG_ITEM_DESCRIPTION) {
        return mig_description_edit_item(resize->edit, next, item, error);
    }
    if (!mig_addresses_in(resize->path, item->section->name,
                          item->section->instance_id)) {
        return mig_next_emit(next, item, error);
    }
    if (!mig_device_edit_begin(&edit, next, item, error)) {
        return false;
    }
    mig_device_edit_visit(&edit, visit, &search);
    for (guint i = 0; i < found->len; i++) {
        if (!resize_one(resize, &edit, g_ptr_array_index(found, i), error)) {
            return false;
        }
    }
    return mig_device_edit_end(&edit, resize->edit, error);
}

static bool resize_finish(void *state, MigNext *next, GError **error)
{
    const ResizeArray *resize = state;

    return mig_next_matched(next, resize->path, MIG_ADDRESS_DEVICE, "path=", error);
}

static void resize_clear(void *state)
{
    ResizeArray *resize = state;

    g_clear_pointer(&resize->path, mig_addresses_free);
    g_clear_pointer(&resize->edit, mig_description_edit_free);
    g_free(resize->fill);
}

static const MigFilterOption resize_options[] = {
    { "path", "DEVICE:ARRAY", "The array, as dump --devices shows its path" },
    { "length", "ELEMENTS",
      "How many elements it shall have; what is in those that go is given up" },
    { "fill", "VALUE",
      "What new elements hold: a number, \"last\" for what the last one has, or their "
      "bytes "
      "in hexadecimal; the default is 0" },
    { 0 },
};

const MigFilterType mig_filter_resize_array = {
    .name = "resize-array",
    .summary = "give an array of a device's state more or fewer elements",
    .gives_up = "what is in the elements that go",
    .options = resize_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(DEVICE_STATE) | MIG_ITEM_BIT(DESCRIPTION)),
    .decodes = true,
    .redescribes = true,
    .state_size = sizeof(ResizeArray),
    .configure = resize_configure,
    .event = resize_event,
    .finish = resize_finish,
    .clear = resize_clear,
};
