/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a stand-in for the kernel's VFIO interface, loaded into QEMU with
 *                LD_PRELOAD.
 * Must not know: migration streams, QEMU's internals, migstat.
 * See also:      tests/qemu/lab builds it, sets its environment and reads its log.
 *
 * One container type (Type1 v2), one device per group. The device is a PCI endpoint
 * 15b3:101e with one 16 KiB BAR and MSI-X. It offers both migration protocols
 * at once, and each QEMU takes the one it knows: v1, the migration region (5.2 to 7.2),
 * and v2, VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE with a data descriptor (8.0 and later).
 *
 * The device's state is a string of bytes. The first ones are sent in pre-copy, the rest
 * in stop-and-copy, so that a load that mixes up the order is seen in the checksum. What
 * was loaded becomes the device's state, so a second save has to give the same bytes
 * again.
 *
 * Environment, all optional:
 *   VFIO_UAPI_LOG       file that gets one JSON object per line and event
 *   VFIO_UAPI_VECTORS   MSI-X vectors (0: the device has no MSI-X; 8 by default)
 *   VFIO_UAPI_PRECOPY   bytes of the state sent in pre-copy (0: no pre-copy)
 *   VFIO_UAPI_STOPCOPY  bytes sent in stop-and-copy
 *   VFIO_UAPI_CHUNK     bytes handed out at once
 *
 * Layouts and numbers are those of the kernel's <linux/vfio.h>: Linux 5.8 for protocol
 * v1, 6.2 for pre-copy in v2. Later or removed definitions are spelled out below.
 */

/* The fortified headers would define some of the functions that this file replaces. */
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE

#include <errno.h>
#include <linux/fcntl.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* Protocol v1: the head of the migration region, and its states as bits. */
#define V1_REGION_TYPE    3
#define V1_REGION_SUBTYPE 1

enum {
    V1_DEVICE_STATE = 0,  /* u32 */
    V1_PENDING_BYTES = 8, /* u64 */
    V1_DATA_OFFSET = 16,  /* u64 */
    V1_DATA_SIZE = 24,    /* u64 */
    V1_WINDOW = 0x1000,   /* where the data window starts */
};

enum { V1_RUNNING = 1, V1_SAVING = 2, V1_RESUMING = 4, V1_MASK = 7 };

/* Protocol v2: pre-copy and the size estimate came after the first version. */
#define V2_MIGRATION_PRE_COPY    (1 << 2)
#define V2_STATE_PRE_COPY        6
#define V2_STATE_PRE_COPY_P2P    7
#define V2_FEATURE_MIG_DATA_SIZE 9
#define V2_GET_PRECOPY_INFO      _IO(VFIO_TYPE, VFIO_BASE + 21)

typedef struct PrecopyInfo {
    uint32_t argsz;
    uint32_t flags;
    uint64_t initial_bytes;
    uint64_t dirty_bytes;
} PrecopyInfo;

enum {
    REGION_SHIFT = 40, /* a region's file offset is its index shifted, as in the kernel */
    REGION_MIGRATION = VFIO_PCI_NUM_REGIONS,
    REGIONS = VFIO_PCI_NUM_REGIONS + 1,
    BAR0_SIZE = 16384,
    CONFIG_SIZE = 4096,
    WINDOW_SIZE = 1 << 20,
    MAX_VECTORS = 64,
    MAX_DEVICES = 8,
    MAX_FDS = 4096,
    MAX_STATE = 1 << 30,
};

typedef struct Device {
    char name[64];
    int group;
    unsigned vectors;
    uint8_t config[CONFIG_SIZE];
    uint8_t bar0[BAR0_SIZE];

    uint8_t *state; /* the bytes that migrate */
    size_t state_size;
    size_t precopy_size;
    uint8_t *incoming; /* what protocol v1 has received so far */
    size_t incoming_size;

    uint32_t v1_state;
    size_t v1_position; /* bytes already handed out in this session */
    size_t v1_chunk;    /* bytes now in the window */
    uint8_t window[WINDOW_SIZE];

    uint32_t v2_state;
    int v2_data; /* our copy of the data descriptor, -1 outside a session */
} Device;

typedef enum FdKind { FD_OTHER, FD_CONTAINER, FD_GROUP, FD_DEVICE, FD_DATA } FdKind;

typedef struct Fd {
    FdKind kind;
    int group;
    Device *device;
} Fd;

