/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a reader keeps of what it has read, and gives to whoever asks.
 * Must not know: where it was read.
 * See also:      stream/reader.h.
 */
#include "stream/reader-private.h"

/* What all who watch a stream keep of one section or block, in bytes, amply; the name comes
 * on top. */
#define NAMED_COST ((size_t)1 << 10)

bool mig_reader_spend(MigReader *r, size_t name_length, GError **error)
{
    return mig_input_spend(r->in, &r->names, NAMED_COST + 2 * name_length) ||
           mig_input_end_error(r->in, error);
}

void mig_reader_set_description(MigReader *r, MigDescription *d)
{
    r->description = d;
    r->description_sought = true;
    mig_budget_grant(&r->budget, d ? d->json_length : 0);
}

const MigConfiguration *mig_reader_configuration(const MigReader *r)
{
    return r->has_configuration ? &r->configuration : NULL;
}

uint32_t mig_reader_page_size(const MigReader *r)
{
    return mig_ram_state_page_size(r->ram);
}

const MigRamBlock *mig_reader_ram_block(const MigReader *r, const char *name,
                                        uint8_t length)
{
    return mig_ram_state_find(r->ram, name, length);
}

const MigRamBlock *const *mig_reader_ram_blocks(const MigReader *r, size_t *n)
{
    const GPtrArray *blocks = mig_ram_state_blocks(r->ram);

    *n = blocks->len;
    return (const MigRamBlock *const *)(void *)blocks->pdata;
}

const MigSection *const *mig_reader_sections(const MigReader *r, size_t *n)
{
    *n = r->sections->len;
    return (const MigSection *const *)(void *)r->sections->pdata;
}

const MigDescription *mig_reader_description(const MigReader *r)
{
    return r->description;
}

const MigDescription *mig_reader_find_description(MigReader *r, GError **error)
{
    if (!r->description_sought) {
        GError *failure = NULL;
        MigDescription *d = mig_reader_await_description(r, &failure);

        if (failure) {
            g_propagate_error(error, failure);
            return NULL;
        }
        mig_reader_set_description(r, d);
    }
    return r->description;
}
