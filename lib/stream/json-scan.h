/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a pull scanner over JSON text that keeps places and repeated keys.
 * Must not know: what the text is about.
 * See also:      stream/description.c, device/: descriptions repeat keys in one object,
 *                are edited by splicing text, and come from an attacker; a tree would
 *                lose the first two and cost thirty times the text.
 *
 * The scanner is always before a value, a key or a closing bracket.  Every call either
 * moves past one thing or sets `problem` (a static string) and from then on fails.
 */
#ifndef MIG_STREAM_JSON_SCAN_H
#define MIG_STREAM_JSON_SCAN_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct MigJson {
    const char *text, *p, *end;
    const char *problem; /* NULL while all is well */
    unsigned depth;      /* brackets entered and not left */
    bool first;          /* no member of the innermost one was read yet */
} MigJson;

void mig_json_init(MigJson *json, const char *text, size_t length);

/* Offset of the next thing (white space skipped), for splicing. */
size_t mig_json_offset(MigJson *json);

/* What comes next: '{' '[' '"' 'n' (a number) 't' 'f' '0' (null) '}' ']', or 0 at the end
 * or when a problem was met. */
char mig_json_peek(MigJson *json);

/* Enters an object or array, which is what '{' or '[' in @bracket asks for. */
bool mig_json_enter(MigJson *json, char bracket);

/* In an object: reads the next key into @key and stops before its value; in an array (@key
 * NULL): stops before the next element.  False when the bracket closes, which is then left,
 * or on a problem. */
bool mig_json_next(MigJson *json, GString *key);

/*
 * Takes one member of an object, or one element of an array, of which the value comes next,
 * and moves past it.  @key: of the member, until anything is read; NULL: it is an element.
 * @user: what mig_json_each() was given.  False, perhaps with a problem set: the walk ends.
 */
typedef bool MigJsonVisit(MigJson *json, const char *key, void *user);

/* Walks the object that comes next, with @key as scratch for its keys, or the array if @key is
 * NULL: each member or element goes to @visit.  False if it has ended early. */
bool mig_json_each(MigJson *json, GString *key, MigJsonVisit *visit, void *user);

bool mig_json_string(MigJson *json, GString *value); /* @value may be NULL */
bool mig_json_uint(MigJson *json, uint64_t *value);  /* 0 .. 2^64-1, no fraction */
bool mig_json_skip(MigJson *json);                   /* one value of any kind */

/* The same, of which only brackets and strings are looked at: they close.  What is otherwise
 * wrong inside is not found. */
bool mig_json_pass(MigJson *json);

/* Nothing but white space is left. */
bool mig_json_at_end(MigJson *json);

#endif
