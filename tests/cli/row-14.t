Row 14: k near n, large: memory O(n + k d), so a limit far below n k passes (4000 x 1500 bounds would be 48 MB).

  $ covey make blobs -n 4000 -k 10 -o x.npy -q
  $ covey fit x.npy -k 1500 --max-iter 3 --memory-limit 8M --labels l.csv > /dev/null
  ...
  $ wc -l < l.csv
  4000
