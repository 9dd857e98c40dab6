/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see wrap.h.
 * Must not know: what is printed.
 * See also:      text.c, table.c.
 */
#include "wrap.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define COLUMNS_MAX 100000 /* beyond, there is no limit */
#define HINT        "    hint: "

/* --width, or -1 before it is known. */
static int asked = -1;

/* Of standard output, or -1 before the terminal was asked: once, and not for each of a hundred
 * million lines. */
static int of_stdout = -1;

void cli_set_width(int columns)
{
    asked = columns;
}

/* 0: @file is no terminal, or one that does not know. */
static int terminal_columns(FILE *file)
{
    struct winsize size;

    return ioctl(fileno(file), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int cli_line_columns(FILE *file)
{
    if (asked >= 0) {
        return asked;
    }
    if (file != stdout) {
        return terminal_columns(file);
    }
    if (of_stdout < 0) {
        of_stdout = terminal_columns(file);
    }
    return of_stdout;
}

int cli_columns(FILE *file, int otherwise)
{
    const char *text = getenv("COLUMNS");
    int columns = cli_line_columns(file);

    if (columns > 0 || asked == 0) {
        return columns;
    }
    columns = text ? atoi(text) : 0;
    return columns > 0 && columns < COLUMNS_MAX ? columns : otherwise;
}

/* --- units: what is not cut --------------------------------------------------------- */

typedef struct Unit {
    size_t bytes, columns;
} Unit;

static bool is_escape(const char *text)
{
    return text[0] == '\\' && text[1] == 'x' && g_ascii_isxdigit(text[2]) &&
           g_ascii_isxdigit(text[3]);
}

/* ESC [ ... letter */
static size_t sequence_length(const char *text)
{
    size_t n = 2;

    if (text[0] != '\033' || text[1] != '[') {
        return 0;
    }
    while (text[n] && !g_ascii_isalpha(text[n])) {
        n++;
    }
    return text[n] ? n + 1 : n;
}

static size_t character_columns(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

static Unit unit_at(const char *text)
{
    size_t sequence;
    gunichar c;

    if (g_ascii_isprint(*text) && *text != '\\') { /* nearly all: Unicode is slow */
        return (Unit){ 1, 1 };
    }
    sequence = sequence_length(text);
    c = g_utf8_get_char_validated(text, -1);
    if (sequence) {
        return (Unit){ sequence, 0 };
    }
    if (is_escape(text)) {
        return (Unit){ 4, 4 };
    }
    if (c >= 0x110000) { /* not UTF-8: a byte is a column */
        return (Unit){ 1, 1 };
    }
    return (Unit){ (size_t)g_unichar_to_utf8(c, NULL), character_columns(c) };
}

static size_t width_of(const char *text, size_t length)
{
    size_t columns = 0;

    for (size_t at = 0; at < length;) {
        Unit unit = unit_at(text + at);

        columns += unit.columns;
        at += unit.bytes;
    }
    return columns;
}

size_t cli_width(const char *text)
{
    return width_of(text, strlen(text));
}

/* --- prose -------------------------------------------------------------------------- */

typedef struct Lines {
    GString *out;
    size_t limit, hang, column;
    bool has_word; /* the last line */
} Lines;

static void break_line(Lines *lines)
{
    g_string_append_printf(lines->out, "\n%*s", (int)lines->hang, "");
    lines->column = lines->hang;
    lines->has_word = false;
}

/* Bytes of a long word that go into @room columns: up to a separator in the second half of
 * them, if there is one.  At least one unit. */
static size_t cut_at(const char *word, size_t length, size_t room)
{
    size_t at = 0, columns = 0, good = 0;

    while (at < length) {
        Unit unit = unit_at(word + at);

        if (columns + unit.columns > room && at) {
            break;
        }
        columns += unit.columns;
        at += unit.bytes;
        if (columns * 2 > room && strchr("/:,._-=", word[at - 1])) {
            good = at;
        }
    }
    return good && at < length ? good : at;
}

static void add_word(Lines *lines, const char *word, size_t length)
{
    size_t width = width_of(word, length);

    while (lines->column + width > lines->limit) {
        size_t n = cut_at(word, length, lines->limit - MIN(lines->column, lines->limit));

        if (n == length) { /* one unit, wider than the line */
            break;
        }
        g_string_append_len(lines->out, word, (gssize)n);
        word += n;
        length -= n;
        width = width_of(word, length);
        break_line(lines);
    }
    g_string_append_len(lines->out, word, (gssize)length);
    lines->column += width;
    lines->has_word = true;
}

char *cli_wrap(const char *text, int columns, int hang)
{
    Lines lines = { .out = g_string_new(NULL), .limit = (size_t)MAX(columns, 0) };

    lines.hang = hang * 2 > columns ? 0 : (size_t)hang;
    while (*text && columns > 0) {
        size_t spaces = strspn(text, " "), length = strcspn(text + spaces, " ");
        const char *word = text + spaces;
        size_t width = width_of(word, length);

        if (!length) { /* spaces at the end */
            return g_string_free(lines.out, FALSE);
        }
        if (lines.has_word && lines.column + spaces + width > lines.limit) {
            break_line(&lines);
        } else if (lines.column + spaces < lines.limit) {
            g_string_append_printf(lines.out, "%*s", (int)spaces, "");
            lines.column += spaces;
        }
        add_word(&lines, word, length);
        text = word + length;
    }
    g_string_append(lines.out, text); /* all of it where there is no limit */
    return g_string_free(lines.out, FALSE);
}

/* --- commands ----------------------------------------------------------------------- */

/* Bytes of the first word of a shell, its quotes included. */
static size_t shell_word_length(const char *text)
{
    size_t n = 0;
    char quote = '\0';
    bool dollar = false; /* in $'...' a backslash quotes */

    for (; text[n] && (quote || text[n] != ' '); n++) {
        if (text[n] == '\\' && text[n + 1] && (quote != '\'' || dollar)) {
            n++;
        } else if (quote) {
            quote = text[n] == quote ? '\0' : quote;
        } else if (text[n] == '\'' || text[n] == '"') {
            dollar = n && text[n - 1] == '$';
            quote = text[n];
        }
    }
    return n;
}

char *cli_wrap_command(const char *command, int columns, int column, int hang)
{
    Lines lines = { .out = g_string_new(NULL),
                    .limit = columns > 0 ? (size_t)columns : SIZE_MAX,
                    .hang = (size_t)hang,
                    .column = (size_t)column };
    bool first = true;

    while (*(command += strspn(command, " "))) {
        size_t length = shell_word_length(command), width = width_of(command, length);
        size_t more = command[length] ? strlen(" \\") : 0;

        if (!first && lines.column + 1 + width + more > lines.limit) {
            g_string_append(lines.out, " \\");
            break_line(&lines);
        } else if (!first) {
            g_string_append_c(lines.out, ' ');
            lines.column++;
        }
        g_string_append_len(lines.out, command, (gssize)length);
        lines.column += width;
        command += length;
        first = false;
    }
    return g_string_free(lines.out, FALSE);
}

/* --- printing ----------------------------------------------------------------------- */

void cli_print_line(FILE *file, int hang, const char *text)
{
    g_autofree char *lines = cli_wrap(text, cli_line_columns(file), hang);

    fprintf(file, "%s\n", lines);
}

void cli_print_row(FILE *file, int hang, const char *text)
{
    g_autofree char *lines = cli_wrap(text, cli_columns(file, 0), hang);

    fprintf(file, "%s\n", lines);
}

void cli_print_hint(FILE *file, const char *command)
{
    g_autofree char *lines =
        cli_wrap_command(command, cli_line_columns(file), (int)strlen(HINT), 8);

    fprintf(file, HINT "%s\n", lines);
}
