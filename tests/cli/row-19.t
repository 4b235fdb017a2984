Row 19: weights that are all zero, negative, NaN or infinite.

  $ covey fit --weights w <(printf 'x,w\n1,0\n2,0\n') -k 1
  $ covey fit --weights w <(printf 'x,w\n1,1\n2,-1\n') -k 1
  $ covey fit --weights w <(printf 'x,w\n1,1\n2,nan\n') -k 1
  $ covey fit --weights w <(printf 'x,w\n1,1\n2,inf\n') -k 1
  $ covey fit --weights weight <(printf 'x,w\n1,1\n2,3\n') -k 1
  $ covey fit --weights w <(printf 'x,w\n1,1\n5,3\n') -k 1 -q --centers -
