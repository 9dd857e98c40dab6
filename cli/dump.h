/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the parts of the dump command share.
 * Must not know: other commands.
 * See also:      cmd-dump.c (options, the pass over the stream), dump-common.c,
 *                dump-text.c, dump-json.c, dump-items.c, dump-devices.c,
 *                dump-registers.c, dump-map.c, dump-timeline.c.
 */
#ifndef CLI_DUMP_H
#define CLI_DUMP_H

#include "cli.h"
#include "json.h"
#include "memory-options.h"
#include "pci-ids.h"
#include "unread.h"

/* Sections that are named at a glance. */
#define DUMP_LARGEST 5

/* What --only picks from.  DEVICES is not shown unless it is asked for. */
typedef enum DumpTable {
    DUMP_OVERVIEW,
    DUMP_CHANNELS, /* of captures */
    DUMP_RAM,
    DUMP_VFIO,
    DUMP_SECTIONS,
    DUMP_COMMANDS,
    DUMP_DESCRIPTION,
    DUMP_DEFECTS,
    DUMP_DEVICES, /* each section with the sum of its pieces */
} DumpTable;

typedef enum DumpSort {
    DUMP_SORT_DEFAULT, /* by offset, and devices by size */
    DUMP_SORT_OFFSET,
    DUMP_SORT_SIZE,
    DUMP_SORT_NAME,
} DumpSort;

typedef struct DumpOptions {
    CliCommon *common;
    bool items;
    bool sections;         /* unfold iterations */
    bool vfio;             /* list the records */
    MigAddresses *section; /* none: all */
    bool all;              /* fold nothing */
    unsigned only;         /* bits of DumpTable; 0: what is shown by default */
    DumpSort sort;
    guint top;                     /* rows of a table; UINT_MAX: all */
    bool several;                  /* files */
    bool devices;                  /* show what device state means */
    MigAddresses *addresses;       /* of devices and fields; none: all */
    bool registers;                /* show those of CPUs */
    const char *registers_pattern; /* NULL: all of them */
    bool map;                      /* show that of guest memory, */
    bool has_at;                   /* or what is at one address of it */
    bool has_virtual;              /* or where a virtual address of a CPU leads */
    uint64_t virtual_address;
    uint32_t cpu;
    uint64_t at;
    CliMemory memory; /* what is known of it otherwise */
    bool timeline;    /* show where the time of a recorded migration went */
    CliPciIds *ids;
    bool hex;         /* all bytes of buffers */
    const char *part; /* of -d; NULL: none was named */
    bool description; /* show that of device state, and not the state */
    bool read_all;    /* what is not shown as well */
} DumpOptions;

/* One file, read as far as it goes. */
typedef struct Dump {
    const DumpOptions *options;
    const char *file;
    bool opened; /* or else the input is empty, and error says why */
    MigInput *in;
    bool lists; /* a qcow2 image of several snapshots, and reads none of them */
    MigReader *reader;
    MigSummary *summary;
    const MigOverview *overview; /* NULL for the views that need none */
    MigCheck *check;             /* for every release */
    uint64_t size;      /* plain bytes of the whole input; UINT64_MAX: not known */
    GError *error;      /* why reading ended early, or NULL */
    uint64_t n_defects; /* with --items, which has no summary */
    bool empty;         /* of --devices nothing was shown */
    CliUnread unread;
} Dump;

/* What --only calls the @i-th table; NULL: there are not as many. */
const char *dump_table_name(size_t i);

/* Options of tables.  False with *problem, which the caller frees, set; or false. */
bool dump_parse_only(const char *text, unsigned *only, char **problem);
bool dump_parse_sort(const char *text, DumpSort *sort);

/* Whether a table is shown. */
bool dump_shows(const DumpOptions *options, DumpTable table);

/* A row of a table before it is made: what it is sorted by, and where its data is. */
typedef struct DumpRow {
    uint64_t size;
    const char *name;
    guint index; /* in the summary's or the overview's array */
} DumpRow;

/* The rows that --section wants, sorted and cut to --top; *cut is how many were cut off.  The
 * caller frees. */
GArray *dump_ram_rows(const Dump *dump, guint *cut);
GArray *dump_vfio_rows(const Dump *dump, guint *cut);
GArray *dump_section_rows(const Dump *dump, guint *cut);
GArray *dump_device_rows(const Dump *dump, guint *cut);

