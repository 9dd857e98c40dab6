/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          making a stream that can be handed to a stranger: its structure, without what
 *                the guest had in it.
 * Must not know: what is inside a device: filter/redact-device.c does.
 * See also:      filter/redact.h.
 *
 * What is no kind that is listed here is refused, so that a new kind of item is not passed on
 * by mistake.
 */
#include "filter/redact.h"

#include <string.h>

#include "filter/filter.h"
#include "filter/redact-pages.h"
#include "stream/command-encode.h"
#include "stream/command.h"
#include "stream/configuration.h"
#include "stream/discard.h"
#include "stream/outer-encode.h"
#include "stream/outer.h"
#include "stream/vfio.h"

/* Of a description: its pieces, what stays of them, which is no longer, and the item made of it;
 * each of the three doubles. */
#define TEXT_COPIES 6u

/* Of a device's state: its pieces, which double, what stays of it, and the item made of that. */
#define STATE_COPIES 4u

typedef struct Redact {
    MigRedactPages pages;
    uint64_t vfio_bytes, devices, fields, lost, cut_off, commands;
    GByteArray *pieces; /* of a device or the description, until it is whole */
    bool had_uuid;
} Redact;

static bool redact_configure(void *state, const char *key, const char *value,
                             GError **error)
{
    Redact *redact = state;

    if (key && !g_str_equal(value, "zero") && !g_str_equal(value, "equal")) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "pages is zero or equal, not \"%s\"",
                            value);
        return false;
    }
    redact->pages.equal |= key && g_str_equal(value, "equal");
    return true;
}

/* @item with other bytes, as many: the pieces of a long thing stay what they are. */
static bool emit_same_length(MigNext *next, const MigItem *item, uint8_t *bytes,
                             GError **error)
{
    g_autoptr(GBytes) held = g_bytes_new_take(bytes, item->length);
    MigItem changed = *item;

    changed.bytes = held;
    return mig_next_emit(next, &changed, error);
}

/* A copy of the first @n bytes of @item, and zeros for the others. */
static uint8_t *begin_only(MigNext *next, const MigItem *item, uint64_t n, GError **error)
{
    const uint8_t *p = mig_next_bytes(next, item, error);
    uint8_t *bytes;

    if (!p || !mig_next_room(next, item->length, error)) {
        return NULL;
    }
    bytes = g_malloc0(MAX(item->length, 1));
    memcpy(bytes, p, MIN(n, item->length));
    return bytes;
}

/* Appends @n bytes of a thing to what was gathered of it, for which there has to be room for
 * @room bytes before the first of them. */
static bool gather(Redact *redact, MigNext *next, const void *bytes, size_t n,
                   uint64_t room, GError **error)
{
    if (!redact->pieces && !mig_next_room(next, room, error)) {
        return false;
    }
    if (!redact->pieces) {
        redact->pieces = g_byte_array_new();
    }
    g_byte_array_append(redact->pieces, bytes, (guint)n);
    return true;
}

/* --- VFIO --------------------------------------------------------------------------------- */

static bool vfio_record(Redact *redact, MigNext *next, const MigItem *item,
                        GError **error)
{
    const uint8_t *p = mig_next_bytes(next, item, error), *payload;
    g_autofree uint8_t *copy = NULL;
    uint8_t *bytes;
    size_t n, head;

    if (!p || !mig_next_room(next, 2 * item->length, error)) {
        return false;
    }
    if (!item->piece && !item->vfio.payload_length) {
        return mig_next_emit(next, item, error);
    }
    payload = mig_vfio_item_payload(item, p, &n);
    head = item->length - n;
    copy = g_memdup2(payload, n);
    bytes = begin_only(next, item, head, error);
    if (!bytes) {
        return false;
    }
    redact->vfio_bytes += n;
    if (item->vfio.has_payload && item->length == item->whole) {
        mig_redact_vfio(copy, n, mig_reader_budget(mig_next_reader(next)), bytes + head);
    }
    return emit_same_length(next, item, bytes, error);
}

