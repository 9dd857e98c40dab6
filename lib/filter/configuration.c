/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the capabilities and the UUID in the CONFIGURATION section, which a loader
 *                compares with its own.
 * Must not know: what a capability makes a source do, but for x-ignore-shared, with which the
 *                list of RAM blocks has addresses.
 * See also:      filter/machine.c, the machine type; filter/mapped-ram.c, that capability.
 *
 * Source: migration/savevm.c, configuration_validate_capabilities(), vmstate_uuid_post_load();
 * migration/ram.c, ram_save_setup(), parse_ramblock(), where the address of a block that is not
 * shared is not compared; 5.2 to 11.1.
 */
#include <string.h>

#include "filter/filter.h"
#include "stream/configuration.h"
#include "stream/item-private.h"
#include "stream/ram-record.h"

#define IGNORE_SHARED "x-ignore-shared"
#define MAPPED_RAM    "mapped-ram"
#define WITHOUT_CONFIGURATION \
    "the stream has no CONFIGURATION section, so that no loader compares any"

typedef struct Configuration {
    bool seen;
    /* of capabilities */
    GPtrArray *add, *drop; /* names */
    GHashTable *missed;    /* those to drop that the stream has not */
    bool addresses_come, addresses_go;
    GHashTable *unsent; /* RAM blocks without a page so far */
    /* of uuid */
    bool has_uuid, drops_uuid;
    uint8_t uuid[MIG_UUID_LENGTH];
} Configuration;

/* --- options ------------------------------------------------------------------------------ */

static bool is_capability(const char *name, GError **error)
{
    const char *p = name;

    while (g_ascii_isalnum(*p) || *p == '-') {
        p++;
    }
    if (p == name || *p || p - name > 255) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "\"%s\" is no name of a capability: letters, digits and '-'",
                            name);
        return false;
    }
    if (g_str_equal(name, MAPPED_RAM)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "with " MAPPED_RAM " RAM is laid out in another way: the "
                            "filter mapped-ram, or mapped-ram:to=plain, changes both");
        return false;
    }
    return true;
}

static bool capabilities_configure(void *state, const char *key, const char *value,
                                   GError **error)
{
    Configuration *c = state;

    if (!c->add) {
        c->add = g_ptr_array_new_with_free_func(g_free);
        c->drop = g_ptr_array_new_with_free_func(g_free);
        c->missed = g_hash_table_new(g_str_hash, g_str_equal);
        c->unsent = g_hash_table_new(NULL, NULL);
    }
    if (!key && !c->add->len && !c->drop->len) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "add=NAME or drop=NAME is wanted");
        return false;
    }
    if (key && !is_capability(value, error)) {
        return false;
    }
    if (key) {
        g_ptr_array_add(g_str_equal(key, "add") ? c->add : c->drop, g_strdup(value));
    }
    return true;
}

static bool parse_uuid(Configuration *c, const char *value)
{
    if (!g_uuid_string_is_valid(value)) {
        return false;
    }
    for (size_t i = 0; i < MIG_UUID_LENGTH; i++) {
        value += *value == '-';
        c->uuid[i] = (uint8_t)(g_ascii_xdigit_value(value[0]) << 4 |
                               g_ascii_xdigit_value(value[1]));
        value += 2;
    }
    c->has_uuid = true;
    return true;
}

static bool uuid_configure(void *state, const char *key, const char *value,
                           GError **error)
{
    Configuration *c = state;

    if (key && g_str_equal(key, "drop")) {
        return mig_filter_yes_no(key, value, &c->drops_uuid, error);
    }
    if (key && !parse_uuid(c, value)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "\"%s\" is no UUID, such as "
                            "00112233-4455-6677-8899-aabbccddeeff",
                            value);
        return false;
    }
    if (!key && c->has_uuid == c->drops_uuid) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "either value=UUID is wanted or drop=yes");
        return false;
    }
    return true;
}

/* Blocks that get an address or lose one are looked at page by page. */
static bool leaves_ram(const void *state, const MigSection *ram)
{
    const Configuration *c = state;

    (void)ram;
    return c->seen && !c->addresses_come && !c->addresses_go;
}

/* --- capabilities ------------------------------------------------------------------------- */

static bool has(const MigConfiguration *conf, const char *name)
{
    return conf->capabilities && g_strv_contains(conf->capabilities, name);
}

