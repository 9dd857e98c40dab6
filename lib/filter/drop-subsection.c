/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          taking a subsection out of device state.
 * Must not know: where it is; device/decode.h does.
 * See also:      filter/set-field.c; filter/description-edit.h, which follows.
 */
#include <string.h>

#include "device/decode.h"
#include "filter/description-edit.h"
#include "filter/filter.h"
#include "device/cut-subsection.h"

/* What decoding shows and the description does not is inside of a virtio device's own state.
 * Source: hw/virtio/virtio.c, VMSTATE_VIRTIO_DEVICE. */
#define NOT_DESCRIBED \
    "it is in the field virtio, of which no stream describes the content"

typedef struct DropSubsection {
    MigAddresses *path; /* "DEVICE:SUBSECTION" */
    char *text;         /* the same */
    MigDescriptionEdit *edit;
} DropSubsection;

static bool drop_configure(void *state, const char *key, const char *value,
                           GError **error)
{
    DropSubsection *drop = state;

    if (key) {
        g_free(drop->text);
        drop->text = g_strdup(value);
        return true;
    }
    if (!drop->text || !strchr(drop->text, ':')) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "path=DEVICE:SUBSECTION is wanted");
        return false;
    }
    drop->path = mig_addresses_new();
    mig_addresses_add(drop->path, drop->text);
    drop->edit = mig_description_edit_new();
    return true;
}

/* --- which of a device's subsections -------------------------------------------------- */

typedef struct Search {
    MigAddresses *path;
    const MigSection *section;
    GPtrArray *found; /* paths, owned */
} Search;

/* Whether one that goes holds it. */
static bool goes_along(const Search *search, const char *path)
{
    for (guint i = 0; i < search->found->len; i++) {
        const char *outer = g_ptr_array_index(search->found, i);
        size_t n = strlen(outer);

        if (strncmp(path, outer, n) == 0 && path[n] == '.') {
            return true;
        }
    }
    return false;
}

static void visit(const MigField *field, void *user)
{
    Search *search = user;

    if (field->kind == MIG_FIELD_SUBSECTION &&
        mig_addresses_field(search->path, search->section->name,
                            search->section->instance_id, field->path) &&
        !goes_along(search, field->path)) {
        g_ptr_array_add(search->found, g_strdup(field->path));
    }
}

/* --- taking them out ------------------------------------------------------------------ */

/* A device's state and its description, as far as they have been changed. */
typedef struct Device {
    const MigItem *item;
    GByteArray *body;
    char *json; /* as in MigDeviceState */
    size_t json_length;
} Device;

static MigDeviceState state_of(const Device *device)
{
    return (MigDeviceState){ .json = device->json,
                             .json_length = device->json_length,
                             .bytes = device->body->data,
                             .length = device->body->len };
}

/* The subsections that go; NULL with *error where nobody can tell. */
static GPtrArray *find(DropSubsection *drop, MigNext *next, const Device *device,
                       GError **error)
{
    const MigSection *section = device->item->section;
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    Search search = { drop->path, section, found };
    const MigDecoder decoder = { .budget = mig_reader_budget(mig_next_reader(next)),
                                 .visit = visit,
                                 .user = &search };
    const MigDeviceState state = state_of(device);
    bool told = mig_device_decode(&decoder, &state);

    if (!told && found->len == 0 && !strpbrk(drop->text, "*?")) {
        g_ptr_array_unref(found);
        mig_next_refuse(
            next, device->item, section, error, "%s cannot be cut out: %s", drop->text,
            device->json          ? "its description does not match it"
            : device->json_length ? "its description costs too much to read again"
                                  : "the stream does not describe this device");
        return NULL;
    }
    return found;
}

