/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          moving VFIO devices between the dialects of migstat-subflag(5).
 * Must not know: which dialect is right for whom.
 * See also:      filter/vfio-known.c; filter/vfio-place.c, where a new FULL section goes;
 *                stream/vfio-dialect.h.
 *
 * All conversions are one: every configuration record is taken out of a device's
 * sections, the payload remembered, and records are put in where the wanted dialect has
 * them.
 *
 *              END, at its head       PART, before data        FULL
 *   config-first  CONFIG              -                        (none)
 *   config-last   -                   -                        CONFIG
 *   subflag, set up early
 *                 CONFIG s=SETUP      CONFIG s=SETUP           CONFIG s=ENABLE_IRQ
 *   subflag, not  -                   -                        CONFIG s=SETUP+ENABLE_IRQ
 *
 * A configuration that goes into END or PART must be known before it arrives, so those
 * dialects take two passes.  If all devices have it in FULL, the first pass may skip what
 * comes before, and the second makes sure that nothing was missed.
 */
#include <string.h>

#include "filter/description-edit.h"
#include "filter/filter.h"
#include "filter/vfio-known.h"
#include "filter/vfio-place.h"
#include "stream/outer.h"
#include "stream/vfio-dialect.h"
#include "stream/vfio-need.h"
#include "stream/vfio.h"

#define NO_SUBFLAGS (-1)
#define TOO_BRIEF   "the end of the stream does not have all of the configurations"

typedef struct Device {
    MigVfioKnown known;        /* all of it after a first pass, else what has come */
    const MigSection *section; /* of the last pass */
    uint32_t section_id;       /* as START had it */
    uint32_t index;            /* of the section, the same in both passes */
    bool leave;                /* as it is */
    bool need;                 /* its configuration is set up early */

    /* The body that passes. */
    MigSectionType type;
    bool drop;              /* a FULL section that goes */
    bool drop_end_of_state; /* the next one belongs to a record that went */
    bool closed;            /* the last record emitted ends the body */
    bool set_up_here, removed_here;

    bool wanted; /* a place is looked for, for its new FULL section */
    bool full;   /* FULL has passed */
    bool changed;
    unsigned set_ups; /* SETUP records that were emitted */
    unsigned precopy_set_ups;
    uint64_t enabled; /* output offset of the new record in FULL; UINT64_MAX */
    char *enabled_after;
} Device;

typedef struct Layout {
    bool has_to, has_need, every_iteration;
    MigVfioDialect to;
    MigVfioNeeds *needs;
    bool scanned;
    MigGap gap;     /* that the first pass left out, if gap.to */
    bool gap_ended; /* it ends where a section begins: its end was no chance */
    bool footers;
    MigByteStore payloads;
    GHashTable *devices; /* section index + 1 -> Device, owned */
    GPtrArray *order;    /* the same, as they came */
    GPtrArray *ended;    /* devices whose END has passed since the last FULL section */
    Device *open;        /* whose body is read */
    MigItem last;        /* an item of it, for what is made up */
    MigVfioPlace *place;
    MigDescriptionEdit *edit;
} Layout;

static void free_device(gpointer p)
{
    Device *device = p;

    mig_vfio_known_clear(&device->known);
    g_free(device->enabled_after);
    g_free(device);
}

/* --- options --- */

static bool configure_to(Layout *layout, const char *value, GError **error)
{
    static const MigVfioDialect wanted[] = { MIG_VFIO_DIALECT_SUBFLAG,
                                             MIG_VFIO_DIALECT_CONFIG_FIRST,
                                             MIG_VFIO_DIALECT_CONFIG_LAST };

    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        if (g_str_equal(value, mig_vfio_dialect_name(wanted[i]))) {
            layout->to = wanted[i];
            layout->has_to = true;
            return true;
        }
    }
    mig_error_set_plain(error, MIG_ERROR_USAGE,
                        "to is \"%s\", wanted subflag, config-first or config-last",
                        value);
    return false;
}

