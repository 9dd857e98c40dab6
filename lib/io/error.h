/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the error domain of the library and the place that an error carries.
 * Must not know: what a stream looks like; it only stores what it is told.
 * See also:      every function of the library that has a GError parameter.
 *
 * An error says what was wanted and what was found.  Its text never holds the
 * place: whoever prints it puts the offset and the section in front, once.
 */
#ifndef MIG_IO_ERROR_H
#define MIG_IO_ERROR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "io/visibility.h"

G_BEGIN_DECLS

#define MIG_ERROR (mig_error_quark())

typedef enum MigErrorCode {
    /* The environment: the job could not be done, the stream may be sound. */
    MIG_ERROR_IO = 1,        /* A system call failed; the text ends in strerror(). */
    MIG_ERROR_CANCELLED = 2, /* The caller's cancel flag was seen. */
    MIG_ERROR_USAGE = 3,     /* An option or a filter's parameter makes no sense. */
    MIG_ERROR_UNMATCHED = 4, /* What was asked for by name is not in the stream. */

    /* The input: it is not a stream that can be read here. */
    MIG_ERROR_UNSUPPORTED = 10, /* Recognised, named, and not handled (qcow2, xz, ...). */
    MIG_ERROR_CONTAINER = 11,   /* Compressed data or a save image is damaged. */
    MIG_ERROR_LIMIT = 12,       /* A bound of the library was met; the text names it. */
    MIG_ERROR_TRUNCATED = 13,   /* The input ends where bytes were wanted. */
    MIG_ERROR_MALFORMED = 14,   /* The bytes break the format. */

    /* A conversion. */
    MIG_ERROR_REFUSED = 20, /* The rewrite would not keep the stream true. */
} MigErrorCode;

/* What the offset of an error counts. */
typedef enum MigErrorLayer {
    MIG_LAYER_PLAIN,     /* Bytes of the migration stream. */
    MIG_LAYER_CONTAINER, /* Bytes of the file around it: compressed, or a save image. */
} MigErrorLayer;

/* The domain of all errors of the library: MIG_ERROR. */
MIG_API GQuark mig_error_quark(void);

/*
 * Sets *error, as g_set_error() does, and remembers the place.
 * @offset: in bytes, of the layer that mig_error_set_layer() names (plain at first).
 * @rule:   id of the rule of migstat-rules(7) that is broken, a static string, or
 *          NULL where no rule speaks of it (the environment).
 */
MIG_API void mig_error_set(GError **error, MigErrorCode code, uint64_t offset,
                           const char *rule, const char *format, ...) G_GNUC_PRINTF(5, 6);

/* The same without a place: the environment, usage. */
MIG_API void mig_error_set_plain(GError **error, MigErrorCode code, const char *format,
                                 ...) G_GNUC_PRINTF(3, 4);

/* Adds @words to the message, as they are, such as what would help. */
MIG_API void mig_error_add_words(GError *error, const char *words);

/* Adds what the one who raised an error did not know.  @name is copied.  Errors of other
 * domains are left alone. */
MIG_API void mig_error_set_section(GError *error, const char *name, uint32_t instance_id);
MIG_API void mig_error_set_layer(GError *error, MigErrorLayer layer);
/* @channel: whose bytes the offset counts, as MigItem has it. */
MIG_API void mig_error_set_channel(GError *error, uint32_t channel);

/*
 * What an error carries.  All accept an error of any domain and then return false, 0 or NULL.
 * Returned strings live as long as the error.
 */
MIG_API bool mig_error_get_offset(const GError *error, uint64_t *offset);
MIG_API MigErrorLayer mig_error_get_layer(const GError *error);
MIG_API uint32_t mig_error_get_channel(const GError *error); /* 0: the main channel */
MIG_API const char *mig_error_get_rule(const GError *error);
MIG_API const char *mig_error_get_section(const GError *error, uint32_t *instance_id);

G_END_DECLS

#endif
