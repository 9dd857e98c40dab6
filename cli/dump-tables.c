/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which tables migstat dump shows, and in what order their rows come:
 *                --only, --sort, --top.
 * Must not know: how a table looks.
 * See also:      dump-text.c and dump-json.c, which ask.
 */
#include <string.h>

#include "dump.h"

static const char *const tables[] = {
    [DUMP_OVERVIEW] = "overview",
    [DUMP_CHANNELS] = "channels",
    [DUMP_RAM] = "ram",
    [DUMP_VFIO] = "vfio",
    [DUMP_SECTIONS] = "sections",
    [DUMP_COMMANDS] = "commands",
    [DUMP_DESCRIPTION] = "description",
    [DUMP_DEFECTS] = "defects",
    [DUMP_DEVICES] = "devices",
};

static const char *const orders[] = {
    [DUMP_SORT_DEFAULT] = "",
    [DUMP_SORT_OFFSET] = "offset",
    [DUMP_SORT_SIZE] = "size",
    [DUMP_SORT_NAME] = "name",
};

const char *dump_table_name(size_t i)
{
    return i < G_N_ELEMENTS(tables) ? tables[i] : NULL;
}

/* The place of @word among @n @words, or -1. */
static int find_word(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(word, words[i]) == 0) {
            return (int)i;
        }
    }
    return -1;
}

bool dump_parse_only(const char *text, unsigned *only, char **problem)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);

    for (char **word = words; *word; word++) {
        int table = find_word(*word, tables, G_N_ELEMENTS(tables));

        if (table < 0) {
            *problem = g_strdup_printf("--only has no \"%s\"; its words are overview, "
                                       "channels, ram, vfio, sections, "
                                       "commands, description, defects and devices",
                                       *word);
            return false;
        }
        *only |= 1u << table;
    }
    return true;
}

bool dump_parse_sort(const char *text, DumpSort *sort)
{
    int order = find_word(text, orders, G_N_ELEMENTS(orders));

    if (order > 0) {
        *sort = (DumpSort)order;
    }
    return order > 0;
}

bool dump_shows(const DumpOptions *dump_options, DumpTable table)
{
    return dump_options->only ? dump_options->only & 1u << table : table != DUMP_DEVICES;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    const DumpRow *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* The largest first. */
static gint by_size(gconstpointer a, gconstpointer b)
{
    const DumpRow *x = a, *y = b;

    if (x->size != y->size) {
        return x->size < y->size ? 1 : -1;
    }
    return (x->index > y->index) - (x->index < y->index);
}

bool dump_sorts(const DumpOptions *dump_options)
{
    return dump_options->sort == DUMP_SORT_SIZE || dump_options->sort == DUMP_SORT_NAME;
}

static GArray *arrange(const DumpOptions *dump_options, GArray *rows, guint *cut)
{
    if (dump_sorts(dump_options)) {
        g_array_sort(rows, dump_options->sort == DUMP_SORT_NAME ? by_name : by_size);
    }
    *cut = rows->len - MIN(rows->len, dump_options->top);
    g_array_set_size(rows, rows->len - *cut);
    return rows;
}

static void add(GArray *rows, uint64_t size, const char *name, guint index)
{
    DumpRow row = { .size = size, .name = name, .index = index };

    g_array_append_val(rows, row);
}

GArray *dump_ram_rows(const Dump *dump, guint *cut)
{
    GArray *rows = g_array_new(false, false, sizeof(DumpRow));
    const MigRamSummary *ram;
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(dump->reader, &n);

    for (guint i = 0; i < n && (ram = mig_summary_ram(dump->summary, i)); i++) {
        add(rows, ram->wire_bytes, blocks[i]->name, i);
    }
    return arrange(dump->options, rows, cut);
}

GArray *dump_vfio_rows(const Dump *dump, guint *cut)
{
    GArray *rows = g_array_new(false, false, sizeof(DumpRow));
    const MigVfioSummary *vfio;

    for (guint i = 0; (vfio = mig_summary_vfio(dump->summary, i)); i++) {
        const MigVfioDevice *d = &vfio->device;

        if (dump_wants(dump->options, d->section)) {
            add(rows, d->precopy_bytes + d->stop_copy_bytes, d->section->name, i);
        }
    }
    return arrange(dump->options, rows, cut);
}

GArray *dump_section_rows(const Dump *dump, guint *cut)
{
    GArray *rows = g_array_new(false, false, sizeof(DumpRow));
    const MigSectionSummary *s;
    size_t n;
    const MigSection *const *all = mig_reader_sections(dump->reader, &n);

    for (guint i = 0; (s = mig_summary_section(dump->summary, i)); i++) {
        if (dump_wants(dump->options, all[s->section])) {
            add(rows, s->length, all[s->section]->name, i);
        }
    }
    return arrange(dump->options, rows, cut);
}

/* The overview has them by size. */
GArray *dump_device_rows(const Dump *dump, guint *cut)
{
    GArray *rows = g_array_new(false, false, sizeof(DumpRow));
    const MigOverview *o = dump->overview;
    g_autofree guint *places = g_new0(guint, o->n_sums);

    for (guint i = 0; i < o->n_sums; i++) {
        places[dump->options->sort == DUMP_SORT_DEFAULT ? i : o->sums[i].section->index] =
            i;
    }
    for (guint i = 0; i < o->n_sums; i++) {
        const MigSectionSum *sum = &o->sums[places[i]];

        if (dump_wants(dump->options, sum->section)) {
            add(rows, sum->length, sum->section->name, places[i]);
        }
    }
    return arrange(dump->options, rows, cut);
}
