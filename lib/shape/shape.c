/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see shape.h: what a file shows of a destination.
 * Must not know: how one kind of file is read.
 * See also:      stream.c, dump-vmstate.c, transcript.c.
 */
#include <string.h>

#include "io/error.h"
#include "io/input-memory.h"
#include "shape/compare.h"
#include "shape/transcript.h"

/* Bytes of the beginning that tell what a file is. */
#define LOOK 4096u

/* The first member of a -dump-vmstate file; QEMU writes no other first. */
static const char first_member[] = "\"vmschkmachine\"";

/* What shows a destination, told by its beginning. */
typedef bool Maker(MigShape *shape, GError **error);

static Maker *maker_of(MigInput *in)
{
    char begin[LOOK + 1];
    size_t n = mig_input_read_at(in, 0, begin, LOOK), i;

    begin[n] = '\0';
    i = strspn(begin, " \t\r\n");
    if (begin[i] == '{') {
        i++;
        i += strspn(begin + i, " \t\r\n");
        return g_str_has_prefix(begin + i, first_member) ? mig_shape_read_dump_vmstate
                                                         : mig_shape_read_transcript;
    }
    return begin[i] == '[' || mig_transcript_is_text(begin, n) ? mig_shape_read_transcript
                                                               : mig_shape_read_stream;
}

char *mig_shape_read_text(const MigShape *shape, const char *what, uint64_t *length,
                          GError **error)
{
    uint64_t n = *length = mig_input_size(shape->in);
    g_autofree char *text = NULL;

    if (n > MIG_DUMP_VMSTATE_MAX) {
        mig_error_set_plain(error, MIG_ERROR_LIMIT,
                            "text of %" PRIu64 " bytes; %s has at most %u MiB", n, what,
                            MIG_DUMP_VMSTATE_MAX >> 20);
        return NULL;
    }
    text = mig_input_alloc(shape->in, n + 1);
    if (!text || mig_input_read_at(shape->in, 0, text, n) != n) {
        if (mig_input_end_error(shape->in, error)) {
            mig_error_set_plain(error, MIG_ERROR_IO, "it cannot be read");
        }
        return NULL;
    }
    text[n] = '\0';
    return g_steal_pointer(&text);
}

MigShape *mig_shape_new(MigInput *in, GError **error)
{
    MigShape *shape = g_new0(MigShape, 1);
    bool ok = false;

    shape->in = in;
    mig_shape_tree_init(&shape->tree);
    shape->sections = g_array_new(false, false, sizeof(MigShapeSection));
    if (mig_input_hold(in, error)) {
        ok = maker_of(in)(shape, error);
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
    mig_transcript_free(shape->transcript);
    g_array_unref(shape->sections);
    mig_shape_dump_free(shape->dump);
    mig_shape_tree_clear(&shape->tree);
    mig_reader_free(shape->reader);
    g_free(shape->machine);
    g_free(shape);
}

const char *mig_shape_lacks(const MigShape *shape)
{
    if (shape->transcript) {
        return mig_transcript_lacks(shape->transcript);
    }
    if (mig_shape_is_broken(shape)) {
        return "devices whose description in it cannot be read, which devices the "
               "machine "
               "has and where, RAM blocks, PCI configuration space, virtio, the CPU";
    }
    return shape->reader
               ? "sizes of BARs, virtio features that it offers, optional fields and "
                 "subsections that only a running guest has"
               : "which devices the machine has and where, RAM blocks, PCI configuration "
                 "space, virtio features and queues, the CPU";
}

bool mig_shape_is_broken(const MigShape *shape)
{
    return shape->dump && shape->dump->is_broken;
}

bool mig_shape_is_exact(const MigShape *shape)
{
    return shape->reader != NULL;
}

const char *mig_shape_name(const MigShape *shape)
{
    return mig_input_name(shape->in);
}

bool mig_shape_is_transcript(const MigShape *shape)
{
    return shape->transcript != NULL;
}

const char *mig_shape_machine(const MigShape *shape)
{
    return shape->machine;
}
