/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the error domain of the library and the place that an error carries.
 * Must not know: what a stream looks like; it only stores what it is told.
 * See also:      every function of the library that has a GError parameter.
 */
#include "io/error.h"

#include <stdarg.h>

typedef struct MigErrorPrivate {
    uint64_t offset;
    bool has_offset;
    MigErrorLayer layer;
    uint32_t channel;
    const char *rule;
    char *section;
    uint32_t instance_id;
} MigErrorPrivate;

static void mig_error_private_init(MigErrorPrivate *place)
{
    *place = (MigErrorPrivate){ .layer = MIG_LAYER_PLAIN };
}

static void mig_error_private_copy(const MigErrorPrivate *from, MigErrorPrivate *to)
{
    *to = *from;
    to->section = g_strdup(from->section);
}

static void mig_error_private_clear(MigErrorPrivate *place)
{
    g_free(place->section);
}

/* Defines mig_error_quark() and mig_error_get_private(); GLib's macro casts const away. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
G_DEFINE_EXTENDED_ERROR(MigError, mig_error)
#pragma GCC diagnostic pop

/* mig_error_get_private() may only be asked about errors of this domain. */
static MigErrorPrivate *place_of(const GError *error)
{
    return error && error->domain == MIG_ERROR ? mig_error_get_private(error) : NULL;
}

/* Sets *error, and returns the place in it; NULL if @error is. */
__attribute__((format(printf, 3, 0))) static MigErrorPrivate *
set(GError **error, MigErrorCode code, const char *format, va_list arguments)
{
    if (!error) {
        return NULL;
    }
    g_propagate_error(error, g_error_new_valist(MIG_ERROR, (int)code, format, arguments));
    return place_of(*error);
}

void mig_error_set(GError **error, MigErrorCode code, uint64_t offset, const char *rule,
                   const char *format, ...)
{
    MigErrorPrivate *place;
    va_list arguments;

    va_start(arguments, format);
    place = set(error, code, format, arguments);
    va_end(arguments);
    if (place) {
        place->offset = offset;
        place->has_offset = true;
        place->rule = rule;
    }
}

void mig_error_set_plain(GError **error, MigErrorCode code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    set(error, code, format, arguments);
    va_end(arguments);
}

void mig_error_add_words(GError *error, const char *words)
{
    g_autofree char *message = error->message;

    error->message = g_strconcat(message, words, NULL);
}

void mig_error_set_section(GError *error, const char *name, uint32_t instance_id)
{
    MigErrorPrivate *place = place_of(error);

    if (place) {
        g_free(place->section);
        place->section = g_strdup(name);
        place->instance_id = instance_id;
    }
}

void mig_error_set_layer(GError *error, MigErrorLayer layer)
{
    MigErrorPrivate *place = place_of(error);

    if (place) {
        place->layer = layer;
    }
}

void mig_error_set_channel(GError *error, uint32_t channel)
{
    MigErrorPrivate *place = place_of(error);

    if (place) {
        place->channel = channel;
    }
}

bool mig_error_get_offset(const GError *error, uint64_t *offset)
{
    const MigErrorPrivate *place = place_of(error);

    if (!place || !place->has_offset) {
        return false;
    }
    *offset = place->offset;
    return true;
}

MigErrorLayer mig_error_get_layer(const GError *error)
{
    const MigErrorPrivate *place = place_of(error);

    return place ? place->layer : MIG_LAYER_PLAIN;
}

uint32_t mig_error_get_channel(const GError *error)
{
    const MigErrorPrivate *place = place_of(error);

    return place ? place->channel : 0;
}

const char *mig_error_get_rule(const GError *error)
{
    const MigErrorPrivate *place = place_of(error);

    return place ? place->rule : NULL;
}

const char *mig_error_get_section(const GError *error, uint32_t *instance_id)
{
    const MigErrorPrivate *place = place_of(error);

    if (!place || !place->section) {
        return NULL;
    }
    if (instance_id) {
        *instance_id = place->instance_id;
    }
    return place->section;
}
