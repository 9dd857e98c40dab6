/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the list of public headers; a client includes this file and no other.
 * Must not know: anything of its own, each declaration lives in its layer.
 * See also:      make install copies exactly the headers that are reached from here.
 */
#ifndef MIGSTAT_H
#define MIGSTAT_H

#include "check/check.h"
#include "device/arm-sysreg.h"
#include "device/decode.h"
#include "device/extract.h"
#include "device/field.h"
#include "device/overview.h"
#include "device/pci.h"
#include "device/ram-image.h"
#include "device/registers.h"
#include "device/virtio.h"
#include "diff/diff.h"
#include "explain/explain.h"
#include "filter/chain.h"
#include "io/error.h"
#include "io/input.h"
#include "io/journal.h"
#include "io/number.h"
#include "io/output-target.h"
#include "io/output.h"
#include "io/place.h"
#include "io/temporary.h"
#include "io/version.h"
#include "io/visibility.h"
#include "live/endpoint.h"
#include "live/receive.h"
#include "live/return-path.h"
#include "memory/map.h"
#include "memory/pages.h"
#include "shape/needs.h"
#include "shape/shape.h"
#include "stream/address.h"
#include "stream/capture.h"
#include "stream/command.h"
#include "stream/description.h"
#include "stream/irq-controller.h"
#include "stream/glob.h"
#include "stream/item.h"
#include "stream/nearest.h"
#include "stream/outer.h"
#include "stream/page.h"
#include "stream/reader.h"
#include "stream/release.h"
#include "stream/summary.h"
#include "stream/vfio-dialect.h"
#include "stream/vfio-need.h"
#include "stream/vfio.h"
#include "stream/wire.h"

#endif
