/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a monitor prints for people: info pci, info qtree, info memory-devices,
 *                info hotpluggable-cpus and info virtio-status.
 * Must not know: what it is put together with.
 * See also:      transcript.h; transcript-line.c, what single lines have.
 *
 * A line tells by how it begins what it is of; lines that are not known are passed over, such
 * as prompts and other commands.
 * Source: hw/pci/pci-hmp-cmds.c, qdev-monitor.c (qtree_print), hw/core/machine-hmp-cmds.c,
 * hw/virtio/virtio-hmp-cmds.c; 5.2 to 11.1.
 */
#include "shape/transcript-line.h"

#include <stdio.h>
#include <string.h>

#include "device/virtio.h"

/* Buses and devices of a qtree that are in each other. */
#define FRAMES_MAX 64u

#define BUSES 256u

#define NO_END "what it shows of a device has no end"

/* A bus or a device of a qtree. */
typedef struct Frame {
    unsigned indent;
    bool is_device, is_pci;          /* a bus of PCI; a device on one */
    const char *place;               /* of a bus: what functions are behind, or NULL */
    MigTranscriptFunction *function; /* a device's, or that it is in; NULL: none */
    MigTranscriptFunction shown;     /* of a device on a PCI bus, until it is placed */
    MigTranscriptVirtio *virtio;     /* that its properties are of, or NULL */
    uint16_t type;                   /* of that */
    bool is_placed;
} Frame;

typedef struct Reading {
    MigTranscript *transcript;
    char *line; /* at hand, without its end */
    unsigned indent;
    const char *problem;

    Frame frames[FRAMES_MAX];
    unsigned n_frames;
    bool has_root; /* the first root bus was there */

    MigTranscriptFunction *function; /* of info pci, or NULL */
    const char *behind[BUSES]; /* place of the bridge that leads to a bus, or NULL */

    MigTranscriptVirtio *status; /* of info virtio-status, or NULL */
    uint16_t status_type;
    bool in_features;

    MigTranscriptMemory *memory;
    bool in_cpus;
} Reading;

/* --- info pci ---------------------------------------------------------------------------- */

static bool begin_function(Reading *r)
{
    unsigned bus, slot, number;
    g_autofree char *place = NULL;

    if (sscanf(r->line, "  Bus %u, device %u, function %u:", &bus, &slot, &number) != 3 ||
        bus >= BUSES || slot > 0x1f || number > 7) {
        return false;
    }
    place = r->behind[bus] ? g_strdup_printf("%s:%02x.%x", r->behind[bus], slot, number)
                           : g_strdup_printf("0000:%02x:%02x.%x", bus, slot, number);
    r->function = mig_transcript_function(r->transcript, place);
    r->transcript->shows_root |= bus == 0;
    r->transcript->replies++;
    return true;
}

static void read_bar(const Reading *r)
{
    MigTranscriptBar bar = { .there = true };
    unsigned number;

    if (sscanf(r->line, " BAR%u:", &number) != 1 || number >= MIG_TRANSCRIPT_BARS) {
        return;
    }
    bar.is_io = strstr(r->line, ": I/O") != NULL;
    bar.is_typed = !bar.is_io;
    bar.is_wide = strstr(r->line, ": 64 bit") != NULL;
    bar.prefetch = strstr(r->line, " prefetchable ") != NULL;
    mig_transcript_bar_size(&bar, r->line);
    r->function->bars[number] = bar;
}

static void read_function(Reading *r)
{
    guint64 bus;

    r->function->shows_bars = true;
    if (mig_transcript_number(r->line, "secondary bus ", 10, &bus) && bus > 0 &&
        bus < BUSES) {
        r->behind[bus] = r->function->place;
        r->function->shows_children = true;
    } else if (g_str_has_prefix(r->line, "      BAR")) {
        read_bar(r);
    } else if (g_str_has_prefix(r->line, "      id ")) {
        r->function->id = mig_transcript_quoted(r->transcript, r->line);
        r->function = NULL;
    } else {
        mig_transcript_ids(r->function, r->line, ": PCI device");
    }
}

