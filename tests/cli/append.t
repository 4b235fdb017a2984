--append: the input, byte for byte, with one more column; rows left out have an empty cell.

  $ printf '\357\273\277name;x;note\r\n"a;b";1;"two\nlines"\r\nc;;d\r\n"e""f";9;g\r\n\r\nh;1;i' > in.csv
  $ covey fit in.csv --columns x -k 2 --missing drop --append out.csv --labels l.csv > /dev/null
  $ cat -A out.csv; cat l.csv
  $ covey make blobs -n 5 -q -o x.npy; covey fit x.npy -k 2 --append out2.csv
  $ gzip -k in.csv; covey fit in.csv.gz --columns x -k 2 --missing drop --append out3.csv
  $ printf '1\n2\n8\n9\n' | covey fit - -k 2 -q --append -
