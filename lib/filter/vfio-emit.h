/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how a filter hands on a VFIO record of its own.
 * Must not know: which records are wanted.
 * See also:      stream/vfio.h; vfio-layout-emit.c, fold-vfio.c, vfio-init-data.c.
 */
#ifndef MIG_FILTER_VFIO_EMIT_H
#define MIG_FILTER_VFIO_EMIT_H

#include "filter/filter.h"

/* Emits @record, whose encoding @bytes are, where @like, an item of the same section, is. */
bool mig_vfio_emit(MigNext *next, const MigItem *like, const MigVfioRecord *record,
                   const GByteArray *bytes, GError **error);

/* Emits the record that closes a body or, if @closes_config, a configuration. */
bool mig_vfio_emit_end_of_state(MigNext *next, const MigItem *like, bool closes_config,
                                GError **error);

#endif