/* Whether sections come in another order than that of the stream. */
bool dump_sorts(const DumpOptions *options);

/* Whether --section wants it. */
bool dump_wants(const DumpOptions *options, const MigSection *section);

/* "main", "multifd" or "preempt": what the @i-th channel is. */
const char *dump_channel_kind(uint32_t i, const MigChannelSummary *channel);

/* "plain", "zstd", "libvirt+gzip", ...: the wrappers, outermost first.  Caller frees. */
char *dump_container(const MigInput *in);

/* The wrapper that has snapshots, a qcow2 image; NULL: there is none. */
const MigContainer *dump_image(const MigInput *in);

/* The page size by the reader, else by the description; 0 if neither knows. */
uint32_t dump_page_size(const Dump *dump);

/* Reads on: false at the end, and where dump->error says why there is no more. */
bool dump_next(Dump *dump, const MigItem **item);

/* After each item of a view of devices alone, which has no use for RAM. */
void dump_skip_ram(Dump *dump);

/* Plain bytes of all channels, after the pass; UINT64_MAX: not known. */
uint64_t dump_whole_size(Dump *dump);

/* True if the stream is complete and the reader found no defect. */
bool dump_is_sound(const Dump *dump);

/* "NAME", or "NAME (INSTANCE)", escaped.  Caller frees. */
char *dump_section_name(const MigSection *section);

/* The body of a section that goes by. */
typedef struct DumpBody {
    const MigSection *section; /* NULL: there is none */
    uint64_t offset, length;   /* bytes, of the items that have gone by */
} DumpBody;

/* Whether @item is the first after the body. */
bool dump_body_is_over(const DumpBody *body, const MigItem *item);

/* Begins after @header.  From then on a pipe can be read again, too. */
void dump_body_begin(DumpBody *body, const Dump *dump, const MigItem *header);

/* Decodes what has gone by, and forgets it; whether the description matches.  What cannot be
 * read is an error of @dump. */
bool dump_body_decode(DumpBody *body, Dump *dump, const MigDecoder *decoder);

/* The largest sections that are wanted; how many. */
size_t dump_largest(const Dump *dump, const MigSectionSum *sums[DUMP_LARGEST]);
/* What check says of it, in a line. */
MigCheck *dump_check_new(MigReader *reader);
void dump_verdict_text(const Dump *dump);
void dump_verdict_json(CliJson *json, const Dump *dump);

typedef struct DumpItemsView DumpItemsView;         /* dump-items.h */
typedef struct DumpDevicesView DumpDevicesView;     /* dump-devices.h */
typedef struct DumpRegistersView DumpRegistersView; /* dump-registers.h */

extern const DumpItemsView dump_items_text, dump_items_json;
extern const DumpDevicesView dump_devices_text, dump_devices_json, dump_devices_analyze;
extern const DumpRegistersView dump_registers_text, dump_registers_json;

void dump_text(const Dump *dump);
void dump_description_analyze(Dump *dump);
/* What it is at a glance, above the tables. */
void dump_text_head(const Dump *dump, bool color);
void dump_json(const Dump *dump);
/* In place of all of it, of an image whose snapshots are listed. */
void dump_text_snapshots(const Dump *dump, bool color);

/* The object of a file with an array @key that is filled as the stream goes by; and its end,
 * which frees what dump_json_begin() returned. */
CliJson *dump_json_begin(const Dump *dump, const char *key);
void dump_json_end(void *json, const Dump *dump);

/* --items: as they come.  *status is how the stream ended. */
void dump_items(Dump *dump);

/* --devices: likewise, a device at a time, in that view; the rules watch too, if there are any. */
void dump_devices(Dump *dump, const DumpDevicesView *view);

/* --registers: likewise, a CPU at a time.  False if something that was asked for is
 * not there, which it has said. */
bool dump_registers(Dump *dump);

typedef struct DumpMap DumpMap; /* dump-map.h */

void dump_map_text(const DumpMap *map);
void dump_map_json(const DumpMap *map);

/* --map, --at and --translate. */
void dump_map(Dump *dump);

typedef struct DumpTiming DumpTiming; /* dump-timeline.h */

void dump_timeline_text(const DumpTiming *timing);
void dump_timeline_json(const DumpTiming *timing);

/* --timeline. */
void dump_timeline(Dump *dump);

/* The file of a capture's time line, which has to be opened before the sandbox; the caller frees. */
char *dump_timeline_path(const char *folder);

#endif
