/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the picture of a stream to scale in migstat report.
 * Must not know: what the sections hold.
 * See also:      report.h; report.js, which draws it again for a part of the stream.
 *
 * The bytes of the main channel, one rectangle a section.  There are two bars: the whole, and
 * from the first device on, since RAM is so long that all else would be a line.
 */
#include "report.h"
#include "text.h"

#define WIDTH 1000.0 /* of the picture */

/* Rectangles; of more, iterations in a row are one. */
#define PIECES_MAX 1200u

typedef struct Piece {
    uint64_t offset, length;
    const char
        *kind; /* the class: "ram", "vfio", "device", "description", "other", "mixed" */
    gssize section; /* of the summary; -1: none */
    uint64_t count; /* sections that it stands for */
} Piece;

static const struct {
    const char *kind, *name;
} kinds[] = {
    { "ram", "RAM" },
    { "vfio", "VFIO" },
    { "device", "devices" },
    { "description", "description" },
    { "other", "other" },
    { "mixed", "iterations of several, too many to be drawn one by one" },
};

static void add(GArray *pieces, uint64_t offset, uint64_t length, const char *kind,
                gssize section)
{
    Piece piece = { offset, length, kind, section, 1 };

    if (length) {
        g_array_append_val(pieces, piece);
    }
}

static const char *kind_of(const MigSection *section)
{
    return mig_section_is_ram(section)    ? "ram"
           : mig_section_is_vfio(section) ? "vfio"
                                          : "device";
}

/* One more iteration of what the last piece is of. */
static bool join(GArray *pieces, const MigSectionSummary *section, const char *kind)
{
    Piece *last = pieces->len ? &g_array_index(pieces, Piece, pieces->len - 1) : NULL;

    if (!last || section->type != MIG_SECTION_PART || last->section >= 0 ||
        g_str_equal(last->kind, "other")) {
        return false;
    }
    last->kind = g_str_equal(last->kind, kind) ? kind : "mixed";
    last->length = section->offset + section->length - last->offset;
    last->count++;
    return true;
}

static GArray *pieces_of(const Report *report)
{
    const Dump *dump = &report->dump;
    const MigSummary *summary = dump->summary;
    const MigDescription *description = mig_reader_description(dump->reader);
    const MigSectionSummary *section;
    GArray *pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    bool joins = mig_summary_totals(summary)->n_sections > PIECES_MAX;
    uint64_t at = 0;
    size_t n;
    const MigSection *const *all = mig_reader_sections(dump->reader, &n);

    for (size_t i = 0; (section = mig_summary_section(summary, i)); i++) {
        const char *kind = kind_of(all[section->section]);

        if (section->offset > at) {
            add(pieces, at, section->offset - at, "other", -1);
        }
        at = section->offset + section->length;
        if (joins && join(pieces, section, kind)) {
            continue;
        }
        add(pieces, section->offset, section->length, kind,
            joins && section->type == MIG_SECTION_PART ? -1 : (gssize)i);
    }
    if (description && description->json_offset >= at) {
        add(pieces, at, description->json_offset + description->json_length - at,
            "description", -1);
        at = description->json_offset + description->json_length;
    }
    if (dump->size != UINT64_MAX && !mig_input_attached(dump->in, 0) && dump->size > at) {
        add(pieces, at, dump->size - at, "other", -1);
    }
    return pieces;
}

/* --- drawing ------------------------------------------------------------------------------ */

static char *label_of(const Report *report, const Piece *piece)
{
    const MigSectionSummary *section =
        piece->section < 0
            ? NULL
            : mig_summary_section(report->dump.summary, (size_t)piece->section);
    g_autofree char *length = cli_number(piece->length);
    g_autofree char *name = NULL;
    size_t n;
    const MigSection *const *all = mig_reader_sections(report->dump.reader, &n);

    if (!section) {
        return piece->count > 1
                   ? g_strdup_printf("%" PRIu64 " iterations, %s bytes at 0x%" PRIx64,
                                     piece->count, length, piece->offset)
                   : g_strdup_printf("%s, %s bytes at 0x%" PRIx64, piece->kind, length,
                                     piece->offset);
    }
    name = dump_section_name(all[section->section]);
    return g_strdup_printf("%s, %s, %s bytes at 0x%" PRIx64, name,
                           mig_section_type_name(section->type), length, piece->offset);
}

