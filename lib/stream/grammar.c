/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the order of a stream's outer list: file header, configuration, sections
 *                and commands, packages, end mark; what the input is where it is no
 *                stream.
 * Must not know: what is inside a section or after the end.
 * See also:      stream/section.c, command.c, configuration.c and after-end.c, which read
 *                the members of the list; stream/outer.h, their structures.
 */
#include <string.h>

#include "io/find.h"
#include "io/foreign.h"
#include "stream/defect.h"
#include "stream/outer.h"
#include "stream/reader-private.h"

/* The file version of PANDA 1.0, which records and replays. */
#define PANDA_VERSION 4u

static const uint8_t magic[] = { 'Q', 'E', 'V', 'M' };

/* Whether the input starts as a stream does, as far as it goes. */
static bool has_magic(const uint8_t *p, size_t n)
{
    return n > 0 && memcmp(p, magic, MIN(n, sizeof(magic))) == 0;
}

/* "", or what was taken off to get here: "inside gzip ". */
static char *inside_what(const MigInput *in)
{
    const MigContainer *container, *last = NULL;

    for (size_t i = 0; (container = mig_input_container(in, i)); i++) {
        last = container;
    }
    return last ? g_strdup_printf("inside %s ", mig_container_words(last)) : g_strdup("");
}

/* How far a stream is looked for that nobody asked for. */
#define PROPOSAL_MAX (UINT64_C(64) << 20)

static MigStatus not_a_stream(MigReader *r, const MigItem *item, GError **error)
{
    size_t n;
    const uint8_t *p = mig_input_peek(r->in, MIG_FOREIGN_HEAD, &n);
    g_autofree char *what = NULL, *inside = inside_what(r->in), *proposal = NULL;
    uint64_t offset;

    /* Too little to say what it is, since it cannot be read on. */
    if (n < sizeof(magic) && !mig_reader_ended_well(r, error)) {
        return MIG_STATUS_ERROR;
    }
    what = mig_foreign_describe(p, MIN(n, MIG_FOREIGN_HEAD));
    if (item->offset == 0 && mig_input_propose_offset(r->in, PROPOSAL_MAX, &offset)) {
        proposal =
            g_strdup_printf("; after %" PRIu64
                            " other bytes a stream begins: --offset=%" PRIu64 " reads it",
                            offset, offset);
    }
    mig_error_set(error, n ? MIG_ERROR_MALFORMED : MIG_ERROR_TRUNCATED, item->offset,
                  n ? MIG_DEFECT_MAGIC : MIG_DEFECT_TRUNCATED,
                  "not a migration stream: %sit is %s%s", inside, what,
                  proposal ? proposal : "");
    return MIG_STATUS_ERROR;
}

/* Whose a version other than QEMU's is, and what to use instead. */
static const char *about_version(uint32_t version)
{
    switch (version) {
    case MIG_FILE_VERSION_OBSOLETE:
        return "of QEMU before 0.12, which alone loads it; start the guest there, and in "
               "a "
               "QEMU of today from its disk";
    case PANDA_VERSION:
        return "a snapshot of PANDA, which PANDA alone loads; save the guest in QEMU";
    default:
        return "which no QEMU writes: the file is damaged; copy it again, or save the "
               "guest again";
    }
}

static MigStatus read_file_header(MigReader *r, MigItem *item, GError **error)
{
    size_t n;
    const uint8_t *p = mig_input_peek(r->in, MIG_FILE_HEADER_LENGTH, &n);
    uint32_t version;

    if (!has_magic(p, n)) {
        return not_a_stream(r, item, error);
    }
    p = mig_reader_need(r, item, MIG_FILE_HEADER_LENGTH, "file header", error);
    if (!p) {
        return MIG_STATUS_ERROR;
    }
    version = mig_be32(p + 4);
    if (version != MIG_FILE_VERSION) {
        return mig_reader_malformed(r, item->offset + 4, MIG_DEFECT_VERSION, error,
                                    "stream version %u (%s), wanted %u", version,
                                    about_version(version), MIG_FILE_VERSION);
    }
    item->kind = MIG_ITEM_FILE_HEADER;
    item->length = MIG_FILE_HEADER_LENGTH;
    item->file_header.version = version;
    r->grammar.state = STATE_CONFIGURATION;
    return MIG_STATUS_MORE;
}

