/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where the time of a recorded migration went: the pass of migstat dump
 *                --timeline over its channels.
 * Must not know: how that looks.
 * See also:      dump-timeline.h; live/timeline.h, when bytes came; migstat-capture(5).
 *
 * A source sends in order on each channel, and the main one says what it does: so the time from
 * one thing's last byte to the next thing's last byte is what the next one took.  Bytes of other
 * channels belong to the phase in which they came, by the clock.
 *
 * A round is one pass of the source over the memory that was written to.  With MULTIFD_FLUSH it
 * says where one ends (ram_save, find_dirty_block(): 8.1 and later); else one begins
 * where a channel has a page that lies before the page before.
 */
#include "dump-timeline.h"

#include <string.h>

#include "format.h"
#include "progress.h"

/* What is known of a channel while its items go by. */
typedef struct Lane {
    uint32_t number; /* of its file; DUMP_NO_CHANNEL: it has none */
    uint64_t last;   /* when the item before was there */
    guint round;     /* that its pages belong to */
    bool has_page;
    uint32_t block; /* of the last page */
    uint64_t address;
    uint64_t untimed; /* bytes after those that the time line knows */
} Lane;

typedef struct Pass {
    DumpTiming *timing;
    GArray *lanes; /* Lane, by the channel */
    GArray *rows;  /* guint, by section and phase: the row of timing->spent, and one */
    DumpRound left[DUMP_PHASES]; /* what came in other phases than the pre-copy */
    DumpPhase phase;             /* of the main channel */
    bool flushes;                /* it has MULTIFD_FLUSH */
    guint round;                 /* the newest */
    bool in_section;             /* of the main channel, */
    guint spent;                 /* which is that row */
    bool ends_package;           /* RUN has gone by in a package */
    uint64_t stop_from;          /* when the first thing after the pre-copy was there */
    uint64_t run_from;           /* when RUN was there */
} Pass;

static Lane *lane_of(Pass *pass, uint32_t channel)
{
    while (pass->lanes->len <= channel) {
        Lane lane = { .number = dump_channel_number(
                          dump_timing_input(pass->timing, pass->lanes->len)) };

        g_array_append_val(pass->lanes, lane);
    }
    return &g_array_index(pass->lanes, Lane, channel);
}

/* When all of @item was there; what the time line does not know came when the last did of
 * which it does. */
static uint64_t when(const Pass *pass, Lane *lane, const MigItem *item)
{
    uint64_t time = lane->number == DUMP_NO_CHANNEL
                        ? MIG_TIME_NONE
                        : mig_timeline_when(pass->timing->timeline, lane->number,
                                            item->offset + item->length);

    if (time == MIG_TIME_NONE) {
        lane->untimed += item->length;
        return lane->last;
    }
    lane->last = time;
    return time;
}

static void span_add(DumpSpan *span, uint64_t from, uint64_t to, uint64_t length)
{
    if (span->from == MIG_TIME_NONE) {
        span->from = from;
        span->to = to;
    }
    span->to = MAX(span->to, to);
    span->length += length;
}

/* --- phases ------------------------------------------------------------------------------- */

/* Whether @item of the main channel is what a source sends first once its guest is stopped. */
static bool is_switchover(const MigItem *item)
{
    if (item->kind == MIG_ITEM_COMMAND) {
        return item->command.id == MIG_CMD_SWITCHOVER_START ||
               item->command.id == MIG_CMD_PACKAGED ||
               item->command.id == MIG_CMD_POSTCOPY_RAM_DISCARD;
    }
    return item->kind == MIG_ITEM_SECTION_HEADER && item->type == MIG_SECTION_END;
}

