/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a section body parser is, the table of them, and what a body may
 *                ask of the reader.
 * Must not know: consumers.  Private to stream/.
 * See also:      stream/section.c, which calls bodies; one file per body.
 *
 * A new body is one file with a MigBody, its line below, and a row in stream/body.c.
 */
#ifndef MIG_STREAM_BODY_H
#define MIG_STREAM_BODY_H

#include "io/input-memory.h"
#include "stream/reader.h"

typedef struct MigRamState MigRamState;

/* Reads the next item of a body.  On entry *item has offset, section, type and section_id;
 * @state is the body's, see MigBody.
 * MORE: sets kind and length (of the whole thing, pieces are the reader's business; it need
 * not be there in full) and what belongs to the kind.  END: the body ended at that offset. */
typedef MigStatus MigBodyNext(MigReader *r, void *state, MigItem *item, GError **error);

/* Of what a body keeps while it is read, in 8 bytes each. */
#define MIG_BODY_STATE_WORDS 2

typedef struct MigBody {
    const char *idstr; /* as in QEMU; "/vfio" matches any device path before it */
    MigBodyNext *next;
    /* What it keeps as long as the reader lives.  NULL: MIG_BODY_STATE_WORDS words, which
     * are 0 as a body begins. */
    void *(*state)(MigReader *r);
} MigBody;

/* @description, owned from here on, is that of the stream; NULL: it has none. */
void mig_reader_set_description(MigReader *r, MigDescription *description);

extern const MigBody mig_body_ram;
extern const MigBody mig_body_vfio;
extern const MigBody mig_body_block;
extern const MigBody mig_body_dirty_bitmap;
extern const MigBody mig_body_htab;
extern const MigBody mig_body_pbs_state;
extern const MigBody mig_body_storage_attributes;
extern const MigBody mig_body_storage_keys;
extern const MigBody mig_body_todclock;
extern const MigBody mig_body_device; /* all others */

const MigBody *mig_body_for(const char *idstr);

/* Before something that has a name is kept, by the reader and those who watch it; false with
 * *error where there is no memory for it. */
bool mig_reader_spend(MigReader *r, size_t name_length, GError **error);

/* The bytes from the item's start on.  NULL with *error set, TRUNCATED or what the input
 * said, where fewer than @want are left; @what is the thing that is cut short. */
const uint8_t *mig_reader_need(MigReader *r, const MigItem *item, size_t want,
                               const char *what, GError **error);

/* As mig_input_peek(): the bytes from where the reader is, *n of which are there. */
const uint8_t *mig_reader_peek(MigReader *r, size_t want, size_t *n);

/* The item to come breaks @rule, unless it breaks another one itself. */
void mig_reader_note_defect(MigReader *r, const char *rule);

/* Whether @p, MIG_FOOTER_LENGTH bytes, can be the footer of the section that is read. */
bool mig_reader_is_footer(const MigReader *r, const uint8_t *p);

/* What the ram body keeps. */
MigRamState *mig_reader_ram(const MigReader *r);

/* Call it when too little input was found.  True if the input simply ends; false with
 * *error set if reading failed.  A held input keeps its failure for whoever reads at its
 * end. */
bool mig_reader_ended_well(MigReader *r, GError **error);

/* Raises MALFORMED at @offset, of the section being read. */
MigStatus mig_reader_malformed(MigReader *r, uint64_t offset, const char *rule,
                               GError **error, const char *format, ...)
    G_GNUC_PRINTF(5, 6);
/* Raises TRUNCATED: of @what, which starts at @offset, @found bytes are there of @want; or
 * of at least @want, where its length is not known yet. */
MigStatus mig_reader_truncated(MigReader *r, uint64_t offset, uint64_t want,
                               uint64_t found, const char *what, GError **error);
MigStatus mig_reader_lacks(MigReader *r, uint64_t offset, uint64_t want, uint64_t found,
                           const char *what, GError **error);

/* Whether a section, a command or the end of the list can begin at @p. @n bytes are there:
 * all that are left, or MIG_PLAUSIBLE_LENGTH. */
#define MIG_PLAUSIBLE_LENGTH (6u + 255u)
bool mig_reader_plausible(const MigReader *r, const uint8_t *p, size_t n);

/* Whether @type can start something in the outer list. */
static inline bool mig_starts_section(uint8_t type)
{
    return type <= MIG_COMMAND && type != MIG_SUBSECTION && type != MIG_DESCRIPTION;
}

/* stream/ram.c: what the ram body keeps as long as the reader lives. */
MigRamState *mig_ram_state_new(void);
void mig_ram_state_free(MigRamState *ram);
/* The block of that name, @n bytes; NULL if the list has none. */
MigRamBlock *mig_ram_state_find(const MigRamState *ram, const void *name, uint8_t n);
/* Whether the page at @address is inside of @block; if not, *error says so at @offset. */
bool mig_ram_block_has_page(const MigRamBlock *block, uint64_t address,
                            uint32_t page_size, uint64_t offset, GError **error);
GPtrArray *mig_ram_state_blocks(const MigRamState *ram);  /* MigRamBlock */
uint32_t mig_ram_state_page_size(const MigRamState *ram); /* 0: not known yet */
/* The stream says the size of a page; if not @sure, only where it has not said so yet. */
void mig_ram_state_set_page_size(MigRamState *ram, uint32_t size, bool sure);
/* A POSTCOPY_ADVISE with page sizes was read: entries of the block list may have more. */
void mig_ram_state_advise(MigRamState *ram);

/* stream/page-size.c */
uint32_t mig_page_size_try(const uint8_t *records, size_t n, bool more, uint64_t lengths,
                           bool *sure);

#endif
