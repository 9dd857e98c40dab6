/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the shape that a destination shows by a transcript of its monitor: which
 *                parts of it are replies and which are text, and what they add up to.
 * Must not know: the stream that it is compared with.
 * See also:      transcript.h.
 */
#include "shape/transcript.h"

#include <string.h>

#include "device/virtio-property.h"
#include "device/virtio.h"
#include "io/error.h"
#include "io/input-memory.h"
#include "stream/json-scan.h"

/* --- what was shown ---------------------------------------------------------------------- */

static gint by_text(gconstpointer a, gconstpointer b, gpointer user)
{
    (void)user;
    return strcmp(a, b);
}

MigTranscript *mig_transcript_new(MigShapeTree *tree)
{
    MigTranscript *transcript = g_new0(MigTranscript, 1);

    transcript->tree = tree;
    transcript->functions = g_tree_new_full(by_text, NULL, NULL, NULL);
    transcript->virtio = g_ptr_array_new();
    transcript->memory = g_ptr_array_new();
    return transcript;
}

void mig_transcript_free(MigTranscript *transcript)
{
    if (transcript) {
        g_tree_unref(transcript->functions);
        g_ptr_array_unref(transcript->virtio);
        g_ptr_array_unref(transcript->memory);
        g_free(transcript->path);
        g_free(transcript);
    }
}

MigTranscriptFunction *mig_transcript_function(MigTranscript *transcript,
                                               const char *place)
{
    MigTranscriptFunction *function = g_tree_lookup(transcript->functions, place);

    if (!function) {
        function = mig_shape_node(transcript->tree, sizeof(*function));
        if (function) {
            function->place = g_string_chunk_insert(transcript->tree->strings, place);
            function->vectors = -1;
            g_tree_insert(transcript->functions, (gpointer)(uintptr_t)function->place,
                          function);
        }
    }
    return function;
}

static void merge_bar(MigTranscriptBar *bar, const MigTranscriptBar *more)
{
    MigTranscriptBar before = *bar;

    if (!more->there) {
        return;
    }
    *bar = *more;
    bar->size = more->size ? more->size : before.size;
    if (!more->is_typed && before.is_typed) {
        bar->is_typed = true;
        bar->is_wide = before.is_wide;
        bar->prefetch = before.prefetch;
    }
}

void mig_transcript_merge(MigTranscriptFunction *function,
                          const MigTranscriptFunction *more)
{
    if (more->has_ids) {
        function->has_ids = true;
        function->vendor = more->vendor;
        function->device = more->device;
    }
    if (more->has_class) {
        function->has_class = true;
        function->class = more->class;
    }
    function->id = more->id ? more->id : function->id;
    function->type = more->type ? more->type : function->type;
    function->vectors = more->vectors >= 0 ? more->vectors : function->vectors;
    function->shows_bars |= more->shows_bars;
    for (unsigned i = 0; i < MIG_TRANSCRIPT_BARS; i++) {
        merge_bar(&function->bars[i], &more->bars[i]);
    }
}

const char *mig_transcript_lacks(const MigTranscript *transcript)
{
    return transcript->shows_root && transcript->virtio->len && transcript->shows_cpus
               ? "versions and fields of devices, RAM of no device, registers of CPUs"
           : transcript->shows_root
               ? "versions and fields of devices, RAM of no device, CPUs, and what "
                 "commands that were not given show"
               : "which devices the machine has, their versions and fields, RAM, and "
                 "what "
                 "commands that were not given show";
}

/* The id of "/machine/peripheral/ID/virtio-backend". */
static const char *id_of(MigTranscript *transcript, const char *path)
{
    static const char begin[] = "/machine/peripheral/";
    size_t n = strlen(begin);

    return g_str_has_prefix(path, begin)
               ? g_string_chunk_insert_len(transcript->tree->strings, path + n,
                                           (gssize)strcspn(path + n, "/"))
               : NULL;
}

MigTranscriptVirtio *mig_transcript_virtio(MigTranscript *transcript, const char *path)
{
    MigTranscriptVirtio *virtio = mig_shape_node(transcript->tree, sizeof(*virtio));

    if (virtio) {
        virtio->id = path ? id_of(transcript, path) : NULL;
        virtio->known[0] = virtio->known[1] = UINT64_MAX;
        g_ptr_array_add(transcript->virtio, virtio);
    }
    return virtio;
}

/* Names that the specification has otherwise. */
static const struct {
    const char *printed;
    unsigned bit;
} aliases[] = {
    { "LOG_ALL", 26 },
    { "VIRTIO_NET_HDR", 27 },
    { "PROTOCOL_FEATURES", 30 },
    { "IOMMU_PLATFORM", 33 },
};

#define GUEST_UDP_TUNNEL_GSO 65

static int bit_of(uint16_t type, const char *name)
{
    g_autofree char *ring = g_strconcat("RING_", name, NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++) {
        if (strcmp(aliases[i].printed, name) == 0) {
            return (int)aliases[i].bit;
        }
    }
    for (unsigned bit = 0; bit < MIG_VIRTIO_FEATURES; bit++) {
        const char *own = mig_virtio_feature_name(type, bit);

        if (own && (strcmp(own, name) == 0 || strcmp(own, ring) == 0)) {
            return (int)bit;
        }
    }
    return -1;
}

