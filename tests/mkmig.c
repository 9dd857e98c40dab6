/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the fixture assembler, text in, bytes out, and its language.
 * Must not know: the library under test, nor what makes a stream right: it can say wrong
 *                things.
 * See also:      mkmig.h; tests/fixtures holds the texts.
 *
 * The language
 *
 *   One statement a line, or several with `;` between them; `#` begins a comment.  A
 *   statement is a word of the table below and its arguments, apart by blanks, and a
 *   block in { } where the word takes one.
 *
 *     header                                # the format's words ...
 *     start 2 "ram" 0 4
 *     ram-size 0x10000
 *     ram-block "pc.ram" 0x10000
 *     be64 0x10                             # ... and plain numbers for all else
 *     footer 2
 *     label cut
 *     be32 @cut-4 len("pc.ram") 0x7e*2
 *     repeat 4 { ram-zero @i*0x1000 }
 *     len32 { str "measured: a be32 with the block's length stands before it" }
 *
 *   Expressions have no blanks.  Operators, loosest first: + - (one level), * / (the
 *   next), and the prefixes - and ! (1 for 0, else 0); ( ) group.  Operands: decimal and
 *   0x numbers, @NAME, the value of a label, which may stand further down, and
 *   len("text").  @i is the round of the innermost `repeat`, from 0, and @page the page
 *   size, 4096 until `set page N`. Arithmetic is 64 bits wide and wraps; a value that its
 *   field cannot hold, signed or unsigned, is a mistake.
 *
 *   Strings know \n \t \r \\ \" \0 \xHH, and ${EXPRESSION}, which stands for its decimal.
 *
 *   A {text} block is one string of raw lines, up to a line with only a `}`.  Indentation
 *   goes, lines join, and a comma at a line's end is followed by a blank: JSON as QEMU
 *   prints it, save that its own closing braces may not stand alone on a line.
 *
 *   Words of the format are themselves text in this language (the last column of the
 *   table), where $1 is an argument, $2* all from the second on, $# their number, and
 *   `inside` the block.
 */
#include "mkmig.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    MAX_DEPTH = 32, /* include, blocks and words within words */
    MAX_PASSES = 8, /* until labels stay where they are */
    MAX_OUTPUT = 64 << 20,
};

/* A piece of text that is being assembled, and what $n and `inside` mean in it. */
typedef struct Frame Frame;
struct Frame {
    const char *name; /* file, for messages and include */
    const char *at, *end;
    unsigned line;
    bool in_table;               /* text of the table: its line numbers mean nothing */
    const char *const *args;     /* NULL-terminated, of the word that this text defines */
    const Frame *caller, *block; /* where that word stands, and the block it was given */
    unsigned depth;
};

typedef struct {
    GByteArray *out;
    GHashTable *labels;  /* name -> uint64_t * */
    GHashTable *defined; /* those set in this pass, to find doubles */
    bool moved;          /* a label changed or was not known yet: another pass */
    bool last;           /* labels that are unknown now never come */
    unsigned looks;      /* at what differs from place to place, or changes of it */
    GError *error;
} Assembler;

typedef struct Word Word;

/* One statement in work. */
typedef struct {
    Assembler *as;
    const Word *word;
    const Frame *frame;
    const char *const *args; /* NULL-terminated */
    unsigned n_args;
    const Frame *block; /* NULL without one */
} Statement;

struct Word {
    const char *name;      /* one word or two */
    const char *arguments; /* names; [OPTIONAL], MANY... and at the end {} or {text} */
    void (*emit)(const Statement *st);
    int size;         /* of the integer, negative for little endian */
    const char *text; /* or the statements that it stands for */
};

static void assemble(Assembler *as, Frame *frame);

G_GNUC_PRINTF(3, 4)
static void mistake(Assembler *as, const Frame *frame, const char *format, ...)
{
    if (as->error) {
        return;
    }
    while (frame->in_table && frame->caller) {
        frame = frame->caller;
    }
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    as->error = g_error_new(G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s:%u: %s", frame->name,
                            frame->line, message);
}

/* --- expressions -------------------------------------------------------------------- */

typedef struct {
    Assembler *as;
    const Frame *frame;
    const char *at;
    unsigned depth;
} Expression;

