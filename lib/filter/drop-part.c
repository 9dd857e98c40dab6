/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          taking parts out of device state: drop-subsection subsections, drop-field
 *                fields.
 * Must not know: where they are; device/decode.h does.
 * See also:      filter/device-edit.h; filter/description-edit.h, which follows.
 *
 * A subsection inside of a virtio device's own state is in a field of which the description has
 * the length alone; it goes all the same, since no length is before it.
 * Source: hw/virtio/virtio.c, VMSTATE_VIRTIO_DEVICE, virtio_load(); 5.2 to 11.1.
 */
#include <string.h>

#include "filter/device-edit.h"

typedef struct DropPart {
    MigAddresses *paths; /* "DEVICE:SUBSECTION" or "DEVICE:FIELD" */
    bool fields;         /* is drop-field */
    bool wild;           /* one of them has a wildcard */
    MigDescriptionEdit *edit;
} DropPart;

static bool drop_configure(void *state, const char *key, const char *value,
                           GError **error)
{
    DropPart *drop = state;

    if (!drop->paths) {
        drop->paths = mig_addresses_new();
        drop->edit = mig_description_edit_new();
    }
    if (key && strchr(value, ':')) {
        drop->wild |= strpbrk(value, "*?") != NULL;
        mig_addresses_add(drop->paths, value);
        return true;
    }
    if (key || mig_addresses_is_empty(drop->paths)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "path=DEVICE:%s is wanted",
                            drop->fields ? "FIELD" : "SUBSECTION");
        return false;
    }
    return true;
}

static bool drop_field_configure(void *state, const char *key, const char *value,
                                 GError **error)
{
    ((DropPart *)state)->fields = true;
    return drop_configure(state, key, value, error);
}

/* --- which of a device's parts --------------------------------------------------------- */

typedef struct Part {
    char *path;
    char *around; /* the field "virtio" that it is in, or NULL */
    uint64_t offset, length, around_length;
} Part;

static void clear_part(gpointer p)
{
    Part *part = p;

    g_free(part->path);
    g_free(part->around);
}

typedef struct Search {
    DropPart *drop;
    const MigSection *section;
    GArray *found; /* Part, in the order of the body */
    Part around;   /* the last field "virtio" */
} Search;

static bool is_inside(const char *path, const char *outer)
{
    size_t n = strlen(outer);

    return strncmp(path, outer, n) == 0 && (path[n] == '.' || path[n] == '[');
}

/* Whether one that goes holds it. */
static bool goes_along(const Search *search, const char *path)
{
    for (guint i = 0; i < search->found->len; i++) {
        if (is_inside(path, g_array_index(search->found, Part, i).path)) {
            return true;
        }
    }
    return false;
}

static void add_part(const Search *search, const MigField *field)
{
    bool inside = search->around.path && is_inside(field->path, search->around.path);
    Part part = { .path = g_strdup(field->path),
                  .around = inside ? g_strdup(search->around.path) : NULL,
                  .around_length = inside ? search->around.length : 0,
                  .offset = field->offset,
                  .length = field->length };

    g_array_append_val(search->found, part);
}

static void visit(const MigField *field, void *user)
{
    Search *search = user;
    bool subsection = field->kind == MIG_FIELD_SUBSECTION;

    if (g_str_equal(field->type, "virtio") && field->kind == MIG_FIELD_STRUCT) {
        g_free(search->around.path);
        search->around = (Part){ .path = g_strdup(field->path),
                                 .offset = field->offset,
                                 .length = field->length };
    }
    if (field->kind == MIG_FIELD_END || field->kind == MIG_FIELD_MISMATCH ||
        subsection == search->drop->fields ||
        !mig_field_is_meant(search->drop->paths, search->section->name,
                            search->section->instance_id, field) ||
        goes_along(search, field->path)) {
        return;
    }
    add_part(search, field);
}

/* --- taking them out ------------------------------------------------------------------ */

