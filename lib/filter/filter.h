/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a filter is, and what it may ask of the chain that it runs in.
 * Must not know: any one filter.
 * See also:      filter/table.c finds them; filter/chain-pass.c runs them; one file per
 *                filter.
 *
 * A new filter is one file with a MigFilterType, a row in MIG_FILTERS and a paragraph in
 * migstat-convert(1).
 *
 * Words:
 *   pass   one reading of the stream from beginning to end, item by item.  In the last one
 *          each filter gets the items in event(), and the writer gets what comes out.
 *   scan   a pass before the last one, in which one filter looks at the items and changes
 *          none, because what it must write early depends on what comes late.
 *   brief  of a scan: it skips the middle of a file, from the first PART or END section to
 *          the FULL sections at the end, where the filter often needs no more.
 *   gap    the bytes that a brief scan skipped.
 *   emit   to hand an item to the next filter, or after the last one to the writer.
 *   hop    the place between two filters: there the chain checks that the items still are
 *          a stream.
 *   stage  filters that run together.  The chain is cut before a filter that scans if one
 *          before it changes the stream, and before one that decodes if one before it
 *          changes the description; a temporary file lies between two stages.
 */
#ifndef MIG_FILTER_FILTER_H
#define MIG_FILTER_FILTER_H

#include "filter/chain.h"
#include "stream/address.h"
#include "stream/reader.h"

/* How a filter reaches the chain: its place in it.  Valid during the call that got it. */
typedef struct MigNext MigNext;

typedef struct MigFilterOption {
    const char *key;
    const char *values; /* "FILE", "yes|no": for help */
    const char *help;
} MigFilterOption;

#define MIG_ITEM_BIT(kind) (1u << MIG_ITEM_##kind)
#define MIG_ITEM_BITS_ALL  ((1u << MIG_ITEM_KIND_COUNT) - 1)
#define MIG_PAGE_BIT(kind) (1u << MIG_PAGE_##kind)
#define MIG_PAGE_BITS_ALL  ((1u << MIG_PAGE_KIND_COUNT) - 1)

/* The kinds of items that lie between the first PART of RAM and the FULL sections at the end. */
#define MIG_ITEM_BITS_OF_PARTS                                                        \
    (MIG_ITEM_BIT(SECTION_HEADER) | MIG_ITEM_BIT(SECTION_FOOTER) |                    \
     MIG_ITEM_BIT(COMMAND) | MIG_ITEM_BIT(RAM_LIST) | MIG_ITEM_BIT(RAM_BLOCK) |       \
     MIG_ITEM_BIT(RAM_PAGES) | MIG_ITEM_BIT(RAM_MARK) | MIG_ITEM_BIT(MAPPED_HEADER) | \
     MIG_ITEM_BIT(MAPPED_BITMAP) | MIG_ITEM_BIT(MAPPED_PAGES) | MIG_ITEM_BIT(PADDING))

typedef enum MigScan {
    MIG_SCAN_NONE,   /* one pass will do */
    MIG_SCAN_HELPS,  /* a scan saves work; not worth spooling a pipe */
    MIG_SCAN_NEEDED, /* a scan is needed; a pipe is spooled for it */
} MigScan;

/* What a brief scan skipped, in plain bytes of the stream. */
typedef struct MigGap {
    uint64_t from, to;
    size_t n_sections; /* different ones before it */
} MigGap;

/* In a MigFilterType: the kinds of items that it handles, all others being safe to pass; or
 * those that may pass, all others being handled. */
#define MIG_FILTER_HANDLES(BITS) .handles = (BITS), .passes = MIG_ITEM_BITS_ALL & ~(BITS)
#define MIG_FILTER_PASSES(BITS)  .handles = MIG_ITEM_BITS_ALL & ~(BITS), .passes = (BITS)

/* The kinds of items that are in no section and name none. */
#define MIG_ITEM_BITS_OUTSIDE                                                          \
    (MIG_ITEM_BIT(FILE_HEADER) | MIG_ITEM_BIT(CONFIGURATION) | MIG_ITEM_BIT(COMMAND) | \
     MIG_ITEM_BIT(EOF) | MIG_ITEM_BIT(TRAILING))

/*
 * A filter, constant.  @state is state_size bytes, zeros at first.  Functions that have
 * @error return false with *error set to stop the conversion; REFUSED says that the stream
 * cannot be kept true.  What NULL means is said at each.
 */
