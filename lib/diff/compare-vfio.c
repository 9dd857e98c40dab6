/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          comparing two VFIO devices: how each was sent, its configuration, and its
 *                data as if it were one run of bytes.
 * Must not know: fields of the configuration; compare-fields.c does.
 * See also:      compare-sections.c; stream/vfio-dialect.h.
 */
#include "diff/diff-private.h"

#define CHUNK (64u << 10)

static const MigVfioSummary *vfio_of(const MigDiffStream *side, const MigSection *section)
{
    return mig_summary_vfio_of(side->summary, section);
}

static const MigVfioRecordSummary *next_record(const MigDiffStream *side, uint32_t index)
{
    return index ? mig_summary_vfio_record(side->summary, index - 1) : NULL;
}

/* --- layout ------------------------------------------------------------------------------ */

/* More than the dialect where set-up is repeated. */
static bool same_layout(const MigVfioDevice *a, const MigVfioDevice *b)
{
    return a->dialect == b->dialect && (a->dialect != MIG_VFIO_DIALECT_SUBFLAG ||
                                        a->config_records == b->config_records);
}

static void diff_layout(MigDiff *diff, const MigVfioDevice *a, const MigVfioDevice *b)
{
    const MigDifference difference = { .kind = MIG_DIFFERENCE_VFIO_LAYOUT,
                                       .section = a->section,
                                       .path = "layout",
                                       .value = { { true, .vfio = a },
                                                  { true, .vfio = b } } };

    if (mig_diff_wants(diff, a->section, difference.path) && !same_layout(a, b)) {
        mig_diff_visit(diff, &difference);
    }
}

/* --- configuration ----------------------------------------------------------------------- */

/* The configuration that is in force at the end; length 0: none. */
static MigDiffBody last_config(const MigDiffStream *side, const MigVfioSummary *vfio)
{
    MigDiffBody body = { .section = vfio->device.section, .vfio = true };
    const MigVfioRecordSummary *record = next_record(side, vfio->first_record);

    for (; record; record = next_record(side, record->next)) {
        if (record->flag == (uint16_t)MIG_VFIO_DEV_CONFIG_STATE &&
            record->payload_length) {
            body.offset = record->payload;
            body.length = record->payload_length;
            body.channel = record->channel;
        }
    }
    return body;
}

static void diff_config(MigDiff *diff, const MigDiffBody bodies[2])
{
    const MigDifference difference = { .kind = MIG_DIFFERENCE_VFIO_CONFIGURATION,
                                       .section = bodies[0].section,
                                       .path = "configuration",
                                       .value = { { .present = bodies[0].length },
                                                  { .present = bodies[1].length } } };

    if (bodies[0].length && bodies[1].length) {
        mig_diff_fields(diff, bodies);
    } else if (mig_diff_wants(diff, difference.section, difference.path) &&
               bodies[0].length != bodies[1].length) {
        mig_diff_visit(diff, &difference);
    }
}

/* --- data -------------------------------------------------------------------------------- */

/* The device data of one side in sections of one type. */
typedef struct Data {
    MigDiffStream *side;
    const MigVfioRecordSummary *record; /* of the main channel; then come */
    const MigVfioPacket *packets;       /* those of the others, */
    size_t n_packets;                   /* as many as are left */
    uint64_t at;                        /* in its payload */
    MigSectionType type;                /* PART: pre-copy; else all but that */
} Data;

static bool is_data(const Data *data)
{
    return !data->record->channel &&
           data->record->flag == (uint16_t)MIG_VFIO_DEV_DATA_STATE &&
           (data->record->type == MIG_SECTION_PART) == (data->type == MIG_SECTION_PART);
}

/* Goes on in the packets, in their order, after @done bytes; returns how many there are then,
 * or 0 as read_data(). */
