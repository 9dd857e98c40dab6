/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          how a field's value looks, as text and as JSON.
 * Must not know: trees of fields.
 * See also:      dump-devices.c, cmd-diff.c.
 */
#ifndef CLI_FIELDS_H
#define CLI_FIELDS_H

#include "cli.h"
#include "json.h"

/* Bytes of a buffer that are shown where not all are asked for. */
#define CLI_FIELD_BYTES 32u

/* The value of a leaf on one line, its note not included.  The caller frees. */
char *cli_field_value(const MigField *field);

/* @length bytes as hexadecimal, "00 1f", at most @limit of them and then how many more. */
char *cli_field_hex(const uint8_t *bytes, uint64_t length, uint64_t limit);

/* The same as a JSON value: integers as integers, buffers as a string of hexadecimal, all of
 * it or the first CLI_FIELD_BYTES. */
void cli_field_json(CliJson *json, const char *key, const MigField *field, bool all);

#endif
