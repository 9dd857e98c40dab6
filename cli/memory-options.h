/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the options that say what a stream does not: where guest memory is.
 * Must not know: the map that they change.
 * See also:      lib/memory/map.h; cmd-dump.c and cmd-extract.c, which have them.
 */
#ifndef CLI_MEMORY_OPTIONS_H
#define CLI_MEMORY_OPTIONS_H

#include "cli.h"

#define CLI_BELOW_HELP "x86: RAM ends there below 4 GiB, whatever the stream says"
#define CLI_PLACE_HELP "That RAM block begins at that guest physical address"

typedef struct CliMemory {
    uint64_t ram_below_4g;
    GArray *places; /* MigMemoryPlace; NULL: none */
} CliMemory;

/* The value of --ram-below-4g and of --place; or the end of the program. */
void cli_memory_below(CliMemory *memory, const char *arg, const struct argp_state *state);
void cli_memory_place(CliMemory *memory, const char *arg, const struct argp_state *state);

/* A guest address, or the end of the program. */
uint64_t cli_memory_address(const char *option, const char *arg,
                            const struct argp_state *state);

/* As the library takes them; they borrow from @memory. */
MigMemoryOptions cli_memory_options(const CliMemory *memory);

void cli_memory_clear(CliMemory *memory);

#endif
