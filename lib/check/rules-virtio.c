/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the rules about virtqueues that are larger than a loader accepts, and how
 *                large those are that no option changes; and about outputs of virtio-gpu.
 * Must not know: where a queue's bytes are.
 * See also:      device/virtio.c, which finds them; filter/set-field.c, the remedy.
 *
 * QEMU 10.0 leaves 1,024 entries in each queue that no driver set up, whatever size the device
 * gave it, and the loader of 11.1 refuses a queue that is larger than its own.  Older ones
 * accept any up to 1,024.
 *
 * Source: hw/virtio/virtio.c, virtio_load(); virtio_add_queue() of each device; 7.2, 10.0, 11.1.
 */
#include <string.h>

#include "check/rule.h"
#include "device/virtio-gpu.h"
#include "memory/facts.h"
#include "stream/address.h"
#include "stream/item-private.h"

#define REFUSING MIG_RELEASE_LAST, MIG_RELEASE_LAST

#define REFUSAL "VQ %u vring.num %u exceeds allocated max %u"

#define LAST_QUEUE UINT32_MAX

/* Queues whose size no property sets, by the end of the section's name; @first to @last of
 * them.  virtio-gpu's first one is larger in 3D mode. */
static const struct {
    const char *device;
    uint32_t first, last, size;
} fixed[] = {
    { "virtio-rng", 0, LAST_QUEUE, 8 },
    { "virtio-balloon", 0, LAST_QUEUE, 128 },
    { "virtio-input", 0, LAST_QUEUE, 64 },
    { "virtio-iommu", 0, LAST_QUEUE, 256 },
    { "virtio-mem", 0, LAST_QUEUE, 128 },
    { "virtio-9p", 0, LAST_QUEUE, 128 },
    { "virtio-console", 0, 1, 128 },
    { "virtio-console", 2, 3, 32 },
    { "virtio-console", 4, LAST_QUEUE, 128 },
    { "virtio-gpu", 0, 0, 256 },
    { "virtio-gpu", 1, 1, 16 },
    { "virtio-net", LAST_QUEUE, LAST_QUEUE, 64 }, /* for control */
};

/* Queues whose size a property sets, and which it has without one. */
static const struct {
    const char *device, *property;
    uint32_t size;
} adjustable[] = {
    { "virtio-net", "rx_queue_size or tx_queue_size", 256 },
    { "virtio-blk", "queue-size", 256 },
    { "virtio-scsi", "virtqueue_size", 256 },
};

typedef struct Queue {
    uint32_t size;
    bool in_use; /* a driver has told where it is */
    uint64_t offset;
} Queue;

static void visit(const MigField *field, void *user)
{
    GArray *queues = user;

    if (field->kind != MIG_FIELD_UINT ||
        !g_str_has_prefix(field->path, "virtio.queues[")) {
        return;
    }
    if (strcmp(field->name, "num") == 0) {
        const Queue queue = { .size = (uint32_t)field->u, .offset = field->offset };

        g_array_append_val(queues, queue);
    } else if (strcmp(field->name, "desc") == 0 && queues->len) {
        g_array_index(queues, Queue, queues->len - 1).in_use = field->u != 0;
    }
}

/* The queues of the device; NULL where it has none, or they cannot be told. */
static GArray *queues_of(MigCheck *check, const MigItem *item)
{
    g_autoptr(GArray) queues = g_array_new(false, false, sizeof(Queue));

    mig_memory_decode(mig_check_reader(check), item, visit, queues);
    return queues->len ? g_steal_pointer(&queues) : NULL;
}

/* The size of queue @i of @n that no option changes; 0: there is none. */
static uint32_t fixed_size(const char *device, uint32_t i, uint32_t n)
{
    for (size_t j = 0; j < G_N_ELEMENTS(fixed); j++) {
        uint32_t first = fixed[j].first == LAST_QUEUE ? n - 1 : fixed[j].first;

        if (strcmp(fixed[j].device, device) == 0 && i >= first && i <= fixed[j].last) {
            return fixed[j].size;
        }
    }
    return 0;
}

/* The size that queue @i of @queues has without an option; *property is the option that changes
 * it, or NULL.  0: not known. */
static uint32_t own_size(const char *device, const GArray *queues, uint32_t i,
                         const char **property)
{
    uint32_t size = fixed_size(device, i, queues->len);

    *property = NULL;
    for (size_t j = 0; !size && j < G_N_ELEMENTS(adjustable); j++) {
        if (strcmp(adjustable[j].device, device) == 0) {
            *property = adjustable[j].property;
            size = adjustable[j].size;
        }
    }
    return size;
}

/* A size that all queues can have. */
static uint32_t least_size(const char *device, const GArray *queues)
{
    uint32_t least = UINT32_MAX;
    const char *property;

    for (uint32_t i = 0; i < queues->len; i++) {
        least = MIN(least, own_size(device, queues, i, &property));
    }
    return least;
}

static bool any_in_use(const GArray *queues)
{
    for (uint32_t i = 0; i < queues->len; i++) {
        if (g_array_index(queues, Queue, i).in_use) {
            return true;
        }
    }
    return false;
}