static bool layout_configure(void *state, const char *key, const char *value,
                             GError **error)
{
    Layout *layout = state;

    if (!layout->needs) {
        layout->needs = mig_vfio_needs_new();
    }
    if (!key) {
        if (!layout->has_to) {
            mig_error_set_plain(error, MIG_ERROR_USAGE, "to=DIALECT is missing");
            return false;
        }
        if (layout->to != MIG_VFIO_DIALECT_SUBFLAG &&
            (layout->has_need || layout->every_iteration)) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "config-needed and every-iteration belong to to=subflag");
            return false;
        }
        return true;
    }
    if (g_str_equal(key, "to")) {
        return configure_to(layout, value, error);
    }
    if (g_str_equal(key, "every-iteration")) {
        return mig_filter_yes_no(key, value, &layout->every_iteration, error);
    }
    layout->has_need = true;
    return mig_vfio_needs_add(layout->needs, value, error);
}

static MigScan layout_wants_scan(const void *state)
{
    const Layout *layout = state;

    if (layout->to == MIG_VFIO_DIALECT_CONFIG_LAST ||
        (layout->to == MIG_VFIO_DIALECT_SUBFLAG && layout->needs &&
         mig_vfio_needs_always(layout->needs, MIG_VFIO_NEED_NO))) {
        return MIG_SCAN_NONE;
    }
    return MIG_SCAN_NEEDED;
}

/* --- what is known of a device --- */

static Device *device_of(Layout *layout, const MigSection *section)
{
    gpointer key = GUINT_TO_POINTER(section->index + 1);
    Device *device;

    if (!layout->devices) {
        layout->devices = g_hash_table_new(NULL, NULL);
        layout->order = g_ptr_array_new_with_free_func(free_device);
    }
    device = g_hash_table_lookup(layout->devices, key);
    if (!device) {
        device = g_new0(Device, 1);
        device->enabled = UINT64_MAX;
        device->index = section->index;
        mig_vfio_device_init(&device->known.seen, section);
        device->known.store = &layout->payloads;
        g_hash_table_insert(layout->devices, key, device);
        g_ptr_array_add(layout->order, device);
    }
    return device;
}

static bool refuse(Device *device, MigNext *next, const MigItem *item, GError **error,
                   const char *reason)
{
    return mig_next_refuse(next, item, device->section, error, "%s", reason);
}

/* Refuses what cannot be converted, once it is known. */
static bool judge(Device *device, MigNext *next, const MigItem *item, GError **error)
{
    const char *problem = mig_vfio_known_problem(&device->known, mig_next_lossy(next));

    return !problem || refuse(device, next, item, error, problem);
}

/* After a first pass: what is to become of the device. */
static bool decide(Layout *layout, Device *device, MigNext *next, GError **error)
{
    const MigVfioDevice *seen = &device->known.seen;
    MigVfioNeed need = mig_vfio_needs_lookup(layout->needs, seen->section->name);

    device->need = need == MIG_VFIO_NEED_AUTO ? mig_vfio_needs_by_order(seen)
                                              : need == MIG_VFIO_NEED_YES;
    device->leave = layout->to == MIG_VFIO_DIALECT_CONFIG_FIRST
                        ? mig_vfio_is_config_first(seen)
                        : seen->subflags && !device->known.in_start &&
                              need == MIG_VFIO_NEED_AUTO && !layout->every_iteration;
    return device->leave || judge(device, next, NULL, error);
}

static bool layout_scan(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Layout *layout = state;

    layout->scanned = true;
    return !mig_section_is_vfio(item->section) ||
           mig_vfio_known_watch(&device_of(layout, item->section)->known, next, item,
                                error);
}

/* Whether each device has started before the gap, and has its only configuration after it.
 * Then what it has in PART and END decides nothing. */
static bool layout_suffices(void *state, const MigGap *gap)
{
    Layout *layout = state;

    for (guint i = 0; layout->order && i < layout->order->len; i++) {
        const Device *device = g_ptr_array_index(layout->order, i);
        const MigVfioDevice *seen = &device->known.seen;

        if (device->index >= gap->n_sections || seen->config_records != 1 ||
            seen->config_type != MIG_SECTION_FULL || seen->config < gap->to) {
            return false;
        }
    }
    layout->gap = *gap;
    return true;
}

