/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          putting a field or subsection of another stream into a device's state, or in
 *                place of the one that is there.
 * Must not know: where it came from.
 * See also:      filter/graft.c; device/reshape.h.
 */
#include <string.h>

#include "device/layout-digest.h"
#include "filter/graft-private.h"

typedef struct First {
    const char *structure; /* "pm", or "": the device */
    char *path;            /* of its first field */
} First;

static void find_first(const MigField *field, void *user)
{
    First *first = user;
    size_t n = strlen(first->structure);

    if (!first->path && field->kind != MIG_FIELD_END &&
        field->kind != MIG_FIELD_SUBSECTION && field->kind != MIG_FIELD_MISMATCH &&
        strncmp(field->path, first->structure, n) == 0 && (!n || field->path[n] == '.')) {
        first->path = g_strdup(field->path);
    }
}

/* What this stream has at @path; false if nothing. */
static bool look_up(const MigDeviceEdit *edit, const char *path, MigDevicePart *here)
{
    const MigDeviceState state = mig_device_edit_state(edit);
    const char *problem;

    return edit->json &&
           mig_device_part(mig_device_edit_budget(edit), &state, path, here, &problem);
}

static bool has(const MigDeviceEdit *edit, const char *path)
{
    g_auto(MigDevicePart) here = { 0 };

    return *path && look_up(edit, path, &here);
}

/* Where @part comes: after what it is after in the other stream. */
static char *place_of(const MigDeviceEdit *edit, const MigGraftPart *part,
                      MigReshape *reshape)
{
    First first = { part->part.parent, NULL };

    reshape->json = part->part.json;
    reshape->subsection = part->part.subsection;
    reshape->bytes = g_bytes_get_size(part->bytes);
    reshape->kind = MIG_RESHAPE_AFTER;
    if (part->part.subsection && !has(edit, part->part.after)) {
        reshape->kind = MIG_RESHAPE_INSIDE;
        return g_strdup(part->part.parent);
    }
    if (*part->part.after) {
        return g_strdup(part->part.after);
    }
    reshape->kind = MIG_RESHAPE_BEFORE;
    mig_device_edit_visit(edit, find_first, &first);
    return first.path ? first.path : g_strdup(part->path);
}

static bool apply(MigDeviceEdit *edit, MigReshape *reshape, const char *what,
                  GBytes *bytes, GError **error)
{
    char *json = mig_device_edit_plan(edit, reshape, what, error);

    if (json) {
        mig_device_edit_apply(edit, reshape, json,
                              bytes ? g_bytes_get_data(bytes, NULL) : NULL);
    }
    return json != NULL;
}

/* In place of @here, which is described alike, or has to go. */
static bool replace_part(MigDeviceEdit *edit, const MigGraftPart *part,
                         const MigDevicePart *here, bool *done, GError **error)
{
    MigReshape reshape = { .kind = MIG_RESHAPE_DROP,
                           .path = part->path,
                           .from = here->from,
                           .length = here->length,
                           .new_length = here->length };

    *done = g_str_equal(here->json, part->part.json) &&
            here->length == g_bytes_get_size(part->bytes);
    if (!*done) {
        return apply(edit, &reshape, part->path, NULL, error);
    }
    mig_device_edit_apply(edit, &reshape, g_strndup(edit->json, edit->json_length),
                          g_bytes_get_data(part->bytes, NULL));
    return true;
}

/* --- what no description tells --- */

typedef struct Place {
    const MigGraftPart *part;
    uint64_t offset, length; /* in the body */
    bool found;
} Place;

/* A register is where this stream's list has it. */
static void find_place(const MigField *field, void *user)
{
    Place *place = user;
    const MigGraftPart *part = place->part;
    bool same = part->alias ? g_strcmp0(field->alias, part->alias) == 0
                            : strcmp(field->path, part->path) == 0;

    if (!place->found && same && field->kind != MIG_FIELD_END &&
        !mig_field_is_group(field)) {
        place->found = true;
        place->offset = field->offset;
        place->length = field->length;
    }
}

static bool put_value(MigDeviceEdit *edit, const MigGraftPart *part, GError **error)
{
    const char *name = part->alias ? part->alias : part->path;
    MigBudget *budget = mig_device_edit_budget(edit);
    const MigDeviceState before = mig_device_edit_state(edit);
    uint64_t digest = mig_device_layout_digest(budget, &before);
    Place place = { .part = part };
    MigReshape reshape = { .path = part->path };

    mig_device_edit_visit(edit, find_place, &place);
    reshape.from = place.offset;
    reshape.length = reshape.new_length = place.length;
    if (!place.found || place.length != g_bytes_get_size(part->bytes)) {
        return mig_next_refuse(edit->next, edit->item, edit->item->section, error,
                               "%s: this stream has no such field of %zu bytes, and "
                               "nothing describes where it belongs",
                               name, g_bytes_get_size(part->bytes));
    }
    mig_device_edit_apply(edit, &reshape, g_strndup(edit->json, edit->json_length),
                          g_bytes_get_data(part->bytes, NULL));
    const MigDeviceState after = mig_device_edit_state(edit);
    if (mig_device_layout_digest(budget, &after) != digest) {
        return mig_next_refuse(edit->next, edit->item, edit->item->section, error,
                               "%s: with the other stream's value what follows would "
                               "have other places; a path without a field takes the "
                               "whole device",
                               name);
    }
    mig_next_report(edit->next, edit->item->section,
                    "field %s taken from %s, %zu bytes; its own is given up", name,
                    mig_input_name(mig_next_donor(edit->next)),
                    g_bytes_get_size(part->bytes));
    return true;
}

bool mig_graft_put(MigDeviceEdit *edit, const MigGraftPart *part, GError **error)
{
    g_auto(MigDevicePart) here = { 0 };
    g_autofree char *place = NULL;
    MigReshape reshape = { 0 };
    bool had = false, done = false;

    if (part->is_value) {
        return put_value(edit, part, error);
    }
    had = look_up(edit, part->path, &here);
    if (had && !replace_part(edit, part, &here, &done, error)) {
        return false;
    }
    if (!done) {
        reshape.path = place = place_of(edit, part, &reshape);
        if (!apply(edit, &reshape, part->path, part->bytes, error)) {
            return false;
        }
    }
    mig_next_report(edit->next, edit->item->section, "%s %s taken from %s, %zu bytes%s",
                    part->part.subsection ? "subsection" : "field", part->path,
                    mig_input_name(mig_next_donor(edit->next)),
                    g_bytes_get_size(part->bytes), had ? "; its own is given up" : "");
    return true;
}
