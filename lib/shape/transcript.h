/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a monitor's transcript shows of a destination.  Private to shape/.
 * Must not know: the stream that it is compared with.
 * See also:      transcript.c, which tells texts from replies; transcript-json.c and
 *                transcript-text.c, the two forms; compare-transcript.c.
 *
 * Several commands show the same device; what they show of it is put together by its place,
 * written as in the names of sections: "0000:00:05.0", or "0000:00:1c.0:00.0" behind a bridge.
 */
#ifndef MIG_SHAPE_TRANSCRIPT_H
#define MIG_SHAPE_TRANSCRIPT_H

#include "shape/shape-private.h"
#include "stream/json-scan.h"

/* Base address registers of a PCI function, and its option ROM. */
#define MIG_TRANSCRIPT_BARS 7u
#define MIG_TRANSCRIPT_ROM  6u

/* The place of the first root bus. */
#define MIG_TRANSCRIPT_ROOT "0000:00"

typedef struct MigTranscriptBar {
    bool there, is_io;
    bool is_typed; /* @is_wide and @prefetch are known */
    bool is_wide, prefetch;
    uint64_t size; /* 0: not known */
} MigTranscriptBar;

/* What is known of a virtio device. */
typedef struct MigTranscriptVirtio {
    const char *name;          /* "virtio-net"; NULL: not known */
    const char *id;            /* of -device; NULL: it has none, or it is not known */
    uint64_t offered[2];       /* features, from bit 0 and from bit 64 on */
    uint64_t known[2];         /* of which it is known whether they are offered */
    bool is_vague;             /* it has features with names that are not known */
    uint32_t queue_size;       /* entries of each queue; 0: not known */
    uint32_t rx_size, tx_size; /* of a network card */
} MigTranscriptVirtio;

typedef struct MigTranscriptFunction {
    const char *place;
    const char *id;   /* of -device, or NULL */
    const char *type; /* "virtio-net-pci", or NULL */
    bool has_ids, has_class;
    uint16_t vendor, device, class;
    bool shows_bars;     /* all that it has are listed */
    bool shows_children; /* what is behind it is listed */
    int vectors;         /* of MSI-X; -1: not known */
    MigTranscriptBar bars[MIG_TRANSCRIPT_BARS];
    MigTranscriptVirtio virtio; /* by its properties */
} MigTranscriptFunction;

typedef struct MigTranscriptMemory {
    const char *backend; /* "/objects/m0" */
    uint64_t size;
} MigTranscriptMemory;

typedef struct MigTranscript {
    MigShapeTree *tree; /* of the shape; owns texts and nodes */
    GTree *functions;   /* place -> MigTranscriptFunction */
    GPtrArray *virtio;  /* MigTranscriptVirtio, each a status that was asked for */
    GPtrArray *memory;  /* MigTranscriptMemory */
    bool shows_root;    /* the functions of the first root bus are listed */
    bool shows_memory, shows_cpus;
    unsigned max_cpus;
    unsigned major, minor; /* of the QEMU; 0, 0: not known */
    unsigned shown, set;   /* capabilities, bits by mig_transcript_capability() */
    unsigned replies;      /* that were understood */
    char *path;            /* of the virtio device that was asked about last, or NULL */
} MigTranscript;

MigTranscript *mig_transcript_new(MigShapeTree *tree);
void mig_transcript_free(MigTranscript *transcript);

/* The function at @place, made if there is none yet; NULL where there are too many. */
MigTranscriptFunction *mig_transcript_function(MigTranscript *transcript,
                                               const char *place);

/* What @more shows of the same function. */
void mig_transcript_merge(MigTranscriptFunction *function,
                          const MigTranscriptFunction *more);

/* What it does not show, a static string. */
const char *mig_transcript_lacks(const MigTranscript *transcript);

/* A device whose status was asked for by @path, or NULL. */
MigTranscriptVirtio *mig_transcript_virtio(MigTranscript *transcript, const char *path);

/* @name as a monitor prints it, "VIRTIO_NET_F_CSUM"; @type as mig_virtio_type_of_vmstate(). */
void mig_transcript_offer(MigTranscriptVirtio *virtio, uint16_t type, const char *name);

/* A property of the device: "mrg_rxbuf", "false". */
void mig_transcript_property(MigTranscriptVirtio *virtio, uint16_t type, const char *name,
                             const char *value);

/* The bit of a capability that has to be set at a destination, or not, as the stream has it; 0:
 * another one. */
unsigned mig_transcript_capability(const char *name);

/* Takes it from a line of info migrate_capabilities: "mapped-ram: off". */
void mig_transcript_setting(MigTranscript *transcript, const char *line);

/* Takes the release from a line: "QEMU 7.2.22 monitor - type 'help' ...", or what info version
 * prints, "7.2.22Debian ...". */
void mig_transcript_version(MigTranscript *transcript, const char *line);

/* All that @text has, as a monitor prints it for people.  NULL, or what is wrong with it, a static
 * string, and at which byte. */
const char *mig_transcript_read_text(MigTranscript *transcript, const char *text,
                                     size_t length, size_t *at);

/* One element of the reply to query-pci. */
bool mig_transcript_read_bus(MigTranscript *transcript, MigJson *json);

/* One JSON value: a request or a reply; moves past it. */
bool mig_transcript_read_json(MigTranscript *transcript, MigJson *json);

#endif
