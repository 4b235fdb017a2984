Row 15: sizes beyond 64 bits are refused with words, not with a wrapped product.

  $ covey make blobs -n 9007199254740992 --features 9007199254740992
  covey: error: out of memory for 9007199254740992 rows of 9007199254740992 numbers
  [5]
  $ covey make blobs -n 9007199254740992 --features 1000 -o x.csv
  covey: error: out of memory for 9007199254740992 rows of 1000 numbers
  [5]
