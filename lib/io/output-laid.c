/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see output-laid.h.
 * Must not know: what the bytes mean.
 * See also:      output-private.h; output-patch.c, which leaves out what stays in its place.
 */
#include "io/output-laid.h"

#include <unistd.h>

#include "io/input-private.h"
#include "io/output-private.h"

/* What is shorter is copied: a part costs memory too. */
#define PART_MIN MIG_OUTPUT_GATHER
/* After so many parts, 24 MiB of memory, all is copied. */
#define PARTS_MAX (1u << 20)

void mig_output_lay(MigOutput *out, const MigInput *under)
{
    uint64_t offset;
    int fd = mig_input_copy_fd(under, 0, &offset);

    if (fd >= 0 && out->sink->fd == out->file->fd && out->sink->fd >= 0 &&
        out->sink->position == 0 && out->sink->ops->skip) {
        out->under = fd;
        out->parts = g_array_new(FALSE, FALSE, sizeof(MigLaidPart));
    }
}

bool mig_output_lies_under(const MigOutput *out, int fd, uint64_t length)
{
    return out->parts && fd == out->under && length >= PART_MIN &&
           out->parts->len < PARTS_MAX;
}

bool mig_output_refer(MigOutput *out, uint64_t from, uint64_t length)
{
    GArray *parts = out->parts;
    MigLaidPart *last =
        parts->len ? &g_array_index(parts, MigLaidPart, parts->len - 1) : NULL;
    MigLaidPart part = { out->sink->position + out->n_gathered, length, from };

    if (last && last->at + last->length == part.at &&
        last->from + last->length == part.from) {
        last->length += length;
    } else {
        g_array_append_val(parts, part);
    }
    return mig_output_keep(out, length);
}

MigInput *mig_output_laid_input(const MigOutput *out, int fd, const char *name,
                                const MigInputOptions *options, GError **error)
{
    const MigCancel cancel = { options->cancelled, options->cancelled_data };

    return out->parts && out->parts->len
               ? mig_input_new_source(mig_source_laid_new(fd, out->sink->position,
                                                          out->under, out->parts, name,
                                                          cancel),
                                      name, options, error)
               : mig_input_new_fd(fd, name, options, error);
}
