/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see scan.h.
 * Must not know: logs; what a message means.
 * See also:      message/pattern.c.
 *
 * The anchors of all patterns are in a table by the hash of their first bytes, which is looked
 * up at each byte of a line.
 */
#include "message/scan.h"

#include <string.h>

#include "message/pattern.h"

#define BUCKETS 4096u
#define NONE    UINT16_MAX

/* Patterns are long, and few are tried: each is compiled again where its anchor is found. */
typedef struct Entry {
    const MigMessage *message;
    const MigMessageText *text;
    MigPiece anchor;
    uint16_t next; /* of its bucket */
} Entry;

struct MigMessageScan {
    GArray *entries; /* of Entry */
    uint16_t buckets[BUCKETS];
};

/* Of the first MIG_PATTERN_ANCHOR bytes of @p. */
static unsigned hash(const char *p)
{
    uint32_t bytes;

    memcpy(&bytes, p, sizeof(bytes));
    return (bytes * 2654435761u) >> 20;
}
G_STATIC_ASSERT(MIG_PATTERN_ANCHOR == sizeof(uint32_t) && BUCKETS == 1u << (32 - 20));

static void add(MigMessageScan *scan, const MigMessage *message,
                const MigMessageText *text)
{
    MigPattern pattern;

    if (scan->entries->len < NONE && mig_pattern_compile(&pattern, text->text)) {
        MigPiece anchor = pattern.pieces[pattern.anchor];
        uint16_t *bucket = &scan->buckets[hash(anchor.text)];
        Entry entry = { message, text, anchor, *bucket };

        *bucket = (uint16_t)scan->entries->len;
        g_array_append_val(scan->entries, entry);
    }
}

MigMessageScan *mig_message_scan_new(void)
{
    MigMessageScan *scan = g_new0(MigMessageScan, 1);
    const MigMessage *message;

    memset(scan->buckets, 0xff, sizeof(scan->buckets));
    scan->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    for (size_t i = 0; (message = mig_message_at(i)) != NULL; i++) {
        for (const MigMessageText *text = message->texts; text->text; text++) {
            add(scan, message, text);
        }
    }
    return scan;
}

void mig_message_scan_free(MigMessageScan *scan)
{
    if (scan) {
        g_array_unref(scan->entries);
        g_free(scan);
    }
}

/* --- a line ------------------------------------------------------------------------------- */

static void name_holes(MigMessageMatch *match)
{
    const char *name = match->text->holes;

    while (name && *name && match->n_holes < MIG_MESSAGE_HOLES) {
        MigMessageHole *hole = &match->holes[match->n_holes++];

        hole->name = name;
        hole->name_length = strcspn(name, " ");
        name += hole->name_length;
        name += *name == ' ';
    }
}

/* Keeps @found in @all, of @n, unless something that says more overlaps it. */
static size_t keep(MigMessageMatch *all, size_t n, const MigMessageMatch *found)
{
    size_t left = n;

    /* They are in order, so that what overlaps is at the end. */
    while (left && all[left - 1].end > found->start) {
        if (all[left - 1].literal >= found->literal) {
            return n;
        }
        left--;
    }
    if (left == MIG_MESSAGES_PER_LINE) {
        return n;
    }
    all[left] = *found;
    return left + 1;
}

static size_t try_bucket(const MigMessageScan *scan, const char *line, size_t length,
                         size_t at, MigMessageMatch *all, size_t n)
{
    for (uint16_t i = scan->buckets[hash(line + at)]; i != NONE;) {
        const Entry *entry = &g_array_index(scan->entries, Entry, i);
        const MigPiece *anchor = &entry->anchor;

        if (anchor->length <= length - at &&
            memcmp(line + at, anchor->text, anchor->length) == 0) {
            MigMessageMatch found = { .message = entry->message, .text = entry->text };
            MigPattern pattern;

            n = mig_pattern_compile(&pattern, entry->text->text) &&
                        mig_pattern_fits(&pattern, line, length, at, &found)
                    ? keep(all, n, &found)
                    : n;
        }
        i = entry->next;
    }
    return n;
}

size_t mig_message_scan_line(const MigMessageScan *scan, const char *line, size_t length,
                             MigMessageMatch *matches)
{
    size_t n = 0;

    for (size_t at = 0; at + MIG_PATTERN_ANCHOR <= length; at++) {
        n = try_bucket(scan, line, length, at, matches, n);
    }
    for (size_t i = 0; i < n; i++) {
        name_holes(&matches[i]);
    }
    return n;
}