/* @start and @end: the bytes that are shown. */
static void rectangle(CliHtml *html, const Report *report, const Piece *piece,
                      uint64_t start, uint64_t end)
{
    double scale = WIDTH / (double)(end - start);
    g_autofree char *label = label_of(report, piece);
    char x[G_ASCII_DTOSTR_BUF_SIZE], width[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(x, sizeof x, "%.3f", (double)(piece->offset - start) * scale);
    g_ascii_formatd(width, sizeof width, "%.3f",
                    MAX((double)piece->length * scale, 0.05));
    cli_html(
        html,
        "<rect class=\"%s\" x=\"%s\" y=\"0\" width=\"%s\" height=\"40\" data-o=\"%" PRIu64
        "\" data-l=\"%" PRIu64 "\"",
        piece->kind, x, width, piece->offset, piece->length);
    if (piece->section >= 0 && report_has_row(report, (size_t)piece->section)) {
        cli_html(html, " data-s=\"s%zd\"", piece->section);
    }
    cli_html(html, "><title>%s</title></rect>\n", label);
}

static uint64_t end_of(const GArray *pieces)
{
    const Piece *last = &g_array_index(pieces, Piece, pieces->len - 1);

    return last->offset + last->length;
}

static void bar(CliHtml *html, const Report *report, const GArray *pieces, uint64_t start,
                const char *id, const char *title)
{
    uint64_t end = end_of(pieces);
    g_autofree char *from = cli_number(start), *to = cli_number(end);
    g_autofree char *command = report_command(report, "dump --sections");

    cli_html(html,
             "<figure class=\"bar\" id=\"%s\" data-start=\"%" PRIu64
             "\" data-end=\"%" PRIu64 "\"><figcaption>%s: bytes %s to %s</figcaption>\n"
             "<svg viewBox=\"0 0 1000 40\" preserveAspectRatio=\"none\" role=\"img\" "
             "aria-label=\"%s, to scale; the table of sections has the same as text\">\n",
             id, start, end, title, from, to, title);
    cli_html_allow(html, REPORT_MAP_MAX);
    for (guint i = 0; i < pieces->len; i++) {
        const Piece *piece = &g_array_index(pieces, Piece, i);
        gsize before = html->text->len;

        if (piece->offset >= start) {
            rectangle(html, report, piece, start, end);
            cli_html_keep(html, before);
        }
    }
    cli_html(html, "</svg></figure>\n");
    report_left_out(html, html->left, "pieces are", command);
}

static uint64_t bytes_of(const GArray *pieces, const char *kind)
{
    uint64_t bytes = 0;

    for (guint i = 0; i < pieces->len; i++) {
        const Piece *piece = &g_array_index(pieces, Piece, i);

        bytes += g_str_equal(piece->kind, kind) ? piece->length : 0;
    }
    return bytes;
}

static void legend(CliHtml *html, const GArray *pieces)
{
    uint64_t end = end_of(pieces);

    cli_html(html, "<ul class=\"legend\">");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        uint64_t bytes = bytes_of(pieces, kinds[i].kind);
        g_autofree char *number = cli_number(bytes);
        char share[G_ASCII_DTOSTR_BUF_SIZE];

        if (bytes) {
            g_ascii_formatd(share, sizeof share, "%.3g",
                            100.0 * (double)bytes / (double)end);
            cli_html(html,
                     "<li><svg width=\"14\" height=\"14\" aria-hidden=\"true\"><rect "
                     "class=\"%s\" width=\"14\" height=\"14\"/></svg> %s: %s bytes "
                     "(%s%%)</li>",
                     kinds[i].kind, kinds[i].name, number, share);
        }
    }
    cli_html(html, "</ul>\n");
}

/* Where the first section begins that is no RAM and no VFIO, or UINT64_MAX. */
static uint64_t first_device(const GArray *pieces)
{
    for (guint i = 0; i < pieces->len; i++) {
        const Piece *piece = &g_array_index(pieces, Piece, i);

        if (g_str_equal(piece->kind, "device")) {
            return piece->offset;
        }
    }
    return UINT64_MAX;
}

void report_map(CliHtml *html, const Report *report)
{
    g_autoptr(GArray) pieces = pieces_of(report);
    uint64_t devices;

    if (!pieces->len) { /* Places link to this part. */
        cli_html(html, "<p>Nothing of it could be read.</p>\n");
        return;
    }
    if (mig_input_attached(report->dump.in, 0)) {
        cli_html(html, "<p>This is the main channel of the capture.</p>\n");
    }
    legend(html, pieces);
    bar(html, report, pieces, 0, "bar", "The whole stream");
    devices = first_device(pieces);
    if (devices > 0 && devices < end_of(pieces)) {
        bar(html, report, pieces, devices, "bar-devices", "From the first device on");
    }
}
