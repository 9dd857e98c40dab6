/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          taking the request for an acknowledgement out of VFIO sections.
 * Must not know: the rest of a device's records.
 * See also:      filter/vfio-layout.c.
 *
 * Where a source has sent all of a device's initial data, and waits for the loader to say
 * so, it ends the section with INIT_DATA_SENT instead of END_OF_STATE; both are a flag and
 * nothing else.
 * Source: hw/vfio/migration.c, vfio_save_iterate(), vfio_load_state(), 8.1.
 */
#include "filter/vfio-emit.h"

typedef struct InitData {
    bool drop;
} InitData;

static bool init_data_configure(void *state, const char *key, const char *value,
                                GError **error)
{
    InitData *init_data = state;

    if (key) {
        return mig_filter_yes_no(key, value, &init_data->drop, error);
    }
    if (!init_data->drop) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "drop=yes is wanted");
        return false;
    }
    return true;
}

static bool init_data_event(void *state, MigNext *next, const MigItem *item,
                            GError **error)
{
    (void)state;
    if (item->vfio.flag != MIG_VFIO_DEV_INIT_DATA_SENT) {
        return mig_next_emit(next, item, error);
    }
    mig_next_report(next, item->section,
                    "INIT_DATA_SENT at 0x%" PRIx64 " became END_OF_STATE", item->offset);
    return mig_vfio_emit_end_of_state(next, item, false, error);
}

static const MigFilterOption init_data_options[] = {
    { "drop", "yes", "End such sections with END_OF_STATE" },
    { 0 },
};

const MigFilterType mig_filter_vfio_init_data = {
    .name = "vfio-init-data",
    .summary = "take INIT_DATA_SENT out, which asks the loader for an acknowledgement",
    .gives_up = "the acknowledgement, for which no loader of a file waits",
    .options = init_data_options,
    MIG_FILTER_HANDLES(MIG_ITEM_BIT(VFIO_RECORD)),
    .state_size = sizeof(InitData),
    .configure = init_data_configure,
    .event = init_data_event,
};
