# SPDX-License-Identifier: LGPL-2.1-or-later
# migstat, built with GNU make and nothing else.
#
# Targets
#   all             the program migstat, libmigstat static and shared (default)
#   demo            runs migstat on a real stream that ships with the sources
#   check           builds with -Werror and runs the tests; SUITES="a b" limits them, FULL=1
#                   tries all faults and damage and not a sample, SEED=N another sample
#   check-all       what CI runs: check-format, check-clang, check, samples of check-asan and
#                   check-qemu (SAMPLE=1), check-agree, check-libvirt, check-fresh
#   check-lab       all that there is: analyze, the full tests, check-tiny, and the QEMUs of four
#                   Debian suites
#   check-fresh     the README's commands on bare Debian systems, with FULL=1 on more; as root
#   check-asan      the same with the address and undefined behaviour sanitizers
#   check-tiny      the same, some suites, with windows and pieces of a few bytes
#   check-clang     the code without a warning of clang
#   check-tsan      the same with the thread sanitizer
#   check-valgrind  the same under valgrind
#   check-m32       the same as a 32-bit program; where the system has packages for several
#                   architectures
#   format          clang-format over the C; check-format tells what it would change
#   analyze         gcc's analyzer, clang-tidy and cppcheck over the library and the program
#   fuzz            looks for inputs that break what tests/fuzz states; TIME=SECONDS a target
#   check-qemu      stock QEMU writes, migstat converts, stock QEMU loads; with
#                   SUITES="bullseye bookworm trixie sid" releases of other Debian suites too
#   check-agree     mutated streams: migstat's verdict against the loader's; SUITES as above
#   check-libvirt   stock libvirt restores the save images that migstat converted; as root, in
#                   a Debian system of its own, with SUITES="bookworm trixie" of two releases
#   check-browser   the page of migstat report in Debian's chromium; its pictures stay in
#                   build/release/browser
#   check-counts    instructions that each command takes for a small stream, on the system that
#                   tests/counts/expected names; tests/counts/run update writes them anew
#   fixtures        makes the real streams of tests/fixtures/real anew
#   releases        makes lib/shape/releases.inc anew, from the QEMUs of four Debian suites
#   deps            installs what the targets above need, at once
#   bench           measures migstat beside what one would run instead, with SIZE=, RUNS=,
#                   DIR=, DISK=, STREAM=, ANALYZE=, ONLY=, REPORT=: see tests/bench/run
#   mutants         changes the code in one place after the other and sees whether a test
#                   notices, with FILES=, N=, SEED=, LIMIT=: see tests/mutants
#   update-golden   writes what the tests expect of the output anew, to be reviewed
#   man             the pages of section 3 from the comments of the public headers
#   install         program, library, headers, pkg-config file, man pages
#   uninstall       removes what install wrote
#   dist            build/migstat-VERSION.tar.gz of the committed sources
#   deb             Debian's packages of the committed sources, in build/deb
#   clean, help
# The targets check*, demo and deps install the packages they miss with the system's package
# manager, as root or through sudo.  Every other target only names them.
#
# Variables
#   VARIANT     release (default), asan, tsan, valgrind, tiny, cov or fuzz; built in
#               build/$(VARIANT)
#   B           the folder to build in, should build/$(VARIANT) not suit
#   CC, AR, PKG_CONFIG, CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS   as usual
#   WERROR      -Werror makes a warning an error; check sets it
#   DESTDIR, PREFIX, BINDIR, LIBDIR, INCLUDEDIR, MANDIR, DATADIR, BASHDIR, ZSHDIR, FISHDIR
#               where install puts things
#   V=1         shows the commands
#
# A new file in lib/*, cli or tests/{unit,cli} needs no line here.

version_part = $(shell sed -n 's/^\#define MIG_VERSION_$(1) //p' lib/io/version.h)
VERSION := $(call version_part,MAJOR).$(call version_part,MINOR).$(call version_part,MICRO)
SOVERSION := 1

VARIANT ?= release
B ?= build/$(VARIANT)

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/migstat
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d

