/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules between a stream and the destination that shall load it: the machine, the
 *                list of sections, RAM blocks.
 * Must not know: how differences are found; what the destination is known by.
 * See also:      shape/compare.h; rules-dest-device.c; dest-remedy.c; rules-for.c, what a release
 *                refuses.
 *
 * Source: migration/savevm.c, migration/vmstate.c, migration/ram.c, hw/pci/pci.c; 5.2 to 11.1.
 */
#include <string.h>

#include "check/rules-dest.h"
#include "message/remedy.h"
#include "stream/address.h"

/* Each destination that is given. */
#define EACH_DESTINATION(check, shape)                                            \
    for (size_t i = 0; ((shape) = (check)->about =                                \
                            i < (check)->n_against ? (check)->against[i] : NULL); \
         i++)

static void remedy_machine(MigCheck *check, const char *here, const char *there)
{
    size_t family = mig_release_machine_family(here);

    mig_report_no_remedy(check, "start the destination with -machine of that type");
    if (family && family == mig_release_machine_family(there) &&
        strncmp(here, there, family) == 0) {
        g_autofree char *name = mig_remedy_value(there);

        mig_report_remedy(check, "machine:name=%s", name);
        mig_report_gives_up(check, true, "what the two machine types set differently");
    }
}

static void dest_machine(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigConfiguration *conf = mig_reader_configuration(check->reader);
    const MigShape *shape;

    (void)facts;
    EACH_DESTINATION(check, shape)
    {
        const char *there = mig_shape_machine(shape);

        /* The loader compares only as many bytes as it received. */
        if (conf && there && strncmp(conf->machine, there, strlen(conf->machine)) != 0) {
            mig_report_item(check, item, "machine type %s here, %s there", conf->machine,
                            there);
            mig_report_words(check, MIG_ALL_RELEASES,
                             "Machine type received is '%s' and local is '%s'",
                             conf->machine, there);
            remedy_machine(check, conf->machine, there);
            if (!mig_shape_is_exact(shape)) {
                mig_report_severity(check, MIG_SEVERITY_NOTE);
            }
        }
    }
}

/* --- capabilities ------------------------------------------------------------------------ */

/* Those that a loader compares, and the filters that give a stream one and take it away. */
static const struct {
    const char *name, *add, *drop;
} capabilities[] = {
    { "x-ignore-shared", "capabilities:add=x-ignore-shared",
      "capabilities:drop=x-ignore-shared" },
    { "mapped-ram", "mapped-ram", "mapped-ram:to=plain" },
};

static void set_it(MigCheck *check, const char *name, bool on)
{
    g_autofree char *option = g_strdup_printf("before -incoming, set it at the "
                                              "destination: migrate_set_capability %s %s",
                                              name, on ? "on" : "off");

    mig_report_no_remedy(check, option);
}

static void report_capability(MigCheck *check, const MigItem *item, size_t i, bool here)
{
    const char *name = capabilities[i].name;

    mig_report_item(check, item, "the stream was written with %s %s, and there it is %s",
                    name, here ? "on" : "off", here ? "off" : "on");
    mig_report_words(check, MIG_ALL_RELEASES,
                     "Capability %s is %s, but received capability is %s", name,
                     here ? "off" : "on", here ? "on" : "off");
    set_it(check, name, here);
    mig_report_remedy(check, "%s", here ? capabilities[i].drop : capabilities[i].add);
    mig_report_gives_up(check, false,
                        here ? "memory that was shared instead of sent, if any"
                             : "nothing");
}

/* Bytes of ADVISE where pages may come after the guest has gone on. */
#define ADVISE_OF_RAM 16u

