/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the time line of a capture in migstat report: pictures, and the same as tables.
 * Must not know: how times are found.
 * See also:      report.h; dump-timeline.h.
 */
#include <string.h>

#include "report.h"
#include "text.h"

/* Pixels of the pictures. */
#define LEFT   190 /* where time begins: names are before */
#define WIDTH  760
#define LANE   26
#define BAR    18
#define ROUNDS 64 /* the highest rate */
#define AXIS   24

/* Lanes of channels, and of sections in the picture of the switchover. */
#define LANES_MAX 24u
/* Bytes of names of lanes. */
#define LANE_NAME_MAX 28u

/* A picture: from when to when, and where the next lane is. */
typedef struct Plot {
    CliHtml *html;
    uint64_t from, to;
    int y;
} Plot;

static double x_of(const Plot *plot, uint64_t time)
{
    uint64_t within = CLAMP(time, plot->from, plot->to) - plot->from;

    return LEFT + WIDTH * (double)within / (double)(plot->to - plot->from);
}

/* @height: of the lane's bar, which ends at its foot; @title: what is told of it. */
static void bar(const Plot *plot, const char *class, uint64_t from, uint64_t to,
                double height, const char *title)
{
    double x = x_of(plot, from), width = MAX(x_of(plot, to) - x, 1);
    char number[4][G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(number[0], sizeof number[0], "%.2f", x);
    g_ascii_formatd(number[1], sizeof number[1], "%.2f", (double)plot->y - height);
    g_ascii_formatd(number[2], sizeof number[2], "%.2f", width);
    g_ascii_formatd(number[3], sizeof number[3], "%.2f", height);
    cli_html(plot->html,
             "<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\"><title>%s"
             "</title></rect>\n",
             class, number[0], number[1], number[2], number[3], title);
}

/* The next lane, whose foot is plot->y then. */
static void lane(Plot *plot, const char *name, int height)
{
    g_autofree char *shown = g_strndup(name, LANE_NAME_MAX);

    plot->y += height;
    cli_html(plot->html, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
             LEFT - 8, plot->y - 4, shown);
}

/* Of a picture of @height, before what is drawn over it. */
static void axis(const Plot *plot, int height)
{
    for (unsigned i = 0; i <= 4; i++) {
        uint64_t time = plot->from + (plot->to - plot->from) / 4 * i;
        g_autofree char *shown = cli_ms(time);
        int x = LEFT + WIDTH / 4 * (int)i;

        cli_html(
            plot->html,
            "<line class=\"lane\" x1=\"%d\" x2=\"%d\" y1=\"0\" y2=\"%d\"/><text x=\"%d\" "
            "y=\"%d\" text-anchor=\"%s\">%s ms</text>\n",
            x, x, height - 16, x, height - 2, i < 4 ? "middle" : "end", shown);
    }
}

static void begin_plot(const Plot *plot, int height, const char *title)
{
    cli_html(
        plot->html,
        "<figure class=\"times\"><figcaption>%s</figcaption><div class=\"wide\" "
        "role=\"region\" tabindex=\"0\" aria-label=\"%s, as a picture\"><svg "
        "width=\"%d\" "
        "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s; the tables "
        "after it have the same as text\">\n",
        title, title, LEFT + WIDTH + 10, height, LEFT + WIDTH + 10, height, title);
    axis(plot, height);
}

static void end_plot(const Plot *plot)
{
    cli_html(plot->html, "</svg></div></figure>\n");
}

/* "pre-copy: 12.345 ms from 0.000 ms on, 1,234 bytes, 1.2 GiB/s" */
static char *words(const char *name, const DumpSpan *span, uint64_t ns)
{
    g_autofree char *took = cli_ms(ns), *from = cli_ms(span->from);
    g_autofree char *bytes = cli_number(span->length), *rate = cli_rate(span->length, ns);

    return g_strdup_printf("%s: %s ms from %s ms on, %s bytes, %s", name, took, from,
                           bytes, rate);
}

static char *round_name(const DumpRound *round, guint i)
{
    return round->phase == DUMP_PRECOPY ? g_strdup_printf("round %u", i + 1)
                                        : g_strdup(dump_phase_name(round->phase));
}

/* --- all of the migration ----------------------------------------------------------------- */

static void draw_phases(Plot *plot, const DumpTiming *t)
{
    lane(plot, "phase", LANE);
    for (DumpPhase phase = 0; phase < DUMP_PHASES; phase++) {
        const DumpSpan *span = &t->phases[phase];
        g_autofree char *title = NULL;

        if (span->from != MIG_TIME_NONE) {
            title = words(dump_phase_name(phase), span, dump_span_ns(span));
            bar(plot, dump_phase_key(phase), span->from, span->to, BAR, title);
        }
    }
}

static double rate_of(const DumpRound *round)
{
    uint64_t ns = dump_span_ns(&round->span);

    return ns ? (double)round->span.length / (double)ns : 0;
}

/* As high as its rate: what it covers is its bytes. */
static void draw_rounds(Plot *plot, const DumpTiming *t)
{
    double most = 0;

    lane(plot, "memory, as high as fast", ROUNDS + 6);
    for (guint i = 0; i < t->rounds->len; i++) {
        most = MAX(most, rate_of(&g_array_index(t->rounds, DumpRound, i)));
    }
    for (guint i = 0; i < t->rounds->len; i++) {
        const DumpRound *round = &g_array_index(t->rounds, DumpRound, i);
        gsize start = plot->html->text->len;
        g_autofree char *name = round_name(round, i);
        g_autofree char *title = NULL;

        if (round->span.from == MIG_TIME_NONE) {
            continue;
        }
        title = words(name, &round->span, dump_span_ns(&round->span));
        bar(plot, i % 2 ? "round odd" : "round", round->span.from, round->span.to,
            most > 0 ? MAX(ROUNDS * rate_of(round) / most, 1) : 1, title);
        cli_html_keep(plot->html, start);
    }
}

static void draw_silences(const Plot *plot, const DumpTiming *t, uint32_t channel)
{
    for (guint i = 0; i < t->silences->len; i++) {
        const DumpSilence *one = &g_array_index(t->silences, DumpSilence, i);
        g_autofree char *length = cli_ms(one->silence->length);
        g_autofree char *what = dump_silence_what(one);
        g_autofree char *title =
            g_strdup_printf("silent for %s ms; then %s", length, what);

        if (one->known && one->channel == channel) {
            bar(plot, "silent", one->silence->from,
                one->silence->from + one->silence->length, BAR, title);
        }
    }
}

static void draw_channels(Plot *plot, const DumpTiming *t)
{
    for (uint32_t i = 0; i < LANES_MAX && dump_timing_input(t, i); i++) {
        const MigTimelineChannel *channel = dump_timing_channel(t, i);
        g_autofree char *name = g_strdup_printf("channel %u", i);
        g_autofree char *title = NULL;

        if (!channel || channel->first == MIG_TIME_NONE) {
            continue;
        }
        title = words(name, &(DumpSpan){ channel->first, channel->last, channel->size },
                      channel->last - channel->first);
        lane(plot, name, LANE);
        bar(plot, "channel", channel->first, channel->last, BAR, title);
        draw_silences(plot, t, i);
    }
}

static int n_channels(const DumpTiming *t)
{
    int n = 0;

    for (uint32_t i = 0; i < LANES_MAX && dump_timing_input(t, i); i++) {
        const MigTimelineChannel *channel = dump_timing_channel(t, i);

        n += channel && channel->first != MIG_TIME_NONE;
    }
    return n;
}

static void draw_all(CliHtml *html, const DumpTiming *t)
{
    Plot plot = { .html = html };

    for (DumpPhase phase = 0; phase < DUMP_PHASES; phase++) {
        plot.to = t->phases[phase].from == MIG_TIME_NONE
                      ? plot.to
                      : MAX(plot.to, t->phases[phase].to);
    }
    plot.to = MAX(plot.to, 1);
    begin_plot(&plot, LANE + ROUNDS + 6 + n_channels(t) * LANE + AXIS, "The migration");
    draw_phases(&plot, t);
    draw_rounds(&plot, t);
    draw_channels(&plot, t);
    end_plot(&plot);
}

/* --- while the guest stands still --------------------------------------------------------- */

static const char *class_of(const DumpSpent *row)
{
    return !row->section                       ? "silent"
           : mig_section_is_ram(row->section)  ? "ram"
           : mig_section_is_vfio(row->section) ? "vfio"
                                               : "device";
}

static char *spent_name(const DumpSpent *row)
{
    return row->section ? dump_section_name(row->section)
                        : g_strdup("(until the source sent the first byte)");
}

static void draw_spent(Plot *plot, const DumpSpent *row)
{
    g_autofree char *name = spent_name(row), *sent = NULL;
    g_autofree char *title = words(name, &row->span, row->ns);

    lane(plot, row->section ? name : "until the first byte", LANE);
    if (row->span.from != MIG_TIME_NONE) {
        bar(plot, class_of(row), row->span.from, row->span.to, BAR, title);
    }
    if (row->packets) {
        sent = g_strdup_printf("%s, on multifd channels", name);
        g_clear_pointer(&title, g_free);
        title = words(sent, &row->sent, dump_span_ns(&row->sent));
        bar(plot, "mixed", row->sent.from, row->sent.to, BAR / 2.0, title);
    }
}

/* The rows of that phase, in the order in which they began. */
static gint by_start(gconstpointer a, gconstpointer b)
{
    const DumpSpent *const *x = a, *const *y = b;
    uint64_t first = MIN((*x)->span.from, (*x)->sent.from);
    uint64_t second = MIN((*y)->span.from, (*y)->sent.from);

    return first < second ? -1 : first > second;
}

static void draw_switchover(CliHtml *html, const DumpTiming *t, const GPtrArray *rows)
{
    const DumpSpan *stop = &t->phases[DUMP_STOP_COPY];
    g_autoptr(GPtrArray) shown = g_ptr_array_new();
    Plot plot = { html, stop->from, stop->to, 0 };

    for (guint i = 0; i < rows->len && shown->len < LANES_MAX; i++) {
        DumpSpent *row = g_ptr_array_index(rows, i);

        if (row->phase == DUMP_STOP_COPY) {
            g_ptr_array_add(shown, row);
        }
    }
    if (!shown->len || dump_span_ns(stop) == 0) {
        return;
    }
    g_ptr_array_sort(shown, by_start);
    begin_plot(&plot, (int)shown->len * LANE + AXIS,
               "The switchover: the guest stands still");
    for (guint i = 0; i < shown->len; i++) {
        draw_spent(&plot, g_ptr_array_index(shown, i));
    }
    end_plot(&plot);
}

/* --- tables ------------------------------------------------------------------------------- */

static void time_cell(CliHtml *html, uint64_t ns)
{
    g_autofree char *shown = ns == MIG_TIME_NONE ? NULL : cli_ms(ns);

    if (shown) {
        cli_html(html, "<td class=\"n\" data-v=\"%" PRIu64 "\">%s</td>", ns, shown);
    } else {
        cli_html(html, "<td class=\"n\" data-v=\"-1\"></td>");
    }
}

static void rate_cell(CliHtml *html, uint64_t bytes, uint64_t ns)
{
    g_autofree char *shown = cli_rate(bytes, ns);
    uint64_t rate = ns ? (uint64_t)((double)bytes * 1e9 / (double)ns) : 0;

    cli_html(html, "<td class=\"n\" data-v=\"%" PRIu64 "\">%s</td>", rate, shown);
}

static void span_cells(CliHtml *html, const DumpSpan *span)
{
    time_cell(html, span->from);
    time_cell(html, dump_span_ns(span));
    report_number(html, span->length);
    rate_cell(html, span->length, dump_span_ns(span));
}

static void table_of_phases(CliHtml *html, const DumpTiming *t)
{
    report_table(html, "Phases", "Phase|#From ms|#ms|#Bytes|#Rate");
    for (DumpPhase phase = 0; phase < DUMP_PHASES; phase++) {
        if (t->phases[phase].from != MIG_TIME_NONE) {
            cli_html(html, "<tr><th scope=\"row\">%s</th>", dump_phase_name(phase));
            span_cells(html, &t->phases[phase]);
            cli_html(html, "</tr>\n");
        }
    }
    report_table_end(html);
}

static void table_of_rounds(CliHtml *html, const DumpTiming *t)
{
    cli_html(html, "<h3>Rounds over memory</h3>\n");
    report_table(html, "Rounds over memory",
                 "Round|#From ms|#ms|#Bytes|#Rate|#Normal|#Zero|#Encoded");
    for (guint i = 0; i < t->rounds->len; i++) {
        const DumpRound *round = &g_array_index(t->rounds, DumpRound, i);
        gsize start = html->text->len;
        g_autofree char *name = round_name(round, i);

        cli_html(html, "<tr><th scope=\"row\">%s</th>", name);
        span_cells(html, &round->span);
        report_number(html, round->pages[MIG_PAGE_NORMAL]);
        report_number(html, round->pages[MIG_PAGE_ZERO]);
        report_number(html,
                      round->pages[MIG_PAGE_XBZRLE] + round->pages[MIG_PAGE_COMPRESSED]);
        cli_html(html, "</tr>\n");
        cli_html_keep(html, start);
    }
    report_table_end(html);
}

static void table_of_spent(CliHtml *html, const GPtrArray *rows)
{
    cli_html(html, "<h3>What took the time</h3>\n");
    report_table(html, "What took the time",
                 "Section|Phase|#From ms|#ms|#Bytes|#Multifd ms|#Multifd bytes");
    for (guint i = 0; i < rows->len; i++) {
        const DumpSpent *row = g_ptr_array_index(rows, i);
        gsize start = html->text->len;
        g_autofree char *name = spent_name(row);

        cli_html(html, "<tr><th scope=\"row\">%s</th>", name);
        report_text(html, dump_phase_name(row->phase));
        time_cell(html, MIN(row->span.from, row->sent.from));
        time_cell(html, row->ns);
        report_number(html, row->span.length);
        time_cell(html, row->packets ? dump_span_ns(&row->sent) : MIG_TIME_NONE);
        report_number(html, row->sent.length);
        cli_html(html, "</tr>\n");
        cli_html_keep(html, start);
    }
    report_table_end(html);
}

static void table_of_silences(CliHtml *html, const DumpTiming *t)
{
    if (!t->silences->len) {
        return;
    }
    cli_html(html, "<h3>Silences</h3>\n");
    report_table(html, "Silences", "#Channel|#From ms|#ms|#Before offset|What came then");
    for (guint i = 0; i < t->silences->len; i++) {
        const DumpSilence *one = &g_array_index(t->silences, DumpSilence, i);
        gsize start = html->text->len;
        g_autofree char *what = dump_silence_what(one);

        cli_html(html, "<tr>");
        report_number(html, one->known ? one->channel : one->silence->channel);
        time_cell(html, one->silence->from);
        time_cell(html, one->silence->length);
        cli_html(html,
                 "<td class=\"n\" data-v=\"%" PRIu64 "\"><code>0x%" PRIx64 "</code></td>",
                 one->silence->offset, one->silence->offset);
        report_text(html, what);
        cli_html(html, "</tr>\n");
        cli_html_keep(html, start);
    }
    report_table_end(html);
}

/* Of what was drawn since the page had @start bytes. */
static void legend(CliHtml *html, gsize start)
{
    static const struct {
        const char *class, *name;
    } kinds[] = {
        { "precopy", "pre-copy" },          { "stop_copy", "the guest stands still" },
        { "postcopy", "postcopy" },         { "after", "after the end mark" },
        { "round", "a round over memory" }, { "channel", "a channel" },
        { "silent", "nothing came" },       { "vfio", "a VFIO device" },
        { "device", "another device" },     { "ram", "what was left of RAM" },
        { "mixed", "on multifd channels" },
    };
    g_autofree char *drawn = g_strdup(html->text->str + start);

    cli_html(html, "<ul class=\"legend\">");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *class = g_strdup_printf("<rect class=\"%s\"", kinds[i].class);

        if (strstr(drawn, class)) {
            cli_html(html,
                     "<li><svg width=\"14\" height=\"14\" aria-hidden=\"true\"><rect "
                     "class=\"%s\" width=\"14\" height=\"14\"/></svg> %s</li>",
                     kinds[i].class, kinds[i].name);
        }
    }
    cli_html(html, "</ul>\n");
}