static uint64_t sum(Expression *ex);
static char *unquote(Assembler *as, const Frame *frame, const char *quoted,
                     const char **end, size_t *length);

static uint64_t label_value(Expression *ex)
{
    const char *start = ++ex->at;
    /* A '-' belongs to no name here: @end-@start is a difference. */
    while (g_ascii_isalnum(*ex->at) || *ex->at == '_') {
        ex->at++;
    }
    g_autofree char *name = g_strndup(start, ex->at - start);
    const uint64_t *value = g_hash_table_lookup(ex->as->labels, name);
    ex->as->looks += !g_str_equal(name, "page");
    if (!value) {
        ex->as->moved = true;
        if (ex->as->last) {
            mistake(ex->as, ex->frame, "no label @%s", name);
        }
    }
    return value ? *value : 0;
}

static uint64_t operand(Expression *ex)
{
    if (++ex->depth > MAX_DEPTH * 8) {
        mistake(ex->as, ex->frame, "expression too deep");
        return 0;
    }
    if (*ex->at == '-') {
        ex->at++;
        return -operand(ex);
    }
    if (*ex->at == '!') {
        ex->at++;
        return !operand(ex);
    }
    if (*ex->at == '(') {
        ex->at++;
        uint64_t value = sum(ex);
        if (*ex->at != ')') {
            mistake(ex->as, ex->frame, "no ) in the expression");
            return 0;
        }
        ex->at++;
        return value;
    }
    if (*ex->at == '@') {
        return label_value(ex);
    }
    if (g_str_has_prefix(ex->at, "len(\"")) {
        size_t length;
        g_autofree char *text =
            unquote(ex->as, ex->frame, ex->at + strlen("len("), &ex->at, &length);
        if (!text || *ex->at != ')') {
            mistake(ex->as, ex->frame, "len() takes one string");
            return 0;
        }
        ex->at++;
        return length;
    }
    if (g_ascii_isdigit(*ex->at)) {
        char *end;
        bool hex = g_str_has_prefix(ex->at, "0x");
        uint64_t value = g_ascii_strtoull(hex ? ex->at + 2 : ex->at, &end, hex ? 16 : 10);
        ex->at = end;
        return value;
    }
    mistake(ex->as, ex->frame, "a number was expected at \"%s\"", ex->at);
    return 0;
}

static uint64_t product(Expression *ex)
{
    uint64_t value = operand(ex);
    while (!ex->as->error && (*ex->at == '*' || *ex->at == '/')) {
        bool times = *ex->at++ == '*';
        uint64_t right = operand(ex);
        /* A label that is not known yet is 0: no reason to fail in an early pass. */
        value = times ? value * right : value / (right ? right : 1);
    }
    return value;
}

static uint64_t sum(Expression *ex)
{
    uint64_t value = product(ex);
    while (!ex->as->error && (*ex->at == '+' || *ex->at == '-')) {
        bool plus = *ex->at++ == '+';
        uint64_t right = product(ex);
        value = plus ? value + right : value - right;
    }
    return value;
}

static uint64_t evaluate(Assembler *as, const Frame *frame, const char *text)
{
    Expression ex = { as, frame, text, 0 };
    uint64_t value = sum(&ex);
    if (!as->error && *ex.at != '\0') {
        mistake(as, frame, "\"%s\" is left over in \"%s\"", ex.at, text);
    }
    return value;
}

static uint64_t number(const Statement *st, unsigned i)
{
    return evaluate(st->as, st->frame, st->args[i]);
}

/* A number that sizes output. */
static size_t count(const Statement *st, unsigned i)
{
    uint64_t value = number(st, i);
    if (value > MAX_OUTPUT) {
        if (st->as->last) {
            mistake(st->as, st->frame, "%s: %" G_GUINT64_FORMAT " is too much",
                    st->args[i], value);
        }
        value = 0;
    }
    return value;
}

/* --- strings ------------------------------------------------------------------------ */

/* Replaces each ${EXPRESSION}. */
static void interpolate(Assembler *as, const Frame *frame, GString *text)
{
    for (char *open; !as->error && (open = strstr(text->str, "${")) != NULL;) {
        char *close = strchr(open, '}');
        if (!close) {
            mistake(as, frame, "no } after ${");
            return;
        }
        g_autofree char *expression = g_strndup(open + 2, close - open - 2);
        g_autofree char *decimal =
            g_strdup_printf("%" G_GUINT64_FORMAT, evaluate(as, frame, expression));
        gssize at = open - text->str;
        g_string_erase(text, at, close + 1 - open);
        g_string_insert(text, at, decimal);
    }
}

