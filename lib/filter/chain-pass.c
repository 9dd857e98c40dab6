/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          running a chain: its stages, and the passes of each.
 * Must not know: any one filter.
 * See also:      filter/chain.c, which hands items on; stream/writer.h, the end of a
 *                chain.
 *
 * A filter that looks ahead must see, in the first pass, what it will see in the second.
 * So it has to be the first of its stage that changes anything: where it is not, the
 * chain is cut before it, and what comes out there goes through a temporary file.  The same
 * holds of one that decodes device state after one that changes what the description says of
 * it: the reader's description is that of the stage's input.
 */
#include <string.h>
#include <unistd.h>

#include "filter/chain-private.h"
#include "io/options.h"
#include "io/output-laid.h"
#include "io/temporary.h"
#include "stream/tail.h"

/* Bytes that are copied unread, before progress is told. */
#define COPY_STEP ((uint64_t)1 << 30)

static MigScan wants_scan(const MigFilterInstance *instance)
{
    return instance->type->wants_scan ? instance->type->wants_scan(instance->state)
                                      : MIG_SCAN_NONE;
}

bool mig_chain_check_in_flight(MigChain *chain, GError **error)
{
    bool redescribes = false;

    if (!mig_chain_settle(chain, error)) {
        return false;
    }
    for (size_t i = 0; i < chain->instances->len; i++) {
        const MigFilterInstance *instance = mig_chain_instance(chain, i);
        bool must_see_all =
            (wants_scan(instance) == MIG_SCAN_NEEDED && !instance->type->holds_back) ||
            (redescribes && instance->type->decodes);

        redescribes |= instance->type->redescribes;

        if (must_see_all || instance->type->joins) {
            mig_error_set_plain(error, MIG_ERROR_USAGE,
                                "filter %s: %s, and a migration that passes comes once",
                                instance->text->str,
                                must_see_all
                                    ? "it has to see all before it writes anything"
                                    : "it makes one channel of all of them");
            return false;
        }
    }
    return true;
}

bool mig_chain_changes_ram(const MigChain *chain)
{
    for (size_t i = 0; i < chain->instances->len; i++) {
        if (mig_chain_instance(chain, i)->type->changes_ram) {
            return true;
        }
    }
    return false;
}

bool mig_chain_needs_scan(const MigChain *chain)
{
    for (size_t i = 0; i < chain->instances->len; i++) {
        if (wants_scan(mig_chain_instance(chain, i)) == MIG_SCAN_NEEDED) {
            return true;
        }
    }
    return false;
}

/* The end of the stage that begins at @first. */
static size_t stage_end(const MigChain *chain, size_t first)
{
    bool changes = false, redescribes = false;
    size_t i;

    for (i = first; i < chain->instances->len; i++) {
        const MigFilterInstance *instance = mig_chain_instance(chain, i);

        if ((changes && !chain->options.in_flight &&
             wants_scan(instance) == MIG_SCAN_NEEDED) ||
            (redescribes && instance->type->decodes)) {
            break;
        }
        changes |= instance->type->handles != 0;
        redescribes |= instance->type->redescribes;
    }
    return i;
}

static void progress(const MigChain *chain, const MigItem *item)
{
    if (chain->options.progress && !item->channel) {
        chain->options.progress(chain->options.progress_data, item->offset);
    }
}

/* Reads @in to its end for the @i-th filter alone, and rewinds it if it could seek before;
 * what is spooled on the way is read once.  If @gap is not NULL, the pass is brief. */