/* Those that were found after it are gone already: from the last to the first, offsets stay. */
static bool cut(const DropPart *drop, MigDeviceEdit *edit, const Part *part,
                uint64_t *gone_inside, GError **error)
{
    g_autofree char *what =
        g_strdup_printf("%s %s", drop->fields ? "field" : "subsection", part->path);
    MigReshape reshape = { .kind = MIG_RESHAPE_DROP, .path = part->path };
    char *json;

    if (part->around && !drop->fields) {
        *gone_inside += part->length;
        reshape = (MigReshape){ .kind = MIG_RESHAPE_LENGTH,
                                .path = part->around,
                                .bytes = part->around_length - *gone_inside };
    }
    json = mig_device_edit_plan(edit, &reshape, what, error);
    if (!json) {
        return false;
    }
    if (part->around && !drop->fields) {
        reshape.from = part->offset;
        reshape.length = part->length;
        reshape.new_length = 0;
    }
    mig_device_edit_apply(edit, &reshape, json, NULL);
    return true;
}

static bool cut_all(const DropPart *drop, MigDeviceEdit *edit, const GArray *found,
                    GError **error)
{
    uint64_t gone_inside = 0;

    for (guint i = found->len; i > 0; i--) {
        const Part *part = &g_array_index(found, Part, i - 1);

        if (!part->around) {
            gone_inside = 0;
        }
        if (!cut(drop, edit, part, &gone_inside, error)) {
            return false;
        }
    }
    for (guint i = 0; i < found->len; i++) {
        const Part *part = &g_array_index(found, Part, i);

        mig_next_report(edit->next, edit->item->section,
                        "%s %s dropped, %" PRIu64 " bytes",
                        drop->fields ? "field" : "subsection", part->path, part->length);
    }
    return true;
}

static bool drop_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    DropPart *drop = state;
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Part));
    g_auto(MigDeviceEdit) edit = { 0 };
    Search search = { .drop = drop, .section = item->section, .found = found };
    bool told;

    if (item->kind == MIG_ITEM_DESCRIPTION) {
        return mig_description_edit_item(drop->edit, next, item, error);
    }
    if (!mig_addresses_in(drop->paths, item->section->name, item->section->instance_id)) {
        return mig_next_emit(next, item, error);
    }
    if (!mig_device_edit_begin(&edit, next, item, error)) {
        return false;
    }
    g_array_set_clear_func(found, clear_part);
    told = mig_device_edit_visit(&edit, visit, &search);
    g_free(search.around.path);
    if (!told && found->len == 0 && !drop->wild) {
        return mig_device_edit_undescribed(&edit, "it", error);
    }
    return cut_all(drop, &edit, found, error) &&
           mig_device_edit_end(&edit, drop->edit, error);
}

static bool drop_finish(void *state, MigNext *next, GError **error)
{
    const DropPart *drop = state;

    return mig_next_matched(next, drop->paths, MIG_ADDRESS_DEVICE, "path=", error);
}

static void drop_clear(void *state)
{
    DropPart *drop = state;

    g_clear_pointer(&drop->paths, mig_addresses_free);
    g_clear_pointer(&drop->edit, mig_description_edit_free);
}

static const MigFilterOption subsection_options[] = {
    { "path", "DEVICE:SUBSECTION",
      "The subsection, as dump --devices shows its path; may be repeated" },
    { 0 },
};

static const MigFilterOption field_options[] = {
    { "path", "DEVICE:FIELD",
      "The field, structure or whole array, as dump --devices shows its path; may be "
      "repeated.  What the guest had in it is given up" },
    { 0 },
};

#define HANDLES (MIG_ITEM_BIT(DEVICE_STATE) | MIG_ITEM_BIT(DESCRIPTION))

const MigFilterType mig_filter_drop_subsection = {
    .name = "drop-subsection",
    .summary = "take a subsection out of a device's state, and out of the description",
    .gives_up = "what the subsection holds",
    .options = subsection_options,
    MIG_FILTER_HANDLES(HANDLES),
    .decodes = true,
    .redescribes = true,
    .state_size = sizeof(DropPart),
    .configure = drop_configure,
    .event = drop_event,
    .finish = drop_finish,
    .clear = drop_clear,
};

const MigFilterType mig_filter_drop_field = {
    .name = "drop-field",
    .summary = "take a field out of a device's state, and out of the description",
    .gives_up = "what the guest had in the field",
    .options = field_options,
    MIG_FILTER_HANDLES(HANDLES),
    .decodes = true,
    .redescribes = true,
    .state_size = sizeof(DropPart),
    .configure = drop_field_configure,
    .event = drop_event,
    .finish = drop_finish,
    .clear = drop_clear,
};
