Row 1: NaN. The place, how many rows, and what can be done.

  $ printf 'name,age\n1,2\n3,\n5,NA\n7,8\n' > x.csv
  $ covey fit x.csv -k 1
  covey: error: x.csv: NaN (missing value) in row 1 (line 3, byte 15), 'age' (column 2) (2 rows affected); --missing drop or mean
  [3]
  $ printf '1,2\n3,4\nnan,4\n' | covey fit - -k 1
  covey: error: standard input: NaN (missing value) in row 2 (line 3, byte 8), column 1 (1 row affected); --missing drop or mean
  [3]
  $ covey fit x.csv -k 2 --missing drop --labels -
  covey: x.csv: delimiter: , | header: yes (line 1 has text over columns of numbers) | columns: 2 of 2 | dropped: 2 rows with missing or infinite values
  1
  -1
  -1
  0
  x.csv: 2 rows, 2 features, 2 clusters
  
    cluster         rows    share
          0            1   50.0 %  ##############################
          1            1   50.0 %  ##############################
  
    inertia     0
    explained   100.0 % of the variance
    iterations  1; converged: the centers moved less than the tolerance
    start       k-means++
    seed        0
    left out    2 of 4 rows of the file (their label is -1)
    time        .+ (re)
  $ covey fit x.csv -k 2 --missing mean --labels - -q
  1
  1
  0
  0
  $ python3 -c "
  > import struct
  > head = b\"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }\"
  > head += b' ' * (117 - len(head)) + b'\n'
  > open('x.npy', 'wb').write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head + struct.pack('<6d', 1, 2, 3, float('nan'), 5, 6))"
  $ covey fit x.npy -k 1
  covey: error: x.npy: NaN (missing value) in row 1, column 2 (1 row affected); --missing drop or mean
  [3]
  $ covey fit x.npy -k 2 --missing drop --labels - -q
  1
  -1
  0