/* The bytes of the string that begins at the quote `quoted`; *end is after its last
 * quote. */
static char *unquote(Assembler *as, const Frame *frame, const char *quoted,
                     const char **end, size_t *length)
{
    static const char escapes[] = "n\nt\tr\r\\\\\"\"0";
    GString *text = g_string_new(NULL);
    const char *p = quoted + 1;
    for (; *p != '"' && *p != '\0'; p++) {
        const char *escape;
        if (*p != '\\') {
            g_string_append_c(text, *p);
        } else if (p[1] == 'x' && g_ascii_isxdigit(p[2]) && g_ascii_isxdigit(p[3])) {
            g_string_append_c(text, (char)(g_ascii_xdigit_value(p[2]) << 4 |
                                           g_ascii_xdigit_value(p[3])));
            p += 3;
        } else if (p[1] != '\0' && (escape = strchr(escapes, p[1])) != NULL) {
            g_string_append_c(text, escape[1]);
            p++;
        } else {
            mistake(as, frame, "unknown escape in %s", quoted);
            break;
        }
    }
    if (*p != '"') {
        mistake(as, frame, "%s does not end", quoted);
        g_string_free(text, TRUE);
        return NULL;
    }
    *end = p + 1;
    interpolate(as, frame, text);
    *length = text->len;
    return g_string_free(text, FALSE);
}

static char *string(const Statement *st, unsigned i, size_t *length)
{
    const char *end;
    char *text = NULL;
    *length = 0;
    if (st->args[i][0] != '"') {
        mistake(st->as, st->frame, "%s: a string was expected", st->args[i]);
    } else {
        text = unquote(st->as, st->frame, st->args[i], &end, length);
    }
    return text;
}

/* --- words that write bytes --------------------------------------------------------- */

static void put(Assembler *as, const void *bytes, size_t length)
{
    g_byte_array_append(as->out, bytes, length);
}

static void put_integer(const Statement *st, uint64_t value, int size)
{
    unsigned width = ABS(size);
    uint8_t bytes[8];
    if (width < 8 && value >> (8 * width) != 0 &&
        value < -(UINT64_C(1) << (8 * width - 1)) && st->as->last) {
        mistake(st->as, st->frame, "0x%" G_GINT64_MODIFIER "x does not fit %u bytes",
                value, width);
    }
    for (unsigned i = 0; i < width; i++) {
        bytes[size < 0 ? i : width - 1 - i] = (uint8_t)(value >> (8 * i));
    }
    put(st->as, bytes, width);
}

static void put_fill(Assembler *as, size_t length, uint8_t byte)
{
    unsigned start = as->out->len;
    g_byte_array_set_size(as->out, start + (unsigned)length);
    if (length) {
        memset(as->out->data + start, byte, length);
    }
}

static void emit_integers(const Statement *st)
{
    for (unsigned i = 0; i < st->n_args; i++) {
        put_integer(st, number(st, i), st->word->size);
    }
}

static void emit_bytes(const Statement *st)
{
    for (unsigned i = 0; i < st->n_args; i++) {
        for (const char *p = st->args[i]; *p; p += 2) {
            if (!g_ascii_isxdigit(p[0]) || !g_ascii_isxdigit(p[1])) {
                mistake(st->as, st->frame, "%s: pairs of hex digits were expected",
                        st->args[i]);
                return;
            }
            uint8_t byte =
                (uint8_t)(g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1]));
            put(st->as, &byte, 1);
        }
    }
}

/* `size` is that of a length in front of each string, or 0. */
static void emit_strings(const Statement *st)
{
    for (unsigned i = 0; i < st->n_args && !st->as->error; i++) {
        size_t length;
        g_autofree char *text = string(st, i, &length);
        if (st->word->size) {
            put_integer(st, length, st->word->size);
        }
        put(st->as, text, length);
    }
}

