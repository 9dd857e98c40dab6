/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat extract: its options, its input and where the parts go.
 * Must not know: what the parts are made of; device/extract.c does.
 * See also:      files.c, files that appear together or not at all.
 */
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "extract-memory.h"
#include "files.h"
#include "missing.h"
#include "progress.h"
#include "sandbox.h"
#include "text.h"
#include "unread.h"

enum {
    KEY_RAM = 0x200,
    KEY_MEMORY,
    KEY_CORE,
    KEY_SALVAGE,
    KEY_BELOW,
    KEY_PLACE,
    KEY_SECTION,
    KEY_DISK,
    KEY_VFIO,
    KEY_DESCRIPTION,
    KEY_XML,
    KEY_COOKIE,
    KEY_READ_ALL,
    KEY_FORCE
};

static const struct argp_option options[] = {
    { "memory", KEY_MEMORY, NULL, 0,
      "Guest physical memory, as one sparse file, that of -o", 0 },
    { "ram", KEY_RAM, "BLOCK|all", CLI_REPEATS,
      "The final content of RAM blocks that match, or of each, as sparse files in the "
      "folder of -o",
      0 },
    { "core", KEY_CORE, "elf", OPTION_ARG_OPTIONAL,
      "The same as an ELF core with the registers of CPUs, for crash, gdb and others",
      0 },
    { "section", KEY_SECTION, "PATTERN", CLI_REPEATS,
      "The bodies of sections whose name matches PATTERN, one after the other", 0 },
    { "vfio", KEY_VFIO, "PATTERN", CLI_REPEATS,
      "The data of VFIO devices and their configuration spaces, in the folder of -o", 0 },
    { "disk", KEY_DISK, "DEVICE|all", CLI_REPEATS,
      "What a block migration has of disks that match, or of each, as sparse raw images "
      "in "
      "the folder of -o",
      0 },
    { "description", KEY_DESCRIPTION, NULL, 0, "The JSON text after the end mark", 0 },
    { "xml", KEY_XML, NULL, 0, "The domain XML of a libvirt save image", 0 },
    { "cookie", KEY_COOKIE, NULL, 0, "The cookie of a libvirt save image, XML too", 0 },
    { "output", 'o', "FILE|DIR", 0,
      "Where to; without it, or with \"-\", standard output", 0 },
    { "ram-below-4g", KEY_BELOW, "SIZE", 0, CLI_BELOW_HELP, 0 },
    { "place", KEY_PLACE, "BLOCK@ADDRESS", CLI_REPEATS, CLI_PLACE_HELP, 0 },
    { "salvage", KEY_SALVAGE, NULL, 0,
      "With --memory or --core: of a damaged stream all up to the damage, and in "
      "FILE.holes what "
      "the file does not hold",
      0 },
    { "force", KEY_FORCE, NULL, 0, "Replace files that exist", 0 },
    CLI_READ_ALL(KEY_READ_ALL, 0),
    CLI_ALLOW_UNMATCHED(0),
    { 0 },
};

static const CliOptionRule rules[] = {
    { "force", CLI_NEEDS, "output" },
    { "memory", CLI_NOT_WITH, "core" },
    { "read-all", CLI_NEEDS, "section description" },
    { "ram-below-4g", CLI_NEEDS, "memory core" },
    { "place", CLI_NEEDS, "memory core" },
    { "salvage", CLI_NEEDS, "memory core" },
    { 0 },
};

typedef struct Extract {
    CliCommon *common;
    bool chosen; /* what is taken */
    MigExtractWhat what;
    ExtractMemory memory; /* instead, memory as the guest sees it */
    const char *text;     /* instead, of what is around the stream: "xml" or "cookie" */
    MigAddresses *names;  /* of blocks, sections or devices */
    const char *output;   /* NULL: standard output */
    bool force;
    bool read_all; /* what is not taken as well */
    const char *file;

    MigInput *in;
    MigReader *reader;
    CliFiles *files; /* NULL: standard output */
    MigOutput *out;  /* one of them, or standard output; NULL: a folder */
    MigExtract *parts;
    CliUnread unread;
} Extract;

static void only_one(struct argp_state *state)
{
    cli_usage_error(
        state,
        "one of --ram, --memory, --core, --section, --vfio, --disk, --description, --xml "
        "and --cookie at a time");
}

static void set_text(Extract *x, const char *text, struct argp_state *state)
{
    if (x->chosen || x->memory.wanted || (x->text && x->text != text)) {
        only_one(state);
    }
    x->text = text;
}

