#!/bin/sh
# Benchmarks: kernels, the CSV reader beside pandas', fits beside scikit-learn and other peers, in an environment of their own.
# Records go to bench/results/, the page docs/benchmarks.md is made from them.
#
# usage: tools/bench.sh quick        a few minutes: small cells, scikit-learn alone
#        tools/bench.sh [MINUTES]    the full set, most important first; what no longer fits the time is named (default 120)
#        tools/bench.sh list         the parts of the full set and the minutes allotted to each
#        tools/bench.sh only NAME    one part of it
set -eu
cd "$(dirname "$0")/.."
place=build/benchmarks
python=${BENCH_PYTHON:-$place/venv/bin/python}
what=${1:-120}

# NAME MINUTES COMMAND: minutes allotted, estimated for two quiet cores from earlier records; a part of fits/run.py starts no
# cell when they are over, and says how long it took.
parts() {
    cat <<EOF
fixed 15 bench/fits/run.py --repeats 2 --limit 15 --budget 900 --peers sklearn_lloyd sklearnex faiss superkmeans
tolerance 9 bench/fits/run.py --mode tolerance --least-k 100 --repeats 1 --budget 540 --peers sklearn_lloyd
users 7 bench/users/run.py
seeding 6 bench/fits/run.py --mode seeding --least-k 256 --most-work 5e10 --repeats 2 --limit 5 --budget 360
avx2 9 bench/fits/run.py --isa avx2 --repeats 1 --budget 540 --peers sklearn_lloyd sklearnex faiss superkmeans
fixed-1t 8 bench/fits/run.py --threads 1 --repeats 1 --most-work 2e10 --budget 480 --peers sklearn_lloyd sklearnex faiss superkmeans
curves 4 bench/fits/curves.py --repeats 2 --limit 5
skylakex 8 bench/fits/run.py --coretype SkylakeX --name fixed-2t-skylakex --repeats 1 --budget 480 --peers sklearn_lloyd faiss superkmeans
predict 2 bench/fits/run.py --mode predict --repeats 2 --budget 120
minibatch 2 bench/fits/run.py --mode minibatch --repeats 2 --limit 5 --most-work 5e9 --budget 120
others 5 bench/fits/run.py --name fixed-others-2t --repeats 1 --most-work 2e9 --budget 300 --peers sklearn_lloyd sklearn_elkan mlpack
elkan 8 bench/fits/run.py --mode tolerance --name tolerance-elkan-2t --least-k 100 --repeats 1 --most-work 5e9 --budget 480 --peers sklearn_lloyd sklearn_elkan
defaults 8 bench/fits/run.py --mode defaults --repeats 1 --most-work 2e9 --budget 480
readers 2 bench/readers/readers.py build/bench/bench/bench_csv
EOF
}

if [ "$what" = list ]; then
    parts
    exit
fi

mkdir -p build
if ! { cmake --preset bench && cmake --build --preset bench -j "${JOBS:-2}"; } >build/bench.log 2>&1; then
    tail -40 build/bench.log
    exit 1
fi
if [ -z "${BENCH_PYTHON:-}" ]; then
    [ -x "$python" ] || "${PYTHON:-python3}" -m venv $place/venv
    if ! $python -c 'import sklearn, pandas, scikit_build_core' 2>/dev/null; then
        $python -m pip install -q --upgrade pip
        $python -m pip install -q -r bench/fits/requirements.txt cffi "scikit-build-core>=0.11"
    fi
    rm -rf $place/dist
    CMAKE_BUILD_PARALLEL_LEVEL=${JOBS:-2} $python -m pip wheel -q --no-deps --no-build-isolation -w $place/dist .
    $python -m pip install -q --force-reinstall --no-deps $place/dist/covey-*.whl
fi

if [ "$what" = quick ]; then
    if [ -x build/bench/bench/kernels_bench ]; then
        build/bench/bench/kernels_bench || echo "a kernel stays under its share of the peak" >&2
    fi
    $python bench/readers/readers.py build/bench/bench/bench_csv --quick
    $python bench/users/run.py --quick
    $python bench/fits/run.py --mode fixed --quick
    $python bench/fits/run.py --mode predict --quick
    exit
fi

if [ "$what" = only ]; then
    command=$(parts | sed -n "s/^$2 [0-9]* //p")
    [ -n "$command" ] || { echo "no part is called $2: tools/bench.sh list" >&2; exit 2; }
    # shellcheck disable=SC2086 # words of the command
    $python $command
    $python bench/report.py
    exit
fi

end=$(($(date +%s) + 60 * what))
parts | while read -r name minutes command; do
    if [ $(($(date +%s) + 60 * minutes)) -gt "$end" ]; then
        echo "left out, no time: $name ($minutes min)" >&2
        continue
    fi
    echo "== $name"
    # shellcheck disable=SC2086
    $python $command </dev/null || echo "part $name failed" >&2
done
[ ! -x build/bench/bench/kernels_bench ] || build/bench/bench/kernels_bench || echo "a kernel stays under its share of the peak" >&2
$python bench/report.py
