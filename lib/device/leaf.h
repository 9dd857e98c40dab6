/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          emitting one field that has no members.
 * Must not know: where fields are.  Private to device/.
 * See also:      device/walk.c.
 */
#ifndef MIG_DEVICE_LEAF_H
#define MIG_DEVICE_LEAF_H

#include "device/emit.h"
#include "device/schema.h"

/* Emits @f, whose bytes begin at @at of the body and lie in it, as @name.  False if they
 * contradict the type: then a MISMATCH field is emitted. */
bool mig_leaf_emit(MigEmit *e, const Field *f, const char *name, uint64_t at);

#endif