void report_timeline(CliHtml *html, const Report *report)
{
    const DumpTiming *t = report->timing;
    g_autofree char *command = report_command(report, "dump --timeline --all");
    g_autoptr(GPtrArray) rows = NULL;
    gsize start = html->text->len;
    uint64_t others;
    guint cut;

    if (report->timing_error) {
        cli_html(html, "<p>The time line cannot be read to its end: %s</p>\n",
                 report->timing_error->message);
    }
    if (!t || t->phases[DUMP_PRECOPY].from == MIG_TIME_NONE) {
        return;
    }
    rows = dump_timing_spent(t, &cut, &others);
    cli_html_allow(html, REPORT_TIMES_MAX);
    draw_all(html, t);
    draw_switchover(html, t, rows);
    legend(html, start);
    report_left_out(html, html->left, "pieces of this picture are", command);
    cli_html_allow(html, REPORT_TIMES_MAX);
    table_of_phases(html, t);
    table_of_spent(html, rows);
    table_of_silences(html, t);
    table_of_rounds(html, t);
    report_left_out(html, html->left + cut, "rows of these tables are", command);
    for (guint i = 0; i < t->notes->len; i++) {
        cli_html(html, "<p>Note: %s.</p>\n",
                 (const char *)g_ptr_array_index(t->notes, i));
    }
}
