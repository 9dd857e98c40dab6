/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what stays of a device's bytes when its values are blanked, and of the text
 *                that describes it.
 * Must not know: items, chains.  Private to filter/.
 * See also:      filter/redact.c; filter/redact-device.c; filter/redact-description.c;
 *                device/decode.h.
 */
#ifndef MIG_FILTER_REDACT_H
#define MIG_FILTER_REDACT_H

#include "device/decode.h"

/* What was kept of one device. */
typedef struct MigRedacted {
    uint64_t fields; /* leaves that there are */
    uint64_t kept;   /* of them, those that tell what follows, and configuration space */
    GString *names;  /* of the former, with ", " between; owned by who gave it */
    bool is_whole;   /* its structure can still be read; else all of it is zero */
} MigRedacted;

/*
 * @bytes, device->length of them, become what stays of the state of @device, whose bytes are
 * others: zeros, but for marks and versions of subsections, numbers by which the decoder finds
 * what follows, and of PCI configuration space the header and what makes the chain of
 * capabilities.  With @budget as in MigDecoder.
 */
void mig_redact_device(const MigDeviceState *device, MigBudget *budget, uint8_t *bytes,
                       MigRedacted *redacted);

/* The same of a VFIO configuration payload of @length bytes. */
void mig_redact_vfio(const uint8_t *payload, size_t length, MigBudget *budget,
                     uint8_t *bytes);

/* Puts the state of the guest back into the body of globalstate, if it is one of those that QEMU
 * has a name for (qapi/run-state.json); migration/global_state.c has the layout. */
void mig_redact_run_state(const uint8_t *from, size_t length, uint8_t *bytes);

/* What stays of a description. */
typedef struct MigRedactedText {
    GString *text;     /* no longer than before; the caller frees it */
    uint64_t n_others; /* members that were left out, and values that were blanked */
    size_t n_json;     /* bytes of the text that were JSON */
    bool is_whole;     /* all of it was; if not, a '?' ends the text where it has room */
} MigRedactedText;

/* Of the JSON of a description, @length bytes at @text: the members that QEMU writes, as they are.
 * Where it is no JSON it ends, and what follows it does not stay. */
void mig_redact_description(const char *text, size_t length, MigRedactedText *redacted);

#endif