static void emit_fill(const Statement *st)
{
    uint64_t byte = st->n_args > 1 ? number(st, 1) : 0;
    put_fill(st->as, count(st, 0), (uint8_t)byte);
}

static void emit_random(const Statement *st)
{
    size_t length = count(st, 0);
    g_autoptr(GRand) random = g_rand_new_with_seed((guint32)number(st, 1));
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)g_rand_int(random);
        put(st->as, &byte, 1);
    }
}

static void emit_align(const Statement *st)
{
    size_t unit = MAX(count(st, 0), 1);
    st->as->looks++;
    put_fill(st->as, (unit - st->as->out->len % unit) % unit, 0);
}

/* --- words that act ----------------------------------------------------------------- */

static void set_label(const Statement *st, const char *name, uint64_t value)
{
    uint64_t *old = g_hash_table_lookup(st->as->labels, name);
    if (!old || *old != value) {
        st->as->moved = true;
        g_hash_table_replace(st->as->labels, g_strdup(name),
                             g_memdup2(&value, sizeof value));
    }
}

static void emit_label(const Statement *st)
{
    if (!g_hash_table_add(st->as->defined, g_strdup(st->args[0]))) {
        mistake(st->as, st->frame, "label %s stands here a second time", st->args[0]);
    }
    st->as->looks++;
    set_label(st, st->args[0], st->as->out->len);
}

/* Unlike a label it may be set again and holds from here on, so it asks for no other
 * pass. */
static void emit_set(const Statement *st)
{
    st->as->looks++;
    uint64_t value = number(st, 1);
    g_hash_table_replace(st->as->labels, g_strdup(st->args[0]),
                         g_memdup2(&value, sizeof value));
}

static void assemble_block(const Statement *st, const Frame *block)
{
    Frame copy = *block;
    assemble(st->as, &copy);
}

static void emit_measured(const Statement *st)
{
    Assembler *as = st->as;
    uint64_t adjust = st->n_args ? number(st, 0) : 0;
    unsigned start = as->out->len;
    put_integer(st, 0, st->word->size);
    unsigned inside = as->out->len;
    assemble_block(st, st->block);

    g_autoptr(GByteArray) rest = g_byte_array_append(
        g_byte_array_new(), as->out->data + inside, as->out->len - inside);
    g_byte_array_set_size(as->out, start);
    put_integer(st, rest->len + adjust, st->word->size);
    put(as, rest->data, rest->len);
}

/* Appends what stands from @start on, @times. */
static void copy_round(const Statement *st, unsigned start, uint64_t times)
{
    GByteArray *out = st->as->out;
    unsigned length = out->len - start;

    if (length != 0 && times > (MAX_OUTPUT - start) / length) {
        mistake(st->as, st->frame, "the output is too large");
        return;
    }
    g_byte_array_set_size(out, (guint)(out->len + times * length));
    for (uint64_t i = 1; i <= times; i++) {
        memcpy(out->data + start + i * length, out->data + start, length);
    }
}

static void emit_repeat(const Statement *st)
{
    Assembler *as = st->as;
    size_t rounds = count(st, 0);
    const uint64_t *outer = g_hash_table_lookup(as->labels, "i");
    uint64_t saved = outer ? *outer : 0;
    unsigned looks = as->looks, start = as->out->len;
    for (uint64_t i = 0; i < rounds && !as->error; i++) {
        if (i > 0 && as->looks == looks) { /* one round is like the other */
            copy_round(st, start, rounds - i);
            break;
        }
        g_hash_table_replace(as->labels, g_strdup("i"), g_memdup2(&i, sizeof i));
        assemble_block(st, st->block);
    }
    g_hash_table_replace(as->labels, g_strdup("i"), g_memdup2(&saved, sizeof saved));
}

static void emit_inside(const Statement *st)
{
    if (st->frame->block) {
        assemble_block(st, st->frame->block);
    } else if (!st->frame->in_table) {
        mistake(st->as, st->frame, "`inside` only makes sense in the table of words");
    }
}

static void emit_include(const Statement *st)
{
    size_t length;
    g_autofree char *relative = string(st, 0, &length);
    if (!relative) {
        return;
    }
    g_autofree char *folder = g_path_get_dirname(st->frame->name);
    g_autofree char *path = g_build_filename(folder, relative, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, &length, &error)) {
        mistake(st->as, st->frame, "%s", error->message);
        return;
    }
    Frame frame = { .name = path,
                    .at = text,
                    .end = text + length,
                    .line = 1,
                    .depth = st->frame->depth + 1 };
    assemble(st->as, &frame);
}

