/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the files of an output share.
 * Must not know: anything that others see: output.h.
 * See also:      output.c, gathering, start and end; output-copy.c, ranges of an input.
 */
#ifndef MIG_IO_OUTPUT_PRIVATE_H
#define MIG_IO_OUTPUT_PRIVATE_H

#include "io/output-target.h"
#include "io/output.h"
#include "io/sink.h"

/* Writes shorter than this are gathered. */
#define MIG_OUTPUT_GATHER ((size_t)64 << 10)

/* Which bytes of an input can be moved here without being copied. */
typedef enum MigMoves {
    MIG_MOVES_NONE,
    MIG_MOVES_BLOCKS, /* Whole blocks of a file. */
    MIG_MOVES_ALL,
} MigMoves;

struct MigOutput {
    MigTarget *target; /* NULL for a borrowed descriptor. */
    char *name;
    MigSink *sink; /* Where bytes go; it owns those below it, */
    MigSink *file; /* of which this is the last. */

    uint8_t gathered[MIG_OUTPUT_GATHER];
    size_t n_gathered;
    uint8_t *piece; /* For what is copied through memory, once needed. */

    MigInput *over;  /* NULL: all is written. */
    GArray *changed; /* With @over: MigRange, ascending, what was written. */
    bool is_patch;
    uint64_t old_size; /* of @over, in the file */

    GArray
        *parts; /* Of one that is laid over a file: MigLaidPart, ascending; else NULL. */
    int under;  /* that file's descriptor */

    int asked; /* The input's descriptor that @moves speaks of; -1: none. */
    MigMoves moves;
    GPtrArray *wrappers; /* Their names, outermost first. */
    uint64_t tell;
    GError *failure;
};

/* Writes what was gathered.  False with out->failure set. */
bool mig_output_flush(MigOutput *out);

/* Appends a range as mig_output_copy() does, but does not count it.  All of it is in one part of
 * the input: mig_input_part(). */
bool mig_output_copy_range(MigOutput *out, MigInput *in, uint64_t offset,
                           uint64_t length);

/* --- output-laid.c: an output to be read together with another file --- */

/* Whether @length bytes of @fd need not be written. */
bool mig_output_lies_under(const MigOutput *out, int fd, uint64_t length);

/* Appends as many, which are at @from of it: nothing is written. */
bool mig_output_refer(MigOutput *out, uint64_t from, uint64_t length);

/* --- output-patch.c: an output over an input --- */

/* Begins one over @over, where that is the plain file @id.  Either may be NULL. */
void mig_output_begin_patch(MigOutput *out, MigInput *over, const MigFileId *id);

/* Whether the byte at @offset of @fd is where the next byte of the output goes, and stays. */
bool mig_output_stays(const MigOutput *out, int fd, uint64_t offset);

/* Appends @length bytes that stay: nothing is written. */
bool mig_output_keep(MigOutput *out, uint64_t length);

/* Takes down that all from @from on to where the output is was written. */
void mig_output_note_change(MigOutput *out, uint64_t from);

/* At the end: makes the output a patch, or a whole file.  False with out->failure set. */
bool mig_output_settle(MigOutput *out);

/* Returns false, with the failure that ended this output as *error. */
bool mig_output_repeat_failure(const MigOutput *out, GError **error);

#endif
