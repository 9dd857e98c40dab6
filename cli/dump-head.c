/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump at a glance, as text: whether the stream is complete, whose
 *                it is, how it was made, where its bytes are.
 * Must not know: the tables that follow.
 * See also:      device/overview.h, which knows all of it; dump-text.c; dump-json.c.
 */
#include <inttypes.h>
#include <string.h>

#include "dump.h"
#include "hint.h"
#include "text.h"

#define NS UINT64_C(1000000000) /* in a second */

#define BAR_MIN     8
#define BAR_MAX     60
#define BAR_COLUMNS 100 /* of a line without limit */

static const struct {
    const char *name;
    const char *cell;
    CliStyle style;
} shares[MIG_SHARE_COUNT] = {
    [MIG_SHARE_RAM] = { "RAM", "█", CLI_BLUE },
    [MIG_SHARE_VFIO] = { "VFIO", "▒", CLI_MAGENTA },
    [MIG_SHARE_DEVICES] = { "devices", "▓", CLI_GREEN },
    [MIG_SHARE_DESCRIPTION] = { "description", "░", CLI_CYAN },
    [MIG_SHARE_OTHER] = { "other", "·", CLI_DIM },
    [MIG_SHARE_DISK] = { "disk", "▞", CLI_YELLOW },
};

/* "version 2", "domain XML 4,711 bytes", "guest was running" */
static void append_property(GString *line, const MigProperty *property)
{
    g_autofree char *number = cli_number(property->value);

    g_string_append_printf(line, "%s %s", property->begins ? ";" : ",", property->words);
    if (property->kind != MIG_PROPERTY_FLAG) {
        g_string_append_printf(line, " %s%s", number,
                               property->kind == MIG_PROPERTY_LENGTH ? " bytes" : "");
    }
}

/* "  snapshot 1 "before": 2026-11-27 11:50:01 UTC; 404,769 bytes; VM clock 12.345 s; read here" */
static void print_snapshot(const MigSnapshot *snapshot)
{
    g_autofree char *id = cli_escape(snapshot->id, strlen(snapshot->id));
    g_autofree char *name = cli_escape(snapshot->name, strlen(snapshot->name));
    g_autoptr(GDateTime) taken = g_date_time_new_from_unix_utc(snapshot->seconds);
    g_autofree char *date = g_date_time_format(taken, "%Y-%m-%d %H:%M:%S UTC");
    g_autofree char *size = cli_number(snapshot->state_size);
    g_autoptr(GString) line = g_string_new(NULL);

    g_string_printf(line, "  snapshot %s \"%s\": %s; ", id, name, date);
    if (snapshot->state_size) {
        g_string_append_printf(line, "%s bytes; VM clock %" PRIu64 ".%03u s", size,
                               snapshot->vm_clock / NS,
                               (unsigned)(snapshot->vm_clock % NS / (NS / 1000)));
    } else {
        g_string_append(line, "a disk alone");
    }
    if (snapshot->has_icount) {
        g_string_append_printf(line, ", icount %" PRIu64, snapshot->icount);
    }
    if (snapshot->is_read) {
        g_string_append(line, "; read here");
    }
    cli_print_row(stdout, 4, line->str);
}

static void print_snapshots(const MigContainer *container)
{
    const MigSnapshot *snapshot;

    for (size_t i = 0; (snapshot = mig_container_snapshot(container, i)); i++) {
        print_snapshot(snapshot);
    }
}

/* A line for each wrapper whose header states something. */
static void print_wrappers(const Dump *dump)
{
    const MigContainer *container;
    const MigProperty *property;

    for (size_t i = 0; (container = mig_input_container(dump->in, i)); i++) {
        g_autoptr(GString) line = g_string_new(mig_container_name(container));

        for (size_t j = 0; (property = mig_container_property(container, j)); j++) {
            if (property->words) {
                append_property(line, property);
            }
        }
        if (mig_container_property(container, 0)) {
            cli_print_row(stdout, 2, line->str);
        }
        print_snapshots(container);
    }
}

/* The first that has the state of a guest, and so can be shown. */
static const MigSnapshot *first_state(const MigContainer *image)
{
    const MigSnapshot *snapshot;
    size_t i = 0;

    while ((snapshot = mig_container_snapshot(image, i)) && !snapshot->state_size) {
        i++;
    }
    return snapshot;
}

void dump_text_snapshots(const Dump *dump, bool color)
{
    g_autofree char *name = cli_file_name(dump->file);
    g_autofree char *file = cli_shell_name(dump->file);
    g_autofree char *id = cli_shell_name(first_state(dump_image(dump->in))->id);
    g_autofree char *reading = cli_hint_reading(dump->options->common); /* no snapshot */

    printf("%s%s%s   a qcow2 image with several snapshots, of which one can be read\n",
           cli_style(color, CLI_BOLD), name, cli_style(color, CLI_PLAIN));
    print_wrappers(dump);
    printf("  --snapshot=ID reads one: migstat dump --snapshot=%s%s %s\n", id, reading,
           file);
}

