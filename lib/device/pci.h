/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          names of PCI vendors, devices and classes, as the system has them.
 * Must not know: where ids come from.
 * See also:      device/pci.c, which decodes configuration space to fields.
 */
#ifndef MIG_DEVICE_PCI_H
#define MIG_DEVICE_PCI_H

#include <stdint.h>

#include "io/visibility.h"

G_BEGIN_DECLS

typedef struct MigPciNames MigPciNames;

/*
 * Reads the list of the pciutils project, pci.ids or pci.ids.gz, from where distributions
 * put it, or from @path if that is not NULL.  NULL where there is none: numbers then have
 * to do.  The caller owns it, mig_pci_names_free().
 */
MIG_API MigPciNames *mig_pci_names_load(const char *path);

/* The same in two steps, for who may not open files later: a descriptor of the list, or -1;
 * and what it holds, which closes the descriptor. */
MIG_API int mig_pci_names_open(const char *path);
MIG_API MigPciNames *mig_pci_names_read(int fd);
MIG_API void mig_pci_names_free(MigPciNames *names);

/* NULL where the list, or @names itself, has none.  They live as long as @names. */
MIG_API const char *mig_pci_vendor_name(const MigPciNames *names, uint16_t vendor);
MIG_API const char *mig_pci_device_name(const MigPciNames *names, uint16_t vendor,
                                        uint16_t device);
/* @class_code: base class << 8 | sub-class, as in configuration space at 0x0a. */
MIG_API const char *mig_pci_class_name(const MigPciNames *names, uint16_t class_code);

G_END_DECLS

#endif