static void dest_postcopy(MigCheck *check, const MigItem *item)
{
    bool here = item->command.length == ADVISE_OF_RAM;
    const MigShape *shape;

    EACH_DESTINATION(check, shape)
    {
        if (mig_shape_capability(shape, "postcopy-ram") ==
            (here ? MIG_SHAPE_SETTING_OFF : MIG_SHAPE_SETTING_ON)) {
            mig_report_item(check, item,
                            "the source had postcopy-ram %s, and there it is %s",
                            here ? "on" : "off", here ? "off" : "on");
            mig_report_words(check, MIG_ALL_RELEASES,
                             "RAM postcopy is %s but have %u byte advise",
                             here ? "disabled" : "enabled", here ? ADVISE_OF_RAM : 0);
            set_it(check, "postcopy-ram", here);
        }
    }
}

/* A file of mapped-ram can be read by several threads, which is called multifd too. */
static void dest_multifd(MigCheck *check, const MigFacts *facts)
{
    const MigConfiguration *conf = mig_reader_configuration(check->reader);
    bool mapped = conf && conf->mapped_ram;
    bool here = facts->multifd.seen;
    const MigShape *shape;

    EACH_DESTINATION(check, shape)
    {
        if (!mapped && mig_shape_capability(shape, "multifd") ==
                           (here ? MIG_SHAPE_SETTING_OFF : MIG_SHAPE_SETTING_ON)) {
            mig_report(check, 0, NULL,
                       here ? "pages come on channels of multifd, which is off there"
                            : "the stream has one channel, and multifd is on there: the "
                              "destination waits for others");
            set_it(check, "multifd", here);
            mig_report_severity(check, MIG_SEVERITY_WARNING);
        }
    }
}

static void dest_capability(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigConfiguration *conf = mig_reader_configuration(check->reader);
    const MigShape *shape;

    if (!item) {
        dest_multifd(check, facts);
        return;
    }
    if (item->kind == MIG_ITEM_COMMAND) {
        if (item->command.id == MIG_CMD_POSTCOPY_ADVISE) {
            dest_postcopy(check, item);
        }
        return;
    }
    EACH_DESTINATION(check, shape)
    {
        for (size_t j = 0; conf && j < G_N_ELEMENTS(capabilities); j++) {
            bool here = conf->capabilities &&
                        g_strv_contains(conf->capabilities, capabilities[j].name);
            MigShapeSetting there = mig_shape_capability(shape, capabilities[j].name);

            if (there == (here ? MIG_SHAPE_SETTING_OFF : MIG_SHAPE_SETTING_ON)) {
                report_capability(check, item, j, here);
                /* a stream shows what was set when it was written */
                if (mig_shape_is_exact(shape)) {
                    mig_report_severity(check, MIG_SEVERITY_WARNING);
                }
            }
        }
    }
}

/* --- sections ---------------------------------------------------------------------------- */

#define UNKNOWN_WORDS                                                    \
    "section or instance '%s' %u. Make sure that your current VM setup " \
    "matches your saved VM setup, including any hotplugged devices"

void mig_dest_report_unknown(MigCheck *check, const MigItem *item,
                             const MigSection *alike)
{
    const MigSection *section = item->section;
    g_autofree char *address =
        mig_address_of_section(section->name, section->instance_id);
    g_autofree char *other =
        alike ? mig_address_of_section(alike->name, alike->instance_id) : NULL;

    mig_report_item(check, item, "the destination has no %s%s%s%s", address,
                    other ? "; it has " : "", other ? other : "",
                    other ? ", which the stream has not so far" : "");
    mig_report_words(check, MIG_BEFORE(MIG_WORDS_CHANGED),
                     "Unknown savevm " UNKNOWN_WORDS, section->name,
                     section->instance_id);
    mig_report_words(check, MIG_FROM(MIG_WORDS_CHANGED), "Unknown " UNKNOWN_WORDS,
                     section->name, section->instance_id);
    mig_dest_remedy_section(check, section->name, section->instance_id, alike);
}

/* The same device at another address, where all sections are shown. */
static void report_unknown(MigCheck *check, const MigShape *shape, const MigItem *item)
{
    mig_dest_report_unknown(check, item,
                            mig_shape_alike(shape, check->reader, item->section));
}

