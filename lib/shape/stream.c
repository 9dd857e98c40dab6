/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the shape that a destination shows by a stream that it wrote itself.
 * Must not know: the stream that it is compared with.
 * See also:      shape.h.
 */
#include "shape/acpi.h"
#include "shape/shape-private.h"

static gint by_section(gconstpointer a, gconstpointer b)
{
    const MigShapeSection *x = a, *y = b;

    return mig_section_compare(x->section, y->section);
}

static void take(MigShape *shape, const MigItem *item)
{
    MigShapeSection section = { .section = item->section };
    guint n = shape->sections->len;
    MigShapeSection *last =
        n ? &g_array_index(shape->sections, MigShapeSection, n - 1) : NULL;

    if (item->kind == MIG_ITEM_SECTION_HEADER &&
        (item->type == MIG_SECTION_FULL || item->type == MIG_SECTION_START)) {
        g_array_append_val(shape->sections, section);
    } else if (item->kind == MIG_ITEM_DEVICE_STATE && item->piece == 0 && last &&
               last->section == item->section) {
        last->offset = item->offset;
        last->length = item->whole;
    }
}

static bool read_items(MigShape *shape, MigAcpiImage *image, GError **error)
{
    const MigItem *item;
    MigStatus status;

    while ((status = mig_reader_next(shape->reader, &item, error)) == MIG_STATUS_MORE) {
        take(shape, item);
        if (!mig_acpi_image_watch(image, item, error)) {
            return false;
        }
    }
    return status == MIG_STATUS_END;
}

bool mig_shape_read_stream(MigShape *shape, GError **error)
{
    MigAcpiImage *image;
    const MigConfiguration *conf;
    MigAcpi acpi;
    bool ok;

    shape->reader = mig_reader_new(shape->in);
    mig_reader_join_pieces(shape->reader);
    image = mig_acpi_image_new(shape->reader);
    ok = read_items(shape, image, error) && mig_acpi_image_read(image, &acpi, error);
    mig_acpi_image_free(image);
    shape->max_cpus = ok ? acpi.cpus : 0;
    g_array_sort(shape->sections, by_section);
    conf = mig_reader_configuration(shape->reader);
    shape->machine = conf ? g_strdup(conf->machine) : NULL;
    return ok;
}
