/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of the channels of a recorded multifd migration, other than the main
 *                one.
 * Must not know: the pages on them, which are judged as those of the main channel are.
 * See also:      check/facts-multifd.h; stream/channel.c, which finds what ends the reading.
 */
#include "check/rule.h"
#include "stream/defect.h"
#include "stream/merge.h"

/* --- packets of pages ---------------------------------------------------------------- */

static void packet_number(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    uint64_t number = item->multifd_packet.packet_num;
    uint64_t next = mig_multifd_facts_number(&facts->multifd, item->channel);

    if (next && number < next - 1) {
        mig_report_item(check, item,
                        "packet number %" PRIu64 ", and the one before it has %" PRIu64,
                        number, next - 1);
    }
}

static void packets_missing(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    g_autofree char *lack = mig_reader_lacks_packets(mig_check_reader(check));

    (void)facts;
    if (item->defect == MIG_DEFECT_MULTIFD_PACKETS_MISSING) {
        mig_report_item(check, item, "%s", lack);
        mig_report_no_remedy(check, "a packet or a channel was not recorded");
    }
}

static void page_twice(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    uint64_t address;

    if (item->channel &&
        mig_multifd_facts_again(&facts->multifd, &item->pages, &address)) {
        mig_report_item(check, item,
                        "the page at 0x%" PRIx64 " of block %s came before, and the main "
                        "channel did not wait in between: either may be the last",
                        address, item->pages.block->name);
    }
}

/* --- device state ----------------------------------------------------------------------- */

static void device_unknown(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (!item->section && item->piece == 0) {
        mig_report_item(check, item,
                        "device state for a device that the main channel does not have");
        mig_report_loader(check, QEMU(10, 0), MIG_RELEASE_LAST, "Unknown idstr");
    }
}

/* What is wrong with the head of a VFIO device's packet; NULL: nothing. */
static const char *device_packet_fault(const MigMultifdDevice *device)
{
    bool config = device->vfio_flags & MIG_MULTIFD_VFIO_CONFIG;

    return device->data_length < MIG_MULTIFD_VFIO_HEADER_LENGTH ? "it is too short"
           : device->vfio_version != 0                          ? "its version is not 0"
           : device->vfio_index == UINT32_MAX                   ? "it has no index"
           : config && !device->record.flag
               ? "it is to be the configuration, and is no configuration record"
               : NULL;
}

static void device_packet(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    const char *fault;

    (void)facts;
    if (!item->section || !mig_section_is_vfio(item->section) || item->piece) {
        return;
    }
    fault = device_packet_fault(&item->multifd_device);
    if (fault) {
        mig_report_item(check, item, "a packet of device state: %s", fault);
    }
}

typedef struct Order {
    MigCheck *check;
    const MigSection *section;
} Order;

static bool report_order(const MigVfioPacket *at, const char *text, void *user)
{
    const Order *order = user;

    mig_report(order->check, at->packet, order->section, "%s", text);
    mig_report_channel(order->check, at->channel);
    return true;
}

static void device_order(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)item;
    for (guint i = 0; i < facts->vfio->len; i++) {
        const MigVfioFacts *v = &g_array_index(facts->vfio, MigVfioFacts, i);
        Order order = { check, v->device.section };
        size_t n;
        const MigVfioPacket *all =
            mig_vfio_packets_of(facts->multifd.devices, v->device.section, &n);

        mig_vfio_packets_judge(all, n, report_order, &order);
    }
}

/* A device whose state went over channels has none of it here, and the reverse. */
static void device_missing(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)item;
    for (guint i = 0; facts->multifd.seen && i < facts->vfio->len; i++) {
        const MigVfioDevice *device = &g_array_index(facts->vfio, MigVfioFacts, i).device;

        if (device->dialect == MIG_VFIO_DIALECT_MULTIFD && !device->on_channels) {
            mig_report(check, mig_facts_section(facts, device->section)->full,
                       device->section,
                       "the device's configuration and stop-and-copy data are neither "
                       "on the main channel nor on another");
        }
    }
}

static void device_on_main(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)item;
    for (guint i = 0; i < facts->vfio->len; i++) {
        const MigVfioDevice *device = &g_array_index(facts->vfio, MigVfioFacts, i).device;

        if (device->on_channels && device->config != MIG_NOWHERE) {
            mig_report(check, device->config, device->section,
                       "a configuration on the main channel, and packets of the "
                       "device's state on others");
            mig_report_loader(check, QEMU(10, 0), MIG_RELEASE_LAST,
                              "got DEV_CONFIG_STATE in main migration channel but doing "
                              "multifd transfer");
        }
    }
}

#define PACKET MIG_WATCH(MULTIFD_PACKET)
#define DEVICE MIG_WATCH(MULTIFD_DEVICE)

const MigRule mig_rules_multifd[] = {
    { "multifd-packet", "the packets of a multifd channel are as a source writes them",
      MIG_SEVERITY_ERROR, .watches = 0 },
    { "multifd-sync",
      "each channel has a SYNC for each point at which the main channel waits",
      MIG_SEVERITY_ERROR, .watches = 0 },
    { "multifd-compression", "all channels compress pages in the same way",
      MIG_SEVERITY_ERROR, .watches = 0 },
    { "multifd-packet-number", "the numbers of a channel's packets rise",
      MIG_SEVERITY_ERROR, PACKET, .judge = packet_number },
    { "multifd-packets-missing", "all packets are there", MIG_SEVERITY_ERROR,
      MIG_WATCH(EOF), .judge = packets_missing, .after = { "multifd-packet-number" } },
    { "multifd-page-twice", "between two waits a page comes once", MIG_SEVERITY_WARNING,
      MIG_WATCH(RAM_PAGES), .judge = page_twice },
    { "multifd-device-unknown", "device state is of a device that there is",
      MIG_SEVERITY_ERROR, DEVICE, .judge = device_unknown },
    { "multifd-device-packet", "packets of device state are as a source writes them",
      MIG_SEVERITY_ERROR, DEVICE, .judge = device_packet },
    { "multifd-device-order", "the packets of a device are a whole set",
      MIG_SEVERITY_ERROR, MIG_WATCH_END, .judge = device_order,
      .after = { "multifd-device-packet" } },
    { "multifd-device-missing", "the state of each device is there", MIG_SEVERITY_ERROR,
      MIG_WATCH_END, .judge = device_missing },
    { "multifd-device-on-main", "a device's configuration comes on one kind of channel",
      MIG_SEVERITY_ERROR, MIG_WATCH_END, .judge = device_on_main },
    { 0 },
};
