/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of the CONFIGURATION section.
 * Must not know: what follows it.
 * See also:      check/rule.h; stream/configuration.c.
 */
#include <string.h>

#include "check/rule.h"
#include "stream/machine-vendor.h"
#include "stream/defect.h"

/* Machine types up to 2.3, and Xen's, have neither configuration nor footers, so the first
 * footer shows that the configuration is missing. */
static void configuration_missing(MigCheck *check, const MigFacts *facts,
                                  const MigItem *item)
{
    (void)item;
    if (facts->configuration == MIG_NOWHERE && facts->n_footers == 0) {
        mig_report(check, MIG_FILE_HEADER_LENGTH, NULL,
                   "no CONFIGURATION after the file header, and sections have footers");
        mig_report_no_remedy(check,
                             "start the destination with -global "
                             "migration.send-configuration=off: it then wants none");
    }
}

static void configuration_twice(MigCheck *check, const MigFacts *facts,
                                const MigItem *item)
{
    if (item->defect == MIG_DEFECT_CONFIGURATION_TWICE) {
        mig_report_item(check, item,
                        "a second CONFIGURATION, the first stands at 0x%" PRIx64,
                        facts->configuration);
        mig_report_loader(check, MIG_RELEASE_FIRST, QEMU(10, 1),
                          "Unknown savevm section type 7");
        mig_report_loader(check, QEMU(10, 2), MIG_RELEASE_LAST, "Unknown section type 7");
    }
}

static void configuration_not_first(MigCheck *check, const MigFacts *facts,
                                    const MigItem *item)
{
    (void)facts;
    if (item->defect == MIG_DEFECT_CONFIGURATION_NOT_FIRST) {
        mig_report_item(check, item,
                        "CONFIGURATION does not stand after the file header");
        mig_report_loader(check, MIG_ALL_RELEASES, "Configuration section missing");
    }
}

static bool is_prefix_of_versioned(const char *machine)
{
    size_t n = mig_release_machine_family(machine);

    return n && !machine[n + strspn(machine + n, "0123456789")];
}

/* The loader compares only as many bytes as it received, so the beginning of a name, or an
 * empty one, passes. */
static void configuration_machine(MigCheck *check, const MigFacts *facts,
                                  const MigItem *item)
{
    const MigConfiguration *conf = mig_reader_configuration(mig_check_reader(check));

    (void)facts;
    if (!conf || item->defect) {
        return;
    }
    for (uint32_t i = 0; i < conf->machine_length; i++) {
        if (!g_ascii_isprint(conf->machine[i])) {
            mig_report_item(check, item, "byte %u of the machine type's name is 0x%02x",
                            i, (unsigned char)conf->machine[i]);
            mig_report_severity(check, MIG_SEVERITY_ERROR);
            mig_report_loader(check, MIG_ALL_RELEASES,
                              "Machine type received is '%s' and local is '...'",
                              conf->machine);
            return;
        }
    }
    if (conf->machine_length == 0) {
        mig_report_item(check, item,
                        "the machine type's name is empty: it loads on any machine");
    } else if (is_prefix_of_versioned(conf->machine)) {
        mig_report_item(check, item,
                        "machine type \"%s\" is the beginning of a name only: it "
                        "loads on every machine type that begins so",
                        conf->machine);
    }
}

/* The oldest machine types of the PC that a release still has, as far as they were looked up in
 * -M help of 5.2, 7.2, 10.0 and 11.1. */
static MigRelease oldest_machine(MigRelease release)
{
    return release <= QEMU(7, 2)    ? MIG_RELEASE_NONE
           : release <= QEMU(10, 0) ? QEMU(2, 4)
                                    : QEMU(5, 2);
}

static void remedy_vendor(MigCheck *check, const char *machine, MigRelease made_from)
{
    MigRelease asked = mig_check_release(check);
    bool older = asked != MIG_RELEASE_NONE && asked < made_from;

    if (made_from == MIG_RELEASE_NONE || made_from < oldest_machine(asked)) {
        mig_report_no_remedy(check,
                             made_from == MIG_RELEASE_NONE
                                 ? "which stock machine type is alike is not known; "
                                   "load it with that QEMU, or name a type with the "
                                   "filter machine"
                                 : "the release does not have the stock machine type "
                                   "that it was made from; load it with that QEMU, or "
                                   "an older release");
        return;
    }
    made_from = older ? asked : made_from;
    mig_report_remedy(check, "machine:name=%.*s%u.%u",
                      (int)mig_release_machine_family(machine), machine,
                      mig_release_major(made_from), mig_release_minor(made_from));
    mig_report_gives_up(check, false,
                        older ? "what the vendor's machine type and the older stock type "
                                "set differently (start the destination with the stock "
                                "type)"
                              : "what the vendor's machine type sets differently (start "
                                "the destination with the stock type)");
}

/* No harm where the stream stays with its vendor. */
static void configuration_vendor(MigCheck *check, const MigFacts *facts,
                                 const MigItem *item)
{
    const MigConfiguration *conf = mig_reader_configuration(mig_check_reader(check));
    MigMachineVendor vendor;

    (void)facts;
    if (conf && !item->defect && mig_machine_vendor(conf->machine, &vendor)) {
        mig_report_item(check, item,
                        "machine type \"%s\" is of %s; no stock release has it",
                        conf->machine, vendor.qemu);
        mig_report_loader(check, MIG_ALL_RELEASES,
                          "Machine type received is '%s' and local is '...'",
                          conf->machine);
        remedy_vendor(check, conf->machine, vendor.release);
    }
}

static void configuration_capability(MigCheck *check, const MigFacts *facts,
                                     const MigItem *item)
{
    const MigConfiguration *conf = mig_reader_configuration(mig_check_reader(check));

    (void)facts;
    for (size_t i = 0; conf && conf->capabilities && conf->capabilities[i]; i++) {
        if (mig_release_of_capability(conf->capabilities[i]) == MIG_RELEASE_NONE) {
            mig_report_item(check, item, "capability \"%s\" is of no release",
                            conf->capabilities[i]);
            mig_report_loader(check, MIG_ALL_RELEASES, "Received unknown capability %s",
                              conf->capabilities[i]);
        }
    }
}

#define CONFIGURATION MIG_WATCH(CONFIGURATION)

const MigRule mig_rules_configuration[] = {
    { "configuration-missing", "a CONFIGURATION follows the file header",
      MIG_SEVERITY_ERROR, MIG_WATCH(SECTION_FOOTER), .judge = configuration_missing,
      .loader = "Configuration section missing" },
    { "configuration-malformed", "the CONFIGURATION is one that QEMU writes",
      MIG_SEVERITY_ERROR, 0,
      .loader = "load of migration failed: No such file or directory" },
    { "configuration-twice", "there is one CONFIGURATION", MIG_SEVERITY_ERROR,
      CONFIGURATION, .judge = configuration_twice },
    { "configuration-not-first", "the CONFIGURATION comes first", MIG_SEVERITY_ERROR,
      CONFIGURATION, .judge = configuration_not_first },
    { "configuration-machine", "the machine type is a whole name", MIG_SEVERITY_WARNING,
      CONFIGURATION, .judge = configuration_machine },
    { "configuration-vendor", "the machine type is of a stock QEMU", MIG_SEVERITY_NOTE,
      CONFIGURATION, .judge = configuration_vendor },
    { "configuration-capability", "recorded capabilities are known", MIG_SEVERITY_ERROR,
      CONFIGURATION, .judge = configuration_capability },
    { 0 },
};
