/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules between a stream and the destination that shall load it.
 * Must not know: how differences are found; what the destination is known by.
 * See also:      shape/compare.h; check/rule.h; rules-for.c, what a release refuses.
 *
 * Source: migration/savevm.c, migration/vmstate.c, migration/ram.c, hw/pci/pci.c; 5.2 to 11.1.
 */
#include <string.h>

#include "check/check-private.h"
#include "check/compared.h"
#include "stream/address-exact.h"
#include "stream/address.h"
#include "stream/glob.h"

#define BEFORE(first) MIG_RELEASE_FIRST, (first)-1
#define FROM(first)   first, MIG_RELEASE_LAST

#define SAME_CPU "start the destination with the same -cpu and its properties"

/* From this release on the loader compares the length of a virtqueue with its own. */
#define QUEUES_CHECKED QEMU(11, 1)

/* Each destination that is given. */
#define EACH_DESTINATION(check, shape)                                            \
    for (size_t i = 0; ((shape) = (check)->about =                                \
                            i < (check)->n_against ? (check)->against[i] : NULL); \
         i++)

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
            mig_report_no_remedy(check,
                                 "start the destination with -machine of that type");
            if (!mig_shape_is_exact(shape)) {
                mig_report_severity(check, MIG_SEVERITY_NOTE);
            }
        }
    }
}

/* --- sections ---------------------------------------------------------------------------- */

/* The same device at another address: that is looked for where it is shown. */
static const MigSection *report_alike(MigCheck *check, const MigShape *shape,
                                      const MigSection *section)
{
    const MigSection *alike =
        check->pending_kept ? mig_shape_alike(shape, check->reader, section) : NULL;

    if (alike) {
        g_autofree char *message = check->pending.message;
        g_autofree char *other = mig_address_of_section(alike->name, alike->instance_id);

        check->pending.message = g_strdup_printf(
            "%s; it has %s, which the stream has not so far", message, other);
    }
    return alike;
}

#define UNKNOWN_WORDS                                                    \
    "section or instance '%s' %u. Make sure that your current VM setup " \
    "matches your saved VM setup, including any hotplugged devices"

static void report_unknown(MigCheck *check, const MigShape *shape, const MigItem *item)
{
    const MigSection *section = item->section, *alike;
    g_autofree char *address =
        mig_address_of_section(section->name, section->instance_id);
    g_autofree char *value = mig_remedy_section(section->name, section->instance_id);

    mig_report_item(check, item, "the destination has no %s", address);
    alike = report_alike(check, shape, section);
    mig_report_words(check, BEFORE(MIG_WORDS_CHANGED), "Unknown savevm " UNKNOWN_WORDS,
                     section->name, section->instance_id);
    mig_report_words(check, FROM(MIG_WORDS_CHANGED), "Unknown " UNKNOWN_WORDS,
                     section->name, section->instance_id);
    if (alike && alike->instance_id == section->instance_id) {
        g_autofree char *to = mig_remedy_value(alike->name); /* no address */

        mig_report_remedy(check, "rename-section:from=%s:to=%s", value, to);
        mig_report_gives_up(check, false,
                            "the address that the guest knows, if it differs");
    } else if (section->instance_id == 0) {
        mig_report_remedy(check, "drop-section:name=%s", value);
        mig_report_gives_up(check, true,
                            "the device's state (better: start the destination with this "
                            "device, at this address)");
    } else {
        mig_report_no_remedy(check,
                             "start the destination with as many devices of this kind");
    }
}

/* Sections that a fresh guest does not write, and whose handler it has all the same. */
static bool is_written_when_active(const MigSection *section)
{
    return mig_section_has_handler(section, "dirty-bitmap") ||
           mig_section_has_handler(section, "block") ||
           mig_section_has_handler(section, "spapr_drc");
}

static bool begins_section(const MigFacts *facts, const MigItem *item)
{
    return (item->type == MIG_SECTION_START || item->type == MIG_SECTION_FULL) &&
           !mig_facts_section(facts, item->section);
}

static void dest_section(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigShape *shape;

    EACH_DESTINATION(check, shape)
    {
        if (mig_shape_is_exact(shape) && begins_section(facts, item) &&
            !mig_shape_section(shape, item->section) &&
            !is_written_when_active(item->section)) {
            report_unknown(check, shape, item);
        }
    }
}

