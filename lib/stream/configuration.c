/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the CONFIGURATION section and its subsections.
 * Must not know: what follows it.
 * See also:      stream/grammar.c; stream/page-size.c.
 *
 *   u8 0x07 | be32 length | machine name, no NUL
 *   then subsections: u8 0x05 | pstr8 name | be32 version | fields
 *     configuration/target-page-bits   be32 bits
 *     configuration/capabilities       be32 count, count x pstr8
 *     configuration/uuid               16 bytes
 * QEMU 2.4 to 2.8 wrote the name only, and so does a later one that has nothing to add.
 * Source: migration/savevm.c, vmstate_configuration, 5.2 to 10.2.
 */
#include "stream/configuration.h"

#include <string.h>

#include "io/input-live.h"
#include "stream/reader-private.h"
#include "stream/defect.h"

#define PAGE_BITS    "configuration/target-page-bits"
#define CAPABILITIES "configuration/capabilities"
#define UUID         "configuration/uuid"

#define UUID_LENGTH MIG_UUID_LENGTH
#define NAME_OFFSET 5u /* of the machine's name, after type and length */

/* Walks the section's bytes; a read beyond them is remembered and yields zeros. */
typedef struct Cursor {
    const uint8_t *p;
    size_t n, at;
    uint64_t wanted; /* bytes of the section that are needed to go on, if beyond */
    bool beyond;
} Cursor;

static const uint8_t *take(Cursor *c, size_t n)
{
    if (!c->beyond && n > c->n - c->at) {
        c->beyond = true;
        c->wanted = c->at + (uint64_t)n;
    }
    if (c->beyond) {
        return NULL;
    }
    c->at += n;
    return c->p + c->at - n;
}

static uint32_t take_be32(Cursor *c)
{
    const uint8_t *p = take(c, 4);

    return p ? mig_be32(p) : 0;
}

/* A pstr8, kept as long as the reader. */
static const char *take_pstr8(MigReader *r, Cursor *c)
{
    const uint8_t *n = take(c, 1);
    const uint8_t *p = n ? take(c, *n) : NULL;

    return p ? g_string_chunk_insert_len(r->strings, (const char *)p, *n) : "";
}

MigConfigurationParts mig_configuration_parts(const MigItem *item, const uint8_t *bytes)
{
    MigConfigurationParts parts = { .machine = (const char *)bytes + NAME_OFFSET,
                                    .machine_length = mig_be32(bytes + 1) };

    parts.subsections = bytes + NAME_OFFSET + parts.machine_length;
    parts.subsections_length =
        (uint32_t)(item->length - NAME_OFFSET - parts.machine_length);
    return parts;
}

char *mig_configuration_uuid_text(const MigConfiguration *configuration)
{
    const uint8_t *uuid = configuration->uuid;
    GString *text = uuid ? g_string_new(NULL) : NULL;

    for (unsigned i = 0; uuid && i < UUID_LENGTH; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;

        g_string_append_printf(text, "%s%02x", dash ? "-" : "", uuid[i]);
    }
    return text ? g_string_free(text, false) : NULL;
}

void mig_configuration_encode(const MigConfigurationParts *parts, GByteArray *out)
{
    mig_append_u8(out, MIG_CONFIGURATION);
    mig_append_be32(out, parts->machine_length);
    g_byte_array_append(out, (const guint8 *)parts->machine, parts->machine_length);
    g_byte_array_append(out, parts->subsections, parts->subsections_length);
}

/* --- capabilities, written --- */

/* Walks the list of capabilities at @c; appends to @kept all but @capability, and counts them. */
static uint32_t keep_others(Cursor *c, const char *capability, GByteArray *kept)
{
    uint32_t n = 0;

    for (uint32_t count = take_be32(c); count > 0 && !c->beyond; count--) {
        const uint8_t *length = take(c, 1);
        const uint8_t *name = length ? take(c, *length) : NULL;

        if (name &&
            (*length != strlen(capability) || memcmp(name, capability, *length) != 0)) {
            mig_append_pstr8(kept, name, *length);
            n++;
        }
    }
    return n;
}

/* The subsection of @n capabilities; none is what QEMU writes of no capability. */
static void append_capabilities(uint32_t n, const GByteArray *names, GByteArray *out)
{
    if (n) {
        mig_append_u8(out, MIG_SUBSECTION);
        mig_append_pstr8(out, CAPABILITIES, sizeof(CAPABILITIES) - 1);
        mig_append_be32(out, 1);
        mig_append_be32(out, n);
        g_byte_array_append(out, names->data, names->len);
    }
}