static Fd fds[MAX_FDS];
static Device *devices[MAX_DEVICES];
static int lock;
static int log_fd = -2;

/* -------- Small helpers that need nothing newer than the oldest C library -------- */

static void acquire(void)
{
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) {
        syscall(SYS_sched_yield);
    }
}

static void release(void)
{
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static int fail(int error)
{
    errno = error;
    return -1;
}

static size_t setting(const char *name, size_t fallback)
{
    const char *text = getenv(name);
    size_t value = 0;

    if (!text || !*text) {
        return fallback;
    }
    for (; *text >= '0' && *text <= '9' && value < MAX_STATE; text++) {
        value = value * 10 + (size_t)(*text - '0');
    }
    return value;
}

static uint64_t fnv1a(const uint8_t *bytes, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    }
    return hash;
}

/* How many bytes have arrived, so that the log shows what came before what. */
static size_t received(const Device *d)
{
    if (d->v2_state == VFIO_DEVICE_STATE_RESUMING && d->v2_data >= 0) {
        long position = syscall(SYS_lseek, d->v2_data, 0L, 1 /* SEEK_CUR */);

        return position > 0 ? (size_t)position : 0;
    }
    return d->incoming_size;
}

static void __attribute__((format(printf, 3, 4)))
note(const Device *d, const char *event, const char *format, ...)
{
    char line[512];
    int used;
    va_list args;

    if (log_fd == -2) {
        const char *path = getenv("VFIO_UAPI_LOG");

        log_fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path,
                                     O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)
                      : -1;
    }
    if (log_fd < 0) {
        return;
    }
    used = snprintf(line, sizeof(line), "{\"device\": \"%s\", \"event\": \"%s\", ",
                    d->name, event);
    va_start(args, format);
    used += vsnprintf(line + used, sizeof(line) - (size_t)used, format, args);
    va_end(args);
    used += snprintf(line + used, sizeof(line) - (size_t)used, ", \"received\": %zu}\n",
                     received(d));
    syscall(SYS_write, log_fd, line, (size_t)used);
}

static Fd *lookup(int fd)
{
    return fd >= 0 && fd < MAX_FDS && fds[fd].kind != FD_OTHER ? &fds[fd] : NULL;
}

/* An anonymous file stands after every descriptor, so that close, dup and poll work. */
static int make_fd(FdKind kind, int group, Device *device)
{
    int fd = (int)syscall(SYS_memfd_create, "vfio-uapi", 1 /* MFD_CLOEXEC */);

    if (fd >= MAX_FDS) {
        syscall(SYS_close, fd);
        return fail(EMFILE);
    }
    if (fd >= 0) {
        fds[fd] = (Fd){ kind, group, device };
    }
    return fd;
}

/* -------- The device -------- */

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value & 0xffff);
    put16(at + 2, value >> 16);
}

static void fill_config(uint8_t *config, unsigned vectors)
{
    put16(config + 0x00, 0x15b3);
    put16(config + 0x02, 0x101e);
    put16(config + 0x06, 0x0010);     /* status: has a capability list */
    put32(config + 0x08, 0x02000001); /* Ethernet controller, revision 1 */
    put32(config + 0x10, 0x0000000c); /* BAR0: 64 bits, prefetchable */
    put16(config + 0x2c, 0x15b3);
    put16(config + 0x2e, 0x0001);
    config[0x34] = 0x60;
    if (vectors) {
        /* MSI-X: table at BAR0 + 0x2000, pending bits at BAR0 + 0x3000 */
        config[0x34] = 0x40;
        config[0x40] = 0x11;
        config[0x41] = 0x60;
        put16(config + 0x42, vectors - 1);
        put32(config + 0x44, 0x2000);
        put32(config + 0x48, 0x3000);
    }
    config[0x60] = 0x10; /* PCI Express endpoint, version 2, with function level reset */
    put16(config + 0x62, 0x0002);
    put32(config + 0x64, 0x10008000);
}

/*
 * Words that count up name their place, so a swapped or repeated chunk shows. In between
 * stand the numbers that QEMU uses as its own delimiters: a reader that scans for them
 * trips.
 */
