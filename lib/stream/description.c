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
#include "stream/description-run.h"
#include "stream/json-scan.h"

typedef struct Field {
    uint64_t size, count;
    bool has_size, indexed;
    bool null; /* a run of NULL pointers; 11.1 calls it otherwise */
} Field;

/* Entries of one name, which are an array. */
typedef struct Run {
    GString *name;
    Field first;
    uint64_t others; /* elements in the entries after the first */
} Run;

/* What the members of a device, or of a subsection, add up to. */
typedef struct Sum {
    uint64_t size;
    bool known;
    bool vmstate; /* has a "vmsd_name" */
    size_t vmsd_name_length;
    uint32_t version;
} Sum;

typedef struct Description {
    MigDescription pub;
    GArray *devices;
    GStringChunk *names;
    GArray *
        by_key; /* uint32_t indices, sorted, made at the first lookup out of order. No hash:
                 * names come from an attacker, who could make them collide */
} Description;

/* One parse: its result, scratch strings, and what it is in the middle of. */
typedef struct Parse {
    Description *d;
    bool has_devices;
    GString *key, *name, *text;
    MigDeviceDescription device;
    uint64_t device_size;
    bool has_device_size;
    Sum *sum; /* of the device, or of the innermost subsection */
    Run *run; /* of the innermost list of fields */
    Field field;
} Parse;

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

static bool parse_field_member(MigJson *json, const char *key, void *user)
{
    Parse *parse = user;
    Field *field = &parse->field;

    if (g_str_equal(key, "name")) {
        return mig_json_string(json, parse->name);
    }
    if (g_str_equal(key, "size")) {
        return field->has_size = mig_json_uint(json, &field->size);
    }
    if (g_str_equal(key, "array_len")) {
        return mig_json_uint(json, &field->count);
    }
    if (g_str_equal(key, "type")) {
        bool ok = mig_json_string(json, parse->text);

        field->null = g_str_equal(parse->text->str, "nullptr") ||
                      g_str_equal(parse->text->str, "ptr-marker");
        return ok;
    }
    field->indexed |= g_str_equal(key, "index");
    return mig_json_skip(json);
}

uint64_t mig_description_first_run(uint64_t claimed, uint64_t others, bool begins_null)
{
    return !begins_null && others < claimed ? claimed - others : claimed;
}

/* What the first entry claims of the others is in the sum twice. */
static void end_run(const Run *run, Sum *sum)
{
    uint64_t count =
        mig_description_first_run(run->first.count, run->others, run->first.null);

    if (sum->known) {
        sum->size -= (run->first.count - count) * run->first.size;
    }
}

static bool parse_field(MigJson *json, const char *key, void *user)
{
    Parse *parse = user;
    Sum *sum = parse->sum;
    Run *run = parse->run;
    Field *field = &parse->field;

    (void)key;
    *field = (Field){ .count = 1 };
    g_string_truncate(parse->name, 0);
    if (!mig_json_each(json, parse->key, parse_field_member, parse)) {
        return false;
    }
    sum->known &= field->has_size && add(&sum->size, field->size, field->count);
    if (field->indexed || !g_string_equal(run->name, parse->name)) {
        end_run(run, sum);
        g_string_assign(run->name, parse->name->str);
        run->first = *field;
        run->others = 0;
    } else {
        sum->known &= add(&run->others, 1, field->count);
    }
    return true;
}

static bool parse_fields(Parse *parse, MigJson *json)
{
    g_autoptr(GString) name = g_string_new(NULL);
    Run run = { .name = name };
    bool ok;

    parse->run = &run;
    ok = mig_json_each(json, NULL, parse_field, parse);
    parse->run = NULL;
    end_run(&run, parse->sum);
    return ok;
}

static bool parse_subsection(MigJson *json, const char *key, void *user);

/* One member of a vmstate, or one that is skipped. */
static bool parse_member(MigJson *json, const char *key, void *user)
{
    Parse *parse = user;
    Sum *sum = parse->sum;

    if (g_str_equal(key, "vmsd_name")) {
        sum->vmstate = mig_json_string(json, parse->text);
        sum->vmsd_name_length = parse->text->len;
        return sum->vmstate;
    }
    if (g_str_equal(key, "version")) {
        return read_u32(json, &sum->version);
    }
    if (g_str_equal(key, "fields")) {
        return parse_fields(parse, json);
    }
    if (g_str_equal(key, "subsections")) {
        return mig_json_each(json, NULL, parse_subsection, parse);
    }
    return mig_json_skip(json);
}

