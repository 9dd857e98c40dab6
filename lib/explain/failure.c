/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see failure.h.
 * Must not know: any one message.
 * See also:      explain/explain.c.
 */
#include "explain/failure.h"

#include <stdio.h>
#include <string.h>

#define WARNING "warning: "

/* From which release on a failure is one line, and up to which it is several.
 * Source: migration/migration.c, process_incoming_migration_co; 10.1, 10.2. */
#define ONE_LINE      QEMU(10, 2)
#define SEVERAL_LINES QEMU(10, 1)

void mig_failure_clear(MigFailure *failure)
{
    g_free(failure->line_text);
    g_free(failure->section);
    g_free(failure->field);
    g_free(failure->why);
    *failure = (MigFailure){ 0 };
}

MigMessageForm mig_failure_form(const MigFailureLine *line, const MigMessageMatch *match)
{
    size_t n = strlen(WARNING);

    return match->start >= n && memcmp(line->text + match->start - n, WARNING, n) == 0
               ? MIG_MESSAGE_NOISE
               : match->message->form;
}

static void narrow(MigFailure *failure, MigRelease first, MigRelease last)
{
    failure->first = MAX(failure->first, first);
    if (last && (!failure->last || last < failure->last)) {
        failure->last = last;
    }
}

/* What the message's text and its place in the line say of the release. */
static void narrow_by(MigFailure *failure, const MigFailureLine *line,
                      const MigMessageMatch *match)
{
    narrow(failure, match->text->first, match->text->last);
    if (match->message->form == MIG_MESSAGE_LINK && (line->before || line->after)) {
        narrow(failure, ONE_LINE, 0);
    } else if (match->message->form == MIG_MESSAGE_LINK &&
               mig_message_hole(match, "section") && match->end == line->length) {
        narrow(failure, 0, SEVERAL_LINES);
    }
}

void mig_failure_start(MigFailure *failure, const char *line, size_t length)
{
    static const char version[] = "qemu version: ";
    const char *found = g_strstr_len(line, (gssize)length, version);
    unsigned major, minor;

    failure->fresh = true;
    if (found && sscanf(found + strlen(version), "%3u.%3u", &major, &minor) == 2 &&
        QEMU(major, minor) >= MIG_RELEASE_FIRST &&
        QEMU(major, minor) <= MIG_RELEASE_LAST) {
        narrow(failure, QEMU(major, minor), QEMU(major, minor));
    }
}

/* Of up to 10.1 the innermost field is in the first line, of 10.2 and later at the end of one. */
static void note_field(MigFailure *failure, const MigFailureLine *line,
                       const MigMessageMatch *match)
{
    const MigMessageHole *field = mig_message_hole(match, "field");

    if (field && match->message->form == MIG_MESSAGE_LINK &&
        (!failure->field || line->after)) {
        g_free(failure->field);
        failure->field = g_strndup(field->text, field->length);
    }
}

static void note_place(MigFailure *failure, const MigMessageMatch *match)
{
    const MigMessageHole *section = mig_message_hole(match, "section");
    const MigMessageHole *instance = mig_message_hole(match, "instance");

    if (!section) {
        return;
    }
    g_free(failure->section);
    failure->section = g_strndup(section->text, section->length);
    failure->instance_id = instance ? (uint32_t)instance->value : 0;
}

static void note_why(MigFailure *failure, const MigMessageMatch *match)
{
    const MigMessageHole *why = mig_message_hole(match, "why");

    if (why && match->message->form == MIG_MESSAGE_END) {
        g_free(failure->why);
        failure->why = g_strndup(why->text, why->length);
    }
}

/* The last one, or of links the one that names the section. */
static bool says_more(const MigFailure *failure, MigMessageForm form,
                      const MigMessageMatch *match)
{
    if (!failure->best.message || form > failure->form) {
        return true;
    }
    return form == failure->form &&
           (form != MIG_MESSAGE_LINK || mig_message_hole(match, "section") ||
            !mig_message_hole(&failure->best, "section"));
}

static void take(MigFailure *failure, const MigFailureLine *line,
                 const MigMessageMatch *match, MigMessageForm form)
{
    g_free(failure->line_text);
    failure->line_text = g_strndup(line->text, line->length);
    failure->best = *match;
    failure->form = form;
    failure->line = line->number;
    for (unsigned i = 0; i < match->n_holes; i++) {
        if (match->holes[i].text) {
            failure->best.holes[i].text =
                failure->line_text + (match->holes[i].text - line->text);
        }
    }
}

void mig_failure_add(MigFailure *failure, const MigFailureLine *line,
                     const MigMessageMatch *match)
{
    MigMessageForm form = mig_failure_form(line, match);

    failure->ended |= form == MIG_MESSAGE_END;
    if (form != MIG_MESSAGE_NOISE) {
        narrow_by(failure, line, match);
        note_place(failure, match);
        note_field(failure, line, match);
        note_why(failure, match);
    }
    if (says_more(failure, form, match)) {
        take(failure, line, match, form);
    }
}

bool mig_failure_echoes(const MigFailure *failure, const MigFailure *before)
{
    return failure->best.message && before->best.message && !failure->fresh &&
           failure->form < MIG_MESSAGE_SYMPTOM && failure->form < before->form &&
           (!failure->section || g_strcmp0(failure->section, before->section) == 0);
}

static void add_hole(MigFailure *failure, const char *name, const char *text, bool number,
                     uint64_t value)
{
    MigMessageMatch *best = &failure->best;

    if (!mig_message_hole(best, name) && best->n_holes < MIG_MESSAGE_HOLES) {
        best->holes[best->n_holes++] =
            (MigMessageHole){ name, strlen(name), text, strlen(text), number, value };
    }
}

void mig_failure_repaired(MigFailure *failure)
{
    add_hole(failure, "repair", "repair", false, 0);
}

void mig_failure_complete(MigFailure *failure, const char *file)
{
    if (failure->section) {
        g_snprintf(failure->instance_text, sizeof(failure->instance_text),
                   "%" G_GUINT32_FORMAT, failure->instance_id);
        add_hole(failure, "section", failure->section, false, 0);
        add_hole(failure, "instance", failure->instance_text, true, failure->instance_id);
    }
    if (failure->field) {
        add_hole(failure, "field", failure->field, false, 0);
    }
    if (file) {
        add_hole(failure, "file", file, false, 0);
    }
    if (failure->why) {
        add_hole(failure, "why", failure->why, false, 0);
    }
}

char *mig_failure_text(const MigFailure *failure)
{
    return g_strndup(failure->line_text + failure->best.start,
                     failure->best.end - failure->best.start);
}

char *mig_failure_releases(const MigFailure *failure)
{
    MigReleaseSet set =
        mig_releases_between(failure->first ? failure->first : MIG_RELEASE_FIRST,
                             failure->last ? failure->last : MIG_RELEASE_LAST);

    if (failure->last && failure->last < MIG_RELEASE_FIRST) {
        return g_strdup_printf("before %u.%u", mig_release_major(MIG_RELEASE_FIRST),
                               mig_release_minor(MIG_RELEASE_FIRST));
    }
    return set && set != mig_releases_all() ? mig_releases_text(set) : NULL;
}
