/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what an output writes to: one interface, and what all kinds have in
 *                common.
 * Must not know: what the bytes mean, nor who gathers them.
 * See also:      source.h, its mirror; sink-file.c; container-type.h, whose wrap() puts
 *                one sink on another; output.c.
 */
#ifndef MIG_IO_SINK_H
#define MIG_IO_SINK_H

#include <sys/types.h>

#include "io/cancel.h"
#include "io/error.h"
#include "io/kernel-copy.h"

typedef struct MigSink MigSink;

/* After a failure only free() may follow.  Errors: IO, CANCELLED. */
typedef struct MigSinkOps {
    /* Appends all @n bytes. */
    bool (*write)(MigSink *sink, const void *data, size_t n, GError **error);
    /* Appends a hole of @n bytes.  NULL: the sink has no holes, and zeros are written. */
    bool (*skip)(MigSink *sink, uint64_t n, GError **error);
    /*
     * Lets the kernel append 1 to @length bytes that lie at @offset of the descriptor @fd, and
     * says how many it were: 0 where it cannot, and the bytes have to be written; -1 on failure.
     * NULL: it never can.
     */
    ssize_t (*take)(MigSink *sink, int fd, uint64_t offset, uint64_t length,
                    GError **error);
    /* Ends the bytes of this sink, and of those below it.  Once. */
    bool (*finish)(MigSink *sink, GError **error);
    void (*free)(MigSink *sink);
} MigSinkOps;

/* Embedded at the start of each kind. */
struct MigSink {
    const MigSinkOps *ops;
    const char *name; /* What messages call the file. */
    MigCancel cancel;
    uint64_t origin; /* Where the stream begins in the file, or in what is compressed. */
    int fd;          /* Not -1: bytes go to this descriptor as they are, */
    uint64_t position; /* and the next one to this offset of it. */
    MigKernelWay way;  /* How take() works. */
    bool is_patch;     /* Of a file's: what was written is a patch with its table. */
};

bool mig_sink_check_cancel(const MigSink *sink, GError **error);

/* Writes @header, which what follows is wrapped in; the stream's offset 0 lies after it. */
bool mig_sink_write_header(MigSink *sink, GBytes *header, GError **error);

void mig_sink_free(MigSink *sink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigSink, mig_sink_free)

/*
 * A descriptor, which is borrowed, from its current offset on.  Where that is the end of a regular
 * file, long runs of zeros become holes.  @name is copied.
 */
MigSink *mig_sink_file_new(int fd, const char *name, MigCancel cancel);

/* Of such a sink: how many bytes were written, and whether it failed since nobody reads any
 * more. */
uint64_t mig_sink_file_written(const MigSink *sink);
bool mig_sink_file_broken_pipe(const MigSink *sink);

#endif
