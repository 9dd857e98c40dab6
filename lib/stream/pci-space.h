/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          finding capabilities in PCI configuration space, and what the MSI-X one
 *                says.
 * Must not know: whose space it is; what the registers mean (device/pci-registers.h).
 * See also:      stream/vfio.c, device/pci.c.
 *
 * Source: PCI Local Bus Specification 3.0, 6.2 and 6.8.2.
 */
#ifndef MIG_STREAM_PCI_SPACE_H
#define MIG_STREAM_PCI_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#define MIG_PCI_SPACE_LENGTH       256u /* bytes */
#define MIG_PCI_SPACE_EXTENDED     4096u
#define MIG_PCI_STATUS             0x06u
#define MIG_PCI_CLASS              0x0au /* subclass and class */
#define MIG_PCI_HEADER_TYPE        0x0eu
#define MIG_PCI_CAPABILITIES_MAX   48u
#define MIG_PCI_CAPABILITY_MSI     0x05u
#define MIG_PCI_CAPABILITY_EXPRESS 0x10u
#define MIG_PCI_CAPABILITY_MSIX    0x11u
#define MIG_PCI_INTX_PINS          4u
#define MIG_PCI_MSIX_ENTRY_LENGTH  16u /* bytes of a vector in the MSI-X table */
#define MIG_PCI_MSIX_VECTORS_MAX   2048u

/* A place in the capability list.  Zeros: before the first capability. */
typedef struct MigPciCapability {
    uint8_t at; /* offset in the space; 0: none */
    uint8_t id;
    uint8_t n; /* capabilities so far, this one included */
} MigPciCapability;

/*
 * Moves to the next capability of @space, which is MIG_PCI_SPACE_LENGTH bytes at least.
 * False after the last one.  A list that runs in a loop ends after
 * MIG_PCI_CAPABILITIES_MAX.
 */
bool mig_pci_next_capability(const uint8_t *space, MigPciCapability *capability);

/* Entries of the MSI-X table that @space announces; 0 without the capability. */
uint32_t mig_pci_msix_entries(const uint8_t *space);

/* Whether MSI-X, or MSI, is enabled in @space. */
bool mig_pci_msix_enabled(const uint8_t *space);
bool mig_pci_msi_enabled(const uint8_t *space);

/* Bytes of the pending bits of @vectors vectors: a bit a vector, in whole bytes. */
static inline uint32_t mig_pci_msix_pending_length(uint32_t vectors)
{
    return (vectors + 7) / 8;
}

#endif
