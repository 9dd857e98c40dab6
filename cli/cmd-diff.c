/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat diff: its options, and what is compared with what.
 * Must not know: how fields and pages are decoded.
 * See also:      diff-report.c, diff-fields.c, diff-ram.c.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diff.h"
#include "io/temporary.h"
#include "missing.h"
#include "pci-ids.h"
#include "progress.h"
#include "sandbox.h"
#include "text.h"

#define CHUNK (64u << 10)

enum { KEY_RAM = 0x200, KEY_DEVICES, KEY_IGNORE, KEY_ALL };

static const struct argp_option options[] = {
    { "ram", KEY_RAM, NULL, 0, "Compare what each page of RAM holds in the end, too", 0 },
    { "devices", KEY_DEVICES, "PATTERN", CLI_REPEATS,
      "Compare nothing but these sections, or fields of them (DEVICE:FIELD); may be "
      "repeated",
      0 },
    { "ignore", KEY_IGNORE, "PATTERN", CLI_REPEATS,
      "Leave out sections or fields; may be repeated", 0 },
    { "all", KEY_ALL, NULL, 0, "Show each difference of a section, not the first 100",
      0 },
    { 0 },
};

static const CliOptionRule rules[] = {
    { "ram", CLI_NOT_WITH, "devices" },
    { "all", CLI_NOT_WITH, "quiet" },
    { 0 },
};

typedef struct Arguments {
    CliCommon *common;
    bool ram, all;
    MigAddresses *only, *left;
} Arguments;

/* True if both names are of one pipe. What can be read twice may be compared with
 * itself. */
