/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see device-edit.h.
 * Must not know: see there.
 * See also:      device/reshape.c.
 */
#include "filter/device-edit.h"

#include <string.h>

/* What decoding shows and the description does not. */
#define NOT_DESCRIBED                                                            \
    "the stream does not describe it; it is part of a field whose content only " \
    "decoding "                                                                  \
    "shows"
#define ONE_ELEMENT \
    "it is one element of an array; the filter resize-array changes how many there are"

bool mig_device_edit_begin(MigDeviceEdit *edit, MigNext *next, const MigItem *item,
                           GError **error)
{
    MigReader *reader = mig_next_reader(next);
    const uint8_t *p;

    *edit = (MigDeviceEdit){ .next = next, .item = item };
    if (item->length != item->whole) {
        return mig_next_refuse(next, item, item->section, error,
                               "its state is too long to be changed");
    }
    p = mig_next_bytes(next, item, error);
    if (!p || !mig_next_room(next, item->length, error)) {
        return false;
    }
    edit->body = g_byte_array_sized_new((guint)item->length);
    g_byte_array_append(edit->body, p, (guint)item->length);
    edit->json =
        mig_device_description_text(mig_reader_budget(reader), mig_reader_input(reader),
                                    mig_reader_description(reader), item->section->name,
                                    item->section->instance_id, &edit->json_length);
    edit->old_json_length = edit->json_length;
    edit->old_json = edit->json ? g_strndup(edit->json, edit->json_length) : NULL;
    return true;
}

void mig_device_edit_clear(MigDeviceEdit *edit)
{
    g_clear_pointer(&edit->body, g_byte_array_unref);
    g_clear_pointer(&edit->json, g_free);
    g_clear_pointer(&edit->old_json, g_free);
}

MigDeviceState mig_device_edit_state(const MigDeviceEdit *edit)
{
    return (MigDeviceState){ .json = edit->json,
                             .json_length = edit->json_length,
                             .bytes = edit->body->data,
                             .length = edit->body->len };
}

MigBudget *mig_device_edit_budget(const MigDeviceEdit *edit)
{
    return mig_reader_budget(mig_next_reader(edit->next));
}

static bool refuse(const MigDeviceEdit *edit, const char *what, const char *why,
                   GError **error)
{
    return mig_next_refuse(edit->next, edit->item, edit->item->section, error,
                           "%s cannot be changed: %s", what, why);
}

bool mig_device_edit_undescribed(const MigDeviceEdit *edit, const char *what,
                                 GError **error)
{
    return refuse(edit, what,
                  edit->json          ? "its description does not match it"
                  : edit->json_length ? "its description costs too much to read again"
                                      : "the stream does not describe this device",
                  error);
}

bool mig_device_edit_visit(const MigDeviceEdit *edit, MigFieldVisit *visit, void *user)
{
    const MigDecoder decoder = { .budget = mig_device_edit_budget(edit),
                                 .visit = visit,
                                 .user = user };
    const MigDeviceState state = mig_device_edit_state(edit);

    return mig_device_decode(&decoder, &state);
}

char *mig_device_edit_plan(const MigDeviceEdit *edit, MigReshape *reshape,
                           const char *what, GError **error)
{
    const MigDeviceState state = mig_device_edit_state(edit);
    char *json = NULL;

    if (!edit->json) {
        mig_device_edit_undescribed(edit, what, error);
        return NULL;
    }
    json = mig_device_reshape(mig_device_edit_budget(edit), &state, reshape);
    if (!json) {
        refuse(edit, what,
               reshape->problem                       ? reshape->problem
               : g_str_has_suffix(reshape->path, "]") ? ONE_ELEMENT
                                                      : NOT_DESCRIBED,
               error);
    } else if (edit->body->len - reshape->length + reshape->new_length >
               MIG_DEVICE_BODY_MAX) {
        g_clear_pointer(&json, g_free);
        refuse(edit, what, "the device's state would be too long", error);
    }
    return json;
}

void mig_device_edit_apply(MigDeviceEdit *edit, const MigReshape *reshape, char *json,
                           const uint8_t *bytes)
{
    GByteArray *body = edit->body;
    guint after = body->len - (guint)(reshape->from + reshape->length);
    guint old = body->len;

    if (reshape->new_length > reshape->length) {
        g_byte_array_set_size(body, old + (guint)(reshape->new_length - reshape->length));
    }
    memmove(body->data + reshape->from + reshape->new_length,
            body->data + reshape->from + reshape->length, after);
    if (bytes) {
        memcpy(body->data + reshape->from, bytes, reshape->new_length);
    } else {
        memset(body->data + reshape->from, 0, reshape->new_length);
    }
    g_byte_array_set_size(body, (guint)(reshape->from + reshape->new_length) + after);
    g_free(edit->json);
    edit->json = json;
    edit->json_length = json ? strlen(json) : 0;
    edit->changed = true;
}

bool mig_device_edit_end(MigDeviceEdit *edit, MigDescriptionEdit *description,
                         GError **error)
{
    if (!edit->changed) {
        return mig_next_emit(edit->next, edit->item, error);
    }
    mig_description_edit_replace(description, edit->item->section, edit->old_json,
                                 edit->old_json_length, edit->json);
    return mig_next_emit_bytes(edit->next, edit->item, MIG_ITEM_DEVICE_STATE,
                               edit->body->data, edit->body->len, error);
}
