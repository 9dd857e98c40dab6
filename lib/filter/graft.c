/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          putting a section of device state, a field or a subsection of another stream
 *                into this one, or in place of what it has there.
 * Must not know: which stream that is; whether its guest had anything to do with this one.
 * See also:      filter/graft-donor.c, which reads the other stream; filter/graft-part.c, fields
 *                and subsections.
 *
 * A section that this stream lacks comes before the first one that follows it in the other: a
 * source writes sections by their priority, on which a loader may rely (an IOMMU before the
 * devices after it).  So the filter looks ahead, for what this stream has.
 * Source: migration/savevm.c, save_state_priority(), 5.2 to 11.1.
 */
#include <string.h>

#include "filter/graft-private.h"
#include "io/number-tree.h"
#include "stream/item-private.h"
#include "stream/outer-encode.h"

/* Ids of sections that come: QEMU counts its own from 0. */
#define FIRST_ID 0x40000000u

typedef struct Graft {
    MigAddresses *paths;
    GPtrArray *sections; /* MigGraftSection, of the other stream in its order */
    GTree *others;       /* ... by instance and name: number in @sections and 1 */
    GTree *present;      /* instance and name of the FULL sections of this one */
    GTree *met;          /* numbers of those with parts that this one has */
    guint inserted;      /* of @sections, those before it are not looked at any more */
    bool footers;        /* sections of this stream have them */
    bool replaces;       /* the section that is open: its state is the other's */
    MigGraftSection *replacing; /* that, until its state has come */
    MigItem header;             /* of the section that is open, where it is replaced */
    uint32_t next_id;
    const MigSection *last; /* FULL, before the item that comes */
    MigDescriptionEdit *edit;
} Graft;

static bool graft_configure(void *state, const char *key, const char *value,
                            GError **error)
{
    Graft *graft = state;

    (void)key;
    if (!graft->paths) {
        graft->paths = mig_addresses_new();
    }
    if (value) {
        mig_addresses_add(graft->paths, value);
    } else if (mig_addresses_is_empty(graft->paths)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "path=DEVICE, path=DEVICE:FIELD or path=DEVICE:SUBSECTION is "
                            "wanted");
        return false;
    }
    return true;
}

/* --- the first pass --- */

static MigScan graft_wants_scan(const void *state)
{
    (void)state;
    return MIG_SCAN_NEEDED;
}

static void forget(void *state)
{
    Graft *graft = state;

    g_clear_pointer(&graft->present, g_tree_unref);
}

static char *key_of(const MigSection *section)
{
    return g_strdup_printf("%u %s", section->instance_id, section->name);
}

static gint compare_keys(gconstpointer a, gconstpointer b, gpointer unused)
{
    (void)unused;
    return strcmp(a, b);
}

static bool graft_scan(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Graft *graft = state;

    (void)next;
    (void)error;
    if (!graft->present) {
        graft->present = g_tree_new_full(compare_keys, NULL, g_free, NULL);
    }
    if (item->kind == MIG_ITEM_SECTION_FOOTER) {
        graft->footers = true;
    } else if (item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_FULL) {
        g_tree_insert(graft->present, key_of(item->section), graft);
    }
    return true;
}

/* FULL sections are at the end. */
static bool graft_suffices(void *state, const MigGap *gap)
{
    (void)state;
    (void)gap;
    return true;
}

/* ... and those of the other stream; of two alike, the first counts. */
static void index_others(Graft *graft)
{
    graft->others = g_tree_new_full(compare_keys, NULL, g_free, NULL);
    for (guint i = graft->sections->len; i > 0; i--) {
        const MigGraftSection *own = g_ptr_array_index(graft->sections, i - 1);

        g_tree_replace(graft->others, key_of(own->section), GUINT_TO_POINTER(i));
    }
}

static bool is_present(const Graft *graft, const MigSection *section)
{
    g_autofree char *key = key_of(section);

    return graft->present && g_tree_lookup(graft->present, key);
}

static bool graft_start(void *state, MigNext *next, GError **error)
{
    Graft *graft = state;
    MigInput *donor = mig_next_donor(next);

    if (!donor) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "filter graft: no stream is given to take from; --from=FILE "
                            "names it");
        return false;
    }
    graft->edit = mig_description_edit_new();
    graft->met = mig_number_tree_new(NULL);
    graft->next_id = FIRST_ID;
    graft->sections = mig_graft_read(next, donor, graft->paths, error);
    if (graft->sections) {
        index_others(graft);
    }
    return graft->sections != NULL;
}

/* --- sections that come --------------------------------------------------------------------- */