static void fill_state(Device *d)
{
    for (size_t at = 0; at < d->state_size; at++) {
        uint32_t word = (uint32_t)(at & ~(size_t)3) | (uint32_t)d->group << 24;

        d->state[at] = (uint8_t)(word >> (8 * (3 - at % 4)));
    }
    for (size_t at = 2048; at + 8 <= d->state_size; at += 4096) {
        const uint8_t flag[8] = { 0xff, 0xff, 0xff, 0xff,
                                  0xef, 0x10, 0x00, (uint8_t)(1 + at / 4096 % 6) };

        memcpy(d->state + at, flag, sizeof(flag));
    }
}

static Device *open_device(const char *name, int group)
{
    for (int i = 0; i < MAX_DEVICES; i++) {
        Device *d = devices[i];

        if (d && strcmp(d->name, name) == 0) {
            return d;
        }
        if (d) {
            continue;
        }
        d = calloc(1, sizeof(*d));
        if (!d) {
            return NULL;
        }
        snprintf(d->name, sizeof(d->name), "%s", name);
        d->group = group;
        d->precopy_size = setting("VFIO_UAPI_PRECOPY", 40000);
        d->state_size = d->precopy_size + setting("VFIO_UAPI_STOPCOPY", 65536);
        d->state = malloc(d->state_size + 1);
        d->v1_state = V1_RUNNING;
        d->v2_state = VFIO_DEVICE_STATE_RUNNING;
        d->v2_data = -1;
        if (!d->state) {
            free(d);
            return NULL;
        }
        d->vectors = (unsigned)setting("VFIO_UAPI_VECTORS", 8) % (MAX_VECTORS + 1);
        fill_config(d->config, d->vectors);
        fill_state(d);
        devices[i] = d;
        return d;
    }
    return NULL;
}

static size_t chunk_size(void)
{
    size_t size = setting("VFIO_UAPI_CHUNK", 16384);

    return size == 0 || size > WINDOW_SIZE ? WINDOW_SIZE : size;
}

/* Takes ownership of bytes. A session that brought nothing leaves the state as it is. */
static void adopt_state(Device *d, uint8_t *bytes, size_t size)
{
    note(d, "loaded", "\"bytes\": %zu, \"fnv1a\": \"%016llx\"", size,
         (unsigned long long)fnv1a(bytes, size));
    if (size) {
        free(d->state);
        d->state = bytes;
        d->state_size = size;
        if (d->precopy_size > size) {
            d->precopy_size = size;
        }
    } else {
        free(bytes);
    }
}

static void note_saved(Device *d, size_t size)
{
    note(d, "saved", "\"bytes\": %zu, \"of\": %zu, \"fnv1a\": \"%016llx\"", size,
         d->state_size, (unsigned long long)fnv1a(d->state, size));
}

/* -------- Migration protocol v1: a region with registers and a data window -------- */

static uint64_t v1_pending(Device *d)
{
    size_t limit = 0;

    /* Asking for what is pending says that the chunk in the window was taken. */
    d->v1_position += d->v1_chunk;
    d->v1_chunk = 0;
    if (d->v1_state & V1_SAVING) {
        limit = d->v1_state & V1_RUNNING ? d->precopy_size : d->state_size;
    }
    return limit > d->v1_position ? limit - d->v1_position : 0;
}

static void v1_prepare(Device *d)
{
    size_t left = v1_pending(d);

    d->v1_chunk = left < chunk_size() ? left : chunk_size();
    memcpy(d->window, d->state + d->v1_position, d->v1_chunk);
}

static int v1_receive(Device *d, uint64_t size)
{
    uint8_t *grown;

    if (!(d->v1_state & V1_RESUMING) || size > WINDOW_SIZE ||
        d->incoming_size + size > MAX_STATE) {
        return fail(EINVAL);
    }
    grown = realloc(d->incoming, d->incoming_size + size + 1);
    if (!grown) {
        return fail(ENOMEM);
    }
    memcpy(grown + d->incoming_size, d->window, size);
    d->incoming = grown;
    d->incoming_size += size;
    return 0;
}

