/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of one release: what its loader refuses in a stream that is well
 *                made.
 * Must not know: what is wrong for all; those rules say themselves what a loader prints.
 *                What a loader can know from its own command line only is nobody's.
 * See also:      check/rule.h; stream/release.c, the tables.
 *
 * Source: hw/vfio/migration.c, vfio_load_state(); migration/savevm.c; migration/ram.c;
 * 5.2, 7.2, 10.0, 10.2.
 */
#include <string.h>

#include "check/rule.h"
#include "io/budget.h"
#include "stream/command.h"
#include "stream/item-private.h"
#include "stream/vfio.h"

/* From this release on, VFIO's loader ends a body after the configuration. */
#define CONFIG_LAST_FIRST   QEMU(6, 0)
#define COMPRESS_LAST       QEMU(9, 0) /* COMPRESS_PAGE and the block section */
#define MULTIFD_FLUSH_FIRST QEMU(8, 1)

#define SUBFLAG_NONE "Invalid value -1 expecting positive value <= 2"

#define RELEASE_FORMAT        "QEMU %u.%u"
#define RELEASE_ARGS(release) mig_release_major(release), mig_release_minor(release)

/* In the same family, the machine type of the release asked for. */
static void remedy_machine(MigCheck *check, const char *machine)
{
    MigRelease release = mig_check_release(check);
    size_t family = mig_release_machine_family(machine);

    if (!family) {
        mig_report_no_remedy(check, "which machine type of that release is alike is not "
                                    "known; the filter machine changes the name");
    } else if (release != MIG_RELEASE_NONE) {
        mig_report_remedy(check,
                          "machine:name=%.*s"
                          "%u.%u",
                          (int)family, machine, RELEASE_ARGS(release));
        mig_report_gives_up(check, false,
                            "what the older machine type sets differently (start the "
                            "destination with that type)");
    }
}

/* Every older release refuses it: none has a machine type with that name, or one that
 * begins like it. */
static void machine_newer(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigConfiguration *conf = mig_reader_configuration(mig_check_reader(check));
    MigRelease machine = conf ? mig_release_of_machine(conf->machine) : MIG_RELEASE_NONE;

    (void)facts;
    if (machine != MIG_RELEASE_NONE && mig_check_asks(check, MIG_BEFORE(machine))) {
        mig_report_item(check, item, "machine type %s came with " RELEASE_FORMAT,
                        conf->machine, RELEASE_ARGS(machine));
        mig_report_loader(check, MIG_BEFORE(machine),
                          "Machine type received is '%s' and local is '...'",
                          conf->machine);
        remedy_machine(check, conf->machine);
    }
}

static void capability_newer(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigConfiguration *conf = mig_reader_configuration(mig_check_reader(check));

    (void)facts;
    for (size_t i = 0; conf && conf->capabilities && conf->capabilities[i]; i++) {
        MigRelease first = mig_release_of_capability(conf->capabilities[i]);

        if (first != MIG_RELEASE_NONE && mig_check_asks(check, MIG_BEFORE(first))) {
            mig_report_item(check, item, "capability %s came with " RELEASE_FORMAT,
                            conf->capabilities[i], RELEASE_ARGS(first));
            mig_report_loader(check, MIG_BEFORE(first), "Received unknown capability %s",
                              conf->capabilities[i]);
            mig_report_no_remedy(check, "the stream was written in the way of this "
                                        "capability; save again without it");
        }
    }
}

static void command_newer(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    MigRelease first = mig_release_of_command(item->command.id);

    (void)facts;
    if (first != MIG_RELEASE_NONE && mig_check_asks(check, MIG_BEFORE(first))) {
        const char *name = mig_command_name(item->command.id);

        mig_report_item(check, item, "command %s came with " RELEASE_FORMAT, name,
                        RELEASE_ARGS(first));
        mig_report_loader(check, MIG_BEFORE(first), "MIG_CMD 0x%x unknown (len 0x%x)",
                          item->command.id, item->command.length);
        mig_report_remedy(check, "drop-command:name=%s", name);
    }
}

/* --- RAM -------------------------------------------------------------------------- */

#define AFTER_COMPRESS COMPRESS_LAST + 1, MIG_RELEASE_LAST

