/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          adding a field to device state, for a destination that reads one more.
 * Must not know: whether the destination does.
 * See also:      filter/device-edit.h; filter/graft.c, for what another stream has.
 */
#include <string.h>

#include "filter/device-edit.h"
#include "filter/fill.h"

#define LENGTH_MAX 65536u

typedef struct AddField {
    MigAddresses *beside; /* "DEVICE:FIELD" */
    bool before;
    char *name, *type, *value;
    uint64_t length; /* 0: as the type has */
    MigDescriptionEdit *edit;
} AddField;

static const struct {
    const char *name;
    unsigned length; /* 0: any */
} types[] = {
    { "bool", 1 },   { "int8", 1 },   { "int16", 2 },  { "int32", 4 },
    { "int64", 8 },  { "uint8", 1 },  { "uint16", 2 }, { "uint32", 4 },
    { "uint64", 8 }, { "buffer", 0 }, { "timer", 8 },
};

static bool settle_type(AddField *add, GError **error)
{
    for (size_t i = 0; add->type && i < G_N_ELEMENTS(types); i++) {
        if (g_str_equal(types[i].name, add->type)) {
            add->length = types[i].length ? types[i].length : add->length;
            if (add->length && add->length <= LENGTH_MAX) {
                return true;
            }
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "a buffer needs length=BYTES, at most %u", LENGTH_MAX);
            return false;
        }
    }
    mig_error_set_plain(error, MIG_ERROR_USAGE,
                        "type= is wanted: bool, int8 to int64, uint8 to uint64, timer or "
                        "buffer");
    return false;
}

static bool is_name(const char *name)
{
    const char *p = name;

    while (g_ascii_isalnum(*p) || (*p && strchr("._-/", *p))) {
        p++;
    }
    return p > name && !*p && p - name <= 255;
}

static bool settle(AddField *add, GError **error)
{
    g_autofree uint8_t *bytes = NULL;

    if (!add->beside || !add->name || !is_name(add->name)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "after=DEVICE:FIELD or before=DEVICE:FIELD is wanted, and "
                            "name=NAME, of letters, digits and \"._-/\"");
        return false;
    }
    if (!settle_type(add, error)) {
        return false;
    }
    bytes = g_malloc0(add->length);
    if (!mig_fill(add->value ? add->value : "0", bytes, add->length)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "value=%s is no value of %" PRIu64
                            " bytes: a number that fits, or all of them in hexadecimal",
                            add->value, add->length);
        return false;
    }
    add->edit = mig_description_edit_new();
    return true;
}

static void keep(char **place, const char *value)
{
    g_free(*place);
    *place = g_strdup(value);
}

static bool add_configure(void *state, const char *key, const char *value, GError **error)
{
    AddField *add = state;
    char *end;

    if (!key) {
        return settle(add, error);
    }
    if (g_str_equal(key, "name")) {
        keep(&add->name, value);
    } else if (g_str_equal(key, "type")) {
        keep(&add->type, value);
    } else if (g_str_equal(key, "value")) {
        keep(&add->value, value);
    } else if (g_str_equal(key, "length")) {
        add->length = g_ascii_strtoull(value, &end, 0);
        if (!g_ascii_isdigit(*value) || *end) {
            mig_error_set_plain(error, MIG_ERROR_USAGE, "length=%s is no number", value);
            return false;
        }
    } else {
        if (add->beside || !strchr(value, ':')) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "one of after= and before= is wanted, as DEVICE:FIELD");
            return false;
        }
        add->before = g_str_equal(key, "before");
        add->beside = mig_addresses_new();
        mig_addresses_add(add->beside, value);
    }
    return true;
}

typedef struct Search {
    AddField *add;
    const MigSection *section;
    char *path; /* of the first that matches */
} Search;

static void visit(const MigField *field, void *user)
{
    Search *search = user;

    if (!search->path && field->kind != MIG_FIELD_END &&
        mig_field_is_meant(search->add->beside, search->section->name,
                           search->section->instance_id, field)) {
        search->path = g_strdup(field->path);
    }
}

static bool add_beside(AddField *add, MigDeviceEdit *edit, const char *path,
                       GError **error)
{
    g_autofree uint8_t *bytes = g_malloc0(add->length);
    g_autofree char *object =
        g_strdup_printf("{\"name\": \"%s\", \"type\": \"%s\", \"size\": %" PRIu64 "}",
                        add->name, add->type, add->length);
    MigReshape reshape = { .kind = add->before ? MIG_RESHAPE_BEFORE : MIG_RESHAPE_AFTER,
                           .path = path,
                           .json = object,
                           .bytes = add->length };
    char *json = mig_device_edit_plan(edit, &reshape, path, error);

    if (!json) {
        return false;
    }
    mig_fill(add->value ? add->value : "0", bytes, add->length);
    mig_device_edit_apply(edit, &reshape, json, bytes);
    mig_next_report(edit->next, edit->item->section,
                    "field %s added, %" PRIu64 " bytes, %s %s", add->name, add->length,
                    add->before ? "before" : "after", path);
    return true;
}

static bool add_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    AddField *add = state;
    g_auto(MigDeviceEdit) edit = { 0 };
    Search search = { add, item->section, NULL };
    g_autofree char *path = NULL;

    if (item->kind == MIG_ITEM_DESCRIPTION) {
        return mig_description_edit_item(add->edit, next, item, error);
    }
    if (!mig_addresses_in(add->beside, item->section->name, item->section->instance_id)) {
        return mig_next_emit(next, item, error);
    }
    if (!mig_device_edit_begin(&edit, next, item, error)) {
        return false;
    }
    mig_device_edit_visit(&edit, visit, &search);
    path = search.path;
    return (!path || add_beside(add, &edit, path, error)) &&
           mig_device_edit_end(&edit, add->edit, error);
}

static bool add_finish(void *state, MigNext *next, GError **error)
{
    const AddField *add = state;

    return mig_next_matched(next, add->beside, MIG_ADDRESS_DEVICE,
                            add->before ? "before=" : "after=", error);
}

static void add_clear(void *state)
{
    AddField *add = state;

    g_clear_pointer(&add->beside, mig_addresses_free);
    g_clear_pointer(&add->edit, mig_description_edit_free);
    g_free(add->name);
    g_free(add->type);
    g_free(add->value);
}

static const MigFilterOption add_options[] = {
    { "after", "DEVICE:FIELD", "The field after which it comes, in the same structure" },
    { "before", "DEVICE:FIELD", "Or the field before which it comes" },
    { "name", "NAME", "What the description calls it; no loader looks at that" },
    { "type", "TYPE", "bool, int8 to int64, uint8 to uint64, timer or buffer" },
    { "length", "BYTES", "How long a buffer is" },
    { "value", "VALUE", "A number, or all bytes in hexadecimal; the default is 0" },
    { 0 },
};

const MigFilterType mig_filter_add_field = {
    .name = "add-field",
    .summary = "add a field to a device's state, and to the description",
    .gives_up = "nothing; a field that the guest had has no value before",
    .options = add_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(DEVICE_STATE) | MIG_ITEM_BIT(DESCRIPTION)),
    .decodes = true,
    .redescribes = true,
    .state_size = sizeof(AddField),
    .configure = add_configure,
    .event = add_event,
    .finish = add_finish,
    .clear = add_clear,
};
