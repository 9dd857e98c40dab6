/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see pattern.h.
 * Must not know: any one message.
 * See also:      message/scan.c.
 *
 * Work: a number and a literal fit in one way only.  A name ends where what follows it, up to
 * the next name, fits first; so nothing is tried again, and a try costs at most
 * MIG_PATTERN_HOLE comparisons for each name.
 */
#include "message/pattern.h"

#include <string.h>

/* A pattern with fewer bytes of literals says little. */
#define SHORT 12u
/* So much of a text must be there where the rest was cut. */
#define CUT_MIN     16u
#define DECIMAL_MAX 20u /* digits */
#define HEX_MAX     32u

/* What is matched against, and what was found so far. */
typedef struct Try {
    const MigPattern *pattern;
    const char *line;
    size_t length;
    MigMessageMatch *match;
} Try;

/* --- compiling ---------------------------------------------------------------------------- */

/* The conversion at @p, after its '%': its kind; *@p is moved after it. */
static MigPieceKind conversion(const char **p)
{
    *p += strspn(*p, "#0123456789.*hlzjt");
    switch (*(*p)++) {
    case 's':
        return MIG_PIECE_NAME;
    case 'x':
    case 'X':
    case 'p':
        return MIG_PIECE_HEX;
    default:
        return MIG_PIECE_DECIMAL;
    }
}

bool mig_pattern_compile(MigPattern *pattern, const char *text)
{
    *pattern = (MigPattern){ .anchor = MIG_PATTERN_PIECES };
    for (const char *p = text; *p;) {
        MigPiece *piece = &pattern->pieces[pattern->n_pieces];

        if (pattern->n_pieces == MIG_PATTERN_PIECES) {
            return false;
        }
        piece->text = p;
        if (*p == '%') {
            p++;
            piece->kind = conversion(&p);
        } else {
            piece->length = strcspn(p, "%");
            p += piece->length;
            pattern->literal += piece->length;
            if (piece->length >= MIG_PATTERN_ANCHOR &&
                pattern->anchor == MIG_PATTERN_PIECES) {
                pattern->anchor = pattern->n_pieces;
            }
        }
        pattern->n_pieces++;
    }
    return pattern->anchor < MIG_PATTERN_PIECES;
}

/* --- numbers ------------------------------------------------------------------------------ */

static bool is_digit(MigPieceKind kind, char c)
{
    return kind == MIG_PIECE_HEX ? g_ascii_isxdigit(c) : g_ascii_isdigit(c);
}

static size_t digits_max(MigPieceKind kind)
{
    return kind == MIG_PIECE_HEX ? HEX_MAX : DECIMAL_MAX;
}

/* Bytes of the number that begins at @at, or of an ellipsis in its place, or 0. */
static size_t number_after(const Try *try, MigPieceKind kind, size_t at)
{
    size_t p = at, first;

    if (try->length - at >= 3 && memcmp(try->line + at, "...", 3) == 0) {
        return 3;
    }

    if (kind == MIG_PIECE_HEX && try->length - p > 2 && try->line[p] == '0' &&
        try->line[p + 1] == 'x') {
        p += 2;
    } else if (kind == MIG_PIECE_DECIMAL && p < try->length && try->line[p] == '-') {
        p++;
    }
    for (first = p; p < try->length && p - first < digits_max(kind) &&
                    is_digit(kind, try->line[p]);) {
        p++;
    }
    return p > first ? p - at : 0;
}

/* The same of what ends before @end. */
static size_t number_before(const Try *try, MigPieceKind kind, size_t end)
{
    size_t p = end;

    if (end >= 3 && memcmp(try->line + end - 3, "...", 3) == 0) {
        return 3;
    }
    while (p > 0 && end - p < digits_max(kind) && is_digit(kind, try->line[p - 1])) {
        p--;
    }
    if (p < end && kind == MIG_PIECE_DECIMAL && p > 0 && try->line[p - 1] == '-') {
        p--;
    }
    return end - p;
}

