/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see preempt.h.
 * Must not know: other channels.
 * See also:      stream/ram.c, which reads the same records of the main channel.
 */
#include "stream/preempt.h"

#include "io/foreign.h"
#include "stream/defect.h"
#include "stream/ram-record.h"
#include "stream/reader-private.h"

struct MigPreempt {
    MigInput *in;
    uint32_t number;
    uint64_t pos; /* of the last item, */
    uint64_t last_length;
    const MigRamBlock *block; /* what CONTINUE means */
};

bool mig_preempt_begins(MigInput *in)
{
    size_t n;
    const uint8_t *p = mig_input_peek(in, MIG_FOREIGN_HEAD, &n);

    /* One that no page was sent on may have an EOS. */
    return n == 0 || (n >= sizeof(uint64_t) && mig_be64(p) == MIG_RAM_EOS) ||
           mig_foreign_is_page_record(p, MIN(n, MIG_FOREIGN_HEAD));
}

MigPreempt *mig_preempt_new(MigInput *in, uint32_t number)
{
    MigPreempt *c = g_new0(MigPreempt, 1);

    c->in = in;
    c->number = number;
    c->pos = mig_input_tell(in);
    return c;
}

void mig_preempt_free(MigPreempt *c)
{
    g_free(c);
}

MigInput *mig_preempt_input(const MigPreempt *c)
{
    return c->in;
}

/* Cuts the next record: its bytes, all of which are there; NULL with *error. */
static const uint8_t *cut_record(MigPreempt *c, uint32_t page_size, MigRamRecord *record,
                                 GError **error)
{
    size_t want = MIG_RAM_WORD_LENGTH, n;
    const uint8_t *p;
    MigRamRecordStatus status;

    do {
        p = mig_input_peek(c->in, want, &n);
        if (n < want) {
            mig_reader_cut_short(c->in, c->pos, "at least ", want - n,
                                 mig_item_thing_name(MIG_ITEM_RAM_PAGES), error);
            return NULL;
        }
        status = mig_ram_record(p, n, page_size, record);
        want = record->length;
    } while (status == MIG_RAM_RECORD_SHORT || (status == MIG_RAM_RECORD_OK && want > n));
    if (status == MIG_RAM_RECORD_OK &&
        (record->flags == MIG_RAM_EOS ||
         (record->is_page && mig_page_kind(record->page.kind)->postcopy))) {
        return p;
    }
    mig_error_set(error, MIG_ERROR_MALFORMED, c->pos, MIG_DEFECT_RAM_FLAG,
                  "wanted a page as postcopy sends it, or EOS, found flags 0x%x",
                  record->flags);
    return NULL;
}

/* Sets the block of the page at @p, in which it has to be. */
static bool place_page(MigPreempt *c, const MigReader *r, const uint8_t *p,
                       const MigRamRecord *record, MigRamPages *page, GError **error)
{
    if (page->named) {
        c->block = mig_ram_state_find(mig_reader_ram(r), p + MIG_RAM_WORD_LENGTH + 1,
                                      record->name_length);
    }
    page->block = c->block;
    if (!c->block) {
        mig_error_set(error, MIG_ERROR_MALFORMED, c->pos, MIG_DEFECT_RAM_BLOCK_UNKNOWN,
                      "a page of a block that the block list does not have");
        return false;
    }
    return mig_ram_block_has_page(c->block, page->address, page->page_size, c->pos,
                                  error);
}

MigStatus mig_preempt_next(MigPreempt *c, MigReader *r, const MigItem *at, MigItem *item,
                           GError **error)
{
    uint32_t page_size = mig_reader_page_size(r);
    MigRamRecord record;
    const uint8_t *p;
    size_t n;

    c->pos += mig_input_skip(c->in, c->last_length);
    c->last_length = 0;
    mig_input_peek(c->in, 1, &n);
    if (n == 0) {
        return mig_input_end_error(c->in, error) ? MIG_STATUS_END : MIG_STATUS_ERROR;
    }
    if (!page_size) {
        mig_error_set(error, MIG_ERROR_UNSUPPORTED, c->pos, NULL,
                      "the stream does not say how large a page is");
        return MIG_STATUS_ERROR;
    }
    p = cut_record(c, page_size, &record, error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    *item = (MigItem){ .kind = MIG_ITEM_PADDING, /* EOS, which says nothing here */
                       .channel = c->number,
                       .offset = c->pos,
                       .length = record.length,
                       .whole = record.length,
                       .type = at->type,
                       .section = at->section,
                       .section_id = at->section_id };
    if (record.is_page) {
        item->kind = MIG_ITEM_RAM_PAGES;
        item->pages = record.page;
        if (!place_page(c, r, p, &record, &item->pages, error)) {
            return MIG_STATUS_ERROR;
        }
    }
    c->last_length = record.length;
    return MIG_STATUS_MORE;
}

const uint8_t *mig_preempt_bytes(MigPreempt *c, const MigItem *item)
{
    size_t n;
    const uint8_t *p = mig_input_peek(c->in, item->length, &n);

    return n < item->length ? NULL : p;
}