static void follow_phase(Pass *pass, const MigItem *item, uint64_t before, uint64_t time)
{
    DumpTiming *timing = pass->timing;

    if (pass->phase == DUMP_PRECOPY && is_switchover(item)) {
        pass->phase = DUMP_STOP_COPY;
        pass->stop_from = time;
        timing->phases[DUMP_PRECOPY].to = before;
        timing->phases[DUMP_STOP_COPY].from = timing->phases[DUMP_STOP_COPY].to = before;
    } else if (pass->phase == DUMP_STOP_COPY && item->kind == MIG_ITEM_COMMAND &&
               item->command.id == MIG_CMD_POSTCOPY_RUN) {
        pass->ends_package = true;
    } else if (pass->ends_package) {
        pass->ends_package = false;
        pass->phase = DUMP_POSTCOPY;
        pass->run_from = before;
    } else if (item->kind == MIG_ITEM_DESCRIPTION || item->kind == MIG_ITEM_PADDING ||
               item->kind == MIG_ITEM_TRAILING) {
        pass->phase = item->section ? pass->phase : DUMP_AFTER;
    }
}

/* Of an item that came at @time. */
static DumpPhase phase_of(const Pass *pass, const MigItem *item, uint64_t time)
{
    if (item->channel == 0) {
        return pass->phase;
    }
    return time >= pass->run_from    ? DUMP_POSTCOPY
           : time >= pass->stop_from ? DUMP_STOP_COPY
                                     : DUMP_PRECOPY;
}

/* --- rounds ------------------------------------------------------------------------------- */

static DumpRound *round_at(Pass *pass, DumpPhase phase, guint number)
{
    GArray *rounds = pass->timing->rounds;
    const DumpRound next = { .phase = phase, .span = { .from = MIG_TIME_NONE } };

    if (phase != DUMP_PRECOPY) {
        return &pass->left[phase];
    }
    number = MIN(number, DUMP_ROUNDS_MAX - 1);
    while (rounds->len <= number) {
        g_array_append_val(rounds, next);
    }
    return &g_array_index(rounds, DumpRound, number);
}

/* Whether the source has begun at the start of memory again. */
static bool starts_over(Lane *lane, const MigRamPages *pages)
{
    uint32_t block = pages->block ? pages->block->index : lane->block;
    bool over =
        lane->has_page &&
        (block < lane->block || (block == lane->block && pages->address < lane->address));

    lane->has_page = true;
    lane->block = block;
    lane->address = pages->address;
    return over;
}

static void follow_round(Pass *pass, Lane *lane, const MigRamPages *pages)
{
    bool over = starts_over(lane, pages);

    if (pass->flushes) {
        lane->round = pass->round;
    } else if (over) {
        lane->round = MAX(lane->round + 1, pass->round);
        pass->round = lane->round;
    }
}

static void count_ram(Pass *pass, Lane *lane, const MigItem *item, DumpPhase phase,
                      uint64_t time)
{
    DumpRound *round;

    if (item->kind == MIG_ITEM_RAM_PAGES && phase == DUMP_PRECOPY) {
        follow_round(pass, lane, &item->pages);
    }
    round = round_at(pass, phase, lane->round);
    round->span.length += item->length;
    if (item->kind == MIG_ITEM_RAM_PAGES) {
        span_add(&round->span, time, time, 0);
        round->span.from = MIN(round->span.from, time);
        round->pages[item->pages.kind] += item->pages.n_pages;
    }
}

/* A round begins when the one before has ended, or when the first of its pages was there. */
static void join_rounds(Pass *pass)
{
    GArray *rounds = pass->timing->rounds;
    uint64_t end = MIG_TIME_NONE;

    for (guint i = 0; i < rounds->len; i++) {
        DumpRound *round = &g_array_index(rounds, DumpRound, i);

        round->span.from = MIN(round->span.from, end);
        end = round->span.from == MIG_TIME_NONE ? end : round->span.to;
    }
    for (DumpPhase phase = DUMP_STOP_COPY; phase < DUMP_PHASES; phase++) {
        if (pass->left[phase].span.from != MIG_TIME_NONE) {
            pass->left[phase].span.from = pass->timing->phases[phase].from;
            g_array_append_val(rounds, pass->left[phase]);
        }
    }
}