/* --- info qtree -------------------------------------------------------------------------- */

static Frame *top(Reading *r)
{
    return r->n_frames ? &r->frames[r->n_frames - 1] : NULL;
}

/* A device on a PCI bus whose place is known by now; its class comes after its properties. */
static void place_function(Reading *r, Frame *frame)
{
    if (frame->is_device && frame->is_pci && !frame->function) {
        if (!frame->is_placed || !frame->shown.shows_bars) {
            r->problem = NO_END;
            return;
        }
        frame->function = mig_transcript_function(r->transcript, frame->shown.place);
        if (frame->function) {
            mig_transcript_merge(frame->function, &frame->shown);
        }
    }
}

static void leave_frames(Reading *r, unsigned indent)
{
    while (r->n_frames && top(r)->indent >= indent) {
        place_function(r, top(r));
        r->n_frames--;
    }
}

static Frame *enter(Reading *r, bool is_device)
{
    Frame *outer, *frame;

    leave_frames(r, r->indent);
    outer = top(r);
    if (r->n_frames == FRAMES_MAX) {
        r->problem = "its buses are nested too deeply";
        return NULL;
    }
    if (outer) {
        place_function(r, outer);
    }
    frame = &r->frames[r->n_frames++];
    *frame = (Frame){ .indent = r->indent, .is_device = is_device };
    frame->shown.vectors = -1;
    return frame;
}

static void begin_bus(Reading *r)
{
    Frame *frame = enter(r, false);
    const Frame *outer = r->n_frames > 1 ? &r->frames[r->n_frames - 2] : NULL;

    if (frame && outer) {
        frame->function = outer->function;
    }
    r->transcript->replies += r->indent == 0;
}

/* "type PCIE", the first line of a bus. */
static void type_bus(Reading *r, Frame *frame)
{
    frame->is_pci = strcmp(r->line + r->indent, "type PCI") == 0 ||
                    strcmp(r->line + r->indent, "type PCIE") == 0;
    if (!frame->is_pci) {
        return;
    }
    if (frame->function) {
        frame->place = frame->function->place;
        frame->function->shows_children = true;
    } else if (!r->has_root) {
        r->has_root = r->transcript->shows_root = true;
        frame->place = MIG_TRANSCRIPT_ROOT;
    }
}

static void begin_device(Reading *r)
{
    Frame *frame = enter(r, true);
    const Frame *bus = frame && r->n_frames > 1 ? frame - 1 : NULL;
    const char *type = r->line + r->indent + strlen("dev: ");
    size_t n = strcspn(type, ",");
    g_autofree char *name = NULL;

    if (!bus) {
        return;
    }
    frame->is_pci = bus->is_pci && bus->place;
    frame->place = bus->place;
    if (frame->is_pci) {
        frame->shown.type = mig_transcript_keep(r->transcript, type, n);
        frame->shown.id = mig_transcript_quoted(r->transcript, type + n);
    } else if (bus->function && g_str_has_prefix(type, "virtio-") && n > 7) {
        name = g_strndup(type, n - (g_str_has_prefix(type + n - 7, "-device") ? 7 : 0));
        frame->virtio = &bus->function->virtio;
        frame->virtio->name = mig_transcript_keep(r->transcript, name, strlen(name));
        frame->type = mig_virtio_type_of_vmstate(name);
    }
}

/* "addr = 05.0" of a PCI function; other devices have numbers of other forms. */
static void take_place(const Reading *r, Frame *frame, const char *value)
{
    unsigned slot, number;
    g_autofree char *place = NULL;

    if (strlen(value) == 4 && sscanf(value, "%2x.%1x", &slot, &number) == 2) {
        place = g_strdup_printf("%s:%02x.%x", frame->place, slot, number);
        frame->shown.place = mig_transcript_keep(r->transcript, place, strlen(place));
        frame->is_placed = true;
    }
}