/* --- devices ------------------------------------------------------------------------------ */

static void tell_device(Redact *redact, MigNext *next, const MigItem *item,
                        const MigRedacted *redacted)
{
    redact->devices++;
    redact->fields += redacted->fields;
    redact->lost += !redacted->is_whole;
    if (!redacted->is_whole) {
        mig_next_report(
            next, item->section,
            "all of it is zero: without its values nobody can tell its fields, "
            "or it has too many");
    } else if (redacted->kept) {
        mig_next_report(next, item->section, "kept, for they tell what follows: %s",
                        redacted->names->str);
    }
}

static void blank_device(Redact *redact, MigNext *next, const MigItem *item,
                         const GByteArray *body, uint8_t *bytes)
{
    MigReader *reader = mig_next_reader(next);
    MigBudget *budget = mig_reader_budget(reader);
    MigRedacted redacted = { .names = g_string_new(NULL) };
    MigDeviceState device = { .bytes = body->data,
                              .length = body->len,
                              .offset = item->offset - item->piece };
    g_autofree char *json = mig_device_description_text(
        budget, mig_reader_input(reader), mig_reader_description(reader),
        item->section->name, item->section->instance_id, &device.json_length);

    device.json = json;
    mig_redact_device(&device, budget, bytes, &redacted);
    tell_device(redact, next, item, &redacted);
    g_string_free(redacted.names, TRUE);
    if (g_str_equal(item->section->name, "globalstate")) {
        mig_redact_run_state(body->data, body->len, bytes);
    }
}

/* A piece of a body that is longer than any that is decoded, or an empty one. */
static bool undecoded_state(Redact *redact, MigNext *next, const MigItem *item,
                            GError **error)
{
    uint8_t *bytes = begin_only(next, item, 0, error);

    if (bytes && item->whole && !item->piece) {
        tell_device(redact, next, item, &(MigRedacted){ 0 });
    }
    return bytes && emit_same_length(next, item, bytes, error);
}

static bool device_state(Redact *redact, MigNext *next, const MigItem *item,
                         GError **error)
{
    g_autoptr(GByteArray) body = NULL;
    g_autofree uint8_t *bytes = NULL;
    const uint8_t *p;

    if (!item->whole || item->whole > MIG_DEVICE_BODY_MAX) {
        return undecoded_state(redact, next, item, error);
    }
    p = mig_next_bytes(next, item, error);
    if (!p || !gather(redact, next, p, item->length, STATE_COPIES * item->whole, error)) {
        return false;
    }
    if (redact->pieces->len < item->whole) {
        return true;
    }
    body = g_steal_pointer(&redact->pieces);
    bytes = g_malloc0(body->len);
    blank_device(redact, next, item, body, bytes);
    return mig_next_emit_bytes(next, item, item->kind, bytes, body->len, error);
}

/* --- the others --------------------------------------------------------------------------- */

static bool configuration(Redact *redact, MigNext *next, const MigItem *item,
                          GError **error)
{
    static const uint8_t zeros[MIG_UUID_LENGTH];
    const uint8_t *p = mig_next_bytes(next, item, error);
    const MigConfiguration *conf = mig_reader_configuration(mig_next_reader(next));
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigConfigurationParts parts;

    if (!p) {
        return false;
    }
    if (!conf || !conf->uuid) {
        return mig_next_emit(next, item, error);
    }
    redact->had_uuid = true;
    parts = mig_configuration_parts(item, p);
    mig_configuration_encode_uuid(&parts, zeros, bytes);
    return mig_next_emit_bytes(next, item, MIG_ITEM_CONFIGURATION, bytes->data,
                               bytes->len, error);
}

/* The block of the stream that is called that, or NULL. */
static const MigRamBlock *block_named(MigNext *next, const char *name, uint8_t n)
{
    return mig_reader_ram_block(mig_next_reader(next), name, n);
}

