/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          giving a field of device state another value.
 * Must not know: where fields are; device/decode.h does.
 * See also:      filter/drop-subsection.c.
 *
 * Nothing changes its length, so the description stays as it is.
 */
#include <errno.h>
#include <string.h>

#include "device/decode.h"
#include "device/layout-digest.h"
#include "filter/filter.h"
#include "stream/page.h"
#include "stream/vfio-payload.h"
#include "stream/vfio.h"

#define HEX_DIGITS "0123456789abcdefABCDEF"

typedef struct SetField {
    MigAddresses *path; /* "DEVICE:FIELD" */
    char *value;
    uint64_t set, clear; /* bits */
    bool has_bits;
    uint64_t changed;
} SetField;

static bool read_bits(const char *key, const char *value, uint64_t *bits, GError **error)
{
    char *end;

    *bits = g_ascii_strtoull(value, &end, 0);
    if (!g_ascii_isdigit(*value) || *end) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "%s=%s is no number", key, value);
        return false;
    }
    return true;
}

static bool set_configure(void *state, const char *key, const char *value, GError **error)
{
    SetField *set = state;

    if (!key) {
        if (!set->path || !set->value == !set->has_bits) {
            mig_error_set_plain(
                error, MIG_ERROR_USAGE,
                "path=DEVICE:FIELD is wanted, and either value=, or set= or "
                "clear=");
            return false;
        }
        return true;
    }
    if (g_str_equal(key, "set") || g_str_equal(key, "clear")) {
        set->has_bits = true;
        return read_bits(key, value, *key == 's' ? &set->set : &set->clear, error);
    }
    if (g_str_equal(key, "path")) {
        if (!strchr(value, ':')) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "path=DEVICE:FIELD is wanted, not \"%s\"", value);
            return false;
        }
        set->path = set->path ? set->path : mig_addresses_new();
        mig_addresses_add(set->path, value);
    } else {
        g_free(set->value);
        set->value = g_strdup(value);
    }
    return true;
}

/* --- one body ---------------------------------------------------------------------------- */

typedef struct Body {
    SetField *set;
    MigNext *next;
    const MigItem *item;
    uint8_t *copy;   /* of the bytes that are decoded; changed */
    uint64_t offset; /* of them, in the stream */
    uint64_t changed;
    GError *error;
} Body;

static bool refuse(Body *body, const MigField *field, const char *why)
{
    mig_next_refuse(body->next, body->item, body->item->section, &body->error, "%s: %s",
                    field->path, why);
    return false;
}

/* An integer in the byte order that its type tells. */
static void store(const MigField *field, uint8_t *at, uint64_t value)
{
    bool little = g_str_has_prefix(field->type, "le");

    for (uint64_t i = 0; i < field->length; i++) {
        at[little ? i : field->length - 1 - i] = (uint8_t)(value >> (8 * i));
    }
}

static bool parse_number(Body *body, const MigField *field, uint64_t *value)
{
    const char *text = body->set->value;
    unsigned bits = (unsigned)field->length * 8;
    uint64_t beyond = bits < 64 ? UINT64_MAX << bits : 0;
    char *end;

    if (field->kind == MIG_FIELD_BOOL &&
        (g_str_equal(text, "true") || g_str_equal(text, "false"))) {
        *value = g_str_equal(text, "true");
        return true;
    }
    errno = 0;
    *value = *text == '-' ? (uint64_t)g_ascii_strtoll(text, &end, 0)
                          : g_ascii_strtoull(text, &end, 0);
    if (errno || end == text || *end) {
        return refuse(body, field, "the value is no integer of 64 bits");
    }
    if (field->kind == MIG_FIELD_BOOL ? *value > 1
        : *text == '-' || field->kind == MIG_FIELD_INT
            ? (int64_t)*value >> (bits - 1) != 0 && (int64_t)*value >> (bits - 1) != -1
            : (*value & beyond) != 0) {
        return refuse(body, field, "the value does not fit");
    }
    return true;
}

/* Printable text, closed by a zero: such a field is a string. */
static bool holds_text(const MigField *field)
{
    uint64_t n = 0;

    while (n < field->length && g_ascii_isprint(field->bytes[n])) {
        n++;
    }
    return n > 0 && n < field->length &&
           mig_page_is_zero(field->bytes + n, field->length - n);
}

static bool is_hexadecimal(const char *text, uint64_t length)
{
    return strlen(text) == 2 * length && strspn(text, HEX_DIGITS) == 2 * length;
}

