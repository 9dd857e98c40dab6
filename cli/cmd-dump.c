/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump: its options, and the pass over each file.
 * Must not know: how the result looks.
 * See also:      dump-text.c, dump-json.c, dump-items.c.
 */
#include <limits.h>

#include "capture.h"
#include "dump.h"
#include "format.h"
#include "many.h"
#include "progress.h"
#include "sandbox.h"

enum {
    KEY_ITEMS = 0x200,
    KEY_SECTIONS,
    KEY_SECTION,
    KEY_VFIO,
    KEY_DEVICES,
    KEY_REGISTERS,
    KEY_MAP,
    KEY_AT,
    KEY_TRANSLATE,
    KEY_BELOW,
    KEY_PLACE,
    KEY_TIMELINE,
    KEY_HEX,
    KEY_ALL,
    KEY_ONLY,
    KEY_SORT,
    KEY_TOP,
    KEY_READ_ALL,
    KEY_PART = 'd',
};

static const struct argp_option options[] = {
    { "items", KEY_ITEMS, NULL, 0, "List the items that the stream is cut into", 0 },
    { "sections", KEY_SECTIONS, NULL, 0, "List each section, iterations too", 0 },
    { "section", KEY_SECTION, "PATTERN", CLI_REPEATS,
      "Only sections whose name matches PATTERN (* and ? as in a shell); may be repeated",
      0 },
    { "vfio", KEY_VFIO, NULL, 0, "List each record of VFIO devices", 0 },
    { "devices", KEY_DEVICES, "PATTERN", OPTION_ARG_OPTIONAL | CLI_REPEATS,
      "Show device state field by field: all, or DEVICE or DEVICE:FIELD; may be repeated",
      0 },
    { "registers", KEY_REGISTERS, "NAME[,NAME]...", OPTION_ARG_OPTIONAL,
      "Show the CPUs' registers by their usual names: all, or those that match", 0 },
    { "map", KEY_MAP, NULL, 0,
      "Show which RAM block lies at which guest physical address", 0 },
    { "at", KEY_AT, "ADDRESS", 0,
      "Show what lies at that guest physical address, and which records carry it", 0 },
    { "translate", KEY_TRANSLATE, "VIRTUAL[@CPU]", 0,
      "Show where that virtual address of a CPU leads by its page tables (default: CPU "
      "0)",
      0 },
    { "ram-below-4g", KEY_BELOW, "SIZE", 0, CLI_BELOW_HELP, 0 },
    { "place", KEY_PLACE, "BLOCK@ADDRESS", CLI_REPEATS, CLI_PLACE_HELP, 0 },
    { "timeline", KEY_TIMELINE, NULL, 0,
      "Show where the time of a recorded migration went, by its capture's timeline.jsonl",
      0 },
    { "hex", KEY_HEX, NULL, 0, "With --devices: all bytes of buffers", 0 },
    { "all", KEY_ALL, NULL, 0,
      "Show each of what is otherwise folded: iterations, records of VFIO devices; with "
      "--devices, elements that are alike and all bytes of buffers",
      0 },
    { "only", KEY_ONLY, "TABLE,...", 0,
      "Nothing but overview, channels, ram, vfio, sections, commands, description, "
      "defects, or "
      "devices (sections with the sums of their pieces)",
      0 },
    { "sort", KEY_SORT, "size|offset|name", 0, "The order of each table's rows", 0 },
    { "top", KEY_TOP, "N", 0, "At most N rows of each table", 0 },
    CLI_READ_ALL(KEY_READ_ALL, 0),
    { "dump", KEY_PART, "state|desc", 0,
      "With --format=analyze: the device state (default) or its description", 0 },
    CLI_MANY_OPTIONS(0),
    CLI_ALLOW_UNMATCHED(0),
    { 0 },
};

static const CliOptionRule rules[] = {
    CLI_MANY_RULES,
    { "hex", CLI_NEEDS, "devices" },
    { "read-all", CLI_NEEDS, "devices registers format" },
    { "map", CLI_NOT_WITH,
      "at items sections section vfio devices registers all only sort top" },
    { "at", CLI_NOT_WITH,
      "items sections section vfio devices registers all only sort top" },
    { "timeline", CLI_NOT_WITH,
      "items sections section vfio devices registers map at translate only sort" },
    { "translate", CLI_NOT_WITH,
      "map at items sections section vfio devices registers all only sort top" },
    { "ram-below-4g", CLI_NEEDS, "map at translate" },
    { "place", CLI_NEEDS, "map at translate" },
    { "sections", CLI_NOT_WITH, "items devices registers" },
    { "vfio", CLI_NOT_WITH, "items devices registers" },
    { "devices", CLI_NOT_WITH, "items registers" },
    { "registers", CLI_NOT_WITH, "items" },
    { "all", CLI_NOT_WITH, "items registers" },
    { "only", CLI_NOT_WITH, "items devices registers" },
    { "sort", CLI_NOT_WITH, "items devices registers" },
    { "top", CLI_NOT_WITH, "items devices registers" },
    { 0 },
};

