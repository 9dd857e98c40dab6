/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat extract.
 * Must not know: how pages are decoded; device/ram-image.c does.
 * See also:      files.c, files that appear together or not at all.
 */
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "fields.h"
#include "files.h"
#include "io/fully.h"
#include "missing.h"
#include "progress.h"
#include "sandbox.h"
#include "text.h"

enum { KEY_RAM = 0x200, KEY_SECTION, KEY_VFIO, KEY_DESCRIPTION, KEY_FORCE };

static const struct argp_option options[] = {
    { "ram", KEY_RAM, "BLOCK|all", CLI_REPEATS,
      "The final content of RAM blocks that match, or of each, as sparse files in the "
      "folder of -o",
      0 },
    { "section", KEY_SECTION, "PATTERN", CLI_REPEATS,
      "The bodies of sections whose name matches PATTERN, one after the other", 0 },
    { "vfio", KEY_VFIO, "PATTERN", CLI_REPEATS,
      "The data of VFIO devices and their configuration spaces, in the folder of -o", 0 },
    { "description", KEY_DESCRIPTION, NULL, 0, "The JSON text behind the end mark", 0 },
    { "output", 'o', "FILE|DIR", 0,
      "Where to; without it, or with \"-\", standard output", 0 },
    { "force", KEY_FORCE, NULL, 0, "Replace files that exist", 0 },
    { 0 },
};

static const CliOptionRule rules[] = {
    { "force", CLI_NEEDS, "output" },
    { 0 },
};

typedef enum What { WHAT_NONE, WHAT_RAM, WHAT_SECTION, WHAT_VFIO, WHAT_DESCRIPTION } What;

typedef struct Extract {
    CliCommon *common;
    What what;
    MigAddresses *names; /* of blocks, sections or devices */
    const char *output;  /* NULL: standard output */
    bool force;
    const char *file;

    MigInput *in;
    MigReader *reader;
    CliFiles *files; /* NULL: standard output */
    MigOutput *out;  /* one of them, or standard output; NULL: a folder */
    MigRamImage *image;
    bool found;              /* the description */
    GPtrArray *devices;      /* Device; the data of the n-th is the n-th file */
    GHashTable *numbers;     /* MigSection -> its device's number + 1 */
    const MigSection *asked; /* the section of the last item, */
    bool wanted;             /* and whether it is one that is to be taken */
} Extract;

/* A VFIO device that is taken. */
typedef struct Device {
    const MigSection *section;
    GByteArray *config; /* configuration space, as sent last */
} Device;

static void free_device(gpointer p)
{
    g_byte_array_unref(((Device *)p)->config);
    g_free(p);
}

static void set_what(Extract *x, What what, const char *name, struct argp_state *state)
{
    if (x->what != WHAT_NONE && x->what != what) {
        cli_usage_error(state,
                        "one of --ram, --section, --vfio and --description at a time");
    }
    x->what = what;
    if (name) {
        mig_addresses_add(x->names, name);
    }
}

static bool wants_folder(const Extract *x)
{
    return x->what == WHAT_RAM || x->what == WHAT_VFIO;
}

/* Who gives -o a name like this has a file in mind: those that are written here, and what
 * memory is called elsewhere. */