static bool set_bytes(Body *body, const MigField *field, uint8_t *at)
{
    const char *text = body->set->value;

    if (!body->set->has_bits && is_hexadecimal(text, field->length)) {
        for (uint64_t i = 0; i < field->length; i++) {
            at[i] = (uint8_t)(g_ascii_xdigit_value(text[2 * i]) << 4 |
                              g_ascii_xdigit_value(text[2 * i + 1]));
        }
    } else if (!body->set->has_bits && holds_text(field) && *text &&
               strlen(text) < field->length) {
        strncpy((char *)at, text, field->length); /* zeros follow */
    } else {
        return refuse(body, field,
                      "a buffer takes as many bytes in hexadecimal as it has; one that "
                      "holds text takes text that is shorter");
    }
    mig_next_report(body->next, body->item->section, "%s is set", field->path);
    return true;
}

/* Some of its bits, which have names. */
static bool set_features(Body *body, const MigField *field, uint64_t bits,
                         uint64_t *value)
{
    MigField one = { .kind = MIG_FIELD_BOOL, .path = field->path, .length = 1 };
    uint64_t on;

    if (body->set->has_bits) {
        return refuse(body, field,
                      "a feature by its name takes value=true or value=false");
    }
    if (!parse_number(body, &one, &on)) {
        return false;
    }
    *value = on ? field->u | bits : field->u & ~bits;
    return true;
}

static bool set_number(Body *body, const MigField *field, uint8_t *at)
{
    uint64_t value = (field->u | body->set->set) & ~body->set->clear;
    uint64_t features =
        mig_field_features_meant(body->set->path, body->item->section->name,
                                 body->item->section->instance_id, field);

    if (features ? !set_features(body, field, features, &value)
                 : !body->set->has_bits && !parse_number(body, field, &value)) {
        return false;
    }
    if (body->set->has_bits && field->length < 8 && value >> (8 * field->length) != 0 &&
        field->kind != MIG_FIELD_INT) {
        return refuse(body, field, "the bits lie outside of it");
    }
    store(field, at, value);
    if (features && value == field->u) {
        return false; /* meant, and so already */
    }
    if (field->kind == MIG_FIELD_INT) {
        mig_next_report(body->next, body->item->section,
                        "%s %" PRId64 " \342\206\222 %" PRId64, field->path, field->i,
                        (int64_t)value);
    } else {
        mig_next_report(body->next, body->item->section,
                        "%s 0x%" PRIx64 " \342\206\222 0x%" PRIx64, field->path, field->u,
                        value);
    }
    return true;
}

static void visit(const MigField *field, void *user)
{
    Body *body = user;
    uint8_t *at = body->copy + (field->offset - body->offset);
    bool ok;

    if (body->error || field->kind == MIG_FIELD_END || mig_field_is_group(field) ||
        !mig_field_is_meant(body->set->path, body->item->section->name,
                            body->item->section->instance_id, field)) {
        return;
    }
    if (g_str_equal(field->name, "version_id") && g_str_equal(field->type, "be32")) {
        ok = refuse(body, field, "the description has this version too");
    } else if (mig_field_is_reading(field)) {
        ok = refuse(body, field, "it is a reading of another field");
    } else if (field->kind == MIG_FIELD_MISMATCH || field->kind == MIG_FIELD_NULL) {
        ok = refuse(body, field, "what stands there is not known");
    } else if (field->kind == MIG_FIELD_BYTES) {
        ok = set_bytes(body, field, at);
    } else {
        ok = set_number(body, field, at);
    }
    body->changed += ok;
}

/* That of an MSI-X table, say, is in a register: then other bytes would be what follows. */
static void check_layout(Body *body, const MigDeviceState *before)
{
    MigBudget *budget = mig_reader_budget(mig_next_reader(body->next));
    MigDeviceState after = *before;

    after.bytes = body->copy;
    if (mig_device_layout_digest(budget, before) !=
        mig_device_layout_digest(budget, &after)) {
        mig_next_refuse(body->next, body->item, body->item->section, &body->error,
                        "with this value what follows in the state would have other "
                        "places: graft takes the whole device from a stream of the "
                        "destination");
    }
}

