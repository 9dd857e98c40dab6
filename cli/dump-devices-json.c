/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --devices as JSON; the keys are described in migstat-json(5).
 * Must not know: how fields are decoded; which of them were asked for.
 * See also:      dump-devices.c, which walks; fields.c, one value.
 */
#include "dump-devices.h"
#include "fields.h"

/* A group that is open. */
typedef struct Group {
    GArray *wide; /* elements of 64 bits, which come again as strings; or NULL */
} Group;

typedef struct View {
    CliJson *json;
    bool hex;       /* all bytes of buffers */
    GArray *groups; /* of Group: those that are open */
} View;

static void put_members(View *v, const char *key, const char *name, const MigField *field)
{
    cli_json_string(v->json, key, name);
    cli_json_string(v->json, "type", field->type);
    cli_json_uint(v->json, "offset", field->offset);
    cli_json_uint(v->json, "length", field->length);
    if (field->note) {
        cli_json_string(v->json, "note", field->note);
    }
}

static void put_leaf(View *v, const char *key, const char *name, const MigField *field)
{
    cli_json_object(v->json, NULL);
    put_members(v, key, name, field);
    cli_field_json(v->json, field->kind == MIG_FIELD_MISMATCH ? "mismatch" : "value",
                   field, v->hex);
    if ((field->kind == MIG_FIELD_BYTES || field->kind == MIG_FIELD_MISMATCH) &&
        (v->hex ? !field->bytes : field->length > CLI_FIELD_BYTES)) {
        cli_json_bool(v->json, "truncated", true);
    }
    cli_json_end_object(v->json);
}

static void keep_wide(View *v, const MigField *field)
{
    Group *group = &g_array_index(v->groups, Group, v->groups->len - 1);

    if ((field->kind != MIG_FIELD_UINT && field->kind != MIG_FIELD_INT) ||
        field->length <= 4) {
        return;
    }
    if (!group->wide) {
        group->wide = g_array_new(false, false, sizeof(uint64_t));
    }
    g_array_append_val(group->wide, field->u);
}

static void put_wide(CliJson *json, const GArray *wide)
{
    cli_json_array(json, "value_hex");
    for (guint i = 0; i < wide->len; i++) {
        char text[19];

        g_snprintf(text, sizeof(text), "0x%016" PRIx64, g_array_index(wide, uint64_t, i));
        cli_json_string(json, NULL, text);
    }
    cli_json_end_array(json);
}

static void end_group(void *view)
{
    View *v = view;
    GArray *wide = g_array_index(v->groups, Group, v->groups->len - 1).wide;

    cli_json_end_array(v->json);
    if (wide) {
        put_wide(v->json, wide);
        g_array_unref(wide);
    }
    cli_json_end_object(v->json);
    g_array_set_size(v->groups, v->groups->len - 1);
}

/* Elements that are plain values come as such. */
static void put_field(void *view, const MigField *field, bool element)
{
    View *v = view;
    Group group = { NULL };

    if (mig_field_is_group(field)) {
        cli_json_object(v->json, NULL);
        put_members(v, "name", field->name, field);
        cli_json_array(v->json, field->kind == MIG_FIELD_ARRAY ? "value" : "fields");
        g_array_append_val(v->groups, group);
    } else if (element && field->kind != MIG_FIELD_MISMATCH &&
               field->kind != MIG_FIELD_BYTES) {
        cli_field_json(v->json, NULL, field, v->hex);
        keep_wide(v, field);
    } else {
        put_leaf(v, "name", field->name, field);
    }
}

static void *begin(const Dump *dump)
{
    View *v = g_new0(View, 1);

    v->hex = dump->options->hex;
    v->groups = g_array_new(false, false, sizeof(Group));
    v->json = dump_json_begin(dump, "devices");
    return v;
}

static void open_device(void *view, const DumpDevice *device)
{
    CliJson *json = ((View *)view)->json;

    cli_json_object(json, NULL);
    cli_json_string(json, "name", device->name);
    cli_json_uint(json, "instance_id", device->instance_id);
    cli_json_uint(json, "version_id", device->version_id);
    cli_json_uint(json, "offset", device->offset);
    cli_json_uint(json, "length", device->length);
    if (device->config && device->config->channel) {
        cli_json_channel(json, device->config->channel);
        cli_json_string(json, "configuration_in", "packet");
    } else if (device->config) {
        cli_json_string(json, "configuration_in",
                        mig_section_type_key(device->config->type));
    }
    cli_json_array(json, "fields");
}

static void put_match(void *view, const DumpDevice *device, const MigField *field)
{
    (void)device;
    put_leaf(view, "path", field->path, field);
}

static void close_device(void *view, const DumpDevice *device, bool matches)
{
    CliJson *json = ((View *)view)->json;

    (void)device;
    cli_json_end_array(json);
    cli_json_bool(json, "matches", matches);
    cli_json_end_object(json);
}

static void end(void *view, const Dump *dump)
{
    View *v = view;

    dump_json_end(v->json, dump);
    g_array_unref(v->groups);
    g_free(v);
}

const DumpDevicesView dump_devices_json = { .begin = begin,
                                            .open = open_device,
                                            .field = put_field,
                                            .end_group = end_group,
                                            .match = put_match,
                                            .close = close_device,
                                            .end = end };