/* Recursion is bounded by the depth that the scanner allows. */
static bool parse_subsection(MigJson *json, const char *key, void *user)
{
    Parse *parse = user;
    Sum *sum = parse->sum, inner = { .known = true };
    bool ok;

    (void)key;
    parse->sum = &inner;
    ok = mig_json_each(json, parse->key, parse_member, parse);
    parse->sum = sum;
    sum->known &= inner.known && inner.vmstate && add(&sum->size, 1, inner.size) &&
                  add(&sum->size, 1, MIG_SUBSECTION_OVERHEAD + inner.vmsd_name_length);
    return ok;
}

static bool parse_device_member(MigJson *json, const char *key, void *user)
{
    Parse *parse = user;

    if (g_str_equal(key, "name")) {
        bool ok = mig_json_string(json, parse->text);

        parse->device.name = g_string_chunk_insert(parse->d->names, parse->text->str);
        return ok;
    }
    if (g_str_equal(key, "instance_id")) {
        return read_u32(json, &parse->device.instance_id);
    }
    if (g_str_equal(key, "size")) {
        return parse->has_device_size = mig_json_uint(json, &parse->device_size);
    }
    return parse_member(json, key, parse);
}

static bool parse_device(MigJson *json, const char *key, void *user)
{
    Parse *parse = user;
    MigDeviceDescription *device = &parse->device;
    Sum sum = { .known = true };
    bool ok;

    (void)key;
    if (parse->d->devices->len == MIG_DEVICES_MAX) {
        json->problem = "it has more devices than are looked at";
        return false;
    }
    *device = (MigDeviceDescription){ .name = "",
                                      .text_offset = (uint32_t)mig_json_offset(json) };
    parse->device_size = 0;
    parse->has_device_size = false;
    parse->sum = &sum;
    ok = mig_json_each(json, parse->key, parse_device_member, parse);
    parse->sum = NULL;
    if (!ok) {
        return false;
    }
    device->text_length = (uint32_t)(json->p - json->text) - device->text_offset;
    device->version = sum.version;
    device->old_style = !sum.vmstate;
    device->size_known = device->old_style ? parse->has_device_size : sum.known;
    device->size = device->old_style ? parse->device_size : sum.size;
    g_array_append_val(parse->d->devices, *device);
    return true;
}

static bool parse_devices(Parse *parse, MigJson *json)
{
    MigDescription *pub = &parse->d->pub;

    if (parse->has_devices) {
        json->problem = "it has \"devices\" twice";
        return false;
    }
    parse->has_devices = true;
    pub->devices_offset = (uint32_t)mig_json_offset(json);
    if (!mig_json_each(json, NULL, parse_device, parse)) {
        return false;
    }
    pub->devices_end = (uint32_t)(json->p - json->text) - 1;
    return true;
}

static bool parse_top_member(MigJson *json, const char *key, void *user)
{
    Parse *parse = user;
    MigDescription *pub = &parse->d->pub;

    if (g_str_equal(key, "page_size")) {
        return read_u32(json, &pub->page_size);
    }
    if (g_str_equal(key, "devices")) {
        return parse_devices(parse, json);
    }
    pub->has_configuration |= g_str_equal(key, "configuration");
    return mig_json_skip(json);
}

static bool parse_top(Parse *parse, MigJson *json)
{
    if (!mig_json_each(json, parse->key, parse_top_member, parse)) {
        return false;
    }
    if (!mig_json_at_end(json)) {
        json->problem = json->problem ? json->problem : "text follows the closing brace";
        return false;
    }
    if (!parse->has_devices) {
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
    Parse parse = { .d = d, .key = key, .name = name, .text = text };
    MigJson scan;

    d->pub.offset = offset;
    d->pub.json_offset = offset + MIG_DESCRIPTION_HEADER_LENGTH;
    d->pub.json_length = length;
    d->devices = g_array_new(false, false, sizeof(MigDeviceDescription));
    d->names = g_string_chunk_new(4096);
    mig_json_init(&scan, json, length);
    d->pub.valid = parse_top(&parse, &scan);
    if (!d->pub.valid) {
        d->pub.problem = scan.problem ? scan.problem : "it ends too early";
        d->pub.problem_offset = d->pub.json_offset + (uint64_t)(scan.p - scan.text);
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
