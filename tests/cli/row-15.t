Row 15: sizes beyond 64 bits are refused with words, not with a wrapped product.

  $ covey make blobs -n 9007199254740992 --features 9007199254740992
  $ covey make blobs -n 9007199254740993 -o x.csv
