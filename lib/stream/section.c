/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          headers and footers of sections, the ids that headers bind, and handing a
 *                body to its parser.
 * Must not know: what is inside a body.
 * See also:      stream/grammar.c; stream/body.h; stream/outer.h, which reads and writes
 *                the structures.
 */
#include <string.h>

#include "stream/defect.h"
#include "stream/item-private.h"
#include "stream/outer-encode.h"
#include "stream/outer.h"
#include "stream/reader-private.h"
#include "stream/section-find.h"

/* --- what is known ------------------------------------------------------------------ */

static uint64_t word_of(const MigSection *section)
{
    return (uintptr_t)section;
}

static MigSection *section_of(const uint64_t *word)
{
    return word ? (MigSection *)(uintptr_t)*word : NULL;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return mig_section_compare(section_of(a), section_of(b));
}

/* Of an id and the section that has the index @section. */
static uint64_t binding_of(uint32_t id, uint32_t section)
{
    return (uint64_t)id << 32 | section;
}

static uint32_t id_of(const uint64_t *binding)
{
    return (uint32_t)(*binding >> 32);
}

static gint by_id(gconstpointer a, gconstpointer b)
{
    return (id_of(a) > id_of(b)) - (id_of(a) < id_of(b));
}

void mig_reader_init_sections(MigReader *r)
{
    r->sections = g_ptr_array_new_with_free_func(g_free);
    mig_sorted_init(&r->by_name, by_name);
    mig_sorted_init(&r->by_id, by_id);
}

void mig_reader_clear_sections(MigReader *r)
{
    mig_sorted_clear(&r->by_id);
    mig_sorted_clear(&r->by_name);
    g_ptr_array_unref(r->sections);
}

MigSection *mig_reader_find_section(const MigReader *r, const void *name, uint8_t n,
                                    uint32_t instance_id)
{
    g_autofree MigSection *section = mig_section_new(name, n);

    section->instance_id = instance_id;
    return section_of(mig_sorted_find(&r->by_name, word_of(section)));
}

size_t mig_reader_count_described(MigReader *r, const char *name)
{
    const MigDescription *d = mig_input_seekable(mig_reader_input(r))
                                  ? mig_reader_find_description(r, NULL)
                                  : NULL;

    if (g_strcmp0(r->counted_name, name) == 0) {
        return r->counted;
    }
    if (!d || !d->valid || !mig_budget_spend(&r->budget, d->n_devices)) {
        return 0;
    }
    g_free(r->counted_name);
    r->counted_name = g_strdup(name);
    r->counted = 0;
    for (size_t i = 0; i < d->n_devices; i++) {
        r->counted += g_str_equal(d->devices[i].name, name);
    }
    return r->counted;
}

MigSection *mig_reader_bound_section(const MigReader *r, uint32_t id)
{
    const uint64_t *binding = mig_sorted_find(&r->by_id, binding_of(id, 0));

    return binding ? g_ptr_array_index(r->sections, (uint32_t)*binding) : NULL;
}

/* --- headers ------------------------------------------------------------------------ */

/* The handler of that name and instance, made if it is new; NULL with *error at the limit. */
static MigSection *section_for(MigReader *r, const uint8_t *name, uint8_t name_length,
                               uint32_t instance_id, uint64_t offset, GError **error)
{
    g_autofree MigSection *section = mig_section_new(name, name_length);
    MigSection *known;

    section->instance_id = instance_id;
    known = section_of(mig_sorted_find(&r->by_name, word_of(section)));
    if (known) {
        return known;
    }
    r->name_bytes += name_length;
    if (r->sections->len == MIG_SECTIONS_MAX || r->name_bytes > MIG_SECTION_NAMES_MAX) {
        mig_error_set(error, MIG_ERROR_LIMIT, offset, MIG_DEFECT_SECTIONS_TOO_MANY,
                      "more than %u different sections, or %u bytes of their names",
                      MIG_SECTIONS_MAX, MIG_SECTION_NAMES_MAX);
        return NULL;
    }
    if (!mig_reader_spend(r, name_length, error)) {
        return NULL;
    }
    mig_section_set_body(section, mig_body_for(section->name));
    section->index = r->sections->len;
    g_ptr_array_add(r->sections, section);
    mig_sorted_add(&r->by_name, word_of(section));
    return g_steal_pointer(&section);
}

static MigStatus enter_body(MigReader *r, MigItem *item, MigSection *section, uint32_t id)
{
    item->kind = MIG_ITEM_SECTION_HEADER;
    item->section = r->grammar.section = section;
    item->section_id = r->grammar.section_id = id;
    item->type = r->grammar.type;
    memset(r->grammar.body_state, 0, sizeof(r->grammar.body_state));
    r->grammar.state = STATE_BODY;
    return MIG_STATUS_MORE;
}

/* Binds @id to @section, as a loader does; false with *error at the limit. */
static bool bind(MigReader *r, MigSection *section, uint32_t id, uint64_t offset,
                 GError **error)
{
    const uint64_t binding = binding_of(id, section->index);
    uint64_t *old = mig_sorted_find(&r->by_id, binding);

    section->id = id;
    if (old) {
        *old = binding;
        return true;
    }
    if (r->by_id.words->len == MIG_SECTIONS_MAX) {
        mig_error_set(error, MIG_ERROR_LIMIT, offset, MIG_DEFECT_SECTIONS_TOO_MANY,
                      "more than %u different section ids", MIG_SECTIONS_MAX);
        return false;
    }
    mig_sorted_add(&r->by_id, binding);
    return true;
}