/* Whether the source sent a page since it said that a round is over. */
static bool has_pages(const Pass *pass)
{
    const GArray *rounds = pass->timing->rounds;

    return pass->round < rounds->len &&
           g_array_index(rounds, DumpRound, pass->round).span.from != MIG_TIME_NONE;
}

static bool is_of_ram(const MigItem *item)
{
    switch (item->kind) {
    case MIG_ITEM_RAM_PAGES:
    case MIG_ITEM_MULTIFD_PACKET:
    case MIG_ITEM_MULTIFD_DATA:
        return true;
    case MIG_ITEM_PADDING:
        return item->channel > 0;
    default:
        return false;
    }
}

/* --- sections ----------------------------------------------------------------------------- */

static guint spent_row(Pass *pass, const MigSection *section, DumpPhase phase)
{
    GArray *spent = pass->timing->spent;
    const DumpSpent row = { .section = section,
                            .phase = phase,
                            .span = { .from = MIG_TIME_NONE },
                            .sent = { .from = MIG_TIME_NONE } };
    guint key = (section ? section->index + 1 : 0) * DUMP_PHASES + phase;

    if (key >= pass->rows->len) {
        g_array_set_size(pass->rows, key + 1);
    }
    if (!g_array_index(pass->rows, guint, key)) {
        g_array_append_val(spent, row);
        g_array_index(pass->rows, guint, key) = spent->len;
    }
    return g_array_index(pass->rows, guint, key) - 1;
}

static void add_to_row(Pass *pass, guint i, uint64_t before, uint64_t time,
                       uint64_t length)
{
    DumpSpent *row = &g_array_index(pass->timing->spent, DumpSpent, i);

    span_add(&row->span, before, time, length);
    row->ns += time - MIN(before, time);
}

/* What the main channel took for it since the item before. */
static void count_section(Pass *pass, const MigItem *item, uint64_t before, uint64_t time)
{
    if (item->kind == MIG_ITEM_SECTION_HEADER && item->section) {
        pass->in_section = true;
        pass->spent = spent_row(pass, item->section, pass->phase);
        g_array_index(pass->timing->spent, DumpSpent, pass->spent).pieces++;
    } else if (!item->section) {
        pass->in_section = false;
    }
    if (pass->in_section) {
        add_to_row(pass, pass->spent, before, time, item->length);
    }
}

/* The source stops its guest, and makes ready what it sends then: nothing comes. */
static void count_wait(Pass *pass, uint64_t before, uint64_t time)
{
    add_to_row(pass, spent_row(pass, NULL, pass->phase), before, time, 0);
}

/* They take no longer than the phase. */
static uint64_t packets_from(const Pass *pass, DumpPhase phase)
{
    uint64_t from = pass->timing->phases[phase].from;

    return from == MIG_TIME_NONE ? 0 : from;
}

static void count_packet(Pass *pass, const MigItem *item, DumpPhase phase,
                         uint64_t before, uint64_t time)
{
    guint i = item->section ? spent_row(pass, item->section, phase) : 0;

    if (item->section) {
        DumpSpent *row = &g_array_index(pass->timing->spent, DumpSpent, i);

        row->packets += item->piece == 0;
        span_add(&row->sent, MAX(before, packets_from(pass, phase)), time, item->length);
    }
}

/* --- silences ----------------------------------------------------------------------------- */

static void name_silences(Pass *pass, const Lane *lane, const MigItem *item)
{
    const DumpTiming *timing = pass->timing;

    for (guint i = 0; i < timing->silences->len; i++) {
        DumpSilence *one = &g_array_index(timing->silences, DumpSilence, i);

        if (one->silence->channel == lane->number &&
            one->silence->offset - item->offset < item->length) {
            one->channel = item->channel;
            one->known = true;
            one->kind = item->kind;
            one->section = item->section;
            one->type = item->type;
        }
    }
}

