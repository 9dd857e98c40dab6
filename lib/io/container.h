/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what is said of a wrapper around a stream: its name, and what its header
 *                states.
 * Must not know: any kind of wrapper.
 * See also:      io/container-type.h, what a kind of wrapper can do; io/input.h, which
 *                takes wrappers off, and io/output.h, which puts them on again.
 */
#ifndef MIG_IO_CONTAINER_H
#define MIG_IO_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/visibility.h"

G_BEGIN_DECLS

/* A wrapper that an input had.  It lives as long as the input. */
typedef struct MigContainer MigContainer;

typedef enum MigPropertyKind {
    MIG_PROPERTY_NUMBER, /* a plain number */
    MIG_PROPERTY_LENGTH, /* a number of bytes */
    MIG_PROPERTY_FLAG,   /* 0 or 1 */
} MigPropertyKind;

/* A thing that a wrapper's header states.  All text is static. */
typedef struct MigProperty {
    const char *name; /* an identifier, such as "was_running" */
    MigPropertyKind kind;
    uint64_t value;
    /* For a sentence: what comes before the number, or all that is said of the flag, such as
     * "guest was running".  NULL: a sentence says nothing of it. */
    const char *words;
    /* For a sentence: it says something new, and is parted from what comes before by more than
     * a comma. */
    bool begins;
} MigProperty;

/* "zstd", "gzip", "libvirt save image": a static string. */
MIG_API const char *mig_container_name(const MigContainer *container);

/* The same for a sentence, and with what is remarkable of it: "gzip", "a libvirt save image that was
 * not finished". */
MIG_API const char *mig_container_words(const MigContainer *container);

/* A text that it has around the stream, "xml" or "cookie" of a libvirt save image, and its length
 * in bytes; it ends with a NUL beside those.  NULL: it has no such text, or memory was too small to
 * keep it. */
MIG_API const char *mig_container_text(const MigContainer *container, const char *name,
                                       size_t *length);

/* Bytes before what it wraps; 0 for compression. */
MIG_API uint64_t mig_container_header_length(const MigContainer *container);

/* What its header states, in the order in which it is to be shown; NULL from the first @i on that
 * it has not. */
MIG_API const MigProperty *mig_container_property(const MigContainer *container,
                                                  size_t i);

G_END_DECLS

#endif
