/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the outer list: file header, section headers and footers, end mark, what
 *                follows; cutting long things into pieces.
 * Must not know: what is inside a body.
 * See also:      stream/configuration.c, stream/command.c, stream/body.h.
 *
 * The input stays at the start of the last item until the next one is asked for, so that
 * its bytes can be looked at. If the input can seek, an item that nobody looks at is never
 * read.
 */
#include "stream/reader.h"

#include <string.h>

#include "io/foreign.h"
#include "io/number-tree.h"
#include "stream/reader-private.h"
#include "stream/defect.h"
#include "stream/outer.h"
#include "stream/page.h"

/* What all who watch a stream keep of one section or block, in bytes, amply; the name comes
 * on top. */
#define NAMED_COST ((size_t)1 << 10)

static const char *const kind_names[MIG_ITEM_KIND_COUNT] = {
    [MIG_ITEM_FILE_HEADER] = "file-header",
    [MIG_ITEM_CONFIGURATION] = "configuration",
    [MIG_ITEM_SECTION_HEADER] = "section-header",
    [MIG_ITEM_SECTION_FOOTER] = "section-footer",
    [MIG_ITEM_COMMAND] = "command",
    [MIG_ITEM_RAM_LIST] = "ram-list",
    [MIG_ITEM_RAM_BLOCK] = "ram-block",
    [MIG_ITEM_RAM_PAGES] = "ram-pages",
    [MIG_ITEM_RAM_MARK] = "ram-mark",
    [MIG_ITEM_MAPPED_HEADER] = "mapped-header",
    [MIG_ITEM_MAPPED_BITMAP] = "mapped-bitmap",
    [MIG_ITEM_MAPPED_PAGES] = "mapped-pages",
    [MIG_ITEM_VFIO_RECORD] = "vfio-record",
    [MIG_ITEM_RECORD] = "record",
    [MIG_ITEM_DEVICE_STATE] = "device-state",
    [MIG_ITEM_EOF] = "eof",
    [MIG_ITEM_DESCRIPTION] = "description",
    [MIG_ITEM_PADDING] = "padding",
    [MIG_ITEM_TRAILING] = "trailing",
};

/* Things that can be longer than what is needed to recognise them, as messages name them. */
static const char *const thing_names[MIG_ITEM_KIND_COUNT] = {
    [MIG_ITEM_FILE_HEADER] = "file header",
    [MIG_ITEM_CONFIGURATION] = "configuration section",
    [MIG_ITEM_SECTION_HEADER] = "section header",
    [MIG_ITEM_SECTION_FOOTER] = "section footer",
    [MIG_ITEM_COMMAND] = "command",
    [MIG_ITEM_RAM_LIST] = "RAM block list",
    [MIG_ITEM_RAM_BLOCK] = "RAM block list",
    [MIG_ITEM_RAM_PAGES] = "RAM record",
    [MIG_ITEM_RAM_MARK] = "RAM record",
    [MIG_ITEM_MAPPED_HEADER] = "mapped-ram header",
    [MIG_ITEM_MAPPED_BITMAP] = "mapped-ram bitmap",
    [MIG_ITEM_MAPPED_PAGES] = "mapped-ram region of pages",
    [MIG_ITEM_VFIO_RECORD] = "VFIO record",
    [MIG_ITEM_RECORD] = "record",
    [MIG_ITEM_DEVICE_STATE] = "device's state",
    [MIG_ITEM_EOF] = "stream",
    [MIG_ITEM_DESCRIPTION] = "description",
    [MIG_ITEM_PADDING] = "hole of a mapped-ram file",
    [MIG_ITEM_TRAILING] = "stream",
};

const char *mig_item_kind_name(MigItemKind kind)
{
    g_return_val_if_fail((unsigned)kind < MIG_ITEM_KIND_COUNT, "");
    return kind_names[kind];
}

