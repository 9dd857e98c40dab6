/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      PCI configuration space, INTx state and the MSI-X table to fields.
 * Knows not: whose they are: an emulated device's, or a VFIO device's.
 * Beside it: device/pci-names.c; lspci(8), whose words the notes use.
 *
 * Configuration space is little-endian: header of type 0 or 1, capabilities chained from
 * 0x34 in the first 256 octets, extended ones from 0x100.  A register is a row of a table.
 * Whatever no register covers and is not zero is shown as bytes.
 * Source of numbers: PCI Local Bus Specification 3.0; PCI Express Base Specification 5.0;
 * PCI-to-PCI Bridge Architecture Specification 1.2; Linux, include/uapi/linux/pci_regs.h.
 */
#include <string.h>

#include "device/special.h"
#include "stream/wire.h"

#define SPACE                     256u
#define EXTENDED_SPACE            4096u
#define CAPABILITIES_MAX          48
#define EXTENDED_CAPABILITIES_MAX 480
#define MSIX_ENTRY                16u
#define PCI_VENDOR_VIRTIO         0x1af4

enum { PCI_STATUS = 0x06, PCI_HEADER_TYPE = 0x0e, PCI_CAPABILITY_LIST = 0x34 };
enum { CAP_VENDOR = 0x09, CAP_MSI = 0x05, CAP_EXPRESS = 0x10, CAP_MSIX = 0x11 };
enum { EXPRESS_ROOT_PORT = 4, EXPRESS_EVENT_COLLECTOR = 10 };
enum { EXT_AER = 0x01, EXT_VENDOR = 0x0b, EXT_SRIOV = 0x10 };
enum { EXT_REBAR = 0x15, EXT_VF_REBAR = 0x24 };

/* Bits of a register; one bit shows as "Name+" or "Name-", more as "Name=value", the value as
 * one of those behind "=" if it is among them: "DEVSEL=fast|medium|slow". */
typedef struct Bits {
    uint8_t at, width;
    const char *name;
} Bits;

/* Offset and octets of a register; a row without a name closes a table. */
typedef struct Reg {
    uint16_t at;
    uint8_t width;
    const char *name;
    const Bits *bits;
} Reg;

#define BITS(...)    \
    (const Bits[])   \
    {                \
        __VA_ARGS__, \
        {            \
            0        \
        }            \
    }

static const Bits command_bits[] = {
    { 0, 1, "I/O" },       { 1, 1, "Mem" },      { 2, 1, "BusMaster" },
    { 3, 1, "SpecCycle" }, { 4, 1, "MemWINV" },  { 5, 1, "VGASnoop" },
    { 6, 1, "ParErr" },    { 7, 1, "Stepping" }, { 8, 1, "SERR" },
    { 9, 1, "FastB2B" },   { 10, 1, "DisINTx" }, { 0 },
};

#define DEVSEL "DEVSEL=fast|medium|slow"
static const Bits status_bits[] = {
    { 4, 1, "Cap" },
    { 5, 1, "66MHz" },
    { 6, 1, "UDF" },
    { 7, 1, "FastB2B" },
    { 8, 1, "ParErr" },
    { 9, 2, DEVSEL },
    { 11, 1, ">TAbort" },
    { 12, 1, "<TAbort" },
    { 13, 1, "<MAbort" },
    { 14, 1, ">SERR" },
    { 15, 1, "<PERR" },
    { 3, 1, "INTx" },
    { 0 },
};
/* The same of a bridge's other side, where bit 14 is an error received. */
static const Bits secondary_status_bits[] = {
    { 5, 1, "66MHz" },    { 7, 1, "FastB2B" },
    { 8, 1, "ParErr" },   { 9, 2, DEVSEL },
    { 11, 1, ">TAbort" }, { 12, 1, "<TAbort" },
    { 13, 1, "<MAbort" }, { 14, 1, "<SERR" },
    { 15, 1, "<PERR" },   { 0 },
};
static const Bits header_type_bits[] = { { 0, 7, "Type" },
                                         { 7, 1, "MultiFunction" },
                                         { 0 } };
static const Bits bist_bits[] = {
    { 7, 1, "Capable" }, { 6, 1, "Start" }, { 0, 4, "Completion" }, { 0 }
};
static const Bits rom_bits[] = { { 0, 1, "Enabled" }, { 0 } };
static const Bits bridge_bits[] = {
    { 0, 1, "Parity" },
    { 1, 1, "SERR" },
    { 2, 1, "NoISA" },
    { 3, 1, "VGA" },
    { 4, 1, "VGA16" },
    { 5, 1, "MAbort" },
    { 6, 1, ">Reset" },
    { 7, 1, "FastB2B" },
    { 8, 1, "PriDiscTmr" },
    { 9, 1, "SecDiscTmr" },
    { 10, 1, "DiscTmrStat" },
    { 11, 1, "DiscTmrSERREn" },
    { 0 },
};

static const Reg common_header[] = {
    { 0x00, 2, "vendor_id", NULL },       { 0x02, 2, "device_id", NULL },
    { 0x04, 2, "command", command_bits }, { 0x06, 2, "status", status_bits },
    { 0x08, 1, "revision_id", NULL },     { 0x09, 1, "prog_if", NULL },
    { 0x0a, 2, "class", NULL },           { 0x0c, 1, "cache_line_size", NULL },
    { 0x0d, 1, "latency_timer", NULL },   { 0x0e, 1, "header_type", header_type_bits },
    { 0x0f, 1, "bist", bist_bits },       { 0 },
};
static const Reg header_0[] = {
    { 0x28, 4, "cardbus_cis", NULL },
    { 0x2c, 2, "subsystem_vendor_id", NULL },
    { 0x2e, 2, "subsystem_id", NULL },
    { 0x30, 4, "rom", rom_bits },
    { 0x34, 1, "capabilities_pointer", NULL },
    { 0x3c, 1, "interrupt_line", NULL },
    { 0x3d, 1, "interrupt_pin", NULL },
    { 0x3e, 1, "min_gnt", NULL },
    { 0x3f, 1, "max_lat", NULL },
    { 0 },
};
static const Reg header_1[] = {
    { 0x18, 1, "primary_bus", NULL },
    { 0x19, 1, "secondary_bus", NULL },
    { 0x1a, 1, "subordinate_bus", NULL },
    { 0x1b, 1, "secondary_latency_timer", NULL },
    { 0x1c, 1, "io_base", NULL },
    { 0x1d, 1, "io_limit", NULL },
    { 0x1e, 2, "secondary_status", secondary_status_bits },
    { 0x20, 2, "memory_base", NULL },
    { 0x22, 2, "memory_limit", NULL },
    { 0x24, 2, "prefetchable_base", NULL },
    { 0x26, 2, "prefetchable_limit", NULL },
    { 0x28, 4, "prefetchable_base_upper", NULL },
    { 0x2c, 4, "prefetchable_limit_upper", NULL },
    { 0x30, 2, "io_base_upper", NULL },
    { 0x32, 2, "io_limit_upper", NULL },
    { 0x34, 1, "capabilities_pointer", NULL },
    { 0x38, 4, "rom", rom_bits },
    { 0x3c, 1, "interrupt_line", NULL },
    { 0x3d, 1, "interrupt_pin", NULL },
    { 0x3e, 2, "bridge_control", bridge_bits },
    { 0 },
};

