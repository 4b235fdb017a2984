Row 44: a full disk, an input that cannot be read: exit code 4, the name, and no file left behind.

  $ covey make blobs -n 2000 -q -o x.csv
  $ covey fit x.csv -k 3 --labels - -q > /dev/full
  covey: error: standard output: cannot write: No space left on device
  [4]
  $ covey fit x.csv -k 3 > /dev/full
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 2 of 2
  covey: error: standard output: cannot write: No space left on device
  [4]
  $ covey --help > /dev/full
  covey: error: standard output: No space left on device
  [4]
  $ covey fit x.csv -k 3 -q --labels /dev/full > /dev/null
  covey: error: /dev/full: cannot write: No space left on device
  [4]
  $ covey fit x.csv -k 3 -q --model /dev/full > /dev/null
  covey: error: /dev/full: cannot write: No space left on device
  [4]
  $ covey fit nowhere.csv -k 3
  covey: error: nowhere.csv: cannot read: No such file or directory
  [4]
  $ covey fit . -k 3
  covey: error: .: cannot read: Is a directory
  [4]
  $ covey predict nowhere.npz x.csv
  covey: error: nowhere.npz: cannot read: No such file or directory
  [4]

A limit on file size stands for the full disk: the old file stays, the temporary one goes.

  $ echo old > labels.npy
  $ (ulimit -f 2; trap '' XFSZ; covey fit x.csv -k 3 -q --labels labels.npy --force > /dev/null)
  covey: error: labels.npy: cannot write: File too large
  [4]
  $ ls -A; cat labels.npy
  labels.npy
  x.csv
  old
