/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump as a person reads it.
 * Must not know: JSON.
 * See also:      cmd-dump.c; text.h.
 */
#include <string.h>

#include "dump.h"
#include "text.h"

#define NAMES_MAX 3 /* in a folded row */

typedef struct Text {
    const Dump *dump;
    bool color;
    bool alone;  /* --only has asked for one table */
    bool *begun; /* something stands before what comes next */
} Text;

static void heading(const Text *t, const char *title)
{
    if (t->alone) {
        return;
    }
    printf("%s%s%s%s\n", *t->begun ? "\n" : "", cli_style(t->color, CLI_BOLD), title,
           cli_style(t->color, CLI_PLAIN));
    *t->begun = true;
}

/* A table without rows is left out, unless --only has asked for it: then it is said that there
 * is nothing, which answers the question.  @filtered: --section has a say in its rows. */
static void print_none(const Text *t, const char *title, const char *what, bool filtered)
{
    const DumpOptions *dump_options = t->dump->options;

    if (dump_options->only) {
        heading(t, title);
        printf("  no %s%s\n", what,
               filtered && !mig_addresses_is_empty(dump_options->section)
                   ? " in these sections"
                   : "");
    }
}

static void print_cut(guint cut)
{
    g_autofree char *number = cli_number(cut);

    if (cut) {
        printf("  and %s more\n", number);
    }
}

static char *hex(uint64_t offset)
{
    return g_strdup_printf("0x%" PRIx64, offset);
}

static char *count(uint64_t n)
{
    return n ? cli_number(n) : g_strdup("-");
}

static void channel_row(const Text *t, CliTable *table, uint32_t i,
                        const MigChannelSummary *c)
{
    const MigInput *in = mig_reader_channel_input(t->dump->reader, i);
    g_autofree char *number = g_strdup_printf("%u", i), *length = cli_number(c->length);
    g_autofree char *id = c->multifd ? g_strdup_printf("%u", c->id) : g_strdup("-");
    g_autofree char *packets = count(c->packets), *syncs = count(c->syncs);
    g_autofree char *devices = count(c->device_packets);
    g_autofree char *normal = count(c->pages[MIG_PAGE_NORMAL]);
    g_autofree char *zero = count(c->pages[MIG_PAGE_ZERO]);
    g_autofree char *base = g_path_get_basename(mig_input_name(in));
    g_autofree char *file = cli_file_name(base);
    const char *const cells[] = {
        number,
        dump_channel_kind(i, c),
        id,
        length,
        syncs,
        packets,
        devices,
        normal,
        zero,
        c->pages[MIG_PAGE_NORMAL] ? mig_multifd_compression_name(c->compression) : "-",
        file
    };

    cli_table_cells(table, cells);
}

static void print_channels(const Text *t)
{
    static const char *const head[] = { "channel",       "kind",   "id",
                                        "bytes",         "epochs", "packets",
                                        "state packets", "normal", "zero",
                                        "compression",   "file" };
    const MigChannelSummary *c = mig_summary_channel(t->dump->summary, 0);
    CliTable *table;

    if (!c) {
        if (mig_input_attached(t->dump->in, 0) || t->dump->options->only) {
            print_none(t, "CHANNELS", "channels beside the main one", false);
        }
        return;
    }
    heading(t, "CHANNELS");
    table = cli_table_new("llrrrrrrrll");
    cli_table_head_cells(table, head);
    for (uint32_t i = 0; (c = mig_summary_channel(t->dump->summary, i)); i++) {
        channel_row(t, table, i, c);
    }
    cli_table_drop_empty(table);
    cli_table_print(table, stdout, 2);
}

/* Columns of the RAM table: those before the kinds of page, and those after them. */
enum {
    RAM_KINDS = 3,
    RAM_MAPPED = RAM_KINDS + MIG_PAGE_KIND_COUNT,
    RAM_WIRE,
    RAM_COLUMNS
};

