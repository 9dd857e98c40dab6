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

MigSource *mig_container_unwrap(MigSource *source, const MigInputOptions *options,
                                GPtrArray *containers, GError **error)
{
    g_autoptr(MigSource) layer = mig_source_view_new(source, 0);
    g_autoptr(MigExpansion) expansion = mig_expansion_new(options->max_expand);
    MigOpening opening = { .expansion = expansion,
                           .snapshot = options->snapshot,
                           .unchosen = options->flags & MIG_INPUT_UNCHOSEN,
                           .bare = true };

    for (;;) {
        size_t n;
        const uint8_t *head = mig_source_view_look(layer, &n, error);
        const MigContainerType *type = head ? recognise(head, n) : NULL;

        if (!head || !check_payload(opening.container, opening.payload, type, n,
                                    layer->origin, error)) {
            return NULL;
        }
        if (!type) {
            return is_unread(head, n, options->multifd, error) ? NULL
                                                               : g_steal_pointer(&layer);
        }
        if (containers->len == MIG_CONTAINER_DEPTH) {
            mig_source_set_error(error, MIG_ERROR_LIMIT, layer->origin,
                                 "more than %d wrappers around each other",
                                 MIG_CONTAINER_DEPTH);
            return NULL;
        }
        opening.container = container_new(type);
        opening.payload = NULL;
        opening.bare = opening.bare && type->levels;
        g_ptr_array_add(containers, opening.container);
        source = type->open(g_steal_pointer(&layer), &opening, error);
        if (!source) {
            return NULL;
        }
        layer = mig_source_view_new(source, 0);
    }
}

/* As much of a stream must come out of what looks like compressed data. */
#define TRIED 4096u

MigHead mig_container_try(MigSource *source, const MigInputOptions *options,
                          GError **error)
{
    g_autoptr(GPtrArray) containers = g_ptr_array_new_with_free_func(mig_container_free);
    g_autoptr(MigSource) plain =
        mig_container_unwrap(mig_source_lent_new(source), options, containers, error);
    const MigContainer *first = containers->len ? containers->pdata[0] : NULL;
    GError *failure = NULL;
    uint8_t bytes[TRIED];

    if (plain && first) {
        size_t n = mig_source_read_full(plain, 0, bytes, sizeof bytes, &failure);

        if (!failure || (n >= 4 && memcmp(bytes, "QEVM", 4) == 0)) {
            g_clear_error(&failure);
            return MIG_HEAD_WRAPPED;
        }
        g_propagate_error(error, failure);
    } else if (plain) {
        return MIG_HEAD_BARE;
    }
    return first && first->type->is_scattered ? MIG_HEAD_SCATTERED : MIG_HEAD_ALIKE;
}

/* --- the way out --- */

static const MigContainerType *find_compression(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (types[i]->levels && strcmp(types[i]->name, name) == 0) {
            return types[i];
        }
    }
    return NULL;
}

bool mig_output_levels(const char *compression, int *lowest, int *highest)
{
    const MigContainerType *type = find_compression(compression);

    if (type) {
        type->levels(lowest, highest);
    }
    return type != NULL;
}

static bool check_level(const MigContainerType *type, int level, GError **error)
{
    int lowest, highest;

    type->levels(&lowest, &highest);
    if (level != 0 && lowest == highest) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "%s has no levels", type->name);
        return false;
    }
    if (level != 0 && (level < lowest || level > highest)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "%s has levels from %d to %d, not %d",
                            type->name, lowest, highest, level);
        return false;
    }
    return true;
}

/* The wrappers that are wanted, outermost first. */
typedef struct Plan {
    struct {
        const MigContainerType *type;
        MigWrapping wrapping;
    } layers[MIG_CONTAINER_DEPTH + 1];
    size_t n;
} Plan;

static void add_layer(Plan *plan, const MigContainerType *type, const MigContainer *as,
                      int level, const MigOutputOptions *options)
{
    plan->layers[plan->n].type = type;
    plan->layers[plan->n].wrapping =
        (MigWrapping){ .as = as, .level = level, .options = options };
    if (type->levels && plan->n > 0) {
        plan->layers[plan->n - 1].wrapping.payload = type->name;
    }
    plan->n++;
}

static void add_layers_like(Plan *plan, const MigOutputOptions *options)
{
    const MigContainer *as;

    for (size_t i = options->like_from; (as = mig_input_container(options->like, i));
         i++) {
        bool replaced = options->compression && as->type->levels &&
                        !mig_input_container(options->like, i + 1);
        if (!replaced) {
            add_layer(plan, as->type, as,
                      as->type == &mig_container_zstd ? options->zstd_level : 0, options);
        }
    }
}

static bool make_plan(Plan *plan, const MigOutputOptions *options, GError **error)
{
    const char *name = options->compression              ? options->compression
                       : options->zstd && !options->like ? "zstd"
                                                         : "none";
    const MigContainerType *type = find_compression(name);
    int level = options->compression ? options->level : options->zstd_level;

    if (options->like) {
        add_layers_like(plan, options);
    }
    if (strcmp(name, "none") == 0) {
        return true;
    }
    if (!type) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "there is no compression \"%s\"",
                            name);
        return false;
    }
    add_layer(plan, type, NULL, level, options);
    return true;
}

MigSink *mig_container_wrap(MigSink *sink, const MigOutputOptions *options,
                            GPtrArray *names, GError **error)
{
    g_autoptr(MigSink) layer = sink;
    Plan plan = { 0 };

    if (!make_plan(&plan, options, error)) {
        return NULL;
    }
    for (size_t i = 0; layer && i < plan.n; i++) {
        const MigContainerType *type = plan.layers[i].type;
        const MigWrapping *wrapping = &plan.layers[i].wrapping;

        if (type->levels && !check_level(type, wrapping->level, error)) {
            return NULL;
        }
        layer = type->wrap(g_steal_pointer(&layer), wrapping, error);
        g_ptr_array_add(names, (gpointer)(uintptr_t)type->name);
    }
    return g_steal_pointer(&layer);
}

/* --- one wrapper --- */

void mig_container_free(gpointer data)
{
    MigContainer *container = data;

    g_clear_pointer(&container->header, g_bytes_unref);
    g_clear_pointer(&container->snapshots, g_ptr_array_unref);
    g_free(container->edit);
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

const char *mig_container_text(const MigContainer *container, const char *name,
                               size_t *length)
{
    for (size_t i = 0; container->header && i < G_N_ELEMENTS(container->texts); i++) {
        const MigContainerText *text = &container->texts[i];

        if (g_strcmp0(text->name, name) == 0) {
            *length = (size_t)text->length;
            return (const char *)g_bytes_get_data(container->header, NULL) + text->offset;
        }
    }
    return NULL;
}

uint64_t mig_container_room(const MigContainer *container)
{
    return container->room;
}

const MigSnapshot *mig_container_snapshot(const MigContainer *container, size_t i)
{
    return container->snapshots && i < container->snapshots->len
               ? g_ptr_array_index(container->snapshots, i)
               : NULL;
}

const MigProperty *mig_container_property(const MigContainer *container, size_t i)
{
    return i < container->n_properties ? &container->properties[i] : NULL;
}

const MigProperty *mig_container_property_named(const MigContainer *container,
                                                const char *name)
{
    const MigProperty *property;
    size_t i = 0;

    while ((property = mig_container_property(container, i)) &&
           strcmp(property->name, name) != 0) {
        i++;
    }
    return property;
}
