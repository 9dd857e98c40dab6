/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          whether bytes look like what may follow a section.
 * Must not know: why somebody asks.
 * See also:      stream/section.c, where a footer is missing; stream/device.c, which looks
 *                for the end of a section.
 */
#include "stream/reader-private.h"
#include "stream/command.h"
#include "stream/page.h"

/* A true end mark is followed by nothing, a description, or more zeros than a RAM record's
 * first word can have. */
#define ZEROS_AFTER_EOF 32u

bool mig_reader_plausible(const MigReader *r, const uint8_t *p, size_t n)
{
    const uint8_t *end = p + n;

    switch (n ? p[0] : MIG_FOOTER) {
    case MIG_SECTION_START:
    case MIG_SECTION_FULL:
        if (n < 6 || p[5] == 0) {
            return n < 6;
        }
        end = MIN(end, p + 6 + p[5]);
        for (p += 6; p < end && g_ascii_isprint(*p); p++) {
        }
        return p == end;
    case MIG_SECTION_PART:
    case MIG_SECTION_END:
        return n < 5 || mig_reader_bound_section(r, mig_be32(p + 1));
    case MIG_COMMAND:
        return n < 5 || (mig_command_name(mig_be16(p + 1)) &&
                         (mig_command_length(mig_be16(p + 1)) < 0 ||
                          mig_command_length(mig_be16(p + 1)) == mig_be16(p + 3)));
    case MIG_EOF:
        return n == 1 || (p[1] == MIG_DESCRIPTION && (n < 7 || p[6] == '{')) ||
               mig_page_is_zero(p + 1, MIN(n - 1, ZEROS_AFTER_EOF));
    default:
        return false;
    }
}
