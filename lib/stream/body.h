/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      what a section body parser is, the table of them, and the reader's insides
 *            that they share.
 * Knows not: consumers.  Private to stream/.
 * Beside it: stream/reader.c, which calls bodies; one file per body.
 *
 * A new body is one file with a MigBody, its line below, and a row in stream/body.c.
 */
#ifndef MIG_STREAM_BODY_H
#define MIG_STREAM_BODY_H

#include "io/input-memory.h"
#include "stream/reader.h"

/* Reads the next item of a body.  On entry *item has offset, section, type and section_id.
 * MORE: sets kind and length (of the whole thing, pieces are the reader's business; it need
 * not be there in full) and what belongs to the kind.  END: the body ended at that offset. */
typedef MigStatus MigBodyNext(MigReader *r, MigItem *item, GError **error);

typedef struct MigBody {
    const char *idstr; /* as in QEMU; "/vfio" matches any device path before it */
    MigBodyNext *next;
} MigBody;

/* @description, owned from here on, is that of the stream; NULL: it has none. */
void mig_reader_set_description(MigReader *r, MigDescription *description);

extern const MigBody mig_body_ram;
extern const MigBody mig_body_vfio;
extern const MigBody mig_body_block;
extern const MigBody mig_body_dirty_bitmap;
extern const MigBody mig_body_htab;
extern const MigBody mig_body_storage_attributes;
extern const MigBody mig_body_storage_keys;
extern const MigBody mig_body_todclock;
extern const MigBody mig_body_device; /* all others */

const MigBody *mig_body_for(const char *idstr);

typedef enum Footers { FOOTERS_UNKNOWN, FOOTERS_ON, FOOTERS_OFF } Footers;

typedef enum ReaderState {
    STATE_FILE_HEADER,
    STATE_CONFIGURATION,
    STATE_LIST,
    STATE_BODY,
    STATE_AFTER_BODY,
    STATE_AFTER_EOF,
    STATE_TRAILING,
} ReaderState;

/* What the ram body keeps between records. */
typedef struct RamState {
    uint32_t page_size; /* 0: not known yet */
    uint32_t guess;     /* what zero pages of this body are read with meanwhile */
    GPtrArray *blocks;  /* MigRamBlock, owned */
    GTree *by_name;     /* a hash of names could be made to collide */
    MigRamBlock *last;  /* of the last page record: what CONTINUE means */
    bool listing;       /* inside the block list */
    uint64_t list_total, list_sum;
    uint64_t lengths;     /* of all blocks, or'ed */
    uint32_t list_first;  /* index of the first block that is new in this list */
    MigRamBlock *mapping; /* whose mapped-ram regions come next */
    unsigned mapping_step;
    bool advised; /* a POSTCOPY_ADVISE with page sizes was seen */
} RamState;

struct MigReader {
    MigInput *in;
    ReaderState state;
    GError *failure;
    bool ended;
    uint64_t pos;            /* where the input stands: the start of the last item */
    uint64_t last_length;    /* octets of it */
    bool join_pieces;        /* nobody looks at them */
    MigItem rest;            /* what is left of a thing in pieces; whole > piece if any */
    const char *next_defect; /* for the item to come */

    Footers footers;
    MigMeter names; /* what sections, blocks and whoever keeps something of each take */
    GPtrArray *sections;  /* MigSection, owned */
    uint32_t name_octets; /* of all their names */
    GTree *by_name, *by_id;
    MigSection *section; /* whose body is read */
    MigSectionType type;
    uint32_t section_id;
    unsigned body_step; /* the body's own; 0 when a body begins */

    uint64_t package_end[MIG_PACKAGE_DEPTH_MAX];
    unsigned package_depth;

    bool has_configuration;
    MigConfiguration configuration;
    GPtrArray *capabilities; /* NULL-terminated */
    uint8_t uuid[16];
    GStringChunk *strings;

    RamState ram;

    MigDescription *description;
    MigBudget budget;
    bool description_sought;
    size_t next_device;          /* index of the device that is expected next */
    uint64_t trailing;           /* octets behind the end mark and the description */
    uint64_t second_best_sought; /* octets that were read behind a possible end */
};

/* Before something that has a name is kept, by the reader and those who watch it; false with
 * *error where there is no memory for it. */
bool mig_reader_spend(MigReader *r, size_t name_length, GError **error);

/* The octets from the item's start on.  NULL with *error set, TRUNCATED or what the input
 * said, where fewer than @want are left; @what is the thing that is cut short. */
const uint8_t *mig_reader_need(MigReader *r, const MigItem *item, size_t want,
                               const char *what, GError **error);

/* Whether the input, of which too little was found, just ends: false with *error set where
 * reading failed.  A held input has kept its failure for who reads at its end. */
bool mig_reader_ended_well(MigReader *r, GError **error);

/* Raises MALFORMED at @offset, of the section being read. */
MigStatus mig_reader_malformed(MigReader *r, uint64_t offset, const char *rule,
                               GError **error, const char *format, ...)
    G_GNUC_PRINTF(5, 6);
/* Raises TRUNCATED: of @what, which starts at @offset, @found octets are there of @want; or
 * of at least @want, where its length is not known yet. */
MigStatus mig_reader_truncated(MigReader *r, uint64_t offset, uint64_t want,
                               uint64_t found, const char *what, GError **error);
MigStatus mig_reader_lacks(MigReader *r, uint64_t offset, uint64_t want, uint64_t found,
                           const char *what, GError **error);

/* Whether a section, a command or the end of the list can stand where @p does, of which @n
 * octets are there, all that are left or MIG_PLAUSIBLE_LENGTH. */
#define MIG_PLAUSIBLE_LENGTH (6u + 255u)
bool mig_reader_plausible(const MigReader *r, const uint8_t *p, size_t n);

/* Whether @type can start something in the outer list. */
static inline bool mig_starts_section(uint8_t type)
{
    return type <= MIG_COMMAND && type != MIG_SUBSECTION && type != MIG_DESCRIPTION;
}

MigStatus mig_configuration_next(MigReader *r, MigItem *item, GError **error);
MigStatus mig_command_next(MigReader *r, MigItem *item, GError **error);

/* stream/mapped-ram.c: the entry of @block was read, its header and regions follow. */
void mig_mapped_ram_begin(MigReader *r, MigRamBlock *block);

/* The next item of them; r->ram.mapping is NULL once they are over. */
MigStatus mig_mapped_ram_next(MigReader *r, MigItem *item, GError **error);

/* stream/page-size.c */
uint32_t mig_page_size_try(const uint8_t *records, size_t n, bool more, uint64_t lengths,
                           bool *sure);

#endif
