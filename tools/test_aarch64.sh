#!/bin/bash
# NEON: a cross build of the core and its tests, run under qemu-user. Skipped (status 77) where the tools are missing.
# cmocka for ARM comes from the distribution's arm64 packages, unpacked under build/ without touching the system.
# usage: tools/test_aarch64.sh [all]      all: every test; otherwise the kernels, the golden fits and one oracle run
set -eu
cd "$(dirname "$0")/.."
for tool in aarch64-linux-gnu-gcc qemu-aarch64; do
    command -v $tool >/dev/null || { echo "$tool is not installed (packages gcc-aarch64-linux-gnu, qemu-user)"; exit 77; }
done
root=$PWD/build/aarch64-root
if [ ! -f "$root/usr/include/cmocka.h" ]; then
    state=$PWD/build/aarch64-apt
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$root"
    options=(-q -o "APT::Architecture=arm64" -o "APT::Architectures=arm64" -o "Dir::State::Lists=$state/lists"
        -o "Dir::Cache=$state/cache" -o "Dir::State::status=/dev/null" -o "APT::Sandbox::User=")
    if ! apt-get "${options[@]}" update >"$state/log" 2>&1 ||
        ! (cd "$state" && apt-get "${options[@]}" download libcmocka-dev libcmocka0 >>"$state/log" 2>&1); then
        echo "no arm64 packages of cmocka can be had (see build/aarch64-apt/log)"
        exit 77
    fi
    for package in "$state"/libcmocka*.deb; do
        dpkg-deb -x "$package" "$root"
    done
fi
export QEMU_LD_PREFIX=/usr/aarch64-linux-gnu
export COVEY_CASES=${COVEY_CASES:-60}
library=$(find "$root" -name 'libcmocka.so' | head -1)
cmake --preset aarch64 -DCOVEY_CMOCKA_INCLUDE="$root/usr/include" -DCOVEY_CMOCKA_LIBRARY="$library" \
    -DCMAKE_BUILD_RPATH="$(dirname "$library")"
cmake --build --preset aarch64 -j "${JOBS:-2}"
if [ "${1:-}" = all ]; then
    ctest --test-dir build/aarch64 --output-on-failure -j "${JOBS:-2}"
else
    ctest --test-dir build/aarch64 --output-on-failure -j "${JOBS:-2}" -LE long \
        -R '^(golden_fits|golden_seeds|golden_random|one_answer|naive|kernel.*|status)$'
fi
