# The front door. Each target first installs (apt, as root or with sudo) or names what it misses.
#
#   make demo         cluster the shipped handwritten digits; results under out/
#   make test         every test; what continuous integration runs
#   make test-long    what does not fit there
#   make bench        time covey beside scikit-learn; a record under bench/results/
#   make install      PREFIX (default /usr/local), DESTDIR
#   make lint, fmt    clang-tidy, cppcheck, layers; clang-format
#   make golden       rewrite the golden files from scikit-learn

PREFIX ?= /usr/local
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
PYTHON ?= python3

build_packages = gcc libc6-dev make cmake pkg-config zlib1g-dev libzip-dev libpng-dev libjpeg-dev
test_packages = $(build_packages) g++ binutils libcmocka-dev clang-tidy clang-format cppcheck python3 python3-venv
cross_packages = gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user

.PHONY: demo build test test-long bench bench-quick install uninstall fmt lint golden clean need-build need-test

build: need-build
	@cmake --preset release >build/release.log 2>&1 || { cat build/release.log; exit 1; }
	@cmake --build --preset release -j $(JOBS) >>build/release.log 2>&1 || { tail -40 build/release.log; exit 1; }

demo: build
	@mkdir -p out
	build/release/covey fit data/digits.csv -k 10 --n-init 10 --force --model out/digits-model.npz \
	    --labels out/digits-labels.csv --centers out/digits-centers.csv --picture out/digits-centers.png
	@echo "The model, the labels and the ten centers (digits-centers.png is their picture) are in out/."

test: need-test
	@JOBS=$(JOBS) PYTHON=$(PYTHON) tools/test.sh

test-long: need-test
	@JOBS=$(JOBS) PYTHON=$(PYTHON) tools/test.sh long

bench: need-build
	@JOBS=$(JOBS) PYTHON=$(PYTHON) tools/bench.sh

bench-quick: need-build
	@JOBS=$(JOBS) PYTHON=$(PYTHON) tools/bench.sh quick

install: build
	cmake -S . -B build/release -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null
	cmake --build build/release -j $(JOBS) >/dev/null
	DESTDIR=$(DESTDIR) cmake --install build/release
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then ldconfig 2>/dev/null || true; fi

uninstall:
	@test -f build/release/install_manifest.txt || { echo "no install_manifest.txt: nothing was installed from here"; exit 1; }
	xargs rm -fv <build/release/install_manifest.txt

fmt:
	@tools/need.sh clang-format
	git ls-files 'include/*.h' 'src/*.[ch]' 'io/*.[ch]' 'cli/*.[ch]' 'tests/*.[ch]' 'examples/*.c' 'bench/*.[ch]' | xargs clang-format -i

lint: need-test
	@JOBS=$(JOBS) tools/lint.sh

golden:
	@tools/need.sh python3 python3-venv
	@mkdir -p build/golden
	@test -x build/golden/venv/bin/python || $(PYTHON) -m venv build/golden/venv
	@build/golden/venv/bin/python -c 'import sklearn' 2>/dev/null || \
	    build/golden/venv/bin/pip install -q scikit-learn==1.9.1 numpy==2.4.6
	build/golden/venv/bin/python tools/regen_golden.py $(GOLDEN_ARGS)

clean:
	rm -rf build out

need-build:
	@mkdir -p build
	@tools/need.sh $(build_packages)

need-test:
	@mkdir -p build
	@tools/need.sh $(test_packages)
	@tools/need.sh --optional $(cross_packages)
