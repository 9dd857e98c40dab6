/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a format has to show of migstat dump --map, --at and --translate.
 * Must not know: any one format.
 * See also:      dump-map.c, which fills it in; dump-map-text.c, dump-map-json.c.
 */
#ifndef CLI_DUMP_MAP_H
#define CLI_DUMP_MAP_H

#include "dump.h"

/* Records of one page that are kept: the last ones. */
#define DUMP_RECORDS 16u

/* A record that carried the page. */
typedef struct DumpRecord {
    uint32_t channel;
    uint64_t offset;           /* in that channel, plain bytes */
    const char *kind;          /* "normal", "zero", ..., "mapped" */
    const MigSection *section; /* NULL: it came on another channel */
    MigSectionType type;
} DumpRecord;

/* What lies at an address. */
typedef struct DumpAt {
    uint64_t address;
    const MigMemoryRange *range;      /* NULL: nothing that is known */
    MigMemoryCounts counts;           /* of the byte: what the stream left of its page */
    uint64_t n_records;               /* that carried it */
    DumpRecord records[DUMP_RECORDS]; /* the last of them, in a ring */
} DumpAt;

typedef struct DumpMap {
    const Dump *dump;
    const MigMemoryMap *map;
    const MigMemoryPages *pages;
    const DumpAt *at;    /* NULL: the whole map, or @walk alone */
    const MigWalk *walk; /* NULL: no virtual address was asked for */
    bool is_stream;      /* An item could be read. */
} DumpMap;

/* The @i-th of at->records that are kept, from the first on; NULL after the last. */
const DumpRecord *dump_at_record(const DumpAt *at, size_t i);

/* "data", "zero" or "missing". */
const char *dump_at_state(const DumpAt *at);

#endif
