/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a format has to show of migstat dump --registers.
 * Must not know: any one format.
 * See also:      dump-registers.c, which calls it; dump-registers-text.c,
 *                dump-registers-json.c.
 */
#ifndef CLI_DUMP_REGISTERS_H
#define CLI_DUMP_REGISTERS_H

#include "dump.h"

/* A CPU with a register that was asked for. */
typedef struct DumpCpu {
    const MigSection *section;
    const char *architecture;
    const MigRegister *registers;
    size_t n;
    bool first; /* of the stream */
    bool some;  /* not all of its registers were asked for */
    bool (*is_wanted)(void *user, const char *name);
    void *user;
} DumpCpu;

struct DumpRegistersView {
    void *(*begin)(const Dump *dump); /* returns what the other calls get as @view */
    void (*cpu)(void *view, const DumpCpu *cpu);
    void (*end)(void *view, const Dump *dump); /* frees @view */
};

/* "0x" and a digit for each four bits.  The caller frees. */
char *dump_register_hex(const MigRegister *one);

#endif
