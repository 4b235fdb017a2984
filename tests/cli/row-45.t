Row 45: a model is replaced in one step: whoever reads while it is written sees the old or the new one.

  $ covey make blobs -n 300 -q -o x.csv; covey fit x.csv -k 3 -q --model m.npz > /dev/null
  $ (for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do covey fit x.csv -k $((i % 5 + 2)) --model m.npz --force -q > /dev/null; done; touch done) &
  > while [ ! -e done ]; do covey info m.npz > /dev/null || echo broken; done; wait
  $ ls -A
  done
  m.npz
  x.csv