static bool first_pass(MigChain *chain, size_t i, MigInput *in, MigGap *gap,
                       GError **error)
{
    g_autoptr(MigReader) reader = mig_reader_new(in);
    const MigFilterInstance *instance = mig_chain_instance(chain, i);
    uint64_t start = mig_input_tell(in);
    bool winds_back = mig_input_seekable(in);
    bool brief = gap != NULL;
    const MigItem *item;
    MigStatus status;

    chain->ram_was_read |= !brief;
    chain->reader = reader;
    while ((status = mig_reader_next(reader, &item, error)) == MIG_STATUS_MORE) {
        if (!brief) {
            progress(chain, item);
        }
        if (instance->type->handles & 1u << item->kind &&
            !mig_chain_give(chain, i, item, true, error)) {
            break;
        }
        if (gap && mig_item_begins_part(item)) {
            gap->from = item->offset;
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

/* Tries a brief pass.  If that is not enough for the filter, it forgets what it saw.
 * Faults of the stream are reported by the pass that reads all of it. */
static bool brief_first_pass(MigChain *chain, size_t i, MigInput *in)
{
    const MigFilterInstance *instance = mig_chain_instance(chain, i);
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

static bool each_start(MigChain *chain, GError **error)
{
    for (size_t i = chain->first; i < chain->last; i++) {
        const MigFilterInstance *instance = mig_chain_instance(chain, i);
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
        const MigFilterInstance *instance = mig_chain_instance(chain, i);
        MigNext next = { chain, i };

        if (instance->type->finish &&
            !instance->type->finish(instance->state, &next, error)) {
            return false;
        }
    }
    return mig_writer_finish(chain->writer, error);
}

static bool leaves_ram(const MigFilterInstance *instance, const MigSection *ram)
{
    const MigFilterType *type = instance->type;

    return type->leaves_ram ? type->leaves_ram(instance->state, ram)
                            : !(type->handles & MIG_ITEM_BITS_OF_PARTS);
}

/* Whether nothing of the stage has to see RAM, whose first PART @item begins, and @from and @to
 * are where it lies, which the reader has skipped. */
static bool skip_ram(MigChain *chain, const MigItem *item, uint64_t *from, uint64_t *to)
{
    bool changes = false;

    if (!chain->options.skips_ram || !mig_item_begins_part(item)) {
        return false;
    }
    for (size_t i = chain->first; i < chain->last; i++) {
        const MigFilterInstance *instance = mig_chain_instance(chain, i);

        if (!leaves_ram(instance, item->section)) {
            return false;
        }
        changes |= instance->type->handles != 0;
    }
    return changes && mig_reader_skip_ram(chain->reader, from, to);
}

/* Hands bytes of the input on that are no items. */
static bool copy_ram(MigChain *chain, uint64_t from, uint64_t to, GError **error)
{
    MigItem item = { .kind = MIG_ITEM_RAM_PAGES, .offset = from };

    chain->skips_now = true;
    if (!chain->unread_to && chain->first == 0) {
        chain->unread_from = from;
        chain->unread_to = to;
    }
    for (; item.offset < to; item.offset += item.length) {
        item.length = MIN(to - item.offset, COPY_STEP);
        progress(chain, &item);
        if (!mig_writer_put(chain->writer, &item, error)) {
            return false;
        }
    }
    return true;
}

bool mig_chain_unread(const MigChain *chain, uint64_t *from, uint64_t *to)
{
    *from = chain->ram_was_read ? 0 : chain->unread_from;
    *to = chain->ram_was_read ? 0 : chain->unread_to;
    return *from < *to;
}

/* Hands @item to the first filter, or what is skipped from there on to the writer. */
static bool deliver(MigChain *chain, const MigItem *item, GError **error)
{
    uint64_t from, to;

    if (skip_ram(chain, item, &from, &to)) {
        return copy_ram(chain, from, to, error);
    }
    if (!mig_chain_deliver(chain, chain->first, item, error)) {
        return false;
    }
    progress(chain, item);
    return true;
}

static bool last_pass(MigChain *chain, MigInput *in, MigOutput *out, GError **error)
{
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(MigWriter) writer = NULL;
    bool changes = false;
    const MigItem *item;
    MigStatus status;
    bool ok;

    for (size_t i = chain->first; i < chain->last; i++) {
        changes |= mig_chain_instance(chain, i)->type->handles != 0;
    }
    writer = mig_writer_new(in, out, changes);
    chain->reader = reader;
    chain->writer = writer;
    chain->skips_now = false;
    ok = each_start(chain, error);
    while (ok && (status = mig_reader_next(reader, &item, error)) != MIG_STATUS_END) {
        ok = status == MIG_STATUS_MORE && deliver(chain, item, error);
    }
    ok = ok && each_finish(chain, error);
    chain->ram_was_read |= !chain->skips_now;
    chain->reader = NULL;
    chain->writer = NULL;
    return ok;
}

/* The filter of the stage that may look ahead, if it wants to. */
static bool find_scanner(const MigChain *chain, bool cheap, size_t *i)
{
    for (*i = chain->first; *i < chain->last; (*i)++) {
        const MigFilterInstance *instance = mig_chain_instance(chain, *i);

        if (instance->type->handles) {
            MigScan scan = wants_scan(instance);

            return scan == MIG_SCAN_NEEDED || (scan == MIG_SCAN_HELPS && cheap);
        }
    }
    return false;
}

/* Makes sure that all channels can be read twice. */
static bool hold_all(MigInput *in, GError **error)
{
    MigInput *channel;

    for (size_t i = 0; (channel = mig_input_attached(in, i)); i++) {
        if (!mig_input_hold(channel, error)) {
            return false;
        }
    }
    return mig_input_hold(in, error);
}

static bool run_stage(MigChain *chain, MigInput *in, MigInput *again, MigOutput *out,
                      GError **error)
{
    size_t scanner;

    if (!chain->options.in_flight &&
        find_scanner(chain, again || mig_input_seekable(in), &scanner)) {
        if (!again && !hold_all(in, error)) {
            return false;
        }
        if (!(chain->may_be_brief && brief_first_pass(chain, scanner, in)) &&
            !first_pass(chain, scanner, again ? again : in, NULL, error)) {
            return false;
        }
    }
    return last_pass(chain, in, out, error);
}

/* run_stage() or run_stages(). */
typedef bool Run(MigChain *chain, MigInput *in, MigInput *again, MigOutput *out,
                 GError **error);

/* What @run makes of @in, in a temporary file, to be read; the descriptor of that in *fd, which
 * the caller closes, also where this fails.  -1: there is none.  What @under has of it, which
 * outlives it, is not written; NULL: all is. */
static MigInput *run_to_temporary(MigChain *chain, Run *run, MigInput *in,
                                  MigInput *again, const MigInput *under, int *fd,
                                  GError **error)
{
    const MigChainOptions *options = &chain->options;
    const MigInputOptions in_options = { MIG_INPUT_OPTIONS_INIT,
                                         .spool_dir = options->spool_dir,
                                         .cancelled = options->cancelled,
                                         .cancelled_data = options->cancelled_data };
    const MigOutputOptions out_options = { MIG_OUTPUT_OPTIONS_INIT,
                                           .cancelled = options->cancelled,
                                           .cancelled_data = options->cancelled_data };
    g_autofree char *name =
        g_strdup_printf("a temporary file in %s", mig_temporary_dir(options->spool_dir));
    g_autoptr(MigOutput) out = NULL;

    *fd = mig_temporary_open(options->spool_dir, error);
    if (*fd < 0) {
        return NULL;
    }
    out = mig_output_new_fd(*fd, name, &out_options, error);
    if (out && under) {
        mig_output_lay(out, under);
    }
    if (!out || !run(chain, in, again, out, error) || !mig_output_commit(out, error) ||
        lseek(*fd, 0, SEEK_SET) != 0) {
        return NULL;
    }
    return mig_output_laid_input(out, *fd, mig_input_name(in), &in_options, error);
}

static bool run_stages(MigChain *chain, MigInput *in, MigInput *again, MigOutput *out,
                       GError **error)
{
    g_autoptr(MigInput) between = NULL;
    const MigInput *under = in;
    int fd = -1, previous_fd;
    bool ok = true;

    for (chain->first = 0;; chain->first = chain->last) {
        MigInput *stage_out;

        chain->last = stage_end(chain, chain->first);
        mig_hop_clear(&chain->out_hop);
        chain->follower = (MigFollower){ 0 };
        if (chain->last == chain->instances->len) {
            break;
        }
        previous_fd = fd;
        stage_out = run_to_temporary(chain, run_stage, in, again, under, &fd, error);
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

/* True if the failure may come from the middle that a first pass skipped. */
static bool too_brief(const MigChain *chain, const GError *failure)
{
    return chain->was_brief && !g_error_matches(failure, MIG_ERROR, MIG_ERROR_IO) &&
           !g_error_matches(failure, MIG_ERROR, MIG_ERROR_CANCELLED);
}

/* Runs once more from @start on, where the first pass was too brief. */
static bool run_again(MigChain *chain, MigInput *in, uint64_t start, GError **error)
{
    MigOutput *out;

    chain->may_be_brief = false;
    if (!mig_chain_reset(chain, error)) {
        return false;
    }
    out = chain->options.begin_again(chain->options.begin_again_data, error);
    if (!out) {
        return false;
    }
    mig_input_rewind(in, start);
    return run_stages(chain, in, NULL, out, error);
}

/* What a chain writes has one channel. */
static bool check_channels(const MigChain *chain, MigInput *in, GError **error)
{
    if (mig_input_attached(in, 0) &&
        (!chain->instances->len || !mig_chain_instance(chain, 0)->type->joins)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "of several channels, the filter fold has to make one first");
        return false;
    }
    return true;
}

/* What comes before any run; false with *error if there can be none. */
static bool begin(MigChain *chain, MigInput *in, const MigChainOptions *options,
                  GError **error)
{
    if (chain->ran) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "a chain runs once; make a new one");
        return false;
    }
    chain->ran = mig_options_take(&chain->options, sizeof(chain->options), options,
                                  "MigChainOptions", error) &&
                 mig_chain_settle(chain, error);
    return chain->ran && check_channels(chain, in, error) &&
           (!chain->options.in_flight || mig_chain_check_in_flight(chain, error));
}

bool mig_chain_run(MigChain *chain, MigInput *in, MigInput *again, MigOutput *out,
                   const MigChainOptions *options, GError **error)
{
    uint64_t start = mig_input_tell(in);
    GError *failure = NULL;

    if (!begin(chain, in, options, error)) {
        return false;
    }
    chain->may_be_brief = chain->options.begin_again && !again && mig_input_seekable(in);
    if (run_stages(chain, in, again, out, &failure)) {
        return true;
    }
    if (too_brief(chain, failure)) {
        g_error_free(failure);
        return run_again(chain, in, start, error);
    }
    g_propagate_error(error, failure);
    return false;
}

MigInput *mig_chain_run_spooled(MigChain *chain, MigInput *in, int *fd,
                                const MigChainOptions *options, GError **error)
{
    MigInput *result;

    if (!begin(chain, in, options, error)) {
        return NULL;
    }
    result = run_to_temporary(chain, run_stages, in, NULL,
                              chain->options.borrows ? in : NULL, fd, error);
    if (!result && *fd >= 0) {
        close(*fd);
    }
    return result;
}
