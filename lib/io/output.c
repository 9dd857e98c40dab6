/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          an output from its start to its end: gathering, and the one failure that
 *                ends it.
 * Must not know: what the bytes mean, how they are wrapped, nor how a file gets its name.
 * See also:      output-copy.c, ranges of an input; sink.h; output-target.h.
 */
#include "io/output-private.h"

#include <string.h>

#include "io/container-type.h"
#include "io/options.h"
#include "io/patch.h"

/* --- bytes --- */

bool mig_output_repeat_failure(const MigOutput *out, GError **error)
{
    g_propagate_error(error, g_error_copy(out->failure));
    return false;
}

static bool emit(MigOutput *out, const void *data, size_t n)
{
    uint64_t from = out->sink->position;
    bool ok = out->sink->ops->write(out->sink, data, n, &out->failure);

    mig_output_note_change(out, from);
    return ok;
}

bool mig_output_flush(MigOutput *out)
{
    size_t n = out->n_gathered;

    out->n_gathered = 0;
    return emit(out, out->gathered, n);
}

bool mig_output_write(MigOutput *out, const void *data, size_t n, GError **error)
{
    if (!out->failure && n > MIG_OUTPUT_GATHER - out->n_gathered) {
        mig_output_flush(out);
        if (!out->failure && n >= MIG_OUTPUT_GATHER) {
            emit(out, data, n);
            out->tell += n;
            n = 0;
        }
    }
    if (out->failure) {
        return mig_output_repeat_failure(out, error);
    }
    if (n > 0) {
        memcpy(out->gathered + out->n_gathered, data, n);
        out->n_gathered += n;
        out->tell += n;
    }
    return true;
}

bool mig_output_push(MigOutput *out, GError **error)
{
    if (!out->failure) {
        mig_output_flush(out);
    }
    return !out->failure || mig_output_repeat_failure(out, error);
}

/* --- start and end --- */

/* Either @target, which is taken over, or @fd. */
static MigOutput *output_new(MigTarget *target, int fd, const char *name,
                             const MigOutputOptions *options, GError **error)
{
    const MigCancel cancel = { options->cancelled, options->cancelled_data };
    g_autoptr(MigOutput) out = g_new0(MigOutput, 1);

    out->target = target;
    out->name = g_strdup(name);
    out->asked = -1;
    out->file = mig_sink_file_new(target ? mig_target_fd(target) : fd, name, cancel);
    out->wrappers = g_ptr_array_new();
    out->sink = mig_container_wrap(out->file, options, out->wrappers, error);
    if (!out->sink) {
        return NULL;
    }
    mig_output_begin_patch(out, options->over, options->input);
    return g_steal_pointer(&out);
}

static bool take_options(MigOutputOptions *known, const MigOutputOptions *options,
                         GError **error)
{
    return mig_options_take(known, sizeof(*known), options, "MigOutputOptions", error);
}

MigOutput *mig_output_open(const char *path, const MigOutputOptions *options,
                           GError **error)
{
    MigOutputOptions known;

    if (!take_options(&known, options, error)) {
        return NULL;
    }
    const MigTargetOptions target_options = { MIG_TARGET_OPTIONS_INIT,
                                              .replace = known.force,
                                              .in_place = known.in_place,
                                              .input = known.input };
    MigTarget *target = mig_target_new(path, &target_options, error);

    return target ? output_new(target, -1, path, &known, error) : NULL;
}

MigOutput *mig_output_new_fd(int fd, const char *name, const MigOutputOptions *options,
                             GError **error)
{
    MigOutputOptions known;

    return take_options(&known, options, error)
               ? output_new(NULL, fd, name, &known, error)
               : NULL;
}

bool mig_output_commit(MigOutput *out, GError **error)
{
    if (!out->failure && mig_output_flush(out) && mig_output_settle(out)) {
        out->sink->ops->finish(out->sink, &out->failure);
    }
    if (!out->failure && out->is_patch) {
        mig_patch_write_table(out->file->fd, out->changed, out->file->position, out->name,
                              &out->failure);
    }
    out->is_patch |= out->file->is_patch;
    if (!out->failure && out->target) {
        (out->is_patch ? mig_target_patch : mig_target_commit)(out->target,
                                                               &out->failure);
    }
    return !out->failure || mig_output_repeat_failure(out, error);
}

void mig_output_free(MigOutput *out)
{
    if (!out) {
        return;
    }
    mig_sink_free(out->sink);
    mig_target_free(out->target);
    g_clear_pointer(&out->wrappers, g_ptr_array_unref);
    g_clear_pointer(&out->changed, g_array_unref);
    g_clear_pointer(&out->parts, g_array_unref);
    g_clear_error(&out->failure);
    g_free(out->piece);
    g_free(out->name);
    g_free(out);
}

/* --- what is known --- */

uint64_t mig_output_tell(const MigOutput *out)
{
    return out->tell;
}

uint64_t mig_output_file_offset(const MigOutput *out)
{
    return out->sink->origin;
}

const char *mig_output_wrapper(const MigOutput *out, size_t i)
{
    return i < out->wrappers->len ? g_ptr_array_index(out->wrappers, i) : NULL;
}

uint64_t mig_output_written(const MigOutput *out)
{
    return mig_sink_file_written(out->file);
}

const char *mig_output_lost(const MigOutput *out)
{
    return out->target ? mig_target_lost(out->target) : NULL;
}

bool mig_output_failed(const MigOutput *out)
{
    return out->failure != NULL;
}

bool mig_output_broken_pipe(const MigOutput *out)
{
    return mig_sink_file_broken_pipe(out->file);
}
