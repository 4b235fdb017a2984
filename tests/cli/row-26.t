Row 26: the same bytes for 1, 2, 7 and 64 threads.

  $ covey make blobs -n 5000 --features 5 -k 7 --std 3 -q -o x.npy
  $ for t in 1 2 7 64; do covey fit x.npy -k 9 -t $t --labels l$t.npy --centers c$t.npy -q | grep inertia > i$t; done
  $ for t in 2 7 64; do cmp l1.npy l$t.npy; cmp c1.npy c$t.npy; cmp i1 i$t; done
