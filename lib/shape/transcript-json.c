/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          replies of QMP: which command one is of, and what it shows.
 * Must not know: what it is put together with.
 * See also:      transcript.h; transcript-pci.c, the longest one.
 *
 * A reply does not name its command; its keys do.
 * Source: qapi/machine.json, qapi/virtio.json; 5.2 to 11.1.
 */
#include "shape/transcript.h"

#include <string.h>

#include "device/virtio.h"
#include "stream/json-scan.h"

typedef struct Reading {
    MigTranscript *transcript;
    GString *key, *text;
    size_t
        features; /* offset of what is asked for once the device is known; 0: nothing */
    uint64_t value, type; /* of a number; of a virtio device */
    MigTranscriptVirtio *virtio;
    MigTranscriptMemory memory;
    bool understood;
} Reading;

static bool each(MigJson *json, Reading *r, bool object, MigJsonVisit *visit)
{
    return mig_json_each(json, object ? r->key : NULL, visit, r);
}

static const char *keep(const Reading *r)
{
    return g_string_chunk_insert(r->transcript->tree->strings, r->text->str);
}

/* --- the other replies ------------------------------------------------------------------- */

static bool read_data_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    if (strcmp(key, "size") == 0) {
        return mig_json_uint(json, &r->memory.size);
    }
    if (strcmp(key, "memdev") == 0 && mig_json_string(json, r->text)) {
        r->memory.backend = keep(r);
        return true;
    }
    return !json->problem && mig_json_skip(json);
}

static bool read_feature(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    (void)key;
    if (!mig_json_string(json, r->text)) {
        return false;
    }
    g_string_truncate(r->text, strcspn(r->text->str, ":"));
    mig_transcript_offer(r->virtio, (uint16_t)r->type, r->text->str);
    return true;
}

static bool read_features_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    bool upper = strcmp(key, "unknown-dev-features2") == 0; /* 10.2 and later */

    if (upper || strcmp(key, "unknown-dev-features") == 0) {
        if (!mig_json_uint(json, &r->value)) {
            return false;
        }
        r->virtio->offered[upper] |= r->value;
        return true;
    }
    return mig_json_peek(json) == '[' ? each(json, r, false, read_feature)
                                      : mig_json_skip(json);
}

/* The names of features are those of a type, which can come after them. */
static bool read_status_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    if (strcmp(key, "device-id") == 0) {
        return mig_json_uint(json, &r->type);
    }
    if (strcmp(key, "name") == 0 && mig_json_string(json, r->text)) {
        r->virtio->name = keep(r);
        return true;
    }
    if (strcmp(key, "host-features") == 0) {
        r->features = mig_json_offset(json);
    }
    return !json->problem && mig_json_skip(json);
}

static bool read_status(MigJson *json, Reading *r)
{
    MigJson features = *json;

    r->virtio = mig_transcript_virtio(r->transcript, r->transcript->path);
    r->features = 0;
    r->type = 0;
    if (!r->virtio || !each(json, r, true, read_status_member)) {
        return false;
    }
    r->understood = true;
    features.p = json->text + r->features;
    return !r->features || each(&features, r, true, read_features_member);
}

/* --- which one it is ---------------------------------------------------------------------- */

/* Whether the object that comes next has @key. */
static bool has_key(const MigJson *json, Reading *r, const char *key)
{
    MigJson ahead = *json;
    bool found = false;

    if (!mig_json_enter(&ahead, '{')) {
        return false;
    }
    while (!found && mig_json_next(&ahead, r->text)) {
        found = strcmp(r->text->str, key) == 0;
        if (!found && !mig_json_skip(&ahead)) {
            return false;
        }
    }
    return found;
}

static bool read_cpu_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    return strcmp(key, "vcpus-count") == 0 ? mig_json_uint(json, &r->value)
                                           : mig_json_skip(json);
}

static bool read_cpu(MigJson *json, Reading *r)
{
    r->value = 0;
    if (!each(json, r, true, read_cpu_member)) {
        return false;
    }
    r->transcript->max_cpus += (unsigned)MIN(r->value, 1u << 16);
    r->transcript->shows_cpus = r->understood = true;
    return true;
}

static bool read_memory_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    return strcmp(key, "data") == 0 ? each(json, r, true, read_data_member)
                                    : mig_json_skip(json);
}

static bool read_memory(MigJson *json, Reading *r)
{
    MigTranscriptMemory *memory;

    r->memory = (MigTranscriptMemory){ 0 };
    if (!each(json, r, true, read_memory_member)) {
        return false;
    }
    r->transcript->shows_memory = r->understood = true;
    memory =
        r->memory.backend ? mig_shape_node(r->transcript->tree, sizeof(*memory)) : NULL;
    if (memory) {
        *memory = r->memory;
        g_ptr_array_add(r->transcript->memory, memory);
    }
    return true;
}