/* --- the pass ----------------------------------------------------------------------------- */

static void watch(Pass *pass, const MigItem *item)
{
    Lane *lane = lane_of(pass, item->channel);
    uint64_t before = lane->last, time = when(pass, lane, item);
    DumpPhase phase;
    bool stops;

    if (item->channel == 0) {
        stops = pass->phase == DUMP_PRECOPY;
        follow_phase(pass, item, before, time);
        if (stops && pass->phase == DUMP_STOP_COPY) {
            count_wait(pass, before, time);
            before = time;
        }
        count_section(pass, item, before, time);
        pass->flushes |= item->kind == MIG_ITEM_RAM_MARK &&
                         item->ram_mark.flag == MIG_RAM_MULTIFD_FLUSH;
    }
    phase = phase_of(pass, item, time);
    span_add(&pass->timing->phases[phase], before, time, item->length);
    if (is_of_ram(item)) {
        count_ram(pass, lane, item, phase, time);
    } else if (item->kind == MIG_ITEM_MULTIFD_DEVICE) {
        count_packet(pass, item, phase, before, time);
    }
    if (item->kind == MIG_ITEM_RAM_MARK && pass->phase == DUMP_PRECOPY &&
        item->ram_mark.flag == MIG_RAM_MULTIFD_FLUSH && has_pages(pass)) {
        pass->round++;
    }
    name_silences(pass, lane, item);
}

static void read_all(Dump *dump, Pass *pass)
{
    CliProgress progress;
    const MigItem *item;

    cli_progress_begin(&progress, dump->file, dump->in, dump->options->common);
    while (dump_next(dump, &item)) {
        dump->n_defects += item->defect != NULL;
        watch(pass, item);
        cli_progress_item(&progress, item);
    }
    cli_progress_end(&progress);
}

/* --- what is told beside ------------------------------------------------------------------ */

static void note_channel(const Pass *pass, uint32_t i)
{
    const Lane *lane = &g_array_index(pass->lanes, Lane, i);
    const MigInput *in = dump_timing_input(pass->timing, i);
    const MigTimelineChannel *known = dump_timing_channel(pass->timing, i);
    g_autofree char *base = g_path_get_basename(mig_input_name(in));

    if (!known) {
        g_ptr_array_add(pass->timing->notes,
                        g_strdup_printf("the time line does not speak of %s", base));
    } else if (lane->untimed) {
        g_ptr_array_add(pass->timing->notes,
                        g_strdup_printf("the time line ends before %s does: of its last "
                                        "%" G_GUINT64_FORMAT
                                        " bytes no line tells when they came",
                                        base, lane->untimed));
    } else if (mig_input_seekable(in) && known->size > mig_input_size(in)) {
        g_ptr_array_add(pass->timing->notes,
                        g_strdup_printf("the time line has %" G_GUINT64_FORMAT
                                        " bytes of %s, which has %" G_GUINT64_FORMAT,
                                        known->size, base, mig_input_size(in)));
    }
}

static void make_notes(const Pass *pass)
{
    uint64_t resolution = mig_timeline_resolution(pass->timing->timeline);

    for (uint32_t i = 0; i < pass->lanes->len; i++) {
        note_channel(pass, i);
    }
    if (resolution > G_GUINT64_CONSTANT(1000000)) {
        g_ptr_array_add(pass->timing->notes,
                        g_strdup_printf("the time line is long: times are exact to "
                                        "%" G_GUINT64_FORMAT " ms",
                                        resolution / 1000000));
    }
    if (pass->timing->rounds->len >= DUMP_ROUNDS_MAX) {
        g_ptr_array_add(pass->timing->notes,
                        g_strdup_printf("there are more than %u rounds, and the last has "
                                        "all of the others",
                                        DUMP_ROUNDS_MAX));
    }
}

/* --- the file of the time line ------------------------------------------------------------ */

char *dump_timeline_path(const char *folder)
{
    return g_build_filename(folder, "timeline.jsonl", NULL);
}