static int v1_set_state(Device *d, uint32_t next)
{
    uint32_t last = d->v1_state;

    next &= V1_MASK;
    if ((next & V1_RESUMING) && next != V1_RESUMING) {
        return fail(EINVAL);
    }
    if ((last & V1_SAVING) && !(next & V1_SAVING)) {
        note_saved(d, d->v1_position + d->v1_chunk);
    }
    if (!(last & V1_SAVING) && (next & V1_SAVING)) {
        d->v1_position = 0;
        d->v1_chunk = 0;
    }
    d->v1_state = next;
    note(d, "state", "\"protocol\": 1, \"state\": \"%s%s%s%s\"",
         next & V1_RUNNING ? "running" : "stopped", next & V1_SAVING ? "+saving" : "",
         next & V1_RESUMING ? "+resuming" : "", next == last ? " (again)" : "");
    if ((last & V1_RESUMING) && !(next & V1_RESUMING)) {
        adopt_state(d, d->incoming, d->incoming_size);
        d->incoming = NULL;
        d->incoming_size = 0;
    }
    return 0;
}

static long v1_read(Device *d, uint8_t *bytes, size_t size, uint64_t at)
{
    uint8_t registers[32] = { 0 };
    uint64_t value;

    if (at >= V1_WINDOW) {
        if (at - V1_WINDOW > WINDOW_SIZE || size > WINDOW_SIZE - (at - V1_WINDOW)) {
            return fail(EINVAL);
        }
        memcpy(bytes, d->window + (at - V1_WINDOW), size);
        return (long)size;
    }
    if (at + size > sizeof(registers)) {
        return fail(EINVAL);
    }
    if (at == V1_PENDING_BYTES) {
        value = v1_pending(d);
        memcpy(registers + V1_PENDING_BYTES, &value, sizeof(value));
    }
    if (at == V1_DATA_OFFSET && (d->v1_state & V1_SAVING)) {
        v1_prepare(d);
    }
    memcpy(registers + V1_DEVICE_STATE, &d->v1_state, sizeof(d->v1_state));
    value = V1_WINDOW;
    memcpy(registers + V1_DATA_OFFSET, &value, sizeof(value));
    value = d->v1_chunk;
    memcpy(registers + V1_DATA_SIZE, &value, sizeof(value));
    memcpy(bytes, registers + at, size);
    return (long)size;
}

static long v1_write(Device *d, const uint8_t *bytes, size_t size, uint64_t at)
{
    uint64_t value = 0;

    if (at >= V1_WINDOW) {
        if (at - V1_WINDOW > WINDOW_SIZE || size > WINDOW_SIZE - (at - V1_WINDOW)) {
            return fail(EINVAL);
        }
        memcpy(d->window + (at - V1_WINDOW), bytes, size);
        return (long)size;
    }
    if (size > sizeof(value)) {
        return fail(EINVAL);
    }
    memcpy(&value, bytes, size);
    if (at == V1_DEVICE_STATE) {
        return v1_set_state(d, (uint32_t)value) == 0 ? (long)size : -1;
    }
    if (at == V1_DATA_SIZE) {
        return v1_receive(d, value) == 0 ? (long)size : -1;
    }
    return fail(EINVAL);
}

/* -------- Migration protocol v2: states by ioctl, data through a descriptor -------- */

static const char *v2_name(uint32_t state)
{
    static const char *const names[] = { "error",     "stop",        "running",
                                         "stop-copy", "resuming",    "running-p2p",
                                         "pre-copy",  "pre-copy-p2p" };

    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static bool v2_precopies(uint32_t state)
{
    return state == V2_STATE_PRE_COPY || state == V2_STATE_PRE_COPY_P2P;
}

static bool v2_saves(uint32_t state)
{
    return state == VFIO_DEVICE_STATE_STOP_COPY || v2_precopies(state);
}

static bool v2_fill(int fd, const uint8_t *bytes, size_t from, size_t to)
{
    while (from < to) {
        long done = syscall(SYS_pwrite64, fd, bytes + from, to - from, (long)from);

        if (done <= 0) {
            return false;
        }
        from += (size_t)done;
    }
    return true;
}

static int v2_adopt(Device *d)
{
    size_t size = received(d);
    uint8_t *bytes = malloc(size + 1);

    if (!bytes) {
        return fail(ENOMEM);
    }
    for (size_t at = 0; at < size;) {
        long done = syscall(SYS_pread64, d->v2_data, bytes + at, size - at, (long)at);

        if (done <= 0) {
            free(bytes);
            return fail(EIO);
        }
        at += (size_t)done;
    }
    adopt_state(d, bytes, size);
    return 0;
}

static int v2_end_session(Device *d)
{
    int ret = 0;

    if (d->v2_state == VFIO_DEVICE_STATE_RESUMING) {
        ret = v2_adopt(d);
    } else {
        long position = syscall(SYS_lseek, d->v2_data, 0L, 1 /* SEEK_CUR */);

        note_saved(d, position > 0 ? (size_t)position : 0);
    }
    syscall(SYS_close, d->v2_data);
    d->v2_data = -1;
    return ret;
}

/* Returns the descriptor for the caller, or -1 if the memory file could not be made. */
static int v2_begin_session(Device *d)
{
    int fd = make_fd(FD_DATA, d->group, d);

    if (fd < 0) {
        return -1;
    }
    /* A copy shares the file position, which tells how far QEMU has come. */
    d->v2_data = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 0L);
    return fd;
}