/* A format that shows device state alone has no other view, and no other has its parts. */
static void check_view(const DumpOptions *dump_options, struct argp_state *state)
{
    const CliFormat *format = dump_options->common->format;
    bool other = dump_options->items || dump_options->map || dump_options->has_at ||
                 dump_options->has_virtual || dump_options->timeline ||
                 dump_options->registers || dump_options->only != 0;

    if (!format->dump && other) {
        cli_usage_error(state, "this --format shows device state, and nothing else");
    }
    if (format->dump && dump_options->read_all && !dump_options->devices &&
        !dump_options->registers) {
        cli_usage_error(state, "--read-all has no effect without --devices, --registers "
                               "or --format=analyze");
    }
    if (format->dump && dump_options->part) {
        cli_usage_error(state,
                        "-d is for --format=analyze: migstat dump --format=analyze "
                        "-d %s FILE",
                        dump_options->part);
    }
}

static error_t parse_part(DumpOptions *dump_options, const char *arg,
                          struct argp_state *state)
{
    static const char *const parts[] = { "state", "desc", NULL };

    dump_options->part = parts[cli_word(state, "dump", arg, parts)];
    dump_options->description = dump_options->part == parts[1];
    return 0;
}

static error_t parse_table_option(DumpOptions *dump_options, int key, char *arg,
                                  struct argp_state *state)
{
    g_autofree char *problem = NULL;
    uint64_t top;

    switch (key) {
    case KEY_ONLY:
        if (!dump_parse_only(arg, &dump_options->only, &problem)) {
            cli_usage_error(state, "%s", problem);
        }
        return 0;
    case KEY_SORT:
        if (!dump_parse_sort(arg, &dump_options->sort)) {
            cli_usage_error(state, "--sort is size, offset or name, not \"%s\"", arg);
        }
        return 0;
    case KEY_TOP:
        if (!g_ascii_string_to_unsigned(arg, 10, 0, UINT_MAX, &top, NULL)) {
            cli_usage_error(state, "--top wants a number of rows, not \"%s\"", arg);
        }
        dump_options->top = (guint)top;
        return 0;
    default:
        return cli_parse_many(key, arg, state, dump_options->common) == 0
                   ? 0
                   : cli_parse_unmatched(key, dump_options->common);
    }
}

static void parse_translate(DumpOptions *dump_options, const char *arg,
                            struct argp_state *state)
{
    const char *at = strchr(arg, '@');
    g_autofree char *address = at ? g_strndup(arg, (size_t)(at - arg)) : g_strdup(arg);
    guint64 cpu = 0;

    if (at && !g_ascii_string_to_unsigned(at + 1, 10, 0, UINT32_MAX, &cpu, NULL)) {
        cli_usage_error(state,
                        "--translate wants the number of a CPU after the @, such as "
                        "0xffffffff81000000@1, not \"%s\"",
                        at + 1);
    }
    dump_options->has_virtual = true;
    dump_options->cpu = (uint32_t)cpu;
    dump_options->virtual_address = cli_memory_address("--translate", address, state);
}