static void emit_text(const Statement *st)
{
    const char *text = st->word->text;
    Frame frame = { .name = st->frame->name,
                    .at = text,
                    .end = text + strlen(text),
                    .line = st->frame->line,
                    .in_table = true,
                    .args = st->args,
                    .caller = st->frame,
                    .block = st->block,
                    .depth = st->frame->depth + 1 };
    assemble(st->as, &frame);
}

/* --- the words ---------------------------------------------------------------------- */

#define VFIO(flag) "0xffffffffef1000" flag

static const Word words[] = {
    /* Integers, bytes and strings. */
    { "u8", "VALUE...", emit_integers, 1, NULL },
    { "be16", "VALUE...", emit_integers, 2, NULL },
    { "be32", "VALUE...", emit_integers, 4, NULL },
    { "be64", "VALUE...", emit_integers, 8, NULL },
    { "le16", "VALUE...", emit_integers, -2, NULL },
    { "le32", "VALUE...", emit_integers, -4, NULL },
    { "le64", "VALUE...", emit_integers, -8, NULL },
    { "bytes", "HEX...", emit_bytes, 0, NULL },
    { "str", "STRING...", emit_strings, 0, NULL },
    { "pstr8", "[STRING...]", emit_strings, 1, NULL },
    { "fill", "COUNT BYTE", emit_fill, 0, NULL },
    { "zero", "COUNT", emit_fill, 0, NULL },
    { "random", "COUNT SEED", emit_random, 0, NULL },
    { "align", "UNIT", emit_align, 0, NULL },
    { "page", "BYTE", NULL, 0, "fill @page $1" },
    { "page random", "SEED", NULL, 0, "random @page $1" },

    /* Structure.  lenN takes a number that makes the length wrong by so much. */
    { "len8", "[WRONG_BY] {}", emit_measured, 1, NULL },
    { "len16", "[WRONG_BY] {}", emit_measured, 2, NULL },
    { "len32", "[WRONG_BY] {}", emit_measured, 4, NULL },
    { "len64", "[WRONG_BY] {}", emit_measured, 8, NULL },
    { "repeat", "ROUNDS {}", emit_repeat, 0, NULL },
    { "label", "NAME", emit_label, 0, NULL },
    { "set", "NAME VALUE", emit_set, 0, NULL },
    { "include", "STRING", emit_include, 0, NULL },
    { "inside", "", emit_inside, 0, NULL },

    /* Framing, in the order of a stream. */
    { "header", "", NULL, 0, "str \"QEVM\"; be32 3" },
    { "config", "MACHINE [{}]", NULL, 0, "u8 7; be32 len($1); str $1; inside" },
    { "page-bits", "BITS", NULL, 0,
      "u8 5; pstr8 \"configuration/target-page-bits\"; be32 1 $1" },
    { "caps", "[NAME...]", NULL, 0,
      "u8 5; pstr8 \"configuration/capabilities\"; be32 1 $#; pstr8 $1*" },
    { "uuid", "HEX", NULL, 0, "u8 5; pstr8 \"configuration/uuid\"; be32 1; bytes $1" },
    { "start", "ID NAME INSTANCE VERSION", NULL, 0,
      "u8 1; be32 $1; pstr8 $2; be32 $3 $4" },
    { "part", "ID", NULL, 0, "u8 2; be32 $1" },
    { "end", "ID", NULL, 0, "u8 3; be32 $1" },
    { "full", "ID NAME INSTANCE VERSION", NULL, 0,
      "u8 4; be32 $1; pstr8 $2; be32 $3 $4" },
    { "subsection", "NAME VERSION [{}]", NULL, 0, "u8 5; pstr8 $1; be32 $2; inside" },
    { "footer", "ID", NULL, 0, "u8 0x7e; be32 $1" },
    { "command", "ID [{}]", NULL, 0, "u8 8; be16 $1; len16 { inside }" },
    { "packaged", "{}", NULL, 0, "u8 8; be16 7 4; len32 { inside }" },
    { "eof", "", NULL, 0, "u8 0" },
    { "description", "JSON {text}", NULL, 0, "u8 6; len32 { str $1 }" },

    /* ram: without a BLOCK the record says CONTINUE. */
    { "ram-size", "TOTAL", NULL, 0, "be64 $1+0x004" },
    { "ram-block", "NAME LENGTH", NULL, 0, "pstr8 $1; be64 $2" },
    { "ram-zero", "OFFSET [BLOCK]", NULL, 0,
      "be64 $1+0x002+0x020*(2-$#); pstr8 $2*; u8 0" },
    { "ram-normal", "OFFSET BYTE [BLOCK]", NULL, 0,
      "be64 $1+0x008+0x020*(3-$#); pstr8 $3*; page $2" },
    { "ram-xbzrle", "OFFSET [BLOCK] {}", NULL, 0,
      "be64 $1+0x040+0x020*(2-$#); pstr8 $2*; u8 1; len16 { inside }" },
    { "ram-zlib", "OFFSET [BLOCK] {}", NULL, 0,
      "be64 $1+0x100+0x020*(2-$#); pstr8 $2*; len32 { inside }" },
    { "ram-page", "FLAGS OFFSET [BLOCK]", NULL, 0, "be64 $2+$1; pstr8 $3*" },
    { "ram-flush", "", NULL, 0, "be64 0x200" },
    { "ram-eos", "", NULL, 0, "be64 0x010" },
    /* Channels of multifd.  {}: the offsets of pages, be64 each; their data comes after. */
    { "multifd-initial", "ID", NULL, 0,
      "be32 0x11223344 1; fill 16 0; u8 $1; fill 39 0" },
    { "multifd-packet", "FLAGS NUMBER NORMAL ZERO BLOCK {}", NULL, 0,
      "be32 0x11223344 1 $1 0x80000/@page $3 ($3)*@page; be64 $2; be32 $4; fill 28 0;"
      "str $5; fill 256-len($5) 0; inside; fill (0x80000/@page-($3)-($4))*8 0" },
    { "multifd-sync", "NUMBER", NULL, 0,
      "be32 0x11223344 1 1 0 0 0; be64 $1; fill 288+0x80000/@page*8 0" },
    { "multifd-device", "IDSTR INSTANCE {}", NULL, 0,
      "be32 0x11223344 1 0x40; str $1; fill 256-len($1) 0; be32 $2; len32 { inside }" },
    { "mapped-ram", "BITMAP_OFFSET PAGES_OFFSET", NULL, 0, "be32 1; be64 @page $1 $2" },

    /* VFIO records, and a device 15b3:101e whose MSI-X is on where it has vectors. */
    { "vfio setup", "", NULL, 0, "be64 " VFIO("03") },
    { "vfio eos", "", NULL, 0, "be64 " VFIO("01") },
    { "vfio data", "COUNT BYTE", NULL, 0, "be64 " VFIO("04") " $1; fill $1 $2" },
    { "vfio config", "", NULL, 0, "be64 " VFIO("02") },
    { "vfio init-data-sent", "", NULL, 0, "be64 " VFIO("05") },
    { "vfio config-load-ready", "", NULL, 0, "be64 " VFIO("06") },
    { "vfio subflag", "BITS", NULL, 0, "be64 0xffffffffef110000+$1" },
    { "vfio-payload", "CONFIG_SIZE VECTORS", NULL, 0,
      "be32 2;"                              /* version of the PCI device */
      "le16 0x15b3 0x101e 0x0406 0x10*!!$2;" /* command: memory, bus master, no INTx */
      "le32 0x02000000 0; le32 0xfe000004;"  /* class: ethernet; BAR 0 */
      "zero 0x2c-0x14; le16 0x15b3 0x0001; zero 4; u8 0x40*!!$2; zero 0x40-0x35;"
      "u8 0x11*!!$2 0; le16 (0x8000+$2-1)*!!$2; le32 0x2000*!!$2 0x3000*!!$2;"
      "zero $1-0x4c;"
      "be32 0 0 0 0;" /* INTx pins A to D */
      "repeat $2 { le32 0xfee00000 0 0x21+@i 0 };"
      "zero ($2+7)/8" },
};