static void add_bit(uint64_t bits[2], int bit)
{
    bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

void mig_transcript_offer(MigTranscriptVirtio *virtio, uint16_t type, const char *name)
{
    const char *part = strstr(name, "_F_");
    int bit = bit_of(type, part ? part + strlen("_F_") : name);

    if (bit < 0) {
        virtio->is_vague = true;
    } else {
        add_bit(virtio->offered, bit);
        /* and QEMU prints the next one with the name of this one */
        if (bit == GUEST_UDP_TUNNEL_GSO) {
            add_bit(virtio->offered, bit + 1);
        }
    }
}

static void take_size(uint32_t *size, const char *value)
{
    guint64 number;

    if (g_ascii_string_to_unsigned(value, 10, 1, 1u << 16, &number, NULL)) {
        *size = (uint32_t)number;
    }
}

/* A feature whose property is off is not offered; one that is on may be withheld by what is
 * behind the device. */
void mig_transcript_property(MigTranscriptVirtio *virtio, uint16_t type, const char *name,
                             const char *value)
{
    int bit = -1;

    if (strcmp(name, "queue-size") == 0 || strcmp(name, "virtqueue_size") == 0) {
        take_size(&virtio->queue_size, value);
    } else if (strcmp(name, "rx_queue_size") == 0) {
        take_size(&virtio->rx_size, value);
    } else if (strcmp(name, "tx_queue_size") == 0) {
        take_size(&virtio->tx_size, value);
    } else if (strcmp(value, "false") == 0) {
        bit = mig_virtio_feature_of_property(type, name);
    }
    if (bit >= 0) {
        add_bit(virtio->known, bit);
    }
}

/* migration/savevm.c, should_validate_capability(), loadvm_postcopy_handle_advise();
 * migration/migration.c, migration_ioc_process_incoming(); 5.2 to 11.1. */
unsigned mig_transcript_capability(const char *name)
{
    static const char *const names[] = { "x-ignore-shared", "mapped-ram", "multifd",
                                         "postcopy-ram" };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return 1u << i;
        }
    }
    return 0;
}

void mig_transcript_setting(MigTranscript *transcript, const char *line)
{
    const char *colon = strstr(line, ": ");
    g_autofree char *name = colon ? g_strndup(line, (gsize)(colon - line)) : NULL;
    unsigned bit = name ? mig_transcript_capability(name) : 0;

    if (bit) {
        transcript->replies += !transcript->shown;
        transcript->shown |= bit;
        transcript->set =
            strcmp(colon + 2, "on") == 0 ? transcript->set | bit : transcript->set & ~bit;
    }
}

void mig_transcript_version(MigTranscript *transcript, const char *line)
{
    static const char banner[] = "QEMU ";
    const char *p = line + (g_str_has_prefix(line, banner) ? strlen(banner) : 0);
    guint64 number[3] = { 0 };

    for (size_t i = 0; i < G_N_ELEMENTS(number); i++) {
        if (!g_ascii_isdigit(*p)) {
            return;
        }
        number[i] = MIN(g_ascii_strtoull(p, NULL, 10), 99);
        p += strspn(p, "0123456789");
        p += *p == '.';
    }
    transcript->major = (unsigned)number[0];
    transcript->minor = (unsigned)number[1];
}

/* --- a file ------------------------------------------------------------------------------ */

static bool begins_json(const char *p)
{
    return *p == '{' || *p == '[';
}

/* The next line that JSON begins in, or the end. */
static const char *find_json(const char *p, const char *end)
{
    while (p < end && !begins_json(p)) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));

        p = stop ? stop + 1 : end;
    }
    return p;
}

static bool refuse(GError **error, size_t at, const char *problem)
{
    mig_error_set(error, MIG_ERROR_MALFORMED, at, NULL,
                  "a transcript of a monitor that is cut off, or something else: %s",
                  problem);
    return false;
}

static bool read_parts(MigTranscript *transcript, const char *text, size_t length,
                       GError **error)
{
    const char *p = text, *end = text + length;

    while (p < end) {
        const char *next = find_json(p, end);
        size_t at = 0;
        const char *problem =
            mig_transcript_read_text(transcript, p, (size_t)(next - p), &at);
        MigJson json;

        if (problem) {
            return refuse(error, (size_t)(p - text) + at, problem);
        }
        if (next == end) {
            break;
        }
        mig_json_init(&json, next, (size_t)(end - next));
        if (!mig_transcript_read_json(transcript, &json)) {
            return refuse(error, (size_t)(json.p - text),
                          json.problem ? json.problem : "it is no reply of a monitor");
        }
        p = json.p;
        while (p < end && g_ascii_isspace(*p)) {
            p++;
        }
    }
    if (!transcript->replies) {
        return refuse(error, length,
                      "it has no answer to query-pci, info pci, info qtree, "
                      "query-memory-devices, query-hotpluggable-cpus, "
                      "query-migrate-capabilities or x-query-virtio-status");
    }
    return true;
}

bool mig_shape_read_transcript(MigShape *shape, GError **error)
{
    uint64_t length;
    g_autofree char *text =
        mig_shape_read_text(shape, "a transcript of a monitor", &length, error);

    shape->transcript = mig_transcript_new(&shape->tree);
    return text && read_parts(shape->transcript, text, length, error);
}

/* How lines begin of what a monitor prints, and of what is typed at one. */
static const char *const begins[] = {
    "(qemu) ",  "(QEMU) ", "QEMU ",     "Welcome to the QMP ", "bus: ",
    "xbzrle: ", "  Bus ",  "/machine/", "Memory device [",     "Hotpluggable CPUs:",
};

bool mig_transcript_is_text(const char *text, size_t length)
{
    for (const char *p = text, *end = text + length; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));

        for (size_t i = 0; i < G_N_ELEMENTS(begins); i++) {
            size_t n = strlen(begins[i]);

            if (n <= (size_t)(end - p) && memcmp(p, begins[i], n) == 0) {
                return true;
            }
        }
        p = stop ? stop + 1 : end;
    }
    return false;
}