static size_t count_attached(const MigInput *in)
{
    size_t n = 0;

    while (mig_input_attached(in, n)) {
        n++;
    }
    return n;
}

static void print_file(const Dump *dump, bool color)
{
    g_autofree char *file = cli_file_name(dump->file);
    g_autofree char *size = dump->size == UINT64_MAX ? g_strdup("an unknown number of")
                                                     : cli_number(dump->size);
    g_autofree char *container = dump_container(dump->in);
    g_autoptr(GString) line = g_string_new(NULL);
    uint64_t file_size;

    g_string_printf(line, "%s%s%s   %s%s%s; %s bytes, %s", cli_style(color, CLI_BOLD),
                    file, cli_style(color, CLI_PLAIN),
                    cli_style(color, dump_is_sound(dump) ? CLI_GREEN : CLI_RED),
                    dump->error           ? "INCOMPLETE"
                    : dump_is_sound(dump) ? "complete"
                                          : "complete, with defects",
                    cli_style(color, CLI_PLAIN), size, container);
    if (mig_input_attached(dump->in, 0)) {
        g_string_append_printf(line, ", %zu channels", 1 + count_attached(dump->in));
    } else if (mig_input_file_size(dump->in, &file_size) &&
               strcmp(container, "plain") != 0) {
        g_autofree char *outer = cli_number(file_size);

        g_string_append_printf(line, " (a file of %s)", outer);
    }
    cli_print_row(stdout, 2, line->str);
}

/* "99.8%": never more than there is, so that 100% are all. */
static char *percent(uint64_t part, uint64_t whole)
{
    unsigned tenths = (unsigned)((double)part * 1000 / (double)whole);

    if (part == whole) {
        return g_strdup("100%");
    }
    tenths = MIN(tenths, 999);
    return tenths == 0 && part ? g_strdup("under 0.1%")
                               : g_strdup_printf("%u.%u%%", tenths / 10, tenths % 10);
}

static void append_ram(GString *line, const MigOverview *o)
{
    g_autofree char *size = cli_size(o->ram_length);

    if (o->ram_length == 0) {
        g_string_append(line, ", no RAM");
        return;
    }
    g_string_append_printf(line, ", %s of RAM", size);
    if (o->sent_pages) {
        g_autofree char *zero = percent(o->zero_pages, o->sent_pages);

        g_string_append_printf(line, " (%s of %s pages zero)", zero,
                               o->absent_pages ? "the" : "its");
    }
}

/* "QEMU machine virt-5.2, 2 vCPUs, 16 MiB of RAM (97.1% of its pages zero), pages of 4 KiB;
 * the guest was running" */
static void print_guest(const Dump *dump)
{
    const MigConfiguration *conf = mig_reader_configuration(dump->reader);
    const MigOverview *o = dump->overview;
    g_autofree char *page = cli_size(dump_page_size(dump));
    g_autoptr(GString) line = g_string_new("machine type not recorded");

    if (conf) {
        g_autofree char *machine = cli_escape(conf->machine, conf->machine_length);

        g_string_printf(line, "QEMU machine %s", machine);
    }
    if (o->n_cpus) {
        g_string_append_printf(line, ", %u vCPU%s", o->n_cpus, o->n_cpus == 1 ? "" : "s");
    }
    append_ram(line, o);
    if (dump_page_size(dump)) {
        g_string_append_printf(line, ", pages of %s", page);
    } else {
        g_string_append(line, ", page size not known");
    }
    if (o->run_state) {
        g_autofree char *state = cli_escape(o->run_state, strlen(o->run_state));

        g_string_append_printf(line, "; the guest's state was \"%s\"", state);
    }
    cli_print_row(stdout, 2, line->str);
}

static const char *transfer_text(const Dump *dump)
{
    const MigOverview *o = dump->overview;

    switch (o->transfer) {
    case MIG_TRANSFER_DEVICES:
        return "Device state without RAM";
    case MIG_TRANSFER_PRECOPY:
        return o->resent ? "Live precopy: pages came again while the guest ran"
                         : "Precopy: a migration, a save or a snapshot";
    case MIG_TRANSFER_POSTCOPY:
        return "Postcopy: the destination ran before all of RAM was there";
    case MIG_TRANSFER_BACKGROUND:
        return "Background snapshot: the guest ran, and RAM is as of the start";
    case MIG_TRANSFER_MAPPED_RAM:
        return "Mapped-ram file: each page has its place";
    default:
        return dump->error ? "It ends before it shows how it was made"
                           : "How it was made does not show";
    }
}

