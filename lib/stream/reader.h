/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          bytes to items: the outer list of a stream, and what was learned on the
 *                way.
 * Must not know: who watches; what device state means.
 * See also:      stream/item.h; stream/body.h and the section bodies;
 *                stream/description.h.
 */
#ifndef MIG_STREAM_READER_H
#define MIG_STREAM_READER_H

#include "io/error.h"
#include "io/input.h"
#include "stream/description.h"
#include "stream/item.h"

G_BEGIN_DECLS

typedef struct MigReader MigReader;

/* Bytes that are read of what follows a stream in a pipe; a file is read to its end. */
#define MIG_PIPE_TRAILING_MAX (1u << 30)

typedef enum MigStatus {
    MIG_STATUS_MORE,  /* an item was read */
    MIG_STATUS_END,   /* the stream is complete and there is nothing more */
    MIG_STATUS_ERROR, /* reading cannot go on; all items up to here were returned */
} MigStatus;

/* Reads @in from its current position, which is offset 0 for all items.  @in is borrowed
 * and must outlive the reader.  What is attached to @in is read as by mig_reader_add_channel(),
 * from its start; what is wrong with it is told by mig_reader_next().  It is read anew by
 * another reader only where it can seek. */
MIG_API MigReader *mig_reader_new(MigInput *in);
MIG_API void mig_reader_free(MigReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigReader, mig_reader_free)

/*
 * Adds a channel of a recorded migration, multifd or, as the last one, postcopy preempt, whose
 * main channel the reader reads; before
 * the first mig_reader_next().  @in is borrowed and must outlive the reader; its options need
 * MigInputOptions.multifd.  Its items have the channel number 1 if it is the first that is
 * added, then 2, and so on.  Items of all channels come in an order that a loader may rely on:
 * at each point where the main channel waits for the others, first what they have up to their
 * SYNC, and then the mark that makes it wait.  The items of each channel tile that channel.
 * False with *error, and the channel is not added: of @in; MALFORMED or TRUNCATED with the
 * channel's number; USAGE for a channel that was added already or is of another guest.
 * mig_reader_next() then gives UNSUPPORTED for pages compressed with qpl, uadk or qatzip, too, and
 * USAGE if a channel is missing.
 */
MIG_API bool mig_reader_add_channel(MigReader *reader, MigInput *in, GError **error);

/*
 * The consumer will look at no byte of a thing that comes in pieces, but for its first piece.
 * Of an input that can seek, the rest of such a thing then comes as one piece of any length,
 * and so do the zeros of a hole after the end: nobody reads them.
 */
MIG_API void mig_reader_join_pieces(MigReader *reader);

/*
 * Reads the next item.  *item is the reader's and valid until the next call, NULL unless
 * MORE is returned; what it points to lives as long as the reader.
 * Errors: TRUNCATED, MALFORMED, LIMIT with offset, section and rule; CONTAINER, IO and
 * CANCELLED from the input.  An error is final and is repeated.
 */
MIG_API MigStatus mig_reader_next(MigReader *reader, const MigItem **item,
                                  GError **error);

/*
 * The bytes of @item, which must be the last one read, all item->length of them; valid
 * until the next call that moves the reader.  NULL if they cannot be read any more (the
 * next call of mig_reader_next() then says why).
 */
MIG_API const uint8_t *mig_reader_bytes(MigReader *reader, const MigItem *item);

/* Fewer bytes are read: that takes no time. */
#define MIG_SKIP_RAM_MIN (1u << 20)

/* Whether @item is the header of a PART or END section: before the first of them there is nothing
 * that iterates, and so nothing to skip. */
MIG_API bool mig_item_begins_part(const MigItem *item);

/*
 * For a consumer that looks at devices alone, after each item: once the header of the first PART
 * or END section was read, goes to the FULL sections that end the stream, if RAM alone has such
 * parts, the description at the end has all of them and leads there, and headers and footers on
 * the way and before it confirm it.  The bytes from *from to *to, plain offsets, then have no
 * items, and nobody knows what is in them.  False, and nothing is skipped, in all other cases:
 * the input cannot seek, for one.
 */
MIG_API bool mig_reader_skip_ram(MigReader *reader, uint64_t *from, uint64_t *to);

/* Position after the last item, in plain bytes. */
MIG_API uint64_t mig_reader_tell(const MigReader *reader);

/* What the stream has said so far. */
MIG_API const MigConfiguration *
mig_reader_configuration(const MigReader *reader); /* or NULL */
MIG_API uint32_t
mig_reader_page_size(const MigReader *reader); /* of the target; 0: not known */

/* Bytes of a target page where the name of the machine type tells: its target has pages of
 * one size.  0 where it does not tell, as of Arm's machines, whose streams record the size. */
MIG_API uint32_t mig_page_size_of_machine(const char *machine);

/* The RAM blocks and the sections so far, *n of them, in order of their index.  The array is
 * valid until the next item is read, what it points to as long as the reader. */
MIG_API const MigRamBlock *const *mig_reader_ram_blocks(const MigReader *reader,
                                                        size_t *n);
MIG_API const MigSection *const *mig_reader_sections(const MigReader *reader, size_t *n);

/* The RAM block of that name, @length bytes; NULL where the lists have none so far. */
MIG_API const MigRamBlock *mig_reader_ram_block(const MigReader *reader, const char *name,
                                                uint8_t length);

/*
 * The description, once it was needed or reached; else NULL.  mig_reader_find_description()
 * looks for it now, if it was not, which makes a pipe spool what is left of it.
 */
MIG_API const MigDescription *mig_reader_description(const MigReader *reader);
MIG_API const MigDescription *mig_reader_find_description(MigReader *reader,
                                                          GError **error);

/* The input that it was made with; and that of a channel, the main one being 0. */
MIG_API MigInput *mig_reader_input(const MigReader *reader);
MIG_API MigInput *mig_reader_channel_input(const MigReader *reader, uint32_t channel);

typedef struct MigBudget MigBudget;

/* The work that the meaning of this stream may cost; lives as long as the reader.  It grows
 * with the description when that is read, and with each device that is decoded. */
MIG_API MigBudget *mig_reader_budget(MigReader *reader);

G_END_DECLS

#endif
