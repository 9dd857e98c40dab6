/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --format=analyze: device state as QEMU's
 *                scripts/analyze-migration.py prints it (-d state; QEMU 10.2), to the byte.
 * Must not know: how fields are decoded.
 * See also:      dump-devices.c, which walks.
 *
 * The script has only what the description says: what is decoded beyond that, such as a PCI
 * configuration space, is shown as its bytes.
 */
#include <string.h>

#include "dump-devices.h"

typedef struct View {
    CliJson json;
    const Dump *dump;
    bool begun;         /* the RAM blocks are printed, which come first */
    bool header;        /* a subsection has just begun, whose version is no field */
    unsigned opaque;    /* groups that are open in what is shown as bytes */
    bool left_out;      /* the device that goes by is one that the script does not know */
    GByteArray *groups; /* that are open: 1 for an array */
} View;

static void put_bytes(View *v, const char *key, const MigField *field)
{
    GString *text;

    if (!field->bytes && field->length != 0) { /* too long to be held */
        cli_json_null(&v->json, key);
        return;
    }
    text = g_string_new(NULL);
    for (uint64_t i = 0; i < field->length; i++) {
        g_string_append_printf(text, i ? " %02x" : "%02x", field->bytes[i]);
    }
    cli_json_string(&v->json, key, text->str);
    g_string_free(text, true);
}

/* "0x0000000a", as wide as it is in the stream; "0xffffffff (-1)" of a negative one. */
static void put_number(View *v, const char *key, const MigField *field)
{
    int digits = (int)MIN(field->length * 2, 16);
    uint64_t mask = digits >= 16 ? UINT64_MAX : (UINT64_C(1) << (4 * digits)) - 1;
    bool negative = field->kind == MIG_FIELD_INT && field->i < 0;
    g_autofree char *sign = negative ? g_strdup_printf(" (%" PRId64 ")", field->i) : NULL;
    g_autofree char *text =
        g_strdup_printf("0x%0*" PRIx64 "%s", digits, field->u & mask, sign ? sign : "");

    cli_json_string(&v->json, key, text);
}

/* The script reads what it calls these; everything else is bytes to it. */
static bool is_number(const MigField *field)
{
    return field->kind != MIG_FIELD_BYTES && (g_str_has_prefix(field->type, "int") ||
                                              g_str_has_prefix(field->type, "uint"));
}

static void put_leaf(View *v, const char *key, const MigField *field)
{
    if (g_str_equal(field->type, "bool")) {
        cli_json_bool(&v->json, key, field->u != 0);
    } else if (is_number(field)) {
        put_number(v, key, field);
    } else {
        put_bytes(v, key, field);
    }
}

/* What the script shows as bytes only: the type is none to it, or "tmp". */
static bool is_described(const MigField *field)
{
    static const char *const decoded[] = { "pci config", "pci irq state", "msix state",
                                           "virtio", NULL };

    return field->kind != MIG_FIELD_STRUCT ||
           (!g_strv_contains(decoded, field->type) && !g_str_equal(field->name, "tmp"));
}

static void put_field(void *view, const MigField *field, bool element)
{
    View *v = view;
    const char *key = element ? NULL : field->name;
    uint8_t is_array = field->kind == MIG_FIELD_ARRAY;
    bool header = v->header;

    v->header = false;
    if (v->left_out || v->opaque || header) {
        v->opaque += v->opaque && mig_field_is_group(field);
    } else if (!mig_field_is_group(field)) {
        put_leaf(v, key, field);
    } else if (!is_described(field)) {
        put_bytes(v, key, field);
        v->opaque = 1;
    } else {
        (is_array ? cli_json_array : cli_json_object)(&v->json, key);
        g_byte_array_append(v->groups, &is_array, 1);
        v->header = field->kind == MIG_FIELD_SUBSECTION;
    }
}

static void end_group(void *view)
{
    View *v = view;

    if (v->left_out || v->opaque) {
        v->opaque -= v->opaque > 0;
        return;
    }
    (v->groups->data[v->groups->len - 1] ? cli_json_end_array
                                         : cli_json_end_object)(&v->json);
    g_byte_array_set_size(v->groups, v->groups->len - 1);
}

static void *begin(const Dump *dump)
{
    View *v = g_new0(View, 1);

    v->dump = dump;
    cli_json_init_indented(&v->json, stdout);
    v->groups = g_byte_array_new();
    cli_json_object(&v->json, NULL);
    return v;
}

/* The lengths of all blocks, under the name of the section that lists them. */
static void put_ram(View *v)
{
    size_t n, n_blocks;
    const MigSection *const *sections = mig_reader_sections(v->dump->reader, &n);
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(v->dump->reader, &n_blocks);

    for (size_t i = 0; i < n && n_blocks != 0; i++) {
        if (strcmp(sections[i]->name, "ram") == 0) {
            g_autofree char *key = g_strdup_printf("ram (%u)", sections[i]->id);

            cli_json_object(&v->json, key);
            cli_json_object(&v->json, "section sizes");
            for (size_t b = 0; b < n_blocks; b++) {
                g_autofree char *length =
                    g_strdup_printf("0x%016" PRIx64, blocks[b]->used_length);

                cli_json_string(&v->json, blocks[b]->name, length);
            }
            cli_json_end_object(&v->json);
            cli_json_end_object(&v->json);
            return;
        }
    }
}

static void open_device(void *view, const DumpDevice *device)
{
    View *v = view;
    g_autofree char *key = g_strdup_printf("%s (%u)", device->name, device->section_id);

    if (!v->begun) {
        v->begun = true;
        put_ram(v);
    }
    v->left_out = device->config != NULL;
    v->opaque = 0;
    if (!v->left_out) {
        cli_json_object(&v->json, key);
    }
}

static void put_match(void *view, const DumpDevice *device, const MigField *field)
{
    (void)device;
    put_leaf(view, field->path, field);
}

static void close_device(void *view, const DumpDevice *device, bool matches)
{
    View *v = view;

    (void)device;
    (void)matches;
    if (!v->left_out) {
        cli_json_end_object(&v->json);
    }
}

static void end(void *view, const Dump *dump)
{
    View *v = view;

    (void)dump;
    cli_json_end_object(&v->json);
    cli_json_finish(&v->json);
    g_byte_array_unref(v->groups);
    g_free(v);
}

const DumpDevicesView dump_devices_analyze = { .begin = begin,
                                               .open = open_device,
                                               .field = put_field,
                                               .end_group = end_group,
                                               .match = put_match,
                                               .close = close_device,
                                               .end = end };