static void read_property(Reading *r, Frame *frame, char *name, char *equals)
{
    char *value = equals + strlen(" = ");

    *equals = '\0';
    if (frame->virtio) {
        value[strcspn(value, " ")] = '\0';
        mig_transcript_property(frame->virtio, frame->type, name, value);
    } else if (frame->is_pci && strcmp(name, "addr") == 0) {
        take_place(r, frame, value);
    } else if (frame->is_pci && strcmp(name, "vectors") == 0 &&
               g_str_has_prefix(frame->shown.type, "virtio-")) {
        frame->shown.vectors = (int)MIN(g_ascii_strtoull(value, NULL, 10), 2048);
    }
}

static void read_qtree_bar(Frame *frame, const char *line)
{
    MigTranscriptBar bar = { .there = true };
    unsigned number;

    if (sscanf(line, "bar %u:", &number) == 1 && number < MIG_TRANSCRIPT_BARS) {
        bar.is_io = strstr(line, ": i/o") != NULL;
        mig_transcript_bar_size(&bar, line);
        frame->shown.bars[number] = bar;
    }
}

static void read_qtree(Reading *r, Frame *frame)
{
    char *line = r->line + r->indent, *equals = strstr(line, " = ");

    if (!frame->is_device) {
        if (g_str_has_prefix(line, "type ")) {
            type_bus(r, frame);
        }
    } else if (equals) {
        read_property(r, frame, line, equals);
    } else if (frame->is_pci && g_str_has_prefix(line, "bar ")) {
        read_qtree_bar(frame, line);
    } else if (frame->is_pci && g_str_has_prefix(line, "class ")) {
        frame->shown.shows_bars = true;
        mig_transcript_ids(&frame->shown, line, "pci id");
    }
}

/* --- the others -------------------------------------------------------------------------- */

static const char *value_of(const char *line, const char *name)
{
    const char *value = line + strspn(line, " ");

    if (!g_str_has_prefix(value, name)) {
        return NULL;
    }
    value += strlen(name);
    return value + strspn(value, " ");
}

static void begin_status(Reading *r)
{
    r->status = mig_transcript_virtio(r->transcript, r->line);
    r->status_type = 0;
    r->in_features = false;
    r->transcript->replies++;
}

static void read_feature(const Reading *r)
{
    const char *name = r->line + strspn(r->line, " \t");
    g_autofree char *own = g_strndup(name, strcspn(name, ":,"));
    uint64_t upper, lower;

    /* up to 10.1 those from bit 64 on are not in it */
    if (sscanf(name, "unknown-features(0x%16" SCNx64 "%16" SCNx64, &upper, &lower) == 2) {
        r->status->offered[0] |= lower;
        r->status->offered[1] |= upper;
    } else if (mig_transcript_number(name, "unknown-features(", 16, &lower)) {
        r->status->offered[0] |= lower;
    } else if (*own) {
        mig_transcript_offer(r->status, r->status_type, own);
    }
}

static void read_status(Reading *r)
{
    const char *value;

    if (g_str_has_prefix(r->line, "  Host features:")) {
        r->in_features = true;
    } else if (g_str_has_prefix(r->line, "  Backend features:")) {
        r->status = NULL;
    } else if (r->in_features) {
        read_feature(r);
    } else if ((value = value_of(r->line, "device_name:")) != NULL) {
        r->status->name = mig_transcript_keep(r->transcript, value, strcspn(value, " "));
    } else if ((value = value_of(r->line, "device_id:")) != NULL) {
        r->status_type = (uint16_t)g_ascii_strtoull(value, NULL, 10);
    }
}

static void begin_memory(Reading *r)
{
    r->memory = mig_shape_node(r->transcript->tree, sizeof(*r->memory));
    if (r->memory) {
        g_ptr_array_add(r->transcript->memory, r->memory);
    }
    r->transcript->shows_memory = true;
    r->transcript->replies++;
}

