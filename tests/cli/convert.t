Tables in other formats keep every bit.

  $ covey make blobs -n 100 --features 3 -q -o x.csv
  $ covey convert x.csv x.npy; covey convert x.npy y.csv -q; cmp x.csv y.csv
  covey: x.csv: delimiter: , | header: no (line 1 is all numbers) | columns: 3 of 3
  covey: x.npy: 100 rows of 3 columns, float64
  $ covey convert x.csv x.tsv -q; covey convert x.tsv z.csv -q; cmp x.csv z.csv
  $ covey convert x.csv x.xls
  covey: error: 'x.xls' tells no format; end it in .csv, .tsv or .npy for a table, .npz or .json for a model
    'covey convert --help' shows the options
  [2]
  $ covey convert x.csv x.json
  covey: error: x.csv: is not a covey model; covey 0.1.0 reads format version 1 to 1, as NPZ or JSON
    .npz and .json are formats of models; a table becomes .csv, .tsv or .npy
  [3]
  $ covey convert $DATA/iris.csv four.csv --columns petal_width,sepal_length -q; head -2 four.csv
  petal_width,sepal_length
  0.2,5.1
  $ covey convert - - < four.csv -q | cmp - four.csv
  $ covey convert x.csv x.npy
  covey: error: x.npy: exists; --force replaces it
  [4]
  $ gzip -k x.csv; covey convert x.csv.gz u.csv -q; cmp x.csv u.csv
