/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see destinations.h.
 * Must not know: what is compared.
 * See also:      lib/shape/shape.h.
 */
#include "destinations.h"

static bool read_destination(const CliDestinations *destinations, const char *file,
                             const CliCommon *common)
{
    g_autoptr(GError) error = NULL;
    MigInput *in = cli_open(file, common, &error);
    MigShape *shape = NULL;

    if (in) {
        g_ptr_array_add(destinations->inputs, in);
        shape = mig_shape_new(in, &error);
    }
    if (!shape) {
        cli_print_error(file, error);
        return false;
    }
    g_ptr_array_add(destinations->shapes, shape);
    return true;
}

bool cli_destinations_read(CliDestinations *destinations, const GPtrArray *files,
                           const CliCommon *common)
{
    destinations->inputs = g_ptr_array_new_with_free_func((GDestroyNotify)mig_input_free);
    destinations->shapes = g_ptr_array_new_with_free_func((GDestroyNotify)mig_shape_free);
    for (guint i = 0; i < files->len; i++) {
        if (!read_destination(destinations, g_ptr_array_index(files, i), common)) {
            return false;
        }
    }
    return true;
}

const MigShape *const *cli_destinations_shapes(const CliDestinations *destinations,
                                               size_t *n)
{
    *n = destinations->shapes ? destinations->shapes->len : 0;
    return *n ? (const MigShape *const *)(void *)destinations->shapes->pdata : NULL;
}

/* The shapes borrow the inputs. */
void cli_destinations_clear(CliDestinations *destinations)
{
    g_clear_pointer(&destinations->shapes, g_ptr_array_unref);
    g_clear_pointer(&destinations->inputs, g_ptr_array_unref);
}