static const Word *word_named(const char *name)
{
    static GHashTable *by_name;

    if (!by_name) {
        by_name = g_hash_table_new(g_str_hash, g_str_equal);
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
            g_hash_table_insert(by_name, (gpointer)(uintptr_t)words[i].name,
                                (gpointer)(uintptr_t)&words[i]);
        }
    }
    return g_hash_table_lookup(by_name, name);
}

/* "a b" before "a": the second of two words may be an argument. */
static const Word *find_word(const char *first, const char *second)
{
    g_autofree char *both = second ? g_strconcat(first, " ", second, NULL) : NULL;
    const Word *found = both ? word_named(both) : NULL;

    return found ? found : word_named(first);
}

/* --- statements --------------------------------------------------------------------- */

static void skip_blanks(Frame *frame, const char *which)
{
    while (frame->at < frame->end) {
        if (*frame->at == '#') {
            while (frame->at < frame->end && *frame->at != '\n') {
                frame->at++;
            }
        } else if (*frame->at != '\0' && strchr(which, *frame->at)) {
            frame->line += *frame->at++ == '\n';
        } else {
            break;
        }
    }
}

/* Moves after a string that starts here. */
static void skip_string(Frame *frame)
{
    for (frame->at++;
         frame->at < frame->end && *frame->at != '"' && *frame->at != '\n';) {
        frame->at += *frame->at == '\\' && frame->end - frame->at > 1 ? 2 : 1;
    }
    frame->at += frame->at < frame->end && *frame->at == '"';
}

