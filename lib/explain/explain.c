/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see explain.h: which of a log's messages is the cause.
 * Must not know: any one message; how a log quotes (envelope.c).
 * See also:      explain/failure.h, what is kept of one failure.
 */
#include "explain/explain.h"

#include <string.h>

#include "explain/envelope.h"
#include "explain/failure.h"
#include "message/scan.h"

#define LINE_MAX_BYTES (64u << 10)
/* Lines that are kept to be shown where nothing was recognised, and bytes of each. */
#define TAIL       8u
#define TAIL_BYTES 512u
#define OTHERS_MAX 8u

typedef struct TailLine {
    char *text;
    uint64_t line;
} TailLine;

struct MigExplain {
    MigMessageScan *scan;
    GString *pending; /* the line that has not ended */
    uint64_t line;    /* its number */
    MigFailure now, before;
    TailLine tail[TAIL];
    uint64_t n_tail;
    GArray *others; /* MigExplainOther; texts are owned */
    MigExplanation result;
    GPtrArray *facts;
    char *owned[5];
};

MigExplain *mig_explain_new(void)
{
    MigExplain *explain = g_new0(MigExplain, 1);

    explain->scan = mig_message_scan_new();
    explain->pending = g_string_new(NULL);
    explain->line = 1;
    explain->others = g_array_new(FALSE, FALSE, sizeof(MigExplainOther));
    explain->facts = g_ptr_array_new_with_free_func(g_free);
    return explain;
}

void mig_explain_free(MigExplain *explain)
{
    if (!explain) {
        return;
    }
    mig_message_scan_free(explain->scan);
    g_string_free(explain->pending, TRUE);
    mig_failure_clear(&explain->now);
    mig_failure_clear(&explain->before);
    for (size_t i = 0; i < TAIL; i++) {
        g_free(explain->tail[i].text);
    }
    for (guint i = 0; i < explain->others->len; i++) {
        g_free(
            (char *)(uintptr_t)g_array_index(explain->others, MigExplainOther, i).text);
    }
    g_array_unref(explain->others);
    g_ptr_array_unref(explain->facts);
    for (size_t i = 0; i < G_N_ELEMENTS(explain->owned); i++) {
        g_free(explain->owned[i]);
    }
    g_free(explain);
}

/* --- reading ------------------------------------------------------------------------------ */

static void note_other(MigExplain *explain, const char *line,
                       const MigMessageMatch *match)
{
    MigExplainOther other = { .id = match->message->id, .line = explain->line };

    for (guint i = 0; i < explain->others->len; i++) {
        if (g_array_index(explain->others, MigExplainOther, i).id == other.id) {
            return;
        }
    }
    if (explain->others->len < OTHERS_MAX) {
        other.text = g_strndup(line + match->start, match->end - match->start);
        g_array_append_val(explain->others, other);
    }
}

/* A failure has ended, and this is of another one. */
static void begin_failure(MigExplain *explain)
{
    if (!mig_failure_echoes(&explain->now, &explain->before)) {
        mig_failure_clear(&explain->before);
        explain->before = explain->now;
        explain->now = (MigFailure){ 0 };
    } else {
        mig_failure_clear(&explain->now);
    }
}

/* libvirt's log of a guest has a line for each start of its QEMU.
 * Source: libvirt, src/qemu/qemu_log.c. */
static const char start[] = "starting up libvirt version";

/* One line, after what was around it has been undone. */
static void read_inner(MigExplain *explain, const char *line, size_t length)
{
    MigMessageMatch matches[MIG_MESSAGES_PER_LINE];
    size_t n = mig_message_scan_line(explain->scan, line, length, matches);
    bool after = false;

    if (g_strstr_len(line, (gssize)length, start)) {
        begin_failure(explain);
        explain->now.fresh = true;
    }
    for (size_t i = 0; i < n; i++) {
        const MigFailureLine where = { line, length, explain->line, after, i + 1 < n };

        if (i == 0 && explain->now.ended &&
            mig_failure_form(&where, &matches[i]) != MIG_MESSAGE_NOISE) {
            begin_failure(explain);
        }
        if (mig_failure_form(&where, &matches[i]) >= MIG_MESSAGE_SYMPTOM) {
            note_other(explain, line, &matches[i]);
        }
        mig_failure_add(&explain->now, &where, &matches[i]);
        after |= matches[i].message->form > MIG_MESSAGE_FRAME;
    }
}

static void keep_tail(MigExplain *explain, const char *line, size_t length)
{
    TailLine *tail = &explain->tail[explain->n_tail % TAIL];

    while (length && g_ascii_isspace(*line)) {
        line++;
        length--;
    }
    if (length) {
        g_free(tail->text);
        tail->text = g_strndup(line, MIN(length, TAIL_BYTES));
        tail->line = explain->line;
        explain->n_tail++;
    }
}

