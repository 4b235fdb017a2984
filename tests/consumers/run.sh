#!/bin/sh
# Install covey into a folder under build/, then use it as others do: every public header alone as C99 and as C++, the
# examples by pkg-config with a bare compiler and by the CMake package, shared and static, the command and its man page.
set -eu
cd "$(dirname "$0")/../.."
top=$PWD
place=$top/build/consumers
prefix=$place/prefix
rm -rf "$place"
mkdir -p "$place/bin"
cmake --preset release -DCMAKE_INSTALL_PREFIX="$prefix" >"$place/log"
cmake --build build/release -j "${JOBS:-2}" >>"$place/log"
cmake --install build/release >>"$place/log"
libdir=$(dirname "$(find "$prefix" -name libcovey.so | head -1)")
export LD_LIBRARY_PATH="$libdir" PKG_CONFIG_PATH="$libdir/pkgconfig"
count=0
try() {
    "$@" >"$place/out" 2>&1 || { echo "failed: $*"; cat "$place/out"; exit 1; }
    count=$((count + 1))
}

for header in "$prefix"/include/covey/*.h; do
    name=$(basename "$header")
    echo "#include <covey/$name>" >"$place/one.c"
    cp "$place/one.c" "$place/one.cpp"
    try cc -std=c99 -Wall -Wextra -pedantic -Werror -fsyntax-only -I"$prefix/include" "$place/one.c"
    try c++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only -I"$prefix/include" "$place/one.cpp"
done

# A C++ program links: the headers say extern "C".
printf '#include <covey/covey.h>\nint main() { return covey_version()[0] == 0; }\n' >"$place/version.cpp"
# shellcheck disable=SC2046
try c++ "$place/version.cpp" $(pkg-config --cflags --libs covey) -o "$place/bin/version"
try "$place/bin/version"

run_examples() { # folder, suffix of the programs
    try "$1/cluster_blobs$2"
    try "$1/strided_float32$2"
    try "$1/progress$2"
    try "$1/cluster_csv$2" "$top/data/iris.csv" 1-4 3 "$place/model.npz"
    grep -q 'inertia 78.855665825977' "$place/out" || { echo "another inertia for iris:"; cat "$place/out"; exit 1; }
}

for example in cluster_blobs strided_float32 progress cluster_csv; do
    # shellcheck disable=SC2046
    try cc -std=c11 -Wall -Wextra -Werror "examples/$example.c" $(pkg-config --cflags --libs covey-io covey) -o "$place/bin/$example"
done
run_examples "$place/bin" ""
try cmake -S tests/consumers -B "$place/cmake" -DCMAKE_PREFIX_PATH="$prefix" -DEXAMPLES="$top/examples"
try cmake --build "$place/cmake"
run_examples "$place/cmake" ""
run_examples "$place/cmake" _static

try "$prefix/bin/covey" fit data/iris.csv --columns 1-4 -k 3 --seed 42
for file in share/man/man1/covey.1 share/bash-completion/completions/covey share/zsh/site-functions/_covey \
    share/fish/vendor_completions.d/covey.fish; do
    try test -s "$prefix/$file"
done
echo "consumers: $count checks passed"