/* The header at the start of @item, at least @n bytes of which are wanted. */
static bool need_header(MigReader *r, const MigItem *item, size_t n,
                        MigSectionHeader *header, GError **error)
{
    const uint8_t *p;

    do {
        p = mig_reader_need(r, item, n, "section header", error);
        if (!p) {
            return false;
        }
    } while (!mig_section_header_decode(p, n, header) && (n = header->length));
    return true;
}

MigStatus mig_section_long_header_next(MigReader *r, MigItem *item, GError **error)
{
    MigSectionHeader header;
    MigSection *section, *bound;

    if (!need_header(r, item, MIG_LONG_HEADER_LENGTH, &header, error)) {
        return MIG_STATUS_ERROR;
    }
    section = section_for(r, header.name, header.name_length, header.instance_id,
                          item->offset, error);
    if (!section) {
        return MIG_STATUS_ERROR;
    }
    bound = mig_reader_bound_section(r, header.id);
    if (header.name_length == 0) {
        item->defect =
            MIG_DEFECT_SECTION_NAME_EMPTY; /* a loader gets no further than this */
    } else if (bound && bound != section && bound->id == header.id) {
        item->defect = MIG_DEFECT_SECTION_ID_TWICE;
    }
    section->version_id = header.version_id;
    if (!bind(r, section, header.id, item->offset, error)) {
        return MIG_STATUS_ERROR;
    }
    item->length = header.length;
    return enter_body(r, item, section, header.id);
}

MigStatus mig_section_short_header_next(MigReader *r, MigItem *item, GError **error)
{
    MigSectionHeader header;
    MigSection *section;

    if (!need_header(r, item, MIG_SHORT_HEADER_LENGTH, &header, error)) {
        return MIG_STATUS_ERROR;
    }
    section = mig_reader_bound_section(r, header.id);
    if (!section) {
        return mig_reader_malformed(
            r, item->offset, MIG_DEFECT_SECTION_UNBOUND, error,
            "%s of section id %u, which no START or FULL has bound",
            mig_section_type_name(r->grammar.type), header.id);
    }
    if (section->id != header.id) {
        item->defect =
            MIG_DEFECT_SECTION_UNBOUND; /* a later START or FULL gave the section another
                                         * id */
    }
    item->length = header.length;
    return enter_body(r, item, section, header.id);
}

MigStatus mig_section_body_next(MigReader *r, MigItem *item, GError **error)
{
    const MigBody *body = mig_section_body(r->grammar.section);
    MigStatus status;

    item->section = r->grammar.section;
    item->section_id = r->grammar.section_id;
    item->type = r->grammar.type;
    item->package_depth = (uint8_t)r->grammar.package_depth;
    status =
        body->next(r, body->state ? body->state(r) : r->grammar.body_state, item, error);
    if (status == MIG_STATUS_END) {
        r->grammar.state = STATE_AFTER_BODY;
    }
    return status;
}

/* There is no footer where one was wanted: the body is longer than assumed, or the stream
 * has no footers.  The first body of a stream decides, because the first byte of a footer
 * never starts a section. */
static MigStatus no_footer(MigReader *r, MigItem *item, GError **error)
{
    size_t n;
    const uint8_t *p = mig_input_peek(r->in, MIG_PLAUSIBLE_LENGTH, &n);

    if (r->grammar.footers != FOOTERS_OFF &&
        !mig_reader_plausible(r, p, MIN(n, MIG_PLAUSIBLE_LENGTH))) {
        return mig_reader_malformed(r, item->offset, MIG_DEFECT_FOOTER_MISSING, error,
                                    "wanted the footer 0x7e, found 0x%02x", p[0]);
    }
    if (r->grammar.footers == FOOTERS_ON) {
        r->grammar.next_defect = MIG_DEFECT_FOOTER_MISSING;
    } else {
        r->grammar.footers = FOOTERS_OFF;
    }
    r->grammar.state = STATE_LIST;
    return MIG_STATUS_END;
}

MigStatus mig_section_footer_next(MigReader *r, MigItem *item, GError **error)
{
    const uint8_t *p;
    size_t n;

    p = mig_input_peek(r->in, 1, &n);
    if (n ? p[0] != MIG_FOOTER : r->grammar.footers == FOOTERS_OFF) {
        return no_footer(r, item, error);
    }
    p = mig_reader_need(r, item, MIG_FOOTER_LENGTH, "section footer", error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    item->kind = MIG_ITEM_SECTION_FOOTER;
    item->length = MIG_FOOTER_LENGTH;
    item->section = r->grammar.section;
    item->section_id = r->grammar.section_id;
    item->type = r->grammar.type;
    item->package_depth = (uint8_t)r->grammar.package_depth;
    item->footer.id = mig_be32(p + 1);
    if (r->grammar.footers == FOOTERS_OFF) {
        item->defect = MIG_DEFECT_FOOTER_MIXED;
    } else if (item->footer.id != r->grammar.section_id) {
        item->defect = MIG_DEFECT_FOOTER_ID;
    }
    r->grammar.footers = r->grammar.footers == FOOTERS_OFF ? FOOTERS_OFF : FOOTERS_ON;
    r->grammar.state = STATE_LIST;
    return MIG_STATUS_MORE;
}
