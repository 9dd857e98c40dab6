# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Owns: guests in one line each, for tables of them, and devices that many of them have.
Must not know: what is proved with them.
See also: qemulab.py, what a Guest is; against and needs, whose tables these are for.
"""

from qemulab import Guest

DRIVE = ('-drive', 'if=none,id=d,file=null-co://,format=raw')
PORT = 'pcie-root-port,id=p,slot=1,chassis=1,addr=7'


def q35(*devices, options=(), **more):
    return Guest(devices=list(devices), options=list(options), **more)


def pc(*devices, **more):
    return q35(*devices, machine='pc-i440fx-%d.%d', **more)


def arm(*devices, **more):
    return q35(*devices, arch='aarch64', memory='64M', **more)


def disk(name, *words):
    return ('-drive', ','.join(('if=none,id=' + name, 'file=null-co://', 'format=raw') + words))


AUDIO = ('-audiodev', 'none,id=a')

# As libvirt places them: each device on a port of its own.
ON_PORTS = tuple(word for i, device in enumerate((
    'virtio-net-pci', 'virtio-blk-pci,drive=d0', 'virtio-scsi-pci,id=vs', 'virtio-balloon-pci',
    'virtio-rng-pci', 'virtio-serial-pci', 'virtio-keyboard-pci', 'virtio-gpu-pci'))
    for word in ('pcie-root-port,id=p%d,chassis=%d,slot=%d,addr=%d' % (i, i, i, i + 8),
                 '%s,bus=p%d' % (device, i))) + ('scsi-hd,drive=d1,bus=vs.0',)

# Guests of many devices of one kind, which a release that has them all saves and loads itself.
SETS = {
    'nothing added': q35(),
    'storage': q35(
        'virtio-blk-pci,drive=d0,addr=3', 'virtio-scsi-pci,id=vs,addr=4',
        'scsi-hd,drive=d1,bus=vs.0', 'megasas,id=ms,addr=5', 'scsi-hd,drive=d2,bus=ms.0',
        'lsi53c895a,addr=6', 'am53c974,addr=7', 'pvscsi,addr=8', 'ahci,addr=9', 'isa-ide',
        'piix3-ide,addr=10', 'sdhci-pci,addr=11', 'sd-card,drive=d3', 'qemu-xhci,id=x,addr=12',
        'usb-storage,drive=d4,bus=x.0',
        options=disk('d0') + disk('d1') + disk('d2') + disk('d3', 'file.size=1M') + disk('d4')),
    'network': q35(
        'e1000,addr=3', 'e1000-82544gc,addr=4', 'e1000e,addr=5', 'rtl8139,addr=6', 'pcnet,addr=7',
        'vmxnet3,addr=8', 'i82559er,addr=9', 'i82551,addr=10', 'tulip,addr=11',
        'virtio-net-pci,addr=12,mq=on,packed=on'),
    'USB and audio': q35(
        'qemu-xhci,id=x,addr=3', 'nec-usb-xhci,addr=4',
        'ich9-usb-ehci1,id=e,addr=5.7,multifunction=on',
        'ich9-usb-uhci1,masterbus=e.0,firstport=0,addr=5.0,multifunction=on',
        'ich9-usb-uhci2,masterbus=e.0,firstport=2,addr=5.1',
        'ich9-usb-uhci3,masterbus=e.0,firstport=4,addr=5.2', 'pci-ohci,addr=6',
        'piix3-usb-uhci,addr=7', 'usb-hub,bus=x.0', 'usb-ccid,bus=x.0', 'usb-tablet,bus=x.0',
        'usb-kbd,bus=x.0', 'usb-mouse,bus=x.0', 'intel-hda,id=h,addr=8',
        'hda-duplex,bus=h.0,audiodev=a', 'ich9-intel-hda,id=i,addr=9', 'hda-micro,bus=i.0,audiodev=a',
        'AC97,addr=10,audiodev=a', 'ES1370,addr=11,audiodev=a', 'sb16,audiodev=a', 'gus,audiodev=a',
        'adlib,audiodev=a', 'cs4231a,audiodev=a', options=AUDIO),
    'virtio': q35(
        'virtio-balloon-pci,addr=3', 'virtio-rng-pci,addr=4', 'virtio-serial-pci,id=s,addr=5',
        'virtconsole,bus=s.0', 'virtserialport,bus=s.0', 'virtio-gpu-pci,max_outputs=2,addr=6',
        'virtio-keyboard-pci,addr=7', 'virtio-mouse-pci,addr=8', 'virtio-tablet-pci,addr=9'),
    'misc': q35(
        'pvpanic', 'vmgenid', 'ipmi-bmc-sim,id=b', 'isa-ipmi-kcs,bmc=b', 'vmcoreinfo',
        'i6300esb,addr=3', 'ib700', 'edu,addr=4', 'pci-serial,addr=5', 'pci-serial-4x,addr=6',
        'tpci200,addr=7', 'kvaser_pci,addr=8,canbus=c', options=('-object', 'can-bus,id=c')),
    'displays': q35('VGA,addr=3', 'secondary-vga,addr=4', 'cirrus-vga,addr=5', 'bochs-display,addr=6'),
    'displays of one name': q35('VGA,addr=3', 'vmware-svga,addr=4'),
    'virtio on ports': q35(*ON_PORTS, options=disk('d0') + disk('d1')),
    'virtio on ports, Arm': arm(*ON_PORTS, options=disk('d0') + disk('d1') + (
        '-cpu', 'cortex-a57', '-machine', 'gic-version=3')),
    'trees': q35(
        'pcie-root-port,id=p1,chassis=1,addr=3', 'ioh3420,id=p2,chassis=2,addr=4',
        'x3130-upstream,id=u,bus=p1', 'xio3130-downstream,id=d,bus=u,chassis=3',
        'virtio-rng-pci,bus=d', 'pcie-pci-bridge,id=b1,bus=p2',
        'pci-bridge,id=b2,bus=b1,chassis_nr=4,addr=1', 'e1000,bus=b2,addr=2',
        'i82801b11-bridge,id=b3,addr=5', 'pci-bridge,id=b4,bus=b3,chassis_nr=5,addr=1',
        'pxb-pcie,id=b5,bus_nr=64,addr=6'),
}