/* --- capabilities; offsets count from the capability -------------------------------------- */

static const Reg pm_regs[] = {
    { 2, 2, "pmc",
      BITS({ 0, 3, "Version" }, { 3, 1, "PMEClk" }, { 5, 1, "DSI" }, { 9, 1, "D1" },
           { 10, 1, "D2" },
           { 6, 3, "AuxCurrent=0mA|55mA|100mA|160mA|220mA|270mA|320mA|375mA" },
           { 11, 1, "PME(D0)" }, { 12, 1, "PME(D1)" }, { 13, 1, "PME(D2)" },
           { 14, 1, "PME(D3hot)" }, { 15, 1, "PME(D3cold)" }) },
    { 4, 2, "pmcsr",
      BITS({ 0, 2, "D" }, { 3, 1, "NoSoftRst" }, { 8, 1, "PME-Enable" }, { 9, 4, "DSel" },
           { 13, 2, "DScale" }, { 15, 1, "PME" }) },
    { 6, 1, "bridge_extensions", NULL },
    { 7, 1, "data", NULL },
    { 0 },
};
static const Reg vpd_regs[] = { { 2, 2, "address", BITS({ 15, 1, "Done" }) },
                                { 4, 4, "data", NULL },
                                { 0 } };
static const Reg subsystem_regs[] = { { 4, 2, "subsystem_vendor_id", NULL },
                                      { 6, 2, "subsystem_id", NULL },
                                      { 0 } };
static const Reg slot_id_regs[] = { { 2, 1, "slots",
                                      BITS({ 0, 5, "Slots" }, { 5, 1, "First" }) },
                                    { 3, 1, "chassis", NULL },
                                    { 0 } };
static const Reg sata_regs[] = {
    { 2, 2, "revision", BITS({ 4, 4, "Major" }, { 0, 4, "Minor" }) },
    { 4, 4, "bar_location", BITS({ 0, 4, "BAR=||||0|1|2|3|4|5" }, { 4, 20, "Offset" }) },
    { 0 }
};
static const Reg af_regs[] = { { 2, 1, "length", NULL },
                               { 3, 1, "capabilities",
                                 BITS({ 0, 1, "TP" }, { 1, 1, "FLR" }) },
                               { 4, 1, "control", NULL },
                               { 5, 1, "status", BITS({ 0, 1, "TP" }) },
                               { 0 } };
static const Reg vendor_regs[] = { { 2, 1, "length", NULL }, { 0 } };
static const Reg msix_regs[] = {
    { 2, 2, "control",
      BITS({ 15, 1, "Enable" }, { 14, 1, "Masked" }, { 0, 11, "Count-1" }) },
    { 4, 4, "table", BITS({ 0, 3, "BAR" }) },
    { 8, 4, "pba", BITS({ 0, 3, "BAR" }) },
    { 0 },
};
static const Bits msi_control_bits[] = {
    { 0, 1, "Enable" },
    { 1, 3, "Count=1|2|4|8|16|32" },
    { 4, 3, "Enabled=1|2|4|8|16|32" },
    { 7, 1, "64bit" },
    { 8, 1, "Maskable" },
    { 0 },
};
static const Reg msi_32[] = { { 2, 2, "control", msi_control_bits },
                              { 4, 4, "address", NULL },
                              { 8, 2, "data", NULL },
                              { 0 } };
static const Reg msi_32_mask[] = { { 2, 2, "control", msi_control_bits },
                                   { 4, 4, "address", NULL },
                                   { 8, 2, "data", NULL },
                                   { 12, 4, "mask", NULL },
                                   { 16, 4, "pending", NULL },
                                   { 0 } };
static const Reg msi_64[] = { { 2, 2, "control", msi_control_bits },
                              { 4, 8, "address", NULL },
                              { 12, 2, "data", NULL },
                              { 0 } };
static const Reg msi_64_mask[] = { { 2, 2, "control", msi_control_bits },
                                   { 4, 8, "address", NULL },
                                   { 12, 2, "data", NULL },
                                   { 16, 4, "mask", NULL },
                                   { 20, 4, "pending", NULL },
                                   { 0 } };
#define VIRTIO_TYPES "|CommonCfg|Notify|ISR|DeviceCfg|PCI_CFG|||SharedMemory"
static const Reg virtio_regs[] = {
    { 2, 1, "length", NULL },
    { 3, 1, "cfg_type", BITS({ 0, 8, "Type=" VIRTIO_TYPES }) },
    { 4, 1, "bar", NULL },
    { 5, 1, "cap_id", NULL },
    { 8, 4, "offset", NULL },
    { 12, 4, "length_in_bar", NULL },
    { 0 },
};

#define PAYLOADS "128 bytes|256 bytes|512 bytes|1024 bytes|2048 bytes|4096 bytes"
#define SPEEDS   "unknown|2.5GT/s|5GT/s|8GT/s|16GT/s|32GT/s|64GT/s"
#define ASPM     "Disabled|L0s|L1|L0s L1"
#define TIMEOUTS                                                                      \
    "50us to 50ms|50us to 100us|1ms to 10ms|||16ms to 55ms|65ms to 210ms|||260ms to " \
    "900ms|1s to 3.5s|||4s to 13s|17s to 64s"
#define TYPES                                                                            \
    "Endpoint|Legacy Endpoint|||Root Port|Upstream Port|Downstream Port|PCI-Express to " \
    "PCI/PCI-X Bridge|PCI/PCI-X to PCI-Express Bridge|Root Complex Integrated Endpoint|" \
    "Root Complex Event Collector"
#define INDICATORS "Unknown|On|Blink|Off"

