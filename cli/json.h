/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          writing one JSON document as it comes, on one line.
 * Must not know: what is written.
 * See also:      cli/text.h.
 *
 * A document may have an element per section of a stream of any size, so no tree is built;
 * and integers are of 64 bits without sign, which json-glib's nodes cannot hold.  The tests
 * read it back with json-glib.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct CliJson {
    FILE *file;
    bool comma; /* a comma is needed before what comes next */
    int indent; /* columns for each level, on lines of their own; 0: all is one line */
    int depth;  /* of what is open, where lines are indented */
} CliJson;

/* @key is NULL for elements of an array and for the document itself. */
void cli_json_init(CliJson *json, FILE *file);
/* The same with a line for each value, indented as Python's json.dumps(indent=4) does. */
void cli_json_init_indented(CliJson *json, FILE *file);
void cli_json_object(CliJson *json, const char *key);
void cli_json_end_object(CliJson *json);
void cli_json_array(CliJson *json, const char *key);
void cli_json_end_array(CliJson *json);
void cli_json_uint(CliJson *json, const char *key, uint64_t value);
void cli_json_int(CliJson *json, const char *key, int64_t value);
/* KEY_hex: @value again as a string of at least @digits, since many readers of JSON (jq 1.6,
 * JavaScript) round integers beyond 2^53. */
void cli_json_wide(CliJson *json, const char *key, uint64_t value, int digits);
void cli_json_bool(CliJson *json, const char *key, bool value);
void cli_json_null(CliJson *json, const char *key);
/* NULL is null.  Bytes that are not UTF-8 become the text \xNN; what a terminal could take
 * for a command, cli_is_inert(), is escaped. */
void cli_json_string(CliJson *json, const char *key, const char *value);
/* Bytes as two digits each; any number of them, in constant memory. */
void cli_json_hex(CliJson *json, const char *key, const uint8_t *bytes, size_t length);
void cli_json_string_len(CliJson *json, const char *key, const char *value,
                         size_t length);
/* The number of a channel, as MigItem has it; nothing for the main channel. */
void cli_json_channel(CliJson *json, uint32_t channel);
/* An object of what @error carries; null for none. */
void cli_json_error(CliJson *json, const char *key, const GError *error);
/* Ends the document with a newline. */
void cli_json_finish(CliJson *json);

#endif
