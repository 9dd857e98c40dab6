/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the ram section's structures, read and written: the words of the list
 *                and of marks, entries of the list, page records and runs of them.
 * Must not know: which blocks there are, and what came before.
 * See also:      stream/ram.c, which has the layout; stream/page-kind.h.
 */
#ifndef MIG_STREAM_RAM_RECORD_H
#define MIG_STREAM_RAM_RECORD_H

#include "stream/page-kind.h"

#define MIG_RAM_WORD_LENGTH 8u

/* One record of the ram section. */
typedef struct MigRamRecord {
    uint32_t flags;      /* CONTINUE included */
    uint64_t offset;     /* what the word has above the flags */
    uint8_t name_length; /* of the block's name, where there is no CONTINUE */
    uint32_t length;     /* bytes of the record, header included */
    bool is_page;
    MigRamPages page; /* a run of one, without its block, if is_page */
} MigRamRecord;

typedef enum MigRamRecordStatus {
    MIG_RAM_RECORD_OK,
    MIG_RAM_RECORD_SHORT, /* length says how many bytes are needed to go on */
    MIG_RAM_RECORD_BAD_FLAGS,
    MIG_RAM_RECORD_BAD_HEAD, /* of a page of page.kind: no record has it */
} MigRamRecordStatus;

/* Cuts the record at @p, of which @n bytes are there. */
MigRamRecordStatus mig_ram_record(const uint8_t *p, size_t n, uint32_t page_size,
                                  MigRamRecord *record);

/* How many of the records at @p, of which @n bytes are there, continue the run in which
 * the last page begins at @address. */
uint32_t mig_ram_pages_count(const MigRamPages *run, uint64_t address, const uint8_t *p,
                             size_t n);

/* Whether each page of @run has a record of its own, as it has but on multifd channels. */
static inline bool mig_ram_pages_are_records(const MigRamPages *run)
{
    return run->first_length > MAX(run->data_length, MIG_RAM_WORD_LENGTH);
}

/* Bytes of the first @n records of @run. */
static inline uint64_t mig_ram_pages_length(const MigRamPages *run, uint32_t n)
{
    return n ? run->first_length + (uint64_t)(n - 1) * run->stride : 0;
}

/* The page or its encoding, data_length bytes, in the @i-th record of @run; @bytes are
 * those of the item. */
const uint8_t *mig_ram_pages_data(const MigRamPages *run, const uint8_t *bytes,
                                  uint32_t i);

/* The name in the first record of @run, which is named; *n is its length in bytes.  It has
 * no NUL at its end and lives as long as @bytes. */
const char *mig_ram_pages_name(const MigRamPages *run, const uint8_t *bytes, uint8_t *n);

/* @n records of @run from the @first on as a run of their own; the last one may be
 * first + n. */
MigRamPages mig_ram_pages_slice(const MigRamPages *run, uint32_t first, uint32_t n);

/*
 * Appends to @out the n_pages records of @run: kind, fill, address, page_size, named and,
 * of an encoded page, data_length are taken from it; all other lengths in it are set.
 * @name: of the block, @name_length bytes, if named.  @data: the first page or encoding;
 * others follow every @stride bytes.  NULL for zero pages.
 */
void mig_ram_pages_encode(MigRamPages *run, const char *name, uint8_t name_length,
                          const uint8_t *data, size_t stride, GByteArray *out);

/* Appends the word that begins the list, @item, to @out. */
void mig_ram_list_encode(const MigItem *item, GByteArray *out);

/* Appends the mark @item to @out. */
void mig_ram_mark_encode(const MigItem *item, GByteArray *out);

/* Appends the entry of @block in the list to @out. */
void mig_ram_block_encode(const MigRamBlock *block, GByteArray *out);

#endif
