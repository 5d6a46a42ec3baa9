# SPDX-License-Identifier: BSD-2-Clause
# A thin front: Meson does the building (see meson.build).

BUILD	?= build
PREFIX	?= /usr/local
DESTDIR	?=
# Where packages, real dumps and generated images are kept between runs.
KVM_CACHE ?= $(CURDIR)/.cache
export KVM_CACHE

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

$(BUILD)/build.ninja:
	@scripts/setup build
	@meson setup $(BUILD) >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

demo:
	@scripts/setup build vm
	@$(MAKE) --no-print-directory all
	@scripts/demo $(BUILD)

check:
	@scripts/check

check-matrix:
	@scripts/check matrix

asan:
	@scripts/check asan

fuzz:
	@scripts/fuzz

bench:
	@scripts/setup build vm bench
	@$(MAKE) --no-print-directory all
	@scripts/bench $(BUILD)

lint:
	@scripts/setup build lint
	@scripts/lint

# Meson would take a relative directory as one inside the build's.
install: all
	@{ meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX)) && \
	    ninja -C $(BUILD); } >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log
	@DESTDIR=$(abspath $(DESTDIR)) meson install -C $(BUILD) --no-rebuild --quiet
	@[ -n "$(DESTDIR)" ] || ldconfig 2>/dev/null || :

clean:
	rm -rf $(BUILD) build-*

.PHONY: all demo check check-matrix asan fuzz bench lint install clean
