/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the pbs-state section, which Proxmox VE's QEMU alone writes: the state of its
 *                backups.
 * Must not know: backups.
 * See also:      stream/records.h; migstat-errors(7), pbs-state: how to do without it.
 *
 * The body of START, and there is no other one: be64 length | that many bytes.
 * Source: migration/pbs-state.c of pve-qemu 11.0.
 */
#include "stream/records.h"

enum { STEP_LENGTH, STEP_BYTES, STEP_DONE };

typedef struct State {
    uint64_t step, left;
} State;

G_STATIC_ASSERT(sizeof(State) <= MIG_BODY_STATE_WORDS * 8);

static MigStatus pbs_next(MigReader *r, void *body, MigItem *item, GError **error)
{
    State *state = body;

    if (state->step == STEP_LENGTH) {
        const uint8_t *p = mig_reader_need(r, item, 8, "backup state", error);

        if (!p) {
            return MIG_STATUS_ERROR;
        }
        state->left = mig_be64(p);
        state->step = state->left ? STEP_BYTES : STEP_DONE;
        return mig_record(item, "LENGTH", state->left, 8);
    }
    if (state->step == STEP_DONE) {
        return MIG_STATUS_END;
    }
    state->step = STEP_DONE;
    return mig_record(item, "BYTES", state->left, state->left);
}

const MigBody mig_body_pbs_state = { .idstr = "pbs-state", .next = pbs_next };
