--append: the input, byte for byte, with one more column; rows left out have an empty cell.

  $ printf '\357\273\277name;x;note\r\n"a;b";1;"two\nlines"\r\nc;;d\r\n"e""f";9;g\r\n\r\nh;1;i' > in.csv
  $ covey fit in.csv --columns x -k 2 --missing drop --append out.csv --labels l.csv > /dev/null
  covey: in.csv: delimiter: ; | header: yes (line 1 has text over columns of numbers) | columns: 1 of 3 | dropped: 1 rows with missing or infinite values | blank lines: 1
  covey: labels written to l.csv
  covey: copy with labels written to out.csv
  $ cat -A out.csv; cat l.csv
  M-oM-;M-?name;x;note;label^M$
  "a;b";1;"two$
  lines";1^M$
  c;;d;^M$
  "e""f";9;g;0^M$
  ^M$
  h;1;i;11
  -1
  0
  1
  $ covey make blobs -n 5 -q -o x.npy; covey fit x.npy -k 2 --append out2.csv
  covey: x.npy: array: 5 x 2 float64
  covey: error: --append needs a CSV, but x.npy is none; --labels writes the labels alone
    'covey fit --help' shows the options
  [2]
  $ gzip -k in.csv; covey fit in.csv.gz --columns x -k 2 --missing drop --append out3.csv
  covey: in.csv.gz: delimiter: ; | header: yes (line 1 has text over columns of numbers) | columns: 1 of 3 | dropped: 1 rows with missing or infinite values | blank lines: 1
  covey: error: --append copies plain CSV, but in.csv.gz is compressed; unpack it: gzip -dc FILE | covey fit ...
    'covey fit --help' shows the options
  [2]
  $ printf '1\n2\n8\n9\n' | covey fit - -k 2 -q --append -
  1,1
  2,1
  8,0
  9,0