static MigStatus leave_packages(MigReader *r, GError **error)
{
    while (r->grammar.package_depth &&
           r->pos >= r->grammar.package_end[r->grammar.package_depth - 1]) {
        uint64_t end = r->grammar.package_end[--r->grammar.package_depth];

        if (r->pos > end) {
            return mig_reader_malformed(r, end, MIG_DEFECT_PACKAGE_LENGTH, error,
                                        "the package ends here, inside of a section that "
                                        "ends at 0x%" PRIx64,
                                        r->pos);
        }
    }
    return MIG_STATUS_MORE;
}

static MigStatus missing_eof(MigReader *r, const MigItem *item, GError **error)
{
    if (!mig_reader_ended_well(r, error)) {
        return MIG_STATUS_ERROR;
    }
    if (r->grammar.package_depth) {
        mig_error_set(error, MIG_ERROR_TRUNCATED, item->offset, MIG_DEFECT_TRUNCATED,
                      "the stream ends %" PRIu64 " bytes before its package does",
                      r->grammar.package_end[r->grammar.package_depth - 1] -
                          item->offset);
    } else {
        mig_error_set(error, MIG_ERROR_TRUNCATED, item->offset, MIG_DEFECT_EOF_MISSING,
                      "the stream ends without an end mark: wanted a section");
    }
    return MIG_STATUS_ERROR;
}

static MigStatus read_list(MigReader *r, MigItem *item, GError **error)
{
    const uint8_t *p;
    size_t n;

    if (leave_packages(r, error) == MIG_STATUS_ERROR) {
        return MIG_STATUS_ERROR;
    }
    item->package_depth = (uint8_t)r->grammar.package_depth;
    p = mig_input_peek(r->in, 1, &n);
    if (n == 0) {
        return missing_eof(r, item, error);
    }
    r->grammar.type = p[0];
    switch (r->grammar.type) {
    case MIG_SECTION_START:
    case MIG_SECTION_FULL:
        return mig_section_long_header_next(r, item, error);
    case MIG_SECTION_PART:
    case MIG_SECTION_END:
        return mig_section_short_header_next(r, item, error);
    case MIG_COMMAND:
        return mig_command_next(r, item, error);
    case MIG_CONFIGURATION:
        item->defect = r->has_configuration ? MIG_DEFECT_CONFIGURATION_TWICE
                                            : MIG_DEFECT_CONFIGURATION_NOT_FIRST;
        return mig_configuration_next(r, item, error);
    case MIG_EOF:
        item->kind = MIG_ITEM_EOF;
        item->length = 1;
        r->grammar.state = r->grammar.package_depth ? STATE_LIST : STATE_AFTER_EOF;
        return MIG_STATUS_MORE;
    default:
        return mig_reader_malformed(r, item->offset, MIG_DEFECT_SECTION_TYPE, error,
                                    "unknown section type 0x%02x", p[0]);
    }
}

MigStatus mig_grammar_next(MigReader *r, MigItem *item, GError **error)
{
    switch (r->grammar.state) {
    case STATE_FILE_HEADER:
        return read_file_header(r, item, error);
    case STATE_CONFIGURATION: {
        size_t n;
        const uint8_t *p = mig_input_peek(r->in, 1, &n);

        r->grammar.state = STATE_LIST;
        return n && p[0] == MIG_CONFIGURATION ? mig_configuration_next(r, item, error)
                                              : MIG_STATUS_END;
    }
    case STATE_LIST:
        return read_list(r, item, error);
    case STATE_BODY:
        return mig_section_body_next(r, item, error);
    case STATE_AFTER_BODY:
        return mig_section_footer_next(r, item, error);
    case STATE_AFTER_EOF:
        return mig_description_next(r, item, error);
    case STATE_TRAILING:
        break;
    }
    return mig_trailing_next(r, item, error);
}