struct MigFilterType {
    const char *name, *summary;
    const char *gives_up; /* what is lost by it: "nothing", "what the field holds" */
    const MigFilterOption *options; /* closed by a row without a key */
    /* Each kind of item is either handed to event() and scan(), or declared safe to pass by.
     * A chain does not start while a kind is neither. */
    uint32_t handles, passes;
    /* It decodes device state by the description of the stream; it changes what that would have
     * to say.  After one that changes it the next that decodes is of another stage. */
    bool decodes, redescribes;
    /* Where RAM_PAGES are handled: the kinds of page that event() and scan() can deal with.
     * The chain refuses a page of another kind. */
    uint32_t page_kinds;
    /* Makes one channel of several: what a chain writes has one. */
    bool joins;
    bool
        changes_ram; /* pages, or the list of blocks, which other channels may have or name */
    /* Where MIG_SCAN_NEEDED is wanted: in flight it does without a scan, and holds back what it
     * cannot decide yet; see mig_next_in_flight(). */
    bool holds_back;
    size_t state_size;
    /* An option, as often as it was given; then once with @key NULL, after the last.  NULL:
     * there are no options. */
    bool (*configure)(void *state, const char *key, const char *value, GError **error);
    /* NULL: MIG_SCAN_NONE; then the next three are NULL too. */
    MigScan (*wants_scan)(const void *state);
    /* An item of the scan.  Pointers into the reader die with that pass; indices of sections
     * and blocks mean the same in both. */
    bool (*scan)(void *state, MigNext *next, const MigItem *item, GError **error);
    /* The scan skipped @gap.  True if what scan() saw is enough; if that proves wrong,
     * event() or finish() fails, and the chain runs once more.  NULL: never enough. */
    bool (*suffices)(void *state, const MigGap *gap);
    /* Forgets what scan() saw: it will see all.  NULL where suffices() is. */
    void (*forget)(void *state);
    /* The scan, if there was one, is over.  NULL: nothing to do. */
    bool (*start)(void *state, MigNext *next, GError **error);
    /* Emits no item, one or many.  NULL: each item is handed on.  @item lives until the
     * return, its bytes too. */
    bool (*event)(void *state, MigNext *next, const MigItem *item, GError **error);
    /* Before the first PART of @ram, the section of that: whether event() would hand on each item
     * from there to the FULL sections at the end as it is.  NULL: where it handles none of their
     * kinds. */
    bool (*leaves_ram)(const void *state, const MigSection *ram);
    /* After the last item: emits what was kept, reports.  NULL: nothing to do. */
    bool (*finish)(void *state, MigNext *next, GError **error);
    /* Frees what @state owns.  NULL: it owns nothing. */
    void (*clear)(void *state);
};

/* Whether the filter may get @item, of a kind that it handles: false for pages of a kind
 * that it does not know. */
bool mig_filter_type_knows(const MigFilterType *type, const MigItem *item);

/* Hands @item on.  item->bytes, if any, stays the caller's. */
bool mig_next_emit(MigNext *next, const MigItem *item, GError **error);

/* Hands on @like with @n bytes at @data instead of its own, as a thing of one piece. */
bool mig_next_emit_bytes(MigNext *next, const MigItem *like, MigItemKind kind,
                         const void *data, size_t n, GError **error);

/* The bytes of @item, valid until the next call on @next. */
const uint8_t *mig_next_bytes(MigNext *next, const MigItem *item, GError **error);

/*
 * Copies @item to *kept, which outlives the call of event(): a small one gets its own bytes,
 * of a large one the range is kept, and a pipe is spooled from there on.  The caller
 * releases kept->bytes with g_bytes_unref() if it is not NULL.
 */
bool mig_next_keep(MigNext *next, const MigItem *item, MigItem *kept, GError **error);

/* Whether a filter can have @n bytes for something whose size the stream tells; false with
 * *error.  See io/alloc.h. */
bool mig_next_room(MigNext *next, size_t n, GError **error);

/* A copy of @n bytes that is kept; NULL with *error where there is no memory for it. */
GBytes *mig_next_copy(MigNext *next, const void *data, size_t n, GError **error);

MigReader *mig_next_reader(MigNext *next);
bool mig_next_lossy(const MigNext *next); /* the user agreed to losing something */
const char *
mig_next_spool_dir(const MigNext *next); /* for temporary files, may be NULL */

/* The stream that something may be taken from, or NULL: MigChainOptions.donor. */
MigInput *mig_next_donor(MigNext *next);

/* Whether the stream passes as it comes, and no scan() is called. */
bool mig_next_in_flight(const MigNext *next);

/* Where the next byte that is emitted will be in the output. False if a filter after this
 * one may change lengths. */
bool mig_next_tell(const MigNext *next, uint64_t *offset);

/* Reports what was done, of @section or, where that is NULL, of the whole. */
void mig_next_report(MigNext *next, const MigSection *section, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* As mig_error_set(), REFUSED, of @section if not NULL; returns false. */
bool mig_next_refuse(MigNext *next, const MigItem *item, const MigSection *section,
                     GError **error, const char *format, ...) G_GNUC_PRINTF(5, 6);

/*
 * At the end: whether each of @addresses has meant something.  Else *error is UNMATCHED and
 * says what is near in the stream; @option as in mig_addresses_complaint().  What nothing
 * matched is no success unless the user allowed it: then it is reported, and this is true.
 */
bool mig_next_matched(MigNext *next, const MigAddresses *addresses, MigAddressKind kind,
                      const char *option, GError **error);

/* The same error of anything else that was asked for by name. */
bool mig_next_unmatched(MigNext *next, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* "yes" or "no". */
bool mig_filter_yes_no(const char *key, const char *value, bool *yes, GError **error);

/* All filters, by name; in C a '-' of the name is a '_'. */
#define MIG_FILTERS(X) \
    X(add_field)       \
    X(capabilities)    \
    X(description)     \
    X(drop_command)    \
    X(drop_field)      \
    X(drop_register)   \
    X(drop_section)    \
    X(drop_subsection) \
    X(fold)            \
    X(footers)         \
    X(graft)           \
    X(keep_section)    \
    X(machine)         \
    X(mapped_ram)      \
    X(null)            \
    X(ram_block)       \
    X(ram_decompress)  \
    X(ram_zero)        \
    X(redact)          \
    X(rename_section)  \
    X(resize_array)    \
    X(set_field)       \
    X(set_register)    \
    X(trim)            \
    X(uuid)            \
    X(vfio_init_data)  \
    X(vfio_layout)

#define MIG_DECLARE_FILTER(name) extern const MigFilterType mig_filter_##name;
MIG_FILTERS(MIG_DECLARE_FILTER)

#endif
