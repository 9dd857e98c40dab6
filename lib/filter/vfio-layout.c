/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          moving VFIO devices between the dialects of migstat-subflag(5).
 * Must not know: which dialect is right for whom.
 * See also:      filter/vfio-layout-private.h, which names its other files;
 *                filter/vfio-place.c, where a new FULL section goes; stream/vfio-dialect.h.
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
 * comes before, and the second makes sure that nothing was missed.  In flight there is one pass,
 * and filter/vfio-layout-late.c holds the end back.
 */
#include "filter/vfio-layout-private.h"

/* --- options --- */

static bool configure_to(MigLayout *layout, const char *value, GError **error)
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
    MigLayout *layout = state;

    if (!layout->needs) {
        layout->needs = mig_vfio_needs_new();
        mig_layout_init_devices(layout);
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
    const MigLayout *layout = state;

    if (layout->to == MIG_VFIO_DIALECT_CONFIG_LAST ||
        (layout->to == MIG_VFIO_DIALECT_SUBFLAG && layout->needs &&
         mig_vfio_needs_always(layout->needs, MIG_VFIO_NEED_NO))) {
        return MIG_SCAN_NONE;
    }
    return MIG_SCAN_NEEDED;
}

static bool layout_start(void *state, MigNext *next, GError **error)
{
    MigLayout *layout = state;

    layout->ended = g_array_new(false, false, sizeof(guint));
    layout->edit = mig_description_edit_new();
    layout->place = mig_vfio_place_new();
    /* Those of the first pass went with it; a file may have changed since. */
    for (guint i = 0; i < layout->devices->len; i++) {
        mig_layout_device_at(layout, i)->known.seen.section = NULL;
    }
    layout->late.waits =
        mig_next_in_flight(next) && layout_wants_scan(layout) == MIG_SCAN_NEEDED;
    (void)error;
    return true;
}

/* --- the report --- */

static void report_device(const MigLayout *layout, MigLayoutDevice *device, MigNext *next)
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
            g_string_append_printf(text, " after %s", device->enabled_after->name);
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
static bool check_needs(const MigLayout *layout, MigNext *next, GError **error)
{
    g_autoptr(MigAddresses) patterns = mig_vfio_needs_addresses(layout->needs);

    for (guint i = 0; i < layout->devices->len; i++) {
        const MigSection *section = mig_layout_device_at(layout, i)->section;

        if (section) {
            mig_addresses_section(patterns, section->name, section->instance_id);
        }
    }
    return mig_next_matched(next, patterns, MIG_ADDRESS_VFIO, NULL, error);
}

static bool layout_finish(void *state, MigNext *next, GError **error)
{
    MigLayout *layout = state;

    if (!mig_layout_release(layout, next, error)) {
        return false;
    }
    if (layout->gap.to && !layout->gap_ended) {
        return mig_next_refuse(next, NULL, NULL, error, "%s", MIG_LAYOUT_TOO_BRIEF);
    }
    for (guint i = 0; i < layout->devices->len; i++) {
        report_device(layout, mig_layout_device_at(layout, i), next);
    }
    if (!layout->devices->len) {
        mig_next_report(next, NULL, "no VFIO device in the stream");
    }
    return check_needs(layout, next, error);
}

static void layout_clear(void *state)
{
    MigLayout *layout = state;

    g_clear_pointer(&layout->needs, mig_vfio_needs_free);
    mig_layout_clear_devices(layout);
    g_clear_pointer(&layout->ended, g_array_unref);
    g_clear_pointer(&layout->place, mig_vfio_place_free);
    g_clear_pointer(&layout->edit, mig_description_edit_free);
    mig_layout_clear_held(layout);
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
    .gives_up = "nothing, unless --lossy allows it: configurations of a device that was "
                "set up again",
    .options = layout_options,
    .handles = MIG_ITEM_BITS_ALL, /* no item may overtake those that are held back */
    .page_kinds = MIG_PAGE_BITS_ALL,
    .holds_back = true,
    .state_size = sizeof(MigLayout),
    .configure = layout_configure,
    .wants_scan = layout_wants_scan,
    .scan = mig_layout_scan,
    .suffices = mig_layout_suffices,
    .forget = mig_layout_forget,
    .start = layout_start,
    .event = mig_layout_event,
    .finish = layout_finish,
    .clear = layout_clear,
};