static const Bits device_control_bits[] = {
    { 0, 1, "CorrErr" },
    { 1, 1, "NonFatalErr" },
    { 2, 1, "FatalErr" },
    { 3, 1, "UnsupReq" },
    { 4, 1, "RlxdOrd" },
    { 5, 3, "MaxPayload=" PAYLOADS },
    { 8, 1, "ExtTag" },
    { 9, 1, "PhantFunc" },
    { 10, 1, "AuxPwr" },
    { 11, 1, "NoSnoop" },
    { 12, 3, "MaxReadReq=" PAYLOADS },
    { 15, 1, "FLReset/BrConfRtry" },
    { 0 },
};
static const Bits device_status_bits[] = {
    { 0, 1, "CorrErr" },
    { 1, 1, "NonFatalErr" },
    { 2, 1, "FatalErr" },
    { 3, 1, "UnsupReq" },
    { 4, 1, "AuxPwr" },
    { 5, 1, "TransPend" },
    { 0 },
};
static const Bits express_flags_bits[] = {
    { 0, 4, "Version" },
    { 4, 4, "Type=" TYPES },
    { 8, 1, "Slot" },
    { 9, 5, "MSI" },
    { 0 },
};
static const Reg express_regs[] = {
    { 0x02, 2, "flags", express_flags_bits },
    { 0x04, 4, "device_capabilities",
      BITS({ 0, 3, "MaxPayload=" PAYLOADS }, { 3, 2, "PhantFunc" }, { 5, 1, "ExtTag" },
           { 6, 3, "LatencyL0s" }, { 9, 3, "LatencyL1" }, { 12, 1, "AttnBtn" },
           { 13, 1, "AttnInd" }, { 14, 1, "PwrInd" }, { 15, 1, "RBE" },
           { 18, 8, "SlotPowerLimit" }, { 26, 2, "Scale" }, { 28, 1, "FLReset" }) },
    { 0x08, 2, "device_control", device_control_bits },
    { 0x0a, 2, "device_status", device_status_bits },
    { 0x0c, 4, "link_capabilities",
      BITS({ 0, 4, "Speed=" SPEEDS }, { 4, 6, "Width" },
           { 10, 2, "ASPM=not supported|L0s|L1|L0s L1" }, { 18, 1, "ClockPM" },
           { 19, 1, "Surprise" }, { 20, 1, "LLActRep" }, { 21, 1, "BwNot" },
           { 22, 1, "ASPMOptComp" }, { 24, 8, "Port" }) },
    { 0x10, 2, "link_control",
      BITS({ 0, 2, "ASPM=" ASPM }, { 3, 1, "RCB=64 bytes|128 bytes" },
           { 4, 1, "Disabled" }, { 6, 1, "CommClk" }, { 7, 1, "ExtSynch" },
           { 8, 1, "ClockPM" }, { 9, 1, "AutWidDis" }, { 10, 1, "BWInt" },
           { 11, 1, "AutBWInt" }) },
    { 0x12, 2, "link_status",
      BITS({ 0, 4, "Speed=" SPEEDS }, { 4, 6, "Width" }, { 10, 1, "TrErr" },
           { 11, 1, "Train" }, { 12, 1, "SlotClk" }, { 13, 1, "DLActive" },
           { 14, 1, "BWMgmt" }, { 15, 1, "ABWMgmt" }) },
    { 0 },
};
/* Of ports with a slot. */
static const Reg express_slot_regs[] = {
    { 0x14, 4, "slot_capabilities",
      BITS({ 0, 1, "AttnBtn" }, { 1, 1, "PwrCtrl" }, { 2, 1, "MRL" }, { 3, 1, "AttnInd" },
           { 4, 1, "PwrInd" }, { 5, 1, "Surprise" }, { 6, 1, "HotPlug" },
           { 17, 1, "Interlock" }, { 18, 1, "NoCompl" }, { 19, 13, "Slot" }) },
    { 0x18, 2, "slot_control",
      BITS({ 0, 1, "AttnBtn" }, { 1, 1, "PwrFlt" }, { 2, 1, "MRL" }, { 3, 1, "PresDet" },
           { 4, 1, "CmdCplt" }, { 5, 1, "HPIrq" }, { 6, 2, "AttnInd=" INDICATORS },
           { 8, 2, "PwrInd=" INDICATORS }, { 10, 1, "Power" }, { 11, 1, "Interlock" },
           { 12, 1, "LinkChg" }) },
    { 0x1a, 2, "slot_status",
      BITS({ 0, 1, "AttnBtn" }, { 1, 1, "PowerFlt" }, { 5, 1, "MRL" },
           { 4, 1, "CmdCplt" }, { 6, 1, "PresDet" }, { 7, 1, "Interlock" },
           { 2, 1, "ChangedMRL" }, { 3, 1, "ChangedPresDet" },
           { 8, 1, "ChangedLinkState" }) },
    { 0 },
};
/* Of root ports and root complex event collectors. */
static const Reg express_root_regs[] = {
    { 0x1c, 2, "root_control",
      BITS({ 0, 1, "ErrCorrectable" }, { 1, 1, "ErrNon-Fatal" }, { 2, 1, "ErrFatal" },
           { 3, 1, "PMEIntEna" }, { 4, 1, "CRSVisible" }) },
    { 0x1e, 2, "root_capabilities", BITS({ 0, 1, "CRSVisible" }) },
    { 0x20, 4, "root_status",
      BITS({ 0, 16, "PME ReqID" }, { 16, 1, "PMEStatus" }, { 17, 1, "PMEPending" }) },
    { 0 },
};
static const Reg express_2_regs[] = {
    { 0x24, 4, "device_capabilities_2",
      BITS({ 0, 4, "CompletionTimeouts" }, { 4, 1, "TimeoutDis" }, { 5, 1, "ARIFwd" },
           { 6, 1, "Routing" }, { 7, 1, "32bit" }, { 8, 1, "64bit" },
           { 9, 1, "128bitCAS" }, { 10, 1, "NROPrPrP" }, { 11, 1, "LTR" },
           { 12, 1, "TPHComp" }, { 13, 1, "ExtTPHComp" }, { 16, 1, "10BitTagComp" },
           { 17, 1, "10BitTagReq" },
           { 18, 2, "OBFF=Not Supported|Via message|Via WAKE#|Via message/WAKE#" },
           { 20, 1, "ExtFmt" }, { 21, 1, "EETLPPrefix" },
           { 24, 2, "EmergencyPowerReduction" }, { 26, 1, "EmergencyPowerReductionInit" },
           { 31, 1, "FRS" }) },
    { 0x28, 2, "device_control_2",
      BITS({ 0, 4, "CompletionTimeout=" TIMEOUTS }, { 4, 1, "TimeoutDis" },
           { 5, 1, "ARIFwd" }, { 6, 1, "ReqEn" }, { 7, 1, "EgressBlck" },
           { 8, 1, "IDOReq" }, { 9, 1, "IDOCompl" }, { 10, 1, "LTR" },
           { 11, 1, "EmergencyPowerReductionReq" }, { 12, 1, "10BitTagReq" },
           { 13, 2, "OBFF=Disabled|Via message A|Via message B|Via WAKE#" },
           { 15, 1, "EETLPPrefixBlk" }) },
    { 0x2a, 2, "device_status_2", NULL },
    { 0x2c, 4, "link_capabilities_2",
      BITS({ 1, 1, "2.5GT/s" }, { 2, 1, "5GT/s" }, { 3, 1, "8GT/s" }, { 4, 1, "16GT/s" },
           { 5, 1, "32GT/s" }, { 6, 1, "64GT/s" }, { 8, 1, "Crosslink" },
           { 23, 1, "Retimer" }, { 24, 1, "2Retimers" }, { 31, 1, "DRS" }) },
    { 0x30, 2, "link_control_2",
      BITS({ 0, 4, "TargetSpeed=" SPEEDS }, { 4, 1, "EnterCompliance" },
           { 5, 1, "SpeedDis" }, { 6, 1, "SelectableDe-emphasis=-6dB|-3.5dB" },
           { 7, 3, "TransmitMargin" }, { 10, 1, "EnterModifiedCompliance" },
           { 11, 1, "ComplianceSOS" }, { 12, 4, "CompliancePreset" }) },
    { 0x32, 2, "link_status_2",
      BITS({ 0, 1, "CurrentDe-emphasis=-6dB|-3.5dB" }, { 1, 1, "EqualizationComplete" },
           { 2, 1, "EqualizationPhase1" }, { 3, 1, "EqualizationPhase2" },
           { 4, 1, "EqualizationPhase3" }, { 5, 1, "LinkEqualizationRequest" },
           { 6, 1, "Retimer" }, { 7, 1, "2Retimers" }, { 15, 1, "DRS" }) },
    { 0 },
};

