Tables in other formats keep every bit.

  $ covey make blobs -n 100 --features 3 -q -o x.csv
  $ covey convert x.csv x.npy; covey convert x.npy y.csv -q; cmp x.csv y.csv
  $ covey convert x.csv x.tsv -q; covey convert x.tsv z.csv -q; cmp x.csv z.csv
  $ covey convert x.csv x.xls
  $ covey convert x.csv x.json
  $ covey convert $DATA/iris.csv four.csv --columns petal_width,sepal_length -q; head -2 four.csv
  $ covey convert - - < four.csv -q | cmp - four.csv
  $ covey convert x.csv x.npy
  $ gzip -k x.csv; covey convert x.csv.gz u.csv -q; cmp x.csv u.csv