static void read_line(MigExplain *explain)
{
    const char *p = explain->pending->str, *end;

    mig_envelope_open(explain->pending);
    p = explain->pending->str;
    end = p + explain->pending->len;
    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t n = stop ? (size_t)(stop - p) : (size_t)(end - p);

        while (n && g_ascii_isspace(p[n - 1])) {
            n--;
        }
        read_inner(explain, p, n);
        keep_tail(explain, p, n);
        p = stop ? stop + 1 : end;
    }
    g_string_truncate(explain->pending, 0);
}

void mig_explain_feed(MigExplain *explain, const char *text, size_t n)
{
    while (n) {
        const char *stop = memchr(text, '\n', n);
        size_t piece = stop ? (size_t)(stop - text) : n;
        size_t room = LINE_MAX_BYTES - explain->pending->len;

        g_string_append_len(explain->pending, text, (gssize)MIN(piece, room));
        if (stop) {
            read_line(explain);
            explain->line++;
            piece++;
        }
        text += piece;
        n -= piece;
    }
}

/* --- what it says ------------------------------------------------------------------------- */

static const MigExplanation *unknown(MigExplain *explain)
{
    const MigMessage *message = NULL;
    const MigMessageText *text = NULL;
    size_t n = MIN(explain->n_tail, TAIL);

    for (size_t i = 0; i < n && !text; i++) {
        const TailLine *tail = &explain->tail[(explain->n_tail - 1 - i) % TAIL];

        text = mig_message_scan_nearest(explain->scan, tail->text, strlen(tail->text),
                                        &message);
        if (text || i == 0) {
            explain->result.text = tail->text;
            explain->result.line = tail->line;
        }
    }
    explain->result.nearest = text ? text->text : NULL;
    explain->result.nearest_id = text ? message->id : NULL;
    return &explain->result;
}

static MigExplanationKind kind_of(MigMessageForm form)
{
    return form >= MIG_MESSAGE_SYMPTOM ? MIG_EXPLANATION_CAUSE
           : form == MIG_MESSAGE_NOISE ? MIG_EXPLANATION_HARMLESS
                                       : MIG_EXPLANATION_GENERIC;
}

/* The causes but the one that counts. */
static void list_others(MigExplain *explain, const char *id)
{
    for (guint i = explain->others->len; i-- > 0;) {
        MigExplainOther *other = &g_array_index(explain->others, MigExplainOther, i);

        if (other->id == id) {
            g_free((char *)(uintptr_t)other->text);
            g_array_remove_index(explain->others, i);
        }
    }
    explain->result.others = (const MigExplainOther *)(void *)explain->others->data;
    explain->result.n_others = explain->others->len;
}

static char *filled(const char *sentences, const MigMessageMatch *match, bool pasted)
{
    char *text = sentences ? mig_message_fill(sentences, match, pasted) : NULL;

    if (text && !*text) {
        g_clear_pointer(&text, g_free);
    }
    return text;
}

const MigExplanation *mig_explain_finish(MigExplain *explain)
{
    MigExplanation *result = &explain->result;
    MigFailure *failure = &explain->now;
    const MigMessage *message;

    read_line(explain);
    result->facts = (const char *const *)(void *)explain->facts->pdata;
    if (!failure->best.message || mig_failure_echoes(failure, &explain->before)) {
        failure = &explain->before;
    }
    g_ptr_array_add(explain->facts, NULL);
    result->facts = (const char *const *)(void *)explain->facts->pdata;
    message = failure->best.message;
    if (!message) {
        return unknown(explain);
    }
    g_ptr_array_set_size(explain->facts, 0);
    mig_failure_complete(failure);
    if (message->decode) {
        message->decode(&failure->best, failure->section, explain->facts);
    }
    g_ptr_array_add(explain->facts, NULL);
    result->facts = (const char *const *)(void *)explain->facts->pdata;
    result->kind = kind_of(failure->form);
    result->id = message->id;
    result->line = failure->line;
    result->function = message->function;
    result->section = failure->section;
    result->instance_id = failure->instance_id;
    explain->owned[0] = mig_failure_text(failure);
    explain->owned[1] = mig_failure_releases(failure);
    explain->owned[2] = filled(message->meaning, &failure->best, false);
    explain->owned[3] = filled(message->look, &failure->best, true);
    explain->owned[4] = filled(message->help, &failure->best, true);
    result->text = explain->owned[0];
    result->releases = explain->owned[1];
    result->meaning = explain->owned[2];
    result->look = explain->owned[3];
    result->help = explain->owned[4];
    list_others(explain, message->id);
    return result;
}
