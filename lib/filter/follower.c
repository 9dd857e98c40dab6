/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see follower.h.
 * Must not know: see follower.h.
 * See also:      stream/section.c and stream/device.c, which read it again.
 */
#include "filter/follower.h"

#include "stream/command.h"
#include "stream/description.h"
#include "stream/outer.h"
#include "stream/page.h"

/* Zeros after the end mark by which it is known, whatever follows them; as in
 * stream/plausible.c. */
#define ZEROS_AFTER_EOF 32u

static bool has_plain_name(const MigSection *section)
{
    uint32_t i = 0;

    while (i < section->name_length && g_ascii_isprint(section->name[i])) {
        i++;
    }
    return i > 0 && i == section->name_length;
}

static bool is_plain_command(const MigItem *item)
{
    int length = mig_command_length(item->command.id);

    return mig_command_name(item->command.id) &&
           (length < 0 || length == item->command.length);
}

/* Whether a reader takes @item for what follows a section, and not for a footer that is
 * missing. */
static bool may_follow(const MigItem *item)
{
    switch (item->kind) {
    case MIG_ITEM_SECTION_HEADER:
        return item->type == MIG_SECTION_PART || item->type == MIG_SECTION_END ||
               has_plain_name(item->section);
    case MIG_ITEM_COMMAND:
        return is_plain_command(item);
    default:
        return item->kind == MIG_ITEM_EOF;
    }
}

/* The same for what comes after an end mark.  False with *error where it cannot be read. */
static bool may_follow_eof(MigFollower *follower, MigNext *next, const MigItem *item,
                           bool *may, GError **error)
{
    const uint8_t *p;
    const char *json;
    size_t n;

    if (item->kind == MIG_ITEM_PADDING) { /* something else may come after few zeros */
        follower->after_eof = item->piece + item->length < ZEROS_AFTER_EOF;
        return true;
    }
    follower->after_eof = false;
    p = mig_next_bytes(next, item, error);
    if (p && item->kind == MIG_ITEM_DESCRIPTION) {
        json = mig_description_item_json(item, p, &n);
        *may = n == 0 || json[0] == '{';
    } else {
        *may = p && mig_page_is_zero(p, MIN(item->length, ZEROS_AFTER_EOF));
    }
    return p != NULL;
}

/* The section that was open has no footer: whether @item shows that. */
static bool end_section(MigFollower *follower, const MigItem *item)
{
    bool counts = follower->footers != MIG_FOOTERS_NOT_THERE || follower->device;

    follower->open = false;
    follower->footers = follower->footers == MIG_FOOTERS_UNKNOWN ? MIG_FOOTERS_NOT_THERE
                                                                 : follower->footers;
    follower->after_eof = counts && item->kind == MIG_ITEM_EOF;
    return !counts || may_follow(item);
}

static void note(MigFollower *follower, const MigItem *item)
{
    if (item->kind == MIG_ITEM_SECTION_FOOTER) {
        follower->open = false;
        follower->footers = follower->footers == MIG_FOOTERS_UNKNOWN ? MIG_FOOTERS_THERE
                                                                     : follower->footers;
    } else if (item->kind == MIG_ITEM_SECTION_HEADER) {
        follower->open = true;
        follower->device = false;
    } else if (item->kind == MIG_ITEM_DEVICE_STATE) {
        follower->device = !item->inferred && !item->description_differs;
    }
}

bool mig_follower_check(MigFollower *follower, MigNext *next, const MigItem *item,
                        GError **error)
{
    bool may = true;

    if (follower->after_eof) {
        if (!may_follow_eof(follower, next, item, &may, error)) {
            return false;
        }
    } else if (item->kind == MIG_ITEM_PADDING) {
        return true; /* a hole inside of RAM */
    }
    if (follower->open && (item->kind == MIG_ITEM_SECTION_HEADER || !item->section)) {
        may = end_section(follower, item);
    }
    note(follower, item);
    return may || mig_next_refuse(next, item, item->section, error,
                                  "without a footer before it, this would be taken for "
                                  "a footer that is missing");
}