static MigGraftSection *other(const Graft *graft, guint i)
{
    return g_ptr_array_index(graft->sections, i);
}

static const char *donor_name(MigNext *next)
{
    return mig_input_name(mig_next_donor(next));
}

static bool emit_header(MigNext *next, const MigItem *like, GError **error)
{
    const MigSectionHeader header = { .type = MIG_SECTION_FULL,
                                      .id = like->section_id,
                                      .name = (const uint8_t *)like->section->name,
                                      .name_length = like->section->name_length,
                                      .instance_id = like->section->instance_id,
                                      .version_id = like->section->version_id };
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    mig_section_header_encode(&header, bytes);
    return mig_next_emit_bytes(next, like, MIG_ITEM_SECTION_HEADER, bytes->data,
                               bytes->len, error);
}

static bool emit_state(MigNext *next, const MigItem *like, const MigGraftSection *own,
                       GError **error)
{
    size_t n = own->body ? g_bytes_get_size(own->body) : 0;

    return !n || mig_next_emit_bytes(next, like, MIG_ITEM_DEVICE_STATE,
                                     g_bytes_get_data(own->body, NULL), n, error);
}

static bool emit_footer(MigNext *next, const MigItem *like, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem footer = *like;

    mig_section_footer_encode(like->section_id, bytes);
    footer.footer.id = like->section_id;
    return mig_next_emit_bytes(next, &footer, MIG_ITEM_SECTION_FOOTER, bytes->data,
                               bytes->len, error);
}

/* Before @item. */
static bool insert(Graft *graft, MigNext *next, const MigItem *item,
                   const MigGraftSection *own, GError **error)
{
    MigItem like = { .type = MIG_SECTION_FULL,
                     .offset = item->offset,
                     .package_depth = item->package_depth,
                     .section = own->section,
                     .section_id = graft->next_id++ };
    uint64_t size = own->body ? g_bytes_get_size(own->body) : 0;

    own->section->id = like.section_id;
    if (own->json) {
        mig_description_edit_insert_text(graft->edit, own->section, g_strdup(own->json),
                                         item->section, graft->last);
    } else {
        mig_description_edit_insert(graft->edit, own->section, size, item->section,
                                    graft->last);
    }
    mig_next_report(next, own->section, "taken from %s, %" PRIu64 " bytes",
                    donor_name(next), size);
    return emit_header(next, &like, error) && emit_state(next, &like, own, error) &&
           (!graft->footers || emit_footer(next, &like, error));
}

/* Those that the other stream has before its section @until. */
static bool insert_before(Graft *graft, MigNext *next, const MigItem *item, guint until,
                          GError **error)
{
    for (; graft->inserted < until; graft->inserted++) {
        const MigGraftSection *own = other(graft, graft->inserted);

        if (own->whole && !is_present(graft, own->section) &&
            !insert(graft, next, item, own, error)) {
            return false;
        }
    }
    return true;
}

/* The section of the other stream that @section is, or NULL. */
static MigGraftSection *counterpart(const Graft *graft, const MigSection *section,
                                    guint *index)
{
    g_autofree char *key = key_of(section);
    guint number = GPOINTER_TO_UINT(g_tree_lookup(graft->others, key));

    *index = number - 1;
    return number ? other(graft, number - 1) : NULL;
}

/* What describes its state, and the state. */
static bool replace_state(Graft *graft, MigNext *next, const MigItem *item,
                          GError **error)
{
    const MigGraftSection *own = graft->replacing;
    MigReader *reader = mig_next_reader(next);
    const MigSection *section = graft->header.section;
    size_t n;
    g_autofree char *json = NULL;
    MigItem like = graft->header;

    graft->replacing = NULL;
    json = mig_device_description_text(
        mig_reader_budget(reader), mig_reader_input(reader),
        mig_reader_description(reader), section->name, section->instance_id, &n);
    if (!json != !own->json) {
        return mig_next_refuse(next, item, section, error,
                               "%s describes this section: the filter "
                               "description:drop=yes, before this one, drops the "
                               "description, which no QEMU needs",
                               json ? "this stream alone" : "the other stream alone");
    }
    if (json) {
        mig_description_edit_replace(graft->edit, section, json, n, own->json);
    }
    like.section = own->section;
    return emit_state(next, &like, own, error);
}

/* Its version is the other's. */
static bool replace(Graft *graft, MigNext *next, const MigItem *item,
                    MigGraftSection *own, GError **error)
{
    MigItem like = *item;

    graft->replacing = own;
    graft->replaces = true;
    graft->header = *item;
    graft->header.bytes = NULL;
    like.section = own->section;
    own->section->id = item->section_id;
    mig_next_report(next, item->section,
                    "its state is that of %s, %zu bytes; its own is given up",
                    donor_name(next), own->body ? g_bytes_get_size(own->body) : 0);
    return emit_header(next, &like, error);
}