static void layout_forget(void *state)
{
    Layout *layout = state;

    layout->scanned = false;
    g_clear_pointer(&layout->devices, g_hash_table_unref);
    g_clear_pointer(&layout->order, g_ptr_array_unref);
}

/* Checks that the first pass was right to skip the gap. */
static bool check_gap(Layout *layout, MigNext *next, const MigItem *item, GError **error)
{
    bool is_header = item->kind == MIG_ITEM_SECTION_HEADER;

    layout->gap_ended |=
        item->offset == layout->gap.to && is_header && item->package_depth == 0;
    if (item->offset < layout->gap.from || item->offset >= layout->gap.to ||
        !mig_section_is_vfio(item->section)) {
        return true;
    }
    if ((is_header && item->type != MIG_SECTION_PART && item->type != MIG_SECTION_END) ||
        (item->kind == MIG_ITEM_VFIO_RECORD &&
         item->vfio.flag == MIG_VFIO_DEV_CONFIG_STATE)) {
        return mig_next_refuse(next, item, item->section, error, "%s", TOO_BRIEF);
    }
    return true;
}

static bool layout_start(void *state, MigNext *next, GError **error)
{
    Layout *layout = state;

    layout->ended = g_ptr_array_new();
    layout->edit = mig_description_edit_new();
    layout->place = mig_vfio_place_new();
    /* Those of the first pass went with it; a file may have changed since. */
    for (guint i = 0; layout->order && i < layout->order->len; i++) {
        ((Device *)g_ptr_array_index(layout->order, i))->known.seen.section = NULL;
    }
    (void)next;
    (void)error;
    return true;
}

/* --- what is put in --- */

static bool wants_early(const Layout *layout, const Device *device)
{
    return layout->to == MIG_VFIO_DIALECT_CONFIG_FIRST ||
           (layout->to == MIG_VFIO_DIALECT_SUBFLAG && device->need);
}

static int subflags_in_full(const Layout *layout, const Device *device)
{
    if (layout->to != MIG_VFIO_DIALECT_SUBFLAG) {
        return NO_SUBFLAGS;
    }
    return MIG_VFIO_SUBFLAG_ENABLE_IRQ | (device->need ? 0 : MIG_VFIO_SUBFLAG_SETUP);
}

static void encode_record(MigVfioRecord *record, GBytes *payload, GByteArray *bytes)
{
    size_t n = 0;
    const void *data =
        record->has_payload && payload ? g_bytes_get_data(payload, &n) : NULL;

    mig_vfio_record_encode(record, data, n, bytes);
}

static bool emit_record(MigNext *next, const MigItem *like, MigVfioRecord record,
                        GBytes *payload, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem item = *like;

    encode_record(&record, payload, bytes);
    item.vfio = record;
    return mig_next_emit_bytes(next, &item, MIG_ITEM_VFIO_RECORD, bytes->data, bytes->len,
                               error);
}

static bool emit_end_of_state(MigNext *next, const MigItem *like, bool closes_config,
                              GError **error)
{
    const MigVfioRecord record = { .flag = MIG_VFIO_END_OF_STATE,
                                   .closes_config = closes_config };

    return emit_record(next, like, record, NULL, error);
}

/* The configuration record that @subflags ask for, without its END_OF_STATE. */
static MigVfioRecord config_record(const Device *device, int subflags)
{
    MigVfioRecord record = { .flag = MIG_VFIO_DEV_CONFIG_STATE };

    if (subflags == NO_SUBFLAGS || (unsigned)subflags & MIG_VFIO_SUBFLAG_SETUP) {
        record = device->known.config;
    }
    record.has_subflags = subflags != NO_SUBFLAGS;
    record.subflags = record.has_subflags ? (uint16_t)subflags : 0;
    return record;
}

static bool emit_config(Device *device, MigNext *next, const MigItem *like, int subflags,
                        GError **error)
{
    MigVfioRecord record = config_record(device, subflags);

    device->set_ups += record.has_payload;
    return emit_record(next, like, record, device->known.payload, error);
}