static void set_what(Extract *x, MigExtractWhat what, const char *name,
                     struct argp_state *state)
{
    if ((x->chosen && x->what != what) || x->memory.wanted || x->text) {
        only_one(state);
    }
    x->chosen = true;
    x->what = what;
    if (name) {
        mig_addresses_add(x->names, name);
    }
}

static void set_memory(Extract *x, struct argp_state *state)
{
    if (x->chosen || x->text) {
        only_one(state);
    }
    x->memory.wanted = true;
}

static bool wants_folder(const Extract *x)
{
    return x->chosen && (x->what == MIG_EXTRACT_RAM || x->what == MIG_EXTRACT_VFIO ||
                         x->what == MIG_EXTRACT_DISK);
}

/* Who gives -o a name like this has a file in mind: those that are written here, and what
 * memory is called elsewhere. */
static const char *const file_suffixes[] = { ".raw", ".data", ".config", ".bin",
                                             ".img", ".dump", NULL };

static error_t parse_memory_option(Extract *x, int key, char *arg,
                                   struct argp_state *state)
{
    switch (key) {
    case KEY_MEMORY:
        set_memory(x, state);
        return 0;
    case KEY_CORE:
        if (arg && strcmp(arg, "elf") != 0) {
            cli_usage_error(state, "--core is elf, not \"%s\"", arg);
        }
        set_memory(x, state);
        x->memory.core = true;
        return 0;
    case KEY_SALVAGE:
        x->memory.salvage = true;
        return 0;
    case KEY_BELOW:
        cli_memory_below(&x->memory.where, arg, state);
        return 0;
    case KEY_PLACE:
        cli_memory_place(&x->memory.where, arg, state);
        return 0;
    default:
        return cli_parse_unmatched(key, x->common);
    }
}

