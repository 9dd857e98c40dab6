/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of a VFIO device's sections in any dialect: records, their order
 *                in a body.
 * Must not know: other sections (check/rules-vfio-order.c); subflags.
 * See also:      check/rule.h; stream/vfio.c.
 *
 *   START  SETUP E
 *   PART   [CONFIG E] D* E           8.1 and later also: D* INIT_DATA_SENT
 *   END    [CONFIG E] D* E
 *   FULL   CONFIG E                  with multifd transfer: E, or CONFIG_LOAD_READY
 * where D is DEV_DATA_STATE and E END_OF_STATE; CONFIG in PART is the subflag dialect's,
 * in END 5.2's too.
 * Source: hw/vfio/migration.c, vfio_save_*(), vfio_load_state(), 5.2 to 10.2.
 */
#include "check/rule.h"
#include "stream/outer.h"
#include "stream/vfio.h"

#define VFIO_VERSION 1u

static bool is_first_piece(const MigItem *item)
{
    return item->piece == 0;
}

static bool has_data(const MigVfioDevice *device)
{
    return device->first_data != MIG_NOWHERE;
}

/* Whether the body that is being read comes after the device's END. */
static bool is_after_end(const MigFacts *facts, const MigSectionFacts *s)
{
    return s->end != MIG_NOWHERE && s->end < facts->body.header;
}

static void vfio_version(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if ((item->type == MIG_SECTION_START || item->type == MIG_SECTION_FULL) &&
        mig_section_is_vfio(item->section) && item->section->version_id != VFIO_VERSION) {
        uint32_t version = item->section->version_id;

        mig_report_item(check, item, "version %u, wanted %u", version, VFIO_VERSION);
        if (version > VFIO_VERSION) {
            mig_report_loader(check, MIG_RELEASE_FIRST, QEMU(10, 1),
                              "savevm: unsupported version %u for '%s' v1", version,
                              item->section->name);
            mig_report_loader(check, QEMU(10, 2), MIG_RELEASE_LAST,
                              "unsupported version %u for '%s' v1", version,
                              item->section->name);
        }
    }
}

/* --- setup ------------------------------------------------------------------------ */

/* Where the first section of the device is. */
static uint64_t first_section(const MigFacts *facts, const MigVfioFacts *v)
{
    const MigSectionFacts *s = mig_facts_section(facts, v->device.section);

    return MIN(MIN(s->start, s->part), MIN(s->end, s->full));
}

static void vfio_setup_missing(MigCheck *check, const MigFacts *facts,
                               const MigItem *item)
{
    (void)item;
    for (guint i = 0; i < facts->vfio->len; i++) {
        const MigVfioFacts *v = &g_array_index(facts->vfio, MigVfioFacts, i);

        if (v->setup == MIG_NOWHERE) {
            mig_report(check, first_section(facts, v), v->device.section,
                       "no SETUP record in any of the device's sections");
        }
    }
}

static void vfio_setup_late(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigVfioFacts *v = mig_facts_vfio(facts, item->section);

    if (v && item->vfio.flag == MIG_VFIO_DEV_SETUP_STATE && has_data(&v->device)) {
        mig_report_item(check, item,
                        "SETUP after the device's data, the first of which stands "
                        "at 0x%" PRIx64,
                        v->device.first_data);
    }
}

/* --- the records of a body -------------------------------------------------------- */

/* Which records a body of each type has. */
static const struct {
    uint64_t flag;
    bool start, part, end, full;
} places[] = {
    { MIG_VFIO_DEV_SETUP_STATE, true, false, false, false },
    { MIG_VFIO_DEV_DATA_STATE, false, true, true, false },
    { MIG_VFIO_DEV_INIT_DATA_SENT, false, true, false, false },
    { MIG_VFIO_DEV_CONFIG_LOAD_READY, false, false, false, true },
};

static bool is_in_place(const MigItem *item)
{
    if (item->vfio.flag == MIG_VFIO_DEV_CONFIG_STATE) {
        return item->type == MIG_SECTION_END || item->type == MIG_SECTION_FULL ||
               (item->type == MIG_SECTION_PART && item->vfio.has_subflags);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (places[i].flag == item->vfio.flag) {
            return item->type == MIG_SECTION_START  ? places[i].start
                   : item->type == MIG_SECTION_PART ? places[i].part
                   : item->type == MIG_SECTION_END  ? places[i].end
                                                    : places[i].full;
        }
    }
    return true;
}