static void append_absent(GString *line, const Dump *dump)
{
    const MigOverview *o = dump->overview;
    g_autofree char *pages = cli_number(o->absent_pages);

    if (o->absent_pages == 0) {
        return;
    }
    if (dump->error) {
        g_autofree char *there = percent(o->all_pages - o->absent_pages, o->all_pages);

        g_string_append_printf(line, "; at most %s of the pages of RAM are there", there);
        return;
    }
    g_string_append_printf(
        line, "; at least %s page%s of RAM %s not in it%s", pages,
        o->absent_pages == 1 ? "" : "s", o->absent_pages == 1 ? "is" : "are",
        o->ignores_shared ? ", shared memory was left out"
                          : ": other channels (multifd) may have them");
}

static void append_capabilities(GString *line, const MigConfiguration *conf)
{
    for (const char *const *name = conf ? conf->capabilities : NULL; name && *name;
         name++) {
        g_autofree char *shown = cli_escape(*name, strlen(*name));

        g_string_append_printf(
            line, "%s%s", name == conf->capabilities ? "; capabilities " : ", ", shown);
    }
}

static void print_transfer(const Dump *dump)
{
    g_autoptr(GString) line = g_string_new(transfer_text(dump));

    append_absent(line, dump);
    append_capabilities(line, mig_reader_configuration(dump->reader));
    cli_print_row(stdout, 2, line->str);
}

/* The cells of each share. A share with bytes has at least one, taken from the widest. */
static void fill_bar(const uint64_t *share, uint64_t total, int cells, int *widths)
{
    int used = 0, widest = 0;

    for (int i = 0; i < MIG_SHARE_COUNT; i++) {
        widths[i] = (int)((double)share[i] / (double)total * cells + 0.5);
        widths[i] = share[i] ? MAX(widths[i], 1) : 0;
        used += widths[i];
        widest = widths[i] > widths[widest] ? i : widest;
    }
    widths[widest] += cells - used;
}

/* "█ RAM 71.7%", of which none is broken. */
static void print_legend(bool color, const uint64_t *share, uint64_t total, int limit)
{
    int column = 3;

    printf("%*s", column, "");
    for (int i = 0; i < MIG_SHARE_COUNT; i++) {
        const char *cell = cli_draw(shares[i].cell);
        double percent = (double)share[i] * 100 / (double)total;
        g_autofree char *text = g_strdup_printf(
            "%s %.*f%%", shares[i].name, percent < 0.1 ? 3 : 1, MAX(percent, 0.001));
        int width = (int)(cli_width(cell) + 1 + cli_width(text));

        if (!share[i]) {
            continue;
        }
        if (limit && column > 3 && column + 2 + width > limit) {
            column = 3;
            printf("\n%*s", column, "");
        }
        printf("  %s%s%s %s", cli_style(color, shares[i].style), cell,
               cli_style(color, CLI_PLAIN), text);
        column += 2 + width;
    }
    putchar('\n');
}

static void print_bar(const Dump *dump, bool color)
{
    uint64_t share[MIG_SHARE_COUNT];
    int widths[MIG_SHARE_COUNT], limit = cli_columns(stdout, 0);
    int columns = limit ? limit : BAR_COLUMNS;
    uint64_t total = 0;
    g_autofree char *end = NULL;

    for (int i = 0; i < MIG_SHARE_COUNT; i++) {
        share[i] = mig_summary_share(dump->summary, (MigShare)i);
        total += share[i];
    }
    if (total == 0) {
        return;
    }
    end = cli_number(total);
    fill_bar(share, total, CLAMP(columns - 12 - (int)strlen(end), BAR_MIN, BAR_MAX),
             widths);
    printf("\n  0 %s", cli_draw("┃"));
    for (int i = 0; i < MIG_SHARE_COUNT; i++) {
        printf("%s", cli_style(color, shares[i].style));
        for (int cell = 0; cell < widths[i]; cell++) {
            printf("%s", cli_draw(shares[i].cell));
        }
        printf("%s", cli_style(color, CLI_PLAIN));
    }
    printf("%s %s\n", cli_draw("┃"), end);
    print_legend(color, share, total, limit);
}

/* "largest: ram 356,740, 0000:00:01.0/vfio 109,904, arm_gicv3 10,723" */
static void print_largest(const Dump *dump)
{
    const MigSectionSum *sums[DUMP_LARGEST];
    size_t n = dump_largest(dump, sums);
    g_autoptr(GString) line = g_string_new("     largest: ");

    for (size_t i = 0; i < n; i++) {
        g_autofree char *name = dump_section_name(sums[i]->section);
        g_autofree char *length = cli_number(sums[i]->length);

        g_string_append_printf(line, "%s%s %s", i ? ", " : "", name, length);
    }
    if (n > 1) {
        cli_print_row(stdout, 7, line->str);
    }
}

void dump_text_head(const Dump *dump, bool color)
{
    print_file(dump, color);
    print_wrappers(dump);
    print_guest(dump);
    print_transfer(dump);
    dump_verdict_text(dump);
    print_bar(dump, color);
    print_largest(dump);
}
