/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          when the names of PCI devices are read: once, and only if one is asked
 *                for.
 * Must not know: who asks.
 * See also:      device/pci.h, which reads them; sandbox.c, after which no file can be
 *                opened.
 */
#ifndef CLI_PCI_IDS_H
#define CLI_PCI_IDS_H

#include "migstat.h"

typedef struct CliPciIds {
    int fd; /* of the list; -1: none, or read */
    MigPciNames *names;
} CliPciIds;

/* Opens the list that the variable MIGSTAT_PCI_IDS names, or the system's. */
CliPciIds *cli_pci_ids_open(void);

/* NULL where there is no list.  Lives as long as @ids. */
const MigPciNames *cli_pci_ids_names(CliPciIds *ids);

void cli_pci_ids_close(CliPciIds *ids);

#endif
