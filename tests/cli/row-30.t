Row 30: a model used on other columns.

  $ covey fit $DATA/iris.csv --columns 1-4 -k 3 --model m.npz -q > /dev/null
  $ printf 'sepal_length,sepal_width\n1,2\n' > two.csv; covey predict m.npz two.csv
  $ printf 'sepal_length,sepal_width,petal_width,petal_height\n1,2,3,4\n' > other.csv; covey predict m.npz other.csv
  $ covey transform m.npz other.csv
  $ covey score m.npz other.csv
  $ covey predict missing.npz other.csv

Other order, and more columns: the model picks its own by name.

  $ covey predict m.npz $DATA/iris.csv > a
  $ awk -F, '{print $5 "," $4 "," $2 "," $3 "," $1}' $DATA/iris.csv > turned.csv
  $ covey predict m.npz turned.csv -q | cmp - a
  $ covey predict m.npz - < turned.csv -q | cmp - a

Without names, the count decides.

  $ tail -n +2 $DATA/iris.csv | cut -d, -f1-4 | covey predict m.npz - -q | cmp - a
