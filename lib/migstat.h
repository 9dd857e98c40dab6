/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the list of public headers; a client includes this file and no other.
 * Must not know: anything of its own, each declaration lives in its layer.
 * Neighbours: make install copies exactly the headers that are reached from here.
 */
#ifndef MIGSTAT_H
#define MIGSTAT_H

#include "io/visibility.h"

#endif
