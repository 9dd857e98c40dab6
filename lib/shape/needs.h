/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a destination must be started with for a stream to be loaded, as far as
 *                the stream tells.
 * Must not know: how it is shown.
 * See also:      shape/needs-table.c, which devices are known by what; cli/cmd-needs.c.
 *
 * A stream has no command line.  It has names of sections, which tell the kind of a device and
 * its place; configuration space, which tells the model; queues, RAM blocks and ACPI tables.
 */
#ifndef MIG_SHAPE_NEEDS_H
#define MIG_SHAPE_NEEDS_H

#include "io/error.h"
#include "stream/reader.h"

G_BEGIN_DECLS

typedef enum MigNeedKind {
    MIG_NEED_PROGRAM, /* value: "qemu-system-x86_64" */
    MIG_NEED_MACHINE,
    MIG_NEED_CPU,
    MIG_NEED_MEMORY,
    MIG_NEED_DEVICE,
    MIG_NEED_CAPABILITY, /* value: the name of what is set before -incoming; no option */
    MIG_NEED_UNKNOWN, /* note: what the stream does not tell; option and value NULL, or what
                          * is a guess and may have to be another */
    MIG_NEED_KIND_COUNT
} MigNeedKind;

/* "machine", ...: a static string. */
MIG_API const char *mig_need_kind_name(MigNeedKind kind);

/* One option.  All texts are the needs'; what they have of the stream is escaped in none. */
typedef struct MigNeed {
    MigNeedKind kind;
    const char *option; /* "-device"; NULL: it is none of the command line */
    const char
        *value; /* of the option, or NULL; characters of [A-Za-z0-9:@./_+,=-] alone */
    const char *section;  /* the section or RAM block that tells it, or NULL */
    const char *note;     /* for a person: what it is, what is to be replaced; or NULL */
    uint64_t reserved[2]; /* for members to come: the needs are an array */
} MigNeed;

/* Sections of devices that are looked at; a guest of QEMU has up to some 500. */
#define MIG_NEEDS_SECTIONS_MAX 8192u

typedef struct MigNeeds MigNeeds;

/* Of a stream that @reader is to read; borrowed, and it must outlive the needs.  Its input has to
 * be one that can seek, mig_input_hold().  The caller owns it, mig_needs_free(). */
MIG_API MigNeeds *mig_needs_new(MigReader *reader);
MIG_API void mig_needs_free(MigNeeds *needs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigNeeds, mig_needs_free)

/* Adds @item, the one that the reader has just read: all items of the stream, in order.
 * Errors: of the input, and those of mig_ram_image_watch(). */
MIG_API bool mig_needs_watch(MigNeeds *needs, const MigItem *item, GError **error);

/*
 * mig_reader_skip_ram() of the reader, after an item was added: what RAM holds then is not known
 * to the needs, and a row says so where that may matter.
 */
MIG_API bool mig_needs_skip_ram(MigNeeds *needs, uint64_t *from, uint64_t *to);

/* After the last item: whether that has skipped ACPI tables without which an option would have
 * another value.  The stream is then to be read again, with new needs, and all of it. */
MIG_API bool mig_needs_misses_ram(const MigNeeds *needs);

/* What follows from the items so far, *n of them, in the order of a command line: what is
 * plugged into something is after it.  NULL with *error: of the input. */
MIG_API const MigNeed *mig_needs_finish(MigNeeds *needs, size_t *n, GError **error);

G_END_DECLS

#endif