static size_t read_packets(Data *data, uint8_t *buffer, size_t done, size_t n)
{
    while (!data->record && data->n_packets && done < n) {
        const MigVfioPacket *packet = data->packets;
        size_t want =
            packet->config ? 0 : (size_t)MIN(n - done, packet->length - data->at);

        if (want == 0) {
            data->packets++;
            data->n_packets--;
            data->at = 0;
            continue;
        }
        if (!mig_diff_read_again(data->side, packet->channel, packet->payload + data->at,
                                 buffer + done, want)) {
            return 0;
        }
        data->at += want;
        done += want;
    }
    return done;
}

/* Reads at most @n bytes. Returns 0 at the end, or after an error, which that side then
 * has. */
static size_t read_data(Data *data, uint8_t *buffer, size_t n)
{
    size_t done = 0;

    while (data->record && done < n) {
        size_t want = is_data(data)
                          ? (size_t)MIN(n - done, data->record->payload_length - data->at)
                          : 0;

        if (want == 0) {
            data->record = next_record(data->side, data->record->next);
            data->at = 0;
            continue;
        }
        if (!mig_diff_read_again(data->side, 0,
                                 data->record->offset + data->record->header_length +
                                     data->at,
                                 buffer + done, want)) {
            return 0;
        }
        data->at += want;
        done += want;
    }
    return read_packets(data, buffer, done, n);
}

static void visit_data(MigDiff *diff, MigDifference *difference, const uint8_t *a,
                       const uint8_t *b)
{
    const uint8_t *const bytes[] = { a, b };

    for (int i = 0; i < 2; i++) {
        difference->value[i] = bytes[i]
                                   ? (MigDifferenceValue){ true, .number = *bytes[i] }
                                   : (MigDifferenceValue){ true, .ends = true };
    }
    mig_diff_visit(diff, difference);
}

static void diff_data(MigDiff *diff, const MigVfioSummary *const vfio[2],
                      MigSectionType type)
{
    g_autofree uint8_t *buffer = g_malloc(2 * CHUNK);
    MigDifference difference = { .kind = MIG_DIFFERENCE_VFIO_DATA,
                                 .section = vfio[0]->device.section,
                                 .path = type == MIG_SECTION_PART
                                             ? "pre-copy data"
                                             : "stop-and-copy data" };
    const uint8_t *a = buffer, *b = buffer + CHUNK;
    Data data[2];
    size_t n[2];

    if (!mig_diff_wants(diff, difference.section, difference.path)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        data[i] = (Data){ .side = &diff->side[i],
                          .type = type,
                          .record = next_record(&diff->side[i], vfio[i]->first_record) };
        if (type == MIG_SECTION_END) {
            data[i].packets = mig_vfio_packets_of(
                diff->side[i].packets, vfio[i]->device.section, &data[i].n_packets);
        }
    }
    do {
        n[0] = read_data(&data[0], buffer, CHUNK);
        n[1] = read_data(&data[1], buffer + CHUNK, CHUNK);
        if (!mig_diff_is_whole(diff, 0) || !mig_diff_is_whole(diff, 1)) {
            return;
        }
        for (size_t i = 0; i < MAX(n[0], n[1]); i++, difference.address++) {
            if (i == n[0] || i == n[1] || a[i] != b[i]) {
                visit_data(diff, &difference, i < n[0] ? a + i : NULL,
                           i < n[1] ? b + i : NULL);
                return;
            }
        }
    } while (n[0]);
}

void mig_diff_vfio(MigDiff *diff, const MigSection *a, const MigSection *b)
{
    const MigVfioSummary *vfio[2] = { vfio_of(&diff->side[0], a),
                                      vfio_of(&diff->side[1], b) };
    MigDiffBody bodies[2] = { { 0 } };

    if (!vfio[0] || !vfio[1] || !mig_diff_is_whole(diff, 0) ||
        !mig_diff_is_whole(diff, 1)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        bodies[i] = last_config(&diff->side[i], vfio[i]);
    }
    diff_layout(diff, &vfio[0]->device, &vfio[1]->device);
    diff_config(diff, bodies);
    diff_data(diff, vfio, MIG_SECTION_PART);
    diff_data(diff, vfio, MIG_SECTION_END);
}
