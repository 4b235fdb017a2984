#!/usr/bin/env bash
# make bench, make bench-quick: peers in an environment of their own, covey installed from this checkout.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
venv=build/bench-venv
if [ ! -x "$venv/bin/python" ]; then
    "$python" -m venv "$venv"
fi
"$venv/bin/pip" install -q -r bench/fits/requirements.txt
"$venv/bin/pip" install -q --no-deps --force-reinstall .
"$venv/bin/pip" install -q cffi
if [ "${1:-}" = quick ]; then
    "$venv/bin/python" bench/fits/run.py --quick
    exit
fi
for mode in fixed tolerance seeding; do
    for threads in 1 2; do
        "$venv/bin/python" bench/fits/run.py --mode "$mode" --threads "$threads"
    done
done
"$venv/bin/python" bench/fits/run.py --mode fixed --threads 2 --isa avx2
"$venv/bin/python" bench/fits/run.py --mode fixed --threads 2 --coretype SkylakeX --name fixed-2t-skylakex
