Row 24: max_iter is a fact, not an error; --strict makes it exit code 6.

  $ covey make blobs -n 400 -k 6 --std 4 -q -o x.csv
  $ covey fit x.csv -k 6 --max-iter 2 --labels a.csv > /dev/null
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: not converged after 2 iterations (squared shift 3.97314, tolerance 0.00287856); --max-iter allows more
  covey: labels written to a.csv
  $ covey fit x.csv -k 6 --max-iter 2 | grep iterations
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: not converged after 2 iterations (squared shift 3.97314, tolerance 0.00287856); --max-iter allows more
    iterations  2; not converged: stopped at the limit; last squared shift 3.97314, tolerance 0.00287856
  $ covey fit x.csv -k 6 --max-iter 2 --json -q | grep -E 'converged|stop|squared_shift|"tolerance'
    "converged": false,
    "stop": "max_iter",
    "squared_shift": 3.973137801213821,
    "tolerance": 0.0028785602336293624,
  $ covey fit x.csv -k 6 --max-iter 2 --strict --labels b.csv > /dev/null
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: not converged after 2 iterations (squared shift 3.97314, tolerance 0.00287856); --max-iter allows more
  covey: labels written to b.csv
  [6]
  $ cmp a.csv b.csv
  $ covey fit x.csv -k 6 --strict > /dev/null
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
