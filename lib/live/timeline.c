/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          reading the time line of a capture.
 * Must not know: what the bytes mean.
 * See also:      live/timeline.h; timeline-writer.c.
 *
 * A line is written at least each millisecond in which something came, and before and after each
 * silence of that length.  So two lines of a channel that are 2 ms and more apart have a silence
 * between them, and no other two need to.
 */
#include "live/timeline.h"

#include <string.h>

#include "stream/json-scan.h"

/* Lines that tell of bytes and are kept, in memory: 16 MiB. */
#define POINTS_MAX (1u << 20)

#define WRITTEN_NS 1000000u /* how late a line is */
#define SILENCE_NS 2000000u
/* Nothing is later: 146 years. */
#define TIME_MAX (G_MAXINT64 / 2)

/* At that time so many bytes had come. */
typedef struct Point {
    uint64_t time, size;
} Point;

typedef struct Channel {
    MigTimelineChannel known;
    GArray *points; /* Point, in order of both */
} Channel;

struct MigTimeline {
    Channel *channels[MIG_TIMELINE_CHANNELS_MAX]; /* NULL: no line speaks of it */
    guint n_points;                               /* of all */
    uint64_t resolution;                          /* ns */
    MigSilence silences[MIG_TIMELINE_SILENCES_MAX];
    unsigned n_silences;
    GString *key, *text; /* scratch */
    uint64_t line;       /* its number, from 1 */
};

/* What a line says. */
typedef struct Line {
    MigTimeline *timeline;
    uint64_t time, channel, offset, version;
    bool has_time, has_channel, has_offset;
    char event[8], format[16], unit[8];
} Line;

MigTimeline *mig_timeline_new(void)
{
    MigTimeline *t = g_new0(MigTimeline, 1);

    t->resolution = WRITTEN_NS;
    t->key = g_string_new(NULL);
    t->text = g_string_new(NULL);
    return t;
}

void mig_timeline_free(MigTimeline *t)
{
    if (!t) {
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(t->channels); i++) {
        if (t->channels[i]) {
            g_array_unref(t->channels[i]->points);
            g_free(t->channels[i]);
        }
    }
    g_string_free(t->key, TRUE);
    g_string_free(t->text, TRUE);
    g_free(t);
}

/* --- what is known ------------------------------------------------------------------------ */

static Channel *channel_of(MigTimeline *t, uint64_t number)
{
    Channel **channel = &t->channels[number];

    if (!*channel) {
        *channel = g_new0(Channel, 1);
        (*channel)->known = (MigTimelineChannel){ .opened = MIG_TIME_NONE,
                                                  .closed = MIG_TIME_NONE,
                                                  .first = MIG_TIME_NONE,
                                                  .last = MIG_TIME_NONE };
        (*channel)->points = g_array_new(FALSE, FALSE, sizeof(Point));
    }
    return *channel;
}

/* Keeps the last of all points that are within the resolution of one that stays: who asks for what
 * came in between is told a time that is so much later, at most. */
static void thin_channel(const MigTimeline *t, GArray *points)
{
    Point *all = (Point *)(void *)points->data;
    guint kept = MIN(points->len, 1);

    for (guint i = 1; i < points->len; i++) {
        bool stays =
            i + 1 == points->len || all[i + 1].time - all[kept - 1].time >= t->resolution;

        if (stays) {
            all[kept++] = all[i];
        }
    }
    g_array_set_size(points, kept);
}

static void thin(MigTimeline *t)
{
    while (t->n_points > POINTS_MAX / 2 && t->resolution < TIME_MAX) {
        t->resolution *= 2;
        t->n_points = 0;
        for (guint i = 0; i < G_N_ELEMENTS(t->channels); i++) {
            if (t->channels[i]) {
                thin_channel(t, t->channels[i]->points);
                t->n_points += t->channels[i]->points->len;
            }
        }
    }
}

