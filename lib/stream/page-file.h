/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the content of guest pages, kept in a file.
 * Must not know: which pages, and whose file it is.
 * See also:      device/ram-image.h; filter/ram-decompress.c; stream/page-kind.h.
 *
 * The file is sparse: what was never written is zero, and pages of zeros become holes where
 * the file system has them.  Where a function fails in the file, errno says why.
 */
#ifndef MIG_STREAM_PAGE_FILE_H
#define MIG_STREAM_PAGE_FILE_H

#include "io/gather.h"
#include "stream/item.h"

typedef struct MigPageFile {
    int fd;        /* borrowed, for reading and writing */
    uint64_t base; /* bytes of it before address 0; what lies there must read as zero */
    uint64_t high; /* address after the last byte that was ever written; begins with 0 */
    bool cannot_punch; /* the file system has no holes: zeros are written */
    /* What is at @split and after lies @gap bytes further on: two places in the file.  No page
     * is in both.  0, 0: there is one. */
    uint64_t split, gap;
    /* Pages go through it, borrowed: who else reads or writes @fd flushes it first.  NULL: they
     * are written at once. */
    MigGather *gather;
    uint64_t zeros; /* what is between @high and this address is zero */
} MigPageFile;

/* Pages in memory. */
typedef struct MigPageRows {
    const uint8_t *data; /* of the first */
    uint32_t n;          /* how many there are */
    uint32_t stride;     /* bytes from one to the next */
    uint32_t page_size;  /* bytes of each */
} MigPageRows;

/* Keeps @rows one after the other from @address on.  False: see errno. */
bool mig_page_file_write(MigPageFile *file, uint64_t address, const MigPageRows *rows);

/* Fills @length bytes from @address on with @value.  False: see errno. */
bool mig_page_file_fill(MigPageFile *file, uint64_t address, uint64_t length,
                        uint8_t value);

/* Reads @n bytes from @address on.  False: see errno. */
bool mig_page_file_read(const MigPageFile *file, uint64_t address, void *buffer,
                        size_t n);

typedef enum MigPageDecoded {
    MIG_PAGE_DECODED,
    MIG_PAGE_MALFORMED,  /* the encoding */
    MIG_PAGE_UNREADABLE, /* the page that the encoding changes: see errno */
} MigPageDecoded;

/* Decodes the one encoded page @run, whose record is at @record, to @page of as many bytes as a
 * page has.  If the record only says what changed, the page before is read from @address. */
MigPageDecoded mig_page_file_decode(const MigPageFile *file, uint64_t address,
                                    const MigRamPages *run, const uint8_t *record,
                                    uint8_t *page);

#endif