/* Any size will do that the device has, where nobody has set a queue up. */
static void remedy_size(MigCheck *check, const MigSection *section, bool in_use,
                        uint32_t least)
{
    g_autofree char *value =
        mig_remedy_part(section->name, section->instance_id, "virtio.queues[*].num");

    if (in_use || !least) {
        mig_report_no_remedy(check,
                             "a driver has set queues of this device up; reset it in "
                             "the guest, or use an older release");
    } else {
        mig_report_remedy(check, "set-field:path=%s:value=%u", value, least);
        mig_report_gives_up(check, false, "nothing: no driver has set a queue up");
    }
}

static void report_queue(MigCheck *check, const MigItem *item, const Queue *queue,
                         uint32_t i, uint32_t size, const char *property)
{
    if (property) {
        mig_report(check, queue->offset, item->section,
                   "queue %u has %u entries; the destination's has %u unless its %s says "
                   "otherwise",
                   i, queue->size, size, property);
        mig_report_severity(check, MIG_SEVERITY_WARNING);
        mig_report_words(check, REFUSING, REFUSAL, i, queue->size, size);
    } else {
        mig_report(check, queue->offset, item->section,
                   "queue %u has %u entries, and the device has at most %u", i,
                   queue->size, size);
        mig_report_loader(check, REFUSING, REFUSAL, i, queue->size, size);
    }
}

/* Of what is refused for certain, and of what options decide, the first queue is reported: the
 * loader goes no further, and the remedy is for all. */
static void virtio_queue_size(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const char *device = mig_section_handler(item->section->name);
    g_autoptr(GArray) queues = NULL;
    bool told[2] = { false, false };

    (void)facts;
    if (!g_str_has_prefix(device, "virtio-") || item->length != item->whole ||
        !mig_check_asks(check, REFUSING) || !mig_check_is_described(check)) {
        return;
    }
    queues = queues_of(check, item);
    if (!queues) {
        mig_check_is_described(check);
        return;
    }
    for (uint32_t i = 0; i < queues->len; i++) {
        const Queue *queue = &g_array_index(queues, Queue, i);
        const char *property;
        uint32_t size = own_size(device, queues, i, &property);

        if (size && queue->size > size && !told[property != NULL]) {
            told[property != NULL] = true;
            report_queue(check, item, queue, i, size, property);
            remedy_size(check, item->section, any_in_use(queues),
                        least_size(device, queues));
        }
    }
}

/* --- outputs of virtio-gpu --------------------------------------------------------------- */

/* From one on it writes another form than up to the other one; in between nothing is known. */
#define LAST_OLD_OUTPUTS QEMU(8, 2)
#define NEW_OUTPUTS      QEMU(9, 1)

typedef struct Outputs {
    uint32_t n;
    bool new;
    uint64_t offset;
} Outputs;

static void visit_outputs(const MigField *field, void *user)
{
    Outputs *outputs = user;

    if (field->kind != MIG_FIELD_BYTES || strcmp(field->type, "virtio-gpu") != 0) {
        return;
    }
    outputs->offset = field->offset;
    outputs->n = mig_virtio_gpu_outputs(field->bytes, field->length, &outputs->new);
}

static void virtio_gpu_outputs(MigCheck *check, const MigFacts *facts,
                               const MigItem *item)
{
    Outputs outputs = { 0 };

    (void)facts;
    if (!mig_section_has_handler(item->section, "virtio-gpu") ||
        item->length != item->whole || !mig_check_is_described(check)) {
        return;
    }
    mig_memory_decode(mig_check_reader(check), item, visit_outputs, &outputs);
    if (!outputs.n ||
        (outputs.new && !mig_check_asks(check, MIG_RELEASE_FIRST, LAST_OLD_OUTPUTS)) ||
        (!outputs.new && !mig_check_asks(check, NEW_OUTPUTS, MIG_RELEASE_LAST))) {
        return;
    }
    mig_report(check, outputs.offset, item->section,
               "the state of %u outputs is in the form of QEMU %s", outputs.n,
               outputs.new ? "9.1 and later" : "8.2 and before");
    mig_report_loader(check, outputs.new ? MIG_RELEASE_FIRST : NEW_OUTPUTS,
                      outputs.new ? LAST_OLD_OUTPUTS : MIG_RELEASE_LAST,
                      "Missing section footer for %s", item->section->name);
    mig_report_no_remedy(check, "save it with one output (max_outputs=1), which all "
                                "releases read");
}

const MigRule mig_rules_virtio[] = {
    { "virtio-queue-size", "the release accepts the sizes of the virtqueues",
      MIG_SEVERITY_ERROR, MIG_WATCH(DEVICE_STATE), .judge = virtio_queue_size,
      .needs_release = true },
    { "virtio-gpu-outputs", "the release reads the state of several outputs",
      MIG_SEVERITY_ERROR, MIG_WATCH(DEVICE_STATE), .judge = virtio_gpu_outputs,
      .needs_release = true },
    { 0 },
};