/* SETUP after data, and data after END, have rules of their own, which say more. */
static bool is_judged_elsewhere(const MigFacts *facts, const MigItem *item)
{
    const MigVfioFacts *v = mig_facts_vfio(facts, item->section);
    const MigSectionFacts *s = mig_facts_section(facts, item->section);

    return (item->vfio.flag == MIG_VFIO_DEV_SETUP_STATE && v && has_data(&v->device)) ||
           (item->vfio.flag == MIG_VFIO_DEV_DATA_STATE && s && is_after_end(facts, s));
}

static void vfio_record_place(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    if (is_first_piece(item) && !is_in_place(item) && !is_judged_elsewhere(facts, item)) {
        mig_report_item(
            check, item, "%s in a section of type %s, where no source writes it",
            mig_vfio_flag_name(item->vfio.flag), mig_section_type_name(item->type));
        if (item->vfio.flag == MIG_VFIO_DEV_CONFIG_LOAD_READY) {
            mig_report_loader(check, QEMU(10, 1), MIG_RELEASE_LAST,
                              "got DEV_CONFIG_LOAD_READY outside multifd transfer");
        }
    }
}

static void vfio_record_order(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigBodyFacts *body = &facts->body;

    if (item->vfio.flag == MIG_VFIO_DEV_CONFIG_STATE && item->type != MIG_SECTION_FULL &&
        body->vfio_data != MIG_NOWHERE) {
        mig_report_item(check, item,
                        "a configuration after the section's data at 0x%" PRIx64
                        ": in one section it comes first",
                        body->vfio_data);
    }
}

/* END_OF_STATE must close SETUP directly, and the body at its end; for CONFIG the reader
 * has reported it.  @found is the word in its place, which a loader reads as a flag. */
static void report_loader_at(MigCheck *check, const MigBodyFacts *body, const char *found)
{
    if (body->vfio_flag == MIG_VFIO_DEV_SETUP_STATE) {
        mig_report_loader(check, MIG_ALL_RELEASES, "SETUP STATE: EOS not found %s",
                          found);
    } else {
        /* Only 5.2 reads on after the END_OF_STATE of a configuration. */
        mig_report_loader(check, MIG_RELEASE_FIRST,
                          body->vfio_flag == MIG_VFIO_END_OF_STATE ? MIG_RELEASE_FIRST
                                                                   : MIG_RELEASE_LAST,
                          "Unknown tag %s", found);
    }
}

static void vfio_end_of_state(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigBodyFacts *body = &facts->body;

    if (!mig_section_is_vfio(body->section)) {
        return;
    }
    if (item->kind != MIG_ITEM_VFIO_RECORD) {
        if (!body->vfio_ended) {
            g_autofree char *found = g_strdup_printf("0x7e%08x......", item->section_id);

            mig_report(check, item->offset, body->section,
                       "the section's body ends here without END_OF_STATE");
            report_loader_at(check, body, found);
        }
    } else if (item->vfio.flag != MIG_VFIO_END_OF_STATE &&
               body->vfio_flag == MIG_VFIO_DEV_SETUP_STATE) {
        g_autofree char *found = g_strdup_printf("0x%" PRIx64, item->vfio.flag);

        mig_report_item(check, item, "%s follows SETUP, wanted END_OF_STATE",
                        mig_vfio_flag_name(item->vfio.flag));
        report_loader_at(check, body, found);
    }
}

/* One more END_OF_STATE in FULL makes a configuration load on 5.2, whose loader reads on
 * after the record. */
