/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see text.h.
 * Must not know: what is printed.
 * See also:      cli/json.c.
 */
#include "text.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

bool cli_use_color(CliColor color, FILE *file)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    if (color != CLI_COLOR_AUTO) {
        return color == CLI_COLOR_ALWAYS;
    }
    return isatty(fileno(file)) && !(no_color && *no_color) &&
           !(term && strcmp(term, "dumb") == 0);
}

void cli_keep_color(CliCommon *common)
{
    common->color =
        cli_use_color(common->color, stdout) ? CLI_COLOR_ALWAYS : CLI_COLOR_NEVER;
}

const char *cli_style(bool color, CliStyle style)
{
    static const char *const sequences[] = {
        [CLI_PLAIN] = "\033[0m", [CLI_BOLD] = "\033[1m",     [CLI_DIM] = "\033[2m",
        [CLI_RED] = "\033[31m",  [CLI_YELLOW] = "\033[33m",  [CLI_GREEN] = "\033[32m",
        [CLI_BLUE] = "\033[34m", [CLI_MAGENTA] = "\033[35m", [CLI_CYAN] = "\033[36m",
    };

    return color ? sequences[style] : "";
}

char *cli_escape(const char *text, size_t length)
{
    GString *out = g_string_sized_new(length);

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\') {
            g_string_append(out, "\\\\");
        } else if (g_ascii_isprint(text[i])) {
            g_string_append_c(out, text[i]);
        } else {
            g_string_append_printf(out, "\\x%02x", (unsigned char)text[i]);
        }
    }
    return g_string_free(out, FALSE);
}

/* --- drawing ------------------------------------------------------------------------ */

static const struct {
    const char *utf8, *ascii;
} drawings[] = {
    { "█", "#" }, { "▒", "=" }, { "▓", "+" }, { "░", "-" },  { "·", "." },
    { "▞", "%" }, { "┃", "|" }, { "×", "x" }, { "→", "->" }, { "…", "..." },
};

bool cli_is_utf8(void)
{
    const char *codeset = nl_langinfo(CODESET);

    return g_ascii_strcasecmp(codeset, "UTF-8") == 0 ||
           g_ascii_strcasecmp(codeset, "UTF8") == 0;
}

const char *cli_draw(const char *character)
{
    for (size_t i = 0; i < G_N_ELEMENTS(drawings) && !cli_is_utf8(); i++) {
        if (g_str_equal(character, drawings[i].utf8)) {
            return drawings[i].ascii;
        }
    }
    return character;
}

/* The one that @text starts with, or NULL. */
static const char *drawing_at(const char *text)
{
    for (size_t i = 0; i < G_N_ELEMENTS(drawings); i++) {
        if (g_str_has_prefix(text, drawings[i].utf8)) {
            return drawings[i].utf8;
        }
    }
    return NULL;
}

/* Wildcards that mean themselves. */
static char *escape_wildcards(const char *text)
{
    GString *out = g_string_new(NULL);

    for (; *text; text++) {
        g_string_append_printf(out, *text == '*' || *text == '?' ? "\\x%02x" : "%c",
                               (unsigned char)*text);
    }
    return g_string_free(out, FALSE);
}

char *cli_address(const char *name, size_t length, uint32_t instance_id)
{
    g_autofree char *own = mig_address_of_section(name, instance_id);
    g_autofree char *shown = cli_escape(name, length);
    g_autofree char *escaped = escape_wildcards(shown);

    /* what follows the name there: "", or an instance */
    return g_strconcat(escaped, own + strlen(name), NULL);
}

char *cli_own_text(const char *text)
{
    GString *out = g_string_new(NULL);

    while (*text) {
        const char *drawing = drawing_at(text);
        size_t length = drawing ? strlen(drawing) : 1;
        g_autofree char *escaped = drawing ? NULL : cli_escape(text, 1);

        g_string_append(out, drawing ? cli_draw(drawing) : escaped);
        text += length;
    }
    return g_string_free(out, FALSE);
}

/* --- names of files ----------------------------------------------------------------- */