/* The subsection called @name, from *at on, or where it would be; bytes of it, 0 if there is none.
 * The reader has accepted all of them. */
static uint32_t find_subsection(const MigConfigurationParts *parts, const char *name,
                                size_t *at)
{
    Cursor c = { .p = parts->subsections, .n = parts->subsections_length };
    bool first = strcmp(name, UUID) != 0;

    *at = 0;
    while (c.at < c.n && !c.beyond) {
        size_t begins = c.at;
        uint32_t count = 0;
        const uint8_t *n = take(&c, 2);
        const uint8_t *p = n ? take(&c, n[1]) : NULL;
        bool found = p && n[1] == strlen(name) && memcmp(p, name, n[1]) == 0;
        bool bits = p && n[1] == strlen(PAGE_BITS) && memcmp(p, PAGE_BITS, n[1]) == 0;

        take(&c, 4); /* the version */
        if (p && n[1] == strlen(CAPABILITIES) && memcmp(p, CAPABILITIES, n[1]) == 0) {
            for (count = take_be32(&c); count > 0 && !c.beyond; count--) {
                p = take(&c, 1);
                take(&c, p ? *p : 0);
            }
        } else {
            take(&c, bits ? 4 : UUID_LENGTH);
        }
        if (found) {
            *at = begins;
            return (uint32_t)(c.at - begins);
        }
        *at = !first || bits ? c.at : *at;
    }
    return 0;
}

/* @parts up to the subsection that is at @at, or up to where it is to be. */
static void append_before(const MigConfigurationParts *parts, size_t at, GByteArray *out)
{
    MigConfigurationParts before = *parts;

    before.subsections_length = (uint32_t)at;
    mig_configuration_encode(&before, out);
}

static void append_from(const MigConfigurationParts *parts, size_t at, GByteArray *out)
{
    g_byte_array_append(out, parts->subsections + at,
                        parts->subsections_length - (guint)at);
}

void mig_configuration_encode_capability(const MigConfigurationParts *parts,
                                         const char *capability, bool has,
                                         GByteArray *out)
{
    size_t at;
    uint32_t length = find_subsection(parts, CAPABILITIES, &at), n = 0;
    g_autoptr(GByteArray) names = g_byte_array_new();

    if (length) {
        Cursor c = { .p = parts->subsections, .n = at + length, .at = at };

        take(&c, 2 + strlen(CAPABILITIES) + 4);
        n = keep_others(&c, capability, names);
    }
    if (has) {
        mig_append_pstr8(names, capability, (uint8_t)strlen(capability));
        n++;
    }
    append_before(parts, at, out);
    append_capabilities(n, names, out);
    append_from(parts, at + length, out);
}

void mig_configuration_encode_uuid(const MigConfigurationParts *parts,
                                   const uint8_t *uuid, GByteArray *out)
{
    size_t at;
    uint32_t length = find_subsection(parts, UUID, &at);

    append_before(parts, at, out);
    if (uuid) {
        mig_append_u8(out, MIG_SUBSECTION);
        mig_append_pstr8(out, UUID, sizeof(UUID) - 1);
        mig_append_be32(out, 1);
        g_byte_array_append(out, uuid, UUID_LENGTH);
    }
    append_from(parts, at + length, out);
}

/* --- read --- */

static bool read_page_bits(MigReader *r, MigConfiguration *conf, Cursor *c)
{
    uint32_t bits = take_be32(c);

    conf->has_page_bits = true;
    conf->page_bits = bits;
    if (bits < 32 && 1u << bits >= MIG_PAGE_SIZE_MIN && 1u << bits <= MIG_PAGE_SIZE_MAX) {
        mig_ram_state_set_page_size(r->ram, 1u << bits, true);
        return true;
    }
    return c->beyond;
}

static bool read_capabilities(MigReader *r, MigConfiguration *conf, Cursor *c)
{
    uint32_t count = take_be32(c);

    g_ptr_array_set_size(r->capabilities, 0);
    for (uint32_t i = 0; i < count && !c->beyond; i++) {
        const char *name = take_pstr8(r, c);

        g_ptr_array_add(r->capabilities, (gpointer)(uintptr_t)name);
        conf->x_ignore_shared |= g_str_equal(name, "x-ignore-shared");
        conf->mapped_ram |= g_str_equal(name, "mapped-ram");
    }
    g_ptr_array_add(r->capabilities, NULL);
    conf->capabilities = (const char *const *)(void *)r->capabilities->pdata;
    return true;
}

