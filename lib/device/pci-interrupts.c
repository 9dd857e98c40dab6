/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the INTx state and the MSI-X table of a PCI device to fields.
 * Must not know: whose they are: an emulated device's, or a VFIO device's.
 * See also:      device/pci.c, configuration space; stream/pci-space.h.
 */
#include "device/special.h"
#include "stream/pci-space.h"

#define MSIX_ENTRY MIG_PCI_MSIX_ENTRY_LENGTH

void mig_pci_intx_decode(MigEmit *e, const char *name, const char *type, uint64_t at)
{
    static const char *const pins[] = { "INTA", "INTB", "INTC", "INTD" };

    mig_emit_open(e, MIG_FIELD_STRUCT, name, type, at, 16);
    for (unsigned pin = 0; pin < 4; pin++) {
        uint64_t state = mig_emit_get_be(e, at + 4 * pin, 4);

        mig_emit_be(e, pins[pin], at + 4 * pin, 4,
                    state == 0   ? "not asserted"
                    : state == 1 ? "asserted"
                                 : "neither 0 nor 1: loaders refuse this");
    }
    mig_emit_close(e);
}

uint32_t mig_pci_msix_vectors(uint64_t length)
{
    /* 16 bytes a vector and a bit, in whole bytes */
    uint64_t n = length * 8 / (8 * MSIX_ENTRY + 1);

    return n && n <= MIG_PCI_MSIX_VECTORS_MAX &&
                   n * MSIX_ENTRY + mig_pci_msix_pending_length((uint32_t)n) == length
               ? (uint32_t)n
               : 0;
}

void mig_pci_msix_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                         uint32_t vectors)
{
    uint64_t pending = at + (uint64_t)vectors * MSIX_ENTRY;
    char buffer[24];

    mig_emit_open(e, MIG_FIELD_STRUCT, name, type, at,
                  (uint64_t)vectors * MSIX_ENTRY + mig_pci_msix_pending_length(vectors));
    mig_emit_open(e, MIG_FIELD_ARRAY, "table", "MSI-X entry", at, pending - at);
    for (uint32_t i = 0; i < vectors; i++, at += MSIX_ENTRY) {
        bool masked = mig_emit_get_le(e, at + 12, 4) & 1;
        bool waits = e->body[pending + i / 8] >> (i % 8) & 1;

        mig_emit_open(e, MIG_FIELD_STRUCT, mig_emit_index(buffer, i), "MSI-X entry", at,
                      MSIX_ENTRY);
        mig_emit_le(e, "address", at, 8, NULL);
        mig_emit_le(e, "data", at + 8, 4, NULL);
        mig_emit_le(e, "control", at + 12, 4, masked ? "Masked+" : "Masked-");
        mig_emit_value(e, &(MigField){ .kind = MIG_FIELD_BOOL,
                                       .name = "pending",
                                       .type = "bit",
                                       .offset = pending + i / 8,
                                       .length = 1,
                                       .u = waits });
        mig_emit_close(e);
    }
    mig_emit_close(e);
    mig_emit_close(e);
}
