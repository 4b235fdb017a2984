Row 12: no rows, no columns.

  $ : > empty.csv; covey fit empty.csv -k 2
  covey: error: empty.csv: is empty: 0 rows, 0 columns
  [3]
  $ printf 'a,b\n' > header.csv; covey fit header.csv -k 2
  covey: error: header.csv: 0 rows, 2 columns: there is nothing to cluster; line 1 was taken as names
  [3]
  $ printf '"a b";c\n\n\n' | covey fit - -k 2
  covey: error: standard input: 0 rows, 2 columns: there is nothing to cluster; line 1 was taken as names
  [3]
  $ covey fit header.csv -k 2 --header yes
  covey: error: header.csv: 0 rows, 2 columns: there is nothing to cluster; line 1 was taken as names
  [3]
  $ printf '\n\n\n' | covey fit - -k 2
  covey: error: standard input: is empty: 0 rows, 0 columns
  [3]
  $ covey fit /dev/null
  covey: error: /dev/null: is empty: 0 rows, 0 columns
  [3]
