/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see extract-memory.h: the pass over the stream, and what is said of what the
 *                file does not hold.
 * Must not know: where memory is.
 * See also:      lib/memory/image.h.
 */
#include "extract-memory.h"

#include <string.h>

#include "missing.h"
#include "progress.h"
#include "text.h"

static bool read_all(const ExtractMemory *m, MigReader *reader, MigMemoryImage *image,
                     MigCore *core, GError **error)
{
    CliProgress progress;
    MigStatus status;
    const MigItem *item;
    bool ok = true;

    cli_progress_begin(&progress, m->file, mig_reader_input(reader), m->common);
    while (ok && (status = mig_reader_next(reader, &item, error)) == MIG_STATUS_MORE) {
        ok = mig_memory_image_watch(image, item, error);
        if (core) {
            mig_core_watch(core, item);
        }
        cli_progress_item(&progress, item);
    }
    cli_progress_end(&progress);
    return ok && status == MIG_STATUS_END;
}

/* A MigMemoryHole: a line of FILE.holes. */
static bool list_hole(const MigMemoryRange *hole, void *user, GError **error)
{
    const ExtractMemory *m = user;
    g_autofree char *name =
        hole->block ? cli_escape(hole->block->name, hole->block->name_length) : NULL;
    g_autofree char *line = g_strdup_printf(
        "0x%09" PRIx64 " 0x%09" PRIx64 " %s %s 0x%" PRIx64 "\n", hole->start,
        hole->start + hole->length - 1, mig_memory_kind_name(hole->kind),
        name ? name : "-", hole->block ? hole->offset : 0);

    return mig_output_write(m->holes, line, strlen(line), error);
}

static void say(const ExtractMemory *m, const char *text)
{
    g_autofree char *name = cli_file_name(m->file), *own = cli_own_text(text);
    g_autofree char *line = g_strdup_printf("%s: note: %s", name, own);

    cli_print_row(stderr, 2, line);
}

/* Holes where no block is: of those that a stream does carry, blocks tell. */
static void say_holes(const ExtractMemory *m, const MigMemoryMap *map)
{
    const char *const *notes = mig_memory_map_notes(map);
    size_t n;
    const MigMemoryRange *ranges = mig_memory_map_ranges(map, &n);

    for (size_t i = 0; i < n; i++) {
        g_autofree char *text = g_strdup_printf(
            "a hole from 0x%" PRIx64 " to 0x%" PRIx64 ": %s", ranges[i].start,
            ranges[i].start + ranges[i].length - 1,
            ranges[i].kind == MIG_MEMORY_DEVICE ? "registers of a device are there"
            : ranges[i].block                   ? "what virtio-mem has not plugged in"
                              : "what is there the stream does not tell");

        if (!ranges[i].block || ranges[i].kind == MIG_MEMORY_VIRTIO_MEM) {
            say(m, text);
        }
    }
    for (size_t i = 0; notes[i]; i++) {
        say(m, notes[i]);
    }
}

/* RAM that the file lacks because nobody knows where it is. */
static bool report_unplaced(const ExtractMemory *m, const MigMemoryMap *map)
{
    size_t n;
    const MigMemoryUnplaced *unplaced = mig_memory_map_unplaced(map, &n);
    bool complete = true;

    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;

        if (unplaced[i].is_memory) {
            mig_error_set_plain(&error, MIG_ERROR_TRUNCATED,
                                "RAM block %s of %" PRIu64
                                " bytes is not in the file: %s; "
                                "--place=%s@ADDRESS says where it is",
                                unplaced[i].block->name, unplaced[i].block->used_length,
                                unplaced[i].reason, unplaced[i].block->name);
            cli_print_error(m->file, error);
            complete = false;
        }
    }
    return complete;
}

/* Pages of blocks that are in the file. */
static bool report_missing(const ExtractMemory *m, const MigMemoryImage *image,
                           const MigMemoryMap *map, const MigReader *reader)
{
    const MigRamImage *ram = mig_memory_image_ram(image);
    size_t n;
    const MigMemoryRange *ranges = mig_memory_map_ranges(map, &n);
    g_autoptr(GHashTable) told = g_hash_table_new(NULL, NULL);
    bool complete = true;

    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;

        if (ranges[i].block && ranges[i].kind != MIG_MEMORY_VIRTIO_MEM &&
            g_hash_table_add(told, (gpointer)(uintptr_t)ranges[i].block) &&
            !cli_missing_pages(ram, reader, ranges[i].block, "are holes", &error)) {
            cli_print_error(m->file, error);
            complete = false;
        }
    }
    return complete;
}

/* Whether the file has all that the guest had; says what it has not. */
static bool report(const ExtractMemory *m, const MigMemoryImage *image,
                   const MigMemoryMap *map, const MigReader *reader, GError **error)
{
    bool complete;

    if (m->holes &&
        !mig_memory_image_holes(image, list_hole, (void *)(uintptr_t)m, error)) {
        return false;
    }
    if (!m->common->quiet) {
        say_holes(m, map);
    }
    complete = report_missing(m, image, map, reader);
    return report_unplaced(m, map) && complete;
}

bool extract_memory(ExtractMemory *m, MigInput *in, GError **damage, GError **error)
{
    const MigMemoryOptions where = cli_memory_options(&m->where);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(MigMemoryMap) map = mig_memory_map_new(reader, &where);
    g_autoptr(MigMemoryImage) image =
        mig_memory_image_new(reader, map, m->fd, m->core ? MIG_CORE_ROOM : 0);
    g_autoptr(MigCore) core = m->core ? mig_core_new(reader) : NULL;
    GError *problem = NULL;

    if (!read_all(m, reader, image, core, damage) &&
        (!m->salvage || cli_status_of(*damage) != CLI_FOUND)) {
        g_propagate_error(error, g_steal_pointer(damage));
        return false;
    }
    if (!mig_memory_image_finish(image, error) ||
        (core && !mig_core_write(core, image, map, m->fd, error))) {
        return false;
    }
    m->complete = report(m, image, map, reader, &problem);
    if (problem) {
        g_propagate_error(error, problem);
    }
    return !problem;
}
