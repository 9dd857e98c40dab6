/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see layout-digest.h.
 * Must not know: see there.
 * See also:      device/decode.h.
 */
#include "device/layout-digest.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static void add(uint64_t *digest, uint64_t number)
{
    for (unsigned i = 0; i < sizeof(number); i++) {
        *digest = (*digest ^ (number >> (8 * i) & 0xff)) * FNV_PRIME;
    }
}

/* A MigFieldVisit. */
static void visit(const MigField *field, void *user)
{
    if (field->kind != MIG_FIELD_END && !mig_field_is_group(field) && !field->in_config &&
        !mig_field_is_reading(field)) {
        add(user, field->offset);
        add(user, field->length);
    }
}

uint64_t mig_device_layout_digest(MigBudget *budget, const MigDeviceState *device)
{
    uint64_t digest = FNV_BASIS;
    const MigDecoder decoder = { .budget = budget, .visit = visit, .user = &digest };

    mig_device_decode(&decoder, device);
    return digest;
}