static void ram_row(CliTable *table, const char *name, const char *size, uint64_t pages,
                    const MigRamSummary *r)
{
    char *cells[RAM_COLUMNS + 1] = { g_strdup(name), g_strdup(size), count(pages) };

    for (MigPageKind kind = 0; kind < MIG_PAGE_KIND_COUNT; kind++) {
        cells[RAM_KINDS + kind] = count(r->pages[kind]);
    }
    cells[RAM_MAPPED] = count(r->mapped);
    cells[RAM_WIRE] = count(r->wire_bytes);
    cli_table_cells(table, (const char *const *)cells);
    for (size_t i = 0; i < RAM_COLUMNS; i++) {
        g_free(cells[i]);
    }
}

static CliTable *ram_table(void)
{
    const char *head[RAM_COLUMNS] = { "block", "size", "pages" };
    char columns[RAM_COLUMNS + 1] = "l";
    CliTable *table;

    memset(columns + 1, 'r', RAM_COLUMNS - 1);
    for (MigPageKind kind = 0; kind < MIG_PAGE_KIND_COUNT; kind++) {
        head[RAM_KINDS + kind] = mig_page_kind_name(kind);
    }
    head[RAM_MAPPED] = "mapped";
    head[RAM_WIRE] = "bytes on the wire";
    table = cli_table_new(columns);
    cli_table_head_cells(table, head);
    return table;
}

static void print_ram(const Text *t)
{
    const MigSummary *s = t->dump->summary;
    uint32_t page = dump_page_size(t->dump);
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(t->dump->reader, &n);
    g_autoptr(GArray) rows = NULL;
    CliTable *table;
    guint cut;

    if (n == 0 && mig_summary_totals(s)->ram_records == 0) {
        print_none(t, "RAM", "RAM blocks", false);
        return;
    }
    heading(t, "RAM");
    table = ram_table();
    rows = dump_ram_rows(t->dump, &cut);
    for (guint i = 0; i < rows->len; i++) {
        guint index = g_array_index(rows, DumpRow, i).index;
        const MigRamBlock *block = blocks[index];
        g_autofree char *name = cli_escape(block->name, block->name_length);
        g_autofree char *size = cli_size(block->used_length);

        ram_row(table, name, size, page ? block->used_length / page : 0,
                mig_summary_ram(s, index));
    }
    if (mig_summary_ram_other(s)->wire_bytes) {
        ram_row(table, "(of no known block)", "", 0, mig_summary_ram_other(s));
    }
    cli_table_drop_empty(table);
    cli_table_print(table, stdout, 2);
    print_cut(cut);
}

/* "0x60ea0 in END, after the pre-copy data and before the stop-and-copy data" */
static char *config_place(const MigVfioDevice *d)
{
    GString *place = g_string_new(NULL);

    if (d->packet_channel) {
        g_autofree char *at = cli_offset(d->packet_channel, d->packet_config);

        g_string_assign(place, at);
        return g_string_free(place, FALSE);
    }
    if (d->config == UINT64_MAX) {
        g_string_assign(place, d->dialect == MIG_VFIO_DIALECT_MULTIFD
                                   ? "on another channel (multifd)"
                                   : "none");
        return g_string_free(place, FALSE);
    }
    g_string_printf(place, "0x%" PRIx64 " in ", d->config);
    g_string_append(place, mig_section_type_key(d->config_type));
    if (d->first_data == UINT64_MAX) {
        g_string_append(place, ", no device data");
    } else if (d->config < d->first_data) {
        g_string_append(place, ", before the device data");
    } else if (d->config < d->first_stop_copy && d->first_stop_copy != UINT64_MAX) {
        g_string_append(place,
                        ", after the pre-copy data, before the stop-and-copy data");
    } else {
        g_string_append(place, ", after the device data");
    }
    return g_string_free(place, FALSE);
}

/* " Mellanox Technologies ConnectX Family", as far as pci.ids knows it. */
static char *pci_name(const Text *t, const MigVfioSummary *v)
{
    const MigPciNames *names = cli_pci_ids_names(t->dump->options->ids);
    const char *vendor = mig_pci_vendor_name(names, v->vendor_id);
    const char *device = mig_pci_device_name(names, v->vendor_id, v->device_id);
    g_autofree char *name = g_strconcat(vendor ? " " : "", vendor ? vendor : "",
                                        device ? " " : "", device ? device : "", NULL);

    return cli_escape(name, strlen(name));
}