MigReader *mig_reader_new(MigInput *in)
{
    MigReader *r = g_new0(MigReader, 1);

    r->in = in;
    r->budget = (MigBudget)MIG_BUDGET_INIT;
    r->pos = mig_input_tell(in);
    r->sections = g_ptr_array_new_with_free_func(g_free);
    r->by_name = g_tree_new(mig_section_compare);
    r->by_id = mig_number_tree_new(NULL);
    r->strings = g_string_chunk_new(256);
    r->capabilities = g_ptr_array_new();
    r->ram = mig_ram_state_new();
    return r;
}

void mig_reader_free(MigReader *r)
{
    if (!r) {
        return;
    }
    g_clear_error(&r->failure);
    g_tree_unref(r->by_id);
    g_tree_unref(r->by_name);
    g_ptr_array_unref(r->sections);
    g_string_chunk_free(r->strings);
    g_ptr_array_unref(r->capabilities);
    mig_ram_state_free(r->ram);
    mig_description_free(r->description);
    g_free(r);
}

/* Whether @n bytes from the input's position on are there. */
static bool available(MigReader *r, uint64_t n, uint64_t *found)
{
    size_t there;

    if (mig_input_seekable(r->in)) {
        *found = mig_input_size(r->in) - MIN(r->pos, mig_input_size(r->in));
        return *found >= n;
    }
    mig_input_peek(r->in, n, &there);
    *found = there;
    return there >= n;
}

static const uint8_t magic[] = { 'Q', 'E', 'V', 'M' };

/* Whether the input starts as a stream does, as far as it goes. */
static bool has_magic(const uint8_t *p, size_t n)
{
    return n > 0 && memcmp(p, magic, MIN(n, sizeof(magic))) == 0;
}

/* "", or what was taken off to get here: "inside gzip ". */
static char *inside_what(const MigInput *in)
{
    const MigContainer *container, *last = NULL;

    for (size_t i = 0; (container = mig_input_container(in, i)); i++) {
        last = container;
    }
    return last ? g_strdup_printf("inside %s ", mig_container_words(last)) : g_strdup("");
}

static MigStatus not_a_stream(MigReader *r, const MigItem *item, GError **error)
{
    size_t n;
    const uint8_t *p = mig_input_peek(r->in, MIG_FOREIGN_HEAD, &n);
    g_autofree char *what = NULL, *inside = inside_what(r->in);

    /* Too little to say what it is, since it cannot be read on. */
    if (n < sizeof(magic) && !mig_reader_ended_well(r, error)) {
        return MIG_STATUS_ERROR;
    }
    what = mig_foreign_describe(p, MIN(n, MIG_FOREIGN_HEAD));
    mig_error_set(error, n ? MIG_ERROR_MALFORMED : MIG_ERROR_TRUNCATED, item->offset,
                  n ? MIG_DEFECT_MAGIC : MIG_DEFECT_TRUNCATED,
                  "not a migration stream: %sit is %s", inside, what);
    return MIG_STATUS_ERROR;
}

