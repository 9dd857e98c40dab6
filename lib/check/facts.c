/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see facts.h.
 * Must not know: rules.
 * See also:      stream/vfio-dialect.c, which adds up a VFIO device.
 */
#include "check/facts.h"

#include <string.h>

#include "stream/irq-controller.h"
#include "stream/item-private.h"
#include "stream/page-kind.h"
#include "stream/vfio-watch.h"

/* Devices through which the guest says which pages need not be sent.
 * Sources: hw/virtio/virtio-balloon.c, hw/virtio/virtio-mem.c. */
static const char *const hinting[] = { "virtio-balloon", "virtio-mem",
                                       "virtio-mem-device-early" };

void mig_facts_init(MigFacts *facts)
{
    *facts = (MigFacts){
        .configuration = MIG_NOWHERE,
        .sections = mig_long_array_new(sizeof(MigSectionFacts)),
        .fulls = g_ptr_array_new(),
        .first_part = MIG_NOWHERE,
        .first_end = MIG_NOWHERE,
        .first_inferred = MIG_NOWHERE,
        .eof = MIG_NOWHERE,
        .description = MIG_NOWHERE,
        .trailing = MIG_NOWHERE,
        .switchover_start = MIG_NOWHERE,
        .coverage = g_array_new(false, false, sizeof(MigCoverage)),
        .vfio = mig_long_array_new(sizeof(MigVfioFacts)),
        .gics = g_array_new(false, false, sizeof(MigController)),
        .controllers = g_array_new(false, false, sizeof(MigController)),
    };
    mig_page_store_init(&facts->pages);
    mig_multifd_facts_init(&facts->multifd);
}

void mig_facts_clear(MigFacts *facts)
{
    for (guint i = 0; i < facts->coverage->len; i++) {
        mig_page_set_clear(&g_array_index(facts->coverage, MigCoverage, i).sent);
    }
    mig_page_store_clear(&facts->pages);
    mig_multifd_facts_clear(&facts->multifd);
    mig_long_array_free(facts->sections);
    g_ptr_array_unref(facts->fulls);
    g_array_unref(facts->coverage);
    mig_long_array_free(facts->vfio);
    g_array_unref(facts->gics);
    g_array_unref(facts->controllers);
}

const MigSectionFacts *mig_facts_section(const MigFacts *facts, const MigSection *section)
{
    return section->index < facts->sections->len
               ? &g_array_index(facts->sections, MigSectionFacts, section->index)
               : NULL;
}

static MigVfioFacts *find_vfio(const MigFacts *facts, const MigSection *section)
{
    const MigSectionFacts *s = section ? mig_facts_section(facts, section) : NULL;

    return s && s->vfio ? &g_array_index(facts->vfio, MigVfioFacts, s->vfio - 1) : NULL;
}

const MigVfioFacts *mig_facts_vfio(const MigFacts *facts, const MigSection *section)
{
    return find_vfio(facts, section);
}

const MigCoverage *mig_facts_coverage(const MigFacts *facts, const MigRamBlock *block)
{
    return block->index < facts->coverage->len
               ? &g_array_index(facts->coverage, MigCoverage, block->index)
               : NULL;
}

bool mig_facts_page_sent(const MigFacts *facts, const MigRamBlock *block,
                         uint64_t address, uint32_t page_size)
{
    const MigCoverage *coverage = mig_facts_coverage(facts, block);
    uint64_t page = address / page_size;

    if (!coverage || coverage->unknown || page >= coverage->sent.n_pages) {
        return true;
    }
    return mig_page_set_has(&coverage->sent, &facts->pages, page);
}

/* --- sections --------------------------------------------------------------------- */

/* Sections come in order of their index, each first with a header.  NULL with *error. */
static MigSectionFacts *section_facts(MigFacts *facts, const MigItem *item,
                                      GError **error)
{
    const MigSection *section = item->section;

    while (facts->sections->len <= section->index) {
        MigSectionFacts *s = mig_item_keep(facts->sections, item, error);

        if (!s) {
            return NULL;
        }
        *s = (MigSectionFacts){ .start = MIG_NOWHERE,
                                .part = MIG_NOWHERE,
                                .end = MIG_NOWHERE,
                                .full = MIG_NOWHERE,
                                .section = section,
                                .bound_id = section->id };
    }
    return &g_array_index(facts->sections, MigSectionFacts, section->index);
}

static void watch_full(MigFacts *facts, const MigItem *item)
{
    const MigSection *section = item->section;
    MigController c = { section, item->offset };

    g_ptr_array_add(facts->fulls, (gpointer)(uintptr_t)section);
    switch (mig_section_irq_controller(section)) {
    case MIG_IRQ_CONTROLLER_GIC:
        g_array_append_val(facts->gics, c);
        break;
    case MIG_IRQ_CONTROLLER_OTHER:
        g_array_append_val(facts->controllers, c);
        break;
    case MIG_IRQ_CONTROLLER_NONE:
        break;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(hinting); i++) {
        facts->hints |= mig_section_has_handler(section, hinting[i]);
    }
}