/* Sections that a fresh guest does not write, and whose handler it has all the same: they come with
 * work that is under way, and audio from releases up to 5.2 (audio/audio.c). */
static bool has_handler_unseen(const MigSection *section)
{
    return mig_section_has_handler(section, "dirty-bitmap") ||
           mig_section_has_handler(section, "block") ||
           mig_section_has_handler(section, "spapr_drc") ||
           mig_section_has_handler(section, "audio");
}

static bool begins_section(const MigFacts *facts, const MigItem *item)
{
    return (item->type == MIG_SECTION_START || item->type == MIG_SECTION_FULL) &&
           !mig_facts_section(facts, item->section);
}

static void dest_section(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigShape *shape;

    if (item->kind == MIG_ITEM_DEVICE_STATE) {
        mig_dest_report_places(check, item);
        return;
    }
    EACH_DESTINATION(check, shape)
    {
        if (mig_shape_is_exact(shape) && begins_section(facts, item) &&
            !mig_shape_section(shape, item->section) &&
            !has_handler_unseen(item->section)) {
            report_unknown(check, shape, item);
        } else if (mig_section_is_vfio(item->section) && begins_section(facts, item) &&
                   mig_shape_lacks_place(shape, item->section->name)) {
            mig_dest_report_unknown(check, item, NULL);
        }
    }
}

void mig_dest_report_version(MigCheck *check, const MigSection *section, uint64_t here,
                             uint64_t there)
{
    g_autofree char *older =
        mig_compared_version_words(section, here, there, MIG_RELEASE_FIRST);
    g_autofree char *newer =
        mig_compared_version_words(section, here, there, MIG_WORDS_CHANGED);

    mig_report_words(check, MIG_BEFORE(MIG_WORDS_CHANGED), "%s", older);
    mig_report_words(check, MIG_FROM(MIG_WORDS_CHANGED), "%s", newer);
    mig_report_no_remedy(
        check, here > there ? "save with a machine type that writes the older "
                              "version, or load with a newer QEMU"
                            : "this QEMU has dropped the support for that version");
}

/* A stream shows the version that the destination writes, and so the newest that it reads. */
static void dest_version(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigShape *shape;

    EACH_DESTINATION(check, shape)
    {
        const MigShapeSection *there =
            mig_shape_is_exact(shape) && begins_section(facts, item)
                ? mig_shape_section(shape, item->section)
                : NULL;

        if (there && item->section->version_id > there->section->version_id) {
            mig_report_item(check, item, "version %u here, at most %u there",
                            item->section->version_id, there->section->version_id);
            mig_dest_report_version(check, item->section, item->section->version_id,
                                    there->section->version_id);
        }
    }
}

/* --- RAM blocks -------------------------------------------------------------------------- */

/* The loader changes the length of what firmware is given, up to what it has at most; that is
 * not known, but it is no less than it has now. */
static bool is_refused_length(const MigRamBlock *here, const MigRamBlock *there)
{
    static const char *const grow[] = { "/rom@etc/acpi/tables", "/rom@etc/table-loader",
                                        "/rom@etc/acpi/rsdp" };

    for (size_t i = 0; i < G_N_ELEMENTS(grow); i++) {
        if (strcmp(here->name, grow[i]) == 0) {
            return false;
        }
    }
    return g_str_has_prefix(here->name, "/rom@")
               ? here->used_length > there->used_length
               : here->used_length != there->used_length;
}

/* What becomes of the block there; *length: that it has there. */
static MigShapeBlockFate fate_of(const MigShape *shape, const MigRamBlock *block,
                                 uint64_t *length)
{
    const MigRamBlock *there;

    if (mig_shape_is_transcript(shape)) {
        return mig_shape_transcript_block(shape, block, length);
    }
    if (!mig_shape_is_exact(shape)) {
        return MIG_SHAPE_BLOCK_FINE;
    }
    there = mig_shape_block(shape, block);
    *length = there ? there->used_length : 0;
    return !there                            ? MIG_SHAPE_BLOCK_UNKNOWN
           : is_refused_length(block, there) ? MIG_SHAPE_BLOCK_LENGTH
                                             : MIG_SHAPE_BLOCK_FINE;
}

