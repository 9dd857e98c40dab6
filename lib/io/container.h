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

/* A snapshot inside a qcow2 image, as the image says.  All text is the container's, and from the
 * image, so escape it. */
typedef struct MigSnapshot {
    char *id, *name;
    uint32_t seconds, nanoseconds; /* when it was taken, since 1970 */
    uint64_t vm_clock;             /* ns that the guest had run */
    uint64_t state_size; /* bytes of the guest's state; 0: it is of a disk alone */
    bool has_icount;
    uint64_t icount; /* instructions that it had run */
    bool is_read;    /* It is the one that the input reads. */
    void *reserved[4];
} MigSnapshot;

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

/* Bytes that its "xml" may have without moving the stream; 0 where it has none. */
MIG_API uint64_t mig_container_room(const MigContainer *container);

/* The @i-th snapshot of a qcow2 image, in the order of its table; NULL: there are no more. */
MIG_API const MigSnapshot *mig_container_snapshot(const MigContainer *container,
                                                  size_t i);

/* Bytes before what it wraps; 0 for compression. */
MIG_API uint64_t mig_container_header_length(const MigContainer *container);

/* What its header states, in the order in which it is to be shown; NULL from the first @i on that
 * it has not. */
MIG_API const MigProperty *mig_container_property(const MigContainer *container,
                                                  size_t i);
/* The one called @name; NULL: there is none. */
MIG_API const MigProperty *mig_container_property_named(const MigContainer *container,
                                                        const char *name);

G_END_DECLS

#endif