static MigStatus read_file_header(MigReader *r, MigItem *item, GError **error)
{
    size_t n;
    const uint8_t *p = mig_input_peek(r->in, MIG_FILE_HEADER_LENGTH, &n);
    uint32_t version;

    if (!has_magic(p, n)) {
        return not_a_stream(r, item, error);
    }
    p = mig_reader_need(r, item, MIG_FILE_HEADER_LENGTH, "file header", error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    version = mig_be32(p + 4);
    if (version != MIG_FILE_VERSION) {
        return mig_reader_malformed(
            r, item->offset + 4, MIG_DEFECT_VERSION, error,
            "stream version %u%s, wanted %u", version,
            version == MIG_FILE_VERSION_OBSOLETE ? " (obsolete)" : "", MIG_FILE_VERSION);
    }
    item->kind = MIG_ITEM_FILE_HEADER;
    item->length = MIG_FILE_HEADER_LENGTH;
    item->file_header.version = version;
    r->grammar.state = STATE_CONFIGURATION;
    return MIG_STATUS_MORE;
}

bool mig_reader_spend(MigReader *r, size_t name_length, GError **error)
{
    return mig_input_spend(r->in, &r->names, NAMED_COST + 2 * name_length) ||
           mig_input_end_error(r->in, error);
}

/* The handler of that name and instance, made if it is new; NULL with *error at the limit. */
static MigSection *section_for(MigReader *r, const uint8_t *name, uint8_t name_length,
                               uint32_t instance_id, uint64_t offset, GError **error)
{
    g_autofree MigSection *section = g_malloc0(sizeof(MigSection) + name_length + 1u);
    MigSection *known;

    section->instance_id = instance_id;
    section->name_length = name_length;
    memcpy(section->name, name, name_length);
    known = g_tree_lookup(r->by_name, section);
    if (known) {
        return known;
    }
    r->name_octets += name_length;
    if (r->sections->len == MIG_SECTIONS_MAX || r->name_octets > MIG_SECTION_NAMES_MAX) {
        mig_error_set(error, MIG_ERROR_LIMIT, offset, MIG_DEFECT_SECTIONS_TOO_MANY,
                      "more than %u different sections, or %u bytes of their names",
                      MIG_SECTIONS_MAX, MIG_SECTION_NAMES_MAX);
        return NULL;
    }
    if (!mig_reader_spend(r, name_length, error)) {
        return NULL;
    }
    section->body = mig_body_for(section->name);
    section->index = r->sections->len;
    g_ptr_array_add(r->sections, section);
    g_tree_insert(r->by_name, section, section);
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
    section->id = id;
    g_tree_insert(r->by_id, GUINT_TO_POINTER(id), section);
    if (g_tree_nnodes(r->by_id) > (gint)MIG_SECTIONS_MAX) {
        mig_error_set(error, MIG_ERROR_LIMIT, offset, MIG_DEFECT_SECTIONS_TOO_MANY,
                      "more than %u different section ids", MIG_SECTIONS_MAX);
        return false;
    }
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

static MigStatus read_long_header(MigReader *r, MigItem *item, GError **error)
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
    bound = g_tree_lookup(r->by_id, GUINT_TO_POINTER(header.id));
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

static MigStatus read_short_header(MigReader *r, MigItem *item, GError **error)
{
    MigSectionHeader header;
    MigSection *section;

    if (!need_header(r, item, MIG_SHORT_HEADER_LENGTH, &header, error)) {
        return MIG_STATUS_ERROR;
    }
    section = g_tree_lookup(r->by_id, GUINT_TO_POINTER(header.id));
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

static MigStatus leave_packages(MigReader *r, GError **error)
{
    while (r->grammar.package_depth &&
           r->pos >= r->grammar.package_end[r->grammar.package_depth - 1]) {
        uint64_t end = r->grammar.package_end[--r->grammar.package_depth];

        if (r->pos > end) {
            return mig_reader_malformed(r, end, MIG_DEFECT_PACKAGE_LENGTH, error,
                                        "the package ends here, inside of a section that "
                                        "ends at 0x%" PRIx64,
                                        r->pos);
        }
    }
    return MIG_STATUS_MORE;
}

static MigStatus missing_eof(MigReader *r, const MigItem *item, GError **error)
{
    if (!mig_reader_ended_well(r, error)) {
        return MIG_STATUS_ERROR;
    }
    if (r->grammar.package_depth) {
        mig_error_set(error, MIG_ERROR_TRUNCATED, item->offset, MIG_DEFECT_TRUNCATED,
                      "the stream ends %" PRIu64 " bytes before its package does",
                      r->grammar.package_end[r->grammar.package_depth - 1] -
                          item->offset);
    } else {
        mig_error_set(error, MIG_ERROR_TRUNCATED, item->offset, MIG_DEFECT_EOF_MISSING,
                      "the stream ends without an end mark: wanted a section");
    }
    return MIG_STATUS_ERROR;
}

static MigStatus read_list(MigReader *r, MigItem *item, GError **error)
{
    const uint8_t *p;
    size_t n;

    if (leave_packages(r, error) == MIG_STATUS_ERROR) {
        return MIG_STATUS_ERROR;
    }
    item->package_depth = (uint8_t)r->grammar.package_depth;
    p = mig_input_peek(r->in, 1, &n);
    if (n == 0) {
        return missing_eof(r, item, error);
    }
    r->grammar.type = p[0];
    switch (r->grammar.type) {
    case MIG_SECTION_START:
    case MIG_SECTION_FULL:
        return read_long_header(r, item, error);
    case MIG_SECTION_PART:
    case MIG_SECTION_END:
        return read_short_header(r, item, error);
    case MIG_COMMAND:
        return mig_command_next(r, item, error);
    case MIG_CONFIGURATION:
        item->defect = r->has_configuration ? MIG_DEFECT_CONFIGURATION_TWICE
                                            : MIG_DEFECT_CONFIGURATION_NOT_FIRST;
        return mig_configuration_next(r, item, error);
    case MIG_EOF:
        item->kind = MIG_ITEM_EOF;
        item->length = 1;
        r->grammar.state = r->grammar.package_depth ? STATE_LIST : STATE_AFTER_EOF;
        return MIG_STATUS_MORE;
    default:
        return mig_reader_malformed(r, item->offset, MIG_DEFECT_SECTION_TYPE, error,
                                    "unknown section type 0x%02x", p[0]);
    }
}

static MigStatus read_body(MigReader *r, MigItem *item, GError **error)
{
    const MigBody *body = r->grammar.section->body;
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

static MigStatus read_footer(MigReader *r, MigItem *item, GError **error)
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

void mig_reader_set_description(MigReader *r, MigDescription *d)
{
    r->description = d;
    r->description_sought = true;
    mig_budget_grant(&r->budget, d ? d->json_length : 0);
}

/* After the end mark: the description, or something that no loader reads. */
static MigStatus read_description(MigReader *r, MigItem *item, GError **error)
{
    size_t n;
    const uint8_t *p = mig_input_peek(r->in, MIG_DESCRIPTION_HEADER_LENGTH, &n);
    uint32_t length;
    uint64_t found;

    r->grammar.state = STATE_TRAILING;
    if (n == 0 || p[0] != MIG_DESCRIPTION) {
        return MIG_STATUS_END;
    }
    if (n < MIG_DESCRIPTION_HEADER_LENGTH) {
        return mig_reader_lacks(r, item->offset, MIG_DESCRIPTION_HEADER_LENGTH, n,
                                "description", error);
    }
    length = mig_be32(p + 1);
    if (!mig_input_hold(r->in, error)) {
        return MIG_STATUS_ERROR;
    }
    if (!available(r, MIG_DESCRIPTION_HEADER_LENGTH + (uint64_t)length, &found)) {
        if (mig_reader_ended_well(r, error)) {
            mig_error_set(
                error, MIG_ERROR_TRUNCATED, item->offset, MIG_DEFECT_DESCRIPTION_LENGTH,
                "cut short: the stream ends %" PRIu64 " bytes before the end of its "
                "description of %u",
                MIG_DESCRIPTION_HEADER_LENGTH + (uint64_t)length - found, length);
        }
        return MIG_STATUS_ERROR;
    }
    if (!r->description || r->description->offset != item->offset) {
        g_clear_pointer(&r->description, mig_description_free);
        mig_reader_set_description(r, mig_description_read(r->in, item->offset));
    }
    item->kind = MIG_ITEM_DESCRIPTION;
    item->length = MIG_DESCRIPTION_HEADER_LENGTH + (uint64_t)length;
    item->description.json_length = length;
    return MIG_STATUS_MORE;
}

/* A pipe may go on for ever, also one of which a part is held. */
static bool is_endless(const MigReader *r)
{
    uint64_t size;

    return r->trailing >= MIG_PIPE_TRAILING_MAX && !mig_input_file_size(r->in, &size);
}

static MigStatus stop_in_trailing(const MigReader *r, GError **error)
{
    mig_error_set(
        error, MIG_ERROR_LIMIT, r->pos, NULL,
        "more than %u MiB follow the end of the stream in a pipe, and are not read: "
        "the stream itself has %" PRIu64 " bytes",
        MIG_PIPE_TRAILING_MAX >> 20, r->pos - r->trailing);
    return MIG_STATUS_ERROR;
}

static MigStatus read_trailing(MigReader *r, MigItem *item, GError **error)
{
    size_t n;
    const uint8_t *p = mig_input_peek(r->in, MIG_ITEM_MAX, &n);
    uint64_t hole;

    if (n == 0) {
        r->ended = true;
        return mig_input_end_error(r->in, error) ? MIG_STATUS_END : MIG_STATUS_ERROR;
    }
    if (is_endless(r)) {
        return stop_in_trailing(r, error);
    }
    hole = r->join_pieces ? mig_input_hole(r->in) : 0;
    item->length = hole > MIG_ITEM_MAX ? hole : MIN(n, MIG_ITEM_MAX);
    r->trailing += item->length;
    item->kind = hole >= item->length || mig_page_is_zero(p, item->length)
                     ? MIG_ITEM_PADDING
                     : MIG_ITEM_TRAILING;
    return MIG_STATUS_MORE;
}

/* MORE, ERROR, or END: no item here, or the end of all if r->ended. */
static MigStatus step(MigReader *r, MigItem *item, GError **error)
{
    switch (r->grammar.state) {
    case STATE_FILE_HEADER:
        return read_file_header(r, item, error);
    case STATE_CONFIGURATION: {
        size_t n;
        const uint8_t *p = mig_input_peek(r->in, 1, &n);

        r->grammar.state = STATE_LIST;
        return n && p[0] == MIG_CONFIGURATION ? mig_configuration_next(r, item, error)
                                              : MIG_STATUS_END;
    }
    case STATE_LIST:
        return read_list(r, item, error);
    case STATE_BODY:
        return read_body(r, item, error);
    case STATE_AFTER_BODY:
        return read_footer(r, item, error);
    case STATE_AFTER_EOF:
        return read_description(r, item, error);
    case STATE_TRAILING:
        break;
    }
    return read_trailing(r, item, error);
}

/* Fits *item to a piece, and checks that all of the piece is there. */
static MigStatus deliver(MigReader *r, MigItem *item, GError **error)
{
    uint64_t found, left = item->whole - item->piece;
    bool joined = r->join_pieces && mig_input_seekable(r->in) &&
                  (item->piece || item->kind == MIG_ITEM_PADDING);

    item->length = joined ? left : MIN(left, MIG_ITEM_MAX);
    if (!available(r, item->length, &found)) {
        return mig_reader_truncated(r, item->offset, left, found, thing_names[item->kind],
                                    error);
    }
    if (left > item->length) {
        r->grammar.rest = *item;
        r->grammar.rest.piece += item->length;
        r->grammar.rest.offset += item->length;
        r->grammar.rest.defect = NULL;
    } else {
        r->grammar.rest.whole = 0;
    }
    r->last_length = item->length;
    return MIG_STATUS_MORE;
}

static MigStatus read_item(MigReader *r, MigItem *item, GError **error)
{
    MigStatus status = MIG_STATUS_END;

    while (status == MIG_STATUS_END && !r->ended) {
        memset(item, 0, sizeof(*item));
        item->offset = r->pos;
        status = step(r, item, error);
    }
    if (status != MIG_STATUS_MORE) {
        return status;
    }
    if (G_UNLIKELY(r->grammar.next_defect) && !item->defect) {
        item->defect = r->grammar.next_defect;
        r->grammar.next_defect = NULL;
    }
    item->whole = item->length;
    return deliver(r, item, error);
}

static MigStatus fail(MigReader *r, GError **error)
{
    if (error) {
        *error = g_error_copy(r->failure);
    }
    return MIG_STATUS_ERROR;
}

void mig_reader_join_pieces(MigReader *r)
{
    r->join_pieces = true;
}

MigStatus mig_reader_next(MigReader *r, const MigItem **item, GError **error)
{
    MigStatus status;

    *item = NULL;
    if (r->failure) {
        return fail(r, error);
    }
    r->pos += mig_input_skip(r->in, r->last_length);
    r->last_length = 0;
    if (r->grammar.rest.whole) {
        r->item = r->grammar.rest;
        status = deliver(r, &r->item, &r->failure);
    } else {
        status = read_item(r, &r->item, &r->failure);
    }
    if (status == MIG_STATUS_ERROR) {
        if ((r->grammar.state == STATE_BODY || r->grammar.state == STATE_AFTER_BODY) &&
            r->grammar.section) {
            mig_error_set_section(r->failure, r->grammar.section->name,
                                  r->grammar.section->instance_id);
        }
        return fail(r, error);
    }
    *item = status == MIG_STATUS_MORE ? &r->item : NULL;
    return status;
}

const uint8_t *mig_reader_bytes(MigReader *r, const MigItem *item)
{
    size_t n;
    const uint8_t *p = mig_input_peek(r->in, item->length, &n);

    g_return_val_if_fail(item->offset == r->pos, NULL);
    return n < item->length ? NULL : p;
}

uint64_t mig_reader_tell(const MigReader *r)
{
    return r->pos + r->last_length;
}

const MigConfiguration *mig_reader_configuration(const MigReader *r)
{
    return r->has_configuration ? &r->configuration : NULL;
}

uint32_t mig_reader_page_size(const MigReader *r)
{
    return mig_ram_state_page_size(r->ram);
}

const MigRamBlock *const *mig_reader_ram_blocks(const MigReader *r, size_t *n)
{
    const GPtrArray *blocks = mig_ram_state_blocks(r->ram);

    *n = blocks->len;
    return (const MigRamBlock *const *)(void *)blocks->pdata;
}

const MigSection *const *mig_reader_sections(const MigReader *r, size_t *n)
{
    *n = r->sections->len;
    return (const MigSection *const *)(void *)r->sections->pdata;
}

const MigDescription *mig_reader_description(const MigReader *r)
{
    return r->description;
}

const MigDescription *mig_reader_find_description(MigReader *r, GError **error)
{
    if (!r->description_sought) {
        GError *failure = NULL;
        MigDescription *d = mig_reader_await_description(r, &failure);

        if (failure) {
            g_propagate_error(error, failure);
            return NULL;
        }
        mig_reader_set_description(r, d);
    }
    return r->description;
}

const uint8_t *mig_reader_peek(MigReader *r, size_t want, size_t *n)
{
    return mig_input_peek(r->in, want, n);
}

void mig_reader_note_defect(MigReader *r, const char *rule)
{
    r->grammar.next_defect = rule;
}

bool mig_reader_is_footer(const MigReader *r, const uint8_t *p)
{
    return r->grammar.footers != FOOTERS_OFF && p[0] == MIG_FOOTER &&
           mig_be32(p + 1) == r->grammar.section_id;
}

MigRamState *mig_reader_ram(const MigReader *r)
{
    return r->ram;
}

MigInput *mig_reader_input(const MigReader *r)
{
    return r->in;
}

MigBudget *mig_reader_budget(MigReader *r)
{
    return &r->budget;
}
