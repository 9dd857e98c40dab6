/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --map, --at and --translate as text.
 * Must not know: where memory is.
 * See also:      dump-map.c, which calls it.
 */
#include "dump-map.h"

#include "text.h"

#define NOTE_COLUMN 2 /* where a wrapped line goes on */

static char *name_of(const MigRamBlock *block)
{
    return block ? cli_escape(block->name, block->name_length) : g_strdup("-");
}

/* "-" for none. */
static char *size_of(uint64_t bytes)
{
    return bytes ? cli_size(bytes) : g_strdup("-");
}

static char *hex(uint64_t value)
{
    return g_strdup_printf("0x%" PRIx64, value);
}

static void print_range(CliTable *table, const DumpMap *shown,
                        const MigMemoryRange *range)
{
    g_autofree char *from = g_strdup_printf("0x%09" PRIx64, range->start);
    g_autofree char *to =
        g_strdup_printf("0x%09" PRIx64, range->start + range->length - 1);
    g_autofree char *block = name_of(range->block), *size = cli_size(range->length);
    g_autofree char *offset = range->block ? hex(range->offset) : g_strdup("-");
    g_autofree char *data = NULL, *zero = NULL, *missing = NULL;
    MigMemoryCounts counts = { 0 };

    if (range->block) {
        counts = mig_memory_pages_count(shown->pages, range->block, range->offset,
                                        range->length);
    }
    data = size_of(counts.data);
    zero = size_of(counts.zero);
    missing = size_of(counts.missing);
    cli_table_row(table, from, to, size, mig_memory_kind_name(range->kind), block, offset,
                  data, zero, missing, mig_memory_source_name(range->source));
}

static void print_ranges(const DumpMap *shown)
{
    CliTable *table = cli_table_new("llrllrrrrl");
    size_t n;
    const MigMemoryRange *ranges = mig_memory_map_ranges(shown->map, &n);

    if (!n) {
        cli_table_free(table);
        cli_print_row(stdout, NOTE_COLUMN,
                      "  no range is known: the rule of this machine is not, and blocks "
                      "can be placed with --place=BLOCK@ADDRESS");
        return;
    }
    cli_table_head(table, "from", "to", "size", "kind", "block", "offset", "data", "zero",
                   "missing", "known by");
    for (size_t i = 0; i < n; i++) {
        print_range(table, shown, &ranges[i]);
    }
    cli_table_drop_empty(table);
    cli_table_print(table, stdout, 2);
}

static void print_unplaced(const MigMemoryMap *map)
{
    CliTable *table;
    size_t n;
    const MigMemoryUnplaced *unplaced = mig_memory_map_unplaced(map, &n);

    if (!n) {
        return;
    }
    printf("\n  without an address\n");
    table = cli_table_new("lrw");
    for (size_t i = 0; i < n; i++) {
        g_autofree char *block = name_of(unplaced[i].block);
        g_autofree char *size = cli_size(unplaced[i].block->used_length);

        cli_table_row(table, block, size, unplaced[i].reason);
    }
    cli_table_print(table, stdout, 2);
}

static void print_notes(const MigMemoryMap *map)
{
    const char *const *notes = mig_memory_map_notes(map);

    for (size_t i = 0; notes[i]; i++) {
        g_autofree char *text = cli_own_text(notes[i]);
        g_autofree char *line = g_strdup_printf("  note: %s", text);

        printf(i ? "" : "\n");
        cli_print_row(stdout, NOTE_COLUMN + 2, line);
    }
}

static void print_records(const DumpAt *at)
{
    CliTable *table = cli_table_new("lll");
    const DumpRecord *record = NULL;

    for (size_t i = 0; (record = dump_at_record(at, i)); i++) {
        g_autofree char *place = cli_offset(record->channel, record->offset);

        cli_table_row(table, record->kind, place,
                      record->section ? mig_section_type_name(record->type) : "");
    }
    cli_table_print(table, stdout, 4);
}

static void print_at(const DumpMap *shown)
{
    const DumpAt *at = shown->at;
    const MigMemoryRange *range = at->range;
    g_autofree char *block = range ? name_of(range->block) : NULL;
    g_autofree char *number = cli_number(at->n_records);
    g_autofree char *line = NULL;

    if (!range) {
        line = g_strdup_printf("0x%" PRIx64 "  nothing that is known to be memory",
                               at->address);
    } else if (!range->block) {
        line = g_strdup_printf("0x%" PRIx64 "  %s: no RAM block lies there", at->address,
                               mig_memory_kind_name(range->kind));
    } else {
        line = g_strdup_printf(
            "0x%" PRIx64 "  %s, %s at 0x%" PRIx64 ", known by %s; page %s, records %s",
            at->address, mig_memory_kind_name(range->kind), block,
            range->offset + (at->address - range->start),
            mig_memory_source_name(range->source), dump_at_state(at), number);
    }
    cli_print_row(stdout, NOTE_COLUMN, line);
    if (at->n_records) {
        print_records(at);
    }
}

static void print_walk(const MigWalk *walk)
{
    CliTable *table = cli_table_new("lll");
    g_autofree char *size = cli_size(walk->page_size), *line = NULL;

    if (walk->reason) {
        line = g_strdup_printf("0x%" PRIx64 " of CPU %" PRIu32 " leads to nothing: %s",
                               walk->address, walk->cpu, walk->reason);
    } else if (!walk->page_size) {
        line =
            g_strdup_printf("0x%" PRIx64 " of CPU %" PRIu32 " is physical: paging is off",
                            walk->address, walk->cpu);
    } else {
        line = g_strdup_printf(
            "0x%" PRIx64 " of CPU %" PRIu32 " is at 0x%" PRIx64 ", in a page of %s (%s)",
            walk->address, walk->cpu, walk->physical, size, walk->regime);
    }
    cli_print_row(stdout, NOTE_COLUMN, line);
    for (unsigned i = 0; i < walk->n_steps; i++) {
        g_autofree char *address = hex(walk->steps[i].address);
        g_autofree char *entry = hex(walk->steps[i].entry);

        cli_table_row(table, walk->steps[i].name, address, entry);
    }
    cli_table_print(table, stdout, 4);
}

void dump_map_text(const DumpMap *shown)
{
    if (shown->dump->error && !shown->is_stream) {
        return; /* the error says what it is */
    }
    if (shown->dump->options->several) {
        g_autofree char *name = cli_file_name(shown->dump->file);

        printf("%s:\n", name);
    }
    if (shown->walk) {
        print_walk(shown->walk);
    }
    if (shown->at) {
        print_at(shown);
    } else if (!shown->dump->options->has_virtual) {
        print_ranges(shown);
        print_unplaced(shown->map);
    }
    print_notes(shown->map);
}