static void keep_silence(MigTimeline *t, const MigSilence *silence)
{
    unsigned at = t->n_silences;

    while (at > 0 && t->silences[at - 1].length < silence->length) {
        at--;
    }
    if (at == MIG_TIMELINE_SILENCES_MAX) {
        return;
    }
    t->n_silences = MIN(t->n_silences + 1, MIG_TIMELINE_SILENCES_MAX);
    memmove(&t->silences[at + 1], &t->silences[at],
            (t->n_silences - at - 1) * sizeof *silence);
    t->silences[at] = *silence;
}

static void note_silence(MigTimeline *t, Channel *channel, const Line *line)
{
    const MigSilence silence = { .from = channel->known.last,
                                 .length = line->time - channel->known.last,
                                 .offset = channel->known.size,
                                 .channel = (unsigned)line->channel };

    if (channel->known.last != MIG_TIME_NONE && silence.length >= SILENCE_NS) {
        channel->known.n_silences++;
        channel->known.silent += silence.length;
        keep_silence(t, &silence);
    }
}

static void add_point(MigTimeline *t, Channel *channel, const Line *line)
{
    const Point point = { line->time, line->offset };

    note_silence(t, channel, line);
    if (channel->known.first == MIG_TIME_NONE) {
        channel->known.first = line->time;
    }
    channel->known.last = line->time;
    channel->known.size = line->offset;
    g_array_append_val(channel->points, point);
    if (++t->n_points >= POINTS_MAX) {
        thin(t);
    }
}

/* --- a line ------------------------------------------------------------------------------- */

static bool fail(const MigTimeline *t, MigErrorCode code, const char *what,
                 GError **error)
{
    mig_error_set_plain(error, code,
                        "line %" G_GUINT64_FORMAT
                        ": %s; migstat-capture(5), THE TIME LINE, says what it may have",
                        t->line, what);
    return false;
}

static bool read_number(MigJson *json, uint64_t *value, bool *has)
{
    *has = mig_json_uint(json, value);
    return *has;
}

/* A word that is longer than any that means something means nothing. */
static bool read_word(MigJson *json, GString *text, char *word, size_t size)
{
    if (!mig_json_string(json, text)) {
        return false;
    }
    g_strlcpy(word, text->len < size ? text->str : "?", size);
    return true;
}

static bool read_member(MigJson *json, const char *key, void *user)
{
    Line *line = user;
    GString *text = line->timeline->text;
    bool has;

    if (strcmp(key, "time") == 0) {
        return read_number(json, &line->time, &line->has_time);
    }
    if (strcmp(key, "channel") == 0) {
        return read_number(json, &line->channel, &line->has_channel);
    }
    if (strcmp(key, "offset") == 0) {
        return read_number(json, &line->offset, &line->has_offset);
    }
    if (strcmp(key, "event") == 0) {
        return read_word(json, text, line->event, sizeof line->event);
    }
    if (strcmp(key, "migstat") == 0) {
        return read_word(json, text, line->format, sizeof line->format);
    }
    if (strcmp(key, "unit") == 0) {
        return read_word(json, text, line->unit, sizeof line->unit);
    }
    return strcmp(key, "version") == 0 ? read_number(json, &line->version, &has)
                                       : mig_json_skip(json);
}

static bool scan_line(MigTimeline *t, const char *text, size_t n, Line *line,
                      GError **error)
{
    MigJson json;

    *line = (Line){ .timeline = t };
    mig_json_init(&json, text, n);
    return (mig_json_each(&json, t->key, read_member, line) && mig_json_at_end(&json)) ||
           fail(t, MIG_ERROR_MALFORMED, "it is no object of JSON with whole numbers",
                error);
}

static bool judge_first(const MigTimeline *t, const Line *line, GError **error)
{
    if (strcmp(line->format, "timeline") != 0) {
        return fail(t, MIG_ERROR_MALFORMED,
                    "it is not what begins a time line, {\"migstat\":\"timeline\"",
                    error);
    }
    return (line->version == 1 && strcmp(line->unit, "ns") == 0) ||
           fail(t, MIG_ERROR_UNSUPPORTED,
                "the time line is of a version that this migstat does not know", error);
}

