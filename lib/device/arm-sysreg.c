/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see arm-sysreg.h.
 * Must not know: what is in a register.
 * See also:      arm-sysreg-names.c.
 */
#include "device/arm-sysreg.h"

#include <glib.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/arm-sysreg-table.h"

/* KVM's numbers: architecture, size, a group, and what tells registers of it apart. */
#define KVM_ARCH_ARM    UINT64_C(0x4000000000000000)
#define KVM_ARCH_ARM64  UINT64_C(0x6000000000000000)
#define KVM_ARCH        UINT64_C(0xff00000000000000)
#define KVM_SIZE        UINT64_C(0x00f0000000000000)
#define KVM_SIZE_U32    UINT64_C(0x0020000000000000)
#define KVM_SIZE_U64    UINT64_C(0x0030000000000000)
#define KVM_ARM64_DEMUX UINT64_C(0x0000000000110000) /* of several caches */
#define KVM_ARM64_SYS   UINT64_C(0x0000000000130000)
#define KVM_CODE        UINT64_C(0x000000000000ffff)
#define KVM_ARM_COPROC  UINT64_C(0x00000000000f0000)

/* QEMU's mark of the Non-secure instance (target/arm/kvm-consts.h: CP_REG_NS_SHIFT). */
#define QEMU_NON_SECURE (UINT64_C(1) << 29)

#define IS_64 (1u << 24) /* in MIG_ARM_CP() */

/* --- the tables --- */

/* "DBGBVR#_EL1" and 3 to "DBGBVR3_EL1" */
static void number_name(const char *name, unsigned number, MigArmSysregName out)
{
    const char *mark = strchr(name, '#');

    if (mark) {
        snprintf(out, MIG_ARM_SYSREG_NAME_MAX, "%.*s%u%s", (int)(mark - name), name,
                 number, mark + 1);
    } else {
        g_strlcpy(out, name, MIG_ARM_SYSREG_NAME_MAX);
    }
}

static bool find_name(const MigArmSysregRow *rows, size_t n, uint32_t code,
                      MigArmSysregName out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t away = code - rows[i].code;
        uint32_t number = rows[i].step ? away / rows[i].step : 0;

        if (code >= rows[i].code && number < rows[i].count &&
            away == number * rows[i].step) {
            number_name(rows[i].name, number, out);
            return true;
        }
    }
    return false;
}

static bool find_code(const MigArmSysregRow *rows, size_t n, const char *name,
                      uint32_t *code)
{
    MigArmSysregName one;

    for (size_t i = 0; i < n; i++) {
        for (unsigned number = 0; number < rows[i].count; number++) {
            number_name(rows[i].name, number, one);
            if (g_ascii_strcasecmp(one, name) == 0) {
                *code = rows[i].code + number * rows[i].step;
                return true;
            }
        }
    }
    return false;
}

/* --- to a name --- */

static void name_aarch64(uint32_t code, MigArmSysregName name)
{
    if (!find_name(mig_arm_sysregs, mig_arm_sysregs_count, code, name)) {
        snprintf(name, MIG_ARM_SYSREG_NAME_MAX, "S%u_%u_C%u_C%u_%u", code >> 14,
                 code >> 11 & 7, code >> 7 & 15, code >> 3 & 15, code & 7);
    }
}

static void name_aarch32(uint32_t code, bool secure, MigArmSysregName name)
{
    unsigned cp = code >> 16 & 15, opc1 = code >> 3 & 15, crm = code >> 7 & 15;

    if (!find_name(mig_arm_cpregs, mig_arm_cpregs_count, code, name)) {
        if (code & IS_64) {
            snprintf(name, MIG_ARM_SYSREG_NAME_MAX, "p%u_%u_c%u", cp, opc1, crm);
        } else {
            snprintf(name, MIG_ARM_SYSREG_NAME_MAX, "p%u_%u_c%u_c%u_%u", cp, opc1,
                     code >> 11 & 15, crm, code & 7);
        }
    }
    g_strlcat(name, secure ? "_S" : "", MIG_ARM_SYSREG_NAME_MAX);
}

