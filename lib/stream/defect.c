/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the strings of stream/defect.h: one address each, so that ids compare
 *                fast.
 * Must not know: rules.
 * See also:      stream/defect.h.
 */
#include "stream/defect.h"

#define X(name, id) const char MIG_DEFECT_##name[] = id;
MIG_DEFECTS(X)
#undef X