/* What a line may say after what was said before; NULL: all is well. */
static const char *problem_of(const Line *line, const Channel *channel)
{
    const MigTimelineChannel *known = channel ? &channel->known : NULL;

    if (!line->has_time || !line->has_channel) {
        return "it has no time or no channel";
    }
    if (line->time > TIME_MAX || line->channel >= MIG_TIMELINE_CHANNELS_MAX ||
        line->offset > G_MAXINT64) {
        return "a number is out of range";
    }
    if (!line->has_offset || !known) {
        return NULL;
    }
    return known->last != MIG_TIME_NONE && line->time < known->last
               ? "the time runs backwards"
           : line->offset < known->size ? "the offset is below one of an earlier line"
                                        : NULL;
}

static bool take_line(MigTimeline *t, const Line *line, GError **error)
{
    bool is_in_range = line->has_channel && line->channel < MIG_TIMELINE_CHANNELS_MAX;
    const char *problem =
        problem_of(line, is_in_range ? t->channels[line->channel] : NULL);
    Channel *channel;

    if (problem) {
        return fail(t, MIG_ERROR_MALFORMED, problem, error);
    }
    channel = channel_of(t, line->channel);
    if (line->has_offset) {
        add_point(t, channel, line);
    } else if (strcmp(line->event, "open") == 0) {
        channel->known.opened = line->time;
    } else if (strcmp(line->event, "close") == 0) {
        channel->known.closed = line->time;
    }
    return true;
}

/* --- the file ----------------------------------------------------------------------------- */

/* The bytes of the next line, without its end.  0 and *n == 0: there are no more. */
static const char *next_line(MigTimeline *t, MigInput *in, size_t *n, GError **error)
{
    size_t available;
    const char *text =
        (const char *)(const void *)mig_input_peek(in, MIG_TIMELINE_LINE_MAX, &available);
    const char *end = memchr(text, '\n', MIN(available, MIG_TIMELINE_LINE_MAX));

    t->line++;
    *n = end ? (size_t)(end - text) : 0;
    if (end) {
        return text;
    }
    if (available >= MIG_TIMELINE_LINE_MAX) {
        fail(t, MIG_ERROR_MALFORMED, "it is longer than 4,096 bytes", error);
    } else if (mig_input_end_error(in, error) && (available > 0 || t->line == 1)) {
        fail(t, MIG_ERROR_TRUNCATED, "the file ends in it", error);
    }
    return NULL;
}

bool mig_timeline_read(MigTimeline *t, MigInput *in, GError **error)
{
    g_autoptr(GError) own = NULL;
    const char *text;
    size_t n;
    Line line;

    t->line = 0;
    while ((text = next_line(t, in, &n, &own))) {
        bool ok =
            scan_line(t, text, n, &line, &own) &&
            (t->line == 1 ? judge_first(t, &line, &own) : take_line(t, &line, &own));

        if (!ok) {
            break;
        }
        mig_input_skip(in, n + 1);
    }
    if (own) {
        g_propagate_error(error, g_steal_pointer(&own));
        return false;
    }
    return true;
}

/* --- questions ---------------------------------------------------------------------------- */

uint64_t mig_timeline_resolution(const MigTimeline *t)
{
    return t->resolution;
}

const MigTimelineChannel *mig_timeline_channel(const MigTimeline *t, unsigned channel)
{
    return channel < MIG_TIMELINE_CHANNELS_MAX && t->channels[channel]
               ? &t->channels[channel]->known
               : NULL;
}

uint64_t mig_timeline_when(const MigTimeline *t, unsigned channel, uint64_t size)
{
    const GArray *points =
        mig_timeline_channel(t, channel) ? t->channels[channel]->points : NULL;
    guint from = 0, to = points ? points->len : 0;

    while (from < to) {
        guint middle = from + (to - from) / 2;

        if (g_array_index(points, Point, middle).size < size) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return points && from < points->len ? g_array_index(points, Point, from).time
                                        : MIG_TIME_NONE;
}

const MigSilence *mig_timeline_silence(const MigTimeline *t, unsigned i)
{
    return i < t->n_silences ? &t->silences[i] : NULL;
}