/* Takes out the subsection at @path, which decoding has found. */
static bool cut(Device *device, MigNext *next, const char *path, GError **error)
{
    const char *problem = NULL;
    uint64_t from, length;
    const MigDeviceState state = state_of(device);
    char *without = mig_device_cut_subsection(mig_reader_budget(mig_next_reader(next)),
                                              &state, path, &from, &length, &problem);

    if (!without) {
        return mig_next_refuse(next, device->item, device->item->section, error,
                               "subsection %s cannot be cut out: %s", path,
                               problem ? problem : NOT_DESCRIBED);
    }
    g_byte_array_remove_range(device->body, (guint)from, (guint)length);
    g_free(device->json);
    device->json = without;
    device->json_length = strlen(without);
    mig_next_report(next, device->item->section,
                    "subsection %s dropped, %" PRIu64 " bytes", path, length);
    return true;
}

static bool cut_all(DropSubsection *drop, MigNext *next, Device *device, GError **error)
{
    g_autofree char *json = g_strndup(device->json, device->json_length);
    size_t json_length = device->json_length;
    g_autoptr(GPtrArray) paths = find(drop, next, device, error);

    for (guint i = 0; paths && i < paths->len; i++) {
        if (!cut(device, next, g_ptr_array_index(paths, i), error)) {
            return false;
        }
    }
    if (!paths) {
        return false;
    }
    if (paths->len == 0) {
        return mig_next_emit(next, device->item, error);
    }
    mig_description_edit_replace(drop->edit, device->item->section, json, json_length,
                                 device->json);
    return mig_next_emit_bytes(next, device->item, MIG_ITEM_DEVICE_STATE,
                               device->body->data, device->body->len, error);
}

static bool change(DropSubsection *drop, MigNext *next, const MigItem *item,
                   GError **error)
{
    MigReader *reader = mig_next_reader(next);
    const uint8_t *p = mig_next_bytes(next, item, error);
    Device device = { .item = item };
    bool ok;

    if (!p) {
        return false;
    }
    if (!mig_next_room(next, item->length, error)) {
        return false;
    }
    device.body = g_byte_array_sized_new((guint)item->length);
    g_byte_array_append(device.body, p, (guint)item->length);
    device.json =
        mig_device_description_text(mig_reader_budget(reader), mig_reader_input(reader),
                                    mig_reader_description(reader), item->section->name,
                                    item->section->instance_id, &device.json_length);
    ok = cut_all(drop, next, &device, error);
    g_byte_array_unref(device.body);
    g_free(device.json);
    return ok;
}

static bool drop_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    DropSubsection *drop = state;

    if (item->kind == MIG_ITEM_DESCRIPTION) {
        return mig_description_edit_item(drop->edit, next, item, error);
    }
    if (!mig_address_is_in(drop->text, item->section->name, item->section->instance_id)) {
        return mig_next_emit(next, item, error);
    }
    if (item->length != item->whole) {
        return mig_next_refuse(next, item, item->section, error,
                               "its state is too long to be changed");
    }
    return change(drop, next, item, error);
}

static bool drop_finish(void *state, MigNext *next, GError **error)
{
    const DropSubsection *drop = state;

    return mig_next_matched(next, drop->path, MIG_ADDRESS_DEVICE, "path=", error);
}

static void drop_clear(void *state)
{
    DropSubsection *drop = state;

    g_clear_pointer(&drop->path, mig_addresses_free);
    g_free(drop->text);
    g_clear_pointer(&drop->edit, mig_description_edit_free);
}

static const MigFilterOption drop_options[] = {
    { "path", "DEVICE:SUBSECTION", "The subsection, as dump --devices shows its path" },
    { 0 },
};

const MigFilterType mig_filter_drop_subsection = {
    .name = "drop-subsection",
    .summary = "take a subsection out of a device's state, and out of the description",
    .options = drop_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(DEVICE_STATE) | MIG_ITEM_BIT(DESCRIPTION)),
    .state_size = sizeof(DropSubsection),
    .configure = drop_configure,
    .event = drop_event,
    .finish = drop_finish,
    .clear = drop_clear,
};
