/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      see chain.h: parsing, the passes, handing items from filter to filter.
 * Knows not: any one filter.
 * Beside it: filter/table.c; filter/hop.h, the check; stream/writer.h, the end of a
 * chain.
 *
 * A filter that looks ahead must see, in the first pass, what it will see in the second.
 * So it has to be the first of its stage that changes anything: where it is not, the
 * chain is cut before it, and what comes out there goes through a temporary file.
 */
#include "filter/chain.h"

#include <string.h>
#include <unistd.h>

#include "filter/filter.h"
#include "filter/hop.h"
#include "io/input-memory.h"
#include "io/temporary.h"
#include "stream/nearest.h"
#include "stream/page-kind.h"
#include "stream/writer.h"

/* Kept as bytes of its own rather than by spooling a pipe. */
#define SMALL 65536u

typedef struct Instance {
    const MigFilterType *type;
    void *state;
    GString *text; /* as mig_chain_add() takes it */
    MigHop hop;    /* of what comes in */
} Instance;

struct MigChain {
    GPtrArray *instances;
    GArray *changes; /* MigChange */
    uint64_t more_changes;
    GStringChunk *strings;
    MigChainOptions options;
    bool settled, was_brief, ran;

    /* Of the stage that runs: filters from @first to before @last. */
    size_t first, last;
    MigReader *reader;
    MigWriter *writer; /* NULL in a first pass */
    MigHop out_hop;
    uint8_t *scratch;
};

struct MigNext {
    MigChain *chain;
    size_t index;
};

static Instance *instance_at(const MigChain *chain, size_t i)
{
    return g_ptr_array_index(chain->instances, i);
}

