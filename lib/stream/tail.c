/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the way to the last FULL sections of a stream that does not lead through
 *                RAM.
 * Must not know: what is in them.
 * See also:      stream/description.c, which has their lengths; stream/reader.h.
 *
 * The description lists the FULL sections in the order of the stream, each with the length
 * of its body, and they come right before the end mark. So they can be found one by one
 * from there backwards; its header and footer confirm each.
 * Source: migration/savevm.c, qemu_savevm_state_complete_precopy_non_iterable(), 5.2 to
 * 10.2.
 */
#include <string.h>

#include "stream/description-begin.h"
#include "stream/reader-private.h"
#include "stream/tail.h"

/* Bytes that are looked at for the end of a stream: reading them takes no time. */
#define LOOK_MAX (UINT64_C(4) << 20)

static bool read_exactly(MigReader *r, uint64_t offset, uint8_t *p, size_t n)
{
    return mig_input_read_at(r->in, offset, p, n) == n;
}

/* Moves *end, where a section ends, to its start, if it is that of @device and does not
 * start before @floor. */
static bool step_back(MigReader *r, const MigDeviceDescription *device, uint64_t floor,
                      uint64_t *end)
{
    size_t name_length = strlen(device->name);
    uint32_t header_length = MIG_LONG_HEADER_LENGTH + (uint32_t)name_length;
    uint32_t footer_length = r->grammar.footers == FOOTERS_ON ? MIG_FOOTER_LENGTH : 0;
    uint8_t header[MIG_LONG_HEADER_LENGTH + UINT8_MAX], footer[MIG_FOOTER_LENGTH];
    uint64_t start;

    if (!device->size_known || name_length > UINT8_MAX ||
        *end - floor < header_length + footer_length ||
        *end - floor - header_length - footer_length < device->size) {
        return false;
    }
    start = *end - footer_length - device->size - header_length;
    if (!read_exactly(r, start, header, header_length) || header[0] != MIG_SECTION_FULL ||
        header[5] != name_length || memcmp(header + 6, device->name, name_length) != 0 ||
        mig_be32(header + 6 + name_length) != device->instance_id) {
        return false;
    }
    if (footer_length &&
        (!read_exactly(r, *end - footer_length, footer, footer_length) ||
         footer[0] != MIG_FOOTER || memcmp(footer + 1, header + 1, 4) != 0)) {
        return false;
    }
    *end = start;
    return true;
}

/* Whether the section that is read, whose body starts at @start, is the one of @device and
 * ends at @end. */
static bool is_this(MigReader *r, const MigDeviceDescription *device, uint64_t start,
                    uint64_t end)
{
    const MigSection *section = r->grammar.section;
    uint32_t footer_length = r->grammar.footers == FOOTERS_ON ? MIG_FOOTER_LENGTH : 0;
    uint8_t footer[MIG_FOOTER_LENGTH];

    return device->size_known && end - start >= footer_length &&
           end - start - footer_length == device->size &&
           device->instance_id == section->instance_id &&
           strlen(device->name) == section->name_length &&
           memcmp(device->name, section->name, section->name_length) == 0 &&
           (!footer_length ||
            (read_exactly(r, end - footer_length, footer, footer_length) &&
             mig_reader_is_footer(r, footer)));
}

bool mig_reader_leads_here(MigReader *r, const MigDescription *d)
{
    uint64_t start = mig_reader_tell(r), end = d->offset - 1;

    for (size_t i = d->n_devices; i && end >= start; i--) {
        if (is_this(r, &d->devices[i - 1], start, end)) {
            return true;
        }
        if (!step_back(r, &d->devices[i - 1], start, &end)) {
            return false;
        }
    }
    return false;
}

/* Whether a stream ends soon after the last item, and what ends the input is the rest of a longer
 * one that was there before. */
static bool ends_before(MigReader *r, const MigDescription *d)
{
    g_autoptr(MigDescription) other =
        mig_description_within(r->in, r->pos, MIN(d->offset, r->pos + LOOK_MAX));

    return other != NULL;
}