static error_t parse_memory_option(DumpOptions *dump_options, int key, char *arg,
                                   struct argp_state *state)
{
    switch (key) {
    case KEY_MAP:
        dump_options->map = true;
        return 0;
    case KEY_AT:
        dump_options->has_at = true;
        dump_options->at = cli_memory_address("--at", arg, state);
        return 0;
    case KEY_TRANSLATE:
        parse_translate(dump_options, arg, state);
        return 0;
    case KEY_BELOW:
        cli_memory_below(&dump_options->memory, arg, state);
        return 0;
    case KEY_PLACE:
        cli_memory_place(&dump_options->memory, arg, state);
        return 0;
    case KEY_TIMELINE:
        dump_options->timeline = true;
        return 0;
    default:
        return parse_table_option(dump_options, key, arg, state);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    DumpOptions *dump_options = state->input;

    switch (key) {
    case KEY_ITEMS:
        dump_options->items = true;
        return 0;
    case KEY_SECTIONS:
        dump_options->sections = true;
        return 0;
    case KEY_SECTION:
        mig_addresses_add(dump_options->section, arg);
        return 0;
    case KEY_VFIO:
        dump_options->vfio = true;
        return 0;
    case KEY_DEVICES:
        dump_options->devices = true;
        if (arg) {
            mig_addresses_add(dump_options->addresses, arg);
        }
        return 0;
    case KEY_REGISTERS:
        dump_options->registers = true;
        dump_options->registers_pattern = arg;
        return 0;
    case KEY_HEX:
        dump_options->hex = true;
        return 0;
    case KEY_ALL:
        dump_options->all = true;
        return 0;
    case KEY_READ_ALL:
        dump_options->read_all = true;
        return 0;
    case KEY_PART:
        return parse_part(dump_options, arg, state);
    case ARGP_KEY_END:
        check_view(dump_options, state);
        return 0;
    default:
        return parse_memory_option(dump_options, key, arg, state);
    }
}

static void read_all(Dump *dump)
{
    CliProgress progress;
    const MigItem *item;

    if (dump_shows(dump->options, DUMP_OVERVIEW)) {
        dump->check = dump_check_new(dump->reader);
    }
    cli_progress_begin(&progress, dump->file, dump->in, dump->options->common);
    while (dump_next(dump, &item) &&
           mig_summary_watch(dump->summary, item, &dump->error) &&
           (!dump->check || mig_check_watch(dump->check, item, &dump->error))) {
        cli_progress_item(&progress, item);
    }
    cli_progress_end(&progress);
    if (dump->check) {
        mig_check_finish(dump->check, dump->error);
    }
}

/* Whether what is shown is the whole file, and not something that was asked for by name. */
static bool shows_whole(const DumpOptions *dump_options)
{
    return dump_options->common->format->dump && !dump_options->items &&
           !dump_options->map && !dump_options->has_at && !dump_options->has_virtual &&
           !dump_options->timeline && !dump_options->devices &&
           !dump_options->registers && !dump_options->only &&
           mig_addresses_is_empty(dump_options->section);
}

static MigInput *open_file(const char *file, const DumpOptions *dump_options,
                           GError **error)
{
    MigInputOptions how = cli_input_options(dump_options->common);

    how.flags = shows_whole(dump_options) ? MIG_INPUT_UNCHOSEN : 0;
    return cli_open_with(file, dump_options->common, &how, error);
}

/* Whether @in is a qcow2 image whose snapshots are all that there is to show. */
static bool lists_snapshots(const MigInput *in)
{
    const MigContainer *image = dump_image(in);
    const MigSnapshot *snapshot;

    for (size_t i = 0; image && (snapshot = mig_container_snapshot(image, i)); i++) {
        if (snapshot->is_read) {
            return false;
        }
    }
    return image != NULL;
}

/* In place of one that cannot be opened: its object has the keys of all others. */
static MigInput *empty_input(const char *file)
{
    g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);

    return mig_input_new_bytes(nothing, file, NULL, NULL);
}

/* What was asked for is not there, whichever view would have shown it. */
static bool complain(const Dump *dump)
{
    const DumpOptions *dump_options = dump->options;
    size_t n;
    const MigSection *const *sections = mig_reader_sections(dump->reader, &n);
    bool both = !mig_addresses_is_empty(dump_options->section) &&
                !mig_addresses_is_empty(dump_options->addresses);
    bool any;

    for (size_t i = 0; i < n; i++) {
        dump_wants(dump_options, sections[i]);
        if (both) { /* that --section leaves it out is no reason to say that it is not there */
            mig_addresses_section(dump_options->addresses, sections[i]->name,
                                  sections[i]->instance_id);
        }
    }
    any = cli_complain(dump_options->common, dump->file, dump_options->section,
                       MIG_ADDRESS_SECTION, "--section=", dump->reader);
    any |= cli_complain(dump_options->common, dump->file, dump_options->addresses,
                        MIG_ADDRESS_DEVICE, "--devices=", dump->reader);
    if (!any && both && dump->empty && !dump_options->common->allow_unmatched) {
        g_autoptr(GError) error = NULL;

        mig_error_set_plain(&error, MIG_ERROR_UNMATCHED,
                            "no device matches both --section and --devices");
        cli_print_error(dump->file, error);
        any = true;
    }
    mig_addresses_forget(dump_options->section);
    mig_addresses_forget(dump_options->addresses);
    return any;
}

/* What is printed without --items. */
static CliStatus dump_devices_or_all(Dump *dump)
{
    const DumpOptions *dump_options = dump->options;
    g_autoptr(MigOverview) overview = NULL;

    if (dump_options->description) {
        dump_options->common->format->dump_description(dump);
        return CLI_OK;
    }
    if (dump_options->devices || !dump_options->common->format->dump) {
        dump_devices(dump, dump_options->common->format->dump_devices);
        return CLI_OK;
    }
    if (dump_options->registers) {
        return dump_registers(dump) ? CLI_OK : CLI_TROUBLE;
    }
    if (!dump->lists) {
        read_all(dump);
    }
    dump->size = dump->opened ? dump_whole_size(dump) : UINT64_MAX;
    dump->overview = overview = mig_overview_new(dump->reader, dump->summary);
    if (!dump->error) {
        mig_input_end_error(dump->in, &dump->error);
    }
    dump_options->common->format->dump(dump);
    dump->overview = NULL;
    return CLI_OK;
}

