/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the list of tables; the sentences of a message, filled.
 * Must not know: any one message.
 * See also:      message/messages-*.c.
 */
#include "message/message.h"

#include <string.h>

static const MigMessage *const tables[] = {
    mig_messages_framing, mig_messages_section, mig_messages_command, mig_messages_ram,
    mig_messages_pci,     mig_messages_virtio,  mig_messages_cpu,     mig_messages_device,
    mig_messages_vfio,    mig_messages_channel, mig_messages_source,  mig_messages_around,
};

const MigMessage *mig_message_at(size_t index)
{
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        for (const MigMessage *message = tables[t]; message->id; message++) {
            if (index-- == 0) {
                return message;
            }
        }
    }
    return NULL;
}

static const MigMessageHole *hole_named(const MigMessageMatch *match, const char *name,
                                        size_t length)
{
    for (unsigned i = 0; match && i < match->n_holes; i++) {
        if (match->holes[i].name_length == length &&
            memcmp(match->holes[i].name, name, length) == 0) {
            return match->holes[i].text ? &match->holes[i] : NULL;
        }
    }
    return NULL;
}

const MigMessageHole *mig_message_hole(const MigMessageMatch *match, const char *name)
{
    return hole_named(match, name, strlen(name));
}

uint64_t mig_message_number(const MigMessageMatch *match, const char *name,
                            uint64_t otherwise)
{
    const MigMessageHole *hole = mig_message_hole(match, name);

    return hole && hole->is_number ? hole->value : otherwise;
}

/* The end of the sentence at @p: after its full stop and the space. */
static const char *sentence_end(const char *p)
{
    const char *stop = strstr(p, ". ");

    return stop ? stop + 2 : p + strlen(p);
}

bool mig_message_is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isalnum(text[i]) && !strchr("_./:@+,-=%", text[i])) {
            return false;
        }
    }
    return length > 0 && *text != '-';
}

static bool is_plain(const MigMessageHole *hole)
{
    return mig_message_is_plain(hole->text, hole->length);
}

/* Sentences that are being filled. */
typedef struct Fill {
    GString *out;
    const MigMessageMatch *match;
    MigMessageFill how;
} Fill;

/* What "{" at @p, of @n bytes up to its "}", stands for; false where the sentence goes. */
static bool append_hole(const Fill *fill, const char *p, size_t n)
{
    bool unless = *p == '!';
    const MigMessageHole *hole = hole_named(fill->match, p + unless, n - unless);

    if (hole && fill->how == MIG_FILL_PASTED && !is_plain(hole)) {
        hole = NULL;
    }
    if (!hole && !unless && fill->how == MIG_FILL_ALL) {
        if (g_str_has_suffix(fill->out->str, "0x")) {
            g_string_truncate(fill->out, fill->out->len - 2);
        }
        g_string_append(fill->out, "...");
        return true;
    }
    if (hole && !unless) {
        g_string_append_len(fill->out, hole->text, (gssize)hole->length);
    }
    return !hole == unless;
}

/* Words of the sentences that give way to what is known. */
static const struct {
    const char *word, *hole;
    bool quoted; /* What the hole has is for a shell already, and may be several words. */
} places[] = {
    { "DEVICE", "section", false },
    { "FILE", "file", true },
    { "NEW", "new", false },
};

/* Appends what is at @p, one of these words or one character; returns its bytes. */
static size_t append_word(const Fill *fill, const char *p)
{
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        const MigMessageHole *hole = mig_message_hole(fill->match, places[i].hole);

        if (hole && (places[i].quoted || is_plain(hole)) &&
            g_str_has_prefix(p, places[i].word)) {
            g_string_append_len(fill->out, hole->text, (gssize)hole->length);
            return strlen(places[i].word);
        }
    }
    g_string_append_c(fill->out, *p);
    return 1;
}

/* Appends the sentence from @p to @end; false where it is to be left out. */
static bool append_sentence(const Fill *fill, const char *p, const char *end)
{
    while (p < end) {
        size_t n;

        if (*p != '{') {
            p += append_word(fill, p);
            continue;
        }
        n = strcspn(++p, "}");
        if (!append_hole(fill, p, n)) {
            return false;
        }
        p += n + 1;
    }
    return true;
}

char *mig_message_fill(const char *sentences, const MigMessageMatch *match,
                       MigMessageFill how)
{
    const Fill fill = { g_string_new(NULL), match, how };

    for (const char *p = sentences, *end; *p; p = end) {
        gsize before = fill.out->len;

        end = sentence_end(p);
        if (!append_sentence(&fill, p, end)) {
            g_string_truncate(fill.out, before);
        }
    }
    return g_strchomp(g_string_free(fill.out, FALSE));
}
