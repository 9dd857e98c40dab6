/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the order in which wrappers are recognised and removed, and put on again.
 * Must not know: any kind of wrapper.
 * See also:      container-type.h, the list of kinds; foreign.c, what is recognised and not
 *                undone.
 */
#include "io/container-type.h"

#include <inttypes.h>
#include <string.h>

#include "io/foreign.h"

#define ADDRESS_OF(kind) &mig_container_##kind,
static const MigContainerType *const types[] = { MIG_CONTAINERS(ADDRESS_OF) };

static const MigContainerType *recognise(const uint8_t *head, size_t n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (types[i]->recognise(head, n)) {
            return types[i];
        }
    }
    return NULL;
}

/* A header may say how its payload is compressed; the payload must agree.  @found: what that is,
 * NULL for none of the list.  @n: how many bytes of it there are. */
static bool check_payload(const MigContainer *outer, const char *payload,
                          const MigContainerType *found, size_t n, uint64_t origin,
                          GError **error)
{
    if (!payload) {
        return true;
    }
    /* A save that failed early has no payload; the reader reports that. */
    if (n > 0 && (!found || strcmp(found->name, payload) != 0)) {
        mig_source_set_error(error, MIG_ERROR_CONTAINER, origin,
                             "the %s says that its stream is compressed with "
                             "%s, but it begins with other bytes",
                             outer->type->name, payload);
        return false;
    }
    return true;
}

static bool is_multifd(const uint8_t *head, size_t n)
{
    const size_t length = sizeof MIG_FOREIGN_MULTIFD - 1;

    return n >= length && memcmp(head, MIG_FOREIGN_MULTIFD, length) == 0;
}

static bool is_unread(const uint8_t *head, size_t n, bool multifd, GError **error)
{
    const char *what =
        multifd && is_multifd(head, n) ? NULL : mig_foreign_unread(head, n);

    if (what) {
        mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                            "not a migration stream: it is %s", what);
    }
    return what != NULL;
}

static MigContainer *container_new(const MigContainerType *type)
{
    MigContainer *container = g_new0(MigContainer, 1);

    container->type = type;
    container->words = type->name;
    return container;
}

MigSource *mig_container_unwrap(MigSource *source, uint64_t max_expand, bool multifd,
                                GPtrArray *containers, GError **error)
{
    g_autoptr(MigSource) layer = mig_source_view_new(source, 0);
    g_autoptr(MigExpansion) expansion = mig_expansion_new(max_expand);
    MigOpening opening = { .expansion = expansion };

    for (;;) {
        size_t n;
        const uint8_t *head = mig_source_view_look(layer, &n, error);
        const MigContainerType *type = head ? recognise(head, n) : NULL;

        if (!head || !check_payload(opening.container, opening.payload, type, n,
                                    layer->origin, error)) {
            return NULL;
        }
        if (!type) {
            return is_unread(head, n, multifd, error) ? NULL : g_steal_pointer(&layer);
        }
        if (containers->len == MIG_CONTAINER_DEPTH) {
            mig_source_set_error(error, MIG_ERROR_LIMIT, layer->origin,
                                 "more than %d wrappers around each other",
                                 MIG_CONTAINER_DEPTH);
            return NULL;
        }
        opening.container = container_new(type);
        opening.payload = NULL;
        g_ptr_array_add(containers, opening.container);
        source = type->open(g_steal_pointer(&layer), &opening, error);
        if (!source) {
            return NULL;
        }
        layer = mig_source_view_new(source, 0);
    }
}

/* Whether all wrappers of @in can be made again. */
static bool can_wrap_like(const MigInput *in, GError **error)
{
    const MigContainer *as;

    for (size_t i = 0; (as = mig_input_container(in, i)); i++) {
        if (!as->type->wrap) {
            mig_error_set_plain(error, MIG_ERROR_UNSUPPORTED,
                                "%s is read and not written; what was unwrapped from it "
                                "cannot be wrapped again",
                                as->type->name);
            return false;
        }
    }
    return true;
}

MigSink *mig_container_wrap(MigSink *sink, const MigOutputOptions *options,
                            GError **error)
{
    g_autoptr(MigSink) layer = sink;
    const MigContainer *as;

    if (!options->like) {
        sink = g_steal_pointer(&layer);
        return options->zstd ? mig_container_zstd.wrap(sink, NULL, options, error) : sink;
    }
    if (!can_wrap_like(options->like, error)) {
        return NULL;
    }
    for (size_t i = 0; layer && (as = mig_input_container(options->like, i)); i++) {
        layer = as->type->wrap(g_steal_pointer(&layer), as, options, error);
    }
    return g_steal_pointer(&layer);
}

/* --- one wrapper --- */

void mig_container_free(gpointer data)
{
    MigContainer *container = data;

    g_clear_pointer(&container->header, g_bytes_unref);
    g_free(container);
}

void mig_container_add_property(MigContainer *container, MigProperty property)
{
    g_return_if_fail(container->n_properties < MIG_PROPERTIES_MAX);
    container->properties[container->n_properties++] = property;
}

const char *mig_container_name(const MigContainer *container)
{
    return container->type->name;
}

const char *mig_container_words(const MigContainer *container)
{
    return container->words;
}

uint64_t mig_container_header_length(const MigContainer *container)
{
    return container->header_length;
}

const MigProperty *mig_container_property(const MigContainer *container, size_t i)
{
    return i < container->n_properties ? &container->properties[i] : NULL;
}
