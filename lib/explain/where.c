/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see where.h; which message looks for what.
 * Must not know: how it is shown; how a log was read.
 * See also:      explain/where-stream.c, where-fields.c and where-rings.c, the searches.
 */
#include "explain/where.h"

#include <inttypes.h>
#include <string.h>

#include "io/alloc.h"
#include "stream/address-exact.h"
#include "stream/vfio.h"

/* Bodies that are looked into, where no message names the section. */
#define BODIES_MAX 4096u

static const struct {
    const char *id;
    MigWhereFind *find;
} finds[] = {
    { "magic", mig_where_wrapper },
    { "machine", mig_where_machine },
    { "capability-differs", mig_where_capability },
    { "runstate-transition", mig_where_run_state },
    { "enum-value", mig_where_run_state },
    { "section-failed", mig_where_silent },
    { "section-unknown", mig_where_section },
    { "section-version", mig_where_section },
    { "state-too-old", mig_where_section_dropped },
    { "subsection-unknown", mig_where_subsection },
    { "subsection-failed", mig_where_subsection },
    { "subsection-trace", mig_where_subsection },
    { "footer-missing", mig_where_shape },
    { "footer-id", mig_where_shape },
    { "hook-failed", mig_where_shape },
    { "field-failed", mig_where_field },
    { "validation", mig_where_field },
    { "value-equal", mig_where_field },
    { "value-too-large", mig_where_field },
    { "command-unknown", mig_where_command },
    { "command-deprecated", mig_where_command },
    { "ping-without-path", mig_where_command },
    { "return-path-failed", mig_where_command },
    { "ram-block-unknown", mig_where_block },
    { "ram-block-size", mig_where_block },
    { "ram-block-too-large", mig_where_block },
    { "ram-page-block", mig_where_block },
    { "ram-block-address", mig_where_block },
    { "ram-flags", mig_where_pages },
    { "ram-compressed", mig_where_pages },
    { "pci-config", mig_where_pci },
    { "virtio-features", mig_where_features },
    { "virtio-ring-index", mig_where_ring },
    { "virtio-ring-size", mig_where_ring },
    { "virtio-ring-address", mig_where_ring },
    { "arm-register-unknown", mig_where_arm_register },
    { "arm-register-refused", mig_where_arm_register },
    { "usb-redir", mig_where_section_dropped },
    { "pbs-state", mig_where_section_dropped },
    { "vfio-switchover-ack", mig_where_init_data },
};

static MigWhereFind *find_of(const MigMessage *message)
{
    for (size_t i = 0; i < G_N_ELEMENTS(finds); i++) {
        if (g_str_equal(finds[i].id, message->id)) {
            return finds[i].find;
        }
    }
    return NULL;
}

/* --- what was found ----------------------------------------------------------------------- */

static void clear_place(gpointer p)
{
    MigExplainPlace *place = p;

    g_free((char *)(uintptr_t)place->address);
    g_free((char *)(uintptr_t)place->value);
    g_free((char *)(uintptr_t)place->note);
}

static void clear_repair(gpointer p)
{
    MigExplainRepair *repair = p;

    g_strfreev((char **)(uintptr_t)repair->filters);
    g_free((char *)(uintptr_t)repair->gives_up);
}

void mig_where_add(MigWhere *where, uint64_t offset, const char *address,
                   const char *value, const char *note)
{
    const MigExplainPlace place = {
        offset, g_strdup(address), g_strdup(value), g_strdup(note), { 0 }
    };

    if (where->places->len < MIG_PLACES_MAX) {
        g_array_append_val(where->places, place);
    } else {
        clear_place((gpointer)(uintptr_t)&place);
    }
}

char *mig_where_address(const MigWhere *where, const MigField *field)
{
    const MigSection *section = where->body->section;
    g_autofree char *escaped = mig_address_escape(section->name);
    g_autofree char *name = mig_address_of_section(escaped, section->instance_id);
    g_autofree char *path = mig_address_escape(field->path);

    return g_strconcat(name, ":", path, NULL);
}

#define TEXT_MAX 64u

/* Bytes that are text up to their end, or up to a zero, in quotes; else NULL. */
static char *text_of(const MigField *field)
{
    size_t n = 0;

    while (field->bytes && n < field->length && n < TEXT_MAX &&
           g_ascii_isprint(field->bytes[n]) && field->bytes[n] != '"') {
        n++;
    }
    return n && (n == field->length || field->bytes[n] == 0)
               ? g_strdup_printf("\"%.*s\"", (int)n, (const char *)field->bytes)
               : NULL;
}

