/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the pass of migstat dump --items, and the details of an item in words.
 * Must not know: sums; it holds nothing back.
 * See also:      dump-items.h, what a format shows of it; cmd-dump.c.
 */
#include "dump-items.h"

#include "format.h"
#include "pager.h"
#include "progress.h"
#include "text.h"

static const char *mark_name(MigRamFlag flag)
{
    return flag == MIG_RAM_EOS ? "EOS" : flag == MIG_RAM_HOOK ? "HOOK" : "MULTIFD_FLUSH";
}

static char *block_name(const MigRamBlock *block)
{
    return block ? cli_escape(block->name, block->name_length) : g_strdup("?");
}

static char *describe_packet(const MigMultifdPacket *packet)
{
    return g_strdup_printf("packet %" PRIu64 ", %u normal, %u zero%s", packet->packet_num,
                           packet->normal_pages, packet->zero_pages,
                           packet->flags & MIG_MULTIFD_SYNC ? ", SYNC" : "");
}

char *dump_item_details(const MigItem *item)
{
    g_autofree char *name = NULL;
    const char *text;

    switch (item->kind) {
    case MIG_ITEM_SECTION_HEADER:
        return g_strdup_printf("%s id=%u instance=%u version=%u",
                               mig_section_type_key(item->type), item->section_id,
                               item->section->instance_id, item->section->version_id);
    case MIG_ITEM_COMMAND:
        text = mig_command_name(item->command.id);
        return text ? g_strdup(text) : g_strdup_printf("command %u", item->command.id);
    case MIG_ITEM_RAM_LIST:
        return g_strdup_printf("total %" PRIu64, item->ram_list.total);
    case MIG_ITEM_RAM_BLOCK:
        name = block_name(item->block);
        return g_strdup_printf("%s %" PRIu64, name, item->block->used_length);
    case MIG_ITEM_RAM_PAGES:
        name = block_name(item->pages.block);
        return g_strdup_printf("%s%s 0x%" PRIx64 " %s x%u",
                               item->pages.named || item->channel ? "" : "+", name,
                               item->pages.address, mig_page_kind_name(item->pages.kind),
                               item->pages.n_pages);
    case MIG_ITEM_RAM_MARK:
        return g_strdup(mark_name(item->ram_mark.flag));
    case MIG_ITEM_MAPPED_HEADER:
    case MIG_ITEM_MAPPED_PAGES:
        return block_name(item->block);
    case MIG_ITEM_MAPPED_BITMAP:
        name = block_name(item->bitmap.block);
        return g_strdup_printf("%s pages %" PRIu64 "..%" PRIu64 ", %" PRIu64 " set", name,
                               item->bitmap.first_page,
                               item->bitmap.first_page + item->bitmap.n_pages,
                               item->bitmap.n_set);
    case MIG_ITEM_VFIO_RECORD:
        text = mig_vfio_flag_name(item->vfio.flag);
        return item->vfio.has_subflags
                   ? g_strdup_printf("%s subflags=0x%04x", text, item->vfio.subflags)
                   : g_strdup(text);
    case MIG_ITEM_RECORD:
        return g_strdup_printf("%s %" PRIu64, item->record.name, item->record.value);
    case MIG_ITEM_MULTIFD_INITIAL:
        return g_strdup_printf("multifd channel %u", item->multifd_initial.id);
    case MIG_ITEM_MULTIFD_PACKET:
        return describe_packet(&item->multifd_packet);
    case MIG_ITEM_MULTIFD_DEVICE:
        return g_strdup_printf("instance=%u index=%u%s", item->multifd_device.instance_id,
                               item->multifd_device.vfio_index,
                               item->multifd_device.vfio_flags ? " configuration" : "");
    case MIG_ITEM_DEVICE_STATE:
        return g_strdup(item->inferred ? "inferred" : "");
    default:
        return g_strdup("");
    }
}

void dump_items(Dump *dump)
{
    const DumpItemsView *view = dump->options->common->format->dump_items;
    void *shown_in = view->begin(dump);
    CliProgress progress;
    const MigItem *item;

    cli_pager_forget(); /* rows are printed as they are read */
    cli_progress_begin(&progress, dump->file, dump->in, dump->options->common);
    while (dump_next(dump, &item)) {
        dump->n_defects += item->defect != NULL; /* no summary: memory stays small */
        cli_progress_item(&progress, item);
        if (dump_wants(dump->options, item->section)) {
            view->item(shown_in, item);
        }
    }
    cli_progress_end(&progress);
    view->end(shown_in, dump);
}