static void change_device(Body *body, uint64_t length)
{
    MigReader *reader = mig_next_reader(body->next);
    const MigSection *section = body->item->section;
    size_t json_length = 0;
    g_autofree char *json =
        mig_device_description_text(mig_reader_budget(reader), mig_reader_input(reader),
                                    mig_reader_description(reader), section->name,
                                    section->instance_id, &json_length);
    g_autofree uint8_t *original = g_memdup2(body->copy, length);
    const MigDecoder decoder = { .budget = mig_reader_budget(reader),
                                 .visit = visit,
                                 .user = body };
    const MigDeviceState device = { .json = json,
                                    .json_length = json_length,
                                    .bytes = original,
                                    .length = length,
                                    .offset = body->offset };

    mig_device_decode(&decoder, &device);
    if (!body->error && body->changed) {
        check_layout(body, &device);
    }
}

/* A register of configuration space tells how long the MSI-X table is: that must stay. */
static void change_vfio(Body *body, uint64_t length)
{
    g_autofree uint8_t *original = g_memdup2(body->copy, length);
    const MigDecoder decoder = { .budget = mig_reader_budget(mig_next_reader(body->next)),
                                 .visit = visit,
                                 .user = body };
    MigVfioPayload payload;

    mig_vfio_payload_decode(&decoder, original, length, body->offset);
    if (!body->error && body->changed &&
        !mig_vfio_payload_parse_whole(body->copy, length, &payload)) {
        mig_next_refuse(body->next, body->item, body->item->section, &body->error,
                        "with this value the configuration would have another length");
    }
}

/* @item with the @n bytes of device state or payload at @data. */
static bool emit_changed(MigNext *next, const MigItem *item, const uint8_t *data,
                         size_t n, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem changed = *item;

    if (item->kind == MIG_ITEM_VFIO_RECORD) {
        mig_vfio_record_encode(&changed.vfio, data, n, bytes);
    } else {
        g_byte_array_append(bytes, data, (guint)n);
    }
    return mig_next_emit_bytes(next, &changed, item->kind, bytes->data, bytes->len,
                               error);
}

static bool set_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    SetField *set = state;
    bool vfio = item->kind == MIG_ITEM_VFIO_RECORD;
    Body body = { .set = set, .next = next, .item = item };
    g_autofree uint8_t *copy = NULL;
    const uint8_t *p, *held;
    size_t n = item->length;

    if (!mig_addresses_may_mean(set->path, item->section->name) ||
        (vfio && !item->vfio.has_payload)) {
        return mig_next_emit(next, item, error);
    }
    if (item->length != item->whole) {
        return mig_next_refuse(next, item, item->section, error,
                               "its state is too long to be changed");
    }
    p = mig_next_bytes(next, item, error);
    if (!p) {
        return false;
    }
    if (!mig_next_room(next, 3 * item->length, error)) {
        return false;
    }
    held = vfio ? mig_vfio_item_payload(item, p, &n) : p;
    body.copy = copy = g_memdup2(held, n);
    body.offset = item->offset + (uint64_t)(held - p);
    if (vfio) {
        change_vfio(&body, n);
    } else {
        change_device(&body, n);
    }
    if (body.error) {
        g_propagate_error(error, body.error);
        return false;
    }
    set->changed += body.changed;
    return body.changed ? emit_changed(next, item, copy, n, error)
                        : mig_next_emit(next, item, error);
}

static bool set_finish(void *state, MigNext *next, GError **error)
{
    const SetField *set = state;

    return mig_next_matched(next, set->path, MIG_ADDRESS_DEVICE, "path=", error);
}

static void set_clear(void *state)
{
    SetField *set = state;

    g_clear_pointer(&set->path, mig_addresses_free);
    g_free(set->value);
}

static const MigFilterOption set_options[] = {
    { "path", "DEVICE:FIELD", "The field, as dump --devices=DEVICE:FIELD finds it" },
    { "value", "VALUE",
      "An integer, true or false; a text; of another buffer all bytes in hexadecimal" },
    { "set", "BITS", "Bits to set instead" },
    { "clear", "BITS", "Bits to clear instead" },
    { 0 },
};

const MigFilterType mig_filter_set_field = {
    .name = "set-field",
    .summary = "give a field of device state another value",
    .gives_up = "what the guest had in the field",
    .options = set_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(DEVICE_STATE) | MIG_ITEM_BIT(VFIO_RECORD)),
    .decodes = true,
    .state_size = sizeof(SetField),
    .configure = set_configure,
    .event = set_event,
    .finish = set_finish,
    .clear = set_clear,
};