static char *pci_text(const Text *t, const MigVfioSummary *v)
{
    g_autofree char *vectors = g_strdup_printf("%u vectors", v->msix_vectors);
    g_autofree char *name = v->has_pci ? pci_name(t, v) : NULL;

    return v->has_pci
               ? g_strdup_printf("%04x:%04x%s, MSI-X %s%s", v->vendor_id, v->device_id,
                                 name, v->msix_vectors ? vectors : "absent",
                                 !v->msix_vectors  ? ""
                                 : v->msix_enabled ? " enabled"
                                                   : " disabled")
               : g_strdup("-");
}

static void vfio_rows(const Text *t, CliTable *table, const MigVfioSummary *v)
{
    const MigSummary *s = t->dump->summary;

    for (uint32_t next = v->first_record; next;) {
        const MigVfioRecordSummary *r = mig_summary_vfio_record(s, next - 1);
        g_autofree char *offset = cli_offset(r->channel, r->offset);
        g_autofree char *length = cli_number(r->length), *flags = NULL;

        if (r->channel) {
            flags = g_strdup_printf("packet %u", r->index);
        } else if (r->has_subflags) {
            flags = g_strdup_printf(
                "%s%s(0x%04x)", r->subflags & MIG_VFIO_SUBFLAG_SETUP ? "SETUP " : "",
                r->subflags & MIG_VFIO_SUBFLAG_ENABLE_IRQ ? "ENABLE_IRQ " : "",
                r->subflags);
        }
        cli_table_row(table, offset, mig_vfio_flag_name(MIG_VFIO_FLAG_PREFIX | r->flag),
                      length, flags);
        next = r->next;
    }
}

static void print_vfio_records(const Text *t, const MigVfioSummary *v)
{
    for (CliTable *table = cli_table_new_long("rlrl", stdout, 4);
         cli_table_pass(table);) {
        vfio_rows(t, table, v);
    }
}

static const MigVfioSummary *vfio_at(const Text *t, const GArray *rows, guint i)
{
    return mig_summary_vfio(t->dump->summary, g_array_index(rows, DumpRow, i).index);
}

static void vfio_device_rows(const Text *t, CliTable *table, const GArray *rows)
{
    cli_table_head(table, "device", "layout", "pre-copy", "stop-copy", "PCI",
                   "configuration");
    for (guint i = 0; i < rows->len; i++) {
        const MigVfioSummary *v = vfio_at(t, rows, i);
        g_autofree char *name = dump_section_name(v->device.section);
        g_autofree char *precopy = cli_number(v->device.precopy_bytes);
        g_autofree char *stop_copy = cli_number(v->device.stop_copy_bytes);
        g_autofree char *place = config_place(&v->device), *pci = pci_text(t, v);

        cli_table_row(table, name, mig_vfio_dialect_name(v->device.dialect), precopy,
                      stop_copy, pci, place);
    }
}

static void print_vfio(const Text *t)
{
    guint cut;
    g_autoptr(GArray) rows = dump_vfio_rows(t->dump, &cut);
    CliTable *table;

    if (rows->len + cut == 0) {
        print_none(t, "VFIO", "VFIO devices", true);
        return;
    }
    heading(t, "VFIO");
    table = cli_table_new_long("llrrww", stdout, 2);
    while (cli_table_pass(table)) {
        vfio_device_rows(t, table, rows);
    }
    print_cut(cut);
    for (guint i = 0; t->dump->options->vfio && i < rows->len; i++) {
        const MigVfioSummary *v = vfio_at(t, rows, i);
        g_autofree char *name = dump_section_name(v->device.section);

        printf("\n  %s\n", name);
        print_vfio_records(t, v);
    }
}

static void full_row(CliTable *table, const MigSectionSummary *s,
                     const MigSection *section)
{
    g_autofree char *name = cli_escape(section->name, section->name_length);
    const char *type = mig_section_type_name(s->type);
    g_autofree char *offset = hex(s->offset);
    g_autofree char *length = cli_number(s->length), *id = g_strdup_printf("%u", s->id);
    g_autofree char *instance = g_strdup_printf("%u", section->instance_id);
    g_autofree char *version = g_strdup_printf("%u", s->version_id);

    cli_table_row(table, name, type, id, instance, version, offset, length,
                  s->inferred && s->description_differs
                      ? "end inferred from the footer, the description has another"
                  : s->inferred            ? "end inferred from the footer"
                  : s->description_differs ? "the description has another length"
                                           : "");
}

