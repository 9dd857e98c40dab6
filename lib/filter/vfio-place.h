/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where a FULL section goes that the source did not have.
 * Must not know: what is in it.
 * See also:      filter/vfio-layout.c.
 *
 * Section ids come from one counter, in the order in which QEMU's handlers were
 * registered, and FULL sections of ordinary priority are in that order.  So a new one goes
 * after those with lower ids, which is where QEMU 6.0 and later put it, and never before an
 * interrupt controller.  Where the ids do not tell (none is lower, or they are not in order
 * at the end), it goes before acpi_build and globalstate, or last.
 * Source: migration/savevm.c, savevm_state_handler_insert(), 5.2 to 10.2.
 */
#ifndef MIG_FILTER_VFIO_PLACE_H
#define MIG_FILTER_VFIO_PLACE_H

#include "filter/filter.h"

typedef struct MigVfioPlace MigVfioPlace;

typedef struct MigVfioNeighbours {
    MigItem item;             /* of the stream, at that place */
    const MigSection *before; /* whose FULL section follows; NULL */
    const MigSection *after;  /* whose FULL section precedes; NULL */
} MigVfioNeighbours;

typedef struct MigVfioPlaceOps {
    void *user;
    bool (*emit)(void *user, MigNext *next, const MigItem *item, GError **error);
    bool (*insert)(void *user, MigNext *next, guint wanted,
                   const MigVfioNeighbours *around, GError **error);
} MigVfioPlaceOps;

MigVfioPlace *mig_vfio_place_new(void);
void mig_vfio_place_free(MigVfioPlace *place);

/* A section of that id is to be made; insert() gets @wanted when its place has come. */
void mig_vfio_place_want(MigVfioPlace *place, uint32_t section_id, guint wanted);

/* Emits @item, at once or when it is clear what goes before it. */
bool mig_vfio_place_event(MigVfioPlace *place, const MigVfioPlaceOps *ops, MigNext *next,
                          const MigItem *item, GError **error);

/* The last interrupt controller that was emitted, or NULL. */
const MigSection *mig_vfio_place_controller(const MigVfioPlace *place);

#endif
