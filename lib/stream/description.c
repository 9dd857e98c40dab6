/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          reading the description, adding up the lengths that it states, looking
 *                up a device.
 * Must not know: field types beyond their sizes.
 * See also:      stream/description-find.c; stream/json-scan.c; stream/device.c.
 *
 * Source: migration/savevm.c, qemu_savevm_state_complete_precopy_non_iterable();
 * migration/vmstate.c, vmsd_desc_field_start() and vmstate_save_state_v().
 */
#include "stream/description.h"

#include <string.h>

#include "io/input-memory.h"
#include "stream/json-scan.h"

typedef struct Description {
    MigDescription pub;
    GArray *devices;
    GStringChunk *names;
    GArray *
        by_key; /* uint32_t indices, sorted, made at the first lookup out of order. No hash:
                 * names come from an attacker, who could make them collide */
} Description;

/* The scratch strings of one parse. */
typedef struct Parse {
    MigJson json;
    GString *key, *name, *text;
} Parse;

/* What the members of a device, or of a subsection, add up to. */
typedef struct Sum {
    uint64_t size;
    bool known;
    bool vmstate; /* has a "vmsd_name" */
    size_t vmsd_name_length;
    uint32_t version;
} Sum;

static bool add(uint64_t *sum, uint64_t a, uint64_t b)
{
    uint64_t product;

    return !__builtin_mul_overflow(a, b, &product) &&
           !__builtin_add_overflow(*sum, product, sum);
}

static bool read_u32(MigJson *json, uint32_t *value)
{
    uint64_t wide = 0;

    if (!mig_json_uint(json, &wide)) {
        return false;
    }
    *value = wide > UINT32_MAX ? UINT32_MAX : (uint32_t)wide;
    return true;
}

typedef struct Field {
    uint64_t size, count;
    bool has_size, indexed;
    bool null; /* a run of NULL pointers; 11.1 calls it otherwise */
} Field;

static bool parse_field(Parse *parse, Field *field)
{
    MigJson *json = &parse->json;

    *field = (Field){ .count = 1 };
    if (!mig_json_enter(json, '{')) {
        return false;
    }
    g_string_truncate(parse->name, 0);
    while (mig_json_next(json, parse->key)) {
        bool ok;

        if (g_str_equal(parse->key->str, "name")) {
            ok = mig_json_string(json, parse->name);
        } else if (g_str_equal(parse->key->str, "size")) {
            ok = field->has_size = mig_json_uint(json, &field->size);
        } else if (g_str_equal(parse->key->str, "array_len")) {
            ok = mig_json_uint(json, &field->count);
        } else if (g_str_equal(parse->key->str, "type")) {
            ok = mig_json_string(json, parse->text);
            field->null = g_str_equal(parse->text->str, "nullptr") ||
                          g_str_equal(parse->text->str, "ptr-marker");
        } else {
            field->indexed |= g_str_equal(parse->key->str, "index");
            ok = mig_json_skip(json);
        }
        if (!ok) {
            return false;
        }
    }
    return !json->problem;
}

uint64_t mig_description_first_run(uint64_t claimed, uint64_t others, bool begins_null)
{
    return !begins_null && others < claimed ? claimed - others : claimed;
}

/* Entries of one name, which are an array. */
typedef struct Run {
    GString *name;
    Field first;
    uint64_t others; /* elements in the entries after the first */
} Run;

/* What the first entry claims of the others is in the sum twice. */
static void end_run(const Run *run, Sum *sum)
{
    uint64_t count =
        mig_description_first_run(run->first.count, run->others, run->first.null);

    if (sum->known) {
        sum->size -= (run->first.count - count) * run->first.size;
    }
}

static bool parse_fields(Parse *parse, Sum *sum)
{
    MigJson *json = &parse->json;
    g_autoptr(GString) name = g_string_new(NULL);
    Run run = { .name = name };
    Field field;

    if (!mig_json_enter(json, '[')) {
        return false;
    }
    while (mig_json_next(json, NULL)) {
        if (!parse_field(parse, &field)) {
            return false;
        }
        sum->known &= field.has_size && add(&sum->size, field.size, field.count);
        if (field.indexed || !g_string_equal(run.name, parse->name)) {
            end_run(&run, sum);
            g_string_assign(run.name, parse->name->str);
            run.first = field;
            run.others = 0;
        } else {
            sum->known &= add(&run.others, 1, field.count);
        }
    }
    end_run(&run, sum);
    return !json->problem;
}

static bool parse_subsections(Parse *parse, Sum *sum);