/* A section that is not folded, in the columns of those that are. */
static void short_row(CliTable *table, const MigSectionSummary *s,
                      const MigSection *section)
{
    g_autofree char *name = dump_section_name(section), *offset = hex(s->offset);
    g_autofree char *length = cli_number(s->length);
    g_autofree char *version = s->type == MIG_SECTION_START || s->type == MIG_SECTION_FULL
                                   ? g_strdup_printf("%u", s->version_id)
                                   : NULL;

    cli_table_row(table, name, mig_section_type_name(s->type), version, offset, length,
                  s->inferred        ? "end inferred"
                  : s->package_depth ? "packaged"
                                     : "");
}

static void section_row(const Text *t, CliTable *table, guint i)
{
    size_t n;
    const MigSection *const *all = mig_reader_sections(t->dump->reader, &n);
    const MigSectionSummary *s = mig_summary_section(t->dump->summary, i);

    if (t->dump->options->sections) {
        full_row(table, s, all[s->section]);
    } else {
        short_row(table, s, all[s->section]);
    }
}

/* The run of PARTs from @i on that follow each other: what an iteration phase consists of. */
static guint count_parts(const MigSummary *s, guint i)
{
    const MigSectionSummary *section;
    guint n = 0;

    while ((section = mig_summary_section(s, i + n)) &&
           section->type == MIG_SECTION_PART) {
        n++;
    }
    return n;
}

/* How many sections from @i on come in one row. */
static guint fold_length(const Text *t, guint i)
{
    guint parts = t->dump->options->sections ? 0 : count_parts(t->dump->summary, i);

    return MAX(parts, 1);
}

static bool wants_any(const Text *t, guint from, guint n)
{
    size_t n_all;
    const MigSection *const *all = mig_reader_sections(t->dump->reader, &n_all);

    for (guint i = from; i < from + n; i++) {
        if (dump_wants(t->dump->options,
                       all[mig_summary_section(t->dump->summary, i)->section])) {
            return true;
        }
    }
    return false;
}

typedef struct Fold {
    GPtrArray *names;   /* const MigSection, in order of appearance */
    GHashTable *counts; /* MigSection -> how often */
    uint64_t length;
} Fold;

static void fold_parts(const Text *t, guint from, guint n, Fold *fold)
{
    size_t n_all;
    const MigSection *const *all = mig_reader_sections(t->dump->reader, &n_all);

    for (guint i = from; i < from + n; i++) {
        const MigSectionSummary *s = mig_summary_section(t->dump->summary, i);
        gpointer key = (gpointer)(uintptr_t)all[s->section];
        guint seen = GPOINTER_TO_UINT(g_hash_table_lookup(fold->counts, key));

        if (!dump_wants(t->dump->options, all[s->section])) {
            continue;
        }
        if (!seen) {
            g_ptr_array_add(fold->names, key);
        }
        g_hash_table_insert(fold->counts, key, GUINT_TO_POINTER(seen + 1));
        fold->length += s->length;
    }
}

/* "ram, 0000:00:01.0/vfio", "PART ×3, ×3" */
static void folded_row(const Text *t, CliTable *table, guint from, guint n)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autoptr(GHashTable) counts = g_hash_table_new(NULL, NULL);
    g_autoptr(GString) name = g_string_new(NULL);
    g_autoptr(GString) type = g_string_new("PART ");
    Fold fold = { .names = names, .counts = counts };
    g_autofree char *offset = hex(mig_summary_section(t->dump->summary, from)->offset),
                    *length = NULL;

    fold_parts(t, from, n, &fold);
    for (guint i = 0; i < names->len && i < NAMES_MAX; i++) {
        const MigSection *section = g_ptr_array_index(names, i);
        g_autofree char *one = dump_section_name(section);
        g_autofree char *times = cli_number(
            GPOINTER_TO_UINT(g_hash_table_lookup(counts, (gpointer)(uintptr_t)section)));

        g_string_append_printf(name, "%s%s", i ? ", " : "", one);
        g_string_append_printf(type, "%s%s%s", i ? ", " : "", cli_draw("×"), times);
    }
    if (names->len > NAMES_MAX) {
        g_string_append_printf(name, ", %u more", names->len - NAMES_MAX);
        g_string_append(type, ", ...");
    }
    length = cli_number(fold.length);
    cli_table_row(table, name->str, type->str, "", offset, length, "");
}