/* Who gives channels one by one has no folder. */
static bool has_folder(const Dump *dump, GError **error)
{
    const CliCommon *common = dump->options->common;
    bool has = cli_input_is_capture(common, dump->file) &&
               !(common->channels && common->channels->len);

    if (!has) {
        mig_error_set_plain(
            error, MIG_ERROR_USAGE,
            "--timeline is about a folder that migstat receive -o DIR/ or migstat relay "
            "--record=DIR has written, and this is none");
    }
    return has;
}

/* What can be read of it; what is wrong with it is an error of @dump when the channels were read. */
static void read_timeline(const Dump *dump, MigTimeline *timeline, GError **error)
{
    g_autofree char *path = dump_timeline_path(dump->file);
    g_autoptr(MigInput) in = NULL;

    if (!has_folder(dump, error)) {
        return;
    }
    in = cli_open(path, dump->options->common, error);
    if (in) {
        mig_timeline_read(timeline, in, error);
    }
    if (*error) {
        g_prefix_error(error, "timeline.jsonl: ");
    }
}

static void list_silences(DumpTiming *timing)
{
    DumpSilence one = { 0 };

    for (unsigned i = 0; (one.silence = mig_timeline_silence(timing->timeline, i)); i++) {
        g_array_append_val(timing->silences, one);
    }
}

static bool has_lines(const MigTimeline *timeline)
{
    for (unsigned i = 0; i < MIG_TIMELINE_CHANNELS_MAX; i++) {
        if (mig_timeline_channel(timeline, i)) {
            return true;
        }
    }
    return false;
}

static void fill_in(Dump *dump, DumpTiming *timing)
{
    g_autoptr(GArray) lanes = g_array_new(FALSE, TRUE, sizeof(Lane));
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(guint));
    Pass pass = { .timing = timing,
                  .lanes = lanes,
                  .rows = rows,
                  .stop_from = MIG_TIME_NONE,
                  .run_from = MIG_TIME_NONE };

    for (DumpPhase phase = 0; phase < DUMP_PHASES; phase++) {
        pass.left[phase].phase = phase;
        pass.left[phase].span.from = MIG_TIME_NONE;
    }
    list_silences(timing);
    read_all(dump, &pass);
    make_notes(&pass);
    join_rounds(&pass);
}

DumpTiming *dump_timing_new(Dump *dump, GError **error)
{
    DumpTiming *timing = g_new0(DumpTiming, 1);
    MigTimeline *timeline = mig_timeline_new();

    *timing = (DumpTiming){ .dump = dump,
                            .timeline = timeline,
                            .rounds = g_array_new(FALSE, TRUE, sizeof(DumpRound)),
                            .spent = g_array_new(FALSE, TRUE, sizeof(DumpSpent)),
                            .silences = g_array_new(FALSE, TRUE, sizeof(DumpSilence)),
                            .notes = g_ptr_array_new_with_free_func(g_free) };
    for (DumpPhase phase = 0; phase < DUMP_PHASES; phase++) {
        timing->phases[phase].from = MIG_TIME_NONE;
    }
    if (dump->opened) {
        read_timeline(dump, timeline, error);
        if (has_lines(timeline)) {
            fill_in(dump, timing);
        }
    }
    return timing;
}

void dump_timing_free(DumpTiming *timing)
{
    if (timing) {
        mig_timeline_free(timing->timeline);
        g_array_unref(timing->rounds);
        g_array_unref(timing->spent);
        g_array_unref(timing->silences);
        g_ptr_array_unref(timing->notes);
        g_free(timing);
    }
}

void dump_timeline(Dump *dump)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DumpTiming) timing = dump_timing_new(dump, &error);

    if (error && !dump->error) {
        dump->error = g_steal_pointer(&error);
    } else if (error) {
        cli_print_error(dump->file, error);
    }
    dump->options->common->format->dump_timeline(timing);
}
