/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the reply to query-pci: a bus, its functions, and what is behind bridges.
 * Must not know: the other replies.
 * See also:      transcript-json.c, which tells them apart.
 *
 * Source: qapi/pci.json; 5.2 to 11.1.
 */
#include <string.h>

#include "shape/transcript.h"
#include "stream/json-scan.h"

typedef struct Reading {
    MigTranscript *transcript;
    GString *key, *text;
    const char *place; /* of the bridge that a function is behind, or of the root bus */
    MigTranscriptFunction function; /* that is being read; its number: */
    uint64_t slot, number;
    size_t children; /* offset of what is behind it; 0: nothing */
    MigTranscriptBar bar;
    uint64_t index, value; /* of a BAR; of a number */
} Reading;

static bool read_flag(MigJson *json, bool *flag)
{
    *flag = mig_json_peek(json) == 't';
    return mig_json_skip(json);
}

static bool read_region_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;
    MigTranscriptBar *bar = &r->bar;

    if (strcmp(key, "bar") == 0) {
        return mig_json_uint(json, &r->index);
    }
    if (strcmp(key, "size") == 0) {
        return mig_json_uint(json, &bar->size);
    }
    if (strcmp(key, "prefetch") == 0) {
        bar->is_typed = true;
        return read_flag(json, &bar->prefetch);
    }
    if (strcmp(key, "mem_type_64") == 0) {
        return read_flag(json, &bar->is_wide);
    }
    if (strcmp(key, "type") == 0 && mig_json_string(json, r->text)) {
        bar->is_io = strcmp(r->text->str, "io") == 0;
        return true;
    }
    return !json->problem && mig_json_skip(json);
}

static bool read_region(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    (void)key;
    r->bar = (MigTranscriptBar){ .there = true };
    r->index = UINT64_MAX;
    if (!mig_json_each(json, r->key, read_region_member, r)) {
        return false;
    }
    if (r->index < MIG_TRANSCRIPT_BARS) {
        r->function.bars[r->index] = r->bar;
    }
    return true;
}

static bool read_number(MigJson *json, Reading *r, uint16_t *number)
{
    if (!mig_json_uint(json, &r->value)) {
        return false;
    }
    *number = (uint16_t)r->value;
    return true;
}

static bool read_id_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    r->function.has_ids = true;
    return strcmp(key, "device") == 0   ? read_number(json, r, &r->function.device)
           : strcmp(key, "vendor") == 0 ? read_number(json, r, &r->function.vendor)
                                        : mig_json_skip(json);
}

static bool read_class_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    if (strcmp(key, "class") == 0) {
        r->function.has_class = true;
        return read_number(json, r, &r->function.class);
    }
    return mig_json_skip(json);
}

static bool read_bridge_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    if (strcmp(key, "devices") == 0) {
        r->children = mig_json_offset(json);
    }
    return mig_json_skip(json);
}

static bool read_function_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    if (strcmp(key, "slot") == 0) {
        return mig_json_uint(json, &r->slot);
    }
    if (strcmp(key, "function") == 0) {
        return mig_json_uint(json, &r->number);
    }
    if (strcmp(key, "qdev_id") == 0 && mig_json_string(json, r->text)) {
        r->function.id =
            *r->text->str
                ? g_string_chunk_insert(r->transcript->tree->strings, r->text->str)
                : NULL;
        return true;
    }
    if (strcmp(key, "id") == 0) {
        return mig_json_each(json, r->key, read_id_member, r);
    }
    if (strcmp(key, "class_info") == 0) {
        return mig_json_each(json, r->key, read_class_member, r);
    }
    if (strcmp(key, "pci_bridge") == 0) {
        return mig_json_each(json, r->key, read_bridge_member, r);
    }
    if (strcmp(key, "regions") == 0) {
        r->function.shows_bars = true;
        return mig_json_each(json, NULL, read_region, r);
    }
    return !json->problem && mig_json_skip(json);
}

static bool read_function(MigJson *json, const char *key, void *user);

/* What is behind a bridge comes among its members, before its own number may be known. */
static bool read_children(const MigJson *json, const Reading *outer, const char *place)
{
    MigJson inner = *json;
    Reading r = *outer;

    inner.p = json->text + outer->children;
    r.place = place;
    return mig_json_each(&inner, NULL, read_function, &r);
}

static bool read_function(MigJson *json, const char *key, void *user) /* NOLINT */
{
    Reading *outer = user;
    Reading r = *outer;
    MigTranscriptFunction *function;
    g_autofree char *place = NULL;

    (void)key;
    r.function = (MigTranscriptFunction){ .vectors = -1 };
    r.children = 0;
    if (!mig_json_each(json, r.key, read_function_member, &r)) {
        return false;
    }
    place = g_strdup_printf("%s:%02x.%x", r.place, (unsigned)r.slot & 0x1f,
                            (unsigned)r.number & 7);
    function = mig_transcript_function(r.transcript, place);
    if (!function) {
        return false;
    }
    mig_transcript_merge(function, &r.function);
    if (r.children) {
        function->shows_children = true;
        return read_children(json, &r, place);
    }
    return true;
}

static bool read_bus_member(MigJson *json, const char *key, void *user)
{
    Reading *r = user;

    if (strcmp(key, "bus") == 0) {
        return mig_json_uint(json, &r->value);
    }
    if (strcmp(key, "devices") == 0) {
        r->children = mig_json_offset(json);
    }
    return mig_json_skip(json);
}

bool mig_transcript_read_bus(MigTranscript *transcript, MigJson *json)
{
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    Reading r = { .transcript = transcript, .key = key, .text = text };
    g_autofree char *place = NULL;

    if (!mig_json_each(json, key, read_bus_member, &r)) {
        return false;
    }
    place = g_strdup_printf("0000:%02x", (unsigned)r.value & 0xff);
    transcript->shows_root |= strcmp(place, MIG_TRANSCRIPT_ROOT) == 0;
    return !r.children || read_children(json, &r, place);
}
