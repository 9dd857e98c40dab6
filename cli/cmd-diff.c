/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat diff: its options, and the two files.
 * Must not know: how streams are compared.
 * See also:      diff/diff.h, which compares; diff.h, what a format shows of it.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diff.h"
#include "format.h"
#include "missing.h"
#include "pci-ids.h"
#include "progress.h"
#include "sandbox.h"
#include "unread.h"

enum { KEY_RAM = 0x200, KEY_DEVICES, KEY_IGNORE, KEY_ALL, KEY_READ_ALL };

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
    CLI_READ_ALL(KEY_READ_ALL, 0),
    CLI_ALLOW_UNMATCHED(0),
    { 0 },
};

static const CliOptionRule rules[] = {
    { "ram", CLI_NOT_WITH, "devices" },
    { "all", CLI_NOT_WITH, "quiet" },
    { "read-all", CLI_NOT_WITH, "ram" },
    { 0 },
};

typedef struct Arguments {
    CliCommon *common;
    bool ram, all, read_all;
    MigAddresses *only, *ignore;
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
           !S_ISREG(info[0].st_mode) && !S_ISBLK(info[0].st_mode) &&
           !S_ISDIR(info[0].st_mode);
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
        mig_addresses_add(arguments->ignore, arg);
        return 0;
    case KEY_ALL:
        arguments->all = true;
        return 0;
    case KEY_READ_ALL:
        arguments->read_all = true;
        return 0;
    case ARGP_KEY_END:
        if (is_one_pipe(arguments->common->files)) {
            cli_usage_error(state, "both are the same pipe, which can be read once only");
        }
        return 0;
    default:
        return cli_parse_unmatched(key, arguments->common);
    }
}

/* One of the two files. */
typedef struct Side {
    const char *file;
    MigInput *in;
    GError *error; /* why it could not be opened, or NULL */
} Side;

typedef struct Diff {
    const Arguments *arguments;
    Side side[2];
    MigDiff *diff; /* NULL: one of them could not be opened */
    DiffRun run;
    const DiffView *view;
    void *shown_in; /* what the view's functions get */
} Diff;

/* @snapshot: NULL for what was given for both. */
static bool open_side(Side *side, const CliCommon *common, const char *snapshot)
{
    MigInputOptions how = cli_input_options(common);

    how.snapshot = snapshot ? snapshot : how.snapshot;
    side->in = cli_open_with(side->file, common, &how, &side->error);
    return side->in != NULL;
}

static void read_side(Diff *diff, MigDiffSide side)
{
    const MigReader *reader = mig_diff_reader(diff->diff, side);
    MigStatus status = mig_diff_read(diff->diff, side);
    CliProgress progress;

    cli_progress_begin(&progress, diff->side[side].file, diff->side[side].in,
                       diff->arguments->common);
    while (status == MIG_STATUS_MORE) {
        cli_progress(&progress, mig_reader_tell(reader));
        status = mig_diff_read(diff->diff, side);
    }
    cli_progress_end(&progress);
}

/* A MigDifferenceVisit. */
static void show(const MigDifference *difference, void *user)
{
    Diff *diff = user;

    diff->run.found++;
    diff->view->difference(diff->shown_in, difference);
}

static void compare(Diff *diff, const MigPciNames *names)
{
    const Arguments *arguments = diff->arguments;
    const MigDiffFlags flags = arguments->ram        ? MIG_DIFF_RAM
                               : arguments->read_all ? 0
                                                     : MIG_DIFF_SKIP_RAM;
    const MigDiffOptions what = { MIG_DIFF_OPTIONS_INIT, .flags = flags,
                                  .only = arguments->only, .ignore = arguments->ignore,
                                  .names = names };

    diff->diff = mig_diff_new(diff->side[0].in, diff->side[1].in, &what);
    diff->run.diff = diff->diff;
    read_side(diff, MIG_DIFF_A);
    read_side(diff, MIG_DIFF_B);
    mig_diff_compare(diff->diff, show, diff);
}

/* --- how it ends ------------------------------------------------------------------------- */

