/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the files of an input share.
 * Must not know: anything that others see: input.h.
 * See also:      input.c, the window; input-open.c, from a name to plain bytes.
 */
#ifndef MIG_IO_INPUT_PRIVATE_H
#define MIG_IO_INPUT_PRIVATE_H

#include "io/cancel.h"
#include "io/container-type.h"
#include "io/input.h"
#include "io/readahead.h"
#include "io/source.h"

struct MigInput {
    /* The unread part of the window; first, since every call looks here. */
    const uint8_t *cursor;
    const uint8_t *limit;
    uint64_t limit_offset; /* Plain offset of @limit. */

    uint8_t *memory;     /* LEAD + BODY bytes; NULL before the first read. */
    uint8_t *fetched;    /* Up to here its pages are there. */
    size_t chunk;        /* To be read next. */
    uint64_t run;        /* Bytes read since the last jump. */
    MigReadahead *ahead; /* NULL before it is first wanted. */
    bool ahead_runs;     /* Then the body is its ring. */
    bool ahead_fails;
    bool ended;      /* Nothing comes after @limit. */
    GError *failure; /* Why, unless it is a plain end. */

    MigSource *source;
    GPtrArray *containers;
    GPtrArray *attached; /* MigInput */
    char *name;
    bool has_file_size;
    uint64_t file_size;
    uint64_t start;
    uint64_t file_offset;
    char *spool_dir;
    uint64_t max_hold;
    uint64_t max_expand;
    MigCancel cancel;
    bool live;
    void (*progress)(void *data, uint64_t position);
    void *progress_data;
};

/* As mig_source_part(), of its plain bytes. */
int mig_input_part(const MigInput *in, uint64_t offset, uint64_t *length,
                   uint64_t *fd_offset);

/* An input that reads from @source, which is taken over. */
MigInput *mig_input_new_source(MigSource *source, const char *name,
                               const MigInputOptions *options, GError **error);

/* Makes an empty window at @offset, in plain bytes of the source. */
void mig_input_place(MigInput *in, uint64_t offset);

#endif