/* Adds one word to `into`, with $1, $2* and $# replaced by what they stand for. */
static void read_word(Frame *frame, GPtrArray *into)
{
    GString *word = g_string_new(NULL);
    while (frame->at < frame->end && !strchr(" \t\n;{}", *frame->at)) {
        const char *start = frame->at;
        if (*start == '"') {
            skip_string(frame);
            g_string_append_len(word, start, frame->at - start);
        } else if (*start == '$' && frame->args) {
            unsigned n = 0, n_args = g_strv_length((char **)(uintptr_t)frame->args);
            if (start[1] == '#') {
                g_string_append_printf(word, "%u", n_args);
                frame->at += 2;
                continue;
            }
            n = (unsigned)g_ascii_digit_value(start[1]);
            frame->at += 2;
            if (*frame->at == '*') {
                frame->at++;
                for (; n <= n_args; n++) {
                    g_ptr_array_add(into, g_strdup(frame->args[n - 1]));
                }
                g_string_free(word, TRUE);
                return;
            }
            const char *argument = n <= n_args ? frame->args[n - 1] : "0";
            bool grouped = argument[0] != '"' && strpbrk(argument, "+-*/");
            g_string_append_printf(word, grouped ? "(%s)" : "%s", argument);
        } else {
            g_string_append_c(word, *frame->at++);
        }
    }
    g_ptr_array_add(into, g_string_free(word, FALSE));
}

/* Moves after the `}` of the block that begins here and describes what is inside. */
static void read_block(Assembler *as, Frame *frame, Frame *block)
{
    *block = *frame;
    block->at++;
    block->depth++;
    unsigned open = 0;
    while (frame->at < frame->end) {
        if (*frame->at == '"') {
            skip_string(frame);
            continue;
        }
        if (*frame->at == '#') {
            skip_blanks(frame, "");
            continue;
        }
        open += *frame->at == '{';
        open -= *frame->at == '}';
        if (open == 0) {
            block->end = frame->at++;
            return;
        }
        frame->line += *frame->at++ == '\n';
    }
    mistake(as, block, "no } ends this block");
}

/* The same for raw lines: returns them as a string argument. */
static char *read_text_block(Assembler *as, Frame *frame)
{
    GString *text = g_string_new("\"");
    for (bool first = true;; first = false) {
        const char *newline = memchr(frame->at, '\n', frame->end - frame->at);
        const char *end = newline ? newline : frame->end;
        g_autofree char *line = g_strstrip(g_strndup(frame->at, end - frame->at));
        frame->at = end;
        if (first && strcmp(line, "{") != 0) {
            mistake(as, frame, "the text begins on the line after the {");
        } else if (strcmp(line, "}") == 0) {
            break;
        } else if (!newline) {
            mistake(as, frame, "no } ends this block");
        }
        if (as->error) {
            break;
        }
        for (const char *p = first ? "" : line; *p; p++) {
            if (*p == '"' || *p == '\\') {
                g_string_append_c(text, '\\');
            }
            g_string_append_c(text, *p);
        }
        g_string_append(text, g_str_has_suffix(line, ",") ? " " : "");
        frame->at++;
        frame->line++;
    }
    return g_string_free(g_string_append_c(text, '"'), FALSE);
}

