/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see return-watch.h.
 * Must not know: sockets.
 * See also:      live/return-path.h.
 */
#include "return-watch.h"

#include <inttypes.h>
#include <string.h>

#include "text.h"

/* A migration has a handful of answers that are no requests. */
#define SHOWN_MAX 64u

void cli_return_watch_init(CliReturnWatch *watch, bool shows)
{
    *watch = (CliReturnWatch){ .decoder = mig_return_decoder_new(), .shows = shows };
}

void cli_return_watch_clear(CliReturnWatch *watch)
{
    g_clear_pointer(&watch->decoder, mig_return_decoder_free);
}

static void show_request(const MigReturnMessage *message)
{
    g_autofree char *block = cli_escape(message->block, strlen(message->block));

    fprintf(stderr,
            "the destination asks for pages, first for %u bytes of %s at 0x%" PRIx64 "\n",
            message->length, *block ? block : "a block", message->start);
}

static void show(const CliReturnWatch *watch, const MigReturnMessage *message)
{
    switch (message->type) {
    case MIG_RETURN_REQ_PAGES:
    case MIG_RETURN_REQ_PAGES_ID:
        if (watch->n_requests == 1) {
            show_request(message);
        }
        break;
    case MIG_RETURN_SHUT:
    case MIG_RETURN_PONG:
    case MIG_RETURN_RESUME_ACK:
        fprintf(stderr, "the destination answers %s %u\n",
                mig_return_name((uint16_t)message->type), message->value);
        break;
    case MIG_RETURN_RECV_BITMAP:
    case MIG_RETURN_SWITCHOVER_ACK:
        fprintf(stderr, "the destination answers %s\n",
                mig_return_name((uint16_t)message->type));
        break;
    }
}

static void take(CliReturnWatch *watch, const MigReturnMessage *message)
{
    watch->n_messages++;
    watch->n_requests +=
        message->type == MIG_RETURN_REQ_PAGES || message->type == MIG_RETURN_REQ_PAGES_ID;
    if (message->type == MIG_RETURN_PONG) {
        watch->has_pong = true;
        watch->last_pong = message->value;
    } else if (message->type == MIG_RETURN_SHUT) {
        watch->shut = true;
        watch->shut_value = message->value;
    }
    if (watch->shows && (watch->n_messages <= SHOWN_MAX || watch->shut)) {
        show(watch, message);
    }
}

void cli_return_watch_push(CliReturnWatch *watch, const uint8_t *bytes, size_t n)
{
    while (n > 0 && !watch->unreadable) {
        g_autoptr(GError) error = NULL;
        MigReturnMessage message;
        size_t used = 0;

        switch (
            mig_return_decoder_push(watch->decoder, bytes, n, &used, &message, &error)) {
        case MIG_RETURN_STEP_MESSAGE:
            take(watch, &message);
            break;
        case MIG_RETURN_STEP_MORE:
            break;
        case MIG_RETURN_STEP_FAILED:
            watch->unreadable = true;
            cli_print_error("the destination's answers", error);
            return;
        }
        bytes += used;
        n -= used;
    }
}

char *cli_return_watch_last(const CliReturnWatch *watch)
{
    return watch->shut       ? g_strdup_printf("SHUT %u", watch->shut_value)
           : watch->has_pong ? g_strdup_printf("PONG %u", watch->last_pong)
                             : g_strdup("nothing");
}
