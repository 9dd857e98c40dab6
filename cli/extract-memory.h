/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          extract --memory and --core: guest physical memory in one file.
 * Must not know: other parts of a stream.
 * See also:      cmd-extract.c, which has the options; lib/memory/image.h.
 */
#ifndef CLI_EXTRACT_MEMORY_H
#define CLI_EXTRACT_MEMORY_H

#include "memory-options.h"

typedef struct ExtractMemory {
    bool wanted;     /* --memory or --core */
    bool core;       /* with an ELF header before it */
    bool salvage;    /* from a damaged stream, too */
    CliMemory where; /* what the stream does not tell */
    CliCommon *common;
    const char *file; /* the stream's, for messages */
    int fd;           /* of the file that is written */
    MigOutput *holes; /* with --salvage: the list of what it does not hold */
    bool complete;    /* the file holds all memory of the guest */
} ExtractMemory;

/* Reads the stream and writes the file.  *damage: what the stream ended early with, where
 * that does not end the job. */
bool extract_memory(ExtractMemory *m, MigInput *in, GError **damage, GError **error);

#endif
