/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what is inside fields of which the description gives only the length.
 * Must not know: where they are.  Private to device/.
 * See also:      device/walk.c; device/pci.c, device/virtio.c.
 */
#ifndef MIG_DEVICE_SPECIAL_H
#define MIG_DEVICE_SPECIAL_H

#include "device/emit.h"

/* Emits the field @name of type @type, @length bytes at @at: a group for the types that are
 * known, bytes for others. */
void mig_special_decode(MigEmit *e, const char *type, const char *name, uint64_t at,
                        uint64_t length);

/* device/pci.c: configuration space of 256 or 4096 bytes, one group named @name. */
void mig_pci_config_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                           uint64_t length);
/* device/pci-interrupts.c: 4 x be32, the state of INTA to INTD. */
void mig_pci_intx_decode(MigEmit *e, const char *name, const char *type, uint64_t at);
/* MSI-X table of @vectors entries and the pending bits after it. */
void mig_pci_msix_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                         uint32_t vectors);
/* Vectors of a table that takes @length bytes with its pending bits; 0 for none. */
uint32_t mig_pci_msix_vectors(uint64_t length);

/* device/virtio.c: the field "virtio". */
void mig_virtio_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                       uint64_t length);

#endif
