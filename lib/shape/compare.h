/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the differences between what a stream offers and what a destination expects.
 * Must not know: which of them is an error, and what a person is told.
 * See also:      check/rules-dest.c.
 *
 * Looked for is what a loader refuses: values are not compared but where the loader does so
 * itself, nor are subsections that only one of both has, since a guest that runs has some
 * that a fresh one has not.
 */
#ifndef MIG_SHAPE_COMPARE_H
#define MIG_SHAPE_COMPARE_H

#include "device/leaves.h"
#include "shape/shape-private.h"
#include "stream/release.h"

typedef enum MigShapeDifferenceKind {
    MIG_SHAPE_VERSION_NEW,        /* here > there */
    MIG_SHAPE_VERSION_OLD,        /* here < there, the least that is read */
    MIG_SHAPE_TYPE_UNKNOWN,       /* no device of that description is compiled in */
    MIG_SHAPE_SUBSECTION_UNKNOWN, /* @path is the subsection's name */
    MIG_SHAPE_COUNT,              /* elements of @path */
    MIG_SHAPE_SIZE,               /* bytes of @path */
    MIG_SHAPE_FIELDS,     /* bytes from @path on, up to the next field that both have */
    MIG_SHAPE_VALUE,      /* of @path, which the loader compares */
    MIG_SHAPE_QUEUE,      /* entries of the virtqueue @path */
    MIG_SHAPE_REGISTER,   /* @path is a register that the CPU there lacks */
    MIG_SHAPE_PCI_CONFIG, /* byte @at of configuration space */
    MIG_SHAPE_PLACE, /* nothing is at the device's place; @path: where one like it is */
    MIG_SHAPE_FEATURES, /* of virtio that the driver uses; @there: those that are offered */
} MigShapeDifferenceKind;

typedef struct MigShapeDifference {
    MigShapeDifferenceKind kind;
    bool sure;     /* false: a condition that is not known decides */
    bool is_limit; /* of a value: less is read as well */
    char *path;    /* owned; NULL where there is none */
    char *owner;   /* owned: the structure that a subsection or field is in */
    char *array;   /* owned: of a number of elements, the path of the array, or NULL */
    bool is_one;   /* of bytes: those of one field that the other side has not */
    char *
        beside; /* owned: of such a field of the destination, the path of one next to it */
    bool is_before;       /* which it comes before; else after */
    GPtrArray *registers; /* owned: paths of those that the CPU there lacks, or NULL */
    uint64_t here, there;
    uint64_t offset; /* in the stream, plain bytes */
    uint32_t at; /* in configuration space; of features, the bit that bit 0 stands for */
    uint64_t beside_here;         /* the other 64 features that the driver uses */
    char *note_here, *note_there; /* owned: what the values mean, or NULL */
    const MigShape *with;         /* the destination, where several are compared with */
} MigShapeDifference;

/* A device of the stream, read once for as many destinations as there are. */
typedef struct MigOffered {
    MigReader *reader;
    const MigSection *section;
    const uint8_t *body; /* borrowed */
    uint64_t length, offset;

    char *text; /* that describes it, or NULL */
    size_t text_length;
    Schema schema;
    const Vmstate *vmstate; /* once it was asked for; NULL: nothing describes it */
    MigShapeTree tree;
    const MigShapeVmstate *shape; /* the same of this */
    MigLeaves leaves;
    bool is_read, is_shaped, is_decoded; /* they were asked for */
} MigOffered;

/* @item is a device's state, all of it in @body, or NULL.  Its description is at hand. */
void mig_offered_init(MigOffered *offered, MigReader *reader, const MigItem *item,
                      const uint8_t *body);
void mig_offered_clear(MigOffered *offered);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MigOffered, mig_offered_clear)

/* What describes it, read when it is needed first; NULL: nothing does. */
const Vmstate *mig_offered_vmstate(MigOffered *offered);

/* The same as a shape. */
const MigShapeVmstate *mig_offered_shape(MigOffered *offered);

/* Its fields, decoded when they are needed first. */
const MigLeaves *mig_offered_leaves(MigOffered *offered);

/* Whether the same describes both, and nothing can differ that a loader compares: the bytes are the
 * same, or it compares no values in such a device. */
bool mig_offered_is_alike(const MigOffered *a, const MigOffered *b);

/* Whether a loader aborts that knows the subsection, and has not what it would fill: a device
 * that has it always writes the subsection.  Source: target/arm/machine.c, vmstate_wfxt_timer;
 * 9.1 to 10.2. */
bool mig_shape_is_behind_pointer(const char *subsection);

/* Adds a MigShapeDifference for each to @differences, in the order in which a loader meets
 * them. */
void mig_shape_compare_device(const MigShape *shape, MigOffered *offered,
                              GPtrArray *differences);

/* Whether the destination shows all that it has: it is a stream. */
bool mig_shape_is_exact(const MigShape *shape);

/* The name of its input. */
const char *mig_shape_name(const MigShape *shape);

/* Whether it has a capability of migration set; UNKNOWN where it does not show that. */
typedef enum MigShapeSetting {
    MIG_SHAPE_SETTING_UNKNOWN,
    MIG_SHAPE_SETTING_OFF,
    MIG_SHAPE_SETTING_ON
} MigShapeSetting;
MigShapeSetting mig_shape_capability(const MigShape *shape, const char *name);