static void report_version(MigCheck *check, const MigSection *section, uint64_t here,
                           uint64_t there)
{
    g_autofree char *older =
        mig_compared_version_words(section, here, there, MIG_RELEASE_FIRST);
    g_autofree char *newer =
        mig_compared_version_words(section, here, there, MIG_WORDS_CHANGED);

    mig_report_words(check, BEFORE(MIG_WORDS_CHANGED), "%s", older);
    mig_report_words(check, FROM(MIG_WORDS_CHANGED), "%s", newer);
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
            report_version(check, item->section, item->section->version_id,
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

/* What makes a block as long at the destination. */
static const char *length_option(const char *name)
{
    static const struct {
        const char *name, *option;
    } options[] = {
        { "*.rom",
          "give the destination's device the same option ROM (romfile=, romsize=)" },
        { "*vram*",
          "give the destination's video card the same memory (vgamem_mb=, ...)" },
        { "*.bios", "start the destination with the same firmware" },
        { "*.flash*", "start the destination with the same firmware" },
        { "*.ram", "start the destination with the same -m" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (mig_glob(options[i].name, name)) {
            return options[i].option;
        }
    }
    return "start the destination with memory of this length";
}

static void dest_ram_block(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const MigShape *shape;

    (void)facts;
    EACH_DESTINATION(check, shape)
    {
        const MigRamBlock *block = item->block;
        const MigRamBlock *there;

        if (!mig_shape_is_exact(shape)) {
            continue;
        }
        there = mig_shape_block(shape, block);
        if (!there) {
            mig_report_item(check, item, "the destination has no RAM block \"%s\"",
                            block->name);
            mig_report_words(check, MIG_ALL_RELEASES,
                             "Unknown ramblock \"%s\", cannot accept migration",
                             block->name);
            mig_report_no_remedy(
                check, strchr(block->name, '/')
                           ? "start the destination with the device that owns it, "
                             "at the same address and with the same ROM"
                           : "start the destination with memory of this name");
        } else if (is_refused_length(block, there)) {
            mig_report_item(check, item,
                            "RAM block \"%s\" has 0x%" PRIx64 " bytes here, 0x%" PRIx64
                            " there",
                            block->name, block->used_length, there->used_length);
            mig_report_words(check, MIG_ALL_RELEASES,
                             "Size mismatch: %s: 0x%" PRIx64 " != 0x%" PRIx64
                             ": Invalid argument",
                             block->name, block->used_length, there->used_length);
            mig_report_no_remedy(check, length_option(block->name));
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

/* --- device state ------------------------------------------------------------------------ */

/* What makes the destination like it: by where the difference is. */
static const char *dest_option(const MigShapeDifference *d)
{
    static const struct {
        const char *path, *option;
    } options[] = {
        { "*cpuhp*", "start the destination with the same maxcpus= of -smp" },
        { "*memhp*", "start the destination with the same slots= of -m" },
        { "*acpi_memory_hotplug*", "start the destination with the same slots= of -m" },
        { "*cap_*", "start the destination with the same vectors=, num-queues= and other "
                    "properties of this device" },
    };

    for (size_t i = 0; d->path && i < G_N_ELEMENTS(options); i++) {
        if (mig_glob(options[i].path, d->path)) {
            return options[i].option;
        }
    }
    return "start the destination with the same device and the same properties";
}

typedef void Report(MigCheck *check, const MigItem *item, const MigShapeDifference *d);

static void report_each(MigCheck *check, const MigItem *item, uint32_t kinds,
                        Report *report)
{
    const GPtrArray *differences = mig_compared_with_destinations(check, item);

    for (guint i = 0; i < differences->len; i++) {
        const MigShapeDifference *d = g_ptr_array_index(differences, i);

        if (kinds >> d->kind & 1) {
            check->about = d->with;
            report(check, item, d);
            if (!d->sure) {
                mig_report_severity(check, MIG_SEVERITY_WARNING);
            }
        }
    }
    mig_compared_ground(check);
}

static void report_device_version(MigCheck *check, const MigItem *item,
                                  const MigShapeDifference *d)
{
    mig_report(check, d->path ? d->offset : item->offset, item->section,
               "%s%sversion %" PRIu64 " here, at %s %" PRIu64 " there",
               d->path ? d->path : "", d->path ? ": " : "", d->here,
               d->here > d->there ? "most" : "least", d->there);
    report_version(check, item->section, d->here, d->there);
}

static void dest_device_version(MigCheck *check, const MigFacts *facts,
                                const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_VERSION_NEW | 1u << MIG_SHAPE_VERSION_OLD,
                report_device_version);
}

static void report_subsection(MigCheck *check, const MigItem *item,
                              const MigShapeDifference *d)
{
    g_autofree char *path = mig_address_escape(d->path);
    g_autofree char *value =
        mig_remedy_part(item->section->name, item->section->instance_id, path);

    mig_report(check, d->offset, item->section, "the destination knows no subsection %s",
               d->path);
    mig_report_words(check, BEFORE(MIG_WORDS_CHANGED),
                     "error while loading state for instance 0x%x of device '%s'",
                     item->section->instance_id, item->section->name);
    mig_report_words(
        check, FROM(MIG_WORDS_CHANGED), "VM subsection '%s' in '%s' does not exist",
        strrchr(d->path, '.') ? strrchr(d->path, '.') + 1 : d->path, d->owner);
    mig_report_remedy(check, "drop-subsection:path=%s", value);
    mig_report_gives_up(check, true, "what the subsection holds");
}

static void dest_subsection(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_SUBSECTION_UNKNOWN, report_subsection);
}

static void report_fields(MigCheck *check, const MigItem *item,
                          const MigShapeDifference *d)
{
    static const char *const units[] = { [MIG_SHAPE_COUNT] = "elements",
                                         [MIG_SHAPE_SIZE] = "bytes",
                                         [MIG_SHAPE_FIELDS] = "bytes from here on" };

    mig_report(check, d->offset, item->section,
               "%s: %" PRIu64 " %s here, %" PRIu64 " there", d->path, d->here,
               units[d->kind], d->there);
    mig_report_words(check, MIG_ALL_RELEASES, "Missing section footer for %s",
                     item->section->name);
    mig_report_no_remedy(check, dest_option(d));
}

static void dest_fields(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item,
                1u << MIG_SHAPE_COUNT | 1u << MIG_SHAPE_SIZE | 1u << MIG_SHAPE_FIELDS,
                report_fields);
}

/* What is loaded into a constant register of an Arm CPU has to be what it reads. */
static void report_constant(MigCheck *check, const MigItem *item,
                            const MigShapeDifference *d)
{
    mig_report(check, d->offset, item->section,
               "%s is 0x%" PRIx64 " here, 0x%" PRIx64 " there, and cannot be changed",
               d->path, d->here, d->there);
    mig_report_words(check, MIG_ALL_RELEASES,
                     "error while loading state for instance 0x%x of device '%s'",
                     item->section->instance_id, item->section->name);
    mig_report_no_remedy(check, SAME_CPU);
}

static void report_value(MigCheck *check, const MigItem *item,
                         const MigShapeDifference *d)
{
    if (g_str_has_prefix(d->path, "cpreg[")) {
        report_constant(check, item, d);
        return;
    }
    mig_report(check, d->offset, item->section,
               "%s: %" PRIu64 " here, %" PRIu64 " there, and the loader compares them",
               d->path, d->here, d->there);
    mig_report_words(check, MIG_ALL_RELEASES, "%" PRIx64 " != %" PRIx64, d->here,
                     d->there);
    mig_report_no_remedy(check, dest_option(d));
}

static void dest_value(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_VALUE, report_value);
}

/* Older loaders take any number of entries. */
static void report_queue(MigCheck *check, const MigItem *item,
                         const MigShapeDifference *d)
{
    if (check->asked && !mig_check_asks(check, FROM(QUEUES_CHECKED))) {
        return;
    }
    mig_report(check, d->offset, item->section,
               "%s: %" PRIu64 " entries here, at most %" PRIu64
               " there, which QEMU 11.1 and "
               "later refuse",
               d->path, d->here, d->there);
    mig_report_words(check, FROM(QUEUES_CHECKED),
                     "VQ ... vring.num %" PRIu64 " exceeds allocated max %" PRIu64,
                     d->here, d->there);
    mig_report_no_remedy(check, "give the device at the destination as long queues "
                                "(queue-size=, rx_queue_size=, tx_queue_size=)");
    mig_report_severity(check, check->asked ? MIG_SEVERITY_ERROR : MIG_SEVERITY_WARNING);
}

static void dest_queue(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_QUEUE, report_queue);
}

static void report_register(MigCheck *check, const MigItem *item,
                            const MigShapeDifference *d)
{
    mig_report(check, d->offset, item->section,
               "the destination's CPU lacks %" PRIu64 " register%s, the first %s",
               d->here, MIG_PLURAL(d->here), d->path);
    mig_report_words(check, BEFORE(QEMU(11, 0)),
                     "error while loading state for instance 0x%x of device '%s'",
                     item->section->instance_id, item->section->name);
    mig_report_words(
        check, FROM(QEMU(11, 0)),
        "handle_cpreg_only_in_incoming_stream: ... in the incoming stream but "
        "unknown on the destination: fail migration");
    mig_report_no_remedy(check, SAME_CPU);
}

static void dest_register(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_REGISTER, report_register);
}

