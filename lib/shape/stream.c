/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the shape that a destination shows by a stream that it wrote itself.
 * Must not know: the stream that it is compared with.
 * See also:      shape.h.
 */
#include <string.h>
#include <unistd.h>

#include "device/ram-image.h"
#include "io/input-memory.h"
#include "io/temporary.h"
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

    if (item->kind == MIG_ITEM_SECTION_HEADER &&
        (item->type == MIG_SECTION_FULL || item->type == MIG_SECTION_START)) {
        g_array_append_val(shape->sections, section);
    } else if (item->kind == MIG_ITEM_DEVICE_STATE && item->piece == 0 &&
               shape->sections->len > 0) {
        MigShapeSection *last =
            &g_array_index(shape->sections, MigShapeSection, shape->sections->len - 1);

        last->offset = item->offset;
        last->length = item->whole;
    }
}

/* --- guest memory -------------------------------------------------------------------- */

/* The ACPI tables as they are at the end of the stream. */
typedef struct Tables {
    const MigRamBlock *block; /* NULL: not in the stream */
    int fd;
} Tables;

static bool place(const MigRamBlock *block, int *fd, uint64_t *base, void *user,
                  GError **error)
{
    Tables *tables = user;

    *fd = -1;
    *base = 0;
    if (strcmp(block->name, MIG_ACPI_TABLES) == 0 &&
        block->used_length <= MIG_ACPI_TABLES_MAX && !tables->block) {
        *fd = tables->fd = mig_temporary_open(NULL, error);
        tables->block = block;
        return *fd >= 0;
    }
    return true;
}

static bool read_tables(MigShape *shape, const MigRamImage *image, const Tables *tables,
                        GError **error)
{
    size_t n = tables->block ? (size_t)tables->block->used_length : 0;
    g_autofree uint8_t *bytes = n ? mig_input_alloc(shape->in, n) : NULL;

    if (!bytes) {
        return n == 0 || mig_input_end_error(shape->in, error);
    }
    if (!mig_ram_image_read(image, tables->block, 0, bytes, n, error)) {
        return false;
    }
    shape->max_cpus = mig_acpi_cpus(bytes, n);
    return true;
}

static bool read_items(MigShape *shape, MigRamImage *image, GError **error)
{
    const MigItem *item;
    MigStatus status;

    while ((status = mig_reader_next(shape->reader, &item, error)) == MIG_STATUS_MORE) {
        take(shape, item);
        if (!mig_ram_image_watch(image, item, error)) {
            return false;
        }
    }
    return status == MIG_STATUS_END;
}

bool mig_shape_read_stream(MigShape *shape, GError **error)
{
    Tables tables = { .fd = -1 };
    MigRamImage *image;
    const MigConfiguration *conf;
    bool ok;

    shape->reader = mig_reader_new(shape->in);
    mig_reader_join_pieces(shape->reader);
    image = mig_ram_image_new(shape->reader, place, &tables);
    ok = read_items(shape, image, error) && read_tables(shape, image, &tables, error);
    mig_ram_image_free(image);
    if (tables.fd >= 0) {
        close(tables.fd);
    }
    g_array_sort(shape->sections, by_section);
    conf = mig_reader_configuration(shape->reader);
    shape->machine = conf ? g_strdup(conf->machine) : NULL;
    return ok;
}
