# The BPF objects: build/bpf/wasprey.bpf.o, the capture, and build/bpf/isolate.bpf.o, which isolates a container. Included by
# native/Makefile, or alone: make -f native/bpf/bpf.mk
# The kernel's types come from vmlinux/, so that the object does not depend on the kernel of the machine that builds it: one
# build for a processor (BPF_ARCH: x86 or arm64, on any machine) runs on every kernel.

BPF_DIR := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
BPF_OUT := $(abspath $(BPF_DIR)/../../build/bpf)
BPF_OBJECTS := $(BPF_OUT)/wasprey.bpf.o $(BPF_OUT)/isolate.bpf.o
BPF_HEADERS := $(wildcard $(BPF_DIR)*.[ch] $(BPF_DIR)*/*.[ch]) $(wildcard $(BPF_DIR)../generated/*.h)
BPF_CLANG ?= $(firstword $(shell command -v clang-19 clang 2>/dev/null))
BPF_ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -std=gnu11 -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Wextra -Werror \
	-Wno-unused-parameter -Wno-missing-field-initializers -Wno-missing-declarations -I$(BPF_DIR) -I$(BPF_DIR)../generated

.PHONY: bpf
bpf: $(BPF_OBJECTS)

# `gen object` drops the debug sections, which a start need not read; BTF stays.
$(BPF_OUT)/%.bpf.o: $(BPF_DIR)%.bpf.c $(BPF_HEADERS)
	@mkdir -p $(BPF_OUT)
	$(BPF_CLANG) $(BPF_CFLAGS) -c $< -o $@.debug
	bpftool gen object $@.new $@.debug
	mv $@.new $@

# Parts that benchmarks measure by themselves.
$(BPF_OUT)/bench/%.bpf.o: $(BPF_DIR)../../test/bench/%.bpf.c $(BPF_HEADERS)
	@mkdir -p $(@D)
	$(BPF_CLANG) $(BPF_CFLAGS) -c $< -o $@

# What live tests do to a capture's maps.
$(BPF_OUT)/test/%.bpf.o: $(BPF_DIR)../../test/support/programs/bpf/%.bpf.c $(BPF_HEADERS)
	@mkdir -p $(@D)
	$(BPF_CLANG) $(BPF_CFLAGS) -c $< -o $@
