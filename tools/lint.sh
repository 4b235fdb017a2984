#!/bin/sh
# Static checks: layers, clang-tidy, cppcheck. The dev build's compile commands say how each file is compiled.
set -eu
cd "$(dirname "$0")/.."
jobs=${JOBS:-2}
build=build/dev
status=0
cmake --preset dev >/dev/null

python3 tools/check_layers.py || status=1

# Kernel bodies are compiled once per instruction set, files of io and cli in two builds; one look at each is enough.
mkdir -p build/lint
python3 - $build/compile_commands.json build/lint/compile_commands.json <<'EOF'
import json, sys
one = {}
for entry in json.load(open(sys.argv[1])):
    if entry["file"] not in one or "CVI_ISA=avx2 " in entry["command"]:
        one[entry["file"]] = entry
json.dump(list(one.values()), open(sys.argv[2], "w"))
EOF
if ! find src io cli -name '*.c' ! -name '*_neon*' -print0 |
    xargs -0 -n 2 -P "$jobs" clang-tidy --quiet -p build/lint --extra-arg=-Wno-unknown-warning-option \
        >build/clang-tidy.log 2>build/clang-tidy.err; then
    grep -A5 'PLEASE submit' build/clang-tidy.err || true
    status=1
fi
found=$(grep -E 'warning:|error:' build/clang-tidy.log | sort -u)
if [ -n "$found" ]; then
    echo "$found"
    status=1
else
    echo "clang-tidy: $(find src io cli -name '*.c' ! -name '*_neon*' | wc -l) files, no findings"
fi

if cppcheck --quiet --std=c11 --language=c -j "$jobs" --enable=warning,performance --inline-suppr \
    --suppress=missingIncludeSystem --suppress=unknownMacro --suppress='uninitvar:src/kernels/*' --suppress='uninitvar:src/seed/*' --error-exitcode=1 \
    -I include -I src -I io -I cli -D__x86_64__ -D__GNUC__ -DCOVEY_VERSION_TEXT='""' -DCVI_ISA=portable \
    src io cli; then
    echo "cppcheck: no findings"
else
    status=1
fi

# Checked once the tree as a whole is formatted: the marker is this file.
if [ -f tools/formatted ]; then
    if git ls-files 'include/*.h' 'src/*.[ch]' 'io/*.[ch]' 'cli/*.[ch]' 'tests/*.[ch]' 'examples/*.c' 'bench/*.[ch]' |
        xargs clang-format --dry-run -Werror; then
        echo "clang-format: nothing to do"
    else
        status=1
    fi
fi
exit $status