static const GError *error_of(const Diff *diff, MigDiffSide side)
{
    return diff->diff ? mig_diff_error(diff->diff, side) : diff->side[side].error;
}

/* An address that means something on either side is good.  A side that is not whole may have
 * had it. */
static bool complain(const Diff *diff)
{
    const MigReader *reader = mig_diff_reader(diff->diff, MIG_DIFF_A);
    bool any =
        cli_complain(diff->arguments->common, diff->side[0].file, diff->arguments->only,
                     MIG_ADDRESS_DEVICE, "--devices=", reader);

    return cli_complain(diff->arguments->common, diff->side[0].file,
                        diff->arguments->ignore, MIG_ADDRESS_DEVICE,
                        "--ignore=", reader) ||
           any;
}

/* False where memory that was to be compared is not in the stream; said on stderr. */
static bool has_all_pages(const Diff *diff, MigDiffSide side)
{
    const MigReader *reader = mig_diff_reader(diff->diff, side);
    const MigRamImage *image = mig_diff_ram_image(diff->diff, side);
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(reader, &n);
    bool all = true;

    for (size_t i = 0; image && i < n; i++) {
        g_autoptr(GError) error = NULL;

        if (!cli_missing_pages(image, reader, blocks[i], "are not compared", &error)) {
            cli_print_error(diff->side[side].file, error);
            all = false;
        }
    }
    return all;
}

static void tell_unread(const Diff *diff)
{
    for (int i = 0; diff->diff && i < 2; i++) {
        CliUnread unread = { 0 };

        mig_diff_unread(diff->diff, (MigDiffSide)i, &unread.from, &unread.to);
        cli_tell_unread(&unread, diff->side[i].file, diff->arguments->common);
    }
}

static CliStatus conclude(Diff *diff)
{
    DiffRun *run = &diff->run;

    run->error[0] = error_of(diff, MIG_DIFF_A);
    run->error[1] = error_of(diff, MIG_DIFF_B);
    run->trouble = run->error[0] || run->error[1] || complain(diff);
    diff->view->end(diff->shown_in);
    tell_unread(diff);
    for (int i = 0; i < 2; i++) {
        if (run->error[i]) {
            cli_print_error(diff->side[i].file, run->error[i]);
        }
    }
    if (run->trouble) {
        return CLI_TROUBLE;
    }
    /* Both are told of. */
    bool all = has_all_pages(diff, MIG_DIFF_A);
    all &= has_all_pages(diff, MIG_DIFF_B);
    return run->found || !all ? CLI_FOUND : CLI_OK;
}

static void clear(Diff *diff)
{
    mig_diff_free(diff->diff);
    for (int i = 0; i < 2; i++) {
        mig_input_free(diff->side[i].in);
        g_clear_error(&diff->side[i].error);
    }
}

static CliStatus run_diff(const Arguments *arguments)
{
    CliCommon *common = arguments->common;
    const char *const *files = (const char *const *)(void *)common->files->pdata;
    Diff diff = { .arguments = arguments,
                  .side = { { .file = files[0] }, { .file = files[1] } },
                  .run = { .common = common,
                           .file = { files[0], files[1] },
                           .all = arguments->all },
                  .view = common->format->diff };
    CliPciIds *ids = cli_pci_ids_open();
    const MigPciNames *names = cli_pci_ids_names(ids);
    CliStatus status;

    if (!cli_confine_reader(common, files, common->files->len, -1)) {
        cli_pci_ids_close(ids);
        return CLI_TROUBLE;
    }
    diff.shown_in = diff.view->begin(&diff.run);
    if (open_side(&diff.side[0], common, NULL) &&
        open_side(&diff.side[1], common, common->other_snapshot)) {
        compare(&diff, names);
    }
    status = conclude(&diff);
    clear(&diff);
    cli_pci_ids_close(ids);
    return status;
}

static int run(int argc, char **argv, CliCommon *common)
{
    g_autoptr(MigAddresses) only = mig_addresses_new();
    g_autoptr(MigAddresses) ignore = mig_addresses_new();
    Arguments arguments = { .common = common, .only = only, .ignore = ignore };

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
    .pairs = true,
    .pages = true,
    .run = run,
};