/* A whole configuration record in END or PART. */
static bool emit_early(Layout *layout, Device *device, MigNext *next, const MigItem *like,
                       GError **error)
{
    int subflags = layout->to == MIG_VFIO_DIALECT_SUBFLAG ? (int)MIG_VFIO_SUBFLAG_SETUP
                                                          : NO_SUBFLAGS;

    device->changed = true;
    return emit_config(device, next, like, subflags, error) &&
           emit_end_of_state(next, like, true, error);
}

/* Bytes of the body of its new FULL section. */
static uint64_t full_size(const Layout *layout, const Device *device)
{
    const MigVfioRecord config = config_record(device, subflags_in_full(layout, device));
    const MigVfioRecord end = { .flag = MIG_VFIO_END_OF_STATE };

    return mig_vfio_record_length(&config) + mig_vfio_record_length(&end);
}

static void note_enabled(Layout *layout, Device *device, MigNext *next)
{
    const MigSection *after = mig_vfio_place_controller(layout->place);

    if (!mig_next_tell(next, &device->enabled)) {
        device->enabled = UINT64_MAX;
    }
    device->enabled_after = after ? g_strdup(after->name) : NULL;
}

static bool emit_full_record(Layout *layout, Device *device, MigNext *next,
                             const MigItem *like, GError **error)
{
    if (device->need && device->set_ups == 0) {
        return refuse(device, next, like, error,
                      "its FULL section comes before its configuration space could be "
                      "set up in another");
    }
    note_enabled(layout, device, next);
    device->full = true;
    return emit_config(device, next, like, subflags_in_full(layout, device), error);
}

static bool emit_header(MigNext *next, const MigItem *like, GError **error)
{
    const MigSectionHeader header = mig_section_header_of(like);
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    mig_section_header_encode(&header, bytes);
    return mig_next_emit_bytes(next, like, MIG_ITEM_SECTION_HEADER, bytes->data,
                               bytes->len, error);
}

static bool emit_footer(MigNext *next, const MigItem *like, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigItem item = *like;

    item.footer.id = like->section_id;
    mig_section_footer_encode(like->section_id, bytes);
    return mig_next_emit_bytes(next, &item, MIG_ITEM_SECTION_FOOTER, bytes->data,
                               bytes->len, error);
}

/* A FULL section that the source does not have, between those of @after and @before. */
static bool emit_full(Layout *layout, Device *device, MigNext *next,
                      const MigVfioNeighbours *around, GError **error)
{
    const MigSection *section = device->section;
    MigItem item = around->item;

    item.section = section;
    item.section_id = device->section_id;
    item.type = MIG_SECTION_FULL;
    item.inferred = item.description_differs = false;
    if (!emit_header(next, &item, error) ||
        !emit_full_record(layout, device, next, &item, error) ||
        !emit_end_of_state(next, &item, true, error)) {
        return false;
    }
    mig_description_edit_insert(layout->edit, section, full_size(layout, device),
                                around->before, around->after);
    device->changed = true;
    return !layout->footers || emit_footer(next, &item, error);
}

/* --- the items of a device --- */

static bool is_closing(uint64_t flag)
{
    return flag == MIG_VFIO_END_OF_STATE || flag == MIG_VFIO_DEV_INIT_DATA_SENT ||
           flag == MIG_VFIO_DEV_CONFIG_LOAD_READY;
}

/* The body of the open device is over. */
static bool close_body(Layout *layout, MigNext *next, GError **error)
{
    Device *device = layout->open;

    layout->open = NULL;
    if (!device || device->leave || device->drop) {
        return true;
    }
    /* Its last END_OF_STATE belonged to a record that went. */
    return device->closed || !device->removed_here ||
           emit_end_of_state(next, &layout->last, false, error);
}