/* Whether the options name something, and where it goes. */
static void check_options(const Extract *x, struct argp_state *state)
{
    if (!x->chosen && !x->text && !x->memory.wanted) {
        cli_usage_error(state,
                        "what? (--ram, --memory, --core, --section, --vfio, --disk, "
                        "--description, --xml or --cookie)");
    }
    if (!x->output && wants_folder(x)) {
        cli_usage_error(state, "which folder? (-o DIR)");
    } else if (!x->output && x->memory.wanted) {
        cli_usage_error(state, "which file? (-o FILE)");
    } else if (x->output && wants_folder(x)) {
        cli_want_folder(state, x->output);
        cli_want_no_file(state, x->output, file_suffixes);
    } else if (x->output) {
        cli_want_file(state, x->output);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Extract *x = state->input;

    switch (key) {
    case KEY_RAM:
        set_what(x, MIG_EXTRACT_RAM, strcmp(arg, "all") == 0 ? "*" : arg, state);
        return 0;
    case KEY_SECTION:
        set_what(x, MIG_EXTRACT_SECTIONS, arg, state);
        return 0;
    case KEY_VFIO:
        set_what(x, MIG_EXTRACT_VFIO, arg, state);
        return 0;
    case KEY_DISK:
        set_what(x, MIG_EXTRACT_DISK, strcmp(arg, "all") == 0 ? "*" : arg, state);
        return 0;
    case KEY_DESCRIPTION:
        set_what(x, MIG_EXTRACT_DESCRIPTION, NULL, state);
        return 0;
    case KEY_XML:
        set_text(x, "xml", state);
        return 0;
    case KEY_COOKIE:
        set_text(x, "cookie", state);
        return 0;
    case KEY_FORCE:
        x->force = true;
        return 0;
    case KEY_READ_ALL:
        x->read_all = true;
        return 0;
    case 'o':
        x->output = strcmp(arg, "-") == 0 || strcmp(arg, "/dev/stdout") == 0 ? NULL : arg;
        return 0;
    case ARGP_KEY_END:
        check_options(x, state);
        return 0;
    default:
        return parse_memory_option(x, key, arg, state);
    }
}

/* --- where parts go ---------------------------------------------------------------------- */

/* A MigExtractOpen. */
static int open_part(MigExtractPart part, const char *name, void *user, GError **error)
{
    static const char *const suffixes[] = { [MIG_EXTRACT_PART_RAM] = ".raw",
                                            [MIG_EXTRACT_PART_DATA] = ".data",
                                            [MIG_EXTRACT_PART_CONFIG] = ".config",
                                            [MIG_EXTRACT_PART_DISK] = ".raw" };
    const Extract *x = user;

    return cli_files_add(x->files, name, suffixes[part], error);
}

/* The file of memory, and with --salvage that of its holes. */
static bool open_memory(Extract *x, GError **error)
{
    const MigOutputOptions output = { MIG_OUTPUT_OPTIONS_INIT,
                                      .cancelled = cli_is_cancelled };
    g_autofree char *holes = g_strconcat(x->output, ".holes", NULL);
    int fd = 0;

    x->memory.fd = cli_files_open(x->files, x->output, error);
    if (x->memory.fd >= 0 && x->memory.salvage) {
        fd = cli_files_open(x->files, holes, error);
        x->out = fd < 0 ? NULL : mig_output_new_fd(fd, holes, &output, error);
        x->memory.holes = x->out;
        return x->out != NULL;
    }
    return x->memory.fd >= 0;
}

/* What a guest had in its memory and its devices is for nobody else to read. */
static bool open_output(Extract *x, GError **error)
{
    const MigTargetOptions target = { MIG_TARGET_OPTIONS_INIT, .replace = x->force };
    const MigOutputOptions output = { MIG_OUTPUT_OPTIONS_INIT,
                                      .cancelled = cli_is_cancelled };
    int fd = STDOUT_FILENO;

    if (x->output) {
        x->files = cli_files_new(x->common, &target);
        cli_files_leave_unsynced(x->files);
    }
    if (wants_folder(x)) {
        return cli_files_set_folder(x->files, x->output, error);
    }
    if (x->memory.wanted) {
        return open_memory(x, error);
    }
    if (x->files) {
        fd = cli_files_open(x->files, x->output, error);
    }
    x->out = fd < 0 ? NULL
                    : mig_output_new_fd(fd, x->output ? x->output : "standard output",
                                        &output, error);
    return x->out != NULL;
}

/* --- the stream -------------------------------------------------------------------------- */

/* The error for what was chosen and is not in the stream. */
static bool check_found(const Extract *x, GError **error)
{
    static const struct {
        MigAddressKind kind;
        const char *option;
    } what[] = { [MIG_EXTRACT_RAM] = { MIG_ADDRESS_BLOCK, "--ram=" },
                 [MIG_EXTRACT_SECTIONS] = { MIG_ADDRESS_SECTION, "--section=" },
                 [MIG_EXTRACT_VFIO] = { MIG_ADDRESS_VFIO, "--vfio=" },
                 [MIG_EXTRACT_DESCRIPTION] = { MIG_ADDRESS_SECTION, "" } };
    size_t i = 0;
    g_autofree char *complaint =
        x->what == MIG_EXTRACT_DISK
            ? mig_extract_disk_complaint(x->parts, &i, "--disk=")
            : mig_addresses_complaint(x->names, &i, what[x->what].kind,
                                      what[x->what].option, x->reader);

    if (!complaint || x->common->allow_unmatched) {
        return true;
    }
    mig_error_set_plain(error, MIG_ERROR_UNMATCHED, "%s", complaint);
    return false;
}

/* Whether something of RAM is taken: of the sections before its pages, a name means one. */
static bool takes_ram(const Extract *x)
{
    size_t n;
    const MigSection *const *sections = mig_reader_sections(x->reader, &n);

    for (size_t i = 0; x->what == MIG_EXTRACT_SECTIONS && i < n; i++) {
        if (mig_addresses_section(x->names, sections[i]->name,
                                  sections[i]->instance_id)) {
            return true;
        }
    }
    return x->what != MIG_EXTRACT_SECTIONS && x->what != MIG_EXTRACT_DESCRIPTION;
}

/* Where RAM begins, once it is known whether that is taken. */
static void skip_ram(Extract *x)
{
    x->read_all |= takes_ram(x);
    if (!x->read_all) {
        mig_reader_skip_ram(x->reader, &x->unread.from, &x->unread.to);
        x->read_all = true; /* from here on */
    }
}

static bool read_all(Extract *x, GError **error)
{
    CliProgress progress;
    MigStatus status;
    const MigItem *item;
    bool ok = true;

    cli_progress_begin(&progress, x->file, x->in, x->common);
    while (ok && (status = mig_reader_next(x->reader, &item, error)) == MIG_STATUS_MORE) {
        ok = mig_extract_watch(x->parts, item, error);
        cli_progress_item(&progress, item);
        if (ok && !x->read_all && mig_item_begins_part(item)) {
            skip_ram(x);
        }
    }
    cli_progress_end(&progress);
    return ok && status == MIG_STATUS_END;
}

/* What is around the stream, from the outermost wrapper that has it. */
static bool write_text(Extract *x, GError **error)
{
    const MigContainer *container;
    const char *text = NULL;
    size_t length;

    for (size_t i = 0; !text && (container = mig_input_container(x->in, i)); i++) {
        text = mig_container_text(container, x->text, &length);
    }
    if (!text) {
        mig_error_set_plain(error, MIG_ERROR_UNMATCHED,
                            "there is no %s: that is in libvirt's save images", x->text);
        return false;
    }
    bool has_end = length > 0 && text[length - 1] == '\n';
    return mig_output_write(x->out, text, length, error) &&
           (has_end || mig_output_write(x->out, "\n", 1, error));
}

static bool commit(Extract *x, GError **error)
{
    return (!x->out || mig_output_commit(x->out, error)) &&
           (!x->files || cli_files_commit(x->files, error));
}

static bool extract(Extract *x, GError **error)
{
    return read_all(x, error) && check_found(x, error) &&
           mig_extract_finish(x->parts, error) && commit(x, error);
}

/* Before any byte of the input is read, and then the input. */
static bool open_all(Extract *x, GError **error)
{
    cli_open_inputs(x->common, &x->file, 1);
    if (!open_output(x, error)) {
        return false;
    }
    if (!cli_confine(x->common, &(CliRights){ .files = x->files, .keep = -1 })) {
        return false;
    }
    x->in = cli_open(x->file, x->common, error);
    return x->in != NULL;
}

/* What ended it, on stderr, unless that was said. */
static CliStatus fail(const Extract *x, const GError *error)
{
    if (!error || (x->out && mig_output_broken_pipe(x->out))) {
        return CLI_TROUBLE;
    }
    cli_print_error(x->file, error);
    return cli_status_of(error);
}

static CliStatus run_memory(Extract *x, GError **error)
{
    g_autoptr(GError) damage = NULL;

    x->memory.common = x->common;
    x->memory.file = x->file;
    if (!extract_memory(&x->memory, x->in, &damage, error) || !commit(x, error)) {
        return CLI_TROUBLE;
    }
    if (damage) {
        cli_print_error(x->file, damage);
    }
    return damage || !x->memory.complete ? CLI_FOUND : CLI_OK;
}

static CliStatus run_extract(Extract *x)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = NULL;
    g_autoptr(MigReader) reader = NULL;
    g_autoptr(MigExtract) parts = NULL;
    CliStatus status = CLI_OK;
    bool ok = open_all(x, &error);

    in = x->in;
    if (ok && x->memory.wanted) {
        status = run_memory(x, &error);
        ok = !error;
    } else if (ok && x->text) {
        ok = write_text(x, &error) && commit(x, &error);
    } else if (ok) {
        const MigExtractOptions what = { MIG_EXTRACT_OPTIONS_INIT, .what = x->what,
                                         .names = x->names,        .out = x->out,
                                         .open = open_part,        .user = x };

        x->reader = reader = mig_reader_new(in);
        x->parts = parts = mig_extract_new(reader, &what);
        ok = extract(x, &error);
    }
    if (ok && wants_folder(x) && !x->common->quiet) {
        cli_files_list(x->files, stderr);
    }
    status = !ok        ? fail(x, error)
             : x->parts ? cli_missing_report(x->parts, x->reader, x->file)
                        : status;
    cli_tell_unread(&x->unread, x->file, x->common);
    g_clear_pointer(&parts, mig_extract_free); /* before the files, which it borrows */
    g_clear_pointer(&x->out, mig_output_free);
    g_clear_pointer(&x->files, cli_files_free);
    return status;
}

static int run(int argc, char **argv, CliCommon *common)
{
    g_autoptr(MigAddresses) names = mig_addresses_new();
    Extract x = { .common = common, .names = names };
    CliStatus status;

    cli_parse(&cli_command_extract, argc, argv, 0, common, &x);
    x.file = g_ptr_array_index(common->files, 0);
    if (x.what == MIG_EXTRACT_SECTIONS && !x.output && isatty(STDOUT_FILENO)) {
        fprintf(stderr, "migstat: standard output is a terminal; -o names a file\n");
        return CLI_TROUBLE;
    }
    cli_catch_signals();
    status = run_extract(&x);
    cli_memory_clear(&x.memory.where);
    return (int)status;
}

const CliCommand cli_command_extract = {
    .name = "extract",
    .summary = "take RAM, disks, sections and device data out of a stream",
    .arguments = "FILE",
    .doc =
        "Takes parts out of a QEMU migration stream.\v"
        "Files appear whole, and all of them, or none does.\n\n"
        "Exit status: 0 done; 1 the stream is damaged or incomplete; 2 the job could not "
        "be done.",
    .options = options,
    .parse = parse,
    .rules = rules,
    .has_one_form = true,
    .min_files = 1,
    .max_files = 1,
    .run = run,
};
