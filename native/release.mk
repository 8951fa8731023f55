# What packages and images hold, for the processor that ARCH names (amd64, arm64), built on any: by clang against the oldest Debian
# that packages are for (deploy/debian/releases.ts), so that one build runs on every system that is not older. Of the system it needs
# glibc alone: other shared libraries, Node's as well, come along in ../lib. Included by native/Makefile.
#   SYSROOT   that Debian with the sources of libbpf (deploy/native/sysroot.ts); made or found by default

TRIPLET_amd64 := x86_64-linux-gnu
TRIPLET_arm64 := aarch64-linux-gnu
BPF_ARCH_amd64 := x86
BPF_ARCH_arm64 := arm64
TRIPLET := $(or $(TRIPLET_$(ARCH)),$(error ARCH is amd64 or arm64))

SYSROOT ?= $(shell cd .. && npm run -s sysroot -- $(ARCH))
SYSROOT := $(or $(SYSROOT),$(error there is no sysroot: see above))

TARGET := --target=$(TRIPLET) --sysroot=$(SYSROOT) -fuse-ld=lld -Wno-unused-command-line-argument
CLANG := $(firstword $(shell command -v clang-19 clang 2>/dev/null))
CXX := $(firstword $(shell command -v clang++-19 clang++ 2>/dev/null)) $(TARGET)
ACT_CC := $(CLANG) $(TARGET)
# No -g: what is built is the same in every checkout.
CXXFLAGS := -O2

LIBBPF_OUT := $(abspath $(BUILD)/libbpf)
LIBBPF := $(LIBBPF_OUT)/libbpf.a
LIBBPF_SOURCE := $(SYSROOT)/usr/src/libbpf/src
ADDON_CXXFLAGS += -isystem $(LIBBPF_OUT)/include
ADDON_LDFLAGS += -static-libstdc++ -static-libgcc -Wl,--version-script=exports.map -Wl,-s '-Wl,-rpath,$$ORIGIN/../lib'
ADDON_LIBRARIES := $(LIBBPF) -lelf -l:libz.so.1
ACT_CFLAGS += -s

LIBRARIES := $(addprefix $(BUILD)/lib/,libelf.so.1 libz.so.1 libstdc++.so.6 libgcc_s.so.1)

# Files of another sysroot may be older than what was built of the one before.
SYSROOT_STAMP := $(BUILD)/sysroot.stamp
$(shell mkdir -p $(BUILD); [ "$$(cat $(SYSROOT_STAMP) 2>/dev/null)" = "$(SYSROOT)" ] || echo "$(SYSROOT)" >$(SYSROOT_STAMP))
$(LIBBPF) $(LIBRARIES) $(ACT): $(SYSROOT_STAMP)

$(OBJECTS) $(ADDON): $(LIBBPF)

# Its own make would write beside its sources, which the cache of downloads has.
$(LIBBPF): $(LIBBPF_SOURCE)/libbpf.c
	@echo '  MAKE   libbpf.a'
	@rm -rf $(LIBBPF_OUT) && mkdir -p $(LIBBPF_OUT)
	@$(MAKE) -s -C $(LIBBPF_SOURCE) CC='$(CLANG) $(TARGET)' NO_PKG_CONFIG=1 BUILD_STATIC_ONLY=1 \
		CFLAGS='-O2 -fPIC -fvisibility=hidden -w' OBJDIR=$(LIBBPF_OUT) $(LIBBPF_OUT)/libbpf.a
	@$(MAKE) -s -C $(LIBBPF_SOURCE) OBJDIR=$(LIBBPF_OUT) INCLUDEDIR=$(LIBBPF_OUT)/include install_headers install_uapi_headers

$(LIBRARIES): $(BUILD)/lib/%: $(SYSROOT)/usr/lib/$(TRIPLET)/%
	@mkdir -p $(@D)
	@cp -L $< $@.new
	@patchelf --set-rpath '$$ORIGIN' $@.new
	@mv $@.new $@

.PHONY: libraries bpf
all: libraries
libraries: $(LIBRARIES)
# Its BTF names the source files: not by where this checkout is.
bpf:
	@$(MAKE) -f bpf/bpf.mk bpf BPF_ARCH=$(BPF_ARCH_$(ARCH)) BPF_OUT=$(abspath $(BUILD)/bpf) \
		BPF_CLANG='$(CLANG) -ffile-prefix-map=$(CURDIR)/=native/'
