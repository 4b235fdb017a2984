Row 42: limits. The best so far if there is one, exit code 5, and what was reached.

  $ covey make blobs -n 1000 --features 8 -q -o x.csv
  $ covey fit x.csv -k 3 --memory-limit 10K --model m.npz
  covey: error: x.csv: the table takes more than the memory limit of 10240 bytes (0 rows of 8 columns so far)
    --memory-limit was set; a larger one, fewer columns or --dtype float32 would do
  [5]
  $ covey fit x.csv -k 3 --memory-limit 66000 --model m.npz
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 8 of 8
  covey: error: the memory limit is 64.5 KiB, and the data alone take 66.4 KiB
  [5]
  $ ls m.npz
  ls: cannot access 'm.npz': No such file or directory
  [2]
  $ covey fit x.csv -k 3 --memory-limit 100M > /dev/null
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 8 of 8
  $ covey make blobs -n 300000 --features 8 -k 40 --std 8 -q -o big.npy
  $ covey fit big.npy -k 60 --max-iter 100000 --tol 0 --time-limit 2 --init random --n-init 1 --model m.npz --labels l.npy > out; echo $?
  ...
  covey: error: the time limit (--time-limit 2) was reached; the best so far was kept
  ...
  5
  $ ls m.npz l.npy; grep iterations out
  l.npy
  m.npz
    iterations  [0-9]+; not converged: the time limit was reached, this is the best so far (re)
  $ sleep 3 | covey fit - -k 3 --time-limit 0.000001
  covey: error: the time limit was reached while reading standard input; nothing was found yet
  [5]