static bool read_uuid(MigReader *r, MigConfiguration *conf, Cursor *c)
{
    const uint8_t *p = take(c, UUID_LENGTH);

    if (p) {
        memcpy(r->uuid, p, UUID_LENGTH);
        conf->uuid = r->uuid;
    }
    return true;
}

static const struct {
    const char *name;
    bool (*read)(MigReader *r, MigConfiguration *conf, Cursor *c);
} subsections[] = {
    { PAGE_BITS, read_page_bits },
    { CAPABILITIES, read_capabilities },
    { UUID, read_uuid },
};

static MigStatus read_subsection(MigReader *r, MigConfiguration *conf, Cursor *c,
                                 uint64_t offset, GError **error)
{
    uint64_t at = offset + c->at - 1;
    const char *name = take_pstr8(r, c);
    uint32_t version = take_be32(c);

    for (size_t i = 0; i < G_N_ELEMENTS(subsections) && !c->beyond; i++) {
        if (!g_str_equal(name, subsections[i].name)) {
            continue;
        }
        if (version != 1 || !subsections[i].read(r, conf, c)) {
            return mig_reader_malformed(
                r, at, MIG_DEFECT_CONFIGURATION_MALFORMED, error,
                "subsection %s has a version or value that no QEMU "
                "writes (version %u)",
                name, version);
        }
        return MIG_STATUS_MORE;
    }
    if (c->beyond) {
        return MIG_STATUS_MORE;
    }
    return mig_reader_malformed(r, at, MIG_DEFECT_CONFIGURATION_MALFORMED, error,
                                "unknown subsection %s", name);
}

/* Whether more bytes than the @need that there had to be may come, and say something else. */
static bool may_go_on(const Cursor *c, size_t need)
{
    return c->n >= need && c->n < MIG_CONFIGURATION_MAX && (c->beyond || c->at >= c->n);
}

/* Of an input that is live, from the first @need bytes and what else has come. */
static MigStatus read_configuration(MigReader *r, MigItem *item, size_t need, Cursor *at,
                                    GError **error)
{
    Cursor c = { .at = 1 };
    MigConfiguration conf = { 0 };
    const uint8_t *name;

    c.p = mig_input_peek_ahead(r->in, need, MIG_CONFIGURATION_MAX, &c.n);
    c.n = MIN(c.n, MIG_CONFIGURATION_MAX);
    *at = c;
    conf.machine_length = take_be32(&c);
    name = take(&c, conf.machine_length);
    if (name) {
        conf.machine = g_string_chunk_insert_len(r->strings, (const char *)name,
                                                 conf.machine_length);
        mig_ram_state_set_page_size(r->ram, mig_page_size_of_machine(conf.machine),
                                    false);
    }
    while (!c.beyond && c.at < c.n && c.p[c.at] == MIG_SUBSECTION) {
        c.at++;
        if (read_subsection(r, &conf, &c, item->offset, error) == MIG_STATUS_ERROR) {
            return MIG_STATUS_ERROR;
        }
    }
    *at = c;
    if (c.beyond && may_go_on(&c, need)) {
        return MIG_STATUS_ERROR; /* which nobody is told of */
    }
    if (c.beyond) {
        if (c.n == MIG_CONFIGURATION_MAX) {
            return mig_reader_malformed(r, item->offset,
                                        MIG_DEFECT_CONFIGURATION_MALFORMED, error,
                                        "longer than %u bytes: the machine's name is "
                                        "said to have %u",
                                        MIG_CONFIGURATION_MAX, conf.machine_length);
        }
        return mig_reader_lacks(r, item->offset, c.wanted, c.n, "configuration", error);
    }
    r->configuration = conf;
    r->has_configuration = true;
    item->kind = MIG_ITEM_CONFIGURATION;
    item->length = c.at;
    return MIG_STATUS_MORE;
}

MigStatus mig_configuration_next(MigReader *r, MigItem *item, GError **error)
{
    MigStatus status;
    size_t need = 0;
    Cursor c = { 0 };

    do {
        g_clear_error(error);
        need = c.n + 1;
        status = read_configuration(r, item, need, &c, error);
    } while (may_go_on(&c, need));
    return status;
}