static bool is_one_pipe(const GPtrArray *files)
{
    struct stat info[2];

    for (guint i = 0; i < 2; i++) {
        const char *file = i < files->len ? g_ptr_array_index(files, i) : "";

        if ((strcmp(file, "-") == 0 ? fstat(STDIN_FILENO, &info[i])
                                    : stat(file, &info[i])) < 0) {
            return false; /* opening it will tell */
        }
    }
    return info[0].st_dev == info[1].st_dev && info[0].st_ino == info[1].st_ino &&
           !S_ISREG(info[0].st_mode) && !S_ISBLK(info[0].st_mode);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Arguments *arguments = state->input;

    switch (key) {
    case KEY_RAM:
        arguments->ram = true;
        return 0;
    case KEY_DEVICES:
        mig_addresses_add(arguments->only, arg);
        return 0;
    case KEY_IGNORE:
        mig_addresses_add(arguments->left, arg);
        return 0;
    case KEY_ALL:
        arguments->all = true;
        return 0;
    case ARGP_KEY_END:
        if (is_one_pipe(arguments->common->files)) {
            cli_usage_error(state, "both are the same pipe, which can be read once only");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- reading a side ---------------------------------------------------------------------- */

static bool place_block(const MigRamBlock *block, int *fd, uint64_t *base, void *user,
                        GError **error)
{
    DiffSide *side = user;

    if (side->image_fd < 0) {
        side->image_fd = mig_temporary_open(NULL, error);
        if (side->image_fd < 0) {
            return false;
        }
    }
    *fd = side->image_fd;
    *base = side->image_end;
    /* apart by the largest page there is, so that holes do not meet */
    if (block->used_length > (uint64_t)INT64_MAX - MIG_PAGE_SIZE_MAX - side->image_end) {
        mig_error_set_plain(error, MIG_ERROR_LIMIT, "RAM blocks of more than 8 EiB");
        return false;
    }
    side->image_end += (block->used_length + MIG_PAGE_SIZE_MAX - 1) / MIG_PAGE_SIZE_MAX *
                       MIG_PAGE_SIZE_MAX;
    return true;
}

static bool open_side(DiffSide *side, bool ram, const CliCommon *common)
{
    side->in = cli_open(side->file, common, &side->error);
    if (!side->in) {
        return false;
    }
    side->reader = mig_reader_new(side->in);
    side->summary = mig_summary_new();
    side->image = ram ? mig_ram_image_new(place_block, side) : NULL;
    return true;
}

static void read_side(DiffSide *side, const CliCommon *common)
{
    CliProgress progress;
    const MigItem *item;

    /* All of it is looked at again. */
    if (!mig_input_hold(side->in, &side->error)) {
        return;
    }
    cli_progress_begin(&progress, side->file, side->in, common);
    while (mig_reader_next(side->reader, &item, &side->error) == MIG_STATUS_MORE) {
        if (!mig_summary_watch(side->summary, side->reader, item, &side->error) ||
            (side->image &&
             !mig_ram_image_watch(side->image, side->reader, item, &side->error))) {
            break;
        }
        cli_progress(&progress, item->offset);
    }
    cli_progress_end(&progress);
}

static void close_side(DiffSide *side)
{
    mig_ram_image_free(side->image);
    if (side->image_fd >= 0) {
        close(side->image_fd);
    }
    mig_summary_free(side->summary);
    mig_reader_free(side->reader);
    mig_input_free(side->in);
    g_clear_error(&side->error);
}

/* --- configuration ----------------------------------------------------------------------- */

static char *capabilities_of(const MigConfiguration *conf)
{
    return conf && conf->capabilities
               ? g_strjoinv(", ", (char **)(uintptr_t)conf->capabilities)
               : g_strdup("");
}

static char *uuid_of(const MigConfiguration *conf)
{
    char *uuid = conf ? mig_configuration_uuid_text(conf) : NULL;

    return uuid ? uuid : g_strdup("");
}

/* Texts; an empty one is not there. */
static void diff_texts(Diff *diff, const char *what, const char *a, const char *b)
{
    const DiffPlace place = { what, NULL, NULL, NULL };

    if (!g_str_equal(a, b) && (*a || diff_is_whole(diff, 0)) &&
        (*b || diff_is_whole(diff, 1))) {
        diff_report_text(diff, &place, *a ? a : NULL, *b ? b : NULL);
    }
}

static char *commands_of(const MigSummary *summary)
{
    GString *text = g_string_new(NULL);
    uint64_t seen = 0;

    for (guint i = 0; i < summary->commands->len; i++) {
        uint16_t id = g_array_index(summary->commands, MigCommandSummary, i).id;
        const char *name = mig_command_name(id);

        if (name && id < 64 && !(seen >> id & 1)) {
            seen |= UINT64_C(1) << id;
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", name);
        }
    }
    return g_string_free(text, FALSE);
}

/* The same with texts of its own. */
static void diff_owned(Diff *diff, const char *what, char *a, char *b)
{
    diff_texts(diff, what, a, b);
    g_free(a);
    g_free(b);
}

/* 0: not known. */
static void diff_page_size(Diff *diff, uint64_t a, uint64_t b)
{
    const DiffPlace place = { "page-size", NULL, NULL, NULL };

    if (a != b && a && b) {
        diff_report_number(diff, &place, a, b);
    }
}

static void diff_configuration(Diff *diff)
{
    const MigReader *a = diff->side[0].reader, *b = diff->side[1].reader;
    const MigConfiguration *conf_a = mig_reader_configuration(a);
    const MigConfiguration *conf_b = mig_reader_configuration(b);

    diff_texts(diff, "machine", conf_a ? conf_a->machine : "",
               conf_b ? conf_b->machine : "");
    diff_owned(diff, "capabilities", capabilities_of(conf_a), capabilities_of(conf_b));
    diff_owned(diff, "uuid", uuid_of(conf_a), uuid_of(conf_b));
    diff_owned(diff, "commands", commands_of(diff->side[0].summary),
               commands_of(diff->side[1].summary));
    diff_page_size(diff, mig_reader_page_size(a), mig_reader_page_size(b));
    diff_texts(diff, "description", mig_reader_description(a) ? "present" : "",
               mig_reader_description(b) ? "present" : "");
}

/* --- VFIO -------------------------------------------------------------------------------- */

/* The layout in words: more than the dialect where set-up is repeated. */
static char *layout_of(const MigVfioSummary *vfio)
{
    const char *name = mig_vfio_dialect_name(vfio->device.dialect);

    return vfio->device.dialect == MIG_VFIO_DIALECT_SUBFLAG
               ? g_strdup_printf("%s, set up %u %s", name, vfio->device.config_records,
                                 vfio->device.config_records == 1 ? "time" : "times")
               : g_strdup(name);
}

static const MigVfioSummary *vfio_of(const DiffSide *side, const MigSection *section)
{
    guint index =
        GPOINTER_TO_UINT(g_hash_table_lookup(side->summary->vfio_index, section));

    return index ? &g_array_index(side->summary->vfio, MigVfioSummary, index - 1) : NULL;
}

static const MigVfioRecordSummary *next_record(const DiffSide *side, uint32_t index)
{
    return index ? &g_array_index(side->summary->vfio_records, MigVfioRecordSummary,
                                  index - 1)
                 : NULL;
}

/* The device data of one side, as if it were one run of bytes. */
typedef struct Data {
    DiffSide *side;
    const MigVfioRecordSummary *record;
    uint64_t at; /* in its payload */
    bool precopy;
} Data;

static bool is_data(const Data *data)
{
    const uint16_t flag = (uint16_t)MIG_VFIO_DEV_DATA_STATE;

    return data->record->flag == flag &&
           (data->record->type == MIG_SECTION_PART) == data->precopy;
}

/* Reads at most @n bytes. Returns 0 at the end, or after an error, which that side then
 * has. */
static size_t read_data(Data *data, uint8_t *buffer, size_t n)
{
    size_t done = 0;

    while (data->record && done < n) {
        size_t want = is_data(data)
                          ? (size_t)MIN(n - done, data->record->payload_length - data->at)
                          : 0;

        if (want == 0) {
            data->record = next_record(data->side, data->record->next);
            data->at = 0;
            continue;
        }
        if (!diff_read(data->side,
                       data->record->offset + data->record->header_length + data->at,
                       buffer + done, want)) {
            return 0;
        }
        data->at += want;
        done += want;
    }
    return done;
}

static void diff_data(Diff *diff, const MigVfioSummary *const vfio[2], bool precopy)
{
    g_autofree uint8_t *buffer = g_malloc(2 * CHUNK);
    const char *path = precopy ? "pre-copy data" : "stop-and-copy data";
    const DiffPlace place = { "vfio-data", vfio[0]->device.section, path, NULL };
    g_autofree char *a = NULL, *b = NULL;
    Data data[2];
    uint64_t at = 0;
    size_t n[2];

    if (!diff_wants(diff, vfio[0]->device.section, path)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        data[i] = (Data){ .side = &diff->side[i],
                          .precopy = precopy,
                          .record = next_record(&diff->side[i], vfio[i]->first_record) };
    }
    do {
        n[0] = read_data(&data[0], buffer, CHUNK);
        n[1] = read_data(&data[1], buffer + CHUNK, CHUNK);
        if (!diff_is_whole(diff, 0) || !diff_is_whole(diff, 1)) {
            return;
        }
        for (size_t i = 0; i < MIN(n[0], n[1]); i++, at++) {
            if (buffer[i] != buffer[CHUNK + i]) {
                a = g_strdup_printf("byte %" PRIu64 ": %02x", at, buffer[i]);
                b = g_strdup_printf("byte %" PRIu64 ": %02x", at, buffer[CHUNK + i]);
                diff_report_text(diff, &place, a, b);
                return;
            }
        }
    } while (n[0] && n[0] == n[1]);
    if (n[0] != n[1]) {
        a = g_strdup_printf("%s %" PRIu64 " bytes",
                            n[0] < n[1] ? "ends after" : "more than", at);
        b = g_strdup_printf("%s %" PRIu64 " bytes",
                            n[1] < n[0] ? "ends after" : "more than", at);
        diff_report_text(diff, &place, a, b);
    }
}

/* The configuration that is in force at the end; length 0: none. */
static DiffBody last_config(const DiffSide *side, const MigVfioSummary *vfio)
{
    DiffBody body = { .section = vfio->device.section, .vfio = true };
    const MigVfioRecordSummary *record = next_record(side, vfio->first_record);

    for (; record; record = next_record(side, record->next)) {
        if (record->flag == (uint16_t)MIG_VFIO_DEV_CONFIG_STATE &&
            record->payload_length) {
            body.offset = record->offset + record->header_length;
            body.length = record->payload_length;
        }
    }
    return body;
}

static void diff_vfio(Diff *diff, const MigSection *a, const MigSection *b)
{
    const MigVfioSummary *vfio[2] = { vfio_of(&diff->side[0], a),
                                      vfio_of(&diff->side[1], b) };
    const DiffPlace layout = { "vfio-layout", a, "layout", NULL };
    const DiffPlace config = { "vfio-configuration", a, "configuration", NULL };
    g_autofree char *layout_a = NULL, *layout_b = NULL;
    DiffBody bodies[2] = { { 0 } };

    if (!vfio[0] || !vfio[1] || !diff_is_whole(diff, 0) || !diff_is_whole(diff, 1)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        bodies[i] = last_config(&diff->side[i], vfio[i]);
    }
    layout_a = layout_of(vfio[0]);
    layout_b = layout_of(vfio[1]);
    if (diff_wants(diff, a, layout.path) && !g_str_equal(layout_a, layout_b)) {
        diff_report_text(diff, &layout, layout_a, layout_b);
    }
    if (bodies[0].length && bodies[1].length) {
        diff_fields(diff, bodies);
    } else if (diff_wants(diff, a, config.path) && bodies[0].length != bodies[1].length) {
        diff_report_text(diff, &config, bodies[0].length ? "" : NULL,
                         bodies[1].length ? "" : NULL);
    }
    diff_data(diff, vfio, true);
    diff_data(diff, vfio, false);
}

/* --- sections ---------------------------------------------------------------------------- */

/* A tree: names that share a hash cost no more than others. */
static GTree *sections_of(const DiffSide *side)
{
    GTree *sections = g_tree_new(mig_section_compare);
    size_t n;
    const MigSection *const *list = mig_reader_sections(side->reader, &n);

    for (size_t i = 0; i < n; i++) {
        gpointer section = (gpointer)(uintptr_t)list[i];

        g_tree_insert(sections, section, section);
    }
    return sections;
}

/* The last body of each section of a side, by the section's index. A section in which the
 * stream breaks off has none. */
static GArray *bodies_of(const DiffSide *side)
{
    GArray *bodies = g_array_new(false, true, sizeof(DiffBody));
    size_t n;
    const MigSection *const *list = mig_reader_sections(side->reader, &n);

    g_array_set_size(bodies, (guint)n);
    for (guint i = 0; i < side->summary->sections->len; i++) {
        const MigSectionSummary *s =
            &g_array_index(side->summary->sections, MigSectionSummary, i);
        uint64_t at, length = mig_section_summary_body(s, &at);
        bool cut = side->error && i == side->summary->sections->len - 1;

        g_array_index(bodies, DiffBody, s->section) =
            (DiffBody){ cut ? NULL : list[s->section], at, length, false };
    }
    return bodies;
}

static void diff_lonely(Diff *diff, const MigSection *section, int in_b)
{
    const DiffPlace place = { "section", section, NULL, NULL };

    if (diff_is_whole(diff, !in_b) && diff_wants(diff, section, NULL)) {
        diff_report_text(diff, &place, in_b ? NULL : "", in_b ? "" : NULL);
    }
}

static void diff_pair(Diff *diff, const MigSection *a, const MigSection *b,
                      const DiffBody bodies[2])
{
    const DiffPlace place = { "version", a, "version", NULL };

    if (diff_wants(diff, a, place.path) && a->version_id != b->version_id) {
        diff_report_number(diff, &place, a->version_id, b->version_id);
    }
    if (mig_section_is_vfio(a)) {
        diff_vfio(diff, a, b);
    } else if (!mig_section_is_ram(a) && bodies[0].section && bodies[1].section) {
        diff_fields(diff, bodies);
    }
}

static void diff_sections(Diff *diff)
{
    g_autoptr(GTree) in_a = sections_of(&diff->side[0]);
    g_autoptr(GTree) in_b = sections_of(&diff->side[1]);
    g_autoptr(GArray) bodies_a = bodies_of(&diff->side[0]);
    g_autoptr(GArray) bodies_b = bodies_of(&diff->side[1]);
    size_t n;
    const MigSection *const *list = mig_reader_sections(diff->side[0].reader, &n);

    for (size_t i = 0; i < n; i++) {
        const MigSection *other = g_tree_lookup(in_b, list[i]);

        if (other) {
            const DiffBody bodies[] = {
                g_array_index(bodies_a, DiffBody, list[i]->index),
                g_array_index(bodies_b, DiffBody, other->index),
            };

            diff_pair(diff, list[i], other, bodies);
        } else {
            diff_lonely(diff, list[i], 0);
        }
    }
    list = mig_reader_sections(diff->side[1].reader, &n);
    for (size_t i = 0; i < n; i++) {
        if (!g_tree_lookup(in_a, list[i])) {
            diff_lonely(diff, list[i], 1);
        }
    }
}

/* --- the command ------------------------------------------------------------------------- */

static void begin_json(Diff *diff)
{
    cli_json_object(diff->json, NULL);
    cli_json_string(diff->json, "a", diff->side[0].file);
    cli_json_string(diff->json, "b", diff->side[1].file);
    cli_json_array(diff->json, "differences");
}

static void end_json(Diff *diff, bool trouble)
{
    cli_json_end_array(diff->json);
    if (trouble) {
        cli_json_null(diff->json, "same");
    } else {
        cli_json_bool(diff->json, "same", diff->found == 0);
    }
    cli_json_error(diff->json, "error_a", diff->side[0].error);
    cli_json_error(diff->json, "error_b", diff->side[1].error);
    cli_json_end_object(diff->json);
    cli_json_finish(diff->json);
}

/* An address that means something on either side is good.  A side that is not whole may have
 * had it. */
static bool complain(const Diff *diff)
{
    const MigReader *reader = diff->side[0].reader;
    bool any;

    for (int side = 0; side < 2; side++) {
        size_t n;
        const MigSection *const *list = mig_reader_sections(diff->side[side].reader, &n);

        for (size_t i = 0; i < n; i++) {
            diff_wants(diff, list[i], NULL);
        }
    }
    any = cli_complain(diff->side[0].file, diff->only, MIG_ADDRESS_DEVICE,
                       "--devices=", reader);
    return cli_complain(diff->side[0].file, diff->left, MIG_ADDRESS_DEVICE,
                        "--ignore=", reader) ||
           any;
}

/* False where memory that was to be compared is not in the stream; said on stderr. */
static bool has_all_pages(const DiffSide *side)
{
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(side->reader, &n);
    bool all = true;

    for (size_t i = 0; side->image && !side->error && i < n; i++) {
        g_autoptr(GError) error = NULL;

        if (!cli_missing_pages(side->image, side->reader, blocks[i], "are not compared",
                               &error)) {
            cli_print_error(side->file, error);
            all = false;
        }
    }
    return all;
}

static CliStatus conclude(Diff *diff)
{
    bool trouble = diff->side[0].error || diff->side[1].error || complain(diff);

    if (diff->json) {
        end_json(diff, trouble);
    }
    for (int i = 0; i < 2; i++) {
        if (diff->side[i].error) {
            cli_print_error(diff->side[i].file, diff->side[i].error);
        }
    }
    if (trouble) {
        return CLI_TROUBLE;
    }
    /* Both are told of. */
    bool all = has_all_pages(&diff->side[0]);
    all &= has_all_pages(&diff->side[1]);
    return diff->found || !all ? CLI_FOUND : CLI_OK;
}

static void compare(Diff *diff)
{
    if (mig_addresses_is_empty(diff->only)) {
        diff_configuration(diff);
        diff_ram(diff);
    }
    diff_sections(diff);
    diff_report_end(diff);
}

static CliStatus run_diff(const Arguments *arguments)
{
    CliCommon *common = arguments->common;
    const char *const *files = (const char *const *)(void *)common->files->pdata;
    Diff diff = { .ram = arguments->ram && mig_addresses_is_empty(arguments->only),
                  .all = arguments->all,
                  .only = arguments->only,
                  .left = arguments->left,
                  .quiet = common->quiet,
                  .color = cli_use_color(common->color, stdout),
                  .side = { { .file = files[0], .image_fd = -1 },
                            { .file = files[1], .image_fd = -1 } } };
    CliStatus status;
    CliPciIds *ids;
    CliJson json;

    ids = cli_pci_ids_open();
    diff.names = cli_pci_ids_names(ids);
    if (!cli_confine_reader(common, files, common->files->len, -1)) {
        cli_pci_ids_close(ids);
        return CLI_TROUBLE;
    }
    cli_json_init(&json, stdout);
    if (common->format == CLI_FORMAT_JSON) {
        diff.json = &json;
        begin_json(&diff);
    }
    if (open_side(&diff.side[0], diff.ram, common) &&
        open_side(&diff.side[1], diff.ram, common)) {
        read_side(&diff.side[0], common);
        read_side(&diff.side[1], common);
        compare(&diff);
    }
    status = conclude(&diff);
    cli_pci_ids_close(ids);
    close_side(&diff.side[0]);
    close_side(&diff.side[1]);
    return status;
}

static int run(int argc, char **argv, CliCommon *common)
{
    g_autoptr(MigAddresses) only = mig_addresses_new();
    g_autoptr(MigAddresses) left = mig_addresses_new();
    Arguments arguments = { .common = common, .only = only, .left = left };

    cli_parse(&cli_command_diff, argc, argv, 0, common, &arguments);
    return (int)run_diff(&arguments);
}

const CliCommand cli_command_diff = {
    .name = "diff",
    .summary = "show how two streams differ, by meaning",
    .arguments = "FILE FILE",
    .doc = "Shows how two QEMU migration streams differ, by meaning.\v"
           "Exit status: 0 they are the same; 1 they differ; 2 trouble, a damaged stream "
           "included.",
    .options = options,
    .parse = parse,
    .rules = rules,
    .min_files = 2,
    .max_files = 2,
    .run = run,
};