static const Bits uncorrectable_bits[] = {
    { 4, 1, "DLP" },
    { 5, 1, "SDES" },
    { 12, 1, "TLP" },
    { 13, 1, "FCP" },
    { 14, 1, "CmpltTO" },
    { 15, 1, "CmpltAbrt" },
    { 16, 1, "UnxCmplt" },
    { 17, 1, "RxOF" },
    { 18, 1, "MalfTLP" },
    { 19, 1, "ECRC" },
    { 20, 1, "UnsupReq" },
    { 21, 1, "ACSViol" },
    { 22, 1, "UncorrIntErr" },
    { 23, 1, "BlockedTLP" },
    { 24, 1, "AtomicOpBlocked" },
    { 25, 1, "TLPBlockedErr" },
    { 26, 1, "PoisonTLPBlocked" },
    { 0 },
};
static const Bits correctable_bits[] = {
    { 0, 1, "RxErr" },       { 6, 1, "BadTLP" },    { 7, 1, "BadDLLP" },
    { 8, 1, "Rollover" },    { 12, 1, "Timeout" },  { 13, 1, "AdvNonFatalErr" },
    { 14, 1, "CorrIntErr" }, { 15, 1, "HeaderOF" }, { 0 },
};
static const Reg aer_regs[] = {
    { 0x04, 4, "uncorrectable_status", uncorrectable_bits },
    { 0x08, 4, "uncorrectable_mask", uncorrectable_bits },
    { 0x0c, 4, "uncorrectable_severity", uncorrectable_bits },
    { 0x10, 4, "correctable_status", correctable_bits },
    { 0x14, 4, "correctable_mask", correctable_bits },
    { 0x18, 4, "control",
      BITS({ 0, 5, "FirstError" }, { 5, 1, "ECRCGenCap" }, { 6, 1, "ECRCGenEn" },
           { 7, 1, "ECRCChkCap" }, { 8, 1, "ECRCChkEn" }, { 9, 1, "MultHdrRecCap" },
           { 10, 1, "MultHdrRecEn" }, { 11, 1, "TLPPfxPres" }, { 12, 1, "HdrLogCap" }) },
    { 0x1c, 4, "header_log_0", NULL },
    { 0x20, 4, "header_log_1", NULL },
    { 0x24, 4, "header_log_2", NULL },
    { 0x28, 4, "header_log_3", NULL },
    { 0 },
};
/* Of root ports and root complex event collectors. */
static const Reg aer_root_regs[] = {
    { 0x2c, 4, "root_command",
      BITS({ 0, 1, "CERptEn" }, { 1, 1, "NFERptEn" }, { 2, 1, "FERptEn" }) },
    { 0x30, 4, "root_status",
      BITS({ 0, 1, "CERcvd" }, { 1, 1, "MultCERcvd" }, { 2, 1, "UERcvd" },
           { 3, 1, "MultUERcvd" }, { 4, 1, "FirstFatal" }, { 5, 1, "NonFatalMsg" },
           { 6, 1, "FatalMsg" }, { 27, 5, "IntMsgNum" }) },
    { 0x34, 2, "source_correctable", NULL },
    { 0x36, 2, "source_uncorrectable", NULL },
    { 0 },
};
static const Reg vc_regs[] = {
    { 0x04, 4, "port_capabilities_1",
      BITS({ 0, 3, "ExtendedVCs" }, { 4, 3, "LPEVC" }, { 8, 2, "RefClk=100ns" },
           { 10, 2, "PATEntryBits=1|2|4|8" }) },
    { 0x08, 4, "port_capabilities_2",
      BITS({ 0, 1, "Fixed" }, { 1, 1, "WRR32" }, { 2, 1, "WRR64" }, { 3, 1, "WRR128" }) },
    { 0x0c, 2, "port_control", BITS({ 1, 3, "ArbSelect=Fixed|WRR32|WRR64|WRR128" }) },
    { 0x0e, 2, "port_status", BITS({ 0, 1, "InProgress" }) },
    { 0x10, 4, "vc0_capabilities",
      BITS({ 0, 1, "Fixed" }, { 1, 1, "WRR32" }, { 2, 1, "WRR64" }, { 3, 1, "WRR128" },
           { 4, 1, "TWRR128" }, { 5, 1, "WRR256" }, { 15, 1, "RejSnoopTrans" },
           { 16, 7, "MaxTimeSlots-1" }, { 24, 8, "PATOffset" }) },
    { 0x14, 4, "vc0_control",
      BITS({ 31, 1, "Enable" }, { 24, 3, "ID" }, { 17, 3, "ArbSelect" },
           { 0, 8, "TC/VC" }) },
    { 0x1a, 2, "vc0_status", BITS({ 1, 1, "NegoPending" }, { 0, 1, "InProgress" }) },
    { 0 },
};
static const Reg serial_regs[] = { { 4, 8, "serial_number", NULL }, { 0 } };
static const Reg ext_vendor_regs[] = {
    { 4, 4, "vendor_header", BITS({ 0, 16, "ID" }, { 16, 4, "Rev" }, { 20, 12, "Len" }) },
    { 0 }
};
static const Bits acs_bits[] = {
    { 0, 1, "SrcValid" },    { 1, 1, "TransBlk" },
    { 2, 1, "ReqRedir" },    { 3, 1, "CmpltRedir" },
    { 4, 1, "UpstreamFwd" }, { 5, 1, "EgressCtrl" },
    { 6, 1, "DirectTrans" }, { 0 },
};
static const Reg acs_regs[] = { { 4, 2, "capabilities", acs_bits },
                                { 6, 2, "control", acs_bits },
                                { 0 } };