/* The release that it says it is, or MIG_RELEASE_NONE. */
MigRelease mig_shape_release(const MigShape *shape);

/* Its machine type, or NULL. */
const char *mig_shape_machine(const MigShape *shape);

/* The same with a release that is built in; false where it is not known to have such a device,
 * or the budget is spent. */
bool mig_shape_compare_release(MigRelease release, MigOffered *offered,
                               GPtrArray *differences);

/* The releases built in that are next to @release, or it itself twice; MIG_RELEASE_NONE where
 * there is none on that side. */
void mig_shape_known_releases(MigRelease release, MigRelease *below, MigRelease *above);

/* What the destination's stream has of a section by name and instance, or NULL. */
const MigShapeSection *mig_shape_section(const MigShape *shape,
                                         const MigSection *section);

/* A section of the destination that has the same handler at another address, and that the
 * stream has not so far; NULL, also where looking further costs too much. */
const MigSection *mig_shape_alike(const MigShape *shape, const MigReader *reader,
                                  const MigSection *section);

/* The destination's RAM blocks, *n of them; NULL where it does not show any. */
const MigRamBlock *const *mig_shape_blocks(const MigShape *shape, size_t *n);

/* The destination's RAM block that has the name of @block; it must be exact. */
const MigRamBlock *mig_shape_block(const MigShape *shape, const MigRamBlock *block);

typedef enum MigShapeBlockFate {
    MIG_SHAPE_BLOCK_FINE, /* or not known */
    MIG_SHAPE_BLOCK_UNKNOWN,
    MIG_SHAPE_BLOCK_LENGTH,
} MigShapeBlockFate;

/* What a transcript, which the shape must be, tells of the block; *there: its length there. */
MigShapeBlockFate mig_shape_transcript_block(const MigShape *shape,
                                             const MigRamBlock *block, uint64_t *there);

/* Whether it is a transcript. */
bool mig_shape_is_transcript(const MigShape *shape);

/* Whether it is a -dump-vmstate file in which a description that was needed cannot be read: nobody
 * knows what the destination makes of such a device. */
bool mig_shape_is_broken(const MigShape *shape);

/* Whether it shows that no PCI function is where the name of a section, or of a RAM block, says
 * that one is. */
bool mig_shape_lacks_place(const MigShape *shape, const char *name);

/* The RAM block of the stream that has the name of @block, or NULL. */
const MigRamBlock *mig_ram_block_named(const MigReader *reader, const MigRamBlock *block);

/* Frees a MigShapeDifference. */
void mig_shape_difference_free(gpointer p);

/* --- private to shape/ ------------------------------------------------------------------- */

/* A new difference at the end of @differences, which takes its steps of @budget: what makes it
 * asks mig_shape_goes_on() before the next. */
MigShapeDifference *mig_shape_differ(MigBudget *budget, GPtrArray *differences,
                                     MigShapeDifferenceKind kind, bool sure);

typedef struct MigShapeComparison {
    MigBudget *budget;
    MigOffered *offered;
    bool exact;        /* the destination's is a stream: all of its fields are there */
    unsigned max_cpus; /* of the destination; 0: not known */
    bool knows_counts; /* fixed arrays have their number of elements */
    bool unplaced;     /* of a field that differs the offset is that of the device */
    GPtrArray *differences;
    guint before; /* of those, what other destinations have */
    GString *path;
    size_t
        enclosing; /* of a subsection, bytes of @path that its owner has; else SIZE_MAX */
} MigShapeComparison;

/* Where in the stream the field at @path is, or the device where that cannot be said: all of the
 * device is decoded for it, once. */
uint64_t mig_shape_place(MigOffered *offered, const char *path);

/* Takes @steps; false where there are not as many, or there are differences enough. */
bool mig_shape_goes_on(const MigShapeComparison *c, uint64_t steps);

/* @here was read with @version: that of the section, or of the subsection. */
void mig_shape_compare_vmstate(MigShapeComparison *c, const MigShapeVmstate *here,
                               const MigShapeVmstate *there, uint32_t version);

/* Configuration space of the offered device, *n bytes; *offset: in the stream.  NULL: none. */
const uint8_t *mig_shape_pci_space(MigOffered *offered, uint32_t *n, uint64_t *offset);

/* The first byte of configuration space that is not @bits where @mask is 1; @n bytes. */
void mig_shape_compare_pci_bits(MigShapeComparison *c, const uint8_t *bits,
                                const uint8_t *mask, uint32_t n);

/* What a monitor has shown. */
void mig_shape_compare_transcript(MigShapeComparison *c,
                                  const struct MigTranscript *transcript);

/* The state of CPU hotplug in @v or what is in it, where c->max_cpus is known. */
void mig_shape_compare_max_cpus(MigShapeComparison *c, const MigShapeVmstate *v);

/* The first byte of configuration space that the loader would not accept. */
void mig_shape_compare_pci(MigShapeComparison *c, const MigLeaves *there,
                           const uint8_t *body, uint64_t body_offset);

#endif