static bool open_body(Layout *layout, MigNext *next, const MigItem *item, GError **error)
{
    Device *device = device_of(layout, item->section);

    if (!device->section) {
        device->section = item->section;
        device->known.seen.section = item->section;
        if (layout->scanned && !decide(layout, device, next, error)) {
            return false;
        }
    }
    if (!layout->scanned) {
        mig_vfio_device_watch(&device->known.seen, item);
    }
    if (item->type == MIG_SECTION_START || item->type == MIG_SECTION_FULL) {
        device->section_id = item->section_id;
    }
    layout->open = device;
    device->type = item->type;
    device->set_up_here = device->removed_here = false;
    device->drop_end_of_state = device->closed = false;
    device->drop = !device->leave && item->type == MIG_SECTION_FULL &&
                   (layout->to == MIG_VFIO_DIALECT_CONFIG_FIRST || device->full);
    if (item->type == MIG_SECTION_END) {
        g_ptr_array_add(layout->ended, device);
    }
    if (device->leave) {
        device->full |= item->type == MIG_SECTION_FULL;
        return mig_next_emit(next, item, error);
    }
    if (device->drop) {
        device->changed = device->full = true;
        mig_description_edit_remove(layout->edit, item->section);
        return true;
    }
    if (!mig_next_emit(next, item, error)) {
        return false;
    }
    return item->type != MIG_SECTION_END || !wants_early(layout, device) ||
           emit_early(layout, device, next, item, error);
}

/* A configuration record of the source. */
static bool replace_config(Layout *layout, Device *device, MigNext *next,
                           const MigItem *item, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigVfioRecord made;
    const uint8_t *p;

    if (device->type != MIG_SECTION_FULL || device->full) {
        device->drop_end_of_state = device->removed_here = device->changed = true;
        return true;
    }
    if (!judge(device, next, item, error)) {
        return false;
    }
    made = config_record(device, subflags_in_full(layout, device));
    encode_record(&made, device->known.payload, bytes);
    p = mig_next_bytes(next, item, error);
    if (!p) {
        return false;
    }
    if (bytes->len == item->length && memcmp(p, bytes->data, bytes->len) == 0) {
        note_enabled(layout, device, next);
        device->full = true;
        return mig_next_emit(next, item, error);
    }
    device->changed = true;
    mig_description_edit_resize(layout->edit, device->section, full_size(layout, device));
    return emit_full_record(layout, device, next, item, error);
}

/* A FULL section that is there and has no configuration record. */
static bool fill_full(Layout *layout, Device *device, MigNext *next, const MigItem *item,
                      GError **error)
{
    if (!judge(device, next, item, error)) {
        return false;
    }
    device->changed = device->closed = true;
    mig_description_edit_resize(layout->edit, device->section, full_size(layout, device));
    return emit_full_record(layout, device, next, item, error) &&
           emit_end_of_state(next, item, true, error);
}

/* Single pass: the configuration is already written in the FULL section; a different one
 * after it is an error. */
static bool watch_passing(Device *device, MigNext *next, const MigItem *item,
                          GError **error)
{
    unsigned differing = device->known.differing;

    return mig_vfio_known_watch(&device->known, next, item, error) &&
           (!device->full || device->known.differing == differing ||
            refuse(device, next, item, error,
                   "another configuration space of it comes behind its FULL section"));
}

static bool record(Layout *layout, MigNext *next, const MigItem *item, GError **error)
{
    Device *device = layout->open;

    if (!layout->scanned && item->piece == 0 &&
        !watch_passing(device, next, item, error)) {
        return false;
    }
    if (device->leave || device->drop) {
        return device->drop || mig_next_emit(next, item, error);
    }
    if (item->vfio.flag == MIG_VFIO_DEV_CONFIG_STATE) {
        return replace_config(layout, device, next, item, error);
    }
    if (device->drop_end_of_state) {
        device->drop_end_of_state = false;
        if (item->vfio.closes_config) {
            return true;
        }
    }
    if (device->type == MIG_SECTION_FULL && !device->full &&
        is_closing(item->vfio.flag)) {
        return fill_full(layout, device, next, item, error);
    }
    if (item->vfio.flag == MIG_VFIO_DEV_DATA_STATE && item->piece == 0 &&
        device->type == MIG_SECTION_PART && layout->to == MIG_VFIO_DIALECT_SUBFLAG &&
        device->need && !device->set_up_here &&
        (layout->every_iteration || !device->precopy_set_ups)) {
        device->set_up_here = true;
        device->precopy_set_ups++;
        if (!emit_early(layout, device, next, item, error)) {
            return false;
        }
    }
    device->closed = is_closing(item->vfio.flag);
    return mig_next_emit(next, item, error);
}

