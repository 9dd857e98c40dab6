/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the record of the tables of names: what is called what, as a list that can be read
 * beside the specification.  A row that goes, or a number that changes, is seen there.
 * Must not know: how names are used; test-device.c, test-arm-sysreg.c.
 * Neighbours: fixtures/devices, the files whose names end in .names.
 */
#include "support.h"

#include <inttypes.h>
#include <string.h>

#include "device/arm-sysreg.h"
#include "device/pci-registers.h"
#include "device/virtio-parts.h"
#include "device/virtio.h"

#define LICENCE "# SPDX-License-Identifier: LGPL-2.1-or-later\n"

static void append_registers(GString *text, const Reg *reg)
{
    for (; reg && reg->name; reg++) {
        g_string_append_printf(text, "    +0x%02x %u %s\n", reg->at, reg->width,
                               reg->name);
        for (const Bits *bits = reg->bits; bits && bits->width; bits++) {
            g_string_append_printf(text, "        %2u %2u %s\n", bits->at, bits->width,
                                   bits->name);
        }
    }
}

static void append_capabilities(GString *text, const char *what, const Capability *all)
{
    for (; all->name; all++) {
        g_string_append_printf(text, "%s 0x%02x %s\n", what, all->id, all->name);
        append_registers(text, all->regs);
    }
}

/* Register: offset, bytes, name; its bits: the first, how many, name and values. */
START_TEST(names_of_pci)
{
    static const struct {
        const char *name;
        const Reg *regs;
    } tables[] = {
        { "header, common", mig_pci_common_header },
        { "header, type 0", mig_pci_header_0 },
        { "header, type 1", mig_pci_header_1 },
        { "MSI-X", mig_pci_msix_regs },
        { "MSI, 32 bits", mig_pci_msi_32 },
        { "MSI, 32 bits, masks", mig_pci_msi_32_mask },
        { "MSI, 64 bits", mig_pci_msi_64 },
        { "MSI, 64 bits, masks", mig_pci_msi_64_mask },
        { "virtio", mig_pci_virtio_regs },
        { "Express, slot", mig_pci_express_slot_regs },
        { "Express, root", mig_pci_express_root_regs },
        { "Express, version 2", mig_pci_express_2_regs },
        { "Advanced Error Reporting, root", mig_pci_aer_root_regs },
        { "Resizable BAR", mig_pci_rebar_regs },
    };
    g_autoptr(GString) text = g_string_new(LICENCE);

    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_string_append_printf(text, "%s\n", tables[i].name);
        append_registers(text, tables[i].regs);
    }
    append_capabilities(text, "capability", mig_pci_capabilities);
    append_capabilities(text, "extended", mig_pci_extended_capabilities);
    assert_golden("devices/pci.names", text->str);
}
END_TEST

/* Type and name; features: bit and name; configuration: offset, bytes, name. */
START_TEST(names_of_virtio)
{
    g_autoptr(GString) text = g_string_new(LICENCE);

    for (uint16_t type = 0; type < 64; type++) {
        const char *name = mig_virtio_type_name(type);
        bool little;
        const MigPart *part = mig_virtio_config_parts(type, &little);

        if (name) {
            g_string_append_printf(text, "%u %s%s\n", type, name,
                                   little ? ", little-endian" : "");
        }
        for (unsigned bit = 0; bit < 128 && (name || !type); bit++) {
            const char *feature = mig_virtio_feature_name(type, bit);

            if (feature && (!type || bit < 24 || bit > 41)) {
                g_string_append_printf(text, "    feature %u %s\n", bit, feature);
            }
        }
        for (unsigned at = 0; part && part->form; at += mig_part_width(part++)) {
            g_string_append_printf(text, "    +%u %u%s %s\n", at, mig_part_width(part),
                                   MIG_PART_IS_BYTES(part->form) ? " bytes" : "",
                                   part->name);
        }
    }
    for (unsigned device = 0x1000; device < 0x1080; device++) {
        uint16_t type = mig_virtio_type_of_pci((uint16_t)device);

        if (type) {
            g_string_append_printf(text, "PCI 1af4:%04x %u\n", device, type);
        }
    }
    assert_golden("devices/virtio.names", text->str);
}
END_TEST

/* What KVM calls a register, and what the manual does. */
START_TEST(names_of_arm)
{
    static const struct {
        uint64_t base;
        const char *made; /* names of registers that the table does not have begin so */
    } sorts[] = {
        { UINT64_C(0x6030000000130000), "S" },
        { UINT64_C(0x40200000200e0000), "p14_" },
        { UINT64_C(0x40200000200f0000), "p15_" },
        { UINT64_C(0x40200000000f0000), "p15_" },
        { UINT64_C(0x40300000200f0000), "p15_" },
    };
    g_autoptr(GString) text = g_string_new(LICENCE);

    for (size_t i = 0; i < G_N_ELEMENTS(sorts); i++) {
        for (uint64_t code = 0; code < 0x10000; code++) {
            MigArmSysregName name;
            const char *found = mig_arm_sysreg_name(sorts[i].base | code, name);
            bool made = g_str_has_prefix(found, sorts[i].made) &&
                        g_ascii_isdigit(found[strlen(sorts[i].made)]);

            if (!made && !g_str_has_prefix(found, "0x")) {
                g_string_append_printf(text, "0x%016" PRIx64 " %u %s\n",
                                       sorts[i].base | code,
                                       mig_arm_sysreg_bits(sorts[i].base | code), found);
            }
        }
    }
    assert_golden("devices/arm.names", text->str);
}
END_TEST

Suite *suite_names(void)
{
    Suite *suite = suite_create("names");
    TCase *tc = tcase_create("names");

    tcase_add_test(tc, names_of_pci);
    tcase_add_test(tc, names_of_virtio);
    tcase_add_test(tc, names_of_arm);
    suite_add_tcase(suite, tc);
    return suite;
}