static void read_memory(const Reading *r)
{
    const char *value;

    if ((value = value_of(r->line, "size:")) != NULL) {
        r->memory->size = g_ascii_strtoull(value, NULL, 10);
    } else if ((value = value_of(r->line, "memdev:")) != NULL) {
        r->memory->backend = mig_transcript_keep(r->transcript, value, strlen(value));
    }
}

static void read_cpu(const Reading *r)
{
    guint64 n;

    if (mig_transcript_number(r->line, "vcpus_count: \"", 10, &n)) {
        r->transcript->max_cpus += (unsigned)MIN(n, 1u << 16);
    }
}

/* --- lines ------------------------------------------------------------------------------- */

static void end_all(Reading *r)
{
    leave_frames(r, 0);
    if (r->function || r->status) {
        r->problem = NO_END;
    }
    r->function = NULL;
    r->memory = NULL;
    r->in_cpus = false;
}

/* A line that begins something else. */
static bool begin(Reading *r)
{
    const char *line = r->line;
    size_t n = strlen(line);

    if (g_str_has_prefix(line, "(qemu)") || g_str_has_prefix(line, "(QEMU)")) {
        end_all(r);
        return true;
    }
    if (g_str_has_prefix(line, "/machine/") && line[n - 1] == ':') {
        end_all(r);
        begin_status(r);
        return true;
    }
    if (g_str_has_prefix(line, "Memory device [")) {
        end_all(r);
        begin_memory(r);
        return true;
    }
    if (g_str_has_prefix(line, "Hotpluggable CPUs:")) {
        end_all(r);
        r->in_cpus = r->transcript->shows_cpus = true;
        r->transcript->replies++;
        return true;
    }
    if (g_str_has_prefix(line + r->indent, "bus: ") && (r->n_frames || r->indent == 0)) {
        begin_bus(r);
        return true;
    }
    if (r->n_frames && g_str_has_prefix(line + r->indent, "dev: ")) {
        begin_device(r);
        return true;
    }
    return !r->function && g_str_has_prefix(line, "  Bus ") && begin_function(r);
}

static void read_line(Reading *r)
{
    mig_transcript_version(r->transcript, r->line);
    mig_transcript_setting(r->transcript, r->line);
    r->indent = (unsigned)strspn(r->line, " ");
    if (begin(r)) {
        return;
    }
    if (r->function) {
        read_function(r);
    } else if (r->status) {
        read_status(r);
    } else if (r->memory) {
        read_memory(r);
    } else if (r->in_cpus) {
        read_cpu(r);
    } else if (r->n_frames) {
        read_qtree(r, top(r));
    }
}

/* A line that is longer says nothing that is looked at. */
#define LINE_MAX_BYTES 1024u

/* A prompt waits for its line. */
static bool may_be_last(const char *line)
{
    return *line == '\0' || g_str_has_prefix(line, "(qemu)") ||
           g_str_has_prefix(line, "(QEMU)");
}

const char *mig_transcript_read_text(MigTranscript *transcript, const char *text,
                                     size_t length, size_t *at)
{
    Reading *r = g_new0(Reading, 1);
    char line[LINE_MAX_BYTES];
    const char *p = text, *end = text + length, *problem;

    r->transcript = transcript;
    r->line = line;
    while (p < end && !r->problem) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t n = MIN((size_t)((stop ? stop : end) - p), sizeof(line) - 1);

        memcpy(line, p, n);
        n -= n && line[n - 1] == '\r';
        line[n] = '\0';
        *at = (size_t)(p - text);
        read_line(r);
        if (!stop && !may_be_last(line)) {
            r->problem = "its last line does not end";
        }
        p = stop ? stop + 1 : end;
    }
    if (!r->problem) {
        *at = length;
        end_all(r);
    }
    problem = r->problem;
    g_free(r);
    return problem;
}
