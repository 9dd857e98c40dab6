/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the tables of migstat report: channels, RAM blocks, VFIO devices, sections.
 * Must not know: what of them is wrong.
 * See also:      report.h; report.js, which sorts and filters.
 */
#include "report.h"
#include "text.h"

/* --- channels --- */

void report_channels(CliHtml *html, const Report *report)
{
    const Dump *dump = &report->dump;
    g_autofree char *command = report_command(report, "dump --only=channels");
    const MigChannelSummary *c;

    if (!mig_input_attached(dump->in, 0)) {
        return;
    }
    report_table(html, "Channels",
                 "#Channel|Kind|#Bytes|#Epochs|#Packets|#State packets|#Normal|#Zero");
    cli_html_allow(html, REPORT_SMALL_MAX);
    for (uint32_t i = 0; (c = mig_summary_channel(dump->summary, i)); i++) {
        gsize start = html->text->len;

        cli_html(html, "<tr>");
        report_number(html, i);
        report_text(html, dump_channel_kind(i, c));
        report_number(html, c->length);
        report_number(html, c->syncs);
        report_number(html, c->packets);
        report_number(html, c->device_packets);
        report_number(html, c->pages[MIG_PAGE_NORMAL]);
        report_number(html, c->pages[MIG_PAGE_ZERO]);
        cli_html(html, "</tr>\n");
        cli_html_keep(html, start);
    }
    report_table_end(html);
    report_left_out(html, html->left, "channels are", command);
}

/* --- RAM --- */

static void block_row(CliHtml *html, const MigRamBlock *block, const MigRamSummary *ram)
{
    static const MigRamSummary none;
    g_autofree char *name = cli_escape(block->name, block->name_length);

    ram = ram ? ram : &none;
    cli_html(html, "<tr><th scope=\"row\">%s</th>", name);
    report_number(html, block->used_length);
    for (MigPageKind kind = 0; kind < MIG_PAGE_KIND_COUNT; kind++) {
        report_number(html, ram->pages[kind]);
    }
    report_number(html, ram->mapped);
    report_number(html, ram->wire_bytes);
    cli_html(html, "</tr>\n");
}

void report_ram(CliHtml *html, const Report *report)
{
    g_autofree char *command = report_command(report, "dump --only=ram");
    g_autoptr(GString) columns = g_string_new("Block|#Bytes of memory");
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(report->dump.reader, &n);

    if (!n) {
        return;
    }
    for (MigPageKind kind = 0; kind < MIG_PAGE_KIND_COUNT; kind++) {
        g_string_append_printf(columns, "|#%s pages", mig_page_kind_name(kind));
    }
    g_string_append(columns, "|#mapped pages|#Bytes in the stream");
    report_table(html, "RAM blocks", columns->str);
    cli_html_allow(html, REPORT_RAM_MAX);
    for (size_t i = 0; i < n; i++) {
        gsize start = html->text->len;

        block_row(html, blocks[i], mig_summary_ram(report->dump.summary, i));
        cli_html_keep(html, start);
    }
    report_table_end(html);
    report_left_out(html, html->left, "blocks are", command);
}

/* --- VFIO --- */

static void vfio_row(CliHtml *html, const Report *report, const MigVfioSummary *v)
{
    const MigVfioDevice *d = &v->device;
    const MigPciNames *names = v->has_pci ? cli_pci_ids_names(report->options.ids) : NULL;
    const char *device = mig_pci_device_name(names, v->vendor_id, v->device_id);
    g_autofree char *name = dump_section_name(d->section);

    cli_html(html, "<tr><th scope=\"row\">%s</th>", name);
    report_text(html, mig_vfio_dialect_name(d->dialect));
    report_number(html, d->precopy_bytes);
    report_number(html, d->stop_copy_bytes);
    cli_html(html, "<td>");
    if (v->has_pci) {
        cli_html(html, "%04x:%04x %s", v->vendor_id, v->device_id, device ? device : "");
    }
    cli_html(html, "</td><td>");
    if (d->config != UINT64_MAX) {
        report_place(html, report, 0, d->config, false);
        cli_html(html, " in %s", mig_section_type_name(d->config_type));
    } else if (d->packet_channel) {
        report_place(html, report, d->packet_channel, d->packet_config, false);
    }
    cli_html(html, "</td><td>");
    if (d->enable != UINT64_MAX) {
        report_place(html, report, 0, d->enable, false);
    }
    cli_html(html, "</td></tr>\n");
}

void report_vfio(CliHtml *html, const Report *report)
{
    g_autofree char *command = report_command(report, "dump --only=vfio");
    const MigVfioSummary *vfio;

    if (!mig_summary_vfio(report->dump.summary, 0)) {
        return;
    }
    report_table(html, "VFIO devices",
                 "Device|Layout|#Pre-copy|#Stop-and-copy|PCI|Configuration|Interrupts "
                 "enabled");
    cli_html_allow(html, REPORT_SMALL_MAX);
    for (size_t i = 0; (vfio = mig_summary_vfio(report->dump.summary, i)); i++) {
        gsize start = html->text->len;

        vfio_row(html, report, vfio);
        cli_html_keep(html, start);
    }
    report_table_end(html);
    report_left_out(html, html->left, "devices are", command);
}

/* --- sections --- */

static void section_row(CliHtml *html, const Report *report, size_t i,
                        const MigSectionSummary *s, const MigSection *section)
{
    uint64_t body;
    g_autofree char *name = dump_section_name(section);

    mig_section_summary_body(s, &body);
    cli_html(html,
             "<tr id=\"s%zu\"><td class=\"n\" data-v=\"%" PRIu64 "\"><code>0x%" PRIx64
             "</code></td>",
             i, s->offset, s->offset);
    if (g_hash_table_contains(report->unfolded, &body)) {
        cli_html(html, "<td><a href=\"#d%" PRIx64 "\">%s</a></td>", body, name);
    } else {
        report_text(html, name);
    }
    report_text(html, mig_section_type_name(s->type));
    cli_html(html, "<td class=\"n\" data-v=\"%u\">%u</td>", s->version_id, s->version_id);
    report_number(html, s->length);
    cli_html(html, "</tr>\n");
}

void report_sections(CliHtml *html, const Report *report)
{
    g_autofree char *command = report_command(report, "dump --sections");
    const MigSummary *summary = report->dump.summary;
    const MigSectionSummary *s;
    uint64_t absent = 0;
    size_t n;
    const MigSection *const *all = mig_reader_sections(report->dump.reader, &n);

    if (!mig_summary_section(summary, 0)) {
        return;
    }
    cli_html(html, "<div class=\"filter\" data-for=\"sections-table\"></div>\n"
                   "<div id=\"sections-table\">\n");
    report_table(html, "Sections", "#Offset|Section|Type|#Version|#Bytes");
    cli_html_allow(html, REPORT_SECTIONS_MAX);
    for (size_t i = 0; (s = mig_summary_section(summary, i)); i++) {
        gsize start = html->text->len;

        if (!report_has_row(report, i)) {
            absent++;
            continue;
        }
        section_row(html, report, i, s, all[s->section]);
        cli_html_keep(html, start);
    }
    report_table_end(html);
    cli_html(html, "</div>\n");
    report_left_out(html, html->left + absent, "sections are", command);
}