bool cli_is_inert(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT: /* those that change the direction of text are here */
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return false;
    default:
        return true;
    }
}

/* Of Unicode, which wchar_t is in glibc and musl, whatever the locale's character set. */
static bool is_printable(wchar_t c)
{
    return cli_is_inert((gunichar)c) && iswprint((wint_t)c);
}

/* Bytes of the character at @text, and whether it can be printed.  *state is kept between. */
static size_t measure(const char *text, mbstate_t *state, bool *printable)
{
    wchar_t c = L'\0';
    size_t length = mbrtowc(&c, text, strlen(text), state);

    if (length == 0 || length > strlen(text)) { /* (size_t)-1, -2: no character */
        memset(state, 0, sizeof(*state));
        *printable = false;
        return 1;
    }
    *printable = is_printable(c);
    return length;
}

static bool is_printable_text(const char *text)
{
    mbstate_t state = { 0 };
    bool printable = true;

    while (*text && printable) {
        text += measure(text, &state, &printable);
    }
    return printable;
}

char *cli_file_name(const char *name)
{
    mbstate_t state = { 0 };
    GString *out;

    if (is_printable_text(name)) {
        return g_strdup(name);
    }
    out = g_string_new(NULL);
    while (*name) {
        bool printable;
        size_t length = measure(name, &state, &printable);

        if (printable && *name != '\\') {
            g_string_append_len(out, name, (gssize)length);
        } else {
            g_autofree char *escaped = cli_escape(name, length);

            g_string_append(out, escaped);
        }
        name += length;
    }
    return g_string_free(out, FALSE);
}

/* $'...', in which nothing but ASCII stands. */
static char *shell_escape(const char *name)
{
    GString *out = g_string_new("$'");

    for (const char *p = name; *p; p++) {
        if (*p == '\\' || *p == '\'') {
            g_string_append_printf(out, "\\%c", *p);
        } else if (g_ascii_isprint(*p)) {
            g_string_append_c(out, *p);
        } else { /* three digits at most: what follows cannot be taken for one */
            g_string_append_printf(out, "\\%03o", (unsigned char)*p);
        }
    }
    g_string_append_c(out, '\'');
    return g_string_free(out, FALSE);
}

char *cli_shell_name(const char *name)
{
    static const char plain[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_@%+=:,./-";
    bool is_option = name[0] == '-' && name[1]; /* "-" is standard input */
    g_autofree char *path = g_strconcat(is_option ? "./" : "", name, NULL);

    if (*path && strspn(path, plain) == strlen(path)) {
        return g_steal_pointer(&path);
    }
    return is_printable_text(path) ? g_shell_quote(path) : shell_escape(path);
}

/* --- numbers ------------------------------------------------------------------------ */

char *cli_number(uint64_t n)
{
    return mig_number(n);
}

char *cli_size(uint64_t bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    size_t unit = 0;
    uint64_t whole = bytes;

    if (bytes < 10000 && bytes % 1024) {
        g_autofree char *number = cli_number(bytes);

        return g_strdup_printf("%s B", number);
    }
    while (whole >= 1024 && whole % 1024 == 0) {
        whole /= 1024;
        unit++;
    }
    if (whole < 10000) {
        g_autofree char *number = cli_number(whole);

        return g_strdup_printf("%s %s", number, units[unit]);
    }
    unit = 0;
    for (double size = (double)bytes;; size /= 1024, unit++) {
        if (size < 1000 || unit == G_N_ELEMENTS(units) - 1) {
            return g_strdup_printf("%.1f %s", size, units[unit]);
        }
    }
}

char *cli_ms(uint64_t ns)
{
    g_autofree char *whole = cli_number(ns / 1000000);

    return g_strdup_printf("%s.%03u", whole, (unsigned)(ns / 1000 % 1000));
}

char *cli_rate(uint64_t bytes, uint64_t ns)
{
    double rate = ns ? (double)bytes * 1e9 / (double)ns : 0;
    g_autofree char *size = rate >= 1 && rate < 1e15 ? cli_size((uint64_t)rate) : NULL;

    return size ? g_strconcat(size, "/s", NULL) : g_strdup("-");
}