/* Adds the words of @a that are others in @b: notes are lists of what each bit says. */
static void append_words(GString *text, const char *a, const char *b)
{
    g_auto(GStrv) words = g_strsplit(a, " ", -1), others = g_strsplit(b, " ", -1);
    size_t n = g_strv_length(words);
    bool alike = n == g_strv_length(others);

    for (size_t i = 0; i < n; i++) {
        if (!alike || strcmp(words[i], others[i]) != 0) {
            g_string_append_printf(
                text, " %.*s", (int)(strlen(words[i]) - g_str_has_suffix(words[i], ",")),
                words[i]);
        }
    }
}

static void report_pci(MigCheck *check, const MigItem *item, const MigShapeDifference *d)
{
    g_autoptr(GString) notes = g_string_new(NULL);

    if (d->note_here && d->note_there && strcmp(d->note_here, d->note_there) != 0) {
        g_string_append_c(notes, ':');
        append_words(notes, d->note_here, d->note_there);
        g_string_append(notes, " here,");
        append_words(notes, d->note_there, d->note_here);
        g_string_append(notes, " there");
    }
    mig_report(check, d->offset, item->section,
               "byte 0x%02x of configuration space is 0x%02" PRIx64 " here, 0x%02" PRIx64
               " there, in %s%s",
               d->at, d->here, d->there, d->path ? d->path : "no register that is known",
               notes->str);
    mig_report_words(check, MIG_ALL_RELEASES,
                     "get_pci_config_device: Bad config data: i=0x%x read: %" PRIx64
                     " device: %" PRIx64,
                     d->at, d->here, d->there);
    mig_report_no_remedy(check, dest_option(d));
}