static bool watch_vfio_header(MigFacts *facts, MigSectionFacts *s, const MigItem *item,
                              GError **error)
{
    MigVfioFacts *v = find_vfio(facts, item->section);

    if (!v) {
        v = mig_item_keep(facts->vfio, item, error);
        if (!v) {
            return false;
        }
        *v = (MigVfioFacts){ .setup = MIG_NOWHERE,
                             .init_data_sent = MIG_NOWHERE,
                             .early_set_up = MIG_NOWHERE };
        mig_vfio_device_init(&v->device, item->section);
        s->vfio = facts->vfio->len;
    }
    mig_vfio_device_watch(&v->device, item);
    return true;
}

static bool watch_header(MigFacts *facts, const MigItem *item, GError **error)
{
    MigSectionFacts *s = section_facts(facts, item, error);

    if (!s) {
        return false;
    }
    facts->body = (MigBodyFacts){ .section = item->section,
                                  .type = item->type,
                                  .header = item->offset,
                                  .vfio_config = MIG_NOWHERE,
                                  .vfio_data = MIG_NOWHERE };
    facts->n_bodies++;
    switch (item->type) {
    case MIG_SECTION_START:
        facts->n_starts += s->start == MIG_NOWHERE;
        s->start = MIN(s->start, item->offset);
        break;
    case MIG_SECTION_PART:
        s->part = MIN(s->part, item->offset);
        facts->first_part = MIN(facts->first_part, item->offset);
        break;
    case MIG_SECTION_END:
        facts->n_ended += s->end == MIG_NOWHERE;
        s->end = MIN(s->end, item->offset);
        facts->first_end = MIN(facts->first_end, item->offset);
        break;
    default:
        if (s->full == MIG_NOWHERE) {
            s->full = item->offset;
            watch_full(facts, item);
        }
        break;
    }
    return !mig_section_is_vfio(item->section) ||
           watch_vfio_header(facts, s, item, error);
}

static void watch_body_size(MigFacts *facts, const MigItem *item)
{
    MigSectionFacts *s =
        &g_array_index(facts->sections, MigSectionFacts, item->section->index);

    if (item->type == MIG_SECTION_FULL && s->full == facts->body.header) {
        s->full_size += item->length;
        s->full_differs |= item->description_differs;
    }
    if (item->inferred && item->piece == 0) {
        facts->n_inferred++;
        facts->first_inferred = MIN(facts->first_inferred, item->offset);
    }
}

/* --- VFIO ------------------------------------------------------------------------- */

static void watch_vfio(MigFacts *facts, const MigItem *item)
{
    MigVfioFacts *v = find_vfio(facts, item->section);
    MigBodyFacts *body = &facts->body;
    const MigVfioRecord *record = &item->vfio;

    if (!v || item->piece) {
        return;
    }
    if (record->flag == MIG_VFIO_DEV_DATA_STATE && record->payload_length &&
        v->device.config == MIG_NOWHERE) {
        v->early_records++;
        v->early_bytes += record->payload_length;
    }
    mig_vfio_device_watch(&v->device, item);
    v->interrupts |= record->has_payload && (record->msi_enabled || record->msix_enabled);
    body->vfio_records++;
    switch (record->flag) {
    case MIG_VFIO_DEV_SETUP_STATE:
        v->setup = MIN(v->setup, item->offset);
        break;
    case MIG_VFIO_DEV_DATA_STATE:
        body->vfio_data = MIN(body->vfio_data, item->offset);
        break;
    case MIG_VFIO_DEV_INIT_DATA_SENT:
        v->init_data_sent = MIN(v->init_data_sent, item->offset);
        body->vfio_ended = true;
        break;
    case MIG_VFIO_DEV_CONFIG_LOAD_READY:
        body->vfio_ended = true;
        break;
    case MIG_VFIO_DEV_CONFIG_STATE:
        body->vfio_config = MIN(body->vfio_config, item->offset);
        if (record->has_subflags && record->subflags & MIG_VFIO_SUBFLAG_SETUP &&
            item->type != MIG_SECTION_FULL) {
            v->early_set_up = MIN(v->early_set_up, item->offset);
        }
        break;
    case MIG_VFIO_END_OF_STATE:
        /* In FULL the end of the configuration record is that of the body too. */
        body->vfio_ended |= !record->closes_config || item->type == MIG_SECTION_FULL;
        break;
    }
    body->vfio_flag = record->flag;
}

