/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a chain's life, what filters ask of it, handing items from filter to
 *                filter.
 * Must not know: any one filter.
 * See also:      filter/chain-text.c, filter/chain-pass.c; filter/hop.h, the check.
 */
#include <string.h>

#include "filter/chain-private.h"
#include "io/input-memory.h"
#include "io/tiny.h"
#include "stream/page-kind.h"

/* Kept as bytes of its own rather than by spooling a pipe. */
#define SMALL MIG_TINY_OR(64u, 65536u)

void mig_filter_instance_free(gpointer p)
{
    MigFilterInstance *instance = p;

    if (instance->type->clear) {
        instance->type->clear(instance->state);
    }
    mig_hop_clear(&instance->hop);
    g_free(instance->state);
    g_string_free(instance->text, true);
    g_free(instance);
}

MigChain *mig_chain_new(void)
{
    MigChain *chain = g_new0(MigChain, 1);

    chain->instances = g_ptr_array_new_with_free_func(mig_filter_instance_free);
    chain->changes = g_array_new(false, false, sizeof(MigChange));
    chain->strings = g_string_chunk_new(1024);
    return chain;
}

void mig_chain_free(MigChain *chain)
{
    if (chain) {
        g_ptr_array_unref(chain->instances);
        g_array_unref(chain->changes);
        g_string_chunk_free(chain->strings);
        mig_hop_clear(&chain->out_hop);
        g_free(chain->scratch);
        g_free(chain);
    }
}

/* --- what filters ask --- */

MigReader *mig_next_reader(MigNext *next)
{
    return next->chain->reader;
}

bool mig_next_lossy(const MigNext *next)
{
    const MigChainOptions *options = &next->chain->options;
    const MigFilterInstance *instance = mig_chain_instance(next->chain, next->index);

    return options->lossy ||
           (options->lossy_filters &&
            (g_strv_contains(options->lossy_filters, instance->type->name) ||
             g_strv_contains(options->lossy_filters, instance->text->str)));
}

MigInput *mig_next_donor(MigNext *next)
{
    return next->chain->options.donor;
}

bool mig_next_in_flight(const MigNext *next)
{
    return next->chain->options.in_flight;
}

const char *mig_next_spool_dir(const MigNext *next)
{
    return next->chain->options.spool_dir;
}

bool mig_next_tell(const MigNext *next, uint64_t *offset)
{
    const MigChain *chain = next->chain;

    for (size_t i = next->index + 1; i < chain->instances->len; i++) {
        if (mig_chain_instance(chain, i)->type->handles) {
            return false;
        }
    }
    *offset = mig_writer_tell(chain->writer);
    return true;
}

void mig_next_report(MigNext *next, const MigSection *section, const char *format, ...)
{
    MigChain *chain = next->chain;
    MigChange change = { .filter = mig_chain_instance(chain, next->index)->type->name };
    g_autofree char *text = NULL;
    va_list args;

    if (chain->changes->len == MIG_CHANGES_MAX) {
        chain->more_changes++;
        return;
    }
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    change.text = g_string_chunk_insert(chain->strings, text);
    if (section) {
        change.section = g_string_chunk_insert(chain->strings, section->name);
        change.instance_id = section->instance_id;
    }
    g_array_append_val(chain->changes, change);
}

const MigChange *mig_chain_changes(const MigChain *chain, size_t *n)
{
    *n = chain->changes->len;
    return (const MigChange *)(void *)chain->changes->data;
}

uint64_t mig_chain_more_changes(const MigChain *chain)
{
    return chain->more_changes;
}

bool mig_next_refuse(MigNext *next, const MigItem *item, const MigSection *section,
                     GError **error, const char *format, ...)
{
    GError *refusal = NULL;
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    if (item) {
        mig_error_set(&refusal, MIG_ERROR_REFUSED, item->offset, NULL, "%s", text);
        mig_error_set_channel(refusal, item->channel);
    } else {
        mig_error_set_plain(&refusal, MIG_ERROR_REFUSED, "%s", text);
    }
    if (section) {
        mig_error_set_section(refusal, section->name, section->instance_id);
    }
    mig_filter_type_prefix(mig_chain_instance(next->chain, next->index)->type, &refusal);
    g_propagate_error(error, refusal);
    return false;
}

bool mig_next_unmatched(MigNext *next, GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    if (next->chain->options.allow_unmatched) {
        mig_next_report(next, NULL, "%s", text);
        return true;
    }
    mig_error_set_plain(error, MIG_ERROR_UNMATCHED, "filter %s: %s",
                        mig_chain_instance(next->chain, next->index)->type->name, text);
    return false;
}

bool mig_next_matched(MigNext *next, const MigAddresses *addresses, MigAddressKind kind,
                      const char *option, GError **error)
{
    size_t i = 0;
    g_autofree char *complaint =
        mig_addresses_complaint(addresses, &i, kind, option, next->chain->reader);

    return !complaint || mig_next_unmatched(next, error, "%s", complaint);
}

bool mig_filter_yes_no(const char *key, const char *value, bool *yes, GError **error)
{
    *yes = g_str_equal(value, "yes");
    if (*yes || g_str_equal(value, "no")) {
        return true;
    }
    mig_error_set_plain(error, MIG_ERROR_USAGE, "%s is \"%s\", wanted yes or no", key,
                        value);
    return false;
}

static bool is_gone(MigInput *in, const MigItem *item, GError **error)
{
    if (mig_input_end_error(in, error)) {
        mig_error_set(error, MIG_ERROR_TRUNCATED, item->offset, NULL,
                      "the input ends inside of what was read of it before");
    }
    return false;
}