static void vfio_after_end_of_state(MigCheck *check, const MigFacts *facts,
                                    const MigItem *item)
{
    const MigBodyFacts *body = &facts->body;

    if (!body->vfio_ended || !is_first_piece(item)) {
        return;
    }
    mig_report_item(check, item, "%s after the END_OF_STATE that ends the section's body",
                    mig_vfio_flag_name(item->vfio.flag));
    if (item->type == MIG_SECTION_FULL && item->vfio.flag == MIG_VFIO_END_OF_STATE &&
        body->vfio_records == 2 && body->vfio_config != MIG_NOWHERE &&
        mig_check_release(check) == MIG_RELEASE_FIRST) {
        mig_report_severity(check, MIG_SEVERITY_NOTE);
    } else {
        mig_report_loader(check, MIG_ALL_RELEASES, "Missing section footer for %s",
                          item->section->name);
    }
}

static void vfio_init_data_twice(MigCheck *check, const MigFacts *facts,
                                 const MigItem *item)
{
    const MigVfioFacts *v = mig_facts_vfio(facts, item->section);

    if (v && item->vfio.flag == MIG_VFIO_DEV_INIT_DATA_SENT &&
        v->init_data_sent != MIG_NOWHERE) {
        mig_report_item(check, item,
                        "a second INIT_DATA_SENT, the first stands at 0x%" PRIx64,
                        v->init_data_sent);
    }
}

/* --- data and configuration ------------------------------------------------------- */

static void vfio_data_after_end(MigCheck *check, const MigFacts *facts,
                                const MigItem *item)
{
    const MigSectionFacts *s = mig_facts_section(facts, item->section);

    if (is_first_piece(item) && item->vfio.flag == MIG_VFIO_DEV_DATA_STATE && s &&
        is_after_end(facts, s)) {
        mig_report_item(check, item, "device data after the device's END at 0x%" PRIx64,
                        s->end);
    }
}

/* The device's data and configuration go over the multifd channels: the stream has
 * SWITCHOVER_START, END has no data, and FULL has no configuration. */
static bool is_multifd(const MigFacts *facts, const MigVfioFacts *v)
{
    return v->device.config_load_ready || v->device.on_channels ||
           (v->device.full && v->device.stop_copy_records == 0 &&
            facts->switchover_start != MIG_NOWHERE);
}

static bool has_no_config(const MigVfioFacts *v)
{
    return v->device.config == MIG_NOWHERE && v->device.enable == MIG_NOWHERE;
}

static void vfio_multifd(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)item;
    for (guint i = 0; i < facts->vfio->len; i++) {
        const MigVfioFacts *v = &g_array_index(facts->vfio, MigVfioFacts, i);

        if (has_no_config(v) && is_multifd(facts, v) && !v->device.on_channels &&
            !facts->multifd.seen) {
            mig_report(check, mig_facts_section(facts, v->device.section)->full,
                       v->device.section,
                       "configuration and stop-and-copy data are not in "
                       "this stream: they went over multifd channels");
        }
    }
}

static void vfio_config_missing(MigCheck *check, const MigFacts *facts,
                                const MigItem *item)
{
    (void)item;
    for (guint i = 0; i < facts->vfio->len; i++) {
        const MigVfioFacts *v = &g_array_index(facts->vfio, MigVfioFacts, i);
        const MigSectionFacts *s = mig_facts_section(facts, v->device.section);

        if (has_no_config(v) && !is_multifd(facts, v)) {
            uint64_t last = s->full != MIG_NOWHERE ? s->full : s->end;

            mig_report(
                check, last != MIG_NOWHERE ? last : MIN(s->start, s->part),
                v->device.section,
                "no configuration record in any of the device's "
                "sections: QEMU 6.0 and later load the stream without a word, and the "
                "device has no configuration space and no interrupts");
        }
    }
}

/* Setting up again before the data of each section is what the subflag dialect is for; a
 * device in two dialects is a rule of its own. */
static void vfio_config_twice(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigVfioFacts *v = mig_facts_vfio(facts, item->section);
    const MigVfioRecord *record = &item->vfio;

    if (!v || record->flag != MIG_VFIO_DEV_CONFIG_STATE || !record->has_payload) {
        return;
    }
    if (!record->has_subflags && v->device.config != MIG_NOWHERE && !v->device.subflags) {
        mig_report_item(check, item,
                        "a second configuration, the first stands at 0x%" PRIx64,
                        v->device.config);
    } else if (record->has_subflags && facts->body.vfio_config != MIG_NOWHERE) {
        mig_report_item(check, item,
                        "a second configuration in one section, the first stands "
                        "at 0x%" PRIx64,
                        facts->body.vfio_config);
    }
}