/* The value of a leaf as text; NULL where it has none to show. */
static char *value_of(const MigField *field)
{
    switch (field->kind) {
    case MIG_FIELD_UINT:
        return g_strdup_printf("0x%0*" PRIx64, (int)MIN(field->length * 2, 16), field->u);
    case MIG_FIELD_INT:
        return g_strdup_printf("%" PRId64, field->i);
    case MIG_FIELD_BOOL:
        return g_strdup(field->u ? "true" : "false");
    case MIG_FIELD_BYTES:
        return text_of(field);
    default:
        return NULL;
    }
}

void mig_where_add_field(MigWhere *where, const MigField *field)
{
    g_autofree char *address = mig_where_address(where, field);
    g_autofree char *value = value_of(field);

    where->several |= where->only && where->only != where->body->section;
    where->only = where->body->section;
    mig_where_add(where, field->offset, address, value, field->note);
}

void mig_where_repair(MigWhere *where, bool lossy, const char *gives_up)
{
    const MigExplainRepair repair = {
        (const char *const *)(void *)g_new0(char *, 1), g_strdup(gives_up), lossy, { 0 }
    };

    g_array_append_val(where->repairs, repair);
}

void mig_where_filter(MigWhere *where, const char *format, ...)
{
    MigExplainRepair *repair =
        &g_array_index(where->repairs, MigExplainRepair, where->repairs->len - 1);
    char **filters = (char **)(uintptr_t)repair->filters;
    guint n = g_strv_length(filters);
    va_list args;

    filters = g_renew(char *, filters, n + 2);
    va_start(args, format);
    filters[n] = g_strdup_vprintf(format, args);
    va_end(args);
    filters[n + 1] = NULL;
    repair->filters = (const char *const *)(void *)filters;
}

/* --- reading ------------------------------------------------------------------------------ */

MigWhere *mig_where_new(const MigMessageMatch *match, const char *section,
                        uint32_t instance_id, GPtrArray *facts)
{
    MigWhere *where = g_new0(MigWhere, 1);

    where->match = match;
    where->section = section;
    where->instance_id = instance_id;
    where->facts = facts;
    where->bodies = g_array_new(FALSE, FALSE, sizeof(MigWhereBody));
    where->items = g_array_new(FALSE, FALSE, sizeof(MigWhereItem));
    where->places = g_array_new(FALSE, FALSE, sizeof(MigExplainPlace));
    where->repairs = g_array_new(FALSE, FALSE, sizeof(MigExplainRepair));
    g_array_set_clear_func(where->places, clear_place);
    g_array_set_clear_func(where->repairs, clear_repair);
    return where;
}

void mig_where_free(MigWhere *where)
{
    if (where) {
        mig_rings_free(where->rings);
        g_array_unref(where->bodies);
        g_array_unref(where->items);
        g_array_unref(where->places);
        g_array_unref(where->repairs);
        g_free(where);
    }
}

static bool wants(const MigWhere *where, const MigSection *section)
{
    return !where->section || (section && g_str_equal(section->name, where->section) &&
                               section->instance_id == where->instance_id);
}

static void add_body(MigWhere *where, const MigWhereBody *body)
{
    if (where->bodies->len < BODIES_MAX) {
        g_array_append_val(where->bodies, *body);
    }
}

static void end_body(MigWhere *where)
{
    if (where->current.section) {
        add_body(where, &where->current);
    }
    where->current.section = NULL;
}

/* Whether the message is about that section, which it names, or which alone has such messages and
 * is no device state. */
static bool is_meant(const MigWhere *where, const MigSection *section)
{
    return where->section ? wants(where, section)
                          : g_str_equal(where->match->message->id, "pbs-state") &&
                                mig_section_has_handler(section, "pbs-state");
}

static void watch_header(MigWhere *where, const MigItem *item)
{
    const MigSection *section = item->section;

    if (!wants(where, section)) {
        return;
    }
    if (!where->found && is_meant(where, section)) {
        where->found = section;
        where->header = item->offset;
    }
    if (item->type == MIG_SECTION_FULL && !mig_section_is_vfio(section)) {
        where->current = (MigWhereBody){ section, item->offset + item->length, 0, false };
    }
}

