/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of the outer list: file header, sections.
 * Must not know: bodies.
 * See also:      check/rule.h; rules-footer.c, footers and the end.
 *
 * Loaders do not check the following, but a stock source keeps to it: one START, then
 * PARTs, then one END for each live section, all STARTs before the first PART; names and
 * ids used once.
 */
#include "check/rule.h"

#include <string.h>

#include "check/compared.h"
#include "message/remedy.h"
#include "stream/address.h"
#include "stream/defect.h"
#include "stream/item-private.h"
#include "stream/outer.h"

/* --- what is around it ------------------------------------------------------------- */

static bool has_flag(const MigContainer *container, const char *name)
{
    const MigProperty *property = mig_container_property_named(container, name);

    return property && property->value != 0;
}

static void container_partial(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    MigInput *in = mig_reader_input(mig_check_reader(check));
    const MigContainer *container;

    (void)facts;
    for (size_t i = 0; (container = mig_input_container(in, i)); i++) {
        if (has_flag(container, "partial")) {
            mig_report_item(
                check, item,
                "the save image is marked as not finished (LibvirtQemudPart): "
                "libvirt refuses to restore it");
            mig_report_no_remedy(check, "only libvirt knows whether the save was whole");
        }
    }
}

/* libvirt's format 6: it loads such an image with mapped-ram set, and any other without. */
static void container_sparse(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    MigReader *reader = mig_check_reader(check);
    const MigConfiguration *conf = mig_reader_configuration(reader);
    bool is_mapped = conf && conf->mapped_ram;
    const MigContainer *container;

    (void)facts;
    for (size_t i = 0; (container = mig_input_container(mig_reader_input(reader), i));
         i++) {
        const MigProperty *sparse = mig_container_property_named(container, "sparse");

        if (sparse && !sparse->value && is_mapped) {
            mig_report_item(
                check, item,
                "the stream is mapped-ram, and the save image is not marked as sparse: "
                "libvirt starts a QEMU without mapped-ram, which refuses it; migstat "
                "convert --compress=sparse marks it as what it is");
        } else if (sparse && sparse->value && !is_mapped) {
            mig_report_item(
                check, item,
                "the save image is marked as sparse, and the stream in it is not "
                "mapped-ram: libvirt does not restore it; migstat convert "
                "--compress=raw marks it as what it is");
        }
    }
}

/* --- ids and names ---------------------------------------------------------------- */

static void section_id_twice(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->defect == MIG_DEFECT_SECTION_ID_TWICE) {
        mig_report_item(check, item, "section id %u belongs to another section already",
                        item->section_id);
    }
}

/* Some old machines save two devices under one name and instance (isapc: isa-ide).  Their own
 * description has both. */
static bool is_described_twice(MigCheck *check, const MigSection *section)
{
    const MigDescription *d = mig_reader_description(mig_check_reader(check));
    ssize_t first =
        d ? mig_description_lookup(d, section->name, section->instance_id, 0) : -1;

    return first >= 0 && mig_description_lookup(d, section->name, section->instance_id,
                                                (size_t)first + 1) > first;
}

static void section_name_twice(MigCheck *check, const MigFacts *facts,
                               const MigItem *item)
{
    const MigSectionFacts *s = mig_facts_section(facts, item->section);

    if (!s || (item->type != MIG_SECTION_START && item->type != MIG_SECTION_FULL)) {
        return;
    }
    if (item->type == MIG_SECTION_FULL && s->full != MIG_NOWHERE) {
        mig_report_item(
            check, item,
            "a second FULL section of this name and instance, the first stands at "
            "0x%" PRIx64 ": a loader restores the device twice",
            s->full);
        if (is_described_twice(check, item->section)) {
            mig_report_severity(check, MIG_SEVERITY_WARNING);
        }
    } else if (item->section_id != s->bound_id && s->start != MIG_NOWHERE) {
        mig_report_item(check, item,
                        "section id %u, and the same name and instance had id %u before",
                        item->section_id, s->bound_id);
    }
}

/* Whether other fields describe the one section than the other, and not as many bytes: a loader that
 * reads the one as the other does not come to its end. */
static bool are_of_two_kinds(MigCheck *check, const MigSectionFacts *one,
                             const MigSectionFacts *other)
{
    MigItem items[] = { { .section = one->section }, { .section = other->section } };
    g_auto(MigOffered) a, b;

    mig_offered_init(&a, mig_check_reader(check), &items[0], NULL);
    mig_offered_init(&b, mig_check_reader(check), &items[1], NULL);

    const Vmstate *of_a = mig_offered_vmstate(&a), *of_b = mig_offered_vmstate(&b);

    return of_a && of_b && of_a->fields && of_b->fields && of_a->size != of_b->size &&
           strcmp(of_a->fields->name, of_b->fields->name) != 0;
}