static const Reg ari_regs[] = {
    { 4, 2, "capabilities",
      BITS({ 0, 1, "MFVC" }, { 1, 1, "ACS" }, { 8, 8, "NextFunction" }) },
    { 6, 2, "control",
      BITS({ 0, 1, "MFVC" }, { 1, 1, "ACS" }, { 4, 3, "FunctionGroup" }) },
    { 0 },
};
static const Reg ats_regs[] = {
    { 4, 2, "capabilities",
      BITS({ 0, 5, "InvalidateQueueDepth" }, { 5, 1, "PageAligned" },
           { 6, 1, "GlobalInval" }) },
    { 6, 2, "control", BITS({ 15, 1, "Enable" }, { 0, 5, "SmallestTranslationUnit" }) },
    { 0 },
};
static const Reg sriov_regs[] = {
    { 0x04, 4, "capabilities",
      BITS({ 0, 1, "Migration" }, { 1, 1, "ARIHierarchy" }, { 2, 1, "10BitTagReq" },
           { 21, 11, "IntMsg" }) },
    { 0x08, 2, "control",
      BITS({ 0, 1, "Enable" }, { 1, 1, "Migration" }, { 2, 1, "Interrupt" },
           { 3, 1, "MSE" }, { 4, 1, "ARIHierarchy" }, { 5, 1, "10BitTagReq" }) },
    { 0x0a, 2, "status", BITS({ 0, 1, "Migration" }) },
    { 0x0c, 2, "initial_vfs", NULL },
    { 0x0e, 2, "total_vfs", NULL },
    { 0x10, 2, "num_vfs", NULL },
    { 0x12, 1, "function_dependency_link", NULL },
    { 0x14, 2, "vf_offset", NULL },
    { 0x16, 2, "vf_stride", NULL },
    { 0x1a, 2, "vf_device_id", NULL },
    { 0x1c, 4, "supported_page_sizes", NULL },
    { 0x20, 4, "system_page_size", NULL },
    { 0x3c, 4, "vf_migration_state", BITS({ 0, 3, "BAR" }) },
    { 0 },
};
static const Reg pri_regs[] = {
    { 4, 2, "control", BITS({ 0, 1, "Enable" }, { 1, 1, "Reset" }) },
    { 6, 2, "status",
      BITS({ 0, 1, "RF" }, { 1, 1, "UPRGI" }, { 8, 1, "Stopped" }, { 15, 1, "PASID" }) },
    { 8, 4, "outstanding_capacity", NULL },
    { 12, 4, "outstanding_allocation", NULL },
    { 0 },
};
static const Reg tph_regs[] = {
    { 4, 4, "capabilities",
      BITS({ 0, 1, "NoSTMode" }, { 1, 1, "IntVecMode" }, { 2, 1, "DevSpecMode" },
           { 8, 1, "ExtTPH" }, { 9, 2, "STTable=none|in TPH|in MSI-X" },
           { 16, 11, "STTableSize-1" }) },
    { 8, 4, "control",
      BITS({ 0, 3, "Mode=NoST|IntVec|DevSpec" },
           { 8, 2, "Requester=Disabled|TPH||TPH and ExtTPH" }) },
    { 0 },
};
static const Bits latency_bits[] = {
    { 0, 10, "Value" },
    { 10, 3, "Scale=1ns|32ns|1024ns|32768ns|1048576ns|33554432ns" },
    { 0 }
};
static const Reg ltr_regs[] = { { 4, 2, "max_snoop_latency", latency_bits },
                                { 6, 2, "max_no_snoop_latency", latency_bits },
                                { 0 } };
static const Reg rebar_regs[] = {
    { 4, 4, "capabilities", NULL }, /* bit n: 2^(n - 4) MiB */
    { 8, 4, "control",
      BITS({ 0, 3, "BAR" }, { 5, 3, "BARs" }, { 8, 6, "log2(Size/1MiB)" }) },
    { 0 },
};
static const Reg secondary_regs[] = { { 4, 4, "link_control_3", NULL },
                                      { 8, 4, "lane_error_status", NULL },
                                      { 0 } };
static const Reg pasid_regs[] = {
    { 4, 2, "capabilities",
      BITS({ 1, 1, "Exec" }, { 2, 1, "Priv" }, { 8, 5, "MaxWidth" }) },
    { 6, 2, "control", BITS({ 0, 1, "Enable" }, { 1, 1, "Exec" }, { 2, 1, "Priv" }) },
    { 0 },
};
static const Reg dpc_regs[] = {
    { 4, 2, "capabilities",
      BITS({ 0, 5, "INT Msg" }, { 5, 1, "RPExt" }, { 6, 1, "PoisonedTLP" },
           { 7, 1, "SwTrigger" }, { 8, 4, "RP PIO Log" }, { 12, 1, "DL_ActiveErr" }) },
    { 6, 2, "control",
      BITS({ 0, 2, "Trigger=Disabled|Fatal|Non-fatal or fatal" }, { 2, 1, "Cmpl" },
           { 3, 1, "INT" }, { 4, 1, "ErrCor" }, { 5, 1, "PoisonedTLP" },
           { 6, 1, "SwTrigger" }, { 7, 1, "DL_ActiveErr" }) },
    { 8, 2, "status",
      BITS({ 0, 1, "Trigger" }, { 1, 2, "Reason" }, { 3, 1, "INT" }, { 4, 1, "RPBusy" },
           { 5, 2, "TriggerExt" }, { 8, 5, "RP PIO ErrPtr" }) },
    { 10, 2, "source", NULL },
    { 0 },
};
#define L1_SUBSTATES                                                         \
    { 0, 1, "PCI-PM_L1.2" }, { 1, 1, "PCI-PM_L1.1" }, { 2, 1, "ASPM_L1.2" }, \
    {                                                                        \
        3, 1, "ASPM_L1.1"                                                    \
    }
static const Reg l1ss_regs[] = {
    { 4, 4, "capabilities",
      BITS(L1_SUBSTATES, { 4, 1, "L1_PM_Substates" }, { 8, 8, "CommonModeRestoreTime" },
           { 16, 2, "TPowerOnScale=2us|10us|100us" }, { 19, 5, "TPowerOnValue" }) },
    { 8, 4, "control_1",
      BITS(L1_SUBSTATES, { 8, 8, "T_CommonMode" }, { 16, 10, "LTR1.2_Threshold" },
           { 29, 3, "Scale=1ns|32ns|1024ns|32768ns|1048576ns|33554432ns" }) },
    { 12, 4, "control_2",
      BITS({ 0, 2, "TPowerOnScale=2us|10us|100us" }, { 3, 5, "TPowerOnValue" }) },
    { 0 },
};
static const Reg ptm_regs[] = {
    { 4, 4, "capabilities",
      BITS({ 0, 1, "Requester" }, { 1, 1, "Responder" }, { 2, 1, "Root" },
           { 8, 8, "ClockGranularity" }) },
    { 8, 4, "control",
      BITS({ 0, 1, "Enabled" }, { 1, 1, "RootSelected" },
           { 8, 8, "EffectiveGranularity" }) },
    { 0 },
};
static const Reg dvsec_regs[] = {
    { 4, 4, "header_1", BITS({ 0, 16, "Vendor" }, { 16, 4, "Rev" }, { 20, 12, "Len" }) },
    { 8, 2, "dvsec_id", NULL },
    { 0 },
};
static const Reg dlf_regs[] = {
    { 4, 4, "capabilities", BITS({ 0, 1, "ScaledFlowControl" }, { 31, 1, "Exchange" }) },
    { 8, 4, "status", BITS({ 0, 1, "ScaledFlowControl" }, { 31, 1, "Valid" }) },
    { 0 },
};
static const Reg doe_regs[] = {
    { 4, 4, "capabilities", BITS({ 0, 1, "IntSup" }, { 1, 11, "IntMsgNum" }) },
    { 8, 4, "control", BITS({ 0, 1, "Abort" }, { 1, 1, "IntEn" }, { 31, 1, "Go" }) },
    { 12, 4, "status",
      BITS({ 0, 1, "Busy" }, { 1, 1, "IntSta" }, { 2, 1, "Error" },
           { 31, 1, "ObjectReady" }) },
    { 0 },
};

typedef struct Capability {
    uint16_t id;
    const char *name;
    const Reg *regs; /* or NULL: shown as bytes */
} Capability;

