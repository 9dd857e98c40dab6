/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which section of one stream is compared with which of the other, and with
 *                which of its bodies.
 * Must not know: what is in a body.
 * See also:      compare-fields.c, compare-vfio.c.
 */
#include "diff/diff-private.h"
#include "io/input-memory.h"
#include "stream/section-find.h"

/* The section of that side that is called as @section is, or NULL. */
static const MigSection *same_section(const MigDiffStream *side,
                                      const MigSection *section)
{
    return mig_reader_find_section(side->reader, section->name, section->name_length,
                                   section->instance_id);
}

/* The last body of each section of a side, by the section's index. A section in which the
 * stream breaks off has none.  NULL, with the side's error, where there is no memory for
 * them. */
static GArray *bodies_of(MigDiffStream *side)
{
    GArray *bodies;
    size_t n;
    const MigSection *const *list = mig_reader_sections(side->reader, &n);
    const MigSectionSummary *s;

    if (!mig_input_room(side->in, n * sizeof(MigDiffBody))) {
        if (!side->error) {
            mig_input_end_error(side->in, &side->error);
        }
        return NULL;
    }
    bodies = g_array_new(false, true, sizeof(MigDiffBody));
    g_array_set_size(bodies, (guint)n);
    for (size_t i = 0; (s = mig_summary_section(side->summary, i)); i++) {
        uint64_t at, length = mig_section_summary_body(s, &at);
        bool cut = side->error && !mig_summary_section(side->summary, i + 1);

        g_array_index(bodies, MigDiffBody, s->section) = (MigDiffBody){
            .section = cut ? NULL : list[s->section], .offset = at, .length = length
        };
    }
    return bodies;
}

/* Only @side has @section. */
static void diff_lonely(MigDiff *diff, const MigSection *section, int side)
{
    MigDifference difference = { .kind = MIG_DIFFERENCE_SECTION, .section = section };

    difference.value[side].present = true;
    if (mig_diff_is_whole(diff, !side) && mig_diff_wants(diff, section, NULL)) {
        mig_diff_visit(diff, &difference);
    }
}

static void diff_pair(MigDiff *diff, const MigSection *a, const MigSection *b,
                      const MigDiffBody bodies[2])
{
    const MigDifference version = {
        .kind = MIG_DIFFERENCE_VERSION,
        .section = a,
        .path = "version",
        .value = { { true, .number = a->version_id }, { true, .number = b->version_id } },
    };

    if (mig_diff_wants(diff, a, version.path) && a->version_id != b->version_id) {
        mig_diff_visit(diff, &version);
    }
    if (mig_section_is_vfio(a)) {
        mig_diff_vfio(diff, a, b);
    } else if (!mig_section_is_ram(a) && bodies[0].section && bodies[1].section) {
        mig_diff_fields(diff, bodies);
    }
}

void mig_diff_sections(MigDiff *diff)
{
    g_autoptr(GArray) bodies_a = bodies_of(&diff->side[0]);
    g_autoptr(GArray) bodies_b = bodies_of(&diff->side[1]);
    size_t n;
    const MigSection *const *list = mig_reader_sections(diff->side[0].reader, &n);

    if (!bodies_a || !bodies_b) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const MigSection *other = same_section(&diff->side[1], list[i]);

        if (other) {
            const MigDiffBody bodies[] = {
                g_array_index(bodies_a, MigDiffBody, list[i]->index),
                g_array_index(bodies_b, MigDiffBody, other->index),
            };

            diff_pair(diff, list[i], other, bodies);
        } else {
            diff_lonely(diff, list[i], MIG_DIFF_A);
        }
    }
    list = mig_reader_sections(diff->side[1].reader, &n);
    for (size_t i = 0; i < n; i++) {
        if (!same_section(&diff->side[0], list[i])) {
            diff_lonely(diff, list[i], MIG_DIFF_B);
        }
    }
}
