/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see machine-vendor.h.
 * Must not know: see there.
 * See also:      stream/release.c, the families.
 *
 * Stock names are a family and a version.  Vendors put something else in the version's place
 * (pc-q35-rhel9.4.0, virt-rhel9.2.0, pc-i440fx-jammy, pc-q35-noble-v2) or after it
 * (pc-i440fx-9.0+pve0).
 */
#include "stream/machine-vendor.h"

#include <glib.h>
#include <string.h>

#include "stream/qemu.h"

/* Ubuntu's machine types are named after its releases, and are made from the one of the QEMU
 * that those have. */
static const struct {
    const char *name;
    MigRelease release;
} ubuntu[] = {
    { "trusty", QEMU(2, 0) },         { "utopic", QEMU(2, 1) },
    { "vivid", QEMU(2, 2) },          { "wily", QEMU(2, 3) },
    { "xenial", QEMU(2, 5) },         { "yakkety", QEMU(2, 6) },
    { "zesty", QEMU(2, 8) },          { "artful", QEMU(2, 10) },
    { "bionic", QEMU(2, 11) },        { "cosmic", QEMU(2, 12) },
    { "disco", QEMU(3, 1) },          { "eoan", QEMU(4, 0) },
    { "focal", QEMU(4, 2) },          { "groovy", QEMU(5, 0) },
    { "hirsute", QEMU(5, 2) },        { "impish", QEMU(6, 0) },
    { "jammy", QEMU(6, 2) },          { "kinetic", QEMU(7, 0) },
    { "lunar", QEMU(7, 2) },          { "mantic", QEMU(8, 0) },
    { "noble", QEMU(8, 2) },          { "oracular", QEMU(9, 0) },
    { "plucky", QEMU(9, 2) },         { "questing", QEMU(10, 1) },
    { "resolute", MIG_RELEASE_NONE },
};

/* "jammy", "noble-v2", "bionic-hpb" */
static bool is_ubuntu(const char *rest, MigMachineVendor *vendor)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ubuntu); i++) {
        size_t n = strlen(ubuntu[i].name);

        if (strncmp(rest, ubuntu[i].name, n) == 0 && (!rest[n] || rest[n] == '-')) {
            *vendor = (MigMachineVendor){ "Ubuntu's QEMU", "Ubuntu", ubuntu[i].release };
            return true;
        }
    }
    return false;
}

bool mig_machine_vendor(const char *machine, MigMachineVendor *vendor)
{
    const char *rest = machine + mig_release_machine_family(machine);
    const char *plus = strchr(rest, '+');

    if (g_str_has_prefix(rest, "rhel")) { /* those of release 6 have no family */
        *vendor = (MigMachineVendor){
            "Red Hat's QEMU (RHEL, CentOS Stream)",
            "Red Hat Enterprise Linux, CentOS Stream and what is built from them",
            MIG_RELEASE_NONE,
        };
        return true;
    }
    if (rest == machine) {
        return false;
    }
    if (plus && g_str_has_prefix(plus, "+pve")) {
        g_autofree char *stock = g_strndup(machine, (gsize)(plus - machine));

        *vendor = (MigMachineVendor){ "Proxmox VE's QEMU", "Proxmox",
                                      mig_release_of_machine(stock) };
        return true;
    }
    if (is_ubuntu(rest, vendor)) {
        return true;
    }
    *vendor = (MigMachineVendor){ "a distribution's QEMU", NULL, MIG_RELEASE_NONE };
    return plus || g_ascii_isalpha(*rest);
}
