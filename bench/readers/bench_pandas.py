"""Time pandas' C reader: bench_pandas.py FILE [REPEATS]. Prints the best and the median wall time, and a sum to check by."""

import statistics
import sys
import time

import pandas

path = sys.argv[1]
repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 5
for precision in (None, "round_trip"):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        frame = pandas.read_csv(path, engine="c", float_precision=precision)
        times.append(time.perf_counter() - start)
    total = frame.to_numpy().sum()
    print(
        f"pandas {pandas.__version__} float_precision={precision}  {frame.shape[0]} x {frame.shape[1]}"
        f"  best {min(times):.3f} s  median {statistics.median(times):.3f} s  sum {total:.17g}"
    )
