/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see diff.h: reading both streams, and the order of what is compared.
 * Must not know: how a difference is shown.
 * See also:      compare-configuration.c, compare-ram.c, compare-sections.c.
 */
#include "diff/diff.h"

#include <unistd.h>

#include "device/decode.h"
#include "diff/diff-private.h"
#include "io/options.h"
#include "io/temporary.h"

const char *mig_difference_kind_name(MigDifferenceKind kind)
{
    static const char *const names[] = {
        [MIG_DIFFERENCE_MACHINE] = "machine",
        [MIG_DIFFERENCE_CAPABILITIES] = "capabilities",
        [MIG_DIFFERENCE_UUID] = "uuid",
        [MIG_DIFFERENCE_COMMANDS] = "commands",
        [MIG_DIFFERENCE_PAGE_SIZE] = "page-size",
        [MIG_DIFFERENCE_DESCRIPTION] = "description",
        [MIG_DIFFERENCE_RAM_BLOCK] = "ram-block",
        [MIG_DIFFERENCE_RAM_PAGES] = "ram-pages",
        [MIG_DIFFERENCE_SECTION] = "section",
        [MIG_DIFFERENCE_VERSION] = "version",
        [MIG_DIFFERENCE_FIELD] = "field",
        [MIG_DIFFERENCE_SUBSECTION] = "subsection",
        [MIG_DIFFERENCE_BODY] = "body",
        [MIG_DIFFERENCE_VFIO_LAYOUT] = "vfio-layout",
        [MIG_DIFFERENCE_VFIO_CONFIGURATION] = "vfio-configuration",
        [MIG_DIFFERENCE_VFIO_DATA] = "vfio-data",
    };

    return names[kind];
}

/* --- reading a side ---------------------------------------------------------------------- */

static bool place_block(const MigRamBlock *block, int *fd, uint64_t *base, void *user,
                        GError **error)
{
    MigDiffStream *side = user;

    if (side->image_fd < 0) {
        side->image_fd = mig_temporary_open(NULL, error);
        if (side->image_fd < 0) {
            return false;
        }
    }
    *fd = side->image_fd;
    *base = side->image_end;
    /* apart by the largest page there is, so that holes do not meet */
    if (block->used_length > (uint64_t)INT64_MAX - MIG_PAGE_SIZE_MAX - side->image_end) {
        mig_error_set_plain(error, MIG_ERROR_LIMIT, "RAM blocks of more than 8 EiB");
        return false;
    }
    side->image_end += (block->used_length + MIG_PAGE_SIZE_MAX - 1) / MIG_PAGE_SIZE_MAX *
                       MIG_PAGE_SIZE_MAX;
    return true;
}

static void open_side(MigDiffStream *side, MigInput *in, MigDiffFlags flags)
{
    side->in = in;
    side->reader = mig_reader_new(in);
    side->summary = mig_summary_new();
    side->packets = mig_vfio_packets_new();
    side->image =
        flags & MIG_DIFF_RAM ? mig_ram_image_new(side->reader, place_block, side) : NULL;
    side->skips_ram = flags & MIG_DIFF_SKIP_RAM && !side->image;
    side->image_fd = -1;
}

static void close_side(MigDiffStream *side)
{
    mig_ram_image_free(side->image);
    if (side->image_fd >= 0) {
        close(side->image_fd);
    }
    mig_summary_free(side->summary);
    mig_vfio_packets_free(side->packets);
    mig_reader_free(side->reader);
    g_clear_error(&side->error);
}

static bool compares_all(const MigDiff *diff)
{
    return !diff->options.only || mig_addresses_is_empty(diff->options.only);
}

MigDiff *mig_diff_new(MigInput *a, MigInput *b, const MigDiffOptions *options)
{
    MigDiffOptions known;
    MigDiff *diff;

    g_return_val_if_fail(
        mig_options_take(&known, sizeof(known), options, "MigDiffOptions", NULL), NULL);
    diff = g_new0(MigDiff, 1);
    diff->options = known;
    if (!compares_all(diff)) {
        diff->options.flags &= ~MIG_DIFF_RAM;
    }
    open_side(&diff->side[MIG_DIFF_A], a, diff->options.flags);
    open_side(&diff->side[MIG_DIFF_B], b, diff->options.flags);
    return diff;
}

void mig_diff_free(MigDiff *diff)
{
    if (diff) {
        close_side(&diff->side[MIG_DIFF_A]);
        close_side(&diff->side[MIG_DIFF_B]);
        g_free(diff);
    }
}