static void watch_packet(MigFacts *facts, const MigItem *item)
{
    MigVfioFacts *v = find_vfio(facts, item->section);

    if (v) {
        mig_vfio_device_watch(&v->device, item);
    }
}

/* --- RAM -------------------------------------------------------------------------- */

static void watch_block(MigFacts *facts, const MigItem *item)
{
    MigCoverage coverage = { .block = item->block };

    /* A second list may name the same blocks. */
    if (item->block->index >= facts->coverage->len) {
        g_array_append_val(facts->coverage, coverage);
    }
}

static bool begin_coverage(MigFacts *facts, MigCoverage *coverage, uint32_t page_size)
{
    uint64_t n_pages = coverage->block->used_length / page_size;

    coverage->unknown = !mig_page_set_init(&coverage->sent, &facts->pages, n_pages);
    return !coverage->unknown;
}

static void watch_pages(MigFacts *facts, const MigItem *item)
{
    const MigRamPages *run = &item->pages;
    MigCoverage *coverage;

    facts->n_page_records++;
    facts->n_content_records += mig_page_kind(run->kind)->content != MIG_PAGE_FILLED;
    if (!run->block || run->block->index >= facts->coverage->len) {
        return;
    }
    coverage = &g_array_index(facts->coverage, MigCoverage, run->block->index);
    if (!coverage->unknown &&
        (coverage->sent.index || begin_coverage(facts, coverage, run->page_size))) {
        coverage->unknown = !mig_page_set_add(
            &coverage->sent, &facts->pages, run->address / run->page_size, run->n_pages);
    }
}

/* --- the rest --------------------------------------------------------------------- */

static void watch_command(MigFacts *facts, const MigItem *item)
{
    static const MigPostcopy postcopy[MIG_CMD_COUNT] = {
        [MIG_CMD_POSTCOPY_ADVISE] = MIG_POSTCOPY_ADVISE,
        [MIG_CMD_POSTCOPY_RAM_DISCARD] = MIG_POSTCOPY_DISCARD,
        [MIG_CMD_POSTCOPY_LISTEN] = MIG_POSTCOPY_LISTENING,
        [MIG_CMD_POSTCOPY_RUN] = MIG_POSTCOPY_RUNNING,
    };

    facts->return_path |= item->command.id == MIG_CMD_OPEN_RETURN_PATH;
    facts->colo |= item->command.id == MIG_CMD_ENABLE_COLO;
    if (item->command.id == MIG_CMD_SWITCHOVER_START) {
        facts->switchover_start = MIN(facts->switchover_start, item->offset);
    }
    if (item->command.id < MIG_CMD_COUNT) {
        facts->postcopy = MAX(facts->postcopy, postcopy[item->command.id]);
    }
}

bool mig_facts_update(MigFacts *facts, const MigItem *item, GError **error)
{
    if (!mig_multifd_facts_update(&facts->multifd, item, error)) {
        return false;
    }
    switch (item->kind) {
    case MIG_ITEM_CONFIGURATION:
        facts->configuration = MIN(facts->configuration, item->offset);
        facts->body.section = NULL;
        break;
    case MIG_ITEM_SECTION_HEADER:
        return watch_header(facts, item, error);
    case MIG_ITEM_SECTION_FOOTER:
        facts->n_footers++;
        facts->body.section = NULL;
        break;
    case MIG_ITEM_COMMAND:
        watch_command(facts, item);
        facts->body.section = NULL;
        break;
    case MIG_ITEM_RAM_LIST:
        facts->ram_lists++;
        break;
    case MIG_ITEM_RAM_BLOCK:
        watch_block(facts, item);
        break;
    case MIG_ITEM_RAM_PAGES:
        watch_pages(facts, item);
        break;
    case MIG_ITEM_RAM_MARK:
        facts->multifd_flush |= item->ram_mark.flag == MIG_RAM_MULTIFD_FLUSH;
        break;
    case MIG_ITEM_MULTIFD_DEVICE:
        watch_packet(facts, item);
        break;
    case MIG_ITEM_VFIO_RECORD:
        watch_vfio(facts, item);
        watch_body_size(facts, item);
        break;
    case MIG_ITEM_RECORD:
    case MIG_ITEM_DEVICE_STATE:
        watch_body_size(facts, item);
        break;
    case MIG_ITEM_EOF:
        /* An end mark inside a package, or inside COLO's checkpoints, does not end the
         * stream. */
        facts->eof = item->package_depth ? facts->eof : item->offset;
        facts->body.section = NULL;
        break;
    case MIG_ITEM_DESCRIPTION:
        facts->description = item->offset;
        break;
    case MIG_ITEM_PADDING:
    case MIG_ITEM_TRAILING:
        if (facts->eof != MIG_NOWHERE && !item->channel) {
            facts->trailing = MIN(facts->trailing, item->offset);
        }
        break;
    default:
        break;
    }
    return true;
}