static int v2_set_state(Device *d, struct vfio_device_feature_mig_state *request)
{
    uint32_t last = d->v2_state;
    uint32_t next = request->device_state;
    bool continues = v2_precopies(last) && v2_saves(next);
    bool starts = (v2_saves(next) || next == VFIO_DEVICE_STATE_RESUMING) && !continues;

    request->data_fd = -1;
    if (next == last) {
        return 0;
    }
    if (next == VFIO_DEVICE_STATE_ERROR || next > V2_STATE_PRE_COPY_P2P ||
        (v2_precopies(next) && !d->precopy_size)) {
        return fail(EINVAL);
    }
    if (d->v2_data >= 0 && !continues && v2_end_session(d) < 0) {
        return -1;
    }
    d->v2_state = next;
    if (starts) {
        request->data_fd = v2_begin_session(d);
        if (request->data_fd < 0) {
            return -1;
        }
    }
    if (v2_saves(next)) {
        size_t from = continues ? d->precopy_size : 0;
        size_t to = v2_precopies(next) ? d->precopy_size : d->state_size;

        if (!v2_fill(d->v2_data, d->state, from, to)) {
            return fail(ENOSPC);
        }
    }
    note(d, "state", "\"protocol\": 2, \"state\": \"%s\"", v2_name(next));
    return 0;
}

static int v2_feature(Device *d, struct vfio_device_feature *f)
{
    uint32_t feature = f->flags & VFIO_DEVICE_FEATURE_MASK;
    bool probe = f->flags & VFIO_DEVICE_FEATURE_PROBE;
    uint64_t value;

    switch (feature) {
    case VFIO_DEVICE_FEATURE_MIGRATION:
        /* QEMU migrates more than one device only if all know the peer-to-peer states. */
        value = VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P |
                (d->precopy_size ? V2_MIGRATION_PRE_COPY : 0);
        break;
    case V2_FEATURE_MIG_DATA_SIZE:
        /* An estimate is allowed; a small one makes QEMU read in small pieces. */
        value = chunk_size();
        break;
    case VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE:
        if (probe) {
            return 0;
        }
        if (f->argsz < sizeof(*f) + sizeof(struct vfio_device_feature_mig_state)) {
            return fail(EINVAL);
        }
        if (f->flags & VFIO_DEVICE_FEATURE_SET) {
            return v2_set_state(d,
                                (struct vfio_device_feature_mig_state *)(void *)f->data);
        }
        memcpy(f->data, &d->v2_state, sizeof(d->v2_state));
        return 0;
    case VFIO_DEVICE_FEATURE_DMA_LOGGING_START:
    case VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP:
    case VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT:
        return 0; /* the device writes no guest memory: reports stay empty */
    default:
        return fail(ENOTTY);
    }
    if (probe) {
        return f->flags & VFIO_DEVICE_FEATURE_SET ? fail(EINVAL) : 0;
    }
    if (!(f->flags & VFIO_DEVICE_FEATURE_GET) || f->argsz < sizeof(*f) + sizeof(value)) {
        return fail(EINVAL);
    }
    memcpy(f->data, &value, sizeof(value));
    return 0;
}

static int v2_precopy_info(Device *d, PrecopyInfo *info)
{
    long position = syscall(SYS_lseek, d->v2_data, 0L, 1 /* SEEK_CUR */);

    if (!v2_precopies(d->v2_state) || position < 0) {
        return fail(EINVAL);
    }
    info->flags = 0;
    info->initial_bytes =
        (size_t)position < d->precopy_size ? d->precopy_size - (size_t)position : 0;
    info->dirty_bytes = 0;
    return 0;
}

/* -------- Regions and interrupts -------- */