static void set_hole(const Try *try, unsigned piece, size_t at, size_t length)
{
    const MigPattern *pattern = try->pattern;
    MigPieceKind kind = pattern->pieces[piece].kind;
    MigMessageHole *hole = try->match->holes;

    for (unsigned i = 0; i < piece; i++) {
        hole += pattern->pieces[i].kind != MIG_PIECE_LITERAL;
    }
    *hole =
        (MigMessageHole){ .text = try->line + at,
                          .length = length,
                          .is_number = kind != MIG_PIECE_NAME && try->line[at] != '.' };
    for (size_t i = 0; hole->is_number && i < length; i++) {
        char c = hole->text[i];

        if (g_ascii_isxdigit(c)) {
            hole->value = hole->value * (kind == MIG_PIECE_HEX ? 16 : 10) +
                          (uint64_t)g_ascii_xdigit_value(c);
        }
    }
    if (hole->is_number && length && *hole->text == '-') {
        hole->value = -hole->value;
    }
}

/* --- names -------------------------------------------------------------------------------- */

/* A name at the end of a text ends with the line, its quotes, those of a page or where a chain goes
 * on. */
static size_t name_to_end(const Try *try, size_t at)
{
    static const char *const ends[] = { ": ", "\"", "`", "</" };
    size_t n = MIN(try->length - at, MIG_PATTERN_HOLE);
    const char *name = try->line + at;

    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        const char *end = g_strstr_len(name, (gssize)n, ends[i]);

        n = end ? (size_t)(end - name) : n;
    }
    while (n && strchr(" \t').,}", name[n - 1])) {
        n--;
    }
    return n;
}

/* A name at the start of a text: one word. */
static size_t word_before(const Try *try, size_t end)
{
    size_t p = end;

    while (p > 0 && end - p < MIG_PATTERN_HOLE && !strchr(" \t\"'", try->line[p - 1])) {
        p--;
    }
    return end - p;
}

/* Whether a name from @at on may have @n bytes and more: no ": " is in it. */
static bool name_may_have(const Try *try, size_t at, size_t n)
{
    return n <= MIN(try->length - at, MIG_PATTERN_HOLE) &&
           !(n >= 2 && memcmp(try->line + at + n - 2, ": ", 2) == 0);
}

/* --- fitting ------------------------------------------------------------------------------ */

static bool literal_at(const Try *try, const MigPiece *piece, size_t at)
{
    return piece->length <= try->length - at &&
           memcmp(try->line + at, piece->text, piece->length) == 0;
}

/* The pieces from @piece to the next name or the end: where they end if they fit at @at, else
 * SIZE_MAX.  *next: the first piece after them. */
static size_t run_at(const Try *try, unsigned piece, size_t at, unsigned *next)
{
    const MigPattern *pattern = try->pattern;

    for (; piece < pattern->n_pieces && pattern->pieces[piece].kind != MIG_PIECE_NAME;
         piece++) {
        const MigPiece *p = &pattern->pieces[piece];
        bool literal = p->kind == MIG_PIECE_LITERAL;
        size_t n = literal ? p->length : number_after(try, p->kind, at);

        if (n == 0 || (literal && !literal_at(try, p, at))) {
            return SIZE_MAX;
        }
        if (!literal) {
            set_hole(try, piece, at, n);
        }
        at += n;
    }
    *next = piece;
    return at;
}

/* Bytes of @literal that are at @at. */
static size_t common(const Try *try, const MigPiece *literal, size_t at)
{
    size_t n = 0;

    while (n < literal->length && at + n < try->length &&
           try->line[at + n] == literal->text[n]) {
        n++;
    }
    return n;
}

/* Bytes of the name at @at, up to the literal after it or the quote with which that begins, or
 * else to the end of what there is. */
static size_t name_before_cut(const Try *try, unsigned piece, size_t at)
{
    const MigPiece *next =
        piece + 1 < try->pattern->n_pieces ? &try->pattern->pieces[piece + 1] : NULL;
    size_t want = next && strchr("'\"", *next->text) ? 1 : next ? next->length : 0;

    for (size_t n = 1; next && name_may_have(try, at, n); n++) {
        if (common(try, next, at + n) >= want) {
            return n;
        }
    }
    return name_to_end(try, at);
}

/* Whether nothing but an ellipsis, quotes and the like comes from @at on: somebody left the rest
 * out. */
static bool is_left_out(const Try *try, size_t at)
{
    size_t n = try->length - at;
    const char *rest = try->line + at;

    while (n && strchr(" \t\"')},;", *rest)) {
        rest++;
        n--;
    }
    return n == 0 || g_str_has_prefix(n >= 3 ? rest : "", "...") ||
           (n >= 3 && memcmp(rest, "\xe2\x80\xa6", 3) == 0);
}