static void report_shared(MigCheck *check, const MigSectionFacts *s,
                          const MigSectionFacts *taken)
{
    const MigSection *section = s->section;
    uint32_t version = taken->section->version_id;
    g_autofree char *own = mig_remedy_section(section->name, section->instance_id);
    g_autofree char *device =
        mig_address_of_section(taken->section->name, taken->section->instance_id);
    bool is_newer = section->version_id > version;
    bool is_refused = is_newer || are_of_two_kinds(check, s, taken);

    mig_report(check, MIN(s->full, s->start), section,
               "a loader takes this section for %s, whose name ends so, and %s", device,
               is_refused ? "cannot read it as that device's"
                          : "restores that one twice");
    if (is_newer) {
        g_autofree char *older = mig_compared_version_words(section, section->version_id,
                                                            version, MIG_RELEASE_FIRST);
        g_autofree char *newer = mig_compared_version_words(section, section->version_id,
                                                            version, MIG_WORDS_CHANGED);

        mig_report_loader(check, MIG_BEFORE(MIG_WORDS_CHANGED), "%s", older);
        mig_report_loader(check, MIG_FROM(MIG_WORDS_CHANGED), "%s", newer);
    } else if (is_refused) {
        mig_report_loader(check, MIG_ALL_RELEASES,
                          "error while loading state for instance 0x%x of device '%s'",
                          section->instance_id, section->name);
    } else {
        mig_report_severity(check, MIG_SEVERITY_WARNING);
    }
    mig_report_remedy(check, "drop-section:name=%s", own);
    mig_report_gives_up(check, true,
                        "the state of the second device, which QEMU cannot tell "
                        "from the first");
}

static void add_with_path(GHashTable *with_path, const char *name,
                          const MigSectionFacts *s)
{
    GPtrArray *list = g_hash_table_lookup(with_path, name);

    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(with_path, (gpointer)(uintptr_t)name, list);
    }
    g_ptr_array_add(list, (gpointer)(uintptr_t)s);
}

/* migration/savevm.c, find_se(), 5.2 to 11.1: a device that has a path can be loaded by its name
 * without it, too, and by its number among those of that name.  So a section "X" goes into the
 * device of an earlier ".../X", and the device "X" keeps the state in which it comes up. */
static void section_name_shared(MigCheck *check, const MigFacts *facts,
                                const MigItem *item)
{
    g_autoptr(GHashTable) with_path = g_hash_table_new_full(
        g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);

    (void)item;
    for (guint i = 0; i < facts->sections->len; i++) {
        const MigSectionFacts *s = &g_array_index(facts->sections, MigSectionFacts, i);
        const char *name = mig_section_handler(s->section->name);
        const GPtrArray *list = g_hash_table_lookup(with_path, name);

        if (name != s->section->name) {
            add_with_path(with_path, name, s);
        } else if (list && s->section->instance_id < list->len) {
            report_shared(check, s, g_ptr_array_index(list, s->section->instance_id));
        }
    }
}

static void section_name_empty(MigCheck *check, const MigFacts *facts,
                               const MigItem *item)
{
    (void)facts;
    if (item->defect == MIG_DEFECT_SECTION_NAME_EMPTY) {
        mig_report_item(check, item, "section id %u has an empty name", item->section_id);
        mig_report_loader(check, MIG_ALL_RELEASES,
                          "Unable to read ID string for section %u", item->section_id);
    }
}

static void section_name_unprintable(MigCheck *check, const MigFacts *facts,
                                     const MigItem *item)
{
    const MigSection *section = item->section;

    (void)facts;
    if (item->type != MIG_SECTION_START && item->type != MIG_SECTION_FULL) {
        return;
    }
    for (unsigned i = 0; i < section->name_length; i++) {
        if (!g_ascii_isprint(section->name[i])) {
            mig_report_item(check, item, "byte %u of the section's name is 0x%02x", i,
                            (unsigned char)section->name[i]);
            return;
        }
    }
}

/* The reader stops at an id that was never bound. Here it was bound, but no longer is. */
static void section_unbound(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->defect == MIG_DEFECT_SECTION_UNBOUND) {
        mig_report_item(
            check, item, "%s of section id %u, and this section has id %u by now",
            mig_section_type_name(item->type), item->section_id, item->section->id);
        mig_report_loader(check, MIG_RELEASE_FIRST, QEMU(10, 1),
                          "Unknown savevm section %u", item->section_id);
        mig_report_loader(check, QEMU(10, 2), MIG_RELEASE_LAST, "Unknown section %u",
                          item->section_id);
    }
}

/* --- START, PART, END ------------------------------------------------------------- */

