/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a text of printf() as a pattern, and whether it fits a place in a line.
 * Must not know: any one message.
 * See also:      message/scan.c, which knows the places.
 *
 * A pattern is tried where its anchor is: its first literal that is long enough to be rare.
 */
#ifndef MIG_MESSAGE_PATTERN_H
#define MIG_MESSAGE_PATTERN_H

#include "message/message.h"

/* The fewest bytes of an anchor. */
#define MIG_PATTERN_ANCHOR 4u
/* The most bytes that a hole takes. */
#define MIG_PATTERN_HOLE   512u
#define MIG_PATTERN_PIECES (2 * MIG_MESSAGE_HOLES + 1)

typedef enum MigPieceKind {
    MIG_PIECE_LITERAL,
    MIG_PIECE_NAME,    /* %s */
    MIG_PIECE_DECIMAL, /* %d, %u, %zu and the like */
    MIG_PIECE_HEX,     /* %x, %lx, %p */
} MigPieceKind;

typedef struct MigPiece {
    MigPieceKind kind;
    const char *text; /* of a literal: in the text of printf() */
    size_t length;
} MigPiece;

typedef struct MigPattern {
    MigPiece pieces[MIG_PATTERN_PIECES];
    unsigned n_pieces, anchor;
    size_t literal; /* bytes of all literals */
} MigPattern;

/* Compiles @text, which must outlive the pattern; false where it has too many pieces or no
 * anchor. */
bool mig_pattern_compile(MigPattern *pattern, const char *text);

/*
 * Whether it fits @line with its anchor at @at: the place of the whole, and of each hole in
 * order, whose names are left alone; and how much of it is the pattern's own.  A text that was cut
 * after a hole fits as far as it goes, if nothing but an ellipsis follows.  What is short must have a line, or what is between two
 * ": ", for itself.
 */
bool mig_pattern_fits(const MigPattern *pattern, const char *line, size_t length,
                      size_t at, MigMessageMatch *match);

#endif
