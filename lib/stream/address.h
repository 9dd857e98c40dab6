/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what DEVICE[@INSTANCE][:FIELD] means, wherever a user may say which
 *                sections, devices or fields are meant; and which of several addresses
 *                meant nothing.
 * Must not know: where devices and fields are.
 * See also:      stream/glob.h; stream/nearest.h.
 *
 *   virtio-net           each section of that name, whatever its instance
 *   dma@1                its instance 1; dma@0 is the first one
 *   cpu:env.eip          a field of a device, by its path
 *   *:*.cmd              * and ? stand for any bytes and one byte of the whole
 *   \x2a                 a section whose name is a star
 * A name or path with other bytes than printable ASCII may also be written as it is shown,
 * with \xNN, and \\ for a backslash; so may wildcards that mean themselves.  What can be read
 * as such an escape is one.  A name that itself ends in @ and a number is meant with its
 * instance only, dma@1@0, or with its @ as an escape, dma\x401.  migstat-address(7) has all of it.
 */
#ifndef MIG_STREAM_ADDRESS_H
#define MIG_STREAM_ADDRESS_H

#include "stream/reader.h"

G_BEGIN_DECLS

/* Whether @address means the section or device @name, with that instance, as a whole. */
MIG_API bool mig_address_is_section(const char *address, const char *name,
                                    uint32_t instance_id);

/* Whether it means the field at @path of it.  One that means the whole does not. */
MIG_API bool mig_address_is_field(const char *address, const char *name,
                                  uint32_t instance_id, const char *path);

/* Whether it may mean a field of that device: what stands before one of its ':' means it. */
MIG_API bool mig_address_is_in(const char *address, const char *name,
                               uint32_t instance_id);

/* "dma@1", or "apic" for instance 0: the address of a section.  The caller frees it. */
MIG_API char *mig_address_of_section(const char *name, uint32_t instance_id);

/* Several addresses.  Each knows whether it has meant anything that it was tried on. */
typedef struct MigAddresses MigAddresses;

/* None yet. */
MIG_API MigAddresses *mig_addresses_new(void);
MIG_API void mig_addresses_free(MigAddresses *addresses);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigAddresses, mig_addresses_free)

/* @address is copied. */
MIG_API void mig_addresses_add(MigAddresses *addresses, const char *address);
MIG_API bool mig_addresses_is_empty(const MigAddresses *addresses);

/* As mig_address_is_section() and mig_address_is_field(), of any of them. */
MIG_API bool mig_addresses_section(MigAddresses *addresses, const char *name,
                                   uint32_t instance_id);
MIG_API bool mig_addresses_field(MigAddresses *addresses, const char *name,
                                 uint32_t instance_id, const char *path);

/* Whether any may mean something of a section of that name: quick, for what is dear to look
 * into; true of some that mean nothing of it. */
MIG_API bool mig_addresses_may_mean(const MigAddresses *addresses, const char *name);

/* Whether one that has meant nothing yet may mean a field of that device. */
MIG_API bool mig_addresses_seek_field(const MigAddresses *addresses, const char *name,
                                      uint32_t instance_id);

/* Whether any may mean a field of that device. */
MIG_API bool mig_addresses_in(const MigAddresses *addresses, const char *name,
                              uint32_t instance_id);

/* Forgets what they meant: another stream begins. */
MIG_API void mig_addresses_forget(MigAddresses *addresses);

/* What addresses may mean. */
typedef enum MigAddressKind {
    MIG_ADDRESS_SECTION,
    MIG_ADDRESS_DEVICE, /* a section, or a field of it */
    MIG_ADDRESS_VFIO,   /* a section of a VFIO device */
    MIG_ADDRESS_BLOCK,  /* of RAM */
} MigAddressKind;

/*
 * The first address from the *i-th on that meant nothing, as a sentence that says what
 * @reader's stream has that is near: "the stream has no section "tiemr"; did you mean timer?".
 * NULL if there is none.  *i becomes the number of the next; begin with 0.  @option is what
 * stands before an address ("--devices=", "name="), or NULL.  Names are as the stream has them, not
 * escaped.  The caller frees it.
 */
MIG_API char *mig_addresses_complaint(const MigAddresses *addresses, size_t *i,
                                      MigAddressKind kind, const char *option,
                                      const MigReader *reader);

G_END_DECLS

#endif
