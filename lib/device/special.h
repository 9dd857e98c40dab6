/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      what is inside of fields that the description only gives a length of.
 * Knows not: where they stand.  Private to device/.
 * Beside it: device/walk.c; device/pci.c, device/virtio.c.
 */
#ifndef MIG_DEVICE_SPECIAL_H
#define MIG_DEVICE_SPECIAL_H

#include "device/emit.h"

/* Emits the field @name of type @type, @length octets at @at: a group for the types that are
 * known, bytes for others. */
void mig_special_decode(MigEmit *e, const char *type, const char *name, uint64_t at,
                        uint64_t length);

/* device/pci.c: configuration space of 256 or 4096 octets, one group named @name. */
void mig_pci_config_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                           uint64_t length);
/* 4 x be32, the state of INTA to INTD. */
void mig_pci_intx_decode(MigEmit *e, const char *name, const char *type, uint64_t at);
/* MSI-X table of @vectors entries and the pending bits behind it. */
void mig_pci_msix_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                         uint32_t vectors);
/* Vectors of a table that takes @length octets with its pending bits; 0 for none. */
uint32_t mig_pci_msix_vectors(uint64_t length);

/* device/virtio.c: the field "virtio". */
void mig_virtio_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                       uint64_t length);

#endif
