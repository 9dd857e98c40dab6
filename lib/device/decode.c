/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see decode.h.
 * Must not know: how a body is walked.
 * See also:      device/walk.h.
 */
#include "device/decode.h"

#include "device/virtio-property.h"
#include "device/walk.h"
#include "io/error.h"
#include "io/input-memory.h"

bool mig_device_decode(const MigDecoder *decoder, const MigDeviceState *device)
{
    g_auto(MigEmit) e = { 0 };
    g_auto(Schema) schema = { 0 };

    mig_emit_init(&e, decoder, device->bytes, device->length, device->offset);
    return mig_walk(device, &e, &schema, NULL);
}

/* Registers are no longer; what else is in configuration space goes by its first bytes. */
#define CONFIG_BYTES 8u

/* By an address that means all of it. */
static bool is_meant_whole(MigAddresses *addresses, const char *name,
                           uint32_t instance_id, const MigField *field)
{
    uint64_t n = field->in_config ? MIN(field->length, CONFIG_BYTES) : 0;
    bool meant = mig_addresses_field(addresses, name, instance_id, field->path);

    if (field->alias) {
        meant |= mig_addresses_field(addresses, name, instance_id, field->alias);
    }
    for (uint64_t i = 0; i < n; i++) {
        char place[24];

        g_snprintf(place, sizeof(place), "pci[0x%" PRIx64 "]", field->config_at + i);
        meant |= mig_addresses_field(addresses, name, instance_id, place);
    }
    return meant;
}

static uint64_t features_meant(MigAddresses *addresses, const char *name,
                               uint32_t instance_id, const MigField *field)
{
    unsigned n = field->has_features ? (unsigned)MIN(field->length, 8) * 8 : 0;
    uint64_t bits = 0;

    for (unsigned bit = 0; bit < n; bit++) {
        g_autofree char *word =
            mig_virtio_feature_word(field->virtio_type, field->first_feature + bit);
        g_autofree char *path = g_strdup_printf("features[%s]", word);

        if (mig_addresses_field(addresses, name, instance_id, path)) {
            bits |= UINT64_C(1) << bit;
        }
    }
    return bits;
}

bool mig_field_is_meant(MigAddresses *addresses, const char *name, uint32_t instance_id,
                        const MigField *field)
{
    bool whole = is_meant_whole(addresses, name, instance_id, field);

    return features_meant(addresses, name, instance_id, field) != 0 || whole;
}

uint64_t mig_field_features_meant(MigAddresses *addresses, const char *name,
                                  uint32_t instance_id, const MigField *field)
{
    bool whole = is_meant_whole(addresses, name, instance_id, field);
    uint64_t bits = features_meant(addresses, name, instance_id, field);

    return whole ? 0 : bits;
}

char *mig_device_description_text(MigBudget *budget, MigInput *in,
                                  const MigDescription *d, const char *name,
                                  uint32_t instance_id, size_t *length)
{
    ssize_t i = d ? mig_description_lookup(d, name, instance_id, 0) : -1;
    g_autofree char *json = NULL;
    uint64_t at;

    *length = 0;
    if (i < 0 || d->devices[i].text_length > MIG_DEVICE_JSON_MAX) {
        return NULL;
    }
    *length = d->devices[i].text_length;
    if (!mig_budget_spend(budget, *length / 8)) {
        return NULL;
    }
    json = mig_input_alloc(in, *length + 1);
    at = d->json_offset + d->devices[i].text_offset;
    return json && mig_input_read_at(in, at, json, *length) == *length
               ? g_steal_pointer(&json)
               : NULL;
}

/* Bytes that decoding it takes, at most. */
static size_t room_for(const MigDescription *d, const MigDeviceBody *body)
{
    ssize_t i = d ? mig_description_lookup(d, body->name, body->instance_id, 0) : -1;
    size_t text = i < 0 ? 0 : MIN(d->devices[i].text_length, MIG_DEVICE_JSON_MAX);

    return body->length + text + mig_schema_room(text);
}

bool mig_device_decode_at(const MigDecoder *decoder, MigInput *in,
                          const MigDescription *description, const MigDeviceBody *body,
                          bool *matches, GError **error)
{
    g_autofree uint8_t *bytes = NULL;
    g_autofree char *json = NULL;
    MigDeviceState device = { .length = body->length, .offset = body->offset };

    if (body->length > MIG_DEVICE_BODY_MAX) {
        g_autofree char *note =
            g_strdup_printf("not decoded: %" PRIu64 " bytes, and no more than %u MiB are",
                            body->length, MIG_DEVICE_BODY_MAX >> 20);
        MigField field = { .kind = MIG_FIELD_MISMATCH,
                           .name = "?",
                           .path = "?",
                           .type = "mismatch",
                           .offset = body->offset,
                           .length = body->length,
                           .note = note };

        decoder->visit(&field, decoder->user);
        *matches = false;
        return true;
    }
    if (!mig_input_room(in, room_for(description, body))) {
        mig_input_end_error(in, error);
        return false;
    }
    bytes = mig_input_alloc(in, body->length + 1);
    if (!bytes ||
        mig_input_read_at(in, body->offset, bytes, body->length) != body->length) {
        if (mig_input_end_error(in, error)) {
            mig_error_set(error, MIG_ERROR_IO, body->offset, NULL,
                          "the body of %s cannot be read again", body->name);
        }
        return false;
    }
    json = mig_device_description_text(decoder->budget, in, description, body->name,
                                       body->instance_id, &device.json_length);
    device.json = json;
    device.bytes = bytes;
    *matches = mig_device_decode(decoder, &device);
    return true;
}