static void section_part_without_start(MigCheck *check, const MigFacts *facts,
                                       const MigItem *item)
{
    const MigSectionFacts *s = mig_facts_section(facts, item->section);

    if ((item->type == MIG_SECTION_PART || item->type == MIG_SECTION_END) && s &&
        s->start == MIG_NOWHERE) {
        mig_report_item(check, item,
                        "%s of a section that had no START, only a FULL at "
                        "0x%" PRIx64,
                        mig_section_type_name(item->type), s->full);
    }
}

static void section_start_twice(MigCheck *check, const MigFacts *facts,
                                const MigItem *item)
{
    const MigSectionFacts *s = mig_facts_section(facts, item->section);

    if (item->type == MIG_SECTION_START && s && s->start != MIG_NOWHERE) {
        mig_report_item(check, item, "a second START, the first stands at 0x%" PRIx64,
                        s->start);
    }
}

static void section_start_late(MigCheck *check, const MigFacts *facts,
                               const MigItem *item)
{
    const MigSectionFacts *s = mig_facts_section(facts, item->section);

    if (item->type == MIG_SECTION_START && facts->first_part != MIG_NOWHERE &&
        (!s || s->start == MIG_NOWHERE)) {
        mig_report_item(check, item,
                        "START after the first PART of the stream at 0x%" PRIx64
                        ": a source sets up all live sections first",
                        facts->first_part);
    }
}

static void section_end_twice(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigSectionFacts *s = mig_facts_section(facts, item->section);

    if (item->type == MIG_SECTION_END && s && s->end != MIG_NOWHERE) {
        mig_report_item(check, item, "a second END, the first stands at 0x%" PRIx64,
                        s->end);
    }
}

static void section_part_after_end(MigCheck *check, const MigFacts *facts,
                                   const MigItem *item)
{
    const MigSectionFacts *s = mig_facts_section(facts, item->section);

    if (item->type == MIG_SECTION_PART && s && s->end != MIG_NOWHERE) {
        mig_report_item(check, item, "PART after the section's END at 0x%" PRIx64,
                        s->end);
    }
}

/* A background snapshot ends no section: then ram is its only live one, has been sent in
 * PARTs, and nothing was switched over.
 * Source: migration/migration.c, bg_migration_thread(), 10.2. */
static bool may_be_background_snapshot(const MigFacts *facts, const MigSectionFacts *s)
{
    return facts->n_ended == 0 && facts->n_starts == 1 &&
           mig_section_is_ram(s->section) && s->part != MIG_NOWHERE &&
           facts->switchover_start == MIG_NOWHERE && !facts->return_path &&
           facts->postcopy == MIG_POSTCOPY_NONE;
}

/* Proxmox's migration/pbs-state.c, savevm_pbs_state_handlers: it saves in the setup alone. */
static bool has_no_end(const MigSection *section)
{
    return g_str_equal(section->name, "pbs-state");
}

static void section_not_ended(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)item;
    if (facts->colo) {
        mig_report_no_ground(check, "COLO: sections end in its checkpoints");
        return;
    }
    for (guint i = 0; i < facts->sections->len; i++) {
        const MigSectionFacts *s = &g_array_index(facts->sections, MigSectionFacts, i);

        if (s->start == MIG_NOWHERE || s->end != MIG_NOWHERE || has_no_end(s->section)) {
            continue;
        }
        if (may_be_background_snapshot(facts, s)) {
            mig_report(check, s->start, s->section,
                       "no section is ended, as in a background snapshot; in any other "
                       "stream its END would be missing");
            mig_report_severity(check, MIG_SEVERITY_NOTE);
        } else {
            mig_report(check, s->start, s->section, "the section is never ended");
        }
    }
}

/* No harm where the stream stays with its vendor. */
static void section_vendor(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->type != MIG_SECTION_START ||
        !g_str_equal(item->section->name, "pbs-state")) {
        return;
    }
    mig_report_item(check, item,
                    "only Proxmox VE's QEMU has this section, for its backups; no stock "
                    "release loads it");
    mig_report_loader(check, QEMU(5, 2), QEMU(10, 1),
                      "Unknown savevm section or instance 'pbs-state' %u",
                      item->section->instance_id);
    mig_report_loader(check, QEMU(10, 2), MIG_RELEASE_LAST,
                      "Unknown section or instance 'pbs-state' %u",
                      item->section->instance_id);
    mig_report_remedy(check, "drop-section:name=pbs-state");
    mig_report_gives_up(check, false,
                        "which parts of the disks Proxmox VE has backed up; the next "
                        "backup reads them whole");
}