/* In the order of the stream; how many of them, folded or not, are beyond --top. */
static guint section_rows(const Text *t, CliTable *table)
{
    const MigSummary *s = t->dump->summary;
    guint left = t->dump->options->top, cut = 0;

    for (guint i = 0, parts; i < mig_summary_totals(s)->n_sections; i += parts) {
        bool wanted = wants_any(t, i, parts = fold_length(t, i));

        cut += wanted && left == 0;
        if (!wanted || left == 0) {
            continue;
        }
        left--;
        if (parts > 1) {
            folded_row(t, table, i, parts);
        } else {
            section_row(t, table, i);
        }
    }
    return cut;
}

static void sorted_section_rows(const Text *t, CliTable *table, const GArray *rows)
{
    for (guint i = 0; i < rows->len; i++) {
        section_row(t, table, g_array_index(rows, DumpRow, i).index);
    }
}

static void section_head(const Text *t, CliTable *table)
{
    if (t->dump->options->sections) {
        cli_table_head(table, "section", "type", "id", "instance", "version", "offset",
                       "length", "");
    } else {
        cli_table_head(table, "section", "type", "version", "offset", "length", "");
    }
}

static void print_sections(const Text *t)
{
    const DumpOptions *dump_options = t->dump->options;
    g_autoptr(GArray) rows = NULL;
    CliTable *table;
    guint cut = 0;

    if (!mig_summary_section(t->dump->summary, 0)) {
        print_none(t, "SECTIONS", "sections", false);
        return;
    }
    heading(t, "SECTIONS");
    rows = dump_sorts(dump_options) ? dump_section_rows(t->dump, &cut) : NULL;
    table = cli_table_new_long(dump_options->sections ? "llrrrrrw" : "llrrrw", stdout, 2);
    while (cli_table_pass(table)) {
        section_head(t, table);
        if (rows) {
            sorted_section_rows(t, table, rows);
        } else {
            cut = section_rows(t, table);
        }
    }
    print_cut(cut);
}

static void device_rows(const Text *t, CliTable *table, const GArray *rows)
{
    cli_table_head(table, "device", "pieces", "bytes");
    for (guint i = 0; i < rows->len; i++) {
        const MigSectionSum *sum =
            &t->dump->overview->sums[g_array_index(rows, DumpRow, i).index];
        g_autofree char *name = dump_section_name(sum->section);
        g_autofree char *pieces = cli_number(sum->count),
                        *length = cli_number(sum->length);

        cli_table_row(table, name, pieces, length);
    }
}

/* Each section with all its pieces. */
static void print_devices(const Text *t)
{
    guint cut;
    g_autoptr(GArray) rows = dump_device_rows(t->dump, &cut);
    CliTable *table;

    if (rows->len + cut == 0) {
        print_none(t, "DEVICES", "devices", true);
        return;
    }
    heading(t, "DEVICES");
    table = cli_table_new_long("lrr", stdout, 2);
    while (cli_table_pass(table)) {
        device_rows(t, table, rows);
    }
    print_cut(cut);
}

static void command_rows(const MigSummary *s, CliTable *table)
{
    const MigCommandSummary *c;

    for (size_t i = 0; (c = mig_summary_command(s, i)); i++) {
        g_autofree char *offset = hex(c->offset), *length = cli_number(c->length);
        g_autofree char *name = mig_command_name(c->id)
                                    ? g_strdup(mig_command_name(c->id))
                                    : g_strdup_printf("unknown (%u)", c->id);
        g_autofree char *package =
            c->id == MIG_CMD_PACKAGED
                ? g_strdup_printf("%u bytes packaged", c->package_length)
                : NULL;

        cli_table_row(table, name, offset, length, package);
    }
}