MigStatus mig_diff_read(MigDiff *diff, MigDiffSide which)
{
    MigDiffStream *side = &diff->side[which];
    MigStatus status = MIG_STATUS_ERROR;
    const MigItem *item;

    if (!side->held && !side->error) {
        side->held = mig_input_hold(side->in, &side->error);
    }
    if (!side->error) {
        status = mig_reader_next(side->reader, &item, &side->error);
    }
    if (status == MIG_STATUS_MORE &&
        (!mig_summary_watch(side->summary, item, &side->error) ||
         !mig_vfio_packets_hold(side->packets, side->reader, item, &side->error) ||
         (side->image && !mig_ram_image_watch(side->image, item, &side->error)))) {
        status = MIG_STATUS_ERROR;
    }
    if (status == MIG_STATUS_MORE && side->skips_ram) {
        mig_reader_skip_ram(side->reader, &side->skipped, &side->resumed);
    }
    return status;
}

bool mig_diff_unread(const MigDiff *diff, MigDiffSide side, uint64_t *from, uint64_t *to)
{
    *from = diff->side[side].skipped;
    *to = diff->side[side].resumed;
    return *from < *to;
}

bool mig_diff_read_again(MigDiffStream *side, uint32_t channel, uint64_t offset,
                         uint8_t *bytes, size_t n)
{
    MigInput *in = mig_reader_channel_input(side->reader, channel);

    if (mig_input_read_at(in, offset, bytes, n) == n) {
        return true;
    }
    if (!side->error && mig_input_end_error(in, &side->error)) {
        mig_error_set_plain(&side->error, MIG_ERROR_IO, "it has become shorter");
    }
    return false;
}

const GError *mig_diff_error(const MigDiff *diff, MigDiffSide side)
{
    return diff->side[side].error;
}

const MigReader *mig_diff_reader(const MigDiff *diff, MigDiffSide side)
{
    return diff->side[side].reader;
}

const MigRamImage *mig_diff_ram_image(const MigDiff *diff, MigDiffSide side)
{
    return diff->side[side].image;
}

/* --- what is wanted ---------------------------------------------------------------------- */

/* @field: NULL: none. */
static bool means(MigAddresses *addresses, const MigSection *section,
                  const MigField *field)
{
    bool whole = mig_addresses_section(addresses, section->name, section->instance_id);
    bool meant = field && mig_field_is_meant(addresses, section->name,
                                             section->instance_id, field);

    return whole || meant;
}

/* The same of a change from @a to @b.  A feature is one bit of a field: its address means what is
 * said of that bit. @all: whether it means all that changed, else some of it. */
static bool means_change(MigAddresses *addresses, const MigSection *section,
                         const MigField *a, const MigField *b, bool all)
{
    uint64_t bits =
        mig_field_features_meant(addresses, section->name, section->instance_id, a);
    uint64_t changed = a->u ^ b->u;
    bool whole = mig_addresses_section(addresses, section->name, section->instance_id);

    if (!bits) {
        return means(addresses, section, a);
    }
    return whole || (all ? !(changed & ~bits) : (changed & bits) != 0);
}

bool mig_diff_wants_change(const MigDiff *diff, const MigSection *section,
                           const MigField *a, const MigField *b)
{
    MigAddresses *ignore = diff->options.ignore;
    bool wanted =
        compares_all(diff) || means_change(diff->options.only, section, a, b, false);

    return !(ignore && means_change(ignore, section, a, b, true)) && wanted;
}

/* Both lists are tried, since each is to know what meant something. */
bool mig_diff_wants_field(const MigDiff *diff, const MigSection *section,
                          const MigField *field)
{
    MigAddresses *ignore = diff->options.ignore;
    bool wanted = compares_all(diff) || means(diff->options.only, section, field);

    return !(ignore && means(ignore, section, field)) && wanted;
}

bool mig_diff_wants(const MigDiff *diff, const MigSection *section, const char *path)
{
    const MigField field = { .path = path };

    return mig_diff_wants_field(diff, section, path ? &field : NULL);
}

static bool seek(const MigAddresses *addresses, const MigSection *section)
{
    return addresses &&
           mig_addresses_seek_field(addresses, section->name, section->instance_id);
}

bool mig_diff_seeks(const MigDiff *diff, const MigSection *section)
{
    return seek(diff->options.only, section) || seek(diff->options.ignore, section);
}

/* An address that means something on either side is good. */
static void note_sections(const MigDiff *diff)
{
    for (int side = 0; side < 2; side++) {
        size_t n;
        const MigSection *const *list = mig_reader_sections(diff->side[side].reader, &n);

        for (size_t i = 0; i < n; i++) {
            mig_diff_wants(diff, list[i], NULL);
        }
    }
}

/* --- comparing --------------------------------------------------------------------------- */

void mig_diff_visit(MigDiff *diff, const MigDifference *difference)
{
    diff->found++;
    if (diff->visit) {
        diff->visit(difference, diff->user);
    }
}

uint64_t mig_diff_compare(MigDiff *diff, MigDifferenceVisit *visit, void *user)
{
    diff->visit = visit;
    diff->user = user;
    if (compares_all(diff)) {
        mig_diff_configuration(diff);
        mig_diff_ram(diff);
    }
    mig_diff_sections(diff);
    note_sections(diff);
    return diff->found;
}