/* Whether each range is pages of the block. */
static bool is_discard(MigNext *next, const MigItem *item, const uint8_t *p)
{
    MigDiscard discard;
    const MigRamBlock *block = mig_discard_parse(p, item->length, &discard)
                                   ? block_named(next, discard.name, discard.name_length)
                                   : NULL;

    return block && mig_discard_has_pages(&discard, block->used_length,
                                          mig_reader_page_size(mig_next_reader(next)));
}

/* Whether the payload is what QEMU makes of that command: numbers, and names of RAM blocks. */
static bool payload_is_known(MigNext *next, const MigItem *item, const uint8_t *p)
{
    const uint8_t *payload = mig_command_payload(p);

    switch (item->command.id) {
    case MIG_CMD_POSTCOPY_ADVISE:
        return mig_command_advises(payload, item->command.length,
                                   mig_reader_page_size(mig_next_reader(next)));
    case MIG_CMD_POSTCOPY_RAM_DISCARD:
        return is_discard(next, item, p);
    case MIG_CMD_RECV_BITMAP:
        return item->command.length && item->command.length == 1u + payload[0] &&
               block_named(next, (const char *)payload + 1, payload[0]);
    default:
        return mig_command_length(item->command.id) == item->command.length;
    }
}

static bool command(Redact *redact, MigNext *next, const MigItem *item, GError **error)
{
    const uint8_t *p = mig_next_bytes(next, item, error);
    uint8_t *bytes;

    if (!p || payload_is_known(next, item, p)) {
        return p && mig_next_emit(next, item, error);
    }
    bytes = begin_only(next, item, (uint64_t)(mig_command_payload(p) - p), error);
    redact->commands++;
    return bytes && emit_same_length(next, item, bytes, error);
}

static bool emit_text(MigNext *next, const MigItem *item, const MigRedactedText *redacted,
                      GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const GString *text = redacted->text;
    MigItem changed = *item;

    if (redacted->n_others) {
        mig_next_report(next, NULL,
                        "of the description %" PRIu64
                        " members were left out that QEMU does not write",
                        redacted->n_others);
    }
    if (!redacted->is_whole) {
        mig_next_report(next, NULL,
                        "of the description %zu bytes stay, after which it is no JSON",
                        redacted->n_json);
    }
    changed.description.json_length = (uint32_t)text->len;
    mig_description_encode((uint32_t)text->len, text->str, text->len, bytes);
    return mig_next_emit_bytes(next, &changed, MIG_ITEM_DESCRIPTION, bytes->data,
                               bytes->len, error);
}

/* A description that nobody looks into is zero. */
static bool description(Redact *redact, MigNext *next, const MigItem *item,
                        GError **error)
{
    const uint8_t *p = mig_next_bytes(next, item, error);
    MigRedactedText redacted = { 0 };
    const char *json;
    size_t n;
    bool ok;

    if (!p) {
        return false;
    }
    json = mig_description_item_json(item, p, &n);
    if (item->description.json_length > MIG_DESCRIPTION_MAX) {
        uint8_t *bytes = begin_only(next, item, item->length - n, error);

        return bytes && emit_same_length(next, item, bytes, error);
    }
    if (!gather(redact, next, json, n, TEXT_COPIES * item->whole, error)) {
        return false;
    }
    if (redact->pieces->len < item->description.json_length) {
        return true;
    }
    mig_redact_description((const char *)redact->pieces->data, redact->pieces->len,
                           &redacted);
    g_clear_pointer(&redact->pieces, g_byte_array_unref);
    ok = emit_text(next, item, &redacted, error);
    g_string_free(redacted.text, TRUE);
    return ok;
}