static uint64_t region_size(unsigned index)
{
    switch (index) {
    case VFIO_PCI_BAR0_REGION_INDEX:
        return BAR0_SIZE;
    case VFIO_PCI_CONFIG_REGION_INDEX:
        return CONFIG_SIZE;
    case REGION_MIGRATION:
        return V1_WINDOW + WINDOW_SIZE;
    default:
        return 0;
    }
}

static int region_info(struct vfio_region_info *info)
{
    struct vfio_region_info_cap_type type = {
        .header = { .id = VFIO_REGION_INFO_CAP_TYPE, .version = 1 },
        .type = V1_REGION_TYPE,
        .subtype = V1_REGION_SUBTYPE,
    };
    uint32_t room = info->argsz;

    if (info->index >= REGIONS) {
        return fail(EINVAL);
    }
    info->argsz = sizeof(*info);
    info->cap_offset = 0;
    info->size = region_size(info->index);
    info->offset = (uint64_t)info->index << REGION_SHIFT;
    info->flags =
        info->size ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
    if (info->index == REGION_MIGRATION) {
        info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
        info->argsz += sizeof(type);
        if (room >= info->argsz) {
            info->cap_offset = sizeof(*info);
            memcpy((uint8_t *)info + sizeof(*info), &type, sizeof(type));
        }
    }
    return 0;
}

static int irq_info(const Device *d, struct vfio_irq_info *info)
{
    if (info->index >= VFIO_PCI_NUM_IRQS) {
        return fail(EINVAL);
    }
    info->flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
    info->count = 0;
    if (info->index == VFIO_PCI_MSIX_IRQ_INDEX) {
        info->count = d->vectors;
    } else if (info->index == VFIO_PCI_ERR_IRQ_INDEX ||
               info->index == VFIO_PCI_REQ_IRQ_INDEX) {
        info->count = 1; /* error and unplug notices; QEMU warns without them */
    }
    return 0;
}

static int set_irqs(Device *d, const struct vfio_irq_set *set)
{
    unsigned connected = 0;

    if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
        if (set->count > MAX_VECTORS || set->argsz < sizeof(*set) + 4 * set->count) {
            return fail(EINVAL);
        }
        for (unsigned i = 0; i < set->count; i++) {
            int32_t fd;

            memcpy(&fd, set->data + 4 * i, sizeof(fd));
            connected += fd >= 0;
        }
    }
    note(d, "irqs",
         "\"index\": %u, \"action\": \"%s\", \"start\": %u, \"count\": %u, "
         "\"connected\": %u",
         set->index,
         set->flags & VFIO_IRQ_SET_ACTION_TRIGGER  ? "trigger"
         : set->flags & VFIO_IRQ_SET_ACTION_UNMASK ? "unmask"
                                                   : "mask",
         set->start, set->count, connected);
    return 0;
}

static long device_read(Device *d, void *bytes, size_t size, uint64_t offset)
{
    unsigned index = (unsigned)(offset >> REGION_SHIFT);
    uint64_t at = offset & ((1ULL << REGION_SHIFT) - 1);

    if (index >= REGIONS || at > region_size(index) || size > region_size(index) - at) {
        return fail(EINVAL);
    }
    if (index == REGION_MIGRATION) {
        return v1_read(d, bytes, size, at);
    }
    memcpy(bytes, (index == VFIO_PCI_CONFIG_REGION_INDEX ? d->config : d->bar0) + at,
           size);
    return (long)size;
}

/* Only the command register keeps what is written; QEMU shows the guest the rest itself.
 */
static void config_write(Device *d, const uint8_t *bytes, size_t size, uint64_t at)
{
    uint32_t value = 0;

    memcpy(&value, bytes, size < sizeof(value) ? size : sizeof(value));
    note(d, "config-write", "\"offset\": %u, \"size\": %zu, \"value\": %u", (unsigned)at,
         size, value);
    for (size_t i = 0; i < size; i++) {
        if (at + i == 4 || at + i == 5) {
            d->config[at + i] = bytes[i] & (at + i == 4 ? 0x07 : 0x04);
        }
    }
}