/* The bytes of an unchanged item, in the window or read again. */
static const uint8_t *input_bytes(MigChain *chain, const MigItem *item, GError **error)
{
    MigInput *in = mig_reader_input(chain->reader);
    uint64_t at = mig_input_tell(in);
    size_t n;

    if (item->offset >= at && item->offset - at + item->length <= MIG_INPUT_PEEK_MAX) {
        uint64_t ahead = item->offset - at;
        const uint8_t *p = mig_input_peek(in, (size_t)(ahead + item->length), &n);

        if (n < ahead + item->length) {
            is_gone(in, item, error);
            return NULL;
        }
        return p + ahead;
    }
    if (!chain->scratch && !(chain->scratch = mig_input_alloc(in, MIG_ITEM_MAX))) {
        mig_input_end_error(in, error);
        return NULL;
    }
    g_return_val_if_fail(item->length <= MIG_ITEM_MAX, NULL);
    if (mig_input_read_at(in, item->offset, chain->scratch, item->length) !=
        item->length) {
        is_gone(in, item, error);
        return NULL;
    }
    return chain->scratch;
}

/* Those of what was read last, on a channel other than the main one. */
static const uint8_t *channel_bytes(MigChain *chain, const MigItem *item, GError **error)
{
    const uint8_t *p = mig_reader_bytes(chain->reader, item);

    if (!p) {
        is_gone(mig_reader_channel_input(chain->reader, item->channel), item, error);
    }
    return p;
}

const uint8_t *mig_next_bytes(MigNext *next, const MigItem *item, GError **error)
{
    if (item->channel) {
        return channel_bytes(next->chain, item, error);
    }
    return item->bytes ? g_bytes_get_data(item->bytes, NULL)
                       : input_bytes(next->chain, item, error);
}

bool mig_next_keep(MigNext *next, const MigItem *item, MigItem *kept, GError **error)
{
    MigInput *in = mig_reader_input(next->chain->reader);
    const uint8_t *p;

    *kept = *item;
    if (item->bytes) {
        g_bytes_ref(item->bytes);
        return true;
    }
    if (mig_input_seekable(in) && item->offset >= mig_input_tell(in)) {
        return true;
    }
    if (item->length > SMALL) {
        return mig_input_hold(in, error);
    }
    p = input_bytes(next->chain, item, error);
    if (!p) {
        return false;
    }
    kept->bytes = mig_next_copy(next, p, item->length, error);
    return kept->bytes != NULL;
}

bool mig_next_room(MigNext *next, size_t n, GError **error)
{
    MigInput *in = mig_reader_input(next->chain->reader);

    return mig_input_room(in, n) || mig_input_end_error(in, error);
}

GBytes *mig_next_copy(MigNext *next, const void *data, size_t n, GError **error)
{
    return mig_next_room(next, n, error) ? g_bytes_new(data, n) : NULL;
}

/* --- handing on --- */

static bool broke(MigChain *chain, size_t i, const MigItem *item, const char *problem,
                  GError **error)
{
    MigNext before = { chain, i - 1 };

    return mig_next_refuse(&before, item, item->section, error, "%s", problem);
}

/* Gives @item to the @i-th filter: to event(), or to scan() in a first pass. */
bool mig_chain_give(MigChain *chain, size_t i, const MigItem *item, bool scans,
                    GError **error)
{
    const MigFilterInstance *instance = mig_chain_instance(chain, i);
    MigNext next = { chain, i };

    if (!mig_filter_type_knows(instance->type, item)) {
        return mig_next_refuse(&next, item, item->section, error,
                               "the filter does not know of %s pages",
                               mig_page_kind(item->pages.kind)->label);
    }
    return scans ? instance->type->scan(instance->state, &next, item, error)
                 : instance->type->event(instance->state, &next, item, error);
}

/* Gives @item to the filters from the @i-th on. */
bool mig_chain_deliver(MigChain *chain, size_t i, const MigItem *item, GError **error)
{
    const char *problem;

    for (; i < chain->last; i++) {
        MigFilterInstance *instance = mig_chain_instance(chain, i);

        if (i > chain->first && (problem = mig_hop_check(&instance->hop, item))) {
            return broke(chain, i, item, problem, error);
        }
        if (instance->type->handles & 1u << item->kind) {
            return mig_chain_give(chain, i, item, false, error);
        }
    }
    if (chain->last > chain->first && (problem = mig_hop_check(&chain->out_hop, item))) {
        return broke(chain, i, item, problem, error);
    }
    if (chain->last > chain->first &&
        !mig_follower_check(&chain->follower, &(MigNext){ chain, i - 1 }, item, error)) {
        return false;
    }
    return mig_writer_put(chain->writer, item, error);
}

bool mig_next_emit(MigNext *next, const MigItem *item, GError **error)
{
    MigItem copy = *item;

    if (copy.bytes) {
        copy.length = g_bytes_get_size(copy.bytes);
    }
    return mig_chain_deliver(next->chain, next->index + 1, &copy, error);
}

bool mig_next_emit_bytes(MigNext *next, const MigItem *like, MigItemKind kind,
                         const void *data, size_t n, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    MigItem item = *like;

    /* The reserve pays for a small one, which is gone again unless the writer keeps it. */
    if (n > SMALL && !mig_next_room(next, n, error)) {
        return false;
    }
    bytes = g_bytes_new(data, n);
    item.kind = kind;
    item.bytes = bytes;
    item.length = item.whole = n;
    item.piece = 0;
    item.defect = NULL;
    return mig_chain_deliver(next->chain, next->index + 1, &item, error);
}