/* The shortest text that has @part in it, such as the beginning of a printf() text. */
static const MigMessage *with_part(const MigMessageScan *scan, const char *part)
{
    const MigMessage *best = NULL;
    size_t length = SIZE_MAX;

    for (guint i = 0; i < scan->entries->len; i++) {
        const Entry *entry = &g_array_index(scan->entries, Entry, i);

        if (strstr(entry->text->text, part) && strlen(entry->text->text) < length) {
            best = entry->message;
            length = strlen(entry->text->text);
        }
    }
    return best;
}

const MigMessage *mig_message_of(const MigMessageScan *scan, const char *text)
{
    g_autofree MigMessageMatch *matches = g_new0(MigMessageMatch, MIG_MESSAGES_PER_LINE);
    size_t n = mig_message_scan_line(scan, text, strlen(text), matches);

    return n ? matches[n - 1].message : with_part(scan, text);
}

/* --- what comes near ---------------------------------------------------------------------- */

/* Words of at least @SHORTEST letters. */
#define SHORTEST 4u

static size_t next_word(const char *text, size_t length, size_t *at)
{
    for (;;) {
        size_t first;

        while (*at < length && !g_ascii_isalpha(text[*at])) {
            (*at)++;
        }
        for (first = *at; *at < length && g_ascii_isalpha(text[*at]);) {
            (*at)++;
        }
        if (*at - first >= SHORTEST || *at == length) {
            return *at - first >= SHORTEST ? *at - first : 0;
        }
    }
}

/* The words of @line, in lower case. */
static GHashTable *words_of(const char *line, size_t length)
{
    GHashTable *words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    size_t at = 0, n;

    while ((n = next_word(line, length, &at))) {
        g_hash_table_add(words, g_ascii_strdown(line + at - n, (gssize)n));
    }
    return words;
}

/* Whether one letter was lost, added, changed or swapped with the next. */
static bool is_mistyped(const char *a, const char *b)
{
    size_t first = 0, m = strlen(a), n = strlen(b), last = 0;

    while (first < m && first < n && a[first] == b[first]) {
        first++;
    }
    while (last < m - first && last < n - first && a[m - 1 - last] == b[n - 1 - last]) {
        last++;
    }
    m -= first + last;
    n -= first + last;
    return (m <= 1 && n <= 1) ||
           (m == 2 && n == 2 && a[first] == b[first + 1] && a[first + 1] == b[first]);
}

/* Whether the line has @word, or all but one letter of it. */
static bool has_word(GHashTable *words, const char *word)
{
    GHashTableIter iter;
    gpointer other;

    if (g_hash_table_contains(words, word)) {
        return true;
    }
    g_hash_table_iter_init(&iter, words);
    while (g_hash_table_iter_next(&iter, &other, NULL)) {
        if (strlen(word) > SHORTEST && is_mistyped(other, word)) {
            return true;
        }
    }
    return false;
}

/* How many of the words of @text are in @words, each once, and how many it has. */
static unsigned shared(GHashTable *words, const char *text, unsigned *all)
{
    g_autoptr(GHashTable) own = words_of(text, strlen(text));
    GHashTableIter iter;
    gpointer word;
    unsigned count = 0;

    *all = g_hash_table_size(own);
    g_hash_table_iter_init(&iter, own);
    while (g_hash_table_iter_next(&iter, &word, NULL)) {
        count += has_word(words, word);
    }
    return count;
}

const MigMessageText *mig_message_scan_nearest(const MigMessageScan *scan,
                                               const char *line, size_t length,
                                               const MigMessage **message)
{
    g_autoptr(GHashTable) words = words_of(line, length);
    const MigMessageText *best = NULL;
    unsigned most = 1, of = 0;

    for (guint i = 0; i < scan->entries->len; i++) {
        const Entry *entry = &g_array_index(scan->entries, Entry, i);
        unsigned all, count = shared(words, entry->text->text, &all);

        if (count * 2 >= all && (count > most || (best && count == most && all < of))) {
            most = count;
            of = all;
            best = entry->text;
            *message = entry->message;
        }
    }
    return best;
}