static bool emit_configuration(MigNext *next, const MigItem *item,
                               const GByteArray *bytes, GError **error)
{
    return mig_next_emit_bytes(next, item, item->kind, bytes->data, bytes->len, error);
}

/* @bytes become those with or without @name. */
static void change(GByteArray *bytes, const char *name, bool with)
{
    const MigItem item = { .length = bytes->len };
    g_autoptr(GByteArray) old = g_byte_array_new();
    MigConfigurationParts parts;

    g_byte_array_append(old, bytes->data, bytes->len);
    parts = mig_configuration_parts(&item, old->data);
    g_byte_array_set_size(bytes, 0);
    mig_configuration_encode_capability(&parts, name, with, bytes);
}

static void change_each(Configuration *c, MigNext *next, const GPtrArray *names,
                        bool with, GByteArray *bytes)
{
    const MigConfiguration *conf = mig_reader_configuration(mig_next_reader(next));

    for (guint i = 0; i < names->len; i++) {
        char *name = g_ptr_array_index(names, i);

        if (has(conf, name) != with) {
            change(bytes, name, with);
            mig_next_report(next, NULL, "capability %s %s", name,
                            with ? "added" : "dropped");
        } else if (with) {
            mig_next_report(next, NULL, "capability %s is there already", name);
        } else {
            g_hash_table_add(c->missed, name);
        }
    }
}

static bool change_capabilities(Configuration *c, MigNext *next, const MigItem *item,
                                GError **error)
{
    const MigConfiguration *conf = mig_reader_configuration(mig_next_reader(next));
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const uint8_t *p = mig_next_bytes(next, item, error);
    bool had = conf->x_ignore_shared, has_it;

    if (!p) {
        return false;
    }
    has_it = (had || g_ptr_array_find_with_equal_func(c->add, IGNORE_SHARED, g_str_equal,
                                                      NULL)) &&
             !g_ptr_array_find_with_equal_func(c->drop, IGNORE_SHARED, g_str_equal, NULL);
    c->addresses_come = has_it && !had;
    c->addresses_go = had && !has_it;
    if (had != has_it && conf->mapped_ram) {
        return mig_next_refuse(
            next, item, NULL, error,
            "RAM is mapped, which " IGNORE_SHARED
            " lays out in another way; the filter mapped-ram:to=plain, "
            "before this one, makes page records of it");
    }
    g_byte_array_append(bytes, p, (guint)item->length);
    change_each(c, next, c->add, true, bytes);
    change_each(c, next, c->drop, false, bytes);
    return emit_configuration(next, item, bytes, error);
}

/* Of a block that no source has shared the address is not looked at. */
static bool change_block(Configuration *c, MigNext *next, const MigItem *item,
                         GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigRamBlock block = *item->block;
    MigItem changed = *item;

    if (!c->addresses_come && !c->addresses_go) {
        return mig_next_emit(next, item, error);
    }
    if (c->addresses_go && block.used_length) {
        g_hash_table_add(c->unsent, (gpointer)(uintptr_t)item->block);
    }
    block.has_address = c->addresses_come;
    block.address = 0;
    changed.block = &block;
    mig_ram_block_encode(&block, bytes);
    return mig_next_emit_bytes(next, &changed, item->kind, bytes->data, bytes->len,
                               error);
}

static bool capabilities_event(void *state, MigNext *next, const MigItem *item,
                               GError **error)
{
    Configuration *c = state;

    switch (item->kind) {
    case MIG_ITEM_CONFIGURATION:
        c->seen = true;
        return change_capabilities(c, next, item, error);
    case MIG_ITEM_RAM_BLOCK:
        return change_block(c, next, item, error);
    case MIG_ITEM_RAM_PAGES:
        g_hash_table_remove(c->unsent, item->pages.block);
        return mig_next_emit(next, item, error);
    default:
        return c->seen ? mig_next_emit(next, item, error)
                       : mig_next_refuse(next, item, NULL, error, WITHOUT_CONFIGURATION);
    }
}