/* --- the stream --- */

/* A device whose FULL section is still to be made. */
static bool is_pending(const Layout *layout, const Device *device)
{
    return !device->leave && device->section && device->known.payload && !device->full &&
           layout->to != MIG_VFIO_DIALECT_CONFIG_FIRST;
}

/* Devices that have no FULL section in the source, as far as can be known at its first
 * one. */
static void find_pending(Layout *layout)
{
    for (guint i = 0; i < layout->ended->len; i++) {
        Device *device = g_ptr_array_index(layout->ended, i);

        if (!device->wanted && is_pending(layout, device) &&
            (layout->scanned ? !device->known.seen.full
                             : device->known.seen.plain_config)) {
            device->wanted = true;
            mig_vfio_place_want(layout->place, device->section_id, device);
        }
    }
    g_ptr_array_set_size(layout->ended, 0);
}

static bool process(Layout *layout, MigNext *next, const MigItem *item, GError **error);

static bool place_emit(void *user, MigNext *next, const MigItem *item, GError **error)
{
    return process(user, next, item, error);
}

static bool place_insert(void *user, MigNext *next, void *wanted,
                         const MigVfioNeighbours *around, GError **error)
{
    Layout *layout = user;
    Device *device = wanted;

    /* Its FULL section came after all. */
    return device->full ||
           (close_body(layout, next, error) && judge(device, next, NULL, error) &&
            emit_full(layout, device, next, around, error));
}

/* At the end mark: a FULL section that was expected never came. */
static bool insert_last(Layout *layout, MigNext *next, const MigItem *item,
                        GError **error)
{
    for (guint i = 0; layout->order && i < layout->order->len; i++) {
        Device *device = g_ptr_array_index(layout->order, i);
        MigVfioNeighbours around = { .item = *item };

        around.item.bytes = NULL;
        if (!device->leave && !judge(device, next, item, error)) {
            return false;
        }
        if (!device->leave && wants_early(layout, device) && device->set_ups == 0) {
            return refuse(device, next, item, error,
                          "it has no END section, where its configuration space would "
                          "have to stand");
        }
        if (is_pending(layout, device) &&
            !emit_full(layout, device, next, &around, error)) {
            return false;
        }
    }
    return true;
}

static bool process(Layout *layout, MigNext *next, const MigItem *item, GError **error)
{
    bool ours = mig_section_is_vfio(item->section);

    layout->footers |= item->kind == MIG_ITEM_SECTION_FOOTER;
    if (ours && item->kind == MIG_ITEM_VFIO_RECORD) {
        layout->last = *item;
        return record(layout, next, item, error);
    }
    if (ours && item->kind == MIG_ITEM_SECTION_FOOTER && layout->open &&
        layout->open->drop) {
        return close_body(layout, next, error);
    }
    if (!close_body(layout, next, error)) {
        return false;
    }
    if (ours && item->kind == MIG_ITEM_SECTION_HEADER) {
        return open_body(layout, next, item, error);
    }
    if (item->kind == MIG_ITEM_EOF && item->package_depth == 0 &&
        !insert_last(layout, next, item, error)) {
        return false;
    }
    return mig_next_emit(next, item, error);
}

static bool layout_event(void *state, MigNext *next, const MigItem *item, GError **error)
{
    Layout *layout = state;
    const MigVfioPlaceOps ops = { layout, place_emit, place_insert };

    if (layout->gap.to && !check_gap(layout, next, item, error)) {
        return false;
    }
    if (item->kind == MIG_ITEM_DESCRIPTION) {
        return mig_description_edit_item(layout->edit, next, item, error);
    }
    if (item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_FULL) {
        find_pending(layout);
    }
    return mig_vfio_place_event(layout->place, &ops, next, item, error);
}

/* --- the report --- */