static const Capability capabilities[] = {
    { 0x01, "Power Management", pm_regs },
    { 0x02, "AGP", NULL },
    { 0x03, "Vital Product Data", vpd_regs },
    { 0x04, "Slot ID", slot_id_regs },
    { CAP_MSI, "MSI", NULL }, /* has four layouts, see msi_layout() */
    { 0x06, "CompactPCI hot-swap", NULL },
    { 0x07, "PCI-X", NULL },
    { 0x08, "HyperTransport", NULL },
    { CAP_VENDOR, "Vendor Specific Information", vendor_regs },
    { 0x0a, "Debug port", NULL },
    { 0x0b, "CompactPCI central resource control", NULL },
    { 0x0c, "Hot-plug capable", NULL },
    { 0x0d, "Subsystem", subsystem_regs },
    { 0x0e, "AGP3", NULL },
    { 0x0f, "Secure device", NULL },
    { CAP_EXPRESS, "Express", express_regs },
    { CAP_MSIX, "MSI-X", msix_regs },
    { 0x12, "SATA HBA", sata_regs },
    { 0x13, "PCI Advanced Features", af_regs },
    { 0x14, "Enhanced Allocation", NULL },
    { 0x15, "Flattening Portal Bridge", NULL },
    { 0 },
};

static const Capability extended_capabilities[] = {
    { EXT_AER, "Advanced Error Reporting", aer_regs },
    { 0x0002, "Virtual Channel", vc_regs },
    { 0x0003, "Device Serial Number", serial_regs },
    { 0x0004, "Power Budgeting", NULL },
    { 0x0005, "Root Complex Link", NULL },
    { 0x0006, "Root Complex Internal Link", NULL },
    { 0x0007, "Root Complex Event Collector", NULL },
    { 0x0008, "Multi-Function Virtual Channel", NULL },
    { 0x0009, "Virtual Channel (MFVC)", vc_regs },
    { 0x000a, "Root Complex Register Block", NULL },
    { EXT_VENDOR, "Vendor Specific Information", ext_vendor_regs },
    { 0x000d, "Access Control Services", acs_regs },
    { 0x000e, "Alternative Routing-ID Interpretation (ARI)", ari_regs },
    { 0x000f, "Address Translation Service (ATS)", ats_regs },
    { EXT_SRIOV, "Single Root I/O Virtualization (SR-IOV)", sriov_regs },
    { 0x0011, "Multi-Root I/O Virtualization", NULL },
    { 0x0012, "Multicast", NULL },
    { 0x0013, "Page Request Interface (PRI)", pri_regs },
    { EXT_REBAR, "Physical Resizable BAR", rebar_regs },
    { 0x0016, "Dynamic Power Allocation", NULL },
    { 0x0017, "Transaction Processing Hints", tph_regs },
    { 0x0018, "Latency Tolerance Reporting", ltr_regs },
    { 0x0019, "Secondary PCI Express", secondary_regs },
    { 0x001a, "Protocol Multiplexing", NULL },
    { 0x001b, "Process Address Space ID (PASID)", pasid_regs },
    { 0x001c, "LN Requester", NULL },
    { 0x001d, "Downstream Port Containment", dpc_regs },
    { 0x001e, "L1 PM Substates", l1ss_regs },
    { 0x001f, "Precision Time Measurement", ptm_regs },
    { 0x0020, "PCI Express over M_PHY", NULL },
    { 0x0021, "FRS Queueing", NULL },
    { 0x0022, "Readiness Time Reporting", NULL },
    { 0x0023, "Designated Vendor-Specific", dvsec_regs },
    { EXT_VF_REBAR, "Virtual Resizable BAR", rebar_regs },
    { 0x0025, "Data Link Feature", dlf_regs },
    { 0x0026, "Physical Layer 16.0 GT/s", NULL },
    { 0x0027, "Lane Margining at the Receiver", NULL },
    { 0x0028, "Hierarchy ID", NULL },
    { 0x0029, "Native PCIe Enclosure Management", NULL },
    { 0x002a, "Physical Layer 32.0 GT/s", NULL },
    { 0x002b, "Alternate Protocol", NULL },
    { 0x002c, "System Firmware Intermediary", NULL },
    { 0x002e, "Data Object Exchange", doe_regs },
    { 0x002f, "Device 3", NULL },
    { 0x0030, "Integrity and Data Encryption", NULL },
    { 0 },
};

/* --- emitting ---------------------------------------------------------------------------- */

typedef struct Space {
    MigEmit *e;
    uint64_t at; /* of the space in the body */
    uint32_t size;
    GString *note;
    bool root; /* a root port or root complex event collector */
    bool shown[EXTENDED_SPACE];
} Space;

static const uint8_t *octets(const Space *s, uint32_t at)
{
    return s->e->body + s->at + at;
}

/* Of "Name=a|b|c" the one with the number @value; NULL if it is not among them. */
static char *choose(const char *name, uint64_t value)
{
    const char *at = strchr(name, '=');
    g_auto(GStrv) values = at ? g_strsplit(at + 1, "|", -1) : NULL;

    return values && value < g_strv_length(values) && *values[value]
               ? g_strdup(values[value])
               : NULL;
}

static void describe(GString *note, const Bits *bits, uint64_t value)
{
    g_string_truncate(note, 0);
    for (; bits && bits->name; bits++) {
        uint64_t part = value >> bits->at & ((UINT64_C(1) << bits->width) - 1);

        g_autofree char *chosen = choose(bits->name, part);
        int name = (int)strcspn(bits->name, "=");

        g_string_append(note, note->len ? " " : "");
        if (chosen) {
            g_string_append_printf(note, "%.*s=%s", name, bits->name, chosen);
        } else if (bits->width == 1) {
            g_string_append_printf(note, "%.*s%c", name, bits->name, part ? '+' : '-');
        } else {
            g_string_append_printf(note, "%.*s=%" PRIu64, name, bits->name, part);
        }
    }
}

static void show(Space *s, uint32_t at, uint32_t width, const char *name,
                 const char *note)
{
    if (at + width > s->size) {
        return;
    }
    memset(s->shown + at, true, width);
    mig_emit_le(s->e, name, s->at + at, width, note);
}

static void show_regs(Space *s, uint32_t at, const Reg *regs)
{
    for (; regs->name; regs++) {
        if (at + regs->at + regs->width <= s->size) {
            describe(s->note, regs->bits,
                     mig_emit_get_le(s->e, s->at + at + regs->at, regs->width));
        }
        show(s, at + regs->at, regs->width, regs->name, s->note->str);
    }
}

/* What lspci says of a base address register. */
static void describe_bar(Space *s, uint32_t at, bool wide)
{
    uint32_t low = mig_le32(octets(s, at));
    uint64_t address = low & ~0xfu;

    if (wide) {
        address |= (uint64_t)mig_le32(octets(s, at + 4)) << 32;
    }
    if (low == 0 && address == 0) {
        g_string_assign(s->note, "");
    } else if (low & 1) {
        g_string_printf(s->note, "I/O ports at %x", low & ~3u);
    } else {
        g_string_printf(s->note, "Memory at %" PRIx64 " (%s, %sprefetchable)", address,
                        wide             ? "64-bit"
                        : (low & 6) == 2 ? "low-1M"
                                         : "32-bit",
                        low & 8 ? "" : "non-");
    }
}

static void show_bars(Space *s, uint32_t at, unsigned n, const char *name)
{
    char buffer[24];

    if (at + 4 * n > s->size) {
        return;
    }
    mig_emit_open(s->e, MIG_FIELD_ARRAY, name, "BAR", s->at + at, 4 * n, NULL);
    for (unsigned i = 0; i < n; i++, at += 4) {
        uint32_t low = mig_le32(octets(s, at));
        bool wide = !(low & 1) && (low & 6) == 4 && i + 1 < n;

        describe_bar(s, at, wide);
        show(s, at, wide ? 8 : 4, mig_emit_index(buffer, i), s->note->str);
        i += wide;
        at += wide ? 4 : 0;
    }
    mig_emit_close(s->e);
}