/* Does the statement have what Word.arguments says? */
static bool fits(const Statement *st)
{
    g_auto(GStrv) names = g_strsplit(st->word->arguments, " ", -1);
    unsigned least = 0, most = 0;
    bool block = false, block_needed = false;
    for (char **name = names; *name; name++) {
        if (strchr(*name, '{')) {
            block = !strstr(*name, "text");
            block_needed = block && **name != '[';
        } else if (**name) {
            least += **name != '[';
            most = strstr(*name, "...") ? G_MAXUINT : most + 1;
        }
    }
    return st->n_args >= least && st->n_args <= most &&
           (st->block ? block : !block_needed);
}

static void assemble_statement(Assembler *as, Frame *frame)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    Frame here = *frame, block;
    const Word *word = NULL;
    bool has_block = false;

    for (skip_blanks(frame, " \t"); frame->at < frame->end && !strchr("\n;}", *frame->at);
         skip_blanks(frame, " \t")) {
        if (*frame->at != '{') {
            read_word(frame, parts);
            continue;
        }
        word = parts->len
                   ? find_word(parts->pdata[0], parts->len > 1 ? parts->pdata[1] : NULL)
                   : NULL;
        if (word && strstr(word->arguments, "{text}")) {
            g_ptr_array_add(parts, read_text_block(as, frame));
        } else {
            read_block(as, frame, &block);
            has_block = true;
        }
        break;
    }
    if (as->error) {
        return;
    }
    if (parts->len == 0) {
        mistake(as, &here, "a word was expected at \"%.*s\"",
                (int)MIN(here.end - here.at, 20), here.at);
        return;
    }
    word = find_word(parts->pdata[0], parts->len > 1 ? parts->pdata[1] : NULL);
    if (!word) {
        mistake(as, &here, "unknown word \"%s\"", (char *)parts->pdata[0]);
        return;
    }

    unsigned n_args = parts->len - (strchr(word->name, ' ') ? 2 : 1);
    g_ptr_array_add(parts, NULL);
    Statement st = { as,     word,
                     &here,  (const char *const *)parts->pdata + parts->len - 1 - n_args,
                     n_args, has_block ? &block : NULL };
    if (!fits(&st)) {
        mistake(as, &here, "this is written: %s %s", word->name, word->arguments);
    } else if (word->text) {
        emit_text(&st);
    } else {
        word->emit(&st);
    }
    if (as->out->len > MAX_OUTPUT) {
        mistake(as, &here, "the output is too large");
    }
}

static void assemble(Assembler *as, Frame *frame)
{
    if (frame->depth > MAX_DEPTH) {
        mistake(as, frame, "nested too deeply");
    }
    for (skip_blanks(frame, " \t\n;"); !as->error && frame->at < frame->end;
         skip_blanks(frame, " \t\n;")) {
        assemble_statement(as, frame);
    }
}

GBytes *mkmig_assemble(const char *text, const char *name, GError **error)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(GHashTable) labels =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) defined =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Assembler as = { .out = out, .labels = labels, .defined = defined };

    /* One pass more after nothing moved: it alone may call a value wrong. */
    for (unsigned pass = 1; !as.last && !as.error; pass++) {
        static const uint64_t page = 4096;
        as.last = pass == MAX_PASSES || (pass > 1 && !as.moved);
        as.moved = false;
        g_byte_array_set_size(out, 0);
        g_hash_table_remove_all(defined);
        g_hash_table_replace(labels, g_strdup("page"), g_memdup2(&page, sizeof page));
        Frame frame = { .name = name, .at = text, .end = text + strlen(text), .line = 1 };
        assemble(&as, &frame);
        if (as.last && as.moved) {
            mistake(&as, &frame, "the labels do not settle");
        }
    }
    if (as.error) {
        g_propagate_error(error, as.error);
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}
