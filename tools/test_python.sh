#!/usr/bin/env bash
# Build the wheel, install it with its test extras into a virtual environment of its own, and run the Python tests on it.
# Usage: tools/test_python.sh [arguments for pytest]
# PYTHON names the interpreter (default python3); COVEY_PY_VENV the environment (default build-py/test-venv).
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
python=${PYTHON:-python3}
venv=${COVEY_PY_VENV:-$root/build-py/test-venv}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "test_python.sh: $python is older than Python 3.11" >&2
    exit 2
}
if [ ! -x "$venv/bin/python" ]; then
    "$python" -m venv "$venv" || { echo "test_python.sh: python venv is missing (Debian: apt-get install python3-venv)" >&2; exit 2; }
fi
pip=("$venv/bin/python" -m pip --disable-pip-version-check -q)

rm -rf build-py/wheel
"${pip[@]}" wheel --no-deps -w build-py/wheel .
wheel=$(ls build-py/wheel/covey-*.whl)
"${pip[@]}" install "$wheel[test]"
"${pip[@]}" install --force-reinstall --no-deps "$wheel"
exec "$venv/bin/python" -m pytest -c "$root/pyproject.toml" --rootdir "$root" "$root/python/tests" "$@"