static void print_commands(const Text *t)
{
    CliTable *table;

    if (!mig_summary_command(t->dump->summary, 0)) {
        print_none(t, "COMMANDS", "commands", false);
        return;
    }
    heading(t, "COMMANDS");
    for (table = cli_table_new_long("lrrl", stdout, 2); cli_table_pass(table);) {
        command_rows(t->dump->summary, table);
    }
}

static void print_end(const Text *t)
{
    const MigSummaryTotals *s = mig_summary_totals(t->dump->summary);
    const MigDescription *description = mig_reader_description(t->dump->reader);
    CliTable *table = cli_table_new("lrrw");
    g_autofree char *offset = NULL, *length = NULL;

    heading(t, "END");
    if (s->eof_offset != UINT64_MAX) {
        g_autofree char *eof = hex(s->eof_offset);

        cli_table_row(table, "end mark", eof, "1", "");
    }
    if (description) {
        g_autofree char *devices = g_strdup_printf("%zu devices", description->n_devices);

        offset = hex(description->offset);
        length = cli_number(description->json_offset - description->offset +
                            description->json_length);
        cli_table_row(table, "description", offset, length,
                      description->valid ? devices : description->problem);
    } else {
        cli_table_row(table, "description", "", "", "none");
    }
    if (s->trailing_bytes) {
        g_autofree char *trailing = cli_number(s->trailing_bytes);

        cli_table_row(table, "trailing", "", trailing,
                      s->trailing_zero ? "all zero" : "");
    }
    cli_table_print(table, stdout, 2);
}

/* Faults that could be read past, although a loader may not. */
static void print_defects(const Text *t)
{
    uint64_t n = mig_summary_totals(t->dump->summary)->n_defects;
    const MigDefectSummary *defect;
    CliTable *table;

    if (n == 0) {
        print_none(t, "DEFECTS", "defects", false);
        return;
    }
    table = cli_table_new("rll");
    heading(t, "DEFECTS (migstat check tells more)");
    for (size_t i = 0; (defect = mig_summary_defect(t->dump->summary, i)); i++) {
        g_autofree char *offset = hex(defect->offset);
        g_autofree char *name =
            defect->section ? dump_section_name(defect->section) : NULL;

        cli_table_row(table, offset, defect->rule, name);
    }
    cli_table_print(table, stdout, 2);
    if (n > MIG_DEFECTS_KEPT) {
        g_autofree char *more = cli_number(n - MIG_DEFECTS_KEPT);

        printf("  and %s more\n", more);
    }
}

/* Of a file that is no stream there is nothing to be shown but the error. */
static bool has_items(const MigSummary *s)
{
    for (int i = 0; i < MIG_SHARE_COUNT; i++) {
        if (mig_summary_share(s, (MigShare)i)) {
            return true;
        }
    }
    return false;
}

static void print_head(const Text *t)
{
    dump_text_head(t->dump, t->color);
    *t->begun = true;
}

/* Of several files, each is named where the overview does not do it. */
static void print_name(const Dump *dump)
{
    g_autofree char *file = cli_file_name(dump->file);

    if (dump->options->several && !dump_shows(dump->options, DUMP_OVERVIEW)) {
        printf("%s:\n", file);
    }
}

void dump_text(const Dump *dump)
{
    static const struct {
        DumpTable table;
        void (*print)(const Text *t);
    } parts[] = {
        { DUMP_OVERVIEW, print_head },     { DUMP_CHANNELS, print_channels },
        { DUMP_RAM, print_ram },           { DUMP_VFIO, print_vfio },
        { DUMP_DEVICES, print_devices },   { DUMP_SECTIONS, print_sections },
        { DUMP_COMMANDS, print_commands }, { DUMP_DESCRIPTION, print_end },
        { DUMP_DEFECTS, print_defects },
    };
    unsigned only = dump->options->only;
    bool begun = false;
    const Text t = { .dump = dump,
                     .color = cli_use_color(dump->options->common->color, stdout),
                     .alone = only && !(only & (only - 1)),
                     .begun = &begun };

    if (dump->error && !has_items(dump->summary)) {
        return;
    }
    if (dump->lists) {
        dump_text_snapshots(dump, t.color);
        return;
    }
    print_name(dump);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (dump_shows(dump->options, parts[i].table)) {
            parts[i].print(&t);
        }
    }
}
