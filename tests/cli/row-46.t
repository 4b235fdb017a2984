Row 46: the reader of a pipe goes away: a quiet end.

  $ covey make blobs -n 100000 | head -1 | wc -l
  1
  $ covey make blobs -n 100000 -q -o x.csv; covey fit x.csv -k 3 -q --labels - --model m.npz | head -1
  0
  $ ls -A
  m.npz
  x.csv
