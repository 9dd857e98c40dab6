/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      taking a subsection out of device state.
 * Knows not: where it stands; device/decode.h does.
 * Beside it: filter/set-field.c; filter/description-edit.h, which follows.
 */
#include <string.h>

#include "device/decode.h"
#include "filter/description-edit.h"
#include "filter/filter.h"

/* Where paths into the state of a virtio device begin that is not its own; dump decodes it by
 * itself.  Source: hw/virtio/virtio.c, VMSTATE_VIRTIO_DEVICE. */
#define VIRTIO "virtio."

typedef struct DropSubsection {
    char *path; /* "DEVICE:SUBSECTION" */
    MigDescriptionEdit *edit;
    uint64_t dropped;
} DropSubsection;

static bool drop_configure(void *state, const char *key, const char *value,
                           GError **error)
{
    DropSubsection *drop = state;

    if (key) {
        g_free(drop->path);
        drop->path = g_strdup(value);
        return true;
    }
    if (!drop->path || !strchr(drop->path, ':')) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "path=DEVICE:SUBSECTION is wanted");
        return false;
    }
    drop->edit = mig_description_edit_new();
    return true;
}

/* The part of the path behind this section's name, or NULL. */
static const char *path_inside(const DropSubsection *drop, const MigSection *section)
{
    g_autofree char *any = g_strconcat(section->name, ":", NULL);
    g_autofree char *one = g_strdup_printf("%s@%u:", section->name, section->instance_id);

    return g_str_has_prefix(drop->path, one)   ? drop->path + strlen(one)
           : g_str_has_prefix(drop->path, any) ? drop->path + strlen(any)
                                               : NULL;
}

static bool cut(DropSubsection *drop, MigNext *next, const MigItem *item,
                const char *path, GError **error)
{
    MigReader *reader = mig_next_reader(next);
    const MigSection *section = item->section;
    const uint8_t *p = mig_next_bytes(next, item, error);
    g_autofree char *json = NULL, *without = NULL;
    g_autoptr(GByteArray) body = NULL;
    size_t json_length = 0;
    uint64_t from, length;
    const char *problem = "the stream does not describe this device";

    if (!p) {
        return false;
    }
    body = g_byte_array_sized_new((guint)item->length);
    g_byte_array_append(body, p, (guint)item->length);
    json = mig_device_description_text(mig_reader_input(reader),
                                       mig_reader_description(reader), section->name,
                                       section->instance_id, &json_length);
    if (json) {
        without = mig_device_cut_subsection(mig_reader_budget(reader), json, json_length,
                                            body->data, body->len, path, &from, &length,
                                            &problem);
    }
    if (!without && problem) {
        return mig_next_refuse(next, item, section, error,
                               "subsection %s cannot be cut out: %s", path, problem);
    }
    if (!without && g_str_has_prefix(path, VIRTIO)) {
        return mig_next_refuse(next, item, section, error,
                               "%s is in the field virtio, of which no stream describes "
                               "the content: nothing can be cut out of it",
                               path + strlen(VIRTIO));
    }
    if (!without) {
        return mig_next_emit(next, item, error);
    }
    g_byte_array_remove_range(body, (guint)from, (guint)length);
    mig_description_edit_replace(drop->edit, section, json, json_length, without);
    mig_next_report(next, section, "subsection %s dropped, %" PRIu64 " bytes", path,
                    length);
    drop->dropped++;
    return mig_next_emit_bytes(next, item, MIG_ITEM_DEVICE_STATE, body->data, body->len,
                               error);
}

static bool drop_event(void *state, MigNext *next, MigItem *item, GError **error)
{
    DropSubsection *drop = state;
    const char *path;

    if (item->kind == MIG_ITEM_DESCRIPTION) {
        return mig_description_edit_item(drop->edit, next, item, error);
    }
    path = path_inside(drop, item->section);
    if (!path) {
        return mig_next_emit(next, item, error);
    }
    if (item->length != item->whole) {
        return mig_next_refuse(next, item, item->section, error,
                               "its state is too long to be changed");
    }
    return cut(drop, next, item, path, error);
}

static bool drop_finish(void *state, MigNext *next, GError **error)
{
    const DropSubsection *drop = state;

    (void)next;
    if (drop->dropped == 0) {
        mig_error_set_plain(error, MIG_ERROR_REFUSED,
                            "no subsection is %s, as far as the stream describes them",
                            drop->path);
        return false;
    }
    return true;
}

static void drop_clear(void *state)
{
    DropSubsection *drop = state;

    g_free(drop->path);
    g_clear_pointer(&drop->edit, mig_description_edit_free);
}

static const MigFilterOption drop_options[] = {
    { "path", "DEVICE:SUBSECTION", "The subsection, as dump --devices shows its path" },
    { 0 },
};

#define DROP_HANDLES (MIG_ITEM_BIT(DEVICE_STATE) | MIG_ITEM_BIT(DESCRIPTION))

const MigFilterType mig_filter_drop_subsection = {
    .name = "drop-subsection",
    .summary = "take a subsection out of a device's state, and out of the description",
    .options = drop_options,
    .handles = DROP_HANDLES,
    .passes = MIG_ITEM_BITS_ALL & ~DROP_HANDLES,
    .state_size = sizeof(DropSubsection),
    .configure = drop_configure,
    .event = drop_event,
    .finish = drop_finish,
    .clear = drop_clear,
};
