#!/bin/bash
# Every test, step by step; a failing step does not hide the next ones.  Each step's output goes to build/logs/<step>.log,
# and the runners' closing lines come last.
# usage: tools/test.sh [long | STEP...]
set -u
cd "$(dirname "$0")/.."
jobs=${JOBS:-2}
python=${PYTHON:-python3}
logs=build/logs
mkdir -p $logs
passed=0
skipped=0
failed=()
closing=()

# run NAME PATTERN COMMAND...: PATTERN finds the closing lines in the log
run() {
    local name=$1 pattern=$2 started=$SECONDS status lines
    shift 2
    if [ ${#wanted[@]} -gt 0 ] && [[ ! " ${wanted[*]} " == *" $name "* ]]; then
        return
    fi
    printf '%-10s ' "$name"
    "$@" >$logs/$name.log 2>&1
    status=$?
    if [ $status -eq 77 ]; then
        skipped=$((skipped + 1))
        echo "skipped: $(tail -1 $logs/$name.log)"
        closing+=("$name: skipped: $(tail -1 $logs/$name.log)")
        return
    fi
    echo "$([ $status -eq 0 ] && echo ok || echo FAILED) ($((SECONDS - started)) s)"
    if [ $status -ne 0 ]; then
        failed+=("$name")
        tail -60 $logs/$name.log
    else
        passed=$((passed + 1))
    fi
    lines=$(grep -E "$pattern" $logs/$name.log | tail -4)
    [ -n "$lines" ] && closing+=("$(sed "s/^/$name: /" <<<"$lines")")
}

# suite PRESET CTEST-ARGUMENT...: configure, build, test
suite() {
    local preset=$1
    shift
    cmake --preset "$preset" && cmake --build "build/$preset" -j "$jobs" &&
        ctest --test-dir "build/$preset" --output-on-failure -j "$jobs" "$@"
}

tests_passed='tests passed|tests failed out of'
# Not detect_stack_use_after_return: gcc 12 misaligns vectors in its fake frames and corrupts memory (gcc bug 110027).
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

if [ "${1:-}" = long ]; then
    wanted=()
    run dev "$tests_passed" suite dev
    run asan "$tests_passed" suite asan
    run tsan "$tests_passed" suite tsan
    run aarch64 "$tests_passed" tools/test_aarch64.sh all
    [ -x tools/test_python.sh ] && run python ' (passed|failed)' tools/test_python.sh long
else
    wanted=("$@")
    run layers '^layers:' $python tools/check_layers.py
    run dev "$tests_passed" suite dev -LE long
    run exports '^exports:' $python tools/check_exports.py build/dev
    run asan "$tests_passed" suite asan -LE long
    run tsan "$tests_passed" suite tsan -L threads -LE long
    run lint 'no findings|nothing to do|warning:' tools/lint.sh
    run consumers '^consumers:' tests/consumers/run.sh
    run aarch64 "$tests_passed" tools/test_aarch64.sh
    [ -x tools/test_python.sh ] && run python ' (passed|failed)' tools/test_python.sh
fi

echo
printf '%s\n' "${closing[@]}"
[ ${#failed[@]} -gt 0 ] && echo "FAILED: ${failed[*]} (logs under $logs)"
echo "steps, in $SECONDS s:"
echo "$passed passed, ${#failed[@]} failed, $skipped skipped"
[ ${#failed[@]} -eq 0 ]