static void report_no_block(MigCheck *check, const MigShape *shape, const MigItem *item)
{
    const char *name = item->block->name;

    mig_report_item(check, item, "the destination has no RAM block \"%s\"", name);
    mig_report_words(check, MIG_ALL_RELEASES,
                     "Unknown ramblock \"%s\", cannot accept migration", name);
    mig_dest_remedy_block(check, shape, item->block);
}

static void report_length(MigCheck *check, const MigItem *item, uint64_t there)
{
    const MigRamBlock *block = item->block;

    mig_report_item(check, item,
                    "RAM block \"%s\" has 0x%" PRIx64 " bytes here, 0x%" PRIx64 " there",
                    block->name, block->used_length, there);
    mig_report_words(check, MIG_ALL_RELEASES,
                     "Size mismatch: %s: 0x%" PRIx64 " != 0x%" PRIx64
                     ": Invalid argument",
                     block->name, block->used_length, there);
    mig_dest_remedy_length(check, block, there);
}

static void dest_ram_block(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigShape *shape;

    (void)facts;
    EACH_DESTINATION(check, shape)
    {
        uint64_t there = 0;

        switch (fate_of(shape, item->block, &there)) {
        case MIG_SHAPE_BLOCK_UNKNOWN:
            report_no_block(check, shape, item);
            break;
        case MIG_SHAPE_BLOCK_LENGTH:
            report_length(check, item, there);
            break;
        case MIG_SHAPE_BLOCK_FINE:
            break;
        }
    }
}

/* What the stream does not fill stays as the destination has made it. */
static void dest_ram_missing(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigShape *shape;

    (void)item;
    EACH_DESTINATION(check, shape)
    {
        size_t n = 0;
        const MigRamBlock *const *blocks =
            facts->ram_lists ? mig_shape_blocks(shape, &n) : NULL;

        for (size_t j = 0; j < n; j++) {
            if (!mig_ram_block_named(check->reader, blocks[j])) {
                mig_report(check, mig_reader_tell(check->reader), NULL,
                           "the stream has no RAM block \"%s\", of which the "
                           "destination has "
                           "0x%" PRIx64 " bytes",
                           blocks[j]->name, blocks[j]->used_length);
            }
        }
    }
}

const MigRule mig_rules_dest[] = {
    { "dest-machine", "the destination has the machine type", MIG_SEVERITY_ERROR,
      MIG_DEST_RULE(MIG_WATCH(CONFIGURATION), dest_machine) },
    { "dest-capability", "the destination has the capabilities set that are compared",
      MIG_SEVERITY_ERROR,
      MIG_DEST_RULE(MIG_WATCH(CONFIGURATION) | MIG_WATCH(COMMAND) | MIG_WATCH_END,
                    dest_capability) },
    { "dest-ram-block", "the destination has the RAM blocks, as long as here",
      MIG_SEVERITY_ERROR, MIG_DEST_RULE(MIG_WATCH(RAM_BLOCK), dest_ram_block) },
    { "dest-ram-missing", "the stream has the RAM blocks of the destination",
      MIG_SEVERITY_WARNING, MIG_DEST_RULE(MIG_WATCH_END, dest_ram_missing) },
    { "dest-section", "the destination has the section's device, at its address",
      MIG_SEVERITY_ERROR,
      MIG_DEST_RULE(MIG_WATCH(SECTION_HEADER) | MIG_WATCH(DEVICE_STATE), dest_section) },
    { "dest-version", "the destination reads the version of the section",
      MIG_SEVERITY_ERROR, MIG_DEST_RULE(MIG_WATCH(SECTION_HEADER), dest_version) },
    { 0 },
};