CC ?= cc
AR ?= ar
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g $(HARDENING_$(VARIANT))
# As far as the compiler and its libc know it.
cc_says = $(if $(shell printf '$(2)' | $(CC) -Werror -O2 $(1) -x c -c -o /dev/null - \
	2>/dev/null && echo yes),$(3),$(4))
HARDENING_release = $(hardening)
hardening := -fstack-protector-strong -U_FORTIFY_SOURCE \
	-D_FORTIFY_SOURCE=$(call cc_says,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3,\
	\043include <features.h>\nint level[__USE_FORTIFY_LEVEL == 3 ? 1 : -1];,3,2) \
	$(foreach option,-fstack-clash-protection -fcf-protection -mbranch-protection=standard \
	-ftrivial-auto-var-init=zero,$(call cc_says,$(option),,$(option)))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
flags := $(filter-out --%,$(firstword -$(MAKEFLAGS)))
Q := $(if $(V),,@)
say = $(if $(V)$(findstring s,$(flags)),,@echo '  $(1)	$(2)')

# --- what is needed from the system -----------------------------------------------------

LIB_PACKAGES := glib-2.0
LIB_PACKAGES_PRIVATE := libzstd zlib liblzma
# It has no pkg-config file everywhere.
LIB_LIBRARIES := -lbz2
PROGRAM_PACKAGES := libseccomp
TEST_PACKAGES := check json-glib-1.0 gio-2.0
# In other suites tests/abi is not looked at.
TEST_TOOLS := zstd g++ $(if $(shell grep -sx VERSION_CODENAME=bookworm /etc/os-release),abidiff)
# Single tests use these, and pass without: CI has them.
USED_IF_THERE := mandoc parallel sqlite3 zsh fish
# musl has no argp of its own.
ARGP := $(if $(wildcard /lib/ld-musl-*.so.1),-largp)

goals := $(or $(MAKECMDGOALS),all)
# Who tries the program, or its tests, for the first time does not know of -j.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += $(if $(filter demo check%,$(goals)),-j$(shell nproc))
endif
goals += $(if $(filter deps,$(goals)),check-asan check-valgrind check-qemu check-format \
	analyze fuzz)
tests := $(filter-out check-qemu check-agree check-libvirt check-browser check-m32 check-format \
	check-all check-lab check-fresh,$(filter check% update-golden mutants $(B)/tests/%,$(goals)))
needs := $(if $(filter-out clean help dist deb uninstall format check-m32 check-format check-all \
	check-lab check-fresh,$(goals)),\
	pkg-config $(LIB_PACKAGES) $(LIB_PACKAGES_PRIVATE) $(LIB_LIBRARIES) \
	$(PROGRAM_PACKAGES) $(ARGP)) \
	$(if $(tests),$(TEST_PACKAGES) $(TEST_TOOLS)) \
	$(if $(filter deps,$(goals)),$(USED_IF_THERE)) \
	$(if $(findstring -m32,$(CC)),-m32) \
	$(if $(filter check-asan,$(goals)),-fsanitize=address) \
	$(if $(filter check-valgrind,$(goals)),valgrind) \
	$(if $(filter check-qemu check-agree check-libvirt fixtures,$(goals)),\
		python3 zstd qemu-system-x86_64 qemu-system-aarch64) \
	$(if $(filter check-qemu,$(goals)),qemu-img) \
	$(if $(filter check-browser,$(goals)),zstd chromium chromedriver selenium) \
	$(if $(filter bench check-counts,$(goals)),python3 zstd valgrind) \
	$(if $(filter mutants,$(goals)),python3) \
	$(if $(filter format check-format,$(goals)),clang-format) \
	$(if $(filter analyze,$(goals)),clang-tidy cppcheck) \
	$(if $(filter fuzz check-clang,$(goals)),clang)

# Runs while this file is read, so that the pkg-config answers below are those after the
# installation.  `make -n` installs nothing.
ifneq ($(strip $(needs)),)
may_install := $(if $(findstring n,$(flags)),,$(filter check% demo deps,$(goals)))
$(shell PKG_CONFIG='$(PKG_CONFIG)' CC='$(CC)' \
	tests/install-deps $(if $(may_install),--install) $(needs) >&2)