/* Only VFIO's handler saves both iteratively and as FULL. */
static void section_live_and_full(MigCheck *check, const MigFacts *facts,
                                  const MigItem *item)
{
    const MigSectionFacts *s = mig_facts_section(facts, item->section);

    if (!s || mig_section_is_vfio(item->section)) {
        return;
    }
    if (item->type == MIG_SECTION_FULL
            ? s->start != MIG_NOWHERE && s->full == MIG_NOWHERE
            : item->type == MIG_SECTION_START && s->full != MIG_NOWHERE &&
                  s->start == MIG_NOWHERE) {
        mig_report_item(check, item,
                        "both START and FULL: no handler but VFIO's has both");
    }
}

/* --- ends ------------------------------------------------------------------------- */

static void section_end_inferred(MigCheck *check, const MigFacts *facts,
                                 const MigItem *item)
{
    (void)item;
    if (facts->n_inferred) {
        mig_report(check, facts->first_inferred, NULL,
                   "where the device state ends was found by its footer in %" PRIu64
                   " section%s, the first here: no description has its length",
                   facts->n_inferred, MIG_PLURAL(facts->n_inferred));
    }
}

#define HEADER MIG_WATCH(SECTION_HEADER)

const MigRule mig_rules_framing[] = {
    { "container", "the compression or save image around the stream is whole",
      MIG_SEVERITY_ERROR, .watches = 0 },
    { "container-partial", "a save image was finished", MIG_SEVERITY_ERROR,
      MIG_WATCH(FILE_HEADER), .judge = container_partial },
    { "container-sparse", "a save image is sparse where its stream is mapped-ram",
      MIG_SEVERITY_ERROR, MIG_WATCH(CONFIGURATION), .judge = container_sparse },
    { "truncated", "nothing is cut short", MIG_SEVERITY_ERROR, 0,
      .loader = "load of migration failed: Input/output error" },
    { "magic", "the stream starts with QEMU's magic number", MIG_SEVERITY_ERROR, 0,
      .loader = "Not a migration stream" },
    { "version", "the stream is of version 3", MIG_SEVERITY_ERROR, 0,
      .loader = "Unsupported migration stream version" },
    { "section-type", "every section type is known", MIG_SEVERITY_ERROR, 0,
      .loader = "Unknown savevm section type",
      .later = { QEMU(10, 2), "Unknown section type" } },
    { "section-unbound", "a START or FULL comes before PART and END", MIG_SEVERITY_ERROR,
      HEADER, .judge = section_unbound, .loader = "Unknown savevm section",
      .later = { QEMU(10, 2), "Unknown section" } },
    { "section-id-twice", "a section id belongs to one section", MIG_SEVERITY_ERROR,
      HEADER, .judge = section_id_twice },
    { "section-name-twice", "a name and instance is one section, with one id",
      MIG_SEVERITY_ERROR, HEADER, .judge = section_name_twice },
    { "section-name-shared", "a name without a path is no device that has one",
      MIG_SEVERITY_ERROR, MIG_WATCH_END, .judge = section_name_shared },
    { "section-name-empty", "every section has a name", MIG_SEVERITY_ERROR, HEADER,
      .judge = section_name_empty },
    { "section-name-unprintable", "section names are printable ASCII", MIG_SEVERITY_ERROR,
      HEADER, .judge = section_name_unprintable,
      .loader = "Unknown savevm section or instance '%s'",
      .later = { QEMU(10, 2), "Unknown section or instance '%s'" } },
    { "section-part-without-start", "a live section begins with START",
      MIG_SEVERITY_ERROR, HEADER, .judge = section_part_without_start },
    { "section-start-twice", "a live section has one START", MIG_SEVERITY_ERROR, HEADER,
      .judge = section_start_twice },
    { "section-start-late", "all STARTs come before the first PART", MIG_SEVERITY_WARNING,
      HEADER, .judge = section_start_late },
    { "section-end-twice", "a live section has one END", MIG_SEVERITY_ERROR, HEADER,
      .judge = section_end_twice },
    { "section-part-after-end", "no PART comes after the section's END",
      MIG_SEVERITY_ERROR, HEADER, .judge = section_part_after_end },
    { "section-not-ended", "every live section is ended", MIG_SEVERITY_ERROR,
      MIG_WATCH_END, .judge = section_not_ended, .after = { "section-unbound" } },
    { "section-live-and-full", "only VFIO has live and FULL sections of one name",
      MIG_SEVERITY_WARNING, HEADER, .judge = section_live_and_full },
    { "section-vendor", "the section is one of a stock QEMU", MIG_SEVERITY_NOTE, HEADER,
      .judge = section_vendor },
    { "section-end-unknown", "it can be known where every section ends",
      MIG_SEVERITY_WARNING, .watches = 0 },
    { "section-end-inferred", "the ends of device state are described", MIG_SEVERITY_NOTE,
      MIG_WATCH_END, .judge = section_end_inferred },
    { "sections-too-many", "there are not more sections than migstat looks at",
      MIG_SEVERITY_ERROR, .watches = 0 },
    { 0 },
};