/* One member of a vmstate; *known_key tells whether it was one. */
static bool parse_vmstate_member(Parse *parse, Sum *sum, bool *known_key)
{
    MigJson *json = &parse->json;

    *known_key = true;
    if (g_str_equal(parse->key->str, "vmsd_name")) {
        sum->vmstate = mig_json_string(json, parse->text);
        sum->vmsd_name_length = parse->text->len;
        return sum->vmstate;
    }
    if (g_str_equal(parse->key->str, "version")) {
        return read_u32(json, &sum->version);
    }
    if (g_str_equal(parse->key->str, "fields")) {
        return parse_fields(parse, sum);
    }
    if (g_str_equal(parse->key->str, "subsections")) {
        return parse_subsections(parse, sum);
    }
    *known_key = false;
    return true;
}

/* Recursion is bounded by the depth that the scanner allows. */
static bool parse_subsections(Parse *parse, Sum *sum)
{
    MigJson *json = &parse->json;

    if (!mig_json_enter(json, '[')) {
        return false;
    }
    while (mig_json_next(json, NULL)) {
        Sum inner = { .known = true };

        if (!mig_json_enter(json, '{')) {
            return false;
        }
        while (mig_json_next(json, parse->key)) {
            bool known_key;

            if (!parse_vmstate_member(parse, &inner, &known_key) ||
                (!known_key && !mig_json_skip(json))) {
                return false;
            }
        }
        sum->known &=
            inner.known && inner.vmstate && add(&sum->size, 1, inner.size) &&
            add(&sum->size, 1, MIG_SUBSECTION_OVERHEAD + inner.vmsd_name_length);
    }
    return !json->problem;
}

static bool parse_device(Parse *parse, Description *d)
{
    MigJson *json = &parse->json;
    MigDeviceDescription device = { .text_offset = (uint32_t)mig_json_offset(json) };
    Sum sum = { .known = true };
    uint64_t size = 0;
    bool has_size = false;

    if (!mig_json_enter(json, '{')) {
        return false;
    }
    while (mig_json_next(json, parse->key)) {
        bool known_key = true, ok = true;

        if (g_str_equal(parse->key->str, "name")) {
            ok = mig_json_string(json, parse->text);
            device.name = g_string_chunk_insert(d->names, parse->text->str);
        } else if (g_str_equal(parse->key->str, "instance_id")) {
            ok = read_u32(json, &device.instance_id);
        } else if (g_str_equal(parse->key->str, "size")) {
            ok = has_size = mig_json_uint(json, &size);
        } else {
            ok = parse_vmstate_member(parse, &sum, &known_key);
        }
        if (!ok || (!known_key && !mig_json_skip(json))) {
            return false;
        }
    }
    if (json->problem) {
        return false;
    }
    device.text_length = (uint32_t)(json->p - json->text) - device.text_offset;
    device.name = device.name ? device.name : "";
    device.version = sum.version;
    device.old_style = !sum.vmstate;
    device.size_known = device.old_style ? has_size : sum.known;
    device.size = device.old_style ? size : sum.size;
    g_array_append_val(d->devices, device);
    return true;
}

static bool parse_devices(Parse *parse, Description *d)
{
    MigJson *json = &parse->json;

    d->pub.devices_offset = (uint32_t)mig_json_offset(json);
    if (!mig_json_enter(json, '[')) {
        return false;
    }
    while (mig_json_next(json, NULL)) {
        if (d->devices->len == MIG_DEVICES_MAX) {
            json->problem = "it has more devices than are looked at";
            return false;
        }
        if (!parse_device(parse, d)) {
            return false;
        }
    }
    d->pub.devices_end = (uint32_t)(json->p - json->text) - 1;
    return !json->problem;
}

static bool parse_top(Parse *parse, Description *d)
{
    MigJson *json = &parse->json;
    bool has_devices = false;

    if (!mig_json_enter(json, '{')) {
        return false;
    }
    while (mig_json_next(json, parse->key)) {
        bool ok;

        if (g_str_equal(parse->key->str, "page_size")) {
            ok = read_u32(json, &d->pub.page_size);
        } else if (g_str_equal(parse->key->str, "devices")) {
            if (has_devices) {
                json->problem = "it has \"devices\" twice";
            }
            ok = !has_devices && parse_devices(parse, d);
            has_devices = true;
        } else {
            d->pub.has_configuration |= g_str_equal(parse->key->str, "configuration");
            ok = mig_json_skip(json);
        }
        if (!ok) {
            return false;
        }
    }
    if (!mig_json_at_end(json)) {
        json->problem = json->problem ? json->problem : "text follows the closing brace";
        return false;
    }
    if (!has_devices) {
        json->problem = "it has no \"devices\"";
        return false;
    }
    return true;
}

