/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the reader's insides: where it is in the grammar of a stream, and what
 *                it has learned.
 * Must not know: consumers; what the bodies keep.  Private to stream/.
 * See also:      stream/reader.c; the outer list (grammar.c, section.c, command.c,
 *                configuration.c, after-end.c, description-await.c, tail.c, plausible.c);
 *                learned.c; reader-error.c; stream/device.c, the one body whose end only the outer
 *                list knows.  Other bodies see stream/body.h and no more.
 */
#ifndef MIG_STREAM_READER_PRIVATE_H
#define MIG_STREAM_READER_PRIVATE_H

#include "io/budget.h"
#include "io/sorted.h"
#include "stream/body.h"
#include "stream/merge.h"

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

/* Where a channel is in the grammar of the outer list. */
typedef struct MigGrammar {
    ReaderState state;
    Footers footers;
    MigSection *section; /* whose body is read */
    MigSectionType type;
    uint32_t section_id;
    uint64_t body_state[MIG_BODY_STATE_WORDS]; /* of a body that keeps nothing longer */
    uint64_t package_end[MIG_PACKAGE_DEPTH_MAX];
    unsigned package_depth;
    MigItem rest;            /* what is left of a thing in pieces; whole > piece if any */
    const char *next_defect; /* for the item to come */
} MigGrammar;

struct MigReader {
    MigInput *in;
    MigGrammar grammar;
    MigMerge *merge; /* NULL: there are no other channels */
    GError *failure;
    bool ended;
    uint64_t pos;         /* position of the input: the start of the last item */
    uint64_t last_length; /* bytes of it */
    MigItem item;         /* the last one */
    bool join_pieces;     /* nobody looks at them */
    bool ends_by_footers; /* a description is not waited for; see live.h */

    MigMeter names; /* what sections, blocks and whoever keeps something of each take */
    GPtrArray *sections; /* MigSection, owned */
    uint32_t name_bytes; /* of all their names */
    MigSorted by_name;   /* MigSection * */
    MigSorted by_id;     /* an id, and below it the index of what it was bound to last */

    bool has_configuration;
    MigConfiguration configuration;
    GPtrArray *capabilities; /* NULL-terminated */
    uint8_t uuid[16];
    GStringChunk *strings;

    MigRamState *ram;

    MigDescription *description;
    MigBudget budget;
    bool description_sought;
    bool end_is_another; /* What ends the input is not of this stream. */
    char *counted_name;  /* the last name that the description's were counted for, */
    size_t counted;      /* and how many have it */
    bool skip_decided;   /* mig_reader_skip_ram() */
    size_t next_device;  /* index of the device that is expected next */
    uint64_t trailing;   /* bytes after the end mark and the description */
    uint64_t second_best_sought; /* bytes that were read after a possible end */
};

/* Whether @n bytes from @pos on, where @in is, are there; *found is how many are, or more. */
bool mig_input_has(MigInput *in, uint64_t pos, uint64_t n, uint64_t *found);

/* Raises TRUNCATED, or what @in failed with: the end of @what, which starts at @offset, is
 * @missing bytes after that of @in; @least is "at least " where it may be further, or "". */
MigStatus mig_reader_cut_short(MigInput *in, uint64_t offset, const char *least,
                               uint64_t missing, const char *what, GError **error);

/* Before any section is known. */
void mig_reader_init_sections(MigReader *r);
void mig_reader_clear_sections(MigReader *r);

/* The section that a START or FULL bound to @id last, or NULL. */
MigSection *mig_reader_bound_section(const MigReader *r, uint32_t id);

/* What messages call a thing of that kind that is cut short: "RAM record", a static string. */
const char *mig_item_thing_name(MigItemKind kind);

/* The next item of the outer list, of which *item has the offset.  MORE: kind, length and what
 * belongs to the kind are set.  END: there is no item here, or r->ended and none at all. */
MigStatus mig_grammar_next(MigReader *r, MigItem *item, GError **error);

/* The same for one member of the list, whose file is named after it. */
MigStatus mig_section_long_header_next(MigReader *r, MigItem *item, GError **error);
MigStatus mig_section_short_header_next(MigReader *r, MigItem *item, GError **error);
MigStatus mig_section_body_next(MigReader *r, MigItem *item, GError **error);
MigStatus mig_section_footer_next(MigReader *r, MigItem *item, GError **error);
MigStatus mig_configuration_next(MigReader *r, MigItem *item, GError **error);
MigStatus mig_command_next(MigReader *r, MigItem *item, GError **error);
MigStatus mig_description_next(MigReader *r, MigItem *item, GError **error);
MigStatus mig_trailing_next(MigReader *r, MigItem *item, GError **error);

/* tail.c: whether the sections of @d, followed backwards from the end mark before it, lead to
 * the section that is read, whose header was the last item, or whose body comes now. */
bool mig_reader_leads_here(MigReader *r, const MigDescription *d);

/* description-await.c: holds a pipe until its description has come, and no longer where
 * that can be known.  NULL if it has none; NULL with *error set as mig_input_hold(). */
MigDescription *mig_reader_await_description(MigReader *r, GError **error);

#endif