ifneq ($(.SHELLSTATUS),0)
$(error Packages are missing, see above)
endif
packages := $(LIB_PACKAGES) $(LIB_PACKAGES_PRIVATE)
# Warnings are for our own code, not for what a package's macro expands to.
package_cflags = $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(1)))
PACKAGE_CFLAGS := $(call package_cflags,$(packages))
PACKAGE_LIBS := $(shell $(PKG_CONFIG) --libs $(packages)) $(LIB_LIBRARIES)
PROGRAM_CFLAGS := $(call package_cflags,$(PROGRAM_PACKAGES))
PROGRAM_LIBS := $(shell $(PKG_CONFIG) --libs $(PROGRAM_PACKAGES)) $(ARGP)
TEST_CFLAGS = $(call package_cflags,$(TEST_PACKAGES))
TEST_LIBS = $(shell $(PKG_CONFIG) --libs $(TEST_PACKAGES))
endif

# --- flags ------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual \
	-Wformat=2 -Wvla
WERROR ?= $(if $(tests),-Werror)

# Sanitizers and gcov open files when they report, and valgrind knows no seccomp(2).
instrumented := -DCLI_SANDBOX=0
VARIANT_CFLAGS_asan := $(instrumented) -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
VARIANT_CFLAGS_tsan := $(instrumented) -O1 -fsanitize=thread
VARIANT_CFLAGS_valgrind := $(instrumented)
# Each window and piece ends in the midst of something; an item has to hold a page of 64 KiB.
VARIANT_CFLAGS_tiny := -DMIG_TINY -DMIG_ITEM_MAX='(384u << 10)'
VARIANT_CFLAGS_cov := $(instrumented) -O0 --coverage
VARIANT_CFLAGS_fuzz := $(instrumented) -O1 -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
VARIANT_LDFLAGS_release := -Wl,-z,defs -Wl,-z,relro -Wl,-z,now
VARIANT_LDFLAGS_asan := -fsanitize=address,undefined
VARIANT_LDFLAGS_tsan := -fsanitize=thread
VARIANT_LDFLAGS_cov := --coverage
VARIANT_LDFLAGS_fuzz := -fsanitize=address,undefined
ifeq ($(filter release asan tsan valgrind tiny cov fuzz,$(VARIANT)),)
$(error VARIANT is one of release, asan, tsan, valgrind, tiny, cov, fuzz, not "$(VARIANT)")
endif

# One set of objects serves both libraries: position independent, yet free to inline.
all_cflags = -std=gnu11 $(WARNINGS) $(WERROR) -fPIC -fno-semantic-interposition \
	$(CFLAGS) $(VARIANT_CFLAGS_$(VARIANT))
all_cppflags = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DG_LOG_DOMAIN='"migstat"' \
	-DMIG_VERSION='"$(VERSION)"' -Ilib $(PACKAGE_CFLAGS) $(CPPFLAGS)
all_ldflags = $(VARIANT_LDFLAGS_$(VARIANT)) $(LDFLAGS)

# --- program and library ----------------------------------------------------------------

objects = $(patsubst %.c,$(B)/%.o,$(1))

