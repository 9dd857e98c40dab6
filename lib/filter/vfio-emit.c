/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see vfio-emit.h.
 * Must not know: which records are wanted.
 * See also:      stream/vfio-payload.h.
 */
#include "filter/vfio-emit.h"

#include "stream/vfio-payload.h"

bool mig_vfio_emit(MigNext *next, const MigItem *like, const MigVfioRecord *record,
                   const GByteArray *bytes, GError **error)
{
    MigItem item = *like;

    item.vfio = *record;
    return mig_next_emit_bytes(next, &item, MIG_ITEM_VFIO_RECORD, bytes->data, bytes->len,
                               error);
}

bool mig_vfio_emit_end_of_state(MigNext *next, const MigItem *like, bool closes_config,
                                GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MigVfioRecord record = { .flag = MIG_VFIO_END_OF_STATE,
                             .closes_config = closes_config };

    mig_vfio_record_encode(&record, NULL, 0, bytes);
    return mig_vfio_emit(next, like, &record, bytes, error);
}
