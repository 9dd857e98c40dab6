/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the description after the end mark (QEMU's vmdesc): where it is, and how
 *                long each device section is according to it.
 * Must not know: what the fields mean; device/ does.
 * See also:      stream/json-scan.h; stream/device.c, which asks for lengths.
 */
#ifndef MIG_STREAM_DESCRIPTION_H
#define MIG_STREAM_DESCRIPTION_H

#include "io/input.h"
#include "stream/wire.h"

G_BEGIN_DECLS

/* One object of "devices". */
typedef struct MigDeviceDescription {
    const char *name; /* idstr, unescaped, closed by a NUL */
    uint32_t instance_id;
    uint32_t version;     /* of a vmstate; 0 for an old-style device */
    bool old_style;       /* only a length: an opaque "data" buffer */
    bool size_known;      /* false where its fields make no sense */
    uint64_t size;        /* bytes of the section's body */
    uint32_t text_offset; /* of the object's '{' in the JSON */
    uint32_t text_length; /* bytes, braces included */
    uint64_t reserved;    /* for members to come: the devices are an array */
} MigDeviceDescription;

typedef struct MigDescription {
    uint64_t offset;         /* of the 0x06, in plain bytes */
    uint64_t json_offset;    /* of the JSON, in plain bytes */
    uint32_t json_length;    /* bytes of JSON */
    bool valid;              /* it is JSON, and has "devices" */
    const char *problem;     /* static: why it is not valid; NULL if it is */
    uint64_t problem_offset; /* in plain bytes */
    uint32_t page_size;      /* 0 where it has none */
    bool has_configuration;
    uint32_t devices_offset; /* of the '[' of "devices" in the JSON */
    uint32_t devices_end;    /* of its ']' */
    const MigDeviceDescription *devices;
    size_t n_devices;
} MigDescription;

/*
 * Looks for a description from the end of @in backwards: what ends exactly there, or
 * before padding, or else the last one that is JSON with "devices" at or after @from.
 * @in must be seekable.  NULL where there is none.
 */
MIG_API MigDescription *mig_description_find(MigInput *in, uint64_t from);

/* The one that ends where @in does, and starts at or after @from; NULL. */
MIG_API MigDescription *mig_description_at_end(MigInput *in, uint64_t from);

/* Reads the one at @offset (of its 0x06): NULL if it does not fit into the input. */
MIG_API MigDescription *mig_description_read(MigInput *in, uint64_t offset);

/* The same from memory: @json is @length bytes of JSON; @offset as above. */
MIG_API MigDescription *mig_description_parse(const char *json, uint32_t length,
                                              uint64_t offset);

/*
 * The device of that name and instance: the first one at index @hint or after it (sections
 * of a sound stream are in the order of the description), else the first of all; -1 if
 * there is none.  Two entries of one name are rare, yet stock (isa-ide of machine isapc).
 */
MIG_API ssize_t mig_description_lookup(const MigDescription *description,
                                       const char *name, uint32_t instance_id,
                                       size_t hint);

/* Of one that the caller owns; that of a reader is the reader's. */
MIG_API void mig_description_free(MigDescription *description);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigDescription, mig_description_free)

G_END_DECLS

#endif