/* A device sends its configuration once, or again and again: the last one is in force. */
static void watch_vfio(MigWhere *where, const MigItem *item)
{
    MigWhereBody body = { .section = item->section, .vfio = true };
    size_t n = 0;

    if (item->channel == 0 && wants(where, item->section) &&
        mig_vfio_read_config(where->reader, item, &n, &body.offset)) {
        body.length = n;
        for (guint i = 0; i < where->bodies->len; i++) {
            MigWhereBody *before = &g_array_index(where->bodies, MigWhereBody, i);

            if (before->section == body.section) {
                *before = body;
                return;
            }
        }
        add_body(where, &body);
    }
}

static void watch_listed(MigWhere *where, const MigItem *item)
{
    bool block = item->kind == MIG_ITEM_RAM_BLOCK;
    const MigWhereItem found = { block ? item->block : NULL, block ? 0 : item->command.id,
                                 item->offset };

    if (where->items->len < BODIES_MAX) {
        g_array_append_val(where->items, found);
    }
}

static void watch(MigWhere *where, const MigItem *item)
{
    if (where->rings) {
        mig_rings_watch(where->rings, item);
    }
    if (item->kind == MIG_ITEM_RAM_PAGES) {
        where->page_kinds |= 1u << item->pages.kind;
    }
    if (!item->section || item->kind == MIG_ITEM_SECTION_HEADER ||
        item->kind == MIG_ITEM_SECTION_FOOTER) {
        end_body(where);
    }
    if (item->section && item->kind == MIG_ITEM_SECTION_HEADER) {
        watch_header(where, item);
    } else if (where->current.section) {
        where->current.length += item->length;
    } else if (item->kind == MIG_ITEM_COMMAND || item->kind == MIG_ITEM_RAM_BLOCK) {
        watch_listed(where, item);
    } else if (item->section && item->kind == MIG_ITEM_VFIO_RECORD &&
               item->vfio.has_payload) {
        watch_vfio(where, item);
    }
}

/* Of a payload, which is short: configuration space and a table of interrupts. */
static void decode_payload(const MigWhere *where, const MigDecoder *decoder)
{
    g_autofree uint8_t *bytes = mig_try_alloc(where->body->length);

    if (bytes && mig_input_read_at(mig_reader_input(where->reader), where->body->offset,
                                   bytes, where->body->length) == where->body->length) {
        mig_vfio_payload_decode(decoder, bytes, where->body->length, where->body->offset);
    }
}

static void decode_section(const MigWhere *where, const MigDecoder *decoder)
{
    const MigWhereBody *body = where->body;
    const MigDeviceBody device = { .name = body->section->name,
                                   .instance_id = body->section->instance_id,
                                   .version_id = body->section->version_id,
                                   .offset = body->offset,
                                   .length = body->length };
    bool matches;

    mig_device_decode_at(decoder, mig_reader_input(where->reader),
                         mig_reader_description(where->reader), &device, &matches, NULL);
}

void mig_where_decode(MigWhere *where, MigFieldVisit *visit, void *user)
{
    const MigDecoder decoder = { .budget = mig_reader_budget(where->reader),
                                 .visit = visit,
                                 .user = user };

    for (guint i = 0; i < where->bodies->len; i++) {
        const MigWhereBody *body = &g_array_index(where->bodies, MigWhereBody, i);

        where->body = body;
        if (body->vfio) {
            decode_payload(where, &decoder);
        } else {
            decode_section(where, &decoder);
        }
    }
    where->body = NULL;
}

void mig_where_again(MigWhere *where, const char *section, uint32_t instance_id)
{
    where->section = section;
    where->instance_id = instance_id;
    for (guint i = where->bodies->len; i-- > 0;) {
        if (!wants(where, g_array_index(where->bodies, MigWhereBody, i).section)) {
            g_array_remove_index(where->bodies, i);
        }
    }
    g_array_set_size(where->places, 0);
    g_array_set_size(where->repairs, 0);
    find_of(where->match->message)(where);
}

bool mig_where_read(MigWhere *where, MigReader *reader, GError **error)
{
    MigWhereFind *find = find_of(where->match->message);
    const MigItem *item;
    MigStatus status;

    where->reader = reader;
    mig_reader_join_pieces(reader);
    mig_reader_find_description(reader, NULL);
    if (g_str_equal(where->match->message->id, "virtio-ring-index")) {
        where->rings = mig_rings_new(reader);
    }
    while ((status = mig_reader_next(reader, &item, error)) == MIG_STATUS_MORE) {
        watch(where, item);
    }
    end_body(where);
    if (where->rings) {
        mig_rings_finish(where->rings);
    }
    if (find) {
        find(where);
    }
    if (status != MIG_STATUS_END) { /* convert takes no damaged stream */
        g_array_set_size(where->repairs, 0);
    }
    return status == MIG_STATUS_END;
}