static bool refuse(MigNext *next, const MigItem *item, GError **error)
{
    switch (item->kind) {
    case MIG_ITEM_MAPPED_HEADER:
    case MIG_ITEM_MAPPED_BITMAP:
    case MIG_ITEM_MAPPED_PAGES:
        return mig_next_refuse(next, item, NULL, error,
                               "a mapped-ram file is redacted after the filter "
                               "mapped-ram:to=plain");
    case MIG_ITEM_RECORD:
        return mig_next_refuse(next, item, item->section, error,
                               "nobody can tell what of its records is secret; "
                               "drop-section takes it out");
    default:
        return mig_next_refuse(next, item, item->section, error,
                               "a capture is redacted after the filter fold, which makes "
                               "one stream of it");
    }
}

static bool redact_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Redact *redact = state;

    switch (item->kind) {
    case MIG_ITEM_FILE_HEADER:
    case MIG_ITEM_SECTION_HEADER:
    case MIG_ITEM_SECTION_FOOTER:
    case MIG_ITEM_RAM_LIST:
    case MIG_ITEM_RAM_BLOCK:
    case MIG_ITEM_RAM_MARK:
    case MIG_ITEM_EOF:
        return mig_next_emit(next, item, error);
    case MIG_ITEM_COMMAND:
        return command(redact, next, item, error);
    case MIG_ITEM_DESCRIPTION:
        return description(redact, next, item, error);
    case MIG_ITEM_CONFIGURATION:
        return configuration(redact, next, item, error);
    case MIG_ITEM_RAM_PAGES:
        return item->channel ? refuse(next, item, error)
                             : mig_redact_pages(&redact->pages, next, item, error);
    case MIG_ITEM_VFIO_RECORD:
        return vfio_record(redact, next, item, error);
    case MIG_ITEM_DEVICE_STATE:
        return device_state(redact, next, item, error);
    case MIG_ITEM_PADDING:
    case MIG_ITEM_TRAILING:
        redact->cut_off += item->length;
        return true;
    default:
        return refuse(next, item, error);
    }
}

static bool redact_finish(void *state, MigNext *next, GError **error)
{
    const Redact *redact = state;

    (void)error;
    mig_next_report(next, NULL,
                    "%" PRIu64 " pages with content became %s; %" PRIu64
                    " bytes of VFIO devices and %" PRIu64 " values of %" PRIu64
                    " devices are blank, %" PRIu64 " of these as a whole, and %" PRIu64
                    " commands; %" PRIu64 " bytes after the end were cut off%s",
                    redact->pages.n, redact->pages.equal ? "numbers" : "zero",
                    redact->vfio_bytes, redact->fields, redact->devices, redact->lost,
                    redact->commands, redact->cut_off,
                    redact->had_uuid ? "; the UUID is zero" : "");
    mig_next_report(next, NULL,
                    "kept: names, lengths, versions and order of sections, blocks and "
                    "fields; the machine type and capabilities; commands that QEMU has; "
                    "what QEMU writes in the description; of PCI configuration space the "
                    "header and the chain "
                    "of capabilities");
    return true;
}

static void redact_clear(void *state)
{
    Redact *redact = state;

    mig_redact_pages_clear(&redact->pages);
    g_clear_pointer(&redact->pieces, g_byte_array_unref);
}

static const MigFilterOption redact_options[] = {
    { "pages", "zero|equal",
      "Whether guest memory becomes zero (default), or each page the number of the first "
      "one like it" },
    { 0 },
};

const MigFilterType mig_filter_redact = {
    .name = "redact",
    .summary = "blank what the guest had in memory and devices, for a stranger to read",
    .gives_up = "what the guest had in memory and devices: QEMU loads no guest from it",
    .options = redact_options,
    .handles = MIG_ITEM_BITS_ALL,
    .changes_ram = true,
    .decodes = true,
    .page_kinds = MIG_PAGE_BITS_ALL,
    .state_size = sizeof(Redact),
    .configure = redact_configure,
    .event = redact_event,
    .finish = redact_finish,
    .clear = redact_clear,
};