static bool header(Graft *graft, MigNext *next, const MigItem *item, GError **error)
{
    guint index = 0;
    MigGraftSection *own = counterpart(graft, item->section, &index);

    graft->replaces = false;
    if (item->type != MIG_SECTION_FULL) {
        return mig_next_emit(next, item, error);
    }
    if (own && !insert_before(graft, next, item, index, error)) {
        return false;
    }
    graft->last = item->section;
    return own && own->whole ? replace(graft, next, item, own, error)
                             : mig_next_emit(next, item, error);
}

static bool put_parts(Graft *graft, MigNext *next, const MigItem *item, GError **error)
{
    guint index = 0;
    MigGraftSection *own = counterpart(graft, item->section, &index);
    g_auto(MigDeviceEdit) edit = { 0 };

    if (graft->replaces) {
        return true;
    }
    if (!own || own->parts->len == 0) {
        return mig_next_emit(next, item, error);
    }
    mig_number_tree_add(graft->met, GUINT_TO_POINTER(index));
    if (!mig_device_edit_begin(&edit, next, item, error)) {
        return false;
    }
    for (guint i = 0; i < own->parts->len; i++) {
        if (!mig_graft_put(&edit, &g_array_index(own->parts, MigGraftPart, i), error)) {
            return false;
        }
    }
    return mig_device_edit_end(&edit, graft->edit, error);
}

/* --- the second pass ------------------------------------------------------------------------- */

static bool graft_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Graft *graft = state;
    if (graft->replacing && !replace_state(graft, next, item, error)) {
        return false;
    }
    switch (item->kind) {
    case MIG_ITEM_SECTION_HEADER:
        return header(graft, next, item, error);
    case MIG_ITEM_DEVICE_STATE:
        return put_parts(graft, next, item, error);
    case MIG_ITEM_DESCRIPTION:
        return mig_description_edit_item(graft->edit, next, item, error);
    case MIG_ITEM_EOF:
        return insert_before(graft, next, item, graft->sections->len, error) &&
               mig_next_emit(next, item, error);
    default:
        return mig_next_emit(next, item, error);
    }
}

/* Whether all that was taken has found its place. */
static bool graft_finish(void *state, MigNext *next, GError **error)
{
    Graft *graft = state;

    for (guint i = 0; i < graft->sections->len; i++) {
        const MigGraftSection *own = other(graft, i);
        g_autofree char *name =
            mig_address_of_section(own->section->name, own->section->instance_id);

        if (own->parts->len && !mig_number_tree_has(graft->met, GUINT_TO_POINTER(i)) &&
            !mig_next_unmatched(next, error,
                                "the stream has no section \"%s\" to put a part into; "
                                "path=%s takes it as a whole",
                                name, name)) {
            return false;
        }
    }
    return true;
}

static void graft_clear(void *state)
{
    Graft *graft = state;

    g_clear_pointer(&graft->paths, mig_addresses_free);
    g_clear_pointer(&graft->sections, g_ptr_array_unref);
    g_clear_pointer(&graft->others, g_tree_unref);
    g_clear_pointer(&graft->present, g_tree_unref);
    g_clear_pointer(&graft->met, g_tree_unref);
    g_clear_pointer(&graft->edit, mig_description_edit_free);
}

static const MigFilterOption graft_options[] = {
    { "path", "ADDRESS",
      "What is taken from the stream that --from names: DEVICE, DEVICE:FIELD or "
      "DEVICE:SUBSECTION; may be repeated.  What is in its place is given up" },
    { 0 },
};

const MigFilterType mig_filter_graft = {
    .name = "graft",
    .summary = "take a section, field or subsection of device state from another stream",
    .gives_up = "what this stream has in its place",
    .options = graft_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(SECTION_HEADER) | MIG_ITEM_BIT(SECTION_FOOTER) |
                       MIG_ITEM_BIT(DEVICE_STATE) | MIG_ITEM_BIT(DESCRIPTION) |
                       MIG_ITEM_BIT(EOF)),
    .decodes = true,
    .redescribes = true,
    .state_size = sizeof(Graft),
    .configure = graft_configure,
    .wants_scan = graft_wants_scan,
    .scan = graft_scan,
    .suffices = graft_suffices,
    .forget = forget,
    .start = graft_start,
    .event = graft_event,
    .finish = graft_finish,
    .clear = graft_clear,
};