/* A text that was cut after one of its holes: where it ends if the pieces from the anchor on fit
 * as far as they are there, else SIZE_MAX. */
static size_t cut_end(const Try *try, size_t at)
{
    const MigPattern *pattern = try->pattern;
    size_t literal = 0;
    bool hole = false;

    for (unsigned piece = pattern->anchor; piece < pattern->n_pieces; piece++) {
        const MigPiece *p = &pattern->pieces[piece];
        size_t n = p->kind == MIG_PIECE_LITERAL ? common(try, p, at)
                   : p->kind == MIG_PIECE_NAME  ? name_before_cut(try, piece, at)
                                                : number_after(try, p->kind, at);

        if (p->kind == MIG_PIECE_LITERAL) {
            literal += n;
        } else if (n) {
            set_hole(try, piece, at, n);
            hole = true;
        }
        at += n;
        if (n == 0 || (p->kind == MIG_PIECE_LITERAL && n < p->length)) {
            break;
        }
    }
    try->match->literal = literal ? literal - 1 : 0; /* a whole text says more */
    return hole && literal >= CUT_MIN && is_left_out(try, at) ? at : SIZE_MAX;
}

/* What follows the anchor, from @at on. */
static bool fits_after(const Try *try, unsigned piece, size_t at)
{
    const MigPattern *pattern = try->pattern;
    unsigned next = piece;
    size_t anchor = at;

    try->match->literal = pattern->literal;
    at = run_at(try, piece, at, &next);
    while (at != SIZE_MAX && next < pattern->n_pieces) {
        unsigned name = next;
        size_t n = 0, end = SIZE_MAX;

        if (name + 1 == pattern->n_pieces) {
            n = name_to_end(try, at);
            end = at + n;
            next++;
        }
        for (; end == SIZE_MAX && name_may_have(try, at, n); n++) {
            end = run_at(try, name + 1, at + n, &next);
        }
        n -= name + 1 < pattern->n_pieces;
        set_hole(try, name, at, n);
        at = end;
    }
    if (at == SIZE_MAX) {
        memset(try->match->holes, 0, sizeof(try->match->holes));
        at = cut_end(try, anchor);
    }
    try->match->end = at;
    return at != SIZE_MAX;
}

/* What comes before it, up to @end. */
static bool fits_before(const Try *try, unsigned piece, size_t end)
{
    while (piece-- > 0) {
        const MigPiece *p = &try->pattern->pieces[piece];
        bool literal = p->kind == MIG_PIECE_LITERAL;
        size_t n = literal                     ? p->length
                   : p->kind == MIG_PIECE_NAME ? word_before(try, end)
                                               : number_before(try, p->kind, end);

        if (n == 0 || n > end || (literal && !literal_at(try, p, end - n))) {
            return false;
        }
        end -= n;
        if (!literal) {
            set_hole(try, piece, end, n);
        }
    }
    try->match->start = end;
    return true;
}

/* Whether what is short begins there: a line, what is quoted, or a link of a chain. */
static bool begins(const char *line, size_t at)
{
    return at == 0 || line[at - 1] == '"' ||
           (line[at - 1] == ' ' && at > 1 && line[at - 2] == ':');
}

static bool ends(const char *line, size_t length, size_t at)
{
    return at == length || line[at] == '"' ||
           (at + 1 < length && line[at] == ':' && line[at + 1] == ' ');
}

/* No word goes on before or after it; what is short is alone. */
static bool stands_alone(const Try *try)
{
    const MigMessageMatch *match = try->match;
    const char *line = try->line;

    if (try->pattern->literal < SHORT) {
        return begins(line, match->start) && ends(line, try->length, match->end);
    }
    if (match->end + 1 < try->length && line[match->end] == ':' &&
        !g_ascii_isspace(line[match->end + 1])) {
        return false; /* the beginning of a PCI address is no number */
    }
    return !(match->start && g_ascii_isalnum(line[match->start - 1])) &&
           !(match->end < try->length && g_ascii_isalnum(line[match->end]) &&
             g_ascii_isalnum(line[match->end - 1]));
}

bool mig_pattern_fits(const MigPattern *pattern, const char *line, size_t length,
                      size_t at, MigMessageMatch *match)
{
    const Try try = { pattern, line, length, match };

    return fits_after(&try, pattern->anchor, at) &&
           fits_before(&try, pattern->anchor, at) && stands_alone(&try);
}