static void say_unknown(MigCheck *check, const MigSection *section, MigRelease first,
                        MigRelease last)
{
    mig_report_loader(check, first, MIN(last, QEMU(10, 1)),
                      "Unknown savevm section or instance '%s' %u", section->name,
                      section->instance_id);
    mig_report_loader(check, MAX(first, QEMU(10, 2)), last,
                      "Unknown section or instance '%s' %u", section->name,
                      section->instance_id);
}

/* The section of the ISA card was renamed, and what it holds laid out otherwise.  Other machines
 * than the PC have cards whose section is "vga" in all releases. */
#define VGA_ISA_FIRST QEMU(11, 0)

static bool is_pc(MigCheck *check)
{
    const MigConfiguration *conf = mig_reader_configuration(mig_check_reader(check));

    return conf && (g_str_has_prefix(conf->machine, "pc-i440fx-") ||
                    g_str_has_prefix(conf->machine, "pc-q35-") ||
                    g_str_equal(conf->machine, "isapc"));
}

/* The card that the loader takes the section for, since that is of the same name without its path:
 * see section-name-shared. */
static const MigSection *taken_for(MigCheck *check, const MigFacts *facts,
                                   const MigSection *section)
{
    MigBudget *budget = mig_reader_budget(mig_check_reader(check));
    uint32_t instance = 0;

    for (guint i = 0; i < facts->sections->len && mig_budget_spend(budget, 1); i++) {
        const MigSection *other =
            g_array_index(facts->sections, MigSectionFacts, i).section;
        const char *name = mig_section_handler(other->name);

        if (name != other->name && strcmp(name, section->name) == 0 &&
            instance++ == section->instance_id) {
            return other;
        }
    }
    return NULL;
}

static void section_renamed(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigSection *section = item->section;
    bool old = strcmp(section->name, "vga") == 0 && is_pc(check);
    bool new = strcmp(section->name, "vga-isa") == 0;
    MigRelease first = old ? VGA_ISA_FIRST : MIG_RELEASE_FIRST,
               last = old ? MIG_RELEASE_LAST : VGA_ISA_FIRST - 1;
    const MigSection *card = old ? taken_for(check, facts, section) : NULL;
    g_autofree char *own = mig_remedy_section(section->name, section->instance_id);

    if (!(old || new) || !mig_check_asks(check, first, last)) {
        return;
    }
    mig_report_item(check, item,
                    "the ISA card's section is vga up to QEMU 10.2, vga-isa later%s%s",
                    card ? ": it is taken for " : "", card ? card->name : "");
    if (card) {
        mig_report_loader(check, first, last,
                          "error while loading state for instance 0x%x of device '%s'",
                          section->instance_id, section->name);
    } else {
        say_unknown(check, section, first, last);
    }
    mig_report_no_remedy(check, old ? "load it with QEMU 10.2 or before"
                                    : "load it with QEMU 11.0 or later");
    mig_report_remedy(check, "drop-section:name=%s", own);
    mig_report_gives_up(check, true,
                        "what the card shows and its mode, until the guest sets it anew");
}

/* A mistake in hw/s390x: 9.1 and 9.2 had the section on no machine, until 9.1.3 and 9.2.1 mended
 * that (QEMU's issue 2704). */
static void section_lost(MigCheck *check, const MigItem *item)
{
    if (strcmp(item->section->name, "s390_css") == 0 &&
        mig_check_asks(check, QEMU(9, 1), QEMU(9, 2))) {
        mig_report_item(check, item,
                        "QEMU 9.1.0 to 9.1.2 and 9.2.0 know no such section");
        mig_report_words(check, QEMU(9, 1), QEMU(9, 2),
                         "Unknown savevm section or instance '%s' %u",
                         item->section->name, item->section->instance_id);
        mig_report_severity(check, MIG_SEVERITY_WARNING);
        mig_report_no_remedy(check, "load it with 9.1.3, 9.2.1 or later");
        mig_report_remedy(check, "drop-section:name=s390_css");
        mig_report_gives_up(check, true, "which channel paths and subchannels there are");
    }
}

