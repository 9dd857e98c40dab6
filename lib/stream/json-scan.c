/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see json-scan.h.  Grammar: RFC 8259.
 * Must not know: what the text is about.
 * See also:      stream/description.c.
 */
#include "stream/json-scan.h"

#include <string.h>

#include "stream/wire.h"

static bool fail(MigJson *json, const char *problem)
{
    if (!json->problem) {
        json->problem = problem;
    }
    return false;
}

void mig_json_init(MigJson *json, const char *text, size_t length)
{
    *json = (MigJson){ .text = text, .p = text, .end = text + length };
}

/* In loops over bytes the place is a local variable: a char may be part of anything, so that
 * compilers would write it back for each. */
static void skip_space(MigJson *json)
{
    const char *p = json->p;

    while (p < json->end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) {
        p++;
    }
    json->p = p;
}

size_t mig_json_offset(MigJson *json)
{
    skip_space(json);
    return (size_t)(json->p - json->text);
}

char mig_json_peek(MigJson *json)
{
    skip_space(json);
    if (json->problem || json->p == json->end) {
        return 0;
    }
    switch (*json->p) {
    case '-':
    case '0' ... '9':
        return 'n';
    case 'n':
        return '0';
    default:
        return *json->p;
    }
}

bool mig_json_enter(MigJson *json, char bracket)
{
    if (mig_json_peek(json) != bracket) {
        return fail(json,
                    bracket == '{' ? "an object was wanted" : "an array was wanted");
    }
    if (++json->depth > MIG_JSON_DEPTH_MAX) {
        return fail(json, "it is nested too deeply");
    }
    json->p++;
    json->first = true;
    return true;
}

/* See mig_json_next(); of an object, whose keys nobody wants to see if @key is NULL. */
static bool next(MigJson *json, bool object, GString *key)
{
    char c = mig_json_peek(json);

    if (c == (object ? '}' : ']')) {
        json->p++;
        json->depth--;
        json->first = false;
        return false;
    }
    if (!json->first) {
        if (c != ',') {
            return fail(json, "a comma or a closing bracket was wanted");
        }
        json->p++;
    }
    json->first = false;
    if (!object) {
        return true;
    }
    if (!mig_json_string(json, key)) {
        return false;
    }
    if (mig_json_peek(json) != ':') {
        return fail(json, "a colon was wanted");
    }
    json->p++;
    return true;
}

bool mig_json_next(MigJson *json, GString *key)
{
    return next(json, key != NULL, key);
}

bool mig_json_each(MigJson *json, GString *key, MigJsonVisit *visit, void *user)
{
    if (!mig_json_enter(json, key ? '{' : '[')) {
        return false;
    }
    while (mig_json_next(json, key)) {
        if (!visit(json, key ? key->str : NULL, user)) {
            return false;
        }
    }
    return !json->problem;
}

static bool hex4(const char *p, uint32_t *value)
{
    *value = 0;
    for (int i = 0; i < 4; i++) {
        if (!g_ascii_isxdigit(p[i])) {
            return false;
        }
        *value = *value << 4 | (uint32_t)g_ascii_xdigit_value(p[i]);
    }
    return true;
}

/* json->p is just after the backslash. */
static bool escape(MigJson *json, GString *value)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at = json->p < json->end && *json->p ? strchr(from, *json->p) : NULL;
    uint32_t c, low;

    if (at) {
        json->p++;
        if (value) {
            g_string_append_c(value, to[at - from]);
        }
        return true;
    }
    if (json->end - json->p < 5 || *json->p != 'u' || !hex4(json->p + 1, &c)) {
        return fail(json, "an escape that JSON does not have");
    }
    json->p += 5;
    if (c >= 0xd800 && c < 0xdc00 && json->end - json->p >= 6 && json->p[0] == '\\' &&
        json->p[1] == 'u' && hex4(json->p + 2, &low) && low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        json->p += 6;
    }
    if (value) {
        g_string_append_unichar(value, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    }
    return true;
}

/* The first byte from @p on that is not itself in a string, or @stop. */
static const char *plain_end(const char *p, const char *stop)
{
    static const bool special[UINT8_MAX + 1] = {
        [0 ... 0x1f] = true, ['"'] = true, ['\\'] = true
    };

    while (p < stop && !special[(unsigned char)*p]) {
        p++;
    }
    return p;
}

/* A string without escapes, which nearly all are; false, and nothing is moved, for others. */
static bool plain_string(MigJson *json, const char *stop, GString *value)
{
    const char *start = json->p, *end = plain_end(start, stop);
    size_t n = (size_t)(end - start);

    if (end == stop || *end != '"') {
        return false;
    }
    json->p = end + 1;
    if (value && n < value->allocated_len) {
        memcpy(value->str, start, n);
        value->str[n] = '\0';
        value->len = n;
    } else if (value) {
        g_string_append_len(g_string_truncate(value, 0), start, (gssize)n);
    }
    return true;
}

bool mig_json_string(MigJson *json, GString *value)
{
    const char *start, *stop;

    if (mig_json_peek(json) != '"') {
        return fail(json, "a string was wanted");
    }
    start = ++json->p;
    stop = start + MIN(json->end - start, (ptrdiff_t)MIG_JSON_STRING_MAX + 1);
    if (plain_string(json, stop, value)) {
        return true;
    }
    if (value) {
        g_string_truncate(value, 0);
    }
    while (json->p < json->end && *json->p != '"') {
        const char *from = json->p;

        if (from - start > (ptrdiff_t)MIG_JSON_STRING_MAX) {
            return fail(json, "a string that is longer than any name");
        }
        if (*from == '\\') {
            json->p++;
            if (!escape(json, value)) {
                return false;
            }
            continue;
        }
        json->p = plain_end(from, stop);
        if (json->p == from) {
            return fail(json, "a control character in a string");
        }
        if (value) {
            g_string_append_len(value, from, json->p - from);
        }
    }
    if (json->p == json->end) {
        return fail(json, "a string that does not end");
    }
    json->p++;
    return true;
}

