Row 31: the labels of a row do not depend on what else is in the file.

  $ covey make blobs -n 60 -k 4 --std 3 -q -o x.csv
  $ covey fit x.csv -k 4 -q --model m.npz --labels all > /dev/null
  $ while read -r line; do printf '%s\n' "$line" | covey predict m.npz - --header no -q; done < x.csv | cmp - all
  $ split -l 7 x.csv part-; for p in part-*; do covey predict m.npz $p --header no -q; done | cmp - all
