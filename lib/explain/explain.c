/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see explain.h: which of a log's messages is the cause.
 * Must not know: any one message; how a log quotes (envelope.c).
 * See also:      explain/failure.h, what is kept of one failure.
 */
#include "explain/explain.h"

#include <string.h>

#include "explain/against.h"
#include "explain/envelope.h"
#include "explain/failure.h"
#include "explain/where.h"
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
    MigMessageMatch matches[MIG_MESSAGES_PER_LINE]; /* of the line at hand */
    GString *pending;                               /* the line that has not ended */
    GString *wrapped; /* a line in which nothing was recognised, and the one after it */
    uint64_t line;    /* its number */
    MigFailure now, before;
    TailLine tail[TAIL];
    uint64_t n_tail;
    GArray *others; /* MigExplainOther; texts are owned */
    MigExplanation result;
    GPtrArray *facts;
    MigFailure *counts; /* of @now and @before, the one that is explained; NULL: none */
    MigWhere *where;
    MigCheck *check;
    char *text, *releases, *meaning, *look, *help;
    char *file; /* by mig_explain_set_file() */
};

MigExplain *mig_explain_new(void)
{
    MigExplain *explain = g_new0(MigExplain, 1);

    explain->scan = mig_message_scan_new();
    explain->pending = g_string_new(NULL);
    explain->wrapped = g_string_new(NULL);
    explain->line = 1;
    explain->others = g_array_new(FALSE, TRUE, sizeof(MigExplainOther));
    explain->facts = g_ptr_array_new_with_free_func(g_free);
    return explain;
}

void mig_explain_free(MigExplain *explain)
{
    if (!explain) {
        return;
    }
    mig_check_free(explain->check);
    mig_where_free(explain->where);
    mig_message_scan_free(explain->scan);
    g_string_free(explain->pending, TRUE);
    g_string_free(explain->wrapped, TRUE);
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
    g_free(explain->text);
    g_free(explain->releases);
    g_free(explain->meaning);
    g_free(explain->look);
    g_free(explain->help);
    g_free(explain->file);
    g_free(explain);
}

/* --- reading ------------------------------------------------------------------------------ */

