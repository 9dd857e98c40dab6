/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see pci-registers.h.
 * Must not know: how registers are shown.
 * See also:      device/pci.c.
 *
 * Source of numbers: PCI Local Bus Specification 3.0; PCI Express Base Specification 5.0;
 * PCI-to-PCI Bridge Architecture Specification 1.2; Linux, include/uapi/linux/pci_regs.h.
 */
#include "device/pci-registers.h"

#include <stddef.h>

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

const Reg mig_pci_common_header[] = {
    { 0x00, 2, "vendor_id", NULL },       { 0x02, 2, "device_id", NULL },
    { 0x04, 2, "command", command_bits }, { 0x06, 2, "status", status_bits },
    { 0x08, 1, "revision_id", NULL },     { 0x09, 1, "prog_if", NULL },
    { 0x0a, 2, "class", NULL },           { 0x0c, 1, "cache_line_size", NULL },
    { 0x0d, 1, "latency_timer", NULL },   { 0x0e, 1, "header_type", header_type_bits },
    { 0x0f, 1, "bist", bist_bits },       { 0 },
};
const Reg mig_pci_header_0[] = {
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
const Reg mig_pci_header_1[] = {
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
const Reg mig_pci_msix_regs[] = {
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
const Reg mig_pci_msi_32[] = { { 2, 2, "control", msi_control_bits },
                               { 4, 4, "address", NULL },
                               { 8, 2, "data", NULL },
                               { 0 } };
const Reg mig_pci_msi_32_mask[] = { { 2, 2, "control", msi_control_bits },
                                    { 4, 4, "address", NULL },
                                    { 8, 2, "data", NULL },
                                    { 12, 4, "mask", NULL },
                                    { 16, 4, "pending", NULL },
                                    { 0 } };
const Reg mig_pci_msi_64[] = { { 2, 2, "control", msi_control_bits },
                               { 4, 8, "address", NULL },
                               { 12, 2, "data", NULL },
                               { 0 } };
const Reg mig_pci_msi_64_mask[] = { { 2, 2, "control", msi_control_bits },
                                    { 4, 8, "address", NULL },
                                    { 12, 2, "data", NULL },
                                    { 16, 4, "mask", NULL },
                                    { 20, 4, "pending", NULL },
                                    { 0 } };
const Reg mig_pci_virtio_regs[] = {
    { 2, 1, "length", NULL },
    { 3, 1, "cfg_type", BITS({ 0, 8, "Type=" MIG_PCI_VIRTIO_TYPES }) },
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
    { 4, 4, "Type=" MIG_PCI_EXPRESS_TYPES },
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
const Reg mig_pci_express_slot_regs[] = {
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
const Reg mig_pci_express_root_regs[] = {
    { 0x1c, 2, "root_control",
      BITS({ 0, 1, "ErrCorrectable" }, { 1, 1, "ErrNon-Fatal" }, { 2, 1, "ErrFatal" },
           { 3, 1, "PMEIntEna" }, { 4, 1, "CRSVisible" }) },
    { 0x1e, 2, "root_capabilities", BITS({ 0, 1, "CRSVisible" }) },
    { 0x20, 4, "root_status",
      BITS({ 0, 16, "PME ReqID" }, { 16, 1, "PMEStatus" }, { 17, 1, "PMEPending" }) },
    { 0 },
};
const Reg mig_pci_express_2_regs[] = {
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
const Reg mig_pci_aer_root_regs[] = {
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
const Reg mig_pci_rebar_regs[] = {
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

const Capability mig_pci_capabilities[] = {
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
    { CAP_MSIX, "MSI-X", mig_pci_msix_regs },
    { 0x12, "SATA HBA", sata_regs },
    { 0x13, "PCI Advanced Features", af_regs },
    { 0x14, "Enhanced Allocation", NULL },
    { 0x15, "Flattening Portal Bridge", NULL },
    { 0 },
};

const Capability mig_pci_extended_capabilities[] = {
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
    { EXT_REBAR, "Physical Resizable BAR", mig_pci_rebar_regs },
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
    { EXT_VF_REBAR, "Virtual Resizable BAR", mig_pci_rebar_regs },
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
