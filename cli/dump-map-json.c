/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --map, --at and --translate as JSON; the keys are described in
 *                migstat-json(5).
 * Must not know: where memory is.
 * See also:      dump-map.c, which calls it.
 */
#include "dump-map.h"

static void put_range_keys(CliJson *json, const MigMemoryRange *range)
{
    cli_json_uint(json, "start", range->start);
    cli_json_wide(json, "start", range->start, 16);
    cli_json_uint(json, "length", range->length);
    cli_json_string(json, "kind", mig_memory_kind_name(range->kind));
    cli_json_string(json, "source", mig_memory_source_name(range->source));
    if (range->block) {
        cli_json_string_len(json, "block", range->block->name, range->block->name_length);
        cli_json_uint(json, "offset", range->offset);
    } else {
        cli_json_null(json, "block");
        cli_json_null(json, "offset");
    }
}

static void put_range(CliJson *json, const DumpMap *shown, const MigMemoryRange *range)
{
    MigMemoryCounts counts = { 0 };

    if (range->block) {
        counts = mig_memory_pages_count(shown->pages, range->block, range->offset,
                                        range->length);
    }
    cli_json_object(json, NULL);
    put_range_keys(json, range);
    cli_json_uint(json, "data", counts.data);
    cli_json_uint(json, "zero", counts.zero);
    cli_json_uint(json, "missing", counts.missing);
    cli_json_end_object(json);
}

static void put_unplaced(CliJson *json, const MigMemoryUnplaced *one)
{
    cli_json_object(json, NULL);
    cli_json_string_len(json, "block", one->block->name, one->block->name_length);
    cli_json_uint(json, "length", one->block->used_length);
    cli_json_string(json, "reason", one->reason);
    cli_json_end_object(json);
}

static void put_notes(CliJson *json, const MigMemoryMap *map)
{
    const char *const *notes = mig_memory_map_notes(map);

    cli_json_end_array(json); /* of what comes before */
    cli_json_array(json, "notes");
    for (size_t i = 0; notes[i]; i++) {
        cli_json_string(json, NULL, notes[i]);
    }
}

static void put_notes_of(CliJson *json, const DumpMap *shown)
{
    put_notes(json, shown->map);
}

static void put_map(CliJson *json, const DumpMap *shown)
{
    size_t n;
    const MigMemoryRange *ranges = mig_memory_map_ranges(shown->map, &n);
    const MigMemoryUnplaced *unplaced;

    for (size_t i = 0; i < n; i++) {
        put_range(json, shown, &ranges[i]);
    }
    cli_json_end_array(json);
    cli_json_array(json, "unplaced");
    unplaced = mig_memory_map_unplaced(shown->map, &n);
    for (size_t i = 0; i < n; i++) {
        put_unplaced(json, &unplaced[i]);
    }
    put_notes(json, shown->map);
}

static void put_record(CliJson *json, const DumpRecord *record)
{
    cli_json_object(json, NULL);
    cli_json_string(json, "kind", record->kind);
    cli_json_channel(json, record->channel);
    cli_json_uint(json, "offset", record->offset);
    cli_json_string(json, "section_type",
                    record->section ? mig_section_type_key(record->type) : NULL);
    cli_json_end_object(json);
}

static void put_number(CliJson *json, const char *name, uint64_t number)
{
    cli_json_uint(json, name, number);
    cli_json_wide(json, name, number, 16);
}

static void put_walk(CliJson *json, const MigWalk *walk)
{
    cli_json_object(json, NULL);
    put_number(json, "virtual", walk->address);
    cli_json_uint(json, "cpu", walk->cpu);
    cli_json_string(json, "regime", walk->regime);
    cli_json_array(json, "steps");
    for (unsigned i = 0; i < walk->n_steps; i++) {
        cli_json_object(json, NULL);
        cli_json_string(json, "table", walk->steps[i].name);
        put_number(json, "address", walk->steps[i].address);
        put_number(json, "entry", walk->steps[i].entry);
        cli_json_end_object(json);
    }
    cli_json_end_array(json);
    if (walk->reason) {
        cli_json_null(json, "physical");
    } else {
        put_number(json, "physical", walk->physical);
    }
    cli_json_uint(json, "page_size", walk->page_size);
    cli_json_string(json, "reason", walk->reason);
    cli_json_end_object(json);
}

/* The walk is an array, which has one or, after an error, none. */
static CliJson *begin_translation(const DumpMap *shown)
{
    CliJson *json = dump_json_begin(shown->dump, "translate");

    if (shown->walk) {
        put_walk(json, shown->walk);
    }
    cli_json_end_array(json);
    cli_json_array(json, "at");
    return json;
}

static void put_at(CliJson *json, const DumpMap *shown)
{
    const DumpAt *at = shown->at;
    const DumpRecord *record;

    cli_json_object(json, NULL);
    cli_json_uint(json, "address", at->address);
    cli_json_wide(json, "address", at->address, 16);
    if (at->range) {
        put_range_keys(json, at->range);
    }
    if (at->range && at->range->block) {
        cli_json_string(json, "state", dump_at_state(at));
        cli_json_uint(json, "n_records", at->n_records);
        cli_json_array(json, "records");
        for (size_t i = 0; (record = dump_at_record(at, i)); i++) {
            put_record(json, record);
        }
        cli_json_end_array(json);
    }
    cli_json_end_object(json);
    put_notes(json, shown->map);
}

void dump_map_json(const DumpMap *shown)
{
    bool translates = shown->dump->options->has_virtual;
    CliJson *json = translates
                        ? begin_translation(shown)
                        : dump_json_begin(shown->dump, shown->at ? "at" : "ranges");

    (shown->at ? put_at : translates ? put_notes_of : put_map)(json, shown);
    dump_json_end(json, shown->dump);
}