static const char *const file_suffixes[] = { ".raw", ".data", ".config", ".bin",
                                             ".img", ".dump", NULL };

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Extract *x = state->input;

    switch (key) {
    case KEY_RAM:
        set_what(x, WHAT_RAM, strcmp(arg, "all") == 0 ? "*" : arg, state);
        return 0;
    case KEY_SECTION:
        set_what(x, WHAT_SECTION, arg, state);
        return 0;
    case KEY_VFIO:
        set_what(x, WHAT_VFIO, arg, state);
        return 0;
    case KEY_DESCRIPTION:
        set_what(x, WHAT_DESCRIPTION, NULL, state);
        return 0;
    case KEY_FORCE:
        x->force = true;
        return 0;
    case 'o':
        x->output = strcmp(arg, "-") == 0 || strcmp(arg, "/dev/stdout") == 0 ? NULL : arg;
        return 0;
    case ARGP_KEY_END:
        if (x->what == WHAT_NONE) {
            cli_usage_error(state, "what? (--ram, --section, --vfio or --description)");
        }
        if (!x->output && wants_folder(x)) {
            cli_usage_error(state, "which folder? (-o DIR)");
        } else if (x->output && wants_folder(x)) {
            cli_want_folder(state, x->output);
            cli_want_no_file(state, x->output, file_suffixes);
        } else if (x->output) {
            cli_want_file(state, x->output);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Whether @section is to be taken; items of one mostly follow each other. */
static bool is_wanted(Extract *x, const MigSection *section)
{
    if (section != x->asked) {
        x->asked = section;
        x->wanted = mig_addresses_section(x->names, section->name, section->instance_id);
    }
    return x->wanted;
}

/* --- RAM --------------------------------------------------------------------------------- */

static bool place_block(const MigRamBlock *block, int *fd, uint64_t *base, void *user,
                        GError **error)
{
    Extract *x = user;

    *base = 0;
    /* If several blocks have the same name, pages mean the first. */
    if (!mig_addresses_section(x->names, block->name, 0) ||
        cli_files_has(x->files, block->name, ".raw")) {
        *fd = -1;
        return true;
    }
    *fd = cli_files_add(x->files, block->name, ".raw", error);
    if (*fd >= 0 && ftruncate(*fd, (off_t)block->used_length) < 0) {
        mig_error_set_plain(error, MIG_ERROR_IO, "a file of %" PRIu64 " bytes for %s: %s",
                            block->used_length, block->name, g_strerror(errno));
        return false;
    }
    return *fd >= 0;
}

/* --- VFIO -------------------------------------------------------------------------------- */

/*
 * What `lspci -F` reads: the address, then rows of bytes.  The guest's bus number is not
 * in a stream.  In its place is the number of bridges that lead to the device, which is the
 * number that firmware gives in the plain case of one port.
 */
static char *lspci_text(const char *name, const GByteArray *space)
{
    GString *text = g_string_new(NULL);
    g_autofree char *path = g_strndup(name, strcspn(name, "/"));
    g_auto(GStrv) levels = g_strsplit(path, ":", -1);
    guint n = g_strv_length(levels);
    unsigned domain = 0, slot = 0, function = 0;

    if (n >= 3 && (sscanf(levels[0], "%x", &domain) != 1 ||
                   sscanf(levels[n - 1], "%x.%x", &slot, &function) != 2)) {
        domain = slot = function = 0;
    }
    g_string_printf(text, "%04x:%02x:%02x.%u Class %02x%02x: %02x%02x:%02x%02x\n",
                    domain & 0xffff, n > 3 ? (n - 3) & 0xff : 0, slot & 0x1f,
                    function & 7, space->data[0x0b], space->data[0x0a], space->data[1],
                    space->data[0], space->data[3], space->data[2]);
    for (guint at = 0; at < space->len; at += 16) {
        g_string_append_printf(text, "%02x:", at);
        for (guint i = at; i < at + 16; i++) {
            g_string_append_printf(text, " %02x", space->data[i]);
        }
        g_string_append_c(text, '\n');
    }
    g_string_append_c(text, '\n');
    return g_string_free(text, FALSE);
}

static bool write_all(int fd, const void *data, size_t n, GError **error)
{
    if (!mig_write_fully(fd, data, n)) {
        mig_error_set_plain(error, MIG_ERROR_IO, "writing: %s", g_strerror(errno));
        return false;
    }
    return true;
}

/* The device of @section, and its number; its file is started when it is seen first. */
static Device *find_device(Extract *x, const MigSection *section, unsigned *index,
                           GError **error)
{
    g_autofree char *name = NULL;
    Device *device;

    *index = GPOINTER_TO_UINT(g_hash_table_lookup(x->numbers, section));
    if (*index) {
        return g_ptr_array_index(x->devices, --*index);
    }
    name = mig_address_of_section(section->name, section->instance_id);
    if (cli_files_add(x->files, name, ".data", error) < 0) {
        return NULL;
    }
    device = g_new0(Device, 1);
    device->section = section;
    device->config = g_byte_array_new();
    *index = x->devices->len;
    g_ptr_array_add(x->devices, device);
    g_hash_table_insert(x->numbers, (gpointer)(uintptr_t)section,
                        GUINT_TO_POINTER(x->devices->len));
    return device;
}

static bool take_vfio(Extract *x, const MigItem *item, GError **error)
{
    const MigVfioRecord *record = &item->vfio;
    const uint8_t *p;
    Device *device;
    unsigned index;
    size_t n;

    if (item->kind != MIG_ITEM_VFIO_RECORD || !is_wanted(x, item->section)) {
        return true;
    }
    device = find_device(x, item->section, &index, error);
    if (!device) {
        return false;
    }
    if (record->flag != MIG_VFIO_DEV_DATA_STATE && !record->has_payload) {
        return true;
    }
    p = mig_reader_bytes(x->reader, item);
    if (!p) {
        return mig_input_end_error(x->in, error);
    }
    if (record->has_payload) {
        g_byte_array_set_size(device->config, 0);
        g_byte_array_append(device->config, mig_vfio_item_config(item, p),
                            record->config_size);
        return true;
    }
    p = mig_vfio_item_payload(item, p, &n);
    return write_all(cli_files_fd(x->files, index), p, n, error);
}

static bool finish_vfio(Extract *x, GError **error)
{
    for (guint i = 0; i < x->devices->len; i++) {
        const Device *device = g_ptr_array_index(x->devices, i);
        g_autofree char *name =
            mig_address_of_section(device->section->name, device->section->instance_id);
        g_autofree char *text = device->config->len
                                    ? lspci_text(device->section->name, device->config)
                                    : NULL;
        int fd = text ? cli_files_add(x->files, name, ".config", error) : -1;

        if (text && (fd < 0 || !write_all(fd, text, strlen(text), error))) {
            return false;
        }
    }
    return true;
}

/* --- one file ---------------------------------------------------------------------------- */

static bool take_bytes(Extract *x, const MigItem *item, GError **error)
{
    const uint8_t *p = mig_reader_bytes(x->reader, item);

    x->found = true;
    return p ? mig_output_write(x->out, p, item->length, error)
             : mig_input_end_error(x->in, error);
}

static bool take_json(Extract *x, const MigItem *item, GError **error)
{
    const uint8_t *p = mig_reader_bytes(x->reader, item);
    const char *json;
    size_t n;

    if (!p) {
        return mig_input_end_error(x->in, error);
    }
    x->found = true;
    json = mig_description_item_json(item, p, &n);
    return mig_output_write(x->out, json, n, error);
}

static bool take(Extract *x, const MigItem *item, GError **error)
{
    switch (x->what) {
    case WHAT_RAM:
        return mig_ram_image_watch(x->image, x->reader, item, error);
    case WHAT_VFIO:
        return take_vfio(x, item, error);
    case WHAT_SECTION:
        if (item->section && is_wanted(x, item->section)) {
            return item->kind == MIG_ITEM_SECTION_HEADER ||
                   item->kind == MIG_ITEM_SECTION_FOOTER || take_bytes(x, item, error);
        }
        return true;
    default:
        return item->kind != MIG_ITEM_DESCRIPTION || take_json(x, item, error);
    }
}

/* What a guest had in its memory and its devices is for nobody else to read. */
static bool open_output(Extract *x, GError **error)
{
    const MigTargetOptions target = { .replace = x->force };
    const MigOutputOptions output = { MIG_OUTPUT_OPTIONS_INIT,
                                      .cancelled = cli_is_cancelled };
    int fd = STDOUT_FILENO;

    if (x->output) {
        x->files = cli_files_new(&target);
    }
    if (wants_folder(x)) {
        return cli_files_set_folder(x->files, x->output, error);
    }
    if (x->files) {
        fd = cli_files_open(x->files, x->output, error);
    }
    x->out = fd < 0 ? NULL
                    : mig_output_new_fd(fd, x->output ? x->output : "standard output",
                                        &output, error);
    return x->out != NULL;
}

/* The error for something that is not in the stream. */
static bool check_found(Extract *x, GError **error)
{
    static const struct {
        MigAddressKind kind;
        const char *option;
    } what[] = { [WHAT_RAM] = { MIG_ADDRESS_BLOCK, "--ram=" },
                 [WHAT_SECTION] = { MIG_ADDRESS_SECTION, "--section=" },
                 [WHAT_VFIO] = { MIG_ADDRESS_VFIO, "--vfio=" },
                 [WHAT_DESCRIPTION] = { MIG_ADDRESS_SECTION, "" } };
    size_t i = 0;
    g_autofree char *complaint = mig_addresses_complaint(x->names, &i, what[x->what].kind,
                                                         what[x->what].option, x->reader);

    if (x->what == WHAT_DESCRIPTION && !x->found) {
        complaint = g_strdup("the stream has no description");
    }
    if (complaint) {
        mig_error_set_plain(error, MIG_ERROR_UNMATCHED, "%s", complaint);
    }
    return !complaint;
}

static bool read_all(Extract *x, GError **error)
{
    CliProgress progress;
    MigStatus status;
    const MigItem *item;
    bool ok = true;

    cli_progress_begin(&progress, x->file, x->in, x->common);
    while (ok && (status = mig_reader_next(x->reader, &item, error)) == MIG_STATUS_MORE) {
        ok = take(x, item, error);
        cli_progress(&progress, item->offset);
    }
    cli_progress_end(&progress);
    return ok && status == MIG_STATUS_END;
}

static bool extract(Extract *x, GError **error)
{
    return read_all(x, error) && check_found(x, error) &&
           (x->what != WHAT_VFIO || finish_vfio(x, error)) &&
           (!x->out || mig_output_commit(x->out, error)) &&
           (!x->files || cli_files_commit(x->files, error));
}

/* What is not in the stream is not zero: says so of each block that has less than all its
 * pages. */
static CliStatus report_missing(const Extract *x)
{
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(x->reader, &n);
    CliStatus status = CLI_OK;

    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;

        if (!cli_missing_pages(x->image, x->reader, blocks[i], "are holes", &error)) {
            cli_print_error(x->file, error);
            status = CLI_FOUND;
        }
    }
    return status;
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

static CliStatus run_extract(Extract *x)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = NULL;
    g_autoptr(MigReader) reader = NULL;
    g_autoptr(MigRamImage) image = NULL;
    g_autoptr(GPtrArray) devices = g_ptr_array_new_with_free_func(free_device);
    g_autoptr(GHashTable) numbers = g_hash_table_new(NULL, NULL);
    CliStatus status = CLI_OK;
    bool ok = open_all(x, &error);

    if (ok) {
        in = x->in;
        x->reader = reader = mig_reader_new(in);
        x->image = image = mig_ram_image_new(place_block, x);
        x->devices = devices;
        x->numbers = numbers;
        ok = extract(x, &error);
    }
    if (!ok) {
        status = fail(x, error);
    } else {
        if (wants_folder(x) && !x->common->quiet) {
            cli_files_list(x->files, stderr);
        }
        status = x->what == WHAT_RAM ? report_missing(x) : CLI_OK;
    }
    g_clear_pointer(&x->out, mig_output_free);
    g_clear_pointer(&x->files, cli_files_free);
    return status;
}

static int run(int argc, char **argv, CliCommon *common)
{
    g_autoptr(MigAddresses) names = mig_addresses_new();
    Extract x = { .common = common, .names = names };

    cli_parse(&cli_command_extract, argc, argv, 0, common, &x);
    x.file = g_ptr_array_index(common->files, 0);
    if (x.what == WHAT_SECTION && !x.output && isatty(STDOUT_FILENO)) {
        fprintf(stderr, "migstat: standard output is a terminal; -o names a file\n");
        return CLI_TROUBLE;
    }
    cli_catch_signals();
    return (int)run_extract(&x);
}

const CliCommand cli_command_extract = {
    .name = "extract",
    .summary = "take RAM, sections and device data out of a stream",
    .arguments = "FILE",
    .doc =
        "Takes parts out of a QEMU migration stream.\v"
        "Files appear whole, and all of them, or none does.\n\n"
        "Exit status: 0 done; 1 the stream is damaged or incomplete; 2 the job could not "
        "be done.",
    .options = options,
    .parse = parse,
    .rules = rules,
    .min_files = 1,
    .max_files = 1,
    .run = run,
};