/* Octets from @from to @to that nothing has shown, in rows of 16 where they are not all zero. */
static void show_rest(Space *s, uint32_t from, uint32_t to)
{
    uint32_t at = from, end;

    for (; at < to; at = end) {
        bool zero = true;

        end = at;
        do {
            zero &= *octets(s, end++) == 0;
        } while (end < to && end % 16 && s->shown[end] == s->shown[at]);
        if (!s->shown[at] && !zero) {
            g_autofree char *name = g_strdup_printf("octets_0x%02x", at);

            mig_emit_bytes(s->e, name, "bytes", s->at + at, end - at, NULL);
            memset(s->shown + at, true, end - at);
        }
    }
}

static const Reg *msi_layout(uint16_t control)
{
    bool wide = control & 0x80, maskable = control & 0x100;

    return wide ? (maskable ? msi_64_mask : msi_64) : (maskable ? msi_32_mask : msi_32);
}

static const Capability *find(const Capability *table, uint16_t id)
{
    for (; table->name; table++) {
        if (table->id == id) {
            return table;
        }
    }
    return NULL;
}

static void show_msix(Space *s, uint32_t at)
{
    uint32_t table = mig_le32(octets(s, at + 4)), pba = mig_le32(octets(s, at + 8));

    show_regs(s, at, msix_regs);
    g_string_printf(s->note,
                    "Count=%u, table at BAR=%u offset=%08x, PBA at BAR=%u offset=%08x",
                    (mig_le16(octets(s, at + 2)) & 0x7ffu) + 1, table & 7, table & ~7u,
                    pba & 7, pba & ~7u);
    mig_emit_value(s->e, MIG_FIELD_UINT, "vectors", "count", s->at + at + 2, 2,
                   (mig_le16(octets(s, at + 2)) & 0x7ffu) + 1, s->note->str);
}

/* What there is of the Express capability by its version and the kind of device. */
static void show_express(Space *s, uint32_t at)
{
    uint16_t flags = mig_le16(octets(s, at + 2));
    unsigned type = flags >> 4 & 0xf;

    if (flags & 0x100) {
        show_regs(s, at, express_slot_regs);
    }
    s->root = type == EXPRESS_ROOT_PORT || type == EXPRESS_EVENT_COLLECTOR;
    if (s->root) {
        show_regs(s, at, express_root_regs);
    }
    if ((flags & 0xf) >= 2) {
        show_regs(s, at, express_2_regs);
    }
}

static bool is_virtio(const Space *s)
{
    return mig_le16(octets(s, 0)) == PCI_VENDOR_VIRTIO;
}

/* VIRTIO 1.3, 4.1.4: what a virtio structure has behind its place depends on its type. */
static void show_virtio(Space *s, uint32_t at)
{
    static const struct {
        uint8_t type;
        Reg regs[3];
    } tails[] = {
        { 2, { { 16, 4, "notify_off_multiplier", NULL }, { 0 } } },
        { 5, { { 16, 4, "pci_cfg_data", NULL }, { 0 } } },
        { 8, { { 16, 4, "offset_hi", NULL }, { 20, 4, "length_hi", NULL }, { 0 } } },
    };

    show_regs(s, at, virtio_regs);
    for (size_t i = 0; i < G_N_ELEMENTS(tails) && at + 4u <= SPACE; i++) {
        if (*octets(s, at + 3u) == tails[i].type) {
            show_regs(s, at, tails[i].regs);
        }
    }
}

/* What kind of port or function, and of virtio structure, stands behind its name. */
static void name_capability(Space *s, uint32_t at, const char *name)
{
    uint16_t word = at + 4 <= SPACE ? mig_le16(octets(s, at + 2)) : 0;
    g_autofree char *kind = NULL;

    if (*octets(s, at) == CAP_EXPRESS) {
        kind = choose("=" TYPES, word >> 4 & 0xf);
    } else if (*octets(s, at) == CAP_VENDOR && is_virtio(s)) {
        kind = choose("=" VIRTIO_TYPES, word >> 8);
    }
    g_string_printf(s->note, "%s%s%s", name, kind ? ": " : "", kind ? kind : "");
}

static void show_capability(Space *s, uint8_t at, uint32_t end)
{
    uint8_t id = *octets(s, at);
    const Capability *known = find(capabilities, id);
    const Reg *regs = known ? known->regs : NULL;
    g_autofree char *name = g_strdup_printf("cap_0x%02x", at);

    name_capability(s, at, known ? known->name : "unknown capability");
    mig_emit_open(s->e, MIG_FIELD_STRUCT, name, "capability", s->at + at, end - at,
                  s->note->str);
    show(s, at, 1, "id", NULL);
    show(s, at + 1u, 1, "next", NULL);
    if (id == CAP_MSIX && at + 12u <= SPACE) {
        show_msix(s, at);
    } else if (id == CAP_MSI && at + 4u <= SPACE) {
        show_regs(s, at, msi_layout(mig_le16(octets(s, at + 2u))));
    } else if (id == CAP_VENDOR && is_virtio(s)) {
        show_virtio(s, at);
    } else if (regs) {
        show_regs(s, at, regs);
    }
    if (id == CAP_EXPRESS && at + 4u <= SPACE) {
        show_express(s, at);
    }
    if (id == CAP_VENDOR && at + 3u <= SPACE) {
        show_rest(s, at, MIN(end, at + MAX(*octets(s, at + 2u), 3u)));
    } else if (!regs && id != CAP_MSI) {
        show_rest(s, at, end);
    }
    mig_emit_close(s->e);
}

/* Where the capability at @at must have ended: at the next one above it. */
static uint32_t end_of(const uint16_t *places, unsigned n, uint32_t at,
                       uint32_t otherwise)
{
    uint32_t end = otherwise;

    for (unsigned i = 0; i < n; i++) {
        if (places[i] > at && places[i] < end) {
            end = places[i];
        }
    }
    return end;
}