/* What the source shared with the destination, and did not send. */
static bool tell_unsent(Configuration *c, MigNext *next, GError **error)
{
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, c->unsent);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const MigRamBlock *block = key;

        if (!mig_next_lossy(next)) {
            return mig_next_refuse(
                next, NULL, NULL, error,
                "RAM block %s has no page in the stream: it was shared with the "
                "destination, and its memory would be lost; --lossy allows that",
                block->name);
        }
        mig_next_report(next, NULL, "the memory of RAM block %s is given up",
                        block->name);
    }
    return true;
}

static bool capabilities_finish(void *state, MigNext *next, GError **error)
{
    Configuration *c = state;

    for (guint i = 0; c->seen && i < c->drop->len; i++) {
        const char *name = g_ptr_array_index(c->drop, i);

        if (g_hash_table_contains(c->missed, name) &&
            !mig_next_unmatched(next, error, "the stream has no capability %s to drop",
                                name)) {
            return false;
        }
    }
    return tell_unsent(c, next, error);
}

static void capabilities_clear(void *state)
{
    Configuration *c = state;

    g_clear_pointer(&c->add, g_ptr_array_unref);
    g_clear_pointer(&c->drop, g_ptr_array_unref);
    g_clear_pointer(&c->missed, g_hash_table_unref);
    g_clear_pointer(&c->unsent, g_hash_table_unref);
}

/* --- uuid --------------------------------------------------------------------------------- */

static bool uuid_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Configuration *c = state;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *was = NULL, *is = NULL;
    const MigConfiguration now = { .uuid = c->uuid };
    MigConfigurationParts parts;
    const uint8_t *p;

    if (item->kind != MIG_ITEM_CONFIGURATION) {
        return c->seen ? mig_next_emit(next, item, error)
                       : mig_next_refuse(next, item, NULL, error, WITHOUT_CONFIGURATION);
    }
    p = mig_next_bytes(next, item, error);
    if (!p) {
        return false;
    }
    was = mig_configuration_uuid_text(mig_reader_configuration(mig_next_reader(next)));
    is = mig_configuration_uuid_text(&now);
    c->seen = true;
    if (c->drops_uuid && !was &&
        !mig_next_unmatched(next, error, "the stream has no UUID to drop")) {
        return false;
    }
    parts = mig_configuration_parts(item, p);
    mig_configuration_encode_uuid(&parts, c->has_uuid ? c->uuid : NULL, bytes);
    mig_next_report(next, NULL, "UUID %s %s",
                    c->has_uuid ? is
                    : was       ? was
                                : "",
                    c->drops_uuid ? "dropped: no loader can tell whose guest it is"
                                  : "set");
    return emit_configuration(next, item, bytes, error);
}

static const MigFilterOption capabilities_options[] = {
    { "add", "NAME", "A capability that the destination has set; may be repeated" },
    { "drop", "NAME",
      "One that it has not, or does not know; may be repeated.  Of x-ignore-shared, "
      "memory that was shared instead of sent is given up, with --lossy" },
    { 0 },
};

const MigFilterType mig_filter_capabilities = {
    .name = "capabilities",
    .summary = "add or drop capabilities in the configuration, which a loader compares",
    .gives_up = "nothing; but with drop=x-ignore-shared the memory that was shared "
                "instead of sent",
    .options = capabilities_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(CONFIGURATION) | MIG_ITEM_BIT(SECTION_HEADER) |
                       MIG_ITEM_BIT(RAM_BLOCK) | MIG_ITEM_BIT(RAM_PAGES)),
    .page_kinds = MIG_PAGE_BITS_ALL,
    .changes_ram = true,
    .state_size = sizeof(Configuration),
    .configure = capabilities_configure,
    .event = capabilities_event,
    .leaves_ram = leaves_ram,
    .finish = capabilities_finish,
    .clear = capabilities_clear,
};

static const MigFilterOption uuid_options[] = {
    { "value", "UUID", "The destination's -uuid" },
    { "drop", "yes", "Take the UUID out: no loader can tell then whose guest it is" },
    { 0 },
};

const MigFilterType mig_filter_uuid = {
    .name = "uuid",
    .summary = "set or drop the UUID in the configuration, which a loader compares",
    .gives_up = "the source's UUID, by which a loader knows whose guest it is",
    .options = uuid_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(CONFIGURATION) | MIG_ITEM_BIT(SECTION_HEADER)),
    .state_size = sizeof(Configuration),
    .configure = uuid_configure,
    .event = uuid_event,
    .leaves_ram = leaves_ram,
};
