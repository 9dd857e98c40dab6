/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see graft-private.h.
 * Must not know: see there.
 * See also:      device/decode.h, which finds fields.
 */
#include "filter/graft-private.h"

#include <string.h>

#include "stream/item-private.h"

typedef struct Donor {
    MigNext *next;
    MigInput *in;
    MigReader *reader;
    MigAddresses *paths;
    GPtrArray *sections;
} Donor;

static void clear_part(gpointer p)
{
    MigGraftPart *part = p;

    g_free(part->path);
    g_free(part->alias);
    mig_device_part_clear(&part->part);
    g_clear_pointer(&part->bytes, g_bytes_unref);
}

static void free_section(gpointer p)
{
    MigGraftSection *own = p;

    g_free(own->section);
    g_free(own->json);
    g_clear_pointer(&own->body, g_bytes_unref);
    g_array_unref(own->parts);
    g_free(own);
}

static bool refuse(const Donor *donor, const MigItem *item, const char *what,
                   const char *why, GError **error)
{
    return mig_next_refuse(donor->next, NULL, item->section, error, "%s: %s%s",
                           mig_input_name(donor->in), what, why);
}

static MigGraftSection *add_section(Donor *donor, const MigSection *section)
{
    MigGraftSection *own = g_new0(MigGraftSection, 1);
    MigSection *copy = mig_section_new(section->name, section->name_length);

    copy->instance_id = section->instance_id;
    copy->version_id = section->version_id;
    mig_section_set_body(copy, mig_section_body(section));
    own->section = copy;
    own->parts = g_array_new(FALSE, FALSE, sizeof(MigGraftPart));
    g_array_set_clear_func(own->parts, clear_part);
    g_ptr_array_add(donor->sections, own);
    return own;
}

/* --- fields and subsections --- */

typedef struct Search {
    const Donor *donor;
    MigGraftSection *own;
    bool seeks_bits; /* A feature was named, and not the field that has it. */
} Search;

/* What is inside of one that is taken comes along. */
static bool comes_along(const Search *search, const char *path)
{
    const GArray *parts = search->own->parts;
    const char *outer =
        parts->len ? g_array_index(parts, MigGraftPart, parts->len - 1).path : NULL;
    size_t n = outer ? strlen(outer) : 0;

    return outer && strncmp(path, outer, n) == 0 && (path[n] == '.' || path[n] == '[');
}

static void visit(const MigField *field, void *user)
{
    Search *search = user;
    const MigSection *section = search->own->section;

    search->seeks_bits |= mig_field_features_meant(search->donor->paths, section->name,
                                                   section->instance_id, field) != 0;
    if (field->kind == MIG_FIELD_END || field->kind == MIG_FIELD_MISMATCH ||
        mig_field_is_reading(field) ||
        !mig_field_is_meant(search->donor->paths, section->name, section->instance_id,
                            field) ||
        comes_along(search, field->path)) {
        return;
    }
    const MigGraftPart part = { .path = g_strdup(field->path),
                                .alias = g_strdup(field->alias),
                                .bytes = mig_field_is_group(field)
                                             ? NULL
                                             : g_bytes_new(field->bytes, field->length) };

    g_array_append_val(search->own->parts, part);
}

static bool take_part(const Donor *donor, const MigItem *item,
                      const MigDeviceState *device, MigGraftPart *part, GError **error)
{
    const char *problem = NULL;

    if (!mig_device_part(mig_reader_budget(donor->reader), device, part->path,
                         &part->part, &problem)) {
        part->is_value = !problem && part->bytes;
        return part->is_value ||
               refuse(donor, item, part->path,
                      problem ? " cannot be taken: its description does not match it"
                              : " cannot be taken alone: the stream does not describe it",
                      error);
    }
    g_clear_pointer(&part->bytes, g_bytes_unref);
    part->bytes = mig_next_copy(donor->next, device->bytes + part->part.from,
                                part->part.length, error);
    return part->bytes != NULL;
}