const char *mig_arm_sysreg_name(uint64_t id, MigArmSysregName name)
{
    uint64_t aarch32 = id & ~(QEMU_NON_SECURE | KVM_ARM_COPROC | KVM_CODE);
    bool is_64 = aarch32 == (KVM_ARCH_ARM | KVM_SIZE_U64);
    uint32_t code = (uint32_t)(id & (KVM_ARM_COPROC | KVM_CODE));

    if ((id & ~KVM_CODE) == (KVM_ARCH_ARM64 | KVM_SIZE_U64 | KVM_ARM64_SYS)) {
        name_aarch64((uint32_t)(id & KVM_CODE), name);
    } else if (is_64 || aarch32 == (KVM_ARCH_ARM | KVM_SIZE_U32)) {
        name_aarch32(code | (is_64 ? IS_64 : 0), !(id & QEMU_NON_SECURE), name);
    } else if ((id & ~(KVM_CODE)) == (KVM_ARCH_ARM64 | KVM_SIZE_U32 | KVM_ARM64_DEMUX)) {
        snprintf(name, MIG_ARM_SYSREG_NAME_MAX, "CCSIDR%u", (unsigned)(id & KVM_CODE));
    } else {
        snprintf(name, MIG_ARM_SYSREG_NAME_MAX, "0x%" PRIx64, id);
    }
    return name;
}

bool mig_arm_sysreg_is_aarch32(uint64_t id)
{
    return (id & KVM_ARCH) == KVM_ARCH_ARM;
}

unsigned mig_arm_sysreg_bits(uint64_t id)
{
    return (id & KVM_SIZE) == KVM_SIZE_U32 ? 32 : 64;
}

/* --- to a number --- */

/* @n numbers of @text in its form, where "#" stands for a number; all of it. */
static bool scan(const char *text, const char *form, unsigned *numbers, size_t n)
{
    size_t found = 0;

    for (; *form; form++) {
        char *end;

        if (*form != '#') {
            if (g_ascii_toupper(*form) != g_ascii_toupper(*text++)) {
                return false;
            }
            continue;
        }
        if (!g_ascii_isdigit(*text) || found == n) {
            return false;
        }
        numbers[found++] = (unsigned)MIN(strtoul(text, &end, 10), 0xffffu);
        text = end;
    }
    return *text == '\0' && found == n;
}

static bool code_aarch64(const char *name, uint32_t *code)
{
    unsigned n[5] = { 0 };

    if (!scan(name, "S#_#_C#_C#_#", n, 5)) {
        return find_code(mig_arm_sysregs, mig_arm_sysregs_count, name, code);
    }
    *code = MIG_ARM_SYS(n[0], n[1], n[2], n[3], n[4]);
    return n[0] < 4 && n[1] < 8 && n[2] < 16 && n[3] < 16 && n[4] < 8;
}

static bool code_aarch32(const char *name, uint32_t *code)
{
    unsigned n[5] = { 0 };

    if (scan(name, "p#_#_c#", n, 3)) {
        *code = MIG_ARM_CP(n[0], 1, n[1], 0, n[2], 0);
        return n[0] < 16 && n[1] < 16 && n[2] < 16;
    }
    if (scan(name, "p#_#_c#_c#_#", n, 5)) {
        *code = MIG_ARM_CP(n[0], 0, n[1], n[2], n[3], n[4]);
        return n[0] < 16 && n[1] < 8 && n[2] < 16 && n[3] < 16 && n[4] < 8;
    }
    return find_code(mig_arm_cpregs, mig_arm_cpregs_count, name, code);
}

static bool id_aarch32(const char *name, uint64_t *id)
{
    size_t length = strlen(name);
    bool secure = length > 2 && g_ascii_strcasecmp(name + length - 2, "_S") == 0;
    g_autofree char *plain = g_strndup(name, length - (secure ? 2 : 0));
    uint32_t code = 0;

    if (!code_aarch32(plain, &code)) {
        return false;
    }
    *id = KVM_ARCH_ARM | (code & IS_64 ? KVM_SIZE_U64 : KVM_SIZE_U32) |
          (secure ? 0 : QEMU_NON_SECURE) | (code & ~IS_64);
    return true;
}

static bool id_number(const char *name, uint64_t *id)
{
    char *end;

    if (g_ascii_strncasecmp(name, "0x", 2) != 0 || !g_ascii_isxdigit(name[2])) {
        return false;
    }
    errno = 0;
    *id = g_ascii_strtoull(name, &end, 16);
    return *end == '\0' && errno == 0;
}

bool mig_arm_sysreg_id(const char *name, uint64_t *id)
{
    unsigned cache;
    uint32_t code = 0;

    if (code_aarch64(name, &code)) {
        *id = KVM_ARCH_ARM64 | KVM_SIZE_U64 | KVM_ARM64_SYS | code;
        return true;
    }
    if (scan(name, "CCSIDR#", &cache, 1)) {
        *id = KVM_ARCH_ARM64 | KVM_SIZE_U32 | KVM_ARM64_DEMUX | cache;
        return true;
    }
    return id_aarch32(name, id) || id_number(name, id);
}
