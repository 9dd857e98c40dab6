/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see shape.h: what a file shows of a destination.
 * Must not know: how one kind of file is read.
 * See also:      stream.c, dump-vmstate.c.
 */
#include "shape/compare.h"

/* Bytes of white space before the '{' of a -dump-vmstate file, of which QEMU writes none. */
#define LOOK 64u

static bool is_json(MigInput *in)
{
    uint8_t begin[LOOK];
    size_t n = mig_input_read_at(in, 0, begin, sizeof(begin)), i = 0;

    while (i < n && g_ascii_isspace(begin[i])) {
        i++;
    }
    return i < n && begin[i] == '{';
}

MigShape *mig_shape_new(MigInput *in, GError **error)
{
    MigShape *shape = g_new0(MigShape, 1);
    bool ok = false;

    shape->in = in;
    mig_shape_tree_init(&shape->tree);
    shape->vmstates = g_ptr_array_new();
    shape->sections = g_array_new(false, false, sizeof(MigShapeSection));
    if (mig_input_hold(in, error)) {
        ok = is_json(in) ? mig_shape_read_dump_vmstate(shape, error)
                         : mig_shape_read_stream(shape, error);
    }
    if (!ok) {
        mig_shape_free(shape);
        return NULL;
    }
    return shape;
}

void mig_shape_free(MigShape *shape)
{
    if (!shape) {
        return;
    }
    g_array_unref(shape->sections);
    g_ptr_array_unref(shape->vmstates);
    mig_shape_tree_clear(&shape->tree);
    mig_reader_free(shape->reader);
    g_free(shape->machine);
    g_free(shape);
}

const char *mig_shape_lacks(const MigShape *shape)
{
    return shape->reader
               ? "sizes of BARs, virtio features that it offers, optional fields and "
                 "subsections that only a running guest has"
               : "which devices the machine has and where, RAM blocks, PCI configuration "
                 "space, virtio features and queues, the CPU";
}

bool mig_shape_is_exact(const MigShape *shape)
{
    return shape->reader != NULL;
}

const char *mig_shape_name(const MigShape *shape)
{
    return mig_input_name(shape->in);
}

const char *mig_shape_machine(const MigShape *shape)
{
    return shape->machine;
}