static bool take_parts(const Donor *donor, const MigItem *item, MigGraftSection *own,
                       const MigDeviceState *device, GError **error)
{
    Search search = { .donor = donor, .own = own };
    const MigDecoder decoder = { .budget = mig_reader_budget(donor->reader),
                                 .visit = visit,
                                 .user = &search };

    mig_device_decode(&decoder, device);
    if (search.seeks_bits) {
        return refuse(donor, item,
                      "a feature is one bit of a field, which cannot be taken alone; the "
                      "filter set-field sets it",
                      "", error);
    }
    for (guint i = 0; i < own->parts->len; i++) {
        if (!take_part(donor, item, device, &g_array_index(own->parts, MigGraftPart, i),
                       error)) {
            return false;
        }
    }
    return true;
}

/* --- sections --- */

static bool take_state(const Donor *donor, const MigItem *item, MigGraftSection *own,
                       GError **error)
{
    const MigSection *section = own->section;
    const uint8_t *p = mig_reader_bytes(donor->reader, item);
    g_autofree uint8_t *bytes = NULL;
    g_autofree char *json = NULL;
    size_t n;

    if (item->length != item->whole) {
        return refuse(donor, item, "its state is too long to be taken", "", error);
    }
    if (!mig_next_room(donor->next, item->length, error)) {
        return false;
    }
    if (!p) {
        return refuse(donor, item, "its state cannot be read again", "", error);
    }
    bytes = g_memdup2(p, item->length);
    json = mig_device_description_text(mig_reader_budget(donor->reader), donor->in,
                                       mig_reader_description(donor->reader),
                                       section->name, section->instance_id, &n);
    if (!own->whole) {
        const MigDeviceState device = {
            .json = json, .json_length = n, .bytes = bytes, .length = item->length
        };

        return take_parts(donor, item, own, &device, error);
    }
    own->body = g_bytes_new(bytes, item->length);
    own->json = g_strndup(json ? json : "", json ? n : 0);
    if (!json) {
        g_clear_pointer(&own->json, g_free);
    }
    return true;
}

static bool watch(Donor *donor, const MigItem *item, MigGraftSection **own,
                  GError **error)
{
    const MigSection *section = item->section;

    if (item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_FULL) {
        *own = add_section(donor, section);
        (*own)->whole =
            mig_addresses_section(donor->paths, section->name, section->instance_id);
    } else if (item->kind == MIG_ITEM_SECTION_HEADER) {
        *own = NULL;
        return item->type != MIG_SECTION_START ||
               !mig_addresses_section(donor->paths, section->name,
                                      section->instance_id) ||
               refuse(donor, item, "this section is no device state, and cannot be taken",
                      "", error);
    } else if (item->kind == MIG_ITEM_DEVICE_STATE && *own &&
               ((*own)->whole ||
                mig_addresses_in(donor->paths, section->name, section->instance_id))) {
        return take_state(donor, item, *own, error);
    }
    return true;
}

/* All of it; false with *error. */
static bool read_all(Donor *donor, GError **error)
{
    MigGraftSection *own = NULL;
    g_autofree char *complaint = NULL;
    const MigItem *item;
    MigStatus status;
    size_t i = 0;

    while ((status = mig_reader_next(donor->reader, &item, error)) == MIG_STATUS_MORE) {
        if (!watch(donor, item, &own, error)) {
            return false;
        }
    }
    if (status == MIG_STATUS_ERROR) {
        g_prefix_error(error, "%s: ", mig_input_name(donor->in));
        return false;
    }
    complaint = mig_addresses_complaint(donor->paths, &i, MIG_ADDRESS_DEVICE,
                                        "path=", donor->reader);
    return !complaint || mig_next_unmatched(donor->next, error, "%s: %s",
                                            mig_input_name(donor->in), complaint);
}

GPtrArray *mig_graft_read(MigNext *next, MigInput *in, MigAddresses *paths,
                          GError **error)
{
    g_autoptr(GPtrArray) sections = g_ptr_array_new_with_free_func(free_section);
    g_autoptr(MigReader) reader = NULL;
    Donor donor = { .next = next, .in = in, .paths = paths, .sections = sections };
    bool ok;

    if (!mig_input_hold(in, error)) {
        return NULL;
    }
    donor.reader = reader = mig_reader_new(in);
    ok = read_all(&donor, error);
    mig_input_rewind(in, 0);
    return ok ? g_steal_pointer(&sections) : NULL;
}