LIB_OBJECTS := $(call objects,$(wildcard lib/*/*.c))
CLI_OBJECTS := $(call objects,$(wildcard cli/*.c))
RUN_OBJECTS := $(call objects,$(filter-out tests/mkmig-main.c,$(wildcard tests/*.c)) \
	$(filter-out tests/fuzz/main.c,$(wildcard tests/unit/*.c tests/cli/*.c tests/fuzz/*.c)))
# Tests that run commands without a process for each.
COMMAND_OBJECTS := $(filter-out $(B)/cli/main.o,$(CLI_OBJECTS))

LIB_STATIC := $(B)/libmigstat.a
LIB_SHARED := $(B)/libmigstat.so.$(VERSION)
PROGRAM := $(B)/migstat
RUNNER := $(B)/tests/run
MKMIG := $(B)/mkmig
FUZZER := $(B)/tests/fuzzer
INJECTOR := $(B)/tests/inject.so

.PHONY: all
all: $(PROGRAM) $(LIB_STATIC) $(LIB_SHARED) man

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(all_cppflags) $(all_cflags) -MMD -MP -c -o $@ $<

# Not the program: libc has to see its argp_program_version.
$(B)/lib/%.o: all_cflags += -fvisibility=hidden
$(B)/cli/%.o: all_cppflags += $(PROGRAM_CFLAGS)
$(B)/tests/%.o: all_cppflags += -Itests $(TEST_CFLAGS)

$(LIB_STATIC): $(LIB_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# With the name by which the loader looks for it beside it.
$(LIB_SHARED): $(LIB_OBJECTS) lib/libmigstat.map
	$(call say,LD,$@)
	$(Q)rm -f $(B)/libmigstat.so.*
	$(Q)$(CC) -shared -Wl,-soname,libmigstat.so.$(SOVERSION) \
		-Wl,--version-script=lib/libmigstat.map $(all_cflags) $(all_ldflags) \
		-o $@ $(LIB_OBJECTS) $(PACKAGE_LIBS) $(LDLIBS)
	$(Q)ln -sf $(@F) $(@D)/libmigstat.so.$(SOVERSION)

link = $(CC) $(all_cflags) $(all_ldflags) -o $@ $^ $(PACKAGE_LIBS) $(LDLIBS)

# migstat check --explain quotes migstat-rules(7).
$(B)/cli/rules-page.o: all_cppflags += -I$(B)
$(B)/cli/rules-page.o: $(B)/rules-page.inc
$(B)/rules-page.inc: man/migstat-rules.7
	@mkdir -p $(@D)
	$(Q)sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $< > $@

# The page of migstat report has its style and script inside.
$(B)/cli/report-page.o: all_cppflags += -I$(B)
$(B)/cli/report-page.o: $(B)/report.css.inc $(B)/report.js.inc
$(B)/report.%.inc: cli/report.%
	@mkdir -p $(@D)
	$(Q)sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $< > $@

# The program is a client of the library.  Where it is built it finds the library beside it;
# installed, in LIBDIR, which it has to be told but where the loader looks anyway.
searched := /lib /lib/% /lib64 /usr/lib /usr/lib/% /usr/lib64
runpath = $(if $(filter $(searched),$(firstword $(1))),,'-Wl,-rpath,$(1)')
link_program = $(CC) $(all_cflags) $(all_ldflags) -o $(1) $(CLI_OBJECTS) $(LIB_SHARED) \
	$(call runpath,$(2)) $(PACKAGE_LIBS) $(LDLIBS) $(PROGRAM_LIBS)

$(PROGRAM): $(CLI_OBJECTS) $(LIB_SHARED)
	$(call say,LD,$@)
	$(Q)$(call link_program,$@,$$ORIGIN)

$(MKMIG): $(B)/tests/mkmig-main.o $(B)/tests/mkmig.o
	$(call say,LD,$@)
	$(Q)$(link) $(TEST_LIBS)

$(RUNNER): $(RUN_OBJECTS) $(COMMAND_OBJECTS) $(LIB_STATIC)
	$(call say,LD,$@)
	$(Q)$(link) $(TEST_LIBS) $(PROGRAM_LIBS)

# The list of PCI names is read once, not for each input.
$(FUZZER): all_ldflags += -Wl,--wrap=mig_pci_names_load -Wl,--wrap=mig_pci_names_free
$(FUZZER): $(call objects,$(wildcard tests/fuzz/*.c)) $(COMMAND_OBJECTS) $(LIB_STATIC)
	$(call say,LD,$@)
	$(Q)$(link) -fsanitize=fuzzer $(TEST_LIBS) $(PROGRAM_LIBS)

# Preloaded into the program, so never instrumented.
$(INJECTOR): tests/faults/inject.c
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(WERROR) -O2 -fPIC -shared -o $@ $<

-include $(patsubst %.o,%.d,$(LIB_OBJECTS) $(CLI_OBJECTS) $(RUN_OBJECTS)) \
	$(B)/tests/mkmig-main.d $(B)/tests/fuzz/main.d

# --- pages of section 3 -----------------------------------------------------------------

# The public headers are those that lib/migstat.h reaches.
public_headers = $(patsubst lib/%,%,$(filter lib/%,\
	$(shell $(CC) $(all_cppflags) -MM lib/migstat.h)))

# The comments of each header are a page, and each function is a link to it.
.PHONY: man
man: $(B)/man/done
$(B)/man/done: lib/manual.awk man/migstat.3 $(wildcard lib/*/*.h)
	$(call say,MAN,mig_*.3)
	$(Q)rm -rf $(@D) && mkdir -p $(@D)
	$(Q)awk -v out=$(@D) -v version=$(VERSION) \
		-v date=$$(sed -n 's/^.TH MIGSTAT 3 \([^ ]*\).*/\1/p' man/migstat.3) -f lib/manual.awk \
		$(addprefix lib/,$(sort $(filter-out migstat.h io/visibility.h,$(public_headers))))
	$(Q)echo '.so man3/migstat.3' > $(@D)/libmigstat.3
	$(Q)touch $@

# --- tests ------------------------------------------------------------------------------

environment = G_DEBUG=fatal-criticals MIGSTAT='$(abspath $(PROGRAM))' SRCDIR='$(CURDIR)' \
	BUILDDIR='$(abspath $(B))' CC='$(CC)' \
	HARDENING='$(if $(filter file,$(origin CFLAGS)),$(HARDENING_$(VARIANT)))'
run_tests = $(environment) FULL='$(FULL)' SEED='$(SEED)' VARIANT='$(VARIANT)' $(1) $(UNDER_$(VARIANT)) $(RUNNER) $(SUITES)

comma := ,
# Possible leaks are GLib's, whose threads and types live until the end.
UNDER_valgrind := valgrind -q --vgdb=no --error-exitcode=99 --leak-check=full \
	--show-leak-kinds=definite --errors-for-leak-kinds=definite --trace-children=yes \
	--trace-children-skip='/usr/*$(comma)/bin/*'

.PHONY: check check-asan check-tiny check-tsan check-valgrind check-m32 update-golden
check: all $(RUNNER) $(MKMIG) $(INJECTOR)
	$(Q)$(call run_tests)

# With SAMPLE=1 each third of the suites, another third with each commit; without those that take
# long (tests/suites.h) or cut, since their samples are in check.
sampled = $(filter-out faults damage memory hostile fuzz cuts,$(shell \
	n=$$(git rev-list --count HEAD 2>/dev/null || echo 0); ls tests/*/test-*.c | \
	awk "NR % 3 == $$n % 3" | sed 's/.*test-//; s/\.c$$//; y/-/_/'))
check-asan:
	$(Q)$(MAKE) --no-print-directory VARIANT=asan \
		SUITES='$(or $(SUITES),$(if $(SAMPLE),$(sampled)))' check

check-tsan:
	$(Q)CK_TIMEOUT_MULTIPLIER=10 $(MAKE) --no-print-directory VARIANT=tsan check

TINY_SUITES := reader ram vfio vfio_layout filter description device input page page_order \
	extract
check-tiny:
	$(Q)$(MAKE) --no-print-directory VARIANT=tiny check SUITES='$(or $(SUITES),$(TINY_SUITES))'

check-valgrind:
	$(Q)CK_TIMEOUT_MULTIPLIER=30 $(MAKE) --no-print-directory VARIANT=valgrind check

# Where Debian and Fedora keep what they say of 32-bit libraries.
check-m32:
	$(Q)PKG_CONFIG_LIBDIR=/usr/lib/i386-linux-gnu/pkgconfig:/usr/lib/pkgconfig \
		$(MAKE) --no-print-directory B=build/m32 CC='$(CC) -m32' check

# TIME=SECONDS for each target, TARGETS="a b", JOBS=N
.PHONY: fuzz
fuzz:
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz CC=clang \
		$(addprefix build/fuzz/,tests/fuzzer mkmig migstat)
	$(Q)G_DEBUG=fatal-criticals SRCDIR='$(CURDIR)' BUILDDIR='$(CURDIR)/build/fuzz' TIME='$(TIME)' \
		TARGETS='$(TARGETS)' JOBS='$(JOBS)' tests/fuzz/run

# What the analyzers may not say, and why:
#   null pointers (gcc)      it follows the NULL that GLib's checked casts and errors may give
#   leaks (gcc, clang)       they do not know __attribute__((cleanup)), which frees
#   dead stores (clang)      the same: an autoptr is stored to be freed
#   readdir (cppcheck)       it asks for readdir_r(), which libc advises against
TIDY := clang-analyzer-core.*,clang-analyzer-security.insecureAPI.UncheckedReturn,\
bugprone-sizeof-expression,bugprone-suspicious-*,bugprone-signed-char-misuse,\
bugprone-misplaced-widening-cast,bugprone-integer-division,bugprone-infinite-loop,\
bugprone-not-null-terminated-result,bugprone-too-small-loop-variable,\
bugprone-posix-return,misc-redundant-expression
analyzed = $(all_cppflags) $(PROGRAM_CFLAGS) -std=gnu11
# All but pages that are data.
READ := $(filter-out cli/rules-page.c cli/report-page.c,$(wildcard lib/*/*.c cli/*.c))
ANALYZED := $(patsubst %.c,$(B)/analyze/%.ok,$(READ))

.PHONY: analyze
analyze: $(ANALYZED)

$(B)/analyze/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,ANALYZE,$<)
	$(Q)gcc $(analyzed) -O1 -fanalyzer -Werror -Wno-analyzer-null-dereference \
		-Wno-analyzer-malloc-leak -MMD -MP -c -o $@ $<

# clang-tidy's count of what it may not say goes to standard error.
$(B)/analyze/%.ok: %.c $(B)/analyze/%.o
	$(call say,TIDY,$<)
	$(Q)clang-tidy --quiet --checks='-*,$(TIDY)' --warnings-as-errors='*' $< \
		-- $(analyzed) 2>/dev/null
	$(Q)cppcheck --quiet --std=c11 --enable=warning,performance,portability \
		--inline-suppr --error-exitcode=1 --library=gtk --library=posix --library=gnu \
		--suppress=missingIncludeSystem --suppress=readdirCalled \
		-D__linux__ -D_GNU_SOURCE -DG_DEFINE_EXTENDED_ERROR\(a,b\)= -Ilib -Icli $<
	@touch $@

.SECONDARY: $(ANALYZED:.ok=.o)
-include $(ANALYZED:.ok=.d)

# One after the other: each uses all processors.  A line for each thing that is tried.
.PHONY: check-all check-lab
check-all:
	+$(Q)$(MAKE) --no-print-directory check-format
	+$(Q)$(MAKE) --no-print-directory check-clang
	+$(Q)$(MAKE) --no-print-directory check
	+$(Q)$(MAKE) --no-print-directory SAMPLE=1 check-asan
	+$(Q)$(MAKE) --no-print-directory SAMPLE=1 check-qemu
	+$(Q)$(MAKE) --no-print-directory check-agree
	+$(Q)$(MAKE) --no-print-directory SUITES=bookworm check-libvirt
	+$(Q)$(MAKE) --no-print-directory check-fresh

RELEASES := bullseye bookworm trixie sid
check-lab:
	+$(Q)$(MAKE) --no-print-directory analyze
	+$(Q)$(MAKE) --no-print-directory FULL=1 check
	+$(Q)$(MAKE) --no-print-directory check-tiny
	+$(Q)$(MAKE) --no-print-directory FULL=1 check-asan
	+$(Q)$(MAKE) --no-print-directory SUITES='$(RELEASES)' check-qemu
	+$(Q)$(MAKE) --no-print-directory SUITES='$(RELEASES)' check-agree
	+$(Q)$(MAKE) --no-print-directory SUITES='bookworm trixie' check-libvirt
	+$(Q)$(MAKE) --no-print-directory check-browser
	+$(Q)$(MAKE) --no-print-directory check-counts
	+$(Q)$(MAKE) --no-print-directory FULL=1 check-fresh

.PHONY: check-fresh
check-fresh:
	$(Q)FULL='$(FULL)' tests/fresh

update-golden: all $(RUNNER)
	$(Q)$(call run_tests,UPDATE_GOLDEN=1)

# Releases of clang-format differ: what 14 writes is what is compared.
CLANG_FORMAT ?= $(or $(shell command -v clang-format-14),clang-format)
formatted = $(wildcard lib/*.h lib/*/*.[ch] cli/*.[ch] tests/*.[ch] tests/*/*.[ch])

.PHONY: format check-format
format:
	$(Q)$(CLANG_FORMAT) -i $(formatted)

check-format:
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(formatted)

# What clang warns of, without what it would make.
.PHONY: check-clang
check-clang: $(patsubst %.c,$(B)/clang/%.ok,$(READ) \
	$(filter-out tests/qemu/%,$(wildcard tests/*.c tests/*/*.c)))

$(B)/clang/%.ok: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CLANG,$<)
	$(Q)clang $(analyzed) -Itests $(TEST_CFLAGS) $(WARNINGS) -Werror -fsyntax-only $<
	@touch $@

.PHONY: mutants
mutants:
	$(Q)FILES='$(FILES)' BASE='$(BASE)' N='$(N)' SEED='$(SEED)' LIMIT='$(LIMIT)' \
		SUITES='$(SUITES)' CC='$(CC)' tests/mutants

# The stock-QEMU tests, the fuzzers and the benchmarks are scripts of their own.
define script_target
ifneq ($(wildcard $(2)),)
.PHONY: $(1)
$(1): all
	$$(Q)$$(environment) SUITES='$$(SUITES)' TIME='$$(TIME)' $(2)
endif
endef
$(eval $(call script_target,demo,tests/demo))
$(eval $(call script_target,check-qemu,tests/qemu/run))
$(eval $(call script_target,check-agree,tests/qemu/agree))
$(eval $(call script_target,check-libvirt,tests/qemu/libvirt))
check-qemu check-browser: $(MKMIG)
$(eval $(call script_target,check-browser,tests/browser/report))
$(eval $(call script_target,fixtures,tests/qemu/make-fixtures))
$(eval $(call script_target,releases,tests/qemu/make-releases))
$(eval $(call script_target,bench,tests/bench/run))
$(eval $(call script_target,check-counts,tests/counts/run))

# --- installation -----------------------------------------------------------------------

man_pages := $(wildcard man/*.[1-8])
completion_folders := $(BASHDIR) $(ZSHDIR) $(FISHDIR)
completion_files := $(BASHDIR)/migstat $(ZSHDIR)/_migstat $(FISHDIR)/migstat.fish
dest = '$(DESTDIR)$(1)'
section = $(subst .,,$(suffix $(1)))

# The dynamic linker finds a new library in the folders it knows once it was told.
refresh_linker = if [ "$$(id -u)" = 0 ] && ldconfig 2>/dev/null; then \
	echo '           the linker knows the library (ldconfig)'; else \
	echo 'next: run ldconfig as root, so that programs find $(LIBDIR)/libmigstat.so'; fi

# What uninstall leaves empty goes too, the deepest first.  The folders of a system stay.
man_folders = $(foreach n,$(sort $(foreach m,$(man_pages),$(call section,$m))),$(MANDIR)/man$n)
emptied = $(LIBDIR)/pkgconfig $(if $(DESTDIR)$(filter-out /usr /usr/local,$(PREFIX)), \
	$(LIBDIR) $(INCLUDEDIR) $(BINDIR) $(man_folders) $(MANDIR) $(completion_folders) \
	$(patsubst %/,%,$(dir $(completion_folders))) $(PREFIX)/share $(PREFIX))

.PHONY: install uninstall
install: all
	$(Q)install -d $(call dest,$(BINDIR)) $(call dest,$(LIBDIR)/pkgconfig)
	$(Q)$(call link_program,$(call dest,$(BINDIR)/migstat),$(LIBDIR))
	$(Q)install -m 644 $(LIB_STATIC) $(call dest,$(LIBDIR)/libmigstat.a)
	$(Q)install -m 755 $(LIB_SHARED) $(call dest,$(LIBDIR)/libmigstat.so.$(VERSION))
	$(Q)ln -sf libmigstat.so.$(VERSION) $(call dest,$(LIBDIR)/libmigstat.so.$(SOVERSION))
	$(Q)ln -sf libmigstat.so.$(SOVERSION) $(call dest,$(LIBDIR)/libmigstat.so)
	$(Q)$(foreach h,$(public_headers),install -D -m 644 lib/$h \
		$(call dest,$(INCLUDEDIR)/migstat/$h) &&) :
	$(Q)sed -e 's,@PREFIX@,$(PREFIX),' -e 's,@LIBDIR@,$(LIBDIR),' \
		-e 's,@INCLUDEDIR@,$(INCLUDEDIR),' -e 's,@VERSION@,$(VERSION),' \
		-e 's,@REQUIRES@,$(LIB_PACKAGES),' -e 's,@REQUIRES_PRIVATE@,$(LIB_PACKAGES_PRIVATE),' \
		-e 's,@LIBS_PRIVATE@,$(LIB_LIBRARIES),' \
		lib/migstat.pc.in > $(call dest,$(LIBDIR)/pkgconfig/migstat.pc)
	$(Q)$(foreach m,$(man_pages),install -D -m 644 $m \
		$(call dest,$(MANDIR)/man$(call section,$m)/$(notdir $m)) &&) :
	$(Q)install -m 644 $(B)/man/*.3 $(call dest,$(MANDIR)/man3)
	$(Q)install -D -m 644 cli/completion/migstat.bash $(call dest,$(BASHDIR)/migstat)
	$(Q)install -D -m 644 cli/completion/_migstat $(call dest,$(ZSHDIR)/_migstat)
	$(Q)install -D -m 644 cli/completion/migstat.fish $(call dest,$(FISHDIR)/migstat.fish)
	$(Q)$(foreach s,$(wildcard docs/schema/*.json),install -D -m 644 $s \
		$(call dest,$(DATADIR)/schema/$(notdir $s)) &&) :
	@echo 'installed  $(DESTDIR)$(BINDIR)/migstat'
	@echo '           $(DESTDIR)$(LIBDIR)/libmigstat.{a,so.$(VERSION)}, pkgconfig/migstat.pc'
	@echo '           $(DESTDIR)$(INCLUDEDIR)/migstat/'
	@echo '           $(DESTDIR)$(MANDIR)/man[1-8]/: $(notdir $(man_pages)),'
	@echo '               and a page for each function of the library'
	@echo '           $(DESTDIR)$(DATADIR)/schema/'
	@echo '           completion for bash, zsh and fish'
	$(if $(DESTDIR),,@$(refresh_linker))

uninstall:
	$(Q)rm -f $(call dest,$(BINDIR)/migstat) $(call dest,$(LIBDIR)/pkgconfig/migstat.pc) \
		$(foreach l,a so so.$(SOVERSION) so.$(VERSION),$(call dest,$(LIBDIR)/libmigstat.$l)) \
		$(foreach m,$(man_pages),$(call dest,$(MANDIR)/man$(call section,$m)/$(notdir $m))) \
		$(foreach c,$(completion_files),$(call dest,$c))
	$(Q)rm -f $(call dest,$(MANDIR)/man3/libmigstat.3) $(call dest,$(MANDIR)/man3)/mig_*.3
	$(Q)rm -rf $(call dest,$(INCLUDEDIR)/migstat) $(call dest,$(DATADIR))
	$(Q)rmdir $(foreach d,$(emptied),$(call dest,$d)) 2>/dev/null || :
	@echo 'removed from $(DESTDIR)$(PREFIX): the program, library, headers and man pages'

# --- the rest ---------------------------------------------------------------------------

.PHONY: deps dist deb clean help
deps:
	@:

dist:
	@git rev-parse --git-dir >/dev/null 2>&1 || { echo 'make dist needs the git' \
		'repository: it packs what is committed, and there is none here' >&2; exit 1; }
	$(Q)mkdir -p build
	$(Q)git archive --format=tar.gz --prefix=migstat-$(VERSION)/ \
		-o build/migstat-$(VERSION).tar.gz HEAD
	@echo build/migstat-$(VERSION).tar.gz

deb:
	$(Q)packaging/deb

clean:
	$(Q)rm -rf build

help:
	@sed -n '/^$$/q; s/^# \{0,1\}//p' Makefile | tail -n +2