static const MigDescription *description_at_end(MigReader *r)
{
    if (!r->description_sought && !r->end_is_another) {
        g_autoptr(MigDescription) d = mig_description_at_end(r->in, r->pos);

        r->end_is_another = d && ends_before(r, d);
        if (d && !r->end_is_another) { /* else it may lie elsewhere */
            mig_reader_set_description(r, g_steal_pointer(&d));
        }
    }
    return r->description;
}

/* The description, where the tail can be looked for; NULL. */
static const MigDescription *before_tail(MigReader *r, uint64_t floor)
{
    const MigDescription *d;
    uint8_t mark;

    if (r->merge || !mig_input_seekable(r->in) || r->grammar.package_depth ||
        r->grammar.footers == FOOTERS_UNKNOWN) {
        return NULL;
    }
    d = description_at_end(r);
    return d && d->valid && d->offset > floor &&
                   read_exactly(r, d->offset - 1, &mark, 1) && mark == MIG_EOF
               ? d
               : NULL;
}

bool mig_reader_visit_tail(MigReader *r, MigTailVisit *visit, void *user)
{
    uint64_t floor = mig_reader_tell(r), start;
    const MigDescription *d = before_tail(r, floor);

    if (!d) {
        return false;
    }
    start = d->offset - 1;
    for (size_t i = d->n_devices; i && step_back(r, &d->devices[i - 1], floor, &start);
         i--) {
        visit(&d->devices[i - 1],
              start + MIG_LONG_HEADER_LENGTH + strlen(d->devices[i - 1].name), user);
    }
    return true;
}

/* Where the first of these sections begins, and which one of the description's it is; false if
 * there is none. */
static bool find_tail(MigReader *r, uint64_t *start, size_t *device)
{
    uint64_t floor = mig_reader_tell(r);
    const MigDescription *d = before_tail(r, floor);
    size_t i;

    if (!d) {
        return false;
    }
    *start = d->offset - 1;
    i = d->n_devices;
    while (i && step_back(r, &d->devices[i - 1], floor, start)) {
        i--;
    }
    *device = i;
    return i < d->n_devices;
}

static void go_to_tail(MigReader *r, uint64_t start, size_t device)
{
    mig_input_skip(r->in, start - r->pos);
    r->pos = start;
    r->last_length = r->grammar.rest.whole = 0;
    r->grammar.next_defect = NULL;
    r->next_device = device;
    r->grammar.state = STATE_LIST;
}

bool mig_reader_skip_to_tail(MigReader *r, uint64_t *offset)
{
    uint64_t start;
    size_t device;

    if (!find_tail(r, &start, &device)) {
        return false;
    }
    *offset = start;
    go_to_tail(r, start, device);
    return true;
}

bool mig_item_begins_part(const MigItem *item)
{
    return item->kind == MIG_ITEM_SECTION_HEADER &&
           (item->type == MIG_SECTION_PART || item->type == MIG_SECTION_END);
}

/* Whether nothing but RAM has sections that come in parts: up to its first PART or END a stream
 * has their beginnings, and few else. */
static bool has_no_parts_but_ram(const MigReader *r)
{
    for (guint i = 0; i < r->sections->len; i++) {
        if (!mig_section_is_ram(g_ptr_array_index(r->sections, i))) {
            return false;
        }
    }
    return true;
}

/* Whether the section that is read, of RAM, ends with its footer at @offset: nothing else is
 * between. */
static bool ends_at(MigReader *r, uint64_t offset)
{
    uint8_t footer[MIG_FOOTER_LENGTH];

    return r->grammar.footers == FOOTERS_ON &&
           read_exactly(r, offset - MIG_FOOTER_LENGTH, footer, MIG_FOOTER_LENGTH) &&
           mig_reader_is_footer(r, footer);
}

bool mig_reader_skip_ram(MigReader *r, uint64_t *from, uint64_t *to)
{
    const MigItem *item = &r->item;
    uint64_t start;
    size_t device;

    if (r->skip_decided || !r->last_length || !mig_item_begins_part(item)) {
        return false;
    }
    r->skip_decided = true;
    if (!has_no_parts_but_ram(r) || !find_tail(r, &start, &device) || device > 0 ||
        start - item->offset < MIG_SKIP_RAM_MIN || !ends_at(r, start)) {
        return false;
    }
    *from = item->offset;
    *to = start;
    go_to_tail(r, start, device);
    return true;
}
