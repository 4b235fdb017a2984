Row 42: limits. The best so far if there is one, exit code 5, and what was reached.

  $ covey make blobs -n 1000 --features 8 -q -o x.csv
  $ covey fit x.csv -k 3 --memory-limit 10K --model m.npz
  $ covey fit x.csv -k 3 --memory-limit 66000 --model m.npz
  $ ls m.npz
  $ covey fit x.csv -k 3 --memory-limit 100M > /dev/null
  $ covey make blobs -n 300000 --features 8 -k 40 --std 8 -q -o big.npy
  $ covey fit big.npy -k 60 --max-iter 100000 --tol 0 --time-limit 2 --init random --n-init 1 --model m.npz --labels l.npy > out; echo $?
  ...
  covey: error: the time limit of 2 was reached; the best so far was kept
  ...
  5
  $ ls m.npz l.npy; grep iterations out
  m.npz
  l.npy
    iterations  [0-9]+; not converged: the time limit was reached, this is the best so far (re)
  $ sleep 5 | covey fit - -k 3 --time-limit 0.000001
