/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see pci-ids.h.
 * Must not know: who asks.
 * See also:      device/pci-names.c.
 */
#include "pci-ids.h"

#include <stdlib.h>
#include <unistd.h>

CliPciIds *cli_pci_ids_open(void)
{
    CliPciIds *ids = g_new0(CliPciIds, 1);
    const char *path = getenv("MIGSTAT_PCI_IDS");

    ids->fd = mig_pci_names_open(path && *path ? path : NULL);
    return ids;
}

const MigPciNames *cli_pci_ids_names(CliPciIds *ids)
{
    if (ids->fd >= 0) {
        ids->names = mig_pci_names_read(ids->fd);
        ids->fd = -1;
    }
    return ids->names;
}

void cli_pci_ids_close(CliPciIds *ids)
{
    if (ids->fd >= 0) {
        close(ids->fd);
    }
    mig_pci_names_free(ids->names);
    g_free(ids);
}