static void report_device(const Layout *layout, Device *device, MigNext *next)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *to = mig_vfio_dialect_name(layout->to);

    if (!device->changed) {
        mig_next_report(next, device->section, "%s already, unchanged", to);
        return;
    }
    g_string_append_printf(text, "%s \342\206\222 %s",
                           mig_vfio_dialect_name(device->known.seen.dialect), to);
    if (layout->to == MIG_VFIO_DIALECT_CONFIG_FIRST) {
        g_string_append(text, ", configuration before the stop-and-copy data");
    } else if (device->need) {
        g_string_append_printf(text, ", set up before the data (%u record%s)",
                               device->set_ups, device->set_ups == 1 ? "" : "s");
    }
    if (layout->to != MIG_VFIO_DIALECT_CONFIG_FIRST) {
        g_string_append(text, device->need ? ", interrupts enabled"
                                           : ", set up and interrupts enabled");
        if (device->enabled != UINT64_MAX) {
            g_string_append_printf(text, " at 0x%" PRIx64, device->enabled);
        }
        if (device->enabled_after) {
            g_string_append_printf(text, " after %s", device->enabled_after);
        }
    }
    if (device->known.seen.config_records > 1 &&
        !(layout->to == MIG_VFIO_DIALECT_SUBFLAG && device->need)) {
        g_string_append_printf(text, "; of %u configurations the last one kept",
                               device->known.seen.config_records);
    }
    if (device->known.differing) {
        g_string_append_printf(text, "; dropped: %u that differed from the next one",
                               device->known.differing);
    }
    mig_next_report(next, device->section, "%s", text->str);
}

/* Reports options for devices that the stream does not have. */
static bool check_needs(const Layout *layout, MigNext *next, GError **error)
{
    g_autoptr(MigAddresses) patterns = mig_vfio_needs_addresses(layout->needs);

    for (guint i = 0; layout->order && i < layout->order->len; i++) {
        const MigSection *section =
            ((Device *)g_ptr_array_index(layout->order, i))->section;

        if (section) {
            mig_addresses_section(patterns, section->name, section->instance_id);
        }
    }
    return mig_next_matched(next, patterns, MIG_ADDRESS_VFIO, NULL, error);
}

static bool layout_finish(void *state, MigNext *next, GError **error)
{
    Layout *layout = state;

    if (layout->gap.to && !layout->gap_ended) {
        return mig_next_refuse(next, NULL, NULL, error, "%s", TOO_BRIEF);
    }
    for (guint i = 0; layout->order && i < layout->order->len; i++) {
        report_device(layout, g_ptr_array_index(layout->order, i), next);
    }
    if (!layout->order) {
        mig_next_report(next, NULL, "no VFIO device in the stream");
    }
    return check_needs(layout, next, error);
}

static void layout_clear(void *state)
{
    Layout *layout = state;

    g_clear_pointer(&layout->needs, mig_vfio_needs_free);
    g_clear_pointer(&layout->devices, g_hash_table_unref);
    g_clear_pointer(&layout->order, g_ptr_array_unref);
    g_clear_pointer(&layout->ended, g_ptr_array_unref);
    g_clear_pointer(&layout->place, mig_vfio_place_free);
    g_clear_pointer(&layout->edit, mig_description_edit_free);
    mig_byte_store_clear(&layout->payloads);
}

static const MigFilterOption layout_options[] = {
    { "to", "subflag|config-first|config-last", "The dialect to convert to" },
    { "config-needed", "auto|yes|no[:PATTERN]",
      "subflag only: whether devices (those whose names match) need their configuration "
      "space "
      "before their data; auto takes it from the order in the stream. May be repeated; "
      "the "
      "last one that matches holds" },
    { "every-iteration", "yes|no",
      "subflag only: repeat the set-up in every PART with data, not only before the "
      "first" },
    { 0 },
};

const MigFilterType mig_filter_vfio_layout = {
    .name = "vfio-layout",
    .summary =
        "move VFIO devices between the dialects subflag, config-first and config-last",
    .options = layout_options,
    .handles = MIG_ITEM_BITS_ALL, /* no item may overtake those that are held back */
    .page_kinds = MIG_PAGE_BITS_ALL,
    .state_size = sizeof(Layout),
    .configure = layout_configure,
    .wants_scan = layout_wants_scan,
    .scan = layout_scan,
    .suffices = layout_suffices,
    .forget = layout_forget,
    .start = layout_start,
    .event = layout_event,
    .finish = layout_finish,
    .clear = layout_clear,
};