static void section_removed(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    if (item->type == MIG_SECTION_FULL) {
        section_renamed(check, facts, item);
        section_lost(check, item);
    }
    if (item->type == MIG_SECTION_START && strcmp(item->section->name, "block") == 0 &&
        mig_check_asks(check, AFTER_COMPRESS)) {
        mig_report_item(check, item, "block migration was removed in QEMU 9.1");
        say_unknown(check, item->section, AFTER_COMPRESS);
        mig_report_remedy(check, "drop-section:name=block");
        mig_report_gives_up(check, true,
                            "the content of the disks, which must be at the destination "
                            "by another way");
    }
}

static void ram_compressed_removed(MigCheck *check, const MigFacts *facts,
                                   const MigItem *item)
{
    (void)facts;
    if (item->pages.kind == MIG_PAGE_COMPRESSED &&
        mig_check_asks(check, AFTER_COMPRESS)) {
        mig_report_item(check, item, "a zlib page; they were removed in QEMU 9.1");
        mig_report_loader(check, AFTER_COMPRESS,
                          "Unknown combination of migration flags: 0x%x",
                          MIG_RAM_COMPRESS_PAGE);
        mig_report_remedy(check, "ram-decompress");
    }
}

static void ram_flush_newer(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->ram_mark.flag == MIG_RAM_MULTIFD_FLUSH &&
        mig_check_asks(check, MIG_BEFORE(MULTIFD_FLUSH_FIRST))) {
        mig_report_item(check, item, "MULTIFD_FLUSH came with QEMU 8.1");
        mig_report_loader(check, MIG_BEFORE(MULTIFD_FLUSH_FIRST),
                          "Unknown combination of migration flags: 0x%x",
                          MIG_RAM_MULTIFD_FLUSH);
        mig_report_no_remedy(check, "pages travel on other channels, which this stream "
                                    "does not have; save again without multifd");
    }
}

/* --- VFIO ------------------------------------------------------------------------- */

#define CONFIG_LAST CONFIG_LAST_FIRST, MIG_RELEASE_LAST

static void vfio_subflag_unread(MigCheck *check, const MigFacts *facts,
                                const MigItem *item)
{
    const MigVfioFacts *v = mig_facts_vfio(facts, item->section);

    if (item->vfio.flag == MIG_VFIO_DEV_CONFIG_STATE && item->vfio.has_subflags && v &&
        !v->device.subflags) {
        mig_report_item(check, item, "the subflag dialect, which no stock QEMU reads");
        mig_report_loader(check, MIG_ALL_RELEASES, SUBFLAG_NONE);
        mig_report_remedy(check, "vfio-layout:to=%s",
                          mig_check_release(check) < CONFIG_LAST_FIRST ? "config-first"
                                                                       : "config-last");
    }
}

static void remedy_flag(MigCheck *check, const MigItem *item)
{
    if (item->vfio.flag == MIG_VFIO_DEV_INIT_DATA_SENT) {
        mig_report_remedy(check, "vfio-init-data:drop=yes");
    } else {
        mig_report_no_remedy(check,
                             "the device's state went over multifd channels, which "
                             "this stream does not have");
    }
}

static void vfio_flag_newer(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    MigRelease first = mig_release_of_vfio_flag(item->vfio.flag);

    (void)facts;
    if (item->piece == 0 && first > MIG_RELEASE_FIRST &&
        mig_check_asks(check, MIG_BEFORE(first))) {
        mig_report_item(check, item, "%s came with " RELEASE_FORMAT,
                        mig_vfio_flag_name(item->vfio.flag), RELEASE_ARGS(first));
        mig_report_loader(check, MIG_BEFORE(first), "Unknown tag 0x%" PRIx64,
                          item->vfio.flag);
        remedy_flag(check, item);
    }
}

/* The acknowledgement that it asks for goes back over the return path. */
static void vfio_init_data_unacknowledged(MigCheck *check, const MigFacts *facts,
                                          const MigItem *item)
{
    MigRelease first = mig_release_of_vfio_flag(MIG_VFIO_DEV_INIT_DATA_SENT);

    if (item->vfio.flag == MIG_VFIO_DEV_INIT_DATA_SENT && !facts->return_path &&
        mig_check_asks(check, first, MIG_RELEASE_LAST)) {
        mig_report_item(check, item,
                        "INIT_DATA_SENT, and the stream opened no return path for "
                        "switchover-ack");
        mig_report_loader(check, first, MIG_RELEASE_LAST,
                          "Received INIT_DATA_SENT but switchover ack is not used");
        remedy_flag(check, item);
    }
}

