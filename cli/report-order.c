/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the picture of the order in which VFIO devices and interrupt controllers are
 *                restored, in migstat report.
 * Must not know: which orders are wrong: the findings say.
 * See also:      report.h; migstat-subflag(5).
 */
#include "report.h"
#include "text.h"

/* What is drawn; the rest is counted. */
#define EVENTS_MAX 120u
#define LANES_MAX  24u

#define COLUMN  30 /* pixels of an event */
#define LANE    30 /* and of a device */
#define MARGIN  8
#define CONTROL "interrupt controllers"

typedef struct Event {
    uint64_t offset;
    guint lane;       /* 0: interrupt controllers; or 1 + a device */
    char letter;      /* in the picture */
    const char *what; /* in words */
    const char *type; /* of the section; NULL: of the controllers */
    const MigSection *section;
    uint64_t count; /* alike, in a row */
} Event;

static gint by_offset(gconstpointer a, gconstpointer b)
{
    const Event *x = a, *y = b;

    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* False for records that restore nothing. */
static bool tell_record(const MigVfioRecordSummary *record, Event *event)
{
    uint64_t flag = MIG_VFIO_FLAG_PREFIX | record->flag;

    event->offset = record->offset;
    event->type = mig_section_type_name(record->type);
    if (flag == MIG_VFIO_DEV_DATA_STATE && record->payload_length) {
        event->letter = 'D';
        event->what = record->type == MIG_SECTION_PART ? "device data, pre-copy"
                                                       : "device data, stop-and-copy";
    } else if (flag == MIG_VFIO_DEV_CONFIG_STATE && record->payload_length) {
        event->letter = 'C';
        event->what = "configuration space";
    } else if (flag == MIG_VFIO_DEV_CONFIG_STATE && record->has_subflags &&
               record->subflags & MIG_VFIO_SUBFLAG_ENABLE_IRQ) {
        event->letter = 'E';
        event->what = "interrupts are enabled";
    } else {
        return false;
    }
    return true;
}

/* All pre-copy data of a device is one event: it comes in as many pieces as there were
 * iterations. */
static void add(GArray *events, const Event *event, guint from)
{
    for (guint i = from; i < events->len; i++) {
        Event *last = &g_array_index(events, Event, i);

        if (last->letter == 'D' && last->what == event->what) {
            last->count++;
            return;
        }
    }
    g_array_append_val(events, *event);
}

/* Records on other channels have no place in the order of this one; how many there are. */
static uint64_t add_devices(const MigSummary *summary, GArray *events)
{
    const MigVfioSummary *vfio;
    uint64_t elsewhere = 0;

    for (guint i = 0; i < LANES_MAX && (vfio = mig_summary_vfio(summary, i)); i++) {
        guint from = events->len;

        for (uint32_t next = vfio->first_record; next;) {
            const MigVfioRecordSummary *record =
                mig_summary_vfio_record(summary, next - 1);
            Event event = { .lane = 1 + i, .section = vfio->device.section, .count = 1 };

            next = record->next;
            if (record->channel) {
                elsewhere++;
            } else if (tell_record(record, &event)) {
                add(events, &event, from);
            }
        }
    }
    return elsewhere;
}

static void add_controllers(const Report *report, GArray *events)
{
    const MigSectionSummary *section;
    size_t n;
    const MigSection *const *all = mig_reader_sections(report->dump.reader, &n);

    for (size_t i = 0; (section = mig_summary_section(report->dump.summary, i)); i++) {
        const MigSection *owner = all[section->section];
        Event event = { .offset = section->offset,
                        .letter = 'I',
                        .what = "interrupt controller is restored",
                        .section = owner,
                        .count = 1 };

        if (section->type == MIG_SECTION_FULL &&
            mig_section_irq_controller(owner) != MIG_IRQ_CONTROLLER_NONE) {
            g_array_append_val(events, event);
        }
    }
}

/* The class of what a finding is about, or "". */
static const char *severity_at(const Report *report, const Event *event)
{
    size_t n;
    const MigFinding *findings = mig_check_findings(report->check.check, &n);
    MigSeverity worst = MIG_SEVERITY_IGNORE;

    for (size_t i = 0; i < n; i++) {
        if (!findings[i].channel && findings[i].offset == event->offset &&
            findings[i].section && report_shows(report, &findings[i])) {
            worst = MAX(worst, findings[i].severity);
        }
    }
    return worst > MIG_SEVERITY_IGNORE ? mig_severity_name(worst) : "";
}

static char *words_of(const Event *event)
{
    g_autofree char *name = dump_section_name(event->section);
    g_autofree char *times = event->count > 1
                                 ? g_strdup_printf(", %" PRIu64 " records", event->count)
                                 : g_strdup("");

    return g_strdup_printf("%s: %s%s%s%s", name, event->what, times,
                           event->type ? ", in " : "", event->type ? event->type : "");
}

static void lane(CliHtml *html, guint i, const char *name, int width)
{
    int y = MARGIN + (int)i * LANE + LANE / 2;

    cli_html(html,
             "<line class=\"lane\" x1=\"220\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/><text "
             "x=\"210\" y=\"%d\" text-anchor=\"end\">%s</text>\n",
             width, y, y, y + 4, name);
}

static void lanes(CliHtml *html, const Report *report, int width)
{
    const MigVfioSummary *vfio;

    lane(html, 0, CONTROL, width);
    for (guint i = 0; i < LANES_MAX && (vfio = mig_summary_vfio(report->dump.summary, i));
         i++) {
        g_autofree char *name = dump_section_name(vfio->device.section);

        if (strlen(name) > 30) {
            name[30] = '\0';
        }
        lane(html, 1 + i, name, width);
    }
}

static void mark(CliHtml *html, const Report *report, const Event *event, guint column)
{
    int x = 230 + (int)column * COLUMN, y = MARGIN + (int)event->lane * LANE;
    g_autofree char *words = words_of(event);

    cli_html(html,
             "<g class=\"event %c %s\"><title>%s at 0x%" PRIx64
             "</title><rect x=\"%d\" y=\"%d\" width=\"22\" height=\"22\" "
             "rx=\"3\"/><text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%c</text></g>\n",
             g_ascii_tolower(event->letter), severity_at(report, event), words,
             event->offset, x, y + 4, x + 11, y + 20, event->letter);
}

static void picture(CliHtml *html, const Report *report, const GArray *events,
                    guint n_lanes)
{
    guint n = MIN(events->len, EVENTS_MAX);
    int width = 240 + (int)n * COLUMN, height = 2 * MARGIN + (int)n_lanes * LANE;

    cli_html(
        html,
        "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"Order, as a "
        "picture\"><svg class=\"order\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
        "%d\" role=\"img\" aria-label=\"The order, from left to right; the list "
        "after it has the same as text\">\n",
        width, height, width, height);
    lanes(html, report, width);
    for (guint i = 0; i < n; i++) {
        mark(html, report, &g_array_index(events, Event, i), i);
    }
    cli_html(html,
             "</svg></div>\n<p>From left to right, not to scale: "
             "<b>D</b> device data, <b>C</b> configuration space, <b>E</b> interrupts "
             "are enabled, <b>I</b> an interrupt controller is restored. A frame "
             "marks what a finding is about.</p>\n");
}

static void list(CliHtml *html, const Report *report, const GArray *events)
{
    cli_html(html, "<details><summary>The same as a list</summary><ol>\n");
    for (guint i = 0; i < events->len; i++) {
        const Event *event = &g_array_index(events, Event, i);
        gsize start = html->text->len;
        g_autofree char *words = words_of(event);

        cli_html(html, "<li>");
        report_place(html, report, 0, event->offset, false);
        cli_html(html, " %s</li>\n", words);
        cli_html_keep(html, start);
    }
    cli_html(html, "</ol></details>\n");
}

void report_order(CliHtml *html, const Report *report)
{
    g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(Event));
    g_autofree char *command = report_command(report, "dump --vfio");
    uint64_t elsewhere = add_devices(report->dump.summary, events);
    guint n_lanes = 1;

    if (!events->len && !elsewhere) {
        return;
    }
    while (n_lanes <= LANES_MAX && mig_summary_vfio(report->dump.summary, n_lanes - 1)) {
        n_lanes++;
    }
    add_controllers(report, events);
    g_array_sort(events, by_offset);
    cli_html_allow(html, REPORT_ORDER_MAX);
    picture(html, report, events, n_lanes);
    list(html, report, events);
    report_left_out(
        html, html->left + (events->len > EVENTS_MAX ? events->len - EVENTS_MAX : 0),
        "events of this picture or list are", command);
    if (elsewhere) {
        g_autofree char *number = cli_number(elsewhere);

        cli_html(html,
                 "<p>%s records came on other channels, which have no place in this "
                 "order.</p>\n",
                 number);
    }
    if (mig_summary_vfio(report->dump.summary, LANES_MAX)) {
        cli_html(html,
                 "<p class=\"left\">Only the first %u devices are shown: "
                 "<code>%s</code></p>\n",
                 LANES_MAX, command);
    }
}