static void note_other(MigExplain *explain, const char *line,
                       const MigMessageMatch *match)
{
    guint n = explain->others->len;
    MigExplainOther *other;

    for (guint i = 0; i < n; i++) {
        if (g_array_index(explain->others, MigExplainOther, i).id == match->message->id) {
            return;
        }
    }
    if (n < OTHERS_MAX) {
        g_array_set_size(explain->others, n + 1);
        other = &g_array_index(explain->others, MigExplainOther, n);
        other->id = match->message->id;
        other->line = explain->line;
        other->text = g_strndup(line + match->start, match->end - match->start);
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

static void read_matches(MigExplain *explain, const char *line, size_t length, size_t n)
{
    MigMessageMatch *matches = explain->matches;
    bool after = false;

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

/* Bytes of a line that are joined with the next one. */
#define WRAPPED_MAX 200u

/* Mail and terminals break long lines: what neither half is, both may be. */
static void read_wrapped(MigExplain *explain, const char *line, size_t length)
{
    GString *both = explain->wrapped;
    size_t n = 0;

    while (length && strchr("> \t", *line)) {
        line++;
        length--;
    }
    if (both->len) {
        g_string_append_c(both, ' ');
        g_string_append_len(both, line, (gssize)MIN(length, WRAPPED_MAX));
        n = mig_message_scan_line(explain->scan, both->str, both->len, explain->matches);
        read_matches(explain, both->str, both->len, n);
    }
    g_string_truncate(both, 0);
    if (!n && length <= WRAPPED_MAX) {
        g_string_append_len(both, line, (gssize)length);
    }
}

/* One line, after what was around it has been undone. */
static void read_inner(MigExplain *explain, const char *line, size_t length)
{
    size_t n = mig_message_scan_line(explain->scan, line, length, explain->matches);

    if (g_strstr_len(line, (gssize)length, start)) {
        begin_failure(explain);
        mig_failure_start(&explain->now, line, length);
    }
    if (n) {
        read_matches(explain, line, length, n);
        g_string_truncate(explain->wrapped, 0);
    } else {
        read_wrapped(explain, line, length);
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
    const char *p, *end;

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
    explain->result.nearest_id = text && message ? message->id : NULL;
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

static void refill(char **text, const char *sentences, const MigMessageMatch *match,
                   MigMessageFill how)
{
    g_free(*text);
    *text = sentences ? mig_message_fill(sentences, match, how) : NULL;
    if (*text && !**text) {
        g_clear_pointer(text, g_free);
    }
}

/* The sentences, with what is known of the place. */
static void fill(MigExplain *explain)
{
    const MigMessageMatch *best = &explain->counts->best;
    const char *section = explain->counts->section;
    MigMessageHelp *help_for = section ? best->message->help_for : NULL;
    const char *help = help_for ? help_for(section) : NULL;
    MigExplanation *result = &explain->result;

    refill(&explain->meaning, best->message->meaning, best, MIG_FILL_SHOWN);
    if (!explain->meaning) {
        refill(&explain->meaning, best->message->meaning, best, MIG_FILL_ALL);
    }
    refill(&explain->look, best->message->look, best, MIG_FILL_PASTED);
    refill(&explain->help, help ? help : best->message->help, best, MIG_FILL_PASTED);
    result->meaning = explain->meaning;
    result->look = explain->look;
    result->help = explain->help;
}

/* What the message's own numbers say. */
static void decode(MigExplain *explain)
{
    const MigFailure *failure = explain->counts;

    g_ptr_array_set_size(explain->facts, 0);
    if (failure->best.message->decode) {
        failure->best.message->decode(&failure->best, failure->section, explain->facts);
    }
}

/* The list is open while facts are added. */
static void open_facts(MigExplain *explain)
{
    g_ptr_array_set_size(explain->facts, (gint)explain->facts->len - 1);
}

static void close_facts(MigExplain *explain)
{
    g_ptr_array_add(explain->facts, NULL);
    explain->result.facts = (const char *const *)(void *)explain->facts->pdata;
}

const MigExplanation *mig_explain_finish(MigExplain *explain)
{
    MigExplanation *result = &explain->result;
    MigFailure *failure = &explain->now;
    const MigMessage *message;

    read_line(explain);
    if (!failure->best.message || mig_failure_echoes(failure, &explain->before)) {
        failure = &explain->before;
    }
    message = failure->best.message;
    if (!message) {
        close_facts(explain);
        return unknown(explain);
    }
    explain->counts = failure;
    mig_failure_complete(failure, NULL);
    decode(explain);
    close_facts(explain);
    result->kind = kind_of(failure->form);
    result->id = message->id;
    result->line = failure->line;
    result->function = message->function;
    result->section = failure->section;
    result->instance_id = failure->instance_id;
    result->text = explain->text = mig_failure_text(failure);
    result->releases = explain->releases = mig_failure_releases(failure);
    fill(explain);
    list_others(explain, message->id);
    return result;
}

/* The message names no section, and only this one has what it is about. */
static void settle_section(MigExplain *explain, const MigSection *section)
{
    MigFailure *failure = explain->counts;

    failure->section = g_strdup(section->name);
    failure->instance_id = section->instance_id;
    explain->result.section = failure->section;
    explain->result.instance_id = failure->instance_id;
    mig_failure_complete(failure, NULL);
    decode(explain);
    mig_where_again(explain->where, failure->section, failure->instance_id);
}

void mig_explain_set_file(MigExplain *explain, const char *words)
{
    g_free(explain->file);
    explain->file = g_strdup(words);
}

/* As a shell takes it; NULL where that is not known. */
static const char *file_of(const MigExplain *explain, const MigReader *reader)
{
    const char *name = mig_input_name(mig_reader_input(reader));

    return explain->file                              ? explain->file
           : mig_message_is_plain(name, strlen(name)) ? name
                                                      : NULL;
}

/* The commands of what was decoded name the file too. */
static void name_file(MigExplain *explain, const char *file)
{
    static const char *const words[] = { " FILE ", " FILE\"" };

    for (guint i = 0; file && i < explain->facts->len; i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(words); j++) {
            char **fact = (char **)&g_ptr_array_index(explain->facts, i);
            g_auto(GStrv) parts = g_strsplit(*fact, words[j], -1);
            g_autofree char *named =
                g_strdup_printf(" %s%c", file, words[j][strlen(words[j]) - 1]);

            g_free(*fact);
            *fact = g_strjoinv(named, parts);
        }
    }
}

bool mig_explain_read(MigExplain *explain, MigReader *reader, GError **error)
{
    MigExplanation *result = &explain->result;
    MigWhere *where;
    const char *file;
    bool whole;

    if (!explain->counts || explain->where) {
        return true;
    }
    open_facts(explain);
    explain->where = where = mig_where_new(&explain->counts->best, result->section,
                                           result->instance_id, explain->facts);
    file = file_of(explain, reader);
    mig_failure_complete(explain->counts, file);
    whole = mig_where_read(where, reader, error);
    if (!where->section && where->only && !where->several) {
        settle_section(explain, where->only);
    }
    if (where->repairs->len) {
        mig_failure_repaired(explain->counts);
    }
    fill(explain);
    name_file(explain, file);
    close_facts(explain);
    result->places = (const MigExplainPlace *)(void *)where->places->data;
    result->n_places = where->places->len;
    result->repairs = (const MigExplainRepair *)(void *)where->repairs->data;
    result->n_repairs = where->repairs->len;
    return whole;
}

/* Whether what mends it is another thing in 5.2 than in later releases. */
static bool depends_on_release(const MigFinding *fault)
{
    return fault->remedy.filter && g_str_has_prefix(fault->remedy.filter, "vfio-layout:");
}

static bool is_end_of(const MigItem *item, const MigExplanation *explanation)
{
    return item->kind == MIG_ITEM_SECTION_FOOTER && explanation->section &&
           (item->type == MIG_SECTION_FULL || item->type == MIG_SECTION_END) &&
           g_str_equal(item->section->name, explanation->section) &&
           item->section->instance_id == explanation->instance_id;
}

/* A message may not say which of several of one name it means. */
static bool begins_another(const MigItem *item, const MigExplanation *explanation)
{
    return item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_FULL &&
           g_str_equal(item->section->name, explanation->section);
}

bool mig_explain_compare(MigExplain *explain, MigReader *reader,
                         const MigShape *const *against, size_t n, GError **error)
{
    MigExplanation *result = &explain->result;
    MigRelease release = explain->counts ? explain->counts->last : 0;
    MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT, .against = against,
                                .n_against = n };
    g_autoptr(GError) stopped = NULL;
    const MigItem *item;
    bool sound = false; /* the section that failed */
    bool begun = false;

    if (!explain->counts || explain->check) {
        return true;
    }
    /* The words of the release that has printed the message, as far as that is known. */
    options.releases = mig_releases_one(release ? release : MIG_RELEASE_LAST);
    mig_reader_join_pieces(reader);
    explain->check = mig_check_new(reader, &options);
    while (mig_reader_next(reader, &item, &stopped) == MIG_STATUS_MORE &&
           mig_check_watch(explain->check, item, &stopped)) {
        sound = is_end_of(item, result) || (sound && !begins_another(item, result));
        begun = true;
    }
    mig_check_finish(explain->check, stopped);
    /* What is no stream at all is not what a loader came to a section of. */
    mig_against_find(explain->check, sound || !begun ? NULL : stopped, result);
    result->wants_release = result->fault && depends_on_release(result->fault) &&
                            explain->counts->first < QEMU(6, 0) &&
                            explain->counts->first != release;
    if (stopped) {
        g_propagate_error(error, g_steal_pointer(&stopped));
        return false;
    }
    return true;
}