static bool read_capability_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    if (strcmp(key, "state") == 0) {
        r->value = mig_json_peek(json) == 't';
        return mig_json_skip(json);
    }
    return strcmp(key, "capability") == 0 ? mig_json_string(json, r->text)
                                          : mig_json_skip(json);
}

/* {"state": false, "capability": "xbzrle"} */
static bool read_capability(MigJson *json, Reading *r)
{
    MigTranscript *t = r->transcript;
    unsigned bit;

    r->value = 0;
    g_string_truncate(r->text, 0);
    if (!each(json, r, true, read_capability_member)) {
        return false;
    }
    bit = mig_transcript_capability(r->text->str);
    t->shown |= bit;
    t->set = r->value ? t->set | bit : t->set & ~bit;
    r->understood = true;
    return true;
}

static bool read_bus(MigJson *json, Reading *r)
{
    r->understood = mig_transcript_read_bus(r->transcript, json);
    return r->understood;
}

static bool read_element(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    (void)key;
    return has_key(json, r, "devices")       ? read_bus(json, r)
           : has_key(json, r, "vcpus-count") ? read_cpu(json, r)
           : has_key(json, r, "data")        ? read_memory(json, r)
           : has_key(json, r, "capability")  ? read_capability(json, r)
                                             : mig_json_skip(json);
}

static bool read_release_number(MigJson *json, const char *key, void *user)
{
    Reading *r = user;
    MigTranscript *t = r->transcript;

    if (strcmp(key, "major") != 0 && strcmp(key, "minor") != 0) {
        return mig_json_skip(json);
    }
    if (!mig_json_uint(json, &r->value)) {
        return false;
    }
    *(strcmp(key, "major") == 0 ? &t->major : &t->minor) = (unsigned)MIN(r->value, 99);
    return true;
}

/* {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "..."} */
static bool read_version_member(MigJson *json, const char *key, void *user)
{
    return strcmp(key, "qemu") == 0 && mig_json_peek(json) == '{'
               ? each(json, user, true, read_release_number)
               : mig_json_skip(json);
}

/* What a monitor says first: {"QMP": {"version": ..., "capabilities": [...]}} */
static bool read_greeting_member(MigJson *json, const char *key, void *user)
{
    return strcmp(key, "version") == 0 && mig_json_peek(json) == '{'
               ? each(json, user, true, read_version_member)
               : mig_json_skip(json);
}

/* What a monitor prints for people can be in a reply too. */
static bool read_printed(MigJson *json, Reading *r)
{
    size_t at;
    unsigned before = r->transcript->replies;
    g_autoptr(GString) text = g_string_new(NULL);
    const char *problem;

    if (!mig_json_string(json, text)) {
        return false;
    }
    problem = mig_transcript_read_text(r->transcript, text->str, text->len, &at);
    json->problem = problem ? problem : json->problem;
    r->understood = r->transcript->replies > before;
    return !problem;
}

static bool read_reply(MigJson *json, Reading *r)
{
    switch (mig_json_peek(json)) {
    case '[':
        return each(json, r, false, read_element);
    case '"':
        return read_printed(json, r);
    case '{':
        return has_key(json, r, "host-features") ? read_status(json, r)
               : has_key(json, r, "qemu") ? each(json, r, true, read_version_member)
                                          : mig_json_skip(json);
    default:
        return mig_json_skip(json);
    }
}

static bool read_argument(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    if (strcmp(key, "path") == 0 && mig_json_string(json, r->text)) {
        g_free(r->transcript->path);
        r->transcript->path = g_strdup(r->text->str);
        return true;
    }
    return !json->problem && mig_json_skip(json);
}

static bool read_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    if (strcmp(key, "return") == 0) {
        return read_reply(json, r);
    }
    if (strcmp(key, "QMP") == 0 && mig_json_peek(json) == '{') {
        return each(json, r, true, read_greeting_member);
    }
    return strcmp(key, "arguments") == 0 && mig_json_peek(json) == '{'
               ? each(json, r, true, read_argument)
               : mig_json_skip(json);
}

bool mig_transcript_read_json(MigTranscript *transcript, MigJson *json)
{
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    Reading r = { .transcript = transcript, .key = key, .text = text };
    bool ok;

    if (has_key(json, &r, "execute")) {
        g_clear_pointer(&transcript->path, g_free);
    }
    ok = mig_json_peek(json) == '['           ? read_reply(json, &r)
         : has_key(json, &r, "host-features") ? read_status(json, &r)
                                              : each(json, &r, true, read_member);

    transcript->replies += ok && r.understood;
    return ok;
}
