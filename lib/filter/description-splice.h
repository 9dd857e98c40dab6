/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which pieces of the description's text change with a device, and the text
 *                of a new entry.
 * Must not know: why.  Private to filter/.
 * See also:      filter/description-edit.c.
 *
 * The functions that add splices return false if the text is not as QEMU writes it.
 */
#ifndef MIG_FILTER_DESCRIPTION_SPLICE_H
#define MIG_FILTER_DESCRIPTION_SPLICE_H

#include "stream/description.h"
#include "stream/splice.h"

/* How a description spaces its tokens. */
typedef struct MigSpacing {
    const char *pad; /* inside brackets */
    const char *colon;
    const char *comma;
} MigSpacing;

/* By the start of the @n bytes at @json: brace, first key, colon. */
MigSpacing mig_spacing_of(const char *json, size_t n);

/* The entry of a device of which only the length, @size bytes, is known.  The caller frees.
 * Source: migration/savevm.c, vmstate_save_old_style(), 5.2 to 10.2. */
char *mig_description_entry(const char *name, uint32_t instance_id, uint64_t size,
                            const MigSpacing *spacing);

/* What the @n bytes of an entry's @text are known by; free with g_free(). */
char *mig_splice_sum(const char *text, size_t n);

/* The entry of @device in @text is @now, if it still is that of @old_sum.  @now is taken
 * over. */
bool mig_splice_entry(GArray *splices, const char *text,
                      const MigDeviceDescription *device, const char *old_sum, char *now);
/* Its name is @name. */
bool mig_splice_name(GArray *splices, const char *text,
                     const MigDeviceDescription *device, const char *name);
/* It takes @size bytes, and so does each of its fields. */
bool mig_splice_size(GArray *splices, const char *text,
                     const MigDeviceDescription *device, uint64_t size);
/* The machine's name takes @length bytes.  @splices has none yet, and gets none if the text,
 * of @n bytes, does not describe the configuration, which is no error. */
bool mig_splice_machine(GArray *splices, const char *text, size_t n, uint32_t length);

#endif
