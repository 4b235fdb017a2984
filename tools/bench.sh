#!/bin/sh
# Benchmarks: kernels, the CSV reader beside pandas', fits beside scikit-learn and other peers, in an environment of their own.
# Records go to bench/results/.
# usage: tools/bench.sh [quick]
set -eu
cd "$(dirname "$0")/.."
place=build/benchmarks
python=$place/venv/bin/python
cmake --preset bench >build/bench.log 2>&1 && cmake --build --preset bench -j "${JOBS:-2}" >>build/bench.log 2>&1 ||
    { tail -40 build/bench.log; exit 1; }
[ -x $python ] || "${PYTHON:-python3}" -m venv $place/venv
if ! $python -c 'import sklearn, pandas, scikit_build_core' 2>/dev/null; then
    $python -m pip install -q --upgrade pip
    $python -m pip install -q -r bench/fits/requirements.txt cffi "scikit-build-core>=0.11"
fi
rm -rf $place/dist
CMAKE_BUILD_PARALLEL_LEVEL=${JOBS:-2} $python -m pip wheel -q --no-deps --no-build-isolation -w $place/dist .
$python -m pip install -q --force-reinstall --no-deps $place/dist/covey-*.whl

if [ -x build/bench/bench/kernels_bench ]; then
    build/bench/bench/kernels_bench || echo "a kernel stays under its share of the peak" >&2
fi
quick=
[ "${1:-}" = quick ] && quick=--quick
$python bench/readers/readers.py build/bench/bench/bench_csv $quick
$python bench/users/run.py $quick
for mode in fixed predict; do
    $python bench/fits/run.py --mode $mode $quick
done
[ -n "$quick" ] && exit
for mode in tolerance seeding minibatch defaults; do
    $python bench/fits/run.py --mode $mode
done
$python bench/fits/run.py --threads 1
$python bench/fits/run.py --isa avx2
$python bench/fits/run.py --coretype SkylakeX --name fixed-2t-skylakex
$python bench/fits/curves.py
$python bench/report.py
