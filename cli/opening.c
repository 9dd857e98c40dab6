/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see opening.h.
 * Must not know: where the bytes come from.
 * See also:      stream/reader.h.
 */
#include "opening.h"

/* A record of TLS 1.x: a handshake, and the major version. */
static bool is_tls(const uint8_t *bytes, size_t n)
{
    return n >= 2 && bytes[0] == 0x16 && bytes[1] == 0x03;
}

/* A command, where a stream has its magic. */
static bool resumes(const uint8_t *bytes, size_t n)
{
    return n > 2 && bytes[0] == MIG_COMMAND && bytes[1] == 0 &&
           (bytes[2] == MIG_CMD_OPEN_RETURN_PATH || bytes[2] == MIG_CMD_PING ||
            bytes[2] == MIG_CMD_POSTCOPY_RESUME || bytes[2] == MIG_CMD_RECV_BITMAP);
}

static void note_command(CliOpening *opening, const MigCommandHeader *command)
{
    opening->return_path |= command->id == MIG_CMD_OPEN_RETURN_PATH;
    opening->postcopy |= command->id == MIG_CMD_POSTCOPY_ADVISE;
    opening->colo |= command->id == MIG_CMD_ENABLE_COLO;
}

/* Whether the opening goes on after @item. */
static bool goes_on(CliOpening *opening, const MigItem *item)
{
    if (item->kind == MIG_ITEM_COMMAND) {
        note_command(opening, &item->command);
    }
    return item->kind == MIG_ITEM_FILE_HEADER || item->kind == MIG_ITEM_CONFIGURATION ||
           item->kind == MIG_ITEM_COMMAND;
}

bool cli_opening_read(CliOpening *opening, const uint8_t *bytes, size_t n, GError **error)
{
    g_autoptr(GBytes) copy = g_bytes_new(bytes, MIN(n, CLI_OPENING_MAX));
    g_autoptr(MigInput) in = NULL;
    g_autoptr(MigReader) reader = NULL;
    g_autoptr(GError) failure = NULL;
    MigStatus status;
    const MigItem *item;

    *opening = (CliOpening){ .tls = is_tls(bytes, n) };
    opening->resumes = resumes(bytes, n);
    if (opening->tls || opening->resumes) {
        opening->complete = true;
        opening->return_path = opening->resumes;
        return true;
    }
    in = mig_input_new_bytes(copy, "the first bytes", NULL, error);
    if (!in) {
        return false;
    }
    reader = mig_reader_new(in);
    while ((status = mig_reader_next(reader, &item, &failure)) == MIG_STATUS_MORE &&
           goes_on(opening, item)) {
    }
    opening->page_size = mig_reader_page_size(reader);
    opening->mapped_ram =
        mig_reader_configuration(reader) && mig_reader_configuration(reader)->mapped_ram;
    opening->complete = status == MIG_STATUS_MORE || n >= CLI_OPENING_MAX;
    if (status != MIG_STATUS_ERROR || opening->complete ||
        g_error_matches(failure, MIG_ERROR, MIG_ERROR_TRUNCATED)) {
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}