static void dest_pci_config(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    report_each(check, item, 1u << MIG_SHAPE_PCI_CONFIG, report_pci);
}

#define DEST(kinds, function) kinds, .judge = function, .needs_destination = true

const MigRule mig_rules_dest[] = {
    { "dest-machine", "the destination has the machine type", MIG_SEVERITY_ERROR,
      DEST(MIG_WATCH(CONFIGURATION), dest_machine) },
    { "dest-ram-block", "the destination has the RAM blocks, as long as here",
      MIG_SEVERITY_ERROR, DEST(MIG_WATCH(RAM_BLOCK), dest_ram_block) },
    { "dest-ram-missing", "the stream has the RAM blocks of the destination",
      MIG_SEVERITY_WARNING, DEST(MIG_WATCH_END, dest_ram_missing) },
    { "dest-section", "the destination has the section's device, at its address",
      MIG_SEVERITY_ERROR, DEST(MIG_WATCH(SECTION_HEADER), dest_section) },
    { "dest-version", "the destination reads the version of the section",
      MIG_SEVERITY_ERROR, DEST(MIG_WATCH(SECTION_HEADER), dest_version) },
    { "dest-device-version",
      "the destination reads the versions of devices and subsections", MIG_SEVERITY_ERROR,
      DEST(MIG_WATCH(DEVICE_STATE), dest_device_version) },
    { "dest-pci-config",
      "configuration space is the destination's where a loader compares it",
      MIG_SEVERITY_ERROR, DEST(MIG_WATCH(DEVICE_STATE), dest_pci_config) },
    { "dest-fields", "the destination reads as many bytes and elements",
      MIG_SEVERITY_ERROR, DEST(MIG_WATCH(DEVICE_STATE), dest_fields) },
    { "dest-value", "values that the loader compares are the destination's",
      MIG_SEVERITY_ERROR, DEST(MIG_WATCH(DEVICE_STATE), dest_value) },
    { "dest-queue", "the destination's virtqueues are as long", MIG_SEVERITY_WARNING,
      DEST(MIG_WATCH(DEVICE_STATE), dest_queue) },
    { "dest-register", "the destination's CPU has the registers", MIG_SEVERITY_ERROR,
      DEST(MIG_WATCH(DEVICE_STATE), dest_register) },
    { "dest-subsection", "the destination knows the subsections", MIG_SEVERITY_ERROR,
      DEST(MIG_WATCH(DEVICE_STATE), dest_subsection) },
    { 0 },
};