static long device_write(Device *d, const void *bytes, size_t size, uint64_t offset)
{
    unsigned index = (unsigned)(offset >> REGION_SHIFT);
    uint64_t at = offset & ((1ULL << REGION_SHIFT) - 1);

    if (index >= REGIONS || at > region_size(index) || size > region_size(index) - at) {
        return fail(EINVAL);
    }
    if (index == REGION_MIGRATION) {
        return v1_write(d, bytes, size, at);
    }
    if (index == VFIO_PCI_CONFIG_REGION_INDEX) {
        config_write(d, bytes, size, at);
    } else {
        memcpy(d->bar0 + at, bytes, size);
    }
    return (long)size;
}

/* -------- ioctl, by kind of descriptor -------- */

static int iommu_info(struct vfio_iommu_type1_info *info)
{
    /* Dirty page logging: without it QEMU 5.2 to 7.2 refuse to migrate the device. */
    struct vfio_iommu_type1_info_cap_migration cap = {
        .header = { .id = VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION, .version = 1 },
        .pgsize_bitmap = 4096,
        .max_dirty_bitmap_size = 1 << 28,
    };
    enum { CAP_AT = 32 };
    uint32_t room = info->argsz;

    info->flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
    info->iova_pgsizes = ~0xfffULL;
    info->argsz = CAP_AT + sizeof(cap);
    if (room >= CAP_AT) {
        info->cap_offset = 0;
    }
    if (room >= info->argsz) {
        info->cap_offset = CAP_AT;
        memcpy((uint8_t *)info + CAP_AT, &cap, sizeof(cap));
    }
    return 0;
}

static int container_ioctl(unsigned long request, void *arg)
{
    switch (request) {
    case VFIO_GET_API_VERSION:
        return VFIO_API_VERSION;
    case VFIO_CHECK_EXTENSION:
        return (uintptr_t)arg == VFIO_TYPE1v2_IOMMU || (uintptr_t)arg == VFIO_TYPE1_IOMMU;
    case VFIO_SET_IOMMU:
    case VFIO_IOMMU_MAP_DMA:
    case VFIO_IOMMU_UNMAP_DMA:
    case VFIO_IOMMU_DIRTY_PAGES: /* bitmaps stay empty here, too */
        return 0;
    case VFIO_IOMMU_GET_INFO:
        return iommu_info(arg);
    default:
        return fail(ENOTTY);
    }
}

static int group_ioctl(int group, unsigned long request, void *arg)
{
    Device *d;

    switch (request) {
    case VFIO_GROUP_GET_STATUS:
        ((struct vfio_group_status *)arg)->flags =
            VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET;
        return 0;
    case VFIO_GROUP_SET_CONTAINER:
    case VFIO_GROUP_UNSET_CONTAINER:
        return 0;
    case VFIO_GROUP_GET_DEVICE_FD:
        d = open_device(arg, group);
        return d ? make_fd(FD_DEVICE, group, d) : fail(ENODEV);
    default:
        return fail(ENOTTY);
    }
}

static int device_ioctl(Device *d, unsigned long request, void *arg)
{
    struct vfio_device_info *info = arg;

    switch (request) {
    case VFIO_DEVICE_GET_INFO:
        info->flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
        info->num_regions = REGIONS;
        info->num_irqs = VFIO_PCI_NUM_IRQS;
        return 0;
    case VFIO_DEVICE_GET_REGION_INFO:
        return region_info(arg);
    case VFIO_DEVICE_GET_IRQ_INFO:
        return irq_info(d, arg);
    case VFIO_DEVICE_SET_IRQS:
        return set_irqs(d, arg);
    case VFIO_DEVICE_FEATURE:
        return v2_feature(d, arg);
    case VFIO_DEVICE_RESET:
        return 0;
    default:
        return fail(ENOTTY);
    }
}

static int stand_in_ioctl(const Fd *fd, unsigned long request, void *arg)
{
    switch (fd->kind) {
    case FD_CONTAINER:
        return container_ioctl(request, arg);
    case FD_GROUP:
        return group_ioctl(fd->group, request, arg);
    case FD_DEVICE:
        return device_ioctl(fd->device, request, arg);
    case FD_DATA:
        return request == V2_GET_PRECOPY_INFO ? v2_precopy_info(fd->device, arg)
                                              : fail(ENOTTY);
    default:
        return fail(EBADF);
    }
}

/* -------- The C library functions that are replaced -------- */

