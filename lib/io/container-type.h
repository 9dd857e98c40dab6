/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a kind of wrapper can do, and the list of them.
 * Must not know: the stream itself.
 * See also:      container.c, the loop; container-*.c, one file per kind; foreign.c, what
 *                is recognised and not undone; source.h and sink.h, which they stack.
 */
#ifndef MIG_IO_CONTAINER_TYPE_H
#define MIG_IO_CONTAINER_TYPE_H

#include "io/container.h"
#include "io/output.h"
#include "io/sink.h"
#include "io/source.h"

/* The list: a kind NAME is the file container-NAME.c, which defines mig_container_NAME, and a
 * row here.  The first that recognises the bytes counts. */
#define MIG_CONTAINERS(X) \
    X(zstd)               \
    X(gzip)               \
    X(bzip2)              \
    X(xz)                 \
    X(lzop)               \
    X(libvirt)            \
    X(qcow2)              \
    X(xen)

/* Wrappers nest at most this deep. */
#define MIG_CONTAINER_DEPTH 4

#define MIG_PROPERTIES_MAX 8

typedef struct MigContainerType MigContainerType;

/* A part of a header; a NUL follows it. */
typedef struct MigContainerText {
    const char *name; /* static; NULL: there is none */
    uint64_t offset, length;
} MigContainerText;

struct MigContainer {
    const MigContainerType *type;
    const char *words; /* in a sentence: "gzip", "a libvirt save image"; static */
    uint64_t header_length;
    uint64_t
        data_end; /* where in what it wraps bytes begin that are not compressed; 0: not seen */
    GBytes *header; /* of that length; NULL where there is none, or it was not kept */
    MigProperty properties[MIG_PROPERTIES_MAX];
    unsigned n_properties;
    MigContainerText texts[2];
    uint64_t room; /* bytes that the text "xml" may have */
    GPtrArray
        *snapshots; /* each begins with a MigSnapshot; NULL where there can be none */
    struct MigQcow2Edit
        *edit; /* of the snapshot that is read; NULL where there is none */
};

/* What the opening of a wrapper is given and gives. */
typedef struct MigOpening {
    MigExpansion *expansion; /* for compression; to be referenced */
    const char *snapshot;    /* which is wanted; NULL: the only one */
    bool unchosen;           /* Where there are several, none has to be. */
    bool bare;               /* Nothing but compression is around it. */
    /* To be filled in: the header, its length, the properties, and other words than the name. */
    MigContainer *container;
    /* To be filled in where the header says so: the name of the compression of what it wraps;
     * static.  NULL: none is said. */
    const char *payload;
} MigOpening;

/* What the making of a wrapper is given. */
typedef struct MigWrapping {
    const MigContainer
        *as; /* the wrapper of an input, to be made again; NULL for a new one */
    const char *payload; /* the name of the compression of what it wraps; NULL: none */
    int level;           /* of compression; 0: the kind's default */
    const MigOutputOptions *options;
} MigWrapping;

struct MigContainerType {
    const char *name; /* what users read, and what a header's payload is compared with */
    /* Of compressions, the levels that there are; NULL for other kinds. */
    void (*levels)(int *lowest, int *highest);

    /* What it wraps lies in pieces: MIG_INPUT_OFFSET_AUTO looks for no stream in its bytes. */
    bool is_scattered;

    /* Whether a file that begins with these @n bytes, at most MIG_VIEW_HEAD, is of the kind. */
    bool (*recognise)(const uint8_t *head, size_t n);

    /* The source of what it wraps.  @source, which is taken over, begins with the wrapper.
     * NULL with *error set where that is damaged or not supported. */
    MigSource *(*open)(MigSource *source, MigOpening *opening, GError **error);

    /* The way back: the sink of what is to be wrapped.  @sink is taken over, and its origin says
     * where the wrapper begins.  NULL with *error set where that cannot be had. */
    MigSink *(*wrap)(MigSink *sink, const MigWrapping *wrapping, GError **error);
};

/* Adds a property; at most MIG_PROPERTIES_MAX of them. */
void mig_container_add_property(MigContainer *container, MigProperty property);

/*
 * Takes all wrappers off @source, which is taken over, and appends a MigContainer, to be freed
 * with mig_container_free(), for each to @containers.  @options are those of the input.
 * Returns the source of the plain bytes; errors as mig_input_open().
 */
MigSource *mig_container_unwrap(MigSource *source, const MigInputOptions *options,
                                GPtrArray *containers, GError **error);

/*
 * Puts the wrappers that @options ask for on @sink, which is taken over, and returns the sink of
 * the plain bytes.  The names of the wrappers, which are static, are appended to @names.  Errors as
 * mig_output_open().
 */
MigSink *mig_container_wrap(MigSink *sink, const MigOutputOptions *options,
                            GPtrArray *names, GError **error);

typedef enum MigHead {
    MIG_HEAD_BARE,      /* no wrapper */
    MIG_HEAD_WRAPPED,   /* one that is taken off */
    MIG_HEAD_ALIKE,     /* it looks like one, and cannot be taken off: *error is set */
    MIG_HEAD_SCATTERED, /* the same, and what it wraps lies in pieces */
} MigHead;

/* With what @source, which can seek, begins; nothing of it is kept.  @options as above. */
MigHead mig_container_try(MigSource *source, const MigInputOptions *options,
                          GError **error);

/* For mig_container_unwrap()'s array. */
void mig_container_free(gpointer container);

#define MIG_DECLARE_CONTAINER(kind) extern const MigContainerType mig_container_##kind;
MIG_CONTAINERS(MIG_DECLARE_CONTAINER)

#endif
