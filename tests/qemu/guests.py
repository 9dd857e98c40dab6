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
