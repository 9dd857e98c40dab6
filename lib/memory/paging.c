/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see paging.h.
 * Must not know: how tables look.
 * See also:      paging-private.h.
 */
#include "memory/paging-private.h"

#include <inttypes.h>
#include <string.h>

#include "io/byte-order.h"
#include "memory/facts.h"

struct MigPaging {
    MigReader *reader;
    uint32_t cpu;
    MigRegisters *registers; /* NULL: it has not come yet */
    MigWalk walk;
};

static const struct {
    const char *architecture;
    bool (*walk)(const MigPager *pager);
} kinds[] = {
    { "x86_64", mig_paging_walk_x86 },
    { "i386", mig_paging_walk_x86 },
    { "aarch64", mig_paging_walk_arm },
};

MigPaging *mig_paging_new(MigReader *reader, uint32_t cpu)
{
    MigPaging *paging = g_new0(MigPaging, 1);

    paging->reader = reader;
    paging->cpu = cpu;
    return paging;
}

void mig_paging_free(MigPaging *paging)
{
    if (paging) {
        g_clear_pointer(&paging->registers, mig_registers_free);
        g_free(paging);
    }
}

void mig_paging_watch(MigPaging *paging, const MigItem *item)
{
    if (item->kind != MIG_ITEM_DEVICE_STATE || !item->section || paging->registers ||
        item->section->instance_id != paging->cpu ||
        strcmp(item->section->name, "cpu") != 0) {
        return;
    }
    paging->registers = mig_registers_new();
    mig_memory_decode(paging->reader, item, mig_registers_visit, paging->registers);
}

bool mig_pager_end(const MigPager *pager, const char *reason)
{
    pager->walk->reason = reason;
    return true;
}

bool mig_pager_found(const MigPager *pager, uint64_t page, uint64_t size)
{
    MigWalk *walk = pager->walk;

    walk->reason = NULL;
    walk->page_size = size;
    walk->physical = page | (size ? walk->address & (size - 1) : 0);
    return true;
}

bool mig_pager_step(const MigPager *pager, const char *name, uint64_t address, size_t n,
                    uint64_t *entry)
{
    MigWalk *walk = pager->walk;
    uint8_t bytes[8] = { 0 };
    bool there = false;

    walk->reason = "the stream does not have the table";
    walk->steps[walk->n_steps] = (MigWalkStep){ .name = name, .address = address };
    if (!pager->fetch(address, bytes, n, &there, pager->user, pager->error) || !there) {
        return false;
    }
    *entry = n == 4 ? mig_le32(bytes) : mig_le64(bytes);
    walk->steps[walk->n_steps++].entry = *entry;
    return true;
}

const MigWalk *mig_paging_walk(MigPaging *paging, uint64_t address, MigPagingFetch *fetch,
                               void *user, GError **error)
{
    GError *failure = NULL;
    const MigPager pager = { .registers = paging->registers,
                             .walk = &paging->walk,
                             .fetch = fetch,
                             .user = user,
                             .error = &failure };
    const char *architecture =
        paging->registers ? mig_registers_architecture(paging->registers) : NULL;

    paging->walk = (MigWalk){ .address = address, .cpu = paging->cpu };
    if (!architecture) {
        mig_error_set_plain(error, MIG_ERROR_UNMATCHED,
                            "the stream describes no CPU %" PRIu32
                            "; dump --registers shows those that it does",
                            paging->cpu);
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i].architecture, architecture) == 0) {
            kinds[i].walk(&pager);
            if (failure) {
                g_propagate_error(error, failure);
            }
            return failure ? NULL : &paging->walk;
        }
    }
    mig_error_set_plain(
        error, MIG_ERROR_UNSUPPORTED,
        "the page tables of %s are not known: those of x86 and aarch64 are",
        architecture);
    return NULL;
}
