/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          text to the filters of a chain, and back.
 * Must not know: any one filter; how a chain runs.
 * See also:      filter/chain.h, the syntax; filter/table.c.
 */
#include <string.h>

#include "filter/chain-private.h"
#include "stream/nearest.h"

/* The option of @type that @text begins with, followed by '='. */
static const MigFilterOption *option_at(const MigFilterType *type, const char *text)
{
    for (const MigFilterOption *o = type->options; o && o->key; o++) {
        size_t n = strlen(o->key);

        if (strncmp(text, o->key, n) == 0 && text[n] == '=') {
            return o;
        }
    }
    return NULL;
}

/* The same of a value in quotes, in which a colon has no meaning; NULL: it has no end. */
static char *take_quoted(const char **text)
{
    g_autoptr(GString) value = g_string_new(NULL);
    const char *p = *text + 1;

    while (*p && *p != '"') {
        p += *p == '\\' && (p[1] == '"' || p[1] == '\\');
        g_string_append_c(value, *p++);
    }
    if (*p != '"' || (p[1] && p[1] != ':')) {
        return NULL;
    }
    *text = p + 1;
    return g_string_free(g_steal_pointer(&value), false);
}

/* Takes a value off *text, up to a colon that ends it. */
static char *take_value(const MigFilterType *type, const char **text)
{
    GString *value = g_string_new(NULL);
    const char *p = *text;

    while (*p && !(*p == ':' && option_at(type, p + 1))) {
        if (*p == '\\' && (p[1] == ':' || p[1] == '\\')) {
            p++;
        }
        g_string_append_c(value, *p++);
    }
    *text = p;
    return g_string_free(value, false);
}

/* The reverse, onto the text of an instance. */
static void append_option(MigFilterInstance *instance, const char *key, const char *value)
{
    g_string_append_printf(instance->text, ":%s=%s", key, *value == '"' ? "\"" : "");
    for (const char *p = value; *p; p++) {
        if (*p == '\\' ||
            (*value == '"' ? *p == '"' : *p == ':' && option_at(instance->type, p + 1))) {
            g_string_append_c(instance->text, '\\');
        }
        g_string_append_c(instance->text, *p);
    }
    g_string_append(instance->text, *value == '"' ? "\"" : "");
}

void mig_filter_type_prefix(const MigFilterType *type, GError **error)
{
    g_prefix_error(error, "filter %s: ", type->name);
}

static bool give_option(MigFilterInstance *instance, const char *key, const char *value,
                        GError **error)
{
    if (!instance->type->configure(instance->state, key, value, error)) {
        mig_filter_type_prefix(instance->type, error);
        return false;
    }
    append_option(instance, key, value);
    return true;
}

/* @text: what stands where an option was wanted. */
static bool no_such_option(const MigFilterType *type, const char *text, GError **error)
{
    g_autofree char *key = g_strndup(text, strcspn(text, ":="));
    g_autoptr(MigNearest) nearest = mig_nearest_new(key);
    g_autofree char *hint = NULL;

    for (const MigFilterOption *o = type->options; o && o->key; o++) {
        mig_nearest_offer(nearest, o->key);
    }
    hint = mig_nearest_hint(nearest, "it has");
    mig_error_set_plain(error, MIG_ERROR_USAGE, "filter %s has no option \"%s\"%s",
                        type->name, key, hint);
    return false;
}

static bool parse_options(MigFilterInstance *instance, const char *p, GError **error)
{
    while (*p == ':') {
        const MigFilterOption *option = option_at(instance->type, p + 1);
        g_autofree char *value = NULL;

        if (!option) {
            break;
        }
        p += 1 + strlen(option->key) + 1;
        value = *p == '"' ? take_quoted(&p) : NULL;
        value = value ? value : take_value(instance->type, &p);
        if (!give_option(instance, option->key, value, error)) {
            return false;
        }
    }
    return !*p || no_such_option(instance->type, p + 1, error);
}

bool mig_chain_add(MigChain *chain, const char *text, GError **error)
{
    g_autofree char *name = g_strndup(text, strcspn(text, ":"));
    const MigFilterType *type = mig_filter_type_find(name);
    MigFilterInstance *instance;

    if (!type) {
        g_autofree char *hint = mig_filter_type_nearest(name);

        mig_error_set_plain(error, MIG_ERROR_USAGE, "there is no filter called \"%s\"%s",
                            name, hint);
        return false;
    }
    instance = g_new0(MigFilterInstance, 1);
    instance->type = type;
    instance->state = g_malloc0(MAX(type->state_size, 1));
    instance->text = g_string_new(name);
    if (!parse_options(instance, text + strlen(name), error)) {
        mig_filter_instance_free(instance);
        return false;
    }
    g_ptr_array_add(chain->instances, instance);
    return true;
}

bool mig_chain_add_option(MigChain *chain, const char *key, const char *value,
                          GError **error)
{
    size_t n = chain->instances->len;
    MigFilterInstance *instance = n ? mig_chain_instance(chain, n - 1) : NULL;
    g_autofree char *pair = g_strdup_printf("%s=", key);

    if (!instance || instance->settled) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "option \"%s\" is for a filter: add the filter first", key);
        return false;
    }
    if (!option_at(instance->type, pair)) {
        return no_such_option(instance->type, key, error);
    }
    return give_option(instance, key, value, error);
}

bool mig_chain_settle(MigChain *chain, GError **error)
{
    for (size_t i = 0; i < chain->instances->len; i++) {
        MigFilterInstance *instance = mig_chain_instance(chain, i);
        uint32_t unseen =
            ~(instance->type->handles | instance->type->passes) & MIG_ITEM_BITS_ALL;

        if (unseen) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "filter %s does not know of %s items",
                                instance->type->name,
                                mig_item_kind_name((MigItemKind)__builtin_ctz(unseen)));
            return false;
        }
        if (!instance->settled && instance->type->configure &&
            !instance->type->configure(instance->state, NULL, NULL, error)) {
            mig_filter_type_prefix(instance->type, error);
            return false;
        }
        instance->settled = true;
    }
    return true;
}

/* Gives a filter without state the options of its text. */
static bool configure_again(MigFilterInstance *instance, GError **error)
{
    g_autofree char *text = g_strdup(instance->text->str);
    const char *name = instance->type->name;

    memset(instance->state, 0, instance->type->state_size);
    g_string_assign(instance->text, name);
    return parse_options(instance, text + strlen(name), error);
}

bool mig_chain_reset(MigChain *chain, GError **error)
{
    for (size_t i = 0; i < chain->instances->len; i++) {
        MigFilterInstance *instance = mig_chain_instance(chain, i);

        if (instance->type->clear) {
            instance->type->clear(instance->state);
        }
        mig_hop_clear(&instance->hop);
        instance->settled = false;
        if (!configure_again(instance, error)) {
            return false;
        }
    }
    g_array_set_size(chain->changes, 0);
    chain->more_changes = 0;
    g_string_chunk_clear(chain->strings);
    chain->was_brief = false;
    chain->unread_from = chain->unread_to = 0;
    chain->ram_was_read = false;
    return mig_chain_settle(chain, error);
}

bool mig_chain_describe(const MigChain *chain, size_t i, const char **text,
                        const char **summary)
{
    if (i >= chain->instances->len) {
        return false;
    }
    *text = mig_chain_instance(chain, i)->text->str;
    *summary = mig_chain_instance(chain, i)->type->summary;
    return true;
}
