/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the registers of PCI configuration space: where they are and what their
 *                bits say.
 * Must not know: how they are shown.  Private to device/.
 * See also:      device/pci.c; lspci(8), whose words the bits use.
 */
#ifndef MIG_DEVICE_PCI_REGISTERS_H
#define MIG_DEVICE_PCI_REGISTERS_H

#include <stdint.h>

enum { CAP_VENDOR = 0x09, CAP_MSI = 0x05, CAP_EXPRESS = 0x10, CAP_MSIX = 0x11 };
enum { EXT_AER = 0x01, EXT_VENDOR = 0x0b, EXT_SRIOV = 0x10 };
enum { EXT_REBAR = 0x15, EXT_VF_REBAR = 0x24 };

/* Bits of a register; one bit shows as "Name+" or "Name-", more as "Name=value", the value
 * as one of the words after "=" if it is among them: "DEVSEL=fast|medium|slow". */
typedef struct Bits {
    uint8_t at, width;
    const char *name;
} Bits;

/* A list of them, where it is used. */
/* clang-format off */
#define BITS(...) (const Bits[]) { __VA_ARGS__, { 0 } }
/* clang-format on */

/* What the type of an Express and of a virtio capability may be, as in Bits. */
#define MIG_PCI_EXPRESS_TYPES                                                            \
    "Endpoint|Legacy Endpoint|||Root Port|Upstream Port|Downstream Port|PCI-Express to " \
    "PCI/PCI-X Bridge|PCI/PCI-X to PCI-Express Bridge|Root Complex Integrated Endpoint|" \
    "Root Complex Event Collector"
#define MIG_PCI_VIRTIO_TYPES "|CommonCfg|Notify|ISR|DeviceCfg|PCI_CFG|||SharedMemory"

/* Offset and bytes of a register; a row without a name closes a table. */
typedef struct Reg {
    uint16_t at;
    uint8_t width;
    const char *name;
    const Bits *bits;
} Reg;

typedef struct Capability {
    uint16_t id;
    const char *name;
    const Reg *regs; /* or NULL: shown as bytes */
} Capability;

/* Offsets count from the start of configuration space. */
extern const Reg mig_pci_common_header[];
extern const Reg mig_pci_header_0[];
extern const Reg mig_pci_header_1[];

/* Offsets count from the capability. */
extern const Reg mig_pci_msix_regs[];
extern const Reg mig_pci_msi_32[];
extern const Reg mig_pci_msi_32_mask[];
extern const Reg mig_pci_msi_64[];
extern const Reg mig_pci_msi_64_mask[];
extern const Reg mig_pci_virtio_regs[];
extern const Reg mig_pci_express_slot_regs[];
extern const Reg mig_pci_express_root_regs[];
extern const Reg mig_pci_express_2_regs[];
extern const Reg mig_pci_aer_root_regs[];
extern const Reg mig_pci_rebar_regs[];
extern const Capability mig_pci_capabilities[];
extern const Capability mig_pci_extended_capabilities[];

#endif