static void vfio_data_missing(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)item;
    for (guint i = 0; i < facts->vfio->len; i++) {
        const MigVfioFacts *v = &g_array_index(facts->vfio, MigVfioFacts, i);
        const MigSectionFacts *s = mig_facts_section(facts, v->device.section);

        if (v->device.precopy_bytes + v->device.stop_copy_bytes == 0 &&
            s->end != MIG_NOWHERE && !is_multifd(facts, v)) {
            mig_report(check, s->end, v->device.section,
                       "no device data in any of the device's sections");
        }
    }
}

/* --- MSI-X ------------------------------------------------------------------------ */

static void vfio_msix_no_table(MigCheck *check, const MigFacts *facts,
                               const MigItem *item)
{
    const MigVfioRecord *record = &item->vfio;

    (void)facts;
    if (record->has_payload && record->msix_vectors == 0 && record->msix_enabled) {
        mig_report_item(check, item,
                        "MSI-X is enabled in the configuration space, and the "
                        "payload has no MSI-X table");
    }
}

#define RECORD MIG_WATCH(VFIO_RECORD)

const MigRule mig_rules_vfio[] = {
    { "vfio-version", "a VFIO section is of version 1", MIG_SEVERITY_ERROR,
      MIG_WATCH(SECTION_HEADER), .judge = vfio_version },
    { "vfio-flag", "the flags of VFIO records are known", MIG_SEVERITY_ERROR, 0,
      .loader = "Unknown tag" },
    { "vfio-data-length", "device data is not longer than a stream can be",
      MIG_SEVERITY_ERROR, .watches = 0 },
    { "vfio-config-payload", "a configuration payload makes sense", MIG_SEVERITY_ERROR, 0,
      .loader = "Failed to load device config space" },
    { "vfio-setup-missing", "a device is set up", MIG_SEVERITY_ERROR, MIG_WATCH_END,
      .judge = vfio_setup_missing },
    { "vfio-setup-late", "a device is set up before its data", MIG_SEVERITY_ERROR, RECORD,
      .judge = vfio_setup_late },
    { "vfio-record-place", "records stand in sections of their type", MIG_SEVERITY_ERROR,
      RECORD, .judge = vfio_record_place },
    { "vfio-record-order", "in one section the configuration comes before data",
      MIG_SEVERITY_ERROR, RECORD, .judge = vfio_record_order,
      .after = { "vfio-record-place" } },
    { "vfio-end-of-state", "END_OF_STATE closes records and bodies", MIG_SEVERITY_ERROR,
      RECORD | MIG_WATCH_BODY_END, .judge = vfio_end_of_state },
    { "vfio-after-end-of-state", "END_OF_STATE ends a body", MIG_SEVERITY_ERROR, RECORD,
      .judge = vfio_after_end_of_state },
    { "vfio-init-data-twice", "INIT_DATA_SENT comes once", MIG_SEVERITY_ERROR, RECORD,
      .judge = vfio_init_data_twice },
    { "vfio-data-after-end", "device data ends with END", MIG_SEVERITY_ERROR, RECORD,
      .judge = vfio_data_after_end },
    { "vfio-multifd", "the stream has all of the device's state", MIG_SEVERITY_NOTE,
      MIG_WATCH_END, .judge = vfio_multifd },
    { "vfio-config-missing", "a device has its configuration", MIG_SEVERITY_ERROR,
      MIG_WATCH_END, .judge = vfio_config_missing },
    { "vfio-config-twice", "a device has one configuration", MIG_SEVERITY_ERROR, RECORD,
      .judge = vfio_config_twice },
    { "vfio-data-missing", "a device has data", MIG_SEVERITY_WARNING, MIG_WATCH_END,
      .judge = vfio_data_missing },
    { "vfio-msix-no-table", "a payload has the MSI-X table that is enabled",
      MIG_SEVERITY_ERROR, RECORD, .judge = vfio_msix_no_table },
    { 0 },
};