MigDescription *mig_description_parse(const char *json, uint32_t length, uint64_t offset)
{
    Description *d = g_new0(Description, 1);
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) name = g_string_new(NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    Parse parse = { .key = key, .name = name, .text = text };

    d->pub.offset = offset;
    d->pub.json_offset = offset + MIG_DESCRIPTION_HEADER_LENGTH;
    d->pub.json_length = length;
    d->devices = g_array_new(false, false, sizeof(MigDeviceDescription));
    d->names = g_string_chunk_new(4096);
    mig_json_init(&parse.json, json, length);
    d->pub.valid = parse_top(&parse, d);
    if (!d->pub.valid) {
        d->pub.problem = parse.json.problem ? parse.json.problem : "it ends too early";
        d->pub.problem_offset =
            d->pub.json_offset + (uint64_t)(parse.json.p - parse.json.text);
    }
    d->pub.devices = (const MigDeviceDescription *)(void *)d->devices->data;
    d->pub.n_devices = d->devices->len;
    return &d->pub;
}

static MigDescription *unreadable(uint64_t offset, uint32_t length, const char *problem)
{
    MigDescription *d = mig_description_parse("", 0, offset);

    d->json_length = length;
    d->problem = problem;
    return d;
}

MigDescription *mig_description_read(MigInput *in, uint64_t offset)
{
    uint8_t header[MIG_DESCRIPTION_HEADER_LENGTH];
    g_autofree char *json = NULL;
    uint32_t length;

    if (mig_input_read_at(in, offset, header, sizeof(header)) != sizeof(header) ||
        header[0] != MIG_DESCRIPTION) {
        return NULL;
    }
    length = mig_be32(header + 1);
    if (length > mig_input_size(in) - offset - sizeof(header)) {
        return NULL;
    }
    if (length > MIG_DESCRIPTION_MAX) {
        return unreadable(offset, length, "it is longer than 16 MiB");
    }
    /* The text, and what is kept of each device, of which none is shorter than {}. */
    if (!mig_input_room(in, 2 * sizeof(MigDeviceDescription) *
                                MIN(length / 3, (size_t)MIG_DEVICES_MAX))) {
        return NULL;
    }
    json = mig_input_alloc(in, (size_t)length + 1);
    if (!json || mig_input_read_at(in, offset + sizeof(header), json, length) != length) {
        return NULL;
    }
    return mig_description_parse(json, length, offset);
}

static int compare_keys(const MigDeviceDescription *a, const MigDeviceDescription *b)
{
    if (a->instance_id != b->instance_id) {
        return a->instance_id < b->instance_id ? -1 : 1;
    }
    return strcmp(a->name, b->name);
}

/* By key, and of one key the first in the text first. */
static gint compare_indices(gconstpointer a, gconstpointer b, gpointer devices)
{
    const MigDeviceDescription *all = devices;
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    int order = compare_keys(&all[i], &all[j]);

    return order ? order : (i > j) - (i < j);
}

static GArray *sort_by_key(const MigDescription *description)
{
    GArray *sorted =
        g_array_sized_new(false, false, sizeof(uint32_t), (guint)description->n_devices);

    for (uint32_t i = 0; i < description->n_devices; i++) {
        g_array_append_val(sorted, i);
    }
    g_array_sort_with_data(sorted, compare_indices,
                           (gpointer)(uintptr_t)description->devices);
    return sorted;
}

/* Place in @sorted of the first index whose key is not below @key, and which is not below
 * @from itself where the key is the same. */
static guint lower_bound(const MigDescription *description, const GArray *sorted,
                         const MigDeviceDescription *key, size_t from)
{
    guint low = 0, high = sorted->len;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        uint32_t index = g_array_index(sorted, uint32_t, middle);
        int order = compare_keys(&description->devices[index], key);

        if (order < 0 || (order == 0 && index < from)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

ssize_t mig_description_lookup(const MigDescription *description, const char *name,
                               uint32_t instance_id, size_t hint)
{
    /* The public part is the first member of an object of this file. */
    Description *d = (Description *)(uintptr_t)description;
    const MigDeviceDescription key = { .name = name, .instance_id = instance_id };

    if (hint < description->n_devices &&
        compare_keys(&description->devices[hint], &key) == 0) {
        return (ssize_t)hint;
    }
    if (!d->by_key) {
        d->by_key = sort_by_key(description);
    }
    for (size_t from = hint;; from = 0) {
        guint at = lower_bound(description, d->by_key, &key, from);
        uint32_t index = at < d->by_key->len ? g_array_index(d->by_key, uint32_t, at) : 0;

        if (at < d->by_key->len &&
            compare_keys(&description->devices[index], &key) == 0) {
            return (ssize_t)index;
        }
        if (from == 0) {
            return -1;
        }
    }
}

void mig_description_free(MigDescription *description)
{
    Description *d = (Description *)description;

    if (d) {
        g_array_unref(d->devices);
        g_string_chunk_free(d->names);
        g_clear_pointer(&d->by_key, g_array_unref);
        g_free(d);
    }
}