static int open_at(int directory, const char *path, int flags, unsigned mode)
{
    static const char prefix[] = "/dev/vfio/";
    int fd;

    if (!path || strncmp(path, prefix, sizeof(prefix) - 1) != 0) {
        return (int)syscall(SYS_openat, directory, path, flags, mode);
    }
    path += sizeof(prefix) - 1;
    acquire();
    if (strcmp(path, "vfio") == 0) {
        fd = make_fd(FD_CONTAINER, 0, NULL);
    } else {
        int group = 0;

        for (; *path >= '0' && *path <= '9' && group < 1000; path++) {
            group = group * 10 + (*path - '0');
        }
        fd = *path ? fail(ENOENT) : make_fd(FD_GROUP, group, NULL);
    }
    release();
    return fd;
}

static unsigned mode_argument(int flags, va_list args)
{
    bool has_mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;

    return has_mode ? va_arg(args, unsigned) : 0;
}

#define OPEN(name)                                     \
    EXPORT int name(const char *path, int flags, ...); \
    int name(const char *path, int flags, ...)         \
    {                                                  \
        va_list args;                                  \
        unsigned mode;                                 \
                                                       \
        va_start(args, flags);                         \
        mode = mode_argument(flags, args);             \
        va_end(args);                                  \
        return open_at(AT_FDCWD, path, flags, mode);   \
    }

#define OPENAT(name)                                                  \
    EXPORT int name(int directory, const char *path, int flags, ...); \
    int name(int directory, const char *path, int flags, ...)         \
    {                                                                 \
        va_list args;                                                 \
        unsigned mode;                                                \
                                                                      \
        va_start(args, flags);                                        \
        mode = mode_argument(flags, args);                            \
        va_end(args);                                                 \
        return open_at(directory, path, flags, mode);                 \
    }

OPEN(open)
OPEN(open64)
OPEN(__open_2)
OPEN(__open64_2)
OPENAT(openat)
OPENAT(openat64)
OPENAT(__openat_2)
OPENAT(__openat64_2)

EXPORT int close(int fd);
EXPORT int ioctl(int fd, unsigned long request, ...);
EXPORT ssize_t pread(int fd, void *bytes, size_t size, off_t offset);
EXPORT ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset);
EXPORT ssize_t pread64(int fd, void *bytes, size_t size, off_t offset);
EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset);
EXPORT ssize_t __pread_chk(int fd, void *bytes, size_t size, off_t offset, size_t room);
EXPORT ssize_t __pread64_chk(int fd, void *bytes, size_t size, off_t offset, size_t room);

int close(int fd)
{
    if (lookup(fd)) {
        fds[fd].kind = FD_OTHER;
    }
    return (int)syscall(SYS_close, fd);
}

int ioctl(int fd, unsigned long request, ...)
{
    const Fd *ours = lookup(fd);
    va_list args;
    void *arg;
    int ret;

    va_start(args, request);
    arg = va_arg(args, void *);
    va_end(args);
    if (!ours) {
        return (int)syscall(SYS_ioctl, fd, request, arg);
    }
    acquire();
    /* Request numbers are 32 bits wide; callers differ in how they extend them. */
    ret = stand_in_ioctl(ours, request & 0xffffffff, arg);
    release();
    return ret;
}

ssize_t pread64(int fd, void *bytes, size_t size, off_t offset)
{
    const Fd *ours = lookup(fd);
    ssize_t ret;

    if (!ours || ours->kind != FD_DEVICE) {
        return syscall(SYS_pread64, fd, bytes, size, offset);
    }
    acquire();
    ret = device_read(ours->device, bytes, size, (uint64_t)offset);
    release();
    return ret;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset)
{
    const Fd *ours = lookup(fd);
    ssize_t ret;

    if (!ours || ours->kind != FD_DEVICE) {
        return syscall(SYS_pwrite64, fd, bytes, size, offset);
    }
    acquire();
    ret = device_write(ours->device, bytes, size, (uint64_t)offset);
    release();
    return ret;
}

ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
    return pread64(fd, bytes, size, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    return pwrite64(fd, bytes, size, offset);
}

ssize_t __pread_chk(int fd, void *bytes, size_t size, off_t offset, size_t room)
{
    return size > room ? fail(EFAULT) : pread64(fd, bytes, size, offset);
}

ssize_t __pread64_chk(int fd, void *bytes, size_t size, off_t offset, size_t room)
{
    return size > room ? fail(EFAULT) : pread64(fd, bytes, size, offset);
}
