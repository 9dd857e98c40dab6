/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a device of a stream, of which no more is read than is asked for.
 * Must not know: what it is compared with.
 * See also:      compare.h; device/decode.h.
 */
#include <string.h>

#include "device/decode.h"
#include "io/budget.h"
#include "io/input-memory.h"
#include "shape/compare.h"
#include "stream/item-private.h"

void mig_offered_init(MigOffered *o, MigReader *reader, const MigItem *item,
                      const uint8_t *body)
{
    *o = (MigOffered){ .reader = reader,
                       .section = item->section,
                       .body = body,
                       .length = item->length,
                       .offset = item->offset };
    o->text =
        mig_device_description_text(mig_reader_budget(reader), mig_reader_input(reader),
                                    mig_reader_description(reader), item->section->name,
                                    item->section->instance_id, &o->text_length);
}

const Vmstate *mig_offered_vmstate(MigOffered *o)
{
    if (!o->is_read && o->text &&
        mig_input_room(mig_reader_input(o->reader), mig_schema_room(o->text_length)) &&
        mig_budget_spend(mig_reader_budget(o->reader), o->text_length)) {
        o->vmstate = mig_schema_read(&o->schema, o->text, o->text_length);
    }
    o->is_read = true;
    return o->vmstate;
}

const MigShapeVmstate *mig_offered_shape(MigOffered *o)
{
    const Vmstate *v = o->is_shaped ? NULL : mig_offered_vmstate(o);

    if (v) {
        mig_shape_tree_init(&o->tree);
        o->shape = mig_shape_of_schema(&o->tree, v);
    }
    o->is_shaped = true;
    return o->shape;
}

const MigLeaves *mig_offered_leaves(MigOffered *o)
{
    const MigDecoder decoder = { .budget = mig_reader_budget(o->reader),
                                 .visit = mig_leaves_collect,
                                 .user = &o->leaves };
    const MigDeviceState state = { .json = o->text,
                                   .json_length = o->text_length,
                                   .bytes = o->body,
                                   .length = o->length,
                                   .offset = o->offset };

    if (o->is_decoded) {
        return &o->leaves;
    }
    o->is_decoded = true;
    mig_leaves_init(&o->leaves);
    if (o->body && mig_offered_vmstate(o)) {
        mig_device_decode(&decoder, &state);
    }
    return &o->leaves;
}

void mig_offered_clear(MigOffered *o)
{
    if (o->is_decoded) {
        mig_leaves_clear(&o->leaves);
    }
    mig_shape_tree_clear(&o->tree);
    mig_schema_clear(&o->schema);
    g_free(o->text);
}