static void vfio_config_then_data(MigCheck *check, const MigFacts *facts,
                                  const MigItem *item)
{
    const MigVfioFacts *v = mig_facts_vfio(facts, item->section);
    const MigBodyFacts *body = &facts->body;

    /* The record after the END_OF_STATE that closed the configuration. */
    if (!v || v->device.subflags || body->vfio_config == MIG_NOWHERE ||
        body->vfio_ended || item->piece || body->vfio_flag != MIG_VFIO_END_OF_STATE ||
        !mig_check_asks(check, CONFIG_LAST)) {
        return;
    }
    mig_report(check, body->vfio_config, item->section,
               "%s follows the configuration in one section, where the loader has "
               "stopped reading",
               item->vfio.flag == MIG_VFIO_DEV_DATA_STATE
                   ? "data"
                   : mig_vfio_flag_name(item->vfio.flag));
    mig_report_loader(check, CONFIG_LAST, "Missing section footer for %s",
                      item->section->name);
    mig_report_remedy(check, "vfio-layout:to=config-last");
}

static void vfio_config_ends_section(MigCheck *check, const MigFacts *facts,
                                     const MigItem *item)
{
    const MigBodyFacts *body = &facts->body;
    const MigVfioFacts *v =
        mig_section_is_vfio(body->section) ? mig_facts_vfio(facts, body->section) : NULL;

    (void)item;
    if (!v || v->device.subflags || body->type != MIG_SECTION_FULL ||
        body->vfio_config == MIG_NOWHERE || body->vfio_records != 2 ||
        !body->vfio_ended || !mig_check_asks(check, MIG_BEFORE(CONFIG_LAST_FIRST))) {
        return;
    }
    mig_report(check, body->vfio_config, body->section,
               "the section ends with the configuration; the loader reads on and takes "
               "the footer for a flag");
    mig_report_loader(check, MIG_BEFORE(CONFIG_LAST_FIRST), "Unknown tag 0x7e%08x......",
                      body->section->id);
    mig_report_remedy(check, "vfio-layout:to=config-first");
}

#define ERROR_FOR(kinds, function) \
    MIG_SEVERITY_ERROR, kinds, .judge = function, .needs_release = true

const MigRule mig_rules_for[] = {
    { "machine-newer", "the release has the machine type",
      ERROR_FOR(MIG_WATCH(CONFIGURATION), machine_newer) },
    { "capability-newer", "the release knows the recorded capabilities",
      ERROR_FOR(MIG_WATCH(CONFIGURATION), capability_newer) },
    { "command-newer", "the release knows the commands",
      ERROR_FOR(MIG_WATCH(COMMAND), command_newer) },
    { "section-removed", "the release has the section's handler",
      ERROR_FOR(MIG_WATCH(SECTION_HEADER), section_removed) },
    { "ram-compressed-removed", "the release reads zlib pages",
      ERROR_FOR(MIG_WATCH(RAM_PAGES), ram_compressed_removed) },
    { "ram-flush-newer", "the release knows MULTIFD_FLUSH",
      ERROR_FOR(MIG_WATCH(RAM_MARK), ram_flush_newer) },
    { "vfio-subflag-unread", "the release reads the dialect: none reads subflags",
      ERROR_FOR(MIG_WATCH(VFIO_RECORD), vfio_subflag_unread) },
    { "vfio-flag-newer", "the release knows the flags of VFIO records",
      ERROR_FOR(MIG_WATCH(VFIO_RECORD), vfio_flag_newer) },
    { "vfio-init-data-unacknowledged", "INIT_DATA_SENT can be acknowledged",
      ERROR_FOR(MIG_WATCH(VFIO_RECORD), vfio_init_data_unacknowledged) },
    { "vfio-config-then-data", "the release reads data after the configuration: 5.2 does",
      ERROR_FOR(MIG_WATCH(VFIO_RECORD), vfio_config_then_data) },
    { "vfio-config-ends-section", "the release ends FULL with the configuration: not 5.2",
      ERROR_FOR(MIG_WATCH_BODY_END, vfio_config_ends_section) },
    { 0 },
};