static void free_instance(gpointer p)
{
    Instance *instance = p;

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

    chain->instances = g_ptr_array_new_with_free_func(free_instance);
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

/* --- text to filters --- */

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
static void append_option(Instance *instance, const char *key, const char *value)
{
    g_string_append_printf(instance->text, ":%s=", key);
    for (const char *p = value; *p; p++) {
        if (*p == '\\' || (*p == ':' && option_at(instance->type, p + 1))) {
            g_string_append_c(instance->text, '\\');
        }
        g_string_append_c(instance->text, *p);
    }
}

static void prefix_name(const MigFilterType *type, GError **error)
{
    g_prefix_error(error, "filter %s: ", type->name);
}

static bool give_option(Instance *instance, const char *key, const char *value,
                        GError **error)
{
    if (!instance->type->configure(instance->state, key, value, error)) {
        prefix_name(instance->type, error);
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

static bool parse_options(Instance *instance, const char *p, GError **error)
{
    while (*p == ':') {
        const MigFilterOption *option = option_at(instance->type, p + 1);
        g_autofree char *value = NULL;

        if (!option) {
            break;
        }
        p += 1 + strlen(option->key) + 1;
        value = take_value(instance->type, &p);
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
    Instance *instance;

    if (!type) {
        g_autofree char *hint = mig_filter_type_nearest(name);

        mig_error_set_plain(error, MIG_ERROR_USAGE, "there is no filter called \"%s\"%s",
                            name, hint);
        return false;
    }
    instance = g_new0(Instance, 1);
    instance->type = type;
    instance->state = g_malloc0(MAX(type->state_size, 1));
    instance->text = g_string_new(name);
    g_ptr_array_add(chain->instances, instance);
    return parse_options(instance, text + strlen(name), error);
}

bool mig_chain_add_option(MigChain *chain, const char *key, const char *value,
                          GError **error)
{
    Instance *instance = instance_at(chain, chain->instances->len - 1);
    g_autofree char *pair = g_strdup_printf("%s=", key);

    if (!option_at(instance->type, pair)) {
        return no_such_option(instance->type, key, error);
    }
    return give_option(instance, key, value, error);
}

bool mig_chain_settle(MigChain *chain, GError **error)
{
    for (size_t i = 0; !chain->settled && i < chain->instances->len; i++) {
        Instance *instance = instance_at(chain, i);
        uint32_t unseen =
            ~(instance->type->handles | instance->type->passes) & MIG_ITEM_BITS_ALL;

        if (unseen) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "filter %s does not know of %s items",
                                instance->type->name,
                                mig_item_kind_name((MigItemKind)__builtin_ctz(unseen)));
            return false;
        }
        if (instance->type->configure &&
            !instance->type->configure(instance->state, NULL, NULL, error)) {
            prefix_name(instance->type, error);
            return false;
        }
    }
    chain->settled = true;
    return true;
}

bool mig_chain_describe(const MigChain *chain, size_t i, const char **text,
                        const char **summary)
{
    if (i >= chain->instances->len) {
        return false;
    }
    *text = instance_at(chain, i)->text->str;
    *summary = instance_at(chain, i)->type->summary;
    return true;
}

/* --- what filters ask --- */

MigReader *mig_next_reader(MigNext *next)
{
    return next->chain->reader;
}

bool mig_next_lossy(const MigNext *next)
{
    return next->chain->options.lossy;
}

const char *mig_next_spool_dir(const MigNext *next)
{
    return next->chain->options.spool_dir;
}

bool mig_next_tell(const MigNext *next, uint64_t *offset)
{
    const MigChain *chain = next->chain;

    for (size_t i = next->index + 1; i < chain->instances->len; i++) {
        if (instance_at(chain, i)->type->handles) {
            return false;
        }
    }
    *offset = mig_writer_tell(chain->writer);
    return true;
}

void mig_next_report(MigNext *next, const MigSection *section, const char *format, ...)
{
    MigChain *chain = next->chain;
    MigChange change = { .filter = instance_at(chain, next->index)->type->name };
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
    } else {
        mig_error_set_plain(&refusal, MIG_ERROR_REFUSED, "%s", text);
    }
    if (section) {
        mig_error_set_section(refusal, section->name, section->instance_id);
    }
    prefix_name(instance_at(next->chain, next->index)->type, &refusal);
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
    mig_error_set_plain(error, MIG_ERROR_UNMATCHED, "filter %s: %s",
                        instance_at(next->chain, next->index)->type->name, text);
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

/* The octets of an unchanged item, in the window or read again. */
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

const uint8_t *mig_next_bytes(MigNext *next, const MigItem *item, GError **error)
{
    return item->bytes ? g_bytes_get_data(item->bytes, NULL)
                       : input_bytes(next->chain, item, error);
}

bool mig_next_keep(MigNext *next, MigItem *item, GError **error)
{
    MigInput *in = mig_reader_input(next->chain->reader);
    const uint8_t *p;

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
    item->bytes = mig_next_copy(next, p, item->length, error);
    return item->bytes != NULL;
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
static bool give(MigChain *chain, size_t i, MigItem *item, bool scans, GError **error)
{
    const Instance *instance = instance_at(chain, i);
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
static bool deliver(MigChain *chain, size_t i, MigItem *item, GError **error)
{
    const char *problem;

    for (; i < chain->last; i++) {
        Instance *instance = instance_at(chain, i);

        if (i > chain->first && (problem = mig_hop_check(&instance->hop, item))) {
            return broke(chain, i, item, problem, error);
        }
        if (instance->type->handles & 1u << item->kind) {
            return give(chain, i, item, false, error);
        }
    }
    if (chain->last > chain->first && (problem = mig_hop_check(&chain->out_hop, item))) {
        return broke(chain, i, item, problem, error);
    }
    return mig_writer_put(chain->writer, item, error);
}

bool mig_next_emit(MigNext *next, const MigItem *item, GError **error)
{
    MigItem copy = *item;

    if (copy.bytes) {
        copy.length = g_bytes_get_size(copy.bytes);
    }
    return deliver(next->chain, next->index + 1, &copy, error);
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
    return deliver(next->chain, next->index + 1, &item, error);
}

/* --- passes --- */

static MigScan wants_scan(const Instance *instance)
{
    return instance->type->wants_scan ? instance->type->wants_scan(instance->state)
                                      : MIG_SCAN_NONE;
}

bool mig_chain_needs_scan(const MigChain *chain)
{
    for (size_t i = 0; i < chain->instances->len; i++) {
        if (wants_scan(instance_at(chain, i)) == MIG_SCAN_NEEDED) {
            return true;
        }
    }
    return false;
}

/* The end of the stage that begins at @first. */
static size_t stage_end(const MigChain *chain, size_t first)
{
    bool changes = false;
    size_t i;

    for (i = first; i < chain->instances->len; i++) {
        const Instance *instance = instance_at(chain, i);

        if (changes && wants_scan(instance) == MIG_SCAN_NEEDED) {
            break;
        }
        changes |= instance->type->handles != 0;
    }
    return i;
}

static void progress(const MigChain *chain, const MigItem *item)
{
    if (chain->options.progress) {
        chain->options.progress(chain->options.progress_data, item->offset);
    }
}

static bool begins_part_or_end(const MigItem *item)
{
    return item->kind == MIG_ITEM_SECTION_HEADER &&
           (item->type == MIG_SECTION_PART || item->type == MIG_SECTION_END);
}

/* Reads @in to its end for the @i-th filter alone, and winds it back if it can seek before:
 * what is spooled on the way is read once.  Briefly, where @gap is not NULL. */
static bool first_pass(MigChain *chain, size_t i, MigInput *in, MigGap *gap,
                       GError **error)
{
    g_autoptr(MigReader) reader = mig_reader_new(in);
    const Instance *instance = instance_at(chain, i);
    uint64_t start = mig_input_tell(in);
    bool winds_back = mig_input_seekable(in);
    bool brief = gap != NULL;
    MigItem item;
    MigStatus status;

    chain->reader = reader;
    while ((status = mig_reader_next(reader, &item, error)) == MIG_STATUS_MORE) {
        if (!brief) {
            progress(chain, &item);
        }
        if (instance->type->handles & 1u << item.kind &&
            !give(chain, i, &item, true, error)) {
            break;
        }
        if (gap && begins_part_or_end(&item)) {
            gap->from = item.offset;
            mig_reader_sections(reader, &gap->n_sections);
            if (!mig_reader_skip_to_tail(reader, &gap->to)) {
                break;
            }
            gap = NULL; /* there is one only */
        }
    }
    chain->reader = NULL;
    if (winds_back) {
        mig_input_rewind(in, start);
    }
    return status == MIG_STATUS_END;
}

/* The same briefly, if the filter can do with that; else it has seen nothing.  What is
 * wrong with the stream is told by the pass that reads it all. */
static bool brief_first_pass(MigChain *chain, size_t i, MigInput *in)
{
    const Instance *instance = instance_at(chain, i);
    MigGap gap = { 0 };

    if (!instance->type->suffices) {
        return false;
    }
    if (first_pass(chain, i, in, &gap, NULL) &&
        (!gap.to || instance->type->suffices(instance->state, &gap))) {
        chain->was_brief = true;
        return true;
    }
    instance->type->forget(instance->state);
    return false;
}

bool mig_chain_was_brief(const MigChain *chain)
{
    return chain->was_brief;
}

static bool each_start(MigChain *chain, GError **error)
{
    for (size_t i = chain->first; i < chain->last; i++) {
        const Instance *instance = instance_at(chain, i);
        MigNext next = { chain, i };

        if (instance->type->start &&
            !instance->type->start(instance->state, &next, error)) {
            return false;
        }
    }
    return true;
}

static bool each_finish(MigChain *chain, GError **error)
{
    for (size_t i = chain->first; i < chain->last; i++) {
        const Instance *instance = instance_at(chain, i);
        MigNext next = { chain, i };

        if (instance->type->finish &&
            !instance->type->finish(instance->state, &next, error)) {
            return false;
        }
    }
    return mig_writer_finish(chain->writer, error);
}

static bool last_pass(MigChain *chain, MigInput *in, MigOutput *out, GError **error)
{
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(MigWriter) writer = NULL;
    bool changes = false;
    MigItem item;
    MigStatus status;
    bool ok;

    for (size_t i = chain->first; i < chain->last; i++) {
        changes |= instance_at(chain, i)->type->handles != 0;
    }
    writer = mig_writer_new(in, out, changes);
    chain->reader = reader;
    chain->writer = writer;
    ok = each_start(chain, error);
    while (ok && (status = mig_reader_next(reader, &item, error)) != MIG_STATUS_END) {
        ok = status == MIG_STATUS_MORE && deliver(chain, chain->first, &item, error);
        progress(chain, &item);
    }
    ok = ok && each_finish(chain, error);
    chain->reader = NULL;
    chain->writer = NULL;
    return ok;
}

/* The filter of the stage that may look ahead, if it wants to. */
static bool find_scanner(const MigChain *chain, bool cheap, size_t *i)
{
    for (*i = chain->first; *i < chain->last; (*i)++) {
        const Instance *instance = instance_at(chain, *i);

        if (instance->type->handles) {
            MigScan scan = wants_scan(instance);

            return scan == MIG_SCAN_NEEDED || (scan == MIG_SCAN_HELPS && cheap);
        }
    }
    return false;
}

static bool run_stage(MigChain *chain, MigInput *in, MigInput *again, MigOutput *out,
                      GError **error)
{
    size_t scanner;

    if (find_scanner(chain, again || mig_input_seekable(in), &scanner)) {
        if (!again && !mig_input_hold(in, error)) {
            return false;
        }
        if (!(chain->options.brief && !again && brief_first_pass(chain, scanner, in)) &&
            !first_pass(chain, scanner, again ? again : in, NULL, error)) {
            return false;
        }
    }
    return last_pass(chain, in, out, error);
}

/* Runs the stage into a temporary file, and returns that, to be read; its descriptor,
 * which the caller closes, in *fd. */
static MigInput *run_to_temporary(MigChain *chain, MigInput *in, MigInput *again, int *fd,
                                  GError **error)
{
    const MigInputOptions in_options = { .spool_dir = chain->options.spool_dir,
                                         .cancel = chain->options.cancel };
    const MigOutputOptions out_options = { .cancel = chain->options.cancel };
    g_autofree char *name = g_strdup_printf("a temporary file in %s",
                                            mig_temporary_dir(chain->options.spool_dir));
    g_autoptr(MigOutput) out = NULL;

    *fd = mig_temporary_open(chain->options.spool_dir, error);
    if (*fd < 0) {
        return NULL;
    }
    out = mig_output_new_fd(*fd, name, &out_options, error);
    if (!out || !run_stage(chain, in, again, out, error) ||
        !mig_output_commit(out, error) || lseek(*fd, 0, SEEK_SET) != 0) {
        return NULL;
    }
    return mig_input_new_fd(*fd, mig_input_name(in), &in_options, error);
}

bool mig_chain_run(MigChain *chain, MigInput *in, MigInput *again, MigOutput *out,
                   const MigChainOptions *options, GError **error)
{
    g_autoptr(MigInput) between = NULL;
    int fd = -1, previous_fd;
    bool ok = true;

    if (chain->ran) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "a chain runs once; make a new one");
        return false;
    }
    chain->options = options ? *options : (MigChainOptions){ 0 };
    if (!mig_chain_settle(chain, error)) {
        return false;
    }
    chain->ran = true;
    for (chain->first = 0;; chain->first = chain->last) {
        MigInput *stage_out;

        chain->last = stage_end(chain, chain->first);
        mig_hop_clear(&chain->out_hop);
        if (chain->last == chain->instances->len) {
            break;
        }
        previous_fd = fd;
        stage_out = run_to_temporary(chain, in, again, &fd, error);
        mig_input_free(between);
        between = in = stage_out;
        again = NULL;
        if (previous_fd >= 0) {
            close(previous_fd);
        }
        if (!stage_out) {
            ok = false;
            break;
        }
    }
    ok = ok && run_stage(chain, in, again, out, error);
    g_clear_pointer(&between, mig_input_free);
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

MigInput *mig_chain_run_spooled(MigChain *chain, MigInput *in, int *fd,
                                const MigChainOptions *options, GError **error)
{
    const char *dir = options ? options->spool_dir : NULL;
    const MigInputOptions in_options = { .spool_dir = dir,
                                         .cancel = options ? options->cancel : NULL };
    const MigOutputOptions out_options = { .cancel = in_options.cancel };
    g_autofree char *name =
        g_strdup_printf("a temporary file in %s", mig_temporary_dir(dir));
    g_autoptr(MigOutput) out = NULL;
    MigInput *result = NULL;

    *fd = mig_temporary_open(dir, error);
    if (*fd < 0) {
        return NULL;
    }
    out = mig_output_new_fd(*fd, name, &out_options, error);
    if (out && mig_chain_run(chain, in, NULL, out, options, error) &&
        mig_output_commit(out, error) && lseek(*fd, 0, SEEK_SET) == 0) {
        result = mig_input_new_fd(*fd, mig_input_name(in), &in_options, error);
    }
    if (!result) {
        close(*fd);
    }
    return result;
}
