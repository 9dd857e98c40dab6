/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see vfio-need.h.
 * Must not know: streams.
 * See also:      filter/vfio-layout.c and the rules on order, which ask.
 */
#include "stream/vfio-need.h"

#include <string.h>

#include "io/error.h"

typedef struct Row {
    MigVfioNeed need;
    char *pattern; /* NULL: every device */
} Row;

struct MigVfioNeeds {
    GArray *rows;
};

static const char *const names[] = {
    [MIG_VFIO_NEED_AUTO] = "auto",
    [MIG_VFIO_NEED_YES] = "yes",
    [MIG_VFIO_NEED_NO] = "no",
};

const char *mig_vfio_need_name(MigVfioNeed need)
{
    g_return_val_if_fail((unsigned)need < G_N_ELEMENTS(names), "");
    return names[need];
}

static void clear_row(gpointer p)
{
    Row *row = p;

    g_free(row->pattern);
}

MigVfioNeeds *mig_vfio_needs_new(void)
{
    MigVfioNeeds *needs = g_new0(MigVfioNeeds, 1);

    needs->rows = g_array_new(false, false, sizeof(Row));
    g_array_set_clear_func(needs->rows, clear_row);
    return needs;
}

void mig_vfio_needs_free(MigVfioNeeds *needs)
{
    if (needs) {
        g_array_unref(needs->rows);
        g_free(needs);
    }
}

bool mig_vfio_needs_add(MigVfioNeeds *needs, const char *text, GError **error)
{
    size_t n = strcspn(text, ":");

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strlen(names[i]) == n && memcmp(names[i], text, n) == 0 &&
            (text[n] == '\0' || text[n + 1] != '\0')) {
            Row row = { .need = (MigVfioNeed)i,
                        .pattern = text[n] ? g_strdup(text + n + 1) : NULL };

            g_array_append_val(needs->rows, row);
            return true;
        }
    }
    mig_error_set_plain(error, MIG_ERROR_USAGE,
                        "\"%s\" is not auto, yes or no, or one of these with \":\" and a "
                        "pattern of device names after it",
                        text);
    return false;
}

MigVfioNeed mig_vfio_needs_lookup(const MigVfioNeeds *needs, const char *name)
{
    for (size_t i = needs->rows->len; i > 0; i--) {
        const Row *row = &g_array_index(needs->rows, Row, i - 1);

        if (!row->pattern || mig_address_is_section(row->pattern, name, 0)) {
            return row->need;
        }
    }
    return MIG_VFIO_NEED_AUTO;
}

MigAddresses *mig_vfio_needs_addresses(const MigVfioNeeds *needs)
{
    MigAddresses *addresses = mig_addresses_new();

    for (size_t i = 0; i < needs->rows->len; i++) {
        const Row *row = &g_array_index(needs->rows, Row, i);

        if (row->pattern) {
            mig_addresses_add(addresses, row->pattern);
        }
    }
    return addresses;
}

bool mig_vfio_needs_always(const MigVfioNeeds *needs, MigVfioNeed need)
{
    for (size_t i = needs->rows->len; i > 0; i--) {
        const Row *row = &g_array_index(needs->rows, Row, i - 1);

        if (row->need != need) {
            return false;
        }
        if (!row->pattern) {
            return true;
        }
    }
    return need == MIG_VFIO_NEED_AUTO;
}
