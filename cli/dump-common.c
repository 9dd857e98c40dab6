/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the views of the dump command ask of a dump.
 * Must not know: how anything looks.
 * See also:      dump.h.
 */
#include "dump.h"
#include "text.h"

/* Bytes that are read of a pipe after a damage. */
#define AFTER_DAMAGE_MAX (64u << 20)

bool dump_wants(const DumpOptions *dump_options, const MigSection *section)
{
    return mig_addresses_is_empty(dump_options->section) ||
           (section && mig_addresses_section(dump_options->section, section->name,
                                             section->instance_id));
}

char *dump_container(const MigInput *in)
{
    const MigContainer *container = mig_input_container(in, 0);
    GString *name = g_string_new(container ? mig_container_name(container) : "plain");

    for (size_t i = 1; (container = mig_input_container(in, i)); i++) {
        g_string_append_printf(name, "+%s", mig_container_name(container));
    }
    return g_string_free(name, FALSE);
}

const MigContainer *dump_image(const MigInput *in)
{
    const MigContainer *container;
    size_t i = 0;

    while ((container = mig_input_container(in, i)) &&
           !mig_container_snapshot(container, 0)) {
        i++;
    }
    return container;
}

uint32_t dump_page_size(const Dump *dump)
{
    const MigDescription *description = mig_reader_description(dump->reader);
    uint32_t size = mig_reader_page_size(dump->reader);

    return size ? size : description ? description->page_size : 0;
}

bool dump_next(Dump *dump, const MigItem **item)
{
    return !dump->error &&
           mig_reader_next(dump->reader, item, &dump->error) == MIG_STATUS_MORE;
}

/* Rules want to see all. */
void dump_skip_ram(Dump *dump)
{
    if (!dump->options->read_all && !dump->check) {
        mig_reader_skip_ram(dump->reader, &dump->unread.from, &dump->unread.to);
    }
}

bool dump_is_sound(const Dump *dump)
{
    return !dump->error && !dump->n_defects &&
           !mig_summary_totals(dump->summary)->n_defects;
}

char *dump_section_name(const MigSection *section)
{
    return cli_address(section->name, section->name_length, section->instance_id);
}

size_t dump_largest(const Dump *dump, const MigSectionSum *sums[DUMP_LARGEST])
{
    const MigOverview *o = dump->overview;
    size_t n = 0;

    for (size_t i = 0; i < o->n_sums && n < DUMP_LARGEST && o->sums[i].length; i++) {
        if (dump_wants(dump->options, o->sums[i].section)) {
            sums[n++] = &o->sums[i];
        }
    }
    return n;
}

bool dump_body_is_over(const DumpBody *body, const MigItem *item)
{
    return body->section &&
           (!item->section || item->channel || item->kind == MIG_ITEM_SECTION_HEADER ||
            item->kind == MIG_ITEM_SECTION_FOOTER);
}

void dump_body_begin(DumpBody *body, const Dump *dump, const MigItem *header)
{
    mig_reader_find_description(dump->reader, NULL);
    *body = (DumpBody){ .section = header->section,
                        .offset = header->offset + header->length };
}

bool dump_body_decode(DumpBody *body, Dump *dump, const MigDecoder *decoder)
{
    const MigDeviceBody device = { .name = body->section->name,
                                   .instance_id = body->section->instance_id,
                                   .version_id = body->section->version_id,
                                   .offset = body->offset,
                                   .length = body->length };
    bool matches = false;

    body->section = NULL;
    mig_device_decode_at(decoder, dump->in, mig_reader_description(dump->reader), &device,
                         &matches, dump->error ? NULL : &dump->error);
    return matches;
}

const char *dump_channel_kind(uint32_t i, const MigChannelSummary *channel)
{
    return i == 0 ? "main" : channel->multifd ? "multifd" : "preempt";
}

/* What stands after a damage is not read, but its length is known or can be; of a pipe,
 * which may have no end, only where that is near. */
uint64_t dump_whole_size(Dump *dump)
{
    uint64_t size = 0;
    const MigInput *channel;

    for (size_t i = 0; (channel = mig_input_attached(dump->in, i)); i++) {
        if (!mig_input_seekable(channel)) {
            return UINT64_MAX;
        }
        size += mig_input_size(channel);
    }
    if (mig_input_seekable(dump->in)) {
        return size + mig_input_size(dump->in);
    }
    return mig_input_skip(dump->in, AFTER_DAMAGE_MAX) < AFTER_DAMAGE_MAX
               ? size + mig_input_tell(dump->in)
               : UINT64_MAX;
}