static void show_capabilities(Space *s)
{
    uint16_t places[CAPABILITIES_MAX];
    unsigned n = 0;
    uint8_t at = *octets(s, PCI_CAPABILITY_LIST) & 0xfc;

    if (!(mig_le16(octets(s, PCI_STATUS)) & 0x10)) {
        return;
    }
    while (at >= 0x40 && n < CAPABILITIES_MAX && *octets(s, at) != 0xff) {
        for (unsigned i = 0; i < n; i++) {
            if (places[i] == at) {
                mig_emit_mismatch(s->e, s->at + at, 1,
                                  "the capabilities are chained in a loop");
                at = 0;
                break;
            }
        }
        if (at) {
            places[n++] = at;
            at = *octets(s, at + 1u) & 0xfc;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        show_capability(s, (uint8_t)places[i], end_of(places, n, places[i], SPACE));
    }
}

/* The resizable BARs behind the first, which says how many there are. */
static void show_more_bars(Space *s, uint32_t at)
{
    unsigned n = at + 12 <= s->size ? mig_le32(octets(s, at + 8)) >> 5 & 7 : 0;

    for (unsigned i = 1; i < n; i++) {
        show_regs(s, at + 8 * i, rebar_regs);
    }
}

static void show_extended_capability(Space *s, uint16_t at, uint32_t end)
{
    uint32_t header = mig_le32(octets(s, at));
    const Capability *known = find(extended_capabilities, header & 0xffff);
    g_autofree char *name = g_strdup_printf("ext_0x%03x", at);

    mig_emit_open(s->e, MIG_FIELD_STRUCT, name, "extended capability", s->at + at,
                  end - at, known ? known->name : "unknown extended capability");
    describe(s->note, BITS({ 0, 16, "ID" }, { 16, 4, "Version" }, { 20, 12, "Next" }),
             header);
    show(s, at, 4, "header", s->note->str);
    if (known && known->regs) {
        show_regs(s, at, known->regs);
    }
    if ((header & 0xffff) == EXT_SRIOV) {
        show_bars(s, at + 0x24u, 6, "vf_bar");
    }
    if ((header & 0xffff) == EXT_AER && s->root) {
        show_regs(s, at, aer_root_regs);
    }
    if ((header & 0xffff) == EXT_REBAR || (header & 0xffff) == EXT_VF_REBAR) {
        show_more_bars(s, at);
    }
    if (!known || !known->regs || (header & 0xffff) == EXT_VENDOR) {
        show_rest(s, at, end);
    }
    mig_emit_close(s->e);
}

static void show_extended_capabilities(Space *s)
{
    uint16_t places[EXTENDED_CAPABILITIES_MAX];
    bool seen[EXTENDED_SPACE / 4] = { 0 };
    unsigned n = 0;
    uint16_t at = SPACE;

    while (at >= SPACE && at <= EXTENDED_SPACE - 4 && n < EXTENDED_CAPABILITIES_MAX &&
           mig_le32(octets(s, at)) != 0 && mig_le32(octets(s, at)) != UINT32_MAX) {
        if (seen[at / 4]) {
            mig_emit_mismatch(s->e, s->at + at, 4,
                              "the extended capabilities are chained in a loop");
            break;
        }
        seen[at / 4] = true;
        places[n++] = at;
        at = (uint16_t)(mig_le32(octets(s, at)) >> 20 & 0xffc);
    }
    for (unsigned i = 0; i < n; i++) {
        show_extended_capability(s, places[i],
                                 end_of(places, n, places[i], EXTENDED_SPACE));
    }
}

static void name_ids(Space *s)
{
    uint16_t vendor = mig_le16(octets(s, 0)), device = mig_le16(octets(s, 2));
    uint16_t class_code = mig_le16(octets(s, 0x0a));
    const char *text[] = { mig_pci_class_name(s->e->names, class_code),
                           mig_pci_vendor_name(s->e->names, vendor),
                           mig_pci_device_name(s->e->names, vendor, device) };

    g_string_printf(s->note, "%04x:%04x class %04x", vendor, device, class_code);
    for (size_t i = 0; i < G_N_ELEMENTS(text); i++) {
        g_string_append_printf(s->note, "%s%s", text[i] ? i ? " " : ", " : "",
                               text[i] ? text[i] : "");
        if (i == 0 && text[0]) {
            g_string_append_c(s->note, ':');
        }
    }
}

void mig_pci_config_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                           uint64_t length)
{
    g_autoptr(GString) note = g_string_new(NULL);
    g_autofree Space *s = NULL;
    uint8_t layout;

    if (length != SPACE && length != EXTENDED_SPACE) {
        mig_emit_bytes(e, name, type, at, length, "no configuration space has this size");
        return;
    }
    s = g_new0(Space, 1);
    *s = (Space){ .e = e, .at = at, .size = (uint32_t)length, .note = note };
    name_ids(s);
    mig_emit_open(e, MIG_FIELD_STRUCT, name, type, at, length, note->str);
    show_regs(s, 0, common_header);
    layout = *octets(s, PCI_HEADER_TYPE) & 0x7f;
    if (layout <= 1) {
        show_bars(s, 0x10, layout ? 2 : 6, "bar");
        show_regs(s, 0, layout ? header_1 : header_0);
        show_rest(s, 0, 0x40);
        show_capabilities(s);
    }
    show_rest(s, 0, SPACE);
    if (length == EXTENDED_SPACE) {
        show_extended_capabilities(s);
        show_rest(s, SPACE, EXTENDED_SPACE);
    }
    mig_emit_close(e);
}

void mig_pci_intx_decode(MigEmit *e, const char *name, const char *type, uint64_t at)
{
    static const char *const pins[] = { "INTA", "INTB", "INTC", "INTD" };

    mig_emit_open(e, MIG_FIELD_STRUCT, name, type, at, 16, NULL);
    for (unsigned pin = 0; pin < 4; pin++) {
        uint64_t state = mig_emit_get_be(e, at + 4 * pin, 4);

        mig_emit_be(e, pins[pin], at + 4 * pin, 4,
                    state == 0   ? "not asserted"
                    : state == 1 ? "asserted"
                                 : "neither 0 nor 1: loaders refuse this");
    }
    mig_emit_close(e);
}

uint32_t mig_pci_msix_vectors(uint64_t length)
{
    /* 16 octets a vector and a bit, in whole octets */
    uint64_t n = length * 8 / (8 * MSIX_ENTRY + 1);

    return n && n <= 2048 && n * MSIX_ENTRY + (n + 7) / 8 == length ? (uint32_t)n : 0;
}

uint32_t mig_pci_msix_announced(const uint8_t *space)
{
    uint8_t at = space[PCI_CAPABILITY_LIST] & 0xfc;

    for (int i = 0; i < CAPABILITIES_MAX && at >= 0x40 && space[PCI_STATUS] & 0x10; i++) {
        if (space[at] == CAP_MSIX) {
            return (mig_le16(space + at + 2) & 0x7ffu) + 1;
        }
        at = space[at + 1] & 0xfc;
    }
    return 0;
}

void mig_pci_msix_decode(MigEmit *e, const char *name, const char *type, uint64_t at,
                         uint32_t vectors)
{
    uint64_t pending = at + (uint64_t)vectors * MSIX_ENTRY;
    char buffer[24];

    mig_emit_open(e, MIG_FIELD_STRUCT, name, type, at,
                  (uint64_t)vectors * MSIX_ENTRY + (vectors + 7) / 8, NULL);
    mig_emit_open(e, MIG_FIELD_ARRAY, "table", "MSI-X entry", at, pending - at, NULL);
    for (uint32_t i = 0; i < vectors; i++, at += MSIX_ENTRY) {
        bool masked = mig_emit_get_le(e, at + 12, 4) & 1;
        bool waits = e->body[pending + i / 8] >> (i % 8) & 1;

        mig_emit_open(e, MIG_FIELD_STRUCT, mig_emit_index(buffer, i), "MSI-X entry", at,
                      MSIX_ENTRY, NULL);
        mig_emit_le(e, "address", at, 8, NULL);
        mig_emit_le(e, "data", at + 8, 4, NULL);
        mig_emit_le(e, "control", at + 12, 4, masked ? "Masked+" : "Masked-");
        mig_emit_value(e, MIG_FIELD_BOOL, "pending", "bit", pending + i / 8, 1, waits,
                       NULL);
        mig_emit_close(e);
    }
    mig_emit_close(e);
    mig_emit_close(e);
}