static CliStatus dump_file(const char *file, const DumpOptions *dump_options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = open_file(file, dump_options, &error);
    g_autoptr(MigReader) reader = NULL;
    g_autoptr(MigSummary) summary = NULL;
    Dump dump = { .options = dump_options, .file = file, .opened = in != NULL };
    CliStatus status = CLI_OK;

    if (!in && !dump_options->common->format->objects) {
        cli_print_error(file, error);
        return cli_status_of(error);
    }
    in = in ? in : empty_input(file);
    dump.in = in;
    dump.lists = lists_snapshots(in);
    dump.error = g_steal_pointer(&error);
    dump.reader = reader = mig_reader_new(in);
    dump.summary = summary = mig_summary_new();
    if (dump_options->items) {
        dump_items(&dump);
    } else if (dump_options->map || dump_options->has_at || dump_options->has_virtual) {
        dump_map(&dump);
    } else if (dump_options->timeline) {
        dump_timeline(&dump);
    } else {
        mig_reader_join_pieces(reader);
        status = dump_devices_or_all(&dump);
    }
    g_clear_pointer(&dump.check, mig_check_free);
    if (!dump.error && complain(&dump)) {
        status = CLI_TROUBLE;
    } else if (!dump_is_sound(&dump)) {
        CliStatus unsound = dump.error ? cli_status_of(dump.error) : CLI_FOUND;

        status = MAX(status, unsound);
    }
    if (dump.error) {
        cli_print_error(file, dump.error);
    }
    cli_tell_unread(&dump.unread, file, dump_options->common);
    g_clear_error(&dump.error);
    return status;
}

/* @n files from the @first on, and the time lines that are read with them. */
static GPtrArray *list_inputs(const DumpOptions *dump_options, guint first, guint n)
{
    GPtrArray *inputs = g_ptr_array_new_with_free_func(g_free);

    for (guint i = first; i < first + n; i++) {
        const char *file = g_ptr_array_index(dump_options->common->files, i);

        g_ptr_array_add(inputs, g_strdup(file));
        if (dump_options->timeline && cli_is_folder(file)) {
            g_ptr_array_add(inputs, dump_timeline_path(file));
        }
    }
    return inputs;
}

/* The list of PCI names is open in the process that reads it, and in no other: it would have
 * one position for all. */
static bool prepare(guint first, guint n, void *user)
{
    DumpOptions *dump_options = user;
    g_autoptr(GPtrArray) inputs = list_inputs(dump_options, first, n);

    dump_options->several = dump_options->common->files->len > 1;
    dump_options->ids = cli_pci_ids_open();
    return cli_confine_reader(dump_options->common,
                              (const char *const *)(void *)inputs->pdata, inputs->len,
                              dump_options->ids->fd);
}

static CliStatus dump_one(guint i, void *result, void *user)
{
    const DumpOptions *dump_options = user;

    (void)result;
    return dump_file(g_ptr_array_index(dump_options->common->files, i), dump_options);
}

static void file_is_done(guint i, const void *result, const GError *error, void *user)
{
    const CliCommon *common = ((const DumpOptions *)user)->common;

    (void)result, (void)error;
    if (i + 1 < common->files->len && !common->format->objects) {
        putchar('\n');
    }
}

static int run(int argc, char **argv, CliCommon *common)
{
    g_autoptr(MigAddresses) section = mig_addresses_new();
    g_autoptr(MigAddresses) addresses = mig_addresses_new();
    DumpOptions dump_options = {
        .common = common, .section = section, .addresses = addresses, .top = UINT_MAX
    };
    const CliMany many = {
        .prepare = prepare, .one = dump_one, .done = file_is_done, .user = &dump_options
    };
    CliStatus status;

    cli_parse(&cli_command_dump, argc, argv, 0, common, &dump_options);
    dump_options.sections |= dump_options.all;
    dump_options.vfio |= dump_options.all;
    dump_options.hex |= dump_options.all;
    status = cli_many_run(&many, common);
    if (dump_options.ids) {
        cli_pci_ids_close(dump_options.ids);
    }
    cli_memory_clear(&dump_options.memory);
    return (int)status;
}

const CliCommand cli_command_dump = {
    .name = "dump",
    .summary = "show what is in a stream",
    .arguments = "FILE...",
    .doc = "Shows what is in QEMU migration streams.\v"
           "FILE may be compressed, or be a libvirt save image or a qcow2 image with a "
           "snapshot; \"-\" is "
           "standard input.\n\n"
           "Exit status: 0 complete; 1 damaged or incomplete, and what could be read was "
           "shown; 2 the job could not be done.",
    .options = options,
    .parse = parse,
    .rules = rules,
    .min_files = 1,
    .max_files = UINT_MAX,
    .pages = true,
    .run = run,
};
