/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see pci-space.h.
 * Must not know: what follows the configuration space in a stream.
 * See also:      stream/vfio.c, device/pci.c.
 */
#include "stream/pci-space.h"

#include "stream/wire.h"

#define STATUS_CAPABILITIES 0x10u
#define CAPABILITY_LIST     0x34u
#define CAPABILITY_FIRST    0x40u
#define CONTROL             2u /* offset of the register in a capability */
#define MSI_ENABLE          0x0001u
#define MSIX_SIZE_MASK      0x7ffu
#define MSIX_ENABLE         0x8000u

bool mig_pci_next_capability(const uint8_t *space, MigPciCapability *capability)
{
    uint8_t at;

    if (!(space[MIG_PCI_STATUS] & STATUS_CAPABILITIES) ||
        capability->n == MIG_PCI_CAPABILITIES_MAX) {
        return false;
    }
    at = space[capability->at ? capability->at + 1u : CAPABILITY_LIST] & 0xfc;
    if (at < CAPABILITY_FIRST) {
        return false;
    }
    capability->at = at;
    capability->id = space[at];
    capability->n++;
    return true;
}

/* The control register of the first capability @id; false where there is none. */
static bool control_of(const uint8_t *space, uint8_t id, uint16_t *control)
{
    MigPciCapability capability = { 0 };

    while (mig_pci_next_capability(space, &capability)) {
        if (capability.id == id) {
            *control = mig_le16(space + capability.at + CONTROL);
            return true;
        }
    }
    return false;
}

uint32_t mig_pci_msix_entries(const uint8_t *space)
{
    uint16_t control;

    return control_of(space, MIG_PCI_CAPABILITY_MSIX, &control)
               ? (control & MSIX_SIZE_MASK) + 1u
               : 0;
}

bool mig_pci_msix_enabled(const uint8_t *space)
{
    uint16_t control;

    return control_of(space, MIG_PCI_CAPABILITY_MSIX, &control) && control & MSIX_ENABLE;
}

bool mig_pci_msi_enabled(const uint8_t *space)
{
    uint16_t control;

    return control_of(space, MIG_PCI_CAPABILITY_MSI, &control) && control & MSI_ENABLE;
}
