/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see source-unpack.h.
 * Must not know: any one compression.
 * See also:      container.c, which stacks sources.
 */
#include "io/source-unpack.h"

#include <errno.h>
#include <string.h>

#define BUFFER_SIZE ((size_t)128 << 10)

/* By default: real streams expand up to some hundred times, and small ones cost little. */
#define RATIO_MAX     1000u
#define RATIO_FREE_TO (UINT64_C(1) << 30)

struct MigExpansion {
    uint64_t max;      /* 0: by the ratio */
    uint64_t read;     /* bytes of the file that the outermost layer has read */
    uint64_t expanded; /* bytes that all layers have given */
    uint64_t windows;  /* bytes that they keep */
    unsigned n_layers;
};

MigExpansion *mig_expansion_new(uint64_t max_expand)
{
    MigExpansion *expansion = g_atomic_rc_box_new0(MigExpansion);

    expansion->max = max_expand;
    return expansion;
}

void mig_expansion_unref(MigExpansion *expansion)
{
    g_atomic_rc_box_release(expansion);
}

uint64_t mig_expansion_max(const MigExpansion *expansion, uint64_t size)
{
    uint64_t by_ratio;

    if (__builtin_mul_overflow(size, RATIO_MAX, &by_ratio)) {
        by_ratio = UINT64_MAX;
    }
    return expansion->max ? expansion->max : MAX(by_ratio, RATIO_FREE_TO);
}

/* How many bytes more may come out. */
static uint64_t allowed_by(const MigExpansion *expansion)
{
    return mig_expansion_max(expansion, expansion->read) - expansion->expanded;
}

/* Nothing more comes out: what the decompressor keeps, a window of up to 128 MiB, goes at once,
 * although the source is still read from, or another that is read next lies beside it. */
static void release(MigUnpack *unpack)
{
    if (!unpack->released) {
        unpack->released = true;
        unpack->ops->clear(unpack);
        unpack->expansion->windows -= unpack->window;
    }
}

bool mig_unpack_claim_window(MigUnpack *unpack, uint64_t window)
{
    uint64_t others = unpack->expansion->windows - unpack->window;

    if (window > MIG_WINDOWS_MAX - others) {
        return false;
    }
    unpack->expansion->windows = others + window;
    unpack->window = window;
    return true;
}

void mig_unpack_fail(MigUnpack *unpack, MigErrorCode code, const char *text)
{
    unpack->failure = code;
    unpack->failure_text = text;
    unpack->failure_offset = unpack->in_offset - (unpack->filled - unpack->used);
}

void mig_unpack_pass(MigUnpack *unpack, const char *text)
{
    unpack->passes = unpack->bare;
    if (!unpack->passes) {
        mig_unpack_fail(unpack, MIG_ERROR_CONTAINER, text);
        return;
    }
    unpack->container->data_end = unpack->given;
}

void mig_unpack_lacks_memory(MigUnpack *unpack)
{
    mig_unpack_fail(unpack, MIG_ERROR_IO, g_strerror(ENOMEM));
}

bool mig_unpack_refill(MigUnpack *unpack, GError **error)
{
    size_t left = unpack->filled - unpack->used;

    memmove(unpack->buffer, unpack->buffer + unpack->used, left);
    unpack->used = 0;
    unpack->filled = left;
    ssize_t got =
        unpack->inner->ops->read(unpack->inner, unpack->in_offset, unpack->buffer + left,
                                 BUFFER_SIZE - left, error);
    if (got > 0) {
        unpack->filled += (size_t)got;
        unpack->in_offset += (uint64_t)got;
        unpack->expansion->read += unpack->outermost ? (uint64_t)got : 0;
    }
    unpack->inner_ended = got == 0;
    return got >= 0;
}

/* As a step, of what is not compressed. */
static bool pass(MigUnpack *unpack, uint8_t *out, size_t n, size_t *given, GError **error)
{
    if (unpack->used == unpack->filled && !unpack->inner_ended) {
        return mig_unpack_refill(unpack, error);
    }
    *given = MIN(n, unpack->filled - unpack->used);
    memcpy(out, unpack->buffer + unpack->used, *given);
    unpack->used += *given;
    unpack->ended = *given == 0;
    return true;
}

static ssize_t unpack_read(MigSource *source, uint64_t offset, void *buffer, size_t n,
                           GError **error)
{
    MigUnpack *unpack = (MigUnpack *)source;
    uint64_t allowed = allowed_by(unpack->expansion);
    size_t got = 0;

    (void)offset; /* Bytes are asked for in order. */
    /* One byte more than is allowed tells that there is more. */
    n = n <= allowed ? n : (size_t)allowed + 1;
    while (got == 0 && !unpack->ended && !unpack->failure) {
        bool (*step)(MigUnpack *, uint8_t *, size_t, size_t *, GError **) =
            unpack->passes ? pass : unpack->ops->step;

        if (!step(unpack, buffer, n, &got, error)) {
            return -1;
        }
    }
    if (got > allowed) {
        mig_unpack_fail(
            unpack, MIG_ERROR_LIMIT,
            unpack->expansion->max
                ? "expands to more than the limit on decompressed bytes"
                : "expands to more than 1,000 times its size; --max-expand=SIZE "
                  "allows more");
        got = allowed;
    }
    unpack->expansion->expanded += got;
    unpack->given += got;
    if (unpack->ended || unpack->failure) {
        release(unpack);
    }
    if (got == 0 && unpack->failure) {
        mig_source_set_error(error, unpack->failure,
                             unpack->inner->origin + unpack->failure_offset, "%s: %s",
                             unpack->ops->name, unpack->failure_text);
        return -1;
    }
    return (ssize_t)got;
}

static void unpack_free(MigSource *source)
{
    MigUnpack *unpack = (MigUnpack *)source;

    mig_source_free(unpack->inner);
    release(unpack);
    mig_expansion_unref(unpack->expansion);
    g_free(unpack->buffer);
    g_free(unpack);
}

void mig_unpack_init(MigUnpack *unpack, const MigUnpackOps *ops, MigSource *inner,
                     const MigOpening *opening)
{
    MigExpansion *expansion = opening->expansion;
    static const MigSourceOps unpack_ops = { .read = unpack_read, .free = unpack_free };

    unpack->base.ops = &unpack_ops;
    unpack->base.waits = inner->waits;
    unpack->base.fd = -1;
    unpack->ops = ops;
    unpack->inner = inner;
    unpack->expansion = g_atomic_rc_box_acquire(expansion);
    unpack->bare = opening->bare;
    unpack->container = opening->container;
    unpack->outermost = expansion->n_layers++ == 0;
    unpack->buffer = g_malloc(BUFFER_SIZE);
}