static bool digits(MigJson *json)
{
    const char *from = json->p;

    while (json->p < json->end && g_ascii_isdigit(*json->p)) {
        json->p++;
    }
    return json->p > from || fail(json, "a digit was wanted");
}

static bool number(MigJson *json)
{
    if (*json->p == '-') {
        json->p++;
    }
    if (json->p < json->end && *json->p == '0') {
        json->p++;
    } else if (!digits(json)) {
        return false;
    }
    if (json->p < json->end && *json->p == '.') {
        json->p++;
        if (!digits(json)) {
            return false;
        }
    }
    if (json->p < json->end && (*json->p == 'e' || *json->p == 'E')) {
        json->p++;
        if (json->p < json->end && (*json->p == '+' || *json->p == '-')) {
            json->p++;
        }
        return digits(json);
    }
    return true;
}

bool mig_json_uint(MigJson *json, uint64_t *value)
{
    const char *from;

    if (mig_json_peek(json) != 'n') {
        return fail(json, "a number was wanted");
    }
    from = json->p;
    if (!number(json)) {
        return false;
    }
    *value = 0;
    for (; from < json->p; from++) {
        uint64_t digit = (uint64_t)(*from - '0');

        if (!g_ascii_isdigit(*from) || *value > (UINT64_MAX - digit) / 10) {
            return fail(json, "an integer of at most 64 bits was wanted");
        }
        *value = *value * 10 + digit;
    }
    return true;
}

static bool word(MigJson *json, const char *text)
{
    size_t n = strlen(text);

    if ((size_t)(json->end - json->p) < n || memcmp(json->p, text, n) != 0) {
        return fail(json, "a value was wanted");
    }
    json->p += n;
    return true;
}

/* Without recursion: the stack of the process is not the attacker's. */
bool mig_json_skip(MigJson *json)
{
    char open[MIG_JSON_DEPTH_MAX];
    unsigned n = 0;

    do {
        char c = mig_json_peek(json);
        bool ok;

        switch (c) {
        case '{':
        case '[':
            ok = mig_json_enter(json, c);
            if (ok) {
                open[n++] = c;
            }
            break;
        case '"':
            ok = mig_json_string(json, NULL);
            break;
        case 'n':
            ok = number(json);
            break;
        case 't':
            ok = word(json, "true");
            break;
        case 'f':
            ok = word(json, "false");
            break;
        case '0':
            ok = word(json, "null");
            break;
        default:
            ok = fail(json, "a value was wanted");
        }
        if (!ok) {
            return false;
        }
        while (n && !next(json, open[n - 1] == '{', NULL)) {
            if (json->problem) {
                return false;
            }
            n--;
        }
    } while (n);
    return true;
}

/* The first quote or bracket from @p on, or @end.  A text for people is mostly indentation. */
static const char *find_bracket(const char *p, const char *end)
{
    static const char spaces[] = { ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ' };
    static const bool special[UINT8_MAX + 1] = {
        ['"'] = true, ['{'] = true, ['}'] = true,
        ['['] = true, [']'] = true, ['\n'] = true,
    };

    for (;;) {
        while (p < end && !special[(unsigned char)*p]) {
            p++;
        }
        if (p == end || *p != '\n') {
            return p;
        }
        p++;
        while ((size_t)(end - p) >= sizeof(spaces) &&
               memcmp(p, spaces, sizeof(spaces)) == 0) {
            p += sizeof(spaces);
        }
    }
}

/* Moves past the bracket that comes next.  @open: those that are open, *n of them. */
static bool pass_bracket(MigJson *json, char *open, unsigned *n)
{
    char c = *json->p;

    if (c == '{' || c == '[') {
        if (json->depth + *n >= MIG_JSON_DEPTH_MAX) {
            return fail(json, "it is nested too deeply");
        }
        open[(*n)++] = c;
    } else if (open[--*n] != (c == '}' ? '{' : '[')) {
        return fail(json, "a bracket that does not match");
    }
    json->p++;
    return true;
}

/* Moves past the string that comes next, in which anything may be. */
static bool pass_string(MigJson *json)
{
    const char *from = json->p + 1, *quote = from;

    for (;;) {
        size_t escaped = 0;

        quote = memchr(quote, '"', (size_t)(json->end - quote));
        if (!quote) {
            return fail(json, "a string that does not end");
        }
        while (quote - escaped > from && quote[-1 - (ptrdiff_t)escaped] == '\\') {
            escaped++;
        }
        quote++;
        if (escaped % 2 == 0) {
            json->p = quote;
            return true;
        }
        from = quote;
    }
}

bool mig_json_pass(MigJson *json)
{
    char c = mig_json_peek(json), open[MIG_JSON_DEPTH_MAX];
    unsigned n = 0;

    if (c != '{' && c != '[') {
        return mig_json_skip(json);
    }
    do {
        json->p = find_bracket(json->p, json->end);
        if (json->p == json->end) {
            return fail(json, "a bracket that is not closed");
        }
        if (*json->p == '"' ? !pass_string(json) : !pass_bracket(json, open, &n)) {
            return false;
        }
    } while (n);
    return true;
}

bool mig_json_at_end(MigJson *json)
{
    skip_space(json);
    return !json->problem && json->p == json->end;
}
