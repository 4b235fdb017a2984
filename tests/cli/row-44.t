Row 44: a full disk, an input that cannot be read: exit code 4, the name, and no file left behind.

  $ covey make blobs -n 2000 -q -o x.csv
  $ covey fit x.csv -k 3 --labels - -q > /dev/full
  $ covey fit x.csv -k 3 > /dev/full
  $ covey --help > /dev/full
  $ covey fit x.csv -k 3 -q --labels /dev/full
  $ covey fit x.csv -k 3 -q --model /dev/full
  $ covey fit nowhere.csv -k 3
  $ covey fit . -k 3
  $ covey predict nowhere.npz x.csv

A limit on file size stands for the full disk: the old file stays, the temporary one goes.

  $ echo old > labels.npy
  $ (ulimit -f 2; trap '' XFSZ; covey fit x.csv -k 3 -q --labels labels.npy --force)
  $ ls -A; cat labels.npy
