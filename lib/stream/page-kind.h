/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the kinds of RAM page records: the table of them.
 * Must not know: blocks and runs.
 * See also:      stream/ram-record.h, which reads and writes records with it.
 *
 * A new kind is a row in stream/page-kind.c and a name in MigPageKind (stream/item.h), and
 * in stream/wire.h its flag.  A filter gets pages of a kind only if it says that it knows
 * the kind (filter/filter.h, page_kinds).
 */
#ifndef MIG_STREAM_PAGE_KIND_H
#define MIG_STREAM_PAGE_KIND_H

#include "stream/item.h"

G_BEGIN_DECLS

/* What a record of a kind holds. */
typedef enum MigPageContent {
    MIG_PAGE_FILLED,  /* the byte that all of the page consists of */
    MIG_PAGE_PLAIN,   /* the page */
    MIG_PAGE_ENCODED, /* what decode() makes the page of */
} MigPageContent;

/* Constant. */
typedef struct MigPageKindType {
    const char *name;  /* mig_page_kind_name(), in JSON and as the head of a column */
    const char *label; /* "XBZRLE": in a sentence */
    MigRamFlag flag;
    MigPageContent content;
    bool runs;     /* all records without a name are of one length, and come in runs */
    bool changes;  /* ENCODED: the data says what changed in the page since it was sent */
    bool postcopy; /* the kind is sent after the switchover to postcopy, too */
    const char *capability; /* that makes a source send this kind; NULL: none is needed */
    const char *malformed;  /* ENCODED: the rule that data breaks which does not decode */
    const char *bad_head;   /* the rule that a head breaks which read_head() refuses */
    /* Bytes between the block's name and the data, and how they are read and written.  The
     * functions are NULL if head is 0. */
    uint32_t head;
    /* Sets fill or data_length from @p, head bytes.  False if no page of @page_size bytes
     * has such a head; data_length is set even so. */
    bool (*read_head)(const uint8_t *p, uint32_t page_size, MigRamPages *page);
    void (*write_head)(const MigRamPages *page, uint8_t *p);
    /* Why read_head() refused @page; the caller frees.  NULL if it takes any head. */
    char *(*explain_head)(const MigRamPages *page);
    /* Makes the page at @page, page_size bytes, of @n bytes of @data; where the kind
     * changes, @page holds what it held before.  False if the data does not decode; what
     * @page holds is then undefined. */
    bool (*decode)(const uint8_t *data, size_t n, uint8_t *page, size_t page_size);
} MigPageKindType;

/* The row of @kind, which is below MIG_PAGE_KIND_COUNT. */
const MigPageKindType *mig_page_kind(MigPageKind kind);

G_END_DECLS

#endif
