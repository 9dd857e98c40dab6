/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a shape consists of.  Private to shape/.
 * Must not know: how it is compared.
 * See also:      stream.c and dump-vmstate.c, the makers; compare.c.
 */
#ifndef MIG_SHAPE_SHAPE_PRIVATE_H
#define MIG_SHAPE_SHAPE_PRIVATE_H

#include "device/schema.h"
#include "shape/shape.h"
#include "stream/reader.h"

typedef struct MigShapeField MigShapeField;
typedef struct MigShapeVmstate MigShapeVmstate;

/* A structure of device state: its fields in the order of the wire. */
struct MigShapeVmstate {
    const char *name;
    uint32_t version, minimum; /* of a stream's description: the same */
    MigShapeField *fields;
    MigShapeVmstate *subsections;
    MigShapeVmstate *next;
};

/* Of a stream, all entries of one name that follow each other are one field. */
struct MigShapeField {
    const char *name;
    const char *type;         /* NULL: not known */
    uint8_t width;            /* bytes that its type has; 0: any */
    bool conditional;         /* a function decides whether it is there */
    bool fixed;               /* @count is that of the type */
    bool array;               /* a stream describes it as one */
    bool varies;              /* its length depends on what the guest does */
    uint32_t version;         /* the first one of the structure that has it */
    uint64_t size;            /* bytes of an element on the wire; 0: not known */
    uint64_t count;           /* elements */
    uint64_t bytes;           /* of all of them, in a stream; 0: not known */
    MigShapeVmstate *vmstate; /* of an element, or NULL */
    MigShapeField *next;
};

/* What owns them. */
typedef struct MigShapeTree {
    MigNodes nodes;
    GStringChunk *strings;
} MigShapeTree;

void mig_shape_tree_init(MigShapeTree *tree);
void mig_shape_tree_clear(MigShapeTree *tree);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MigShapeTree, mig_shape_tree_clear)

/* A node of @size zero bytes; NULL where there are too many. */
void *mig_shape_node(MigShapeTree *tree, size_t size);

/* A timer inside a structure has the size that it has in memory in a -dump-vmstate file; on the
 * wire it is one number. */
#define MIG_TIMER_IN_MEMORY 48u

/* A name that repeats in a structure has its number after it in a stream: "config[1]". */
void mig_shape_number_names(MigShapeTree *tree, const MigShapeVmstate *v);

/* What the stream's description has of one device. */
MigShapeVmstate *mig_shape_of_schema(MigShapeTree *tree, const Vmstate *v);

/* A description of a -dump-vmstate file, of which no more than its name is read before it is
 * needed: there are 200 to 700, of which a stream has 60 at most. */
typedef struct MigShapeDumped {
    const char *name;
    const char *text; /* in that of the file */
    size_t length;
    const MigShapeVmstate *vmstate; /* NULL: not read, or it is none */
    bool is_read;
} MigShapeDumped;

typedef struct MigShapeDump {
    char *text;
    bool knows_counts; /* it tells how many elements a fixed array has; since 8.1 */
    bool is_broken;    /* a description that was needed could not be read */
    GArray *dumped;    /* MigShapeDumped, sorted by name; several may have one */
    MigShapeTree tree;
} MigShapeDump;

/* The body of a section of a destination's stream: FULL, or the START of a live one. */
typedef struct MigShapeSection {
    const MigSection *section;
    uint64_t offset, length; /* 0, 0: no device state */
} MigShapeSection;

struct MigShape {
    MigInput *in;
    char *machine;

    /* of a stream */
    MigReader *reader;
    GArray *sections;  /* MigShapeSection, in the order of mig_section_compare() */
    unsigned max_cpus; /* that the ACPI tables list; 0: not known */

    MigShapeDump *dump; /* of a -dump-vmstate file; else NULL */

    struct MigTranscript *transcript; /* of a monitor; else NULL */
    MigShapeTree tree;                /* of it */
};

/* All of its file, which is @what, *length bytes, and a zero byte; the caller frees.  NULL with
 * *error (LIMIT, IO). */
char *mig_shape_read_text(const MigShape *shape, const char *what, uint64_t *length,
                          GError **error);

/* Whether the beginning of a file is one of what a monitor prints. */
bool mig_transcript_is_text(const char *text, size_t length);

/* What the description is of, read when it is needed first; NULL: it is none. */
const MigShapeVmstate *mig_shape_dumped(MigShapeDump *dump, MigShapeDumped *dumped);

/* Frees what a -dump-vmstate file has shown, if any. */
void mig_shape_dump_free(MigShapeDump *dump);

bool mig_shape_read_transcript(MigShape *shape, GError **error);
bool mig_shape_read_stream(MigShape *shape, GError **error);
bool mig_shape_read_dump_vmstate(MigShape *shape, GError **error);

#endif
